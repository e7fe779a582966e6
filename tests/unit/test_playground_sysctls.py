"""The filter of the kernel's settings: its program, run here by a small machine of our own."""

import struct
import sys

import pytest

from tui.playground.providers.sysctls import sysctl_program

STACK = 512


def run(name: str, *, write: bool) -> int:
    """Interpret the few instructions that the program is made of. The call that it makes puts the name on the stack."""
    program = sysctl_program()
    stack = bytearray(b"\xff" * STACK)
    registers = [0] * 11
    registers[10] = STACK
    position = 0
    for _ in range(200):
        code, both, jump, number = (int(part) for part in struct.unpack_from("=BBhi", program, position * 8))
        target, source = both & 15, both >> 4
        position += 1
        match code:
            case 0x61 if source == 1:
                assert jump == 0
                registers[target] = int(write)
            case 0x61 | 0x69 | 0x71:
                size = 4 if code == 0x61 else 2 if code == 0x69 else 1
                begin = registers[source] + jump
                registers[target] = int.from_bytes(stack[begin : begin + size], sys.byteorder)
            case 0x7A:
                stack[registers[target] + jump : registers[target] + jump + 8] = bytes(8)
            case 0xBF:
                registers[target] = registers[source]
            case 0xB7:
                registers[target] = number
            case 0x07:
                registers[target] += number
            case 0x85:
                assert number == 101
                begin, length = registers[2], registers[3]
                assert stack[begin : begin + length] == bytes(length), "all of it was set before"
                stack[begin : begin + length] = name.encode()[: length - 1].ljust(length, b"\0")
            case 0x55:
                position += jump if registers[target] != number else 0
            case 0x95:
                return registers[0]
            case _:
                raise AssertionError(f"unknown instruction {code:#x}")
    raise AssertionError("the program does not end")


OWN = ["net/ipv4/ip_forward", "kernel/shmmax", "kernel/sem", "kernel/msgmnb", "fs/mqueue/msg_max", "net/" + "x" * 90]
MACHINE = ["kernel/panic", "kernel/sysrq", "kernel/sched_rt_period_us", "kernel/modprobe", "kernel/core_pattern"]
MACHINE_TOO = ["vm/overcommit_memory", "fs/file-max", "fs/inotify/max_user_instances", "user/max_pid_namespaces", ""]


@pytest.mark.parametrize("name", OWN)
def test_what_is_a_node_s_own_may_be_changed(name: str) -> None:
    assert run(name, write=True) == 1


@pytest.mark.parametrize("name", [*MACHINE, *MACHINE_TOO])
def test_what_is_the_machine_s_may_not(name: str) -> None:
    assert run(name, write=True) == 0


@pytest.mark.parametrize("name", [*OWN, *MACHINE, *MACHINE_TOO])
def test_everything_may_be_read(name: str) -> None:
    assert run(name, write=False) == 1
