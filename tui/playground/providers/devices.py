"""Which devices the processes of a node may open: those that every container has, and none of the machine's own.

Root on a node may make device files for any disk (an engine needs that right to give it to containers), so opening
them has to be forbidden. Control groups of version 1 take a list of rules; those of version 2 ask a small program in
the kernel (BPF), which is put together here.
"""

import ctypes
import os
import struct
from pathlib import Path

__all__ = ["DEVICES", "attach_filter", "attach_program", "device_program", "device_rules", "instruction"]

# Character devices, major and minor number; no minor number stands for all of them.
DEVICES: tuple[tuple[int, int | None], ...] = (
    (1, 3),  # null
    (1, 5),  # zero
    (1, 7),  # full
    (1, 8),  # random
    (1, 9),  # urandom
    (5, 0),  # tty
    (5, 1),  # console
    (5, 2),  # ptmx
    (10, 200),  # net/tun, which runc allows to every container
    (136, None),  # pts
)


def device_rules() -> list[str]:
    """The lines for `devices.allow` of version 1. Making device files is harmless where they cannot be opened."""
    allowed = [f"c {major}:{'*' if minor is None else minor} rwm" for major, minor in DEVICES]
    return ["b *:* m", "c *:* m", *allowed]


_LOAD_WORD, _MOVE, _MOVE_NUMBER = 0x61, 0xBF, 0xB7
_SHIFT_RIGHT, _AND = 0x77, 0x57
_IF_EQUAL, _IF_NOT_EQUAL, _IF_ANY_BIT, _EXIT = 0x15, 0x55, 0x45, 0x95
_READ_OR_WRITE, _CHARACTER = 2 | 4, 2


def instruction(code: int, target: int = 0, source: int = 0, jump: int = 0, number: int = 0) -> bytes:
    """One instruction of the kernel's machine (bpf(2)), as it wants it."""
    return struct.pack("=BBhi", code, target | source << 4, jump, number)


def device_program() -> bytes:
    """The instructions of the program: 1 in register 0 allows, 0 forbids.

    It is handed three words: the kind of access (upper half) and of device (lower half), major, and minor number.
    """
    verdict = [instruction(_MOVE_NUMBER, 0, number=0), instruction(_EXIT)]
    allow = [instruction(_MOVE_NUMBER, 0, number=1), instruction(_EXIT)]
    program = [
        instruction(_LOAD_WORD, 2, 1, 0),
        instruction(_MOVE, 3, 2),
        instruction(_SHIFT_RIGHT, 3, number=16),
        instruction(_AND, 2, number=0xFFFF),
        instruction(_LOAD_WORD, 4, 1, 4),
        instruction(_LOAD_WORD, 5, 1, 8),
        # Neither read nor written, so it is only made: allowed.
        instruction(_IF_ANY_BIT, 3, jump=len(allow), number=_READ_OR_WRITE),
        *allow,
        # No character device, so it is a disk: forbidden.
        instruction(_IF_EQUAL, 2, jump=len(verdict), number=_CHARACTER),
        *verdict,
    ]
    for major, minor in DEVICES:
        if minor is None:
            program += [instruction(_IF_NOT_EQUAL, 4, jump=len(allow), number=major), *allow]
        else:
            program += [
                instruction(_IF_NOT_EQUAL, 4, jump=len(allow) + 1, number=major),
                instruction(_IF_NOT_EQUAL, 5, jump=len(allow), number=minor),
                *allow,
            ]
    return b"".join(program + verdict)


_BPF = {"x86_64": 321, "aarch64": 280, "armv7l": 386, "riscv64": 280, "ppc64le": 361, "s390x": 351}
_PROG_LOAD, _PROG_ATTACH = 5, 8
_CGROUP_DEVICE_PROGRAM, _CGROUP_DEVICE_HOOK = 15, 6
_ALLOW_MULTI = 2  # programs of the groups below run too, and all have to agree


def _bpf(command: int, attributes: bytes) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    number = _BPF.get(os.uname().machine)
    if number is None:
        raise OSError(f"bpf(2) is not known on {os.uname().machine}")
    result = int(libc.syscall(ctypes.c_long(number), ctypes.c_int(command), buffer, ctypes.c_uint(len(attributes))))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{os.strerror(error)} (the kernel's filter of devices, bpf {command})")
    return result


def attach_filter(group: Path) -> None:
    """Confine a version 2 group and all groups below it. Raises OSError where the kernel has no such filter."""
    attach_program(group, device_program(), _CGROUP_DEVICE_PROGRAM, _CGROUP_DEVICE_HOOK)


def attach_program(group: Path, program: bytes, kind: int, hook: int) -> None:
    """Let the kernel ask a program of this kind about what the group's processes do. Raises OSError if it cannot."""
    code = ctypes.create_string_buffer(program, len(program))
    licence = ctypes.create_string_buffer(b"Apache-2.0")
    load = struct.pack(
        "=IIQQIIQII",
        kind,
        len(program) // 8,
        ctypes.addressof(code),
        ctypes.addressof(licence),
        0,
        0,
        0,
        0,
        0,
    )
    loaded = _bpf(_PROG_LOAD, load)
    folder = os.open(group, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _bpf(_PROG_ATTACH, struct.pack("=IIII", folder, loaded, hook, _ALLOW_MULTI))
    finally:
        os.close(folder)
        os.close(loaded)
