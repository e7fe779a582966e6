"""A name that one process at a time can hold."""

import asyncio
import contextlib
import os
import sys

import pytest

from tui.playground.locks import LockHeldError, hold_name

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux only")

HOLD = """
import asyncio, sys
from tui.playground.locks import hold_name

async def main():
    async with hold_name(sys.argv[1]):
        print("held", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


async def test_a_name_is_held_by_one_process_and_free_when_it_is_killed() -> None:
    name = f"swarmtutor-test-{os.getpid()}"
    pipe = asyncio.subprocess.PIPE
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLD, name, stdin=pipe, stdout=pipe)
    try:
        assert other.stdout is not None
        assert await asyncio.wait_for(other.stdout.readline(), 60) == b"held\n"
        with pytest.raises(LockHeldError):
            async with hold_name(name):
                pass
        other.kill()
        async with hold_name(name, wait=60.0):
            pass
    finally:
        with contextlib.suppress(ProcessLookupError):
            other.kill()
        await other.wait()


async def test_it_is_free_again_afterwards() -> None:
    name = f"swarmtutor-test-again-{os.getpid()}"
    for _ in range(2):
        async with hold_name(name):
            with pytest.raises(LockHeldError):
                async with hold_name(name):
                    pass
