"""`python -m tests.bench.poller SOCKET`: asks a manager over and over and prints the moment of each change: a baseline.

A line is: seconds since the epoch, tasks of `pets` that run and should, the availability of node2.
"""

import http.client
import sys
import time
from pathlib import Path
from typing import Any, cast

from tests.bench.unix_http import EngineHttp

__all__ = ["main"]

_PAUSE = 0.004
"""Seconds between two rounds: as often as can be without taking the engine's processor away."""


def main() -> None:
    """Poll for ever."""
    engine = EngineHttp(Path(sys.argv[1]))
    before = ""
    while True:
        try:
            state = f"{_running(engine)} {_availability(engine)}"
        except (OSError, http.client.HTTPException, ValueError):
            engine.close()
            continue
        if state != before:
            sys.stdout.write(f"{time.time():.6f} {state}\n")
            sys.stdout.flush()
            before = state
        time.sleep(_PAUSE)


def _running(engine: EngineHttp) -> int:
    tasks = cast("list[dict[str, Any]]", engine.json("/tasks?filters=%7B%22desired-state%22%3A%5B%22running%22%5D%7D"))
    return sum(1 for task in tasks if task["Status"]["State"] == "running")


def _availability(engine: EngineHttp) -> str:
    nodes = cast("list[dict[str, Any]]", engine.json("/nodes"))
    return next((str(n["Spec"]["Availability"]) for n in nodes if n["Description"]["Hostname"] == "node2"), "-")


if __name__ == "__main__":
    main()
