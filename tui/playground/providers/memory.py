"""How much memory nodes may take, so that a program which eats it is ended in its node and no other one is.

Without a limit of their own the kernel would look among all programs of the machine for one to end.
"""

import os

__all__ = ["memory_for_nodes", "memory_of_machine"]

_LEFT_TO_MACHINE = 1 << 30  # bytes, of a machine that has four times as much


def memory_of_machine() -> int:
    """How much memory this machine has, in bytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def memory_for_nodes(machine: int) -> int:
    """The most for nodes on a machine with that much memory, in bytes: a quarter is left, or 1 GB of a large one."""
    return machine - min(machine // 4, _LEFT_TO_MACHINE)
