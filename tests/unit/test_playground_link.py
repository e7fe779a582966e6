"""The connection to a node that is closed while it is being made."""

import asyncio
import contextlib
from typing import TYPE_CHECKING, cast

from tui.playground.link import Link

if TYPE_CHECKING:
    import asyncssh


class Connection:
    """Stays open until it is aborted."""

    def __init__(self) -> None:
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True

    async def wait_closed(self) -> None:
        await asyncio.Event().wait()


async def test_a_cancellation_that_is_lost_while_connecting_does_not_keep_it_open() -> None:
    made = Connection()
    begun = asyncio.Event()

    async def connect() -> "asyncssh.SSHClientConnection":
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):  # as a wait does whose result comes at the same moment
            await asyncio.Event().wait()
        return cast("asyncssh.SSHClientConnection", made)

    link = Link("node1", "docker", connect)
    link.start()
    await begun.wait()
    await asyncio.wait_for(link.close(), 60)
    assert made.aborted
