"""The filter of devices: its program, run here by a small machine of our own, and the rules that say the same."""

import struct

import pytest

from tui.playground.providers.devices import DEVICES, device_program, device_rules

BLOCK, CHARACTER = 1, 2
MAKE, READ, WRITE = 1, 2, 4


def instruction(program: bytes, position: int) -> tuple[int, int, int, int]:
    """Operation, its two registers, where it jumps, and its number."""
    code, both, jump, number = struct.unpack_from("=BBhi", program, position * 8)
    return int(code), int(both), int(jump), int(number)


def run(access: int, kind: int, major: int, minor: int) -> int:
    """Interpret the few instructions that the program is made of."""
    program = device_program()
    context = struct.pack("=III", access << 16 | kind, major, minor)
    registers = [0] * 11
    position = 0
    for _ in range(200):
        code, both, jump, number = instruction(program, position)
        target, source = both & 15, both >> 4
        position += 1
        if code == 0x61:
            assert source == 1
            registers[target] = struct.unpack_from("=I", context, jump)[0]
        elif code == 0xBF:
            registers[target] = registers[source]
        elif code == 0xB7:
            registers[target] = number
        elif code == 0x77:
            registers[target] >>= number
        elif code == 0x57:
            registers[target] &= number
        elif code == 0x95:
            return registers[0]
        else:
            taken: dict[int, bool] = {
                0x15: registers[target] == number,
                0x55: registers[target] != number,
                0x45: bool(registers[target] & number),
            }
            position += jump if taken[code] else 0
    raise AssertionError("the program does not end")


@pytest.mark.parametrize("access", [READ, WRITE, READ | WRITE, READ | MAKE])
def test_listed_devices_may_be_opened(access: int) -> None:
    for major, minor in DEVICES:
        assert run(access, CHARACTER, major, 7 if minor is None else minor) == 1


@pytest.mark.parametrize(
    ("kind", "major", "minor"),
    [
        (BLOCK, 8, 0),
        (BLOCK, 1, 3),
        (BLOCK, 136, 0),
        (BLOCK, 254, 0),
        (CHARACTER, 1, 1),  # the memory of the machine
        (CHARACTER, 1, 4),
        (CHARACTER, 5, 3),
        (CHARACTER, 10, 229),  # fuse
        (CHARACTER, 4, 0),
        (CHARACTER, 0, 0),
    ],
)
@pytest.mark.parametrize("access", [READ, WRITE, READ | WRITE | MAKE])
def test_all_others_may_not(kind: int, major: int, minor: int, access: int) -> None:
    assert run(access, kind, major, minor) == 0


def test_making_a_device_file_is_allowed() -> None:
    assert run(MAKE, BLOCK, 8, 0) == 1
    assert run(MAKE, CHARACTER, 1, 1) == 1


def test_the_rules_of_version_1_name_the_same_devices() -> None:
    assert [rule for rule in device_rules() if rule.endswith("rwm")] == [
        f"c {major}:{'*' if minor is None else minor} rwm" for major, minor in DEVICES
    ]
