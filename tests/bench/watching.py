"""`python -m tests.bench.watching SOCKET`: `watch -n1` of the docker command in a terminal, read as a person reads it.

Prints a line for each change on its screen, as `tests.bench.poller` does: the moment, tasks of `pets` that run and
should, the availability of node2. A baseline: what one would do without this program.
"""

import re
import sys
import time

from tests.bench.pty_program import PtyProgram
from tui.playground.providers.tools import find_tool
from tui.terminal.bittty_engine import BitttyEngine

__all__ = ["main"]

_COLUMNS, _ROWS = 120, 40
_RUNS = re.compile(r"^pets\.\d+ running running\b", re.IGNORECASE)
_NODE = re.compile(r"^node2 (\w+)$", re.MULTILINE)
_SLICE = 0.01


def main() -> None:
    """Watch for ever."""
    docker = f"{find_tool('docker')} -H unix://{sys.argv[1]}"
    look = (
        f"{docker} service ps pets --format '{{{{.Name}}}} {{{{.DesiredState}}}} {{{{.CurrentState}}}}'; "
        f"{docker} node ls --format '{{{{.Hostname}}}} {{{{.Availability}}}}'"
    )
    screen = BitttyEngine(_COLUMNS, _ROWS)
    before = ""
    with PtyProgram(["watch", "-t", "-n1", look]) as program:
        while True:
            program.read_for(_SLICE)
            if not program.output:
                continue
            screen.feed(bytes(program.output))
            program.output.clear()
            state = _state(["".join(run.text for run in screen.row(y)).rstrip() for y in range(_ROWS)])
            if state and state != before:
                sys.stdout.write(f"{time.time():.6f} {state}\n")
                sys.stdout.flush()
                before = state


def _state(rows: list[str]) -> str:
    """What the screen says; empty while it is not whole."""
    node = _NODE.search("\n".join(rows))
    return f"{sum(1 for row in rows if _RUNS.match(row))} {node[1].lower()}" if node else ""


if __name__ == "__main__":
    main()
