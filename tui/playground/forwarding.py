"""Lets every network namespace that an engine makes pass packets on, as on a machine with an engine of its own.

Usage: python -m tui.playground.forwarding FOLDER, where the engine keeps its namespaces: /run/docker/netns.

A new network namespace takes its IPv4 settings from the machine's first one, not from the one in which it is made
(`net.core.devconf_inherit_init_net`, the kernel's admin-guide/sysctl/net). An engine switches `net.ipv4.ip_forward` on
where it runs, and counts on finding it in the sandboxes in which IPVS balances: https://github.com/moby/moby/issues/38723.
In a node of a machine that forwards nothing, they swallow every answer: a request is balanced, a task answers, and the
answer goes no further. The machine's own setting is not ours to change.
"""

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tui.playground.kernel import Clone, set_namespace

__all__ = ["SETTING", "let_pass", "main"]

SETTING = Path("/proc/sys/net/ipv4/ip_forward")
"""Of the network namespace that looks at it."""

_OWN = Path("/proc/self/ns/net")
_PAUSE = 0.2  # seconds between two looks; a client that knocked in vain does so again after one

Seen = frozenset[tuple[int, int]]
"""Namespaces, each by its number and by when it was made: a number is given again once its namespace has gone."""


def let_pass(folder: Path, seen: Seen = frozenset()) -> Seen:
    """Switch forwarding on in the folder's namespaces but those seen before; return those that are there now.

    What somebody sets in one later stays so. A file that is no namespace yet (the engine makes the file first), or none
    any more, is left for the next look.
    """
    there: set[tuple[int, int]] = set()
    with suppress(FileNotFoundError):  # the engine makes the folder with its first namespace
        for entry in os.scandir(folder):
            with suppress(OSError):
                status = Path(entry.path).stat()
                mark = (status.st_ino, status.st_ctime_ns)
                if status.st_dev == _OWN.stat().st_dev:
                    if mark not in seen:
                        _let_pass_in(Path(entry.path))
                    there.add(mark)
    return frozenset(there)


def _let_pass_in(namespace: Path) -> None:
    own = Path(f"/proc/self/fd/{os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)}")
    try:
        set_namespace(namespace, Clone.NEWNET)
        try:
            SETTING.write_text("1")
        finally:  # who stays in a namespace keeps it from ending
            set_namespace(own, Clone.NEWNET)
    finally:
        os.close(int(own.name))


def main(arguments: Sequence[str]) -> int:
    """Look again and again."""
    folder = Path(arguments[0])
    seen: Seen = frozenset()
    while True:
        seen = let_pass(folder, seen)
        time.sleep(_PAUSE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
