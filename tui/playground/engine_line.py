"""Lines to a node's engine: each a socket of this process whose bytes go through the node's SSH connection.

Nobody else on this machine can use one, and no system needs Unix sockets for it: a listener for all comers, on a
loopback port, would let every account of the machine in, as root of the node.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Protocol

from tui.playground.model import NodeUnreachableError

if TYPE_CHECKING:
    import asyncssh

    Channel = tuple[asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]]

__all__ = ["EngineLines", "carry"]

_OPEN_SECONDS = 3.0  # until the node's SSH server has reached the engine
_PIECE = 65_536


class _Reader(Protocol):
    async def read(self, n: int) -> bytes: ...


class _Writer(Protocol):
    def write(self, data: bytes) -> None: ...
    async def drain(self) -> None: ...
    def close(self) -> None: ...


class EngineLines:
    """The lines to one node's engine. Made in the event loop that carries them.

    `open_channel` opens a channel to the engine over the connection that there is now.
    """

    def __init__(self, open_channel: "Callable[[], Awaitable[Channel]]") -> None:
        self._open_channel = open_channel
        self._loop = asyncio.get_running_loop()
        self._carried: set[asyncio.Task[None]] = set()

    def dial(self) -> socket.socket:
        """Open a line, from any thread but the event loop's. Raises ConnectionError and TimeoutError."""
        ours, theirs = socket.socketpair()
        try:
            opening = asyncio.run_coroutine_threadsafe(self._connect(theirs), self._loop)
            try:
                opening.result(_OPEN_SECONDS)
            finally:
                opening.cancel()
        except BaseException as error:
            ours.close()
            theirs.close()
            # The last two: the event loop has ended, or is about to.
            if isinstance(error, (NodeUnreachableError, RuntimeError, CancelledError)):
                raise ConnectionError(str(error) or "the connection was closed") from error
            raise
        return ours

    async def close(self) -> None:
        """Close all lines."""
        for task in self._carried:
            task.cancel()
        await asyncio.gather(*self._carried, return_exceptions=True)

    async def _connect(self, theirs: socket.socket) -> None:
        far_reader, far_writer = await self._open_channel()
        try:
            theirs.setblocking(False)
            near_reader, near_writer = await asyncio.open_connection(sock=theirs)
        except BaseException:
            far_writer.close()
            raise
        task = asyncio.create_task(carry((near_reader, near_writer), (far_reader, far_writer)))
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)


async def carry(near: tuple[_Reader, _Writer], far: tuple[_Reader, _Writer]) -> None:
    """Hand bytes on in both directions until one side ends."""
    ways = [asyncio.create_task(_copy(near[0], far[1])), asyncio.create_task(_copy(far[0], near[1]))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        near[1].close()  # what is written already still goes out
        far[1].close()
        await asyncio.gather(*ways, return_exceptions=True)


async def _copy(reader: _Reader, writer: _Writer) -> None:
    import asyncssh

    with contextlib.suppress(OSError, asyncssh.Error):
        while data := await reader.read(_PIECE):
            writer.write(data)
            await writer.drain()
