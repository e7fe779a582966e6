"""`python -m tests.bench.long_use ROUNDS`: hours of use by a clock that runs ahead; says as JSON what they took.

A process of its own, so that nothing of the bench is counted.
"""

import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench.processes import memory_of
from tests.long_life import long_use

__all__ = ["PARTS", "LongUseTaken", "Part", "main"]

PARTS = 20


@dataclass(frozen=True, slots=True)
class Part:
    """So many rounds: the processor seconds of each, and what there was afterwards."""

    rounds: int
    cpu: float  # a round
    rss: float  # megabytes
    objects: int  # that Python's collector keeps an eye on
    tasks: int  # of the event loop


@dataclass(frozen=True, slots=True)
class LongUseTaken:
    """The parts, in order, and how many commands were run in all of them."""

    parts: tuple[Part, ...]
    commands: int

    @staticmethod
    def parse(text: str) -> "LongUseTaken":
        """The value out of the JSON that this program prints."""
        data: dict[str, Any] = json.loads(text)
        return LongUseTaken(tuple(Part(**each) for each in data["parts"]), data["commands"])


async def _use(rounds: int) -> LongUseTaken:
    parts: list[Part] = []
    with tempfile.TemporaryDirectory() as folder:
        async with long_use(Path(folder) / "use") as use:
            use.fill()
            for _ in range(PARTS):
                each = max(rounds // PARTS, 1)
                begun = time.process_time()
                for _ in range(each):
                    await use.round()
                cpu = (time.process_time() - begun) / each
                await use.settle()
                gc.collect()
                tasks = len(asyncio.all_tasks())
                parts.append(Part(each, cpu, memory_of(os.getpid()).rss, len(gc.get_objects()), tasks))
            return LongUseTaken(tuple(parts), use.commands)


def main() -> None:
    """Use it for so many rounds."""
    sys.stdout.write(json.dumps(asdict(asyncio.run(_use(int(sys.argv[1]))))) + "\n")


if __name__ == "__main__":
    main()
