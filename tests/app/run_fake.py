"""Runs the app on the fake session, to be looked at.

`python -m tests.app.run_fake [seconds until the nodes are up]`
"""

import asyncio
import sys
import time
from dataclasses import replace

from tests.app.fakes import FakeSession, prepare_well
from tui.app.app import SwarmtutorApp
from tui.playground.model import Playground, Progress, ProgressListener, ProgressState


async def main(delay: float) -> None:
    """Show it until it is left."""

    async def prepare(listener: ProgressListener) -> tuple[Playground, bool]:
        listener(Progress("private network", ProgressState.DONE, seconds=0.12))
        listener(Progress("three nodes", ProgressState.RUNNING, detail="node1 node2"))
        await asyncio.sleep(delay)
        return await prepare_well(listener)

    session = FakeSession()

    async def look() -> None:
        while True:
            await asyncio.sleep(1)
            session.look(replace(session.seen, taken=time.time()))

    looking = asyncio.create_task(look())
    result = await SwarmtutorApp(session, prepare).run_async()
    looking.cancel()
    sys.stdout.write(f"left with {result!r}; session closed: {session.closed}\n")


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 0.5))
