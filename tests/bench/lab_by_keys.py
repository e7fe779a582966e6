"""`python -m tests.bench.lab_by_keys PLAYGROUND STEPS`: takes the lab with keys, then says as JSON what memory it has.

A process of its own, so that nothing of the bench is counted.
"""

import asyncio
import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench.driving import SIZE, opening, take_step, until_ready
from tests.bench.processes import Memory, memory_of
from tui.app.app import SwarmtutorApp
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.progress import ProgressFile
from tui.tutor.session import LabSession

__all__ = ["LabTaken", "main"]


@dataclass(frozen=True, slots=True)
class LabTaken:
    """How many steps were taken, and the memory of the process before the first and after the last of them."""

    steps: int
    start: Memory
    after: Memory

    @staticmethod
    def parse(text: str) -> "LabTaken":
        """The value out of the JSON that this program prints."""
        data: dict[str, Any] = json.loads(text)
        return LabTaken(data["steps"], Memory(**data["start"]), Memory(**data["after"]))


async def _take(name: str, steps: int) -> LabTaken:
    lab = load_lab_by_id("orchestration", content_dir())
    with tempfile.TemporaryDirectory() as folder:
        session = LabSession(lab, ProgressFile(Path(folder) / "progress.json", lab.id), BitttyEngine)
        async with SwarmtutorApp(session, opening(name)).run_test(size=SIZE) as pilot:
            await until_ready(session)
            start = memory_of(os.getpid())
            steps = min(steps, len(lab.steps))
            for _ in range(steps):
                await take_step(session, pilot)
            return LabTaken(steps, start, memory_of(os.getpid()))


def main() -> None:
    """Take so many steps, or all."""
    sys.stdout.write(json.dumps(asdict(asyncio.run(_take(sys.argv[1], int(sys.argv[2]))))) + "\n")


if __name__ == "__main__":
    main()
