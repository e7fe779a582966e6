"""Process number 1 of a node that we make: keeps the engine and the SSH server running.

Usage: python -m tui.playground.node_agent AGENT.JSON, where the file holds {"services": [{"name", "argv",
"environment", "log", "stop_seconds"}, …]}. It ends, and with it the whole node, on SIGTERM.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui.playground.reaper import Reaper, Service

__all__ = ["main", "read_services"]


def read_services(path: Path) -> list[Service]:
    """The services that the file lists."""
    document: dict[str, Any] = json.loads(path.read_text())
    return [
        Service(
            name=entry["name"],
            argv=tuple(entry["argv"]),
            environment=dict(entry["environment"]),
            log=entry.get("log", ""),
            stop_seconds=float(entry.get("stop_seconds", 2.0)),
        )
        for entry in document["services"]
    ]


def main(arguments: Sequence[str]) -> int:
    """Run until told to stop."""
    return Reaper(read_services(Path(arguments[0]))).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
