"""Which of the kernel's settings (sysctl) the processes of a node may change: those that each node has for itself.

They are read-only in a node's /proc, but root may mount another one. A small program in the kernel (BPF), asked at
every write whichever way it comes, knows no difference between the two. Needs control groups of version 2, which
most machines with version 1 have beside it.
"""

import sys
from pathlib import Path

from tui.playground.providers.devices import attach_program, instruction

__all__ = ["OWN_SETTINGS", "attach_filter", "sysctl_program"]

OWN_SETTINGS = ("net/", "kernel/shm", "kernel/sem", "kernel/msg", "fs/mqueue")
"""How the names begin: the network and the means of communication between processes are a node's own."""

_PROGRAM, _HOOK = 23, 18  # BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_CGROUP_SYSCTL
_GET_NAME = 101  # bpf_sysctl_get_name
_LENGTH = 64  # bytes for the name; a longer one is cut
_LOAD = {4: 0x61, 2: 0x69, 1: 0x71}
_STORE_ZERO, _MOVE, _MOVE_NUMBER, _ADD, _CALL, _EXIT = 0x7A, 0xBF, 0xB7, 0x07, 0x85, 0x95
_IF_NOT_EQUAL = 0x55
_FRAME = 10


def _pieces(text: str) -> list[tuple[int, bytes]]:
    """The text in pieces of 4, 2 and 1 bytes, each with its place."""
    data, pieces, place = text.encode(), list[tuple[int, bytes]](), 0
    while place < len(data):
        size = next(size for size in _LOAD if size <= len(data) - place)
        pieces.append((place, data[place : place + size]))
        place += size
    return pieces


def sysctl_program() -> bytes:
    """The instructions: reading is allowed, writing if the name begins as one of ours."""
    allow = [instruction(_MOVE_NUMBER, 0, number=1), instruction(_EXIT)]
    program = [
        instruction(_LOAD[4], 2, 1, 0),  # whether it is a write
        instruction(_IF_NOT_EQUAL, 2, jump=len(allow), number=0),
        *allow,
        *(instruction(_STORE_ZERO, _FRAME, jump=-place) for place in range(8, _LENGTH + 1, 8)),
        instruction(_MOVE, 2, _FRAME),
        instruction(_ADD, 2, number=-_LENGTH),
        instruction(_MOVE_NUMBER, 3, number=_LENGTH),
        instruction(_MOVE_NUMBER, 4, number=0),
        instruction(_CALL, number=_GET_NAME),
    ]
    for name in OWN_SETTINGS:
        pieces = _pieces(name)
        for index, (place, piece) in enumerate(pieces):
            beyond = 2 * (len(pieces) - index - 1) + len(allow)
            program += [
                instruction(_LOAD[len(piece)], 1, _FRAME, place - _LENGTH),
                instruction(_IF_NOT_EQUAL, 1, jump=beyond, number=int.from_bytes(piece, sys.byteorder)),
            ]
        program += allow
    program += [instruction(_MOVE_NUMBER, 0, number=0), instruction(_EXIT)]
    return b"".join(program)


def attach_filter(group: Path) -> None:
    """Confine a version 2 group and all groups below it. Raises OSError where the kernel has no such filter."""
    attach_program(group, sysctl_program(), _PROGRAM, _HOOK)
