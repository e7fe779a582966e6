"""`python -m tests.bench.churn PLAYGROUND`: keeps a swarm busy, so that there is always something new to show.

Says `busy` once the service runs, and ends when it is killed.
"""

import asyncio
import sys

from tests.bench.scene import done
from tui.playground.playground import open_playground

__all__ = ["main"]

_PAUSE = 2.0


async def _churn(name: str) -> None:
    playground = await open_playground(name)
    node = playground.node("node1")
    try:
        await done(node, "docker service create -q --name pets --replicas 3 -p 5000:5000 swarmtutor/pets:1.0")
        sys.stdout.write("busy\n")
        sys.stdout.flush()
        while True:
            for replicas in (6, 2):
                await done(node, f"docker service scale --detach pets={replicas}")
                await asyncio.sleep(_PAUSE)
    finally:
        await playground.close()


def main() -> None:
    """Scale for ever."""
    asyncio.run(_churn(sys.argv[1]))


if __name__ == "__main__":
    main()
