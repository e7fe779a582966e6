"""One SSH connection of one account to one node, re-made by itself whenever it breaks.

Importing asyncssh takes a third of a second, so it is imported when the first connection is made.
"""

import asyncio
import contextlib
import errno
import importlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tui.playground.model import NodeUnreachableError
from tui.playground.record import NodeRecord

if TYPE_CHECKING:
    import asyncssh

__all__ = ["Connect", "Link", "connect_by_key", "first_line"]

_CONNECT_SECONDS = 3.0
_LOGIN_SECONDS = 6.0
_KEEPALIVE_SECONDS = 4  # three unanswered in a row, and the connection counts as broken
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 1.0  # between two tries to connect
_REFUSED_PAUSE = 30.0  # after a node said no: who asks again and again gets locked out

Connect = Callable[[], Awaitable["asyncssh.SSHClientConnection"]]
"""Makes one connection. Raises OSError, asyncssh.Error or TimeoutError, and NodeUnreachableError where trying again
soon is of no use."""


_NO_CONNECTION = {
    errno.ECONNREFUSED: "connection refused",
    errno.EHOSTUNREACH: "no route to host",
    errno.ENETUNREACH: "no route to host",
    errno.ETIMEDOUT: "no answer in time",
}


def first_line(error: BaseException) -> str:
    """What an error says, in one line, and in words that people know."""
    if isinstance(error, OSError) and error.errno in _NO_CONNECTION:
        return _NO_CONNECTION[error.errno]
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def connect_by_key(node: NodeRecord, account: str, key: Path) -> Connect:
    """The way to a node that we made: its host key is written down, and ours opens its accounts."""

    async def connect() -> "asyncssh.SSHClientConnection":
        import asyncssh

        host = node.reached_at if node.port == 22 else f"[{node.reached_at}]:{node.port}"
        return await asyncssh.connect(
            node.reached_at,
            node.port,
            username=account,
            client_keys=[str(key)],
            known_hosts=asyncssh.import_known_hosts(f"{host} {node.host_key}\n"),
            agent_path=None,
            config=[],
            preferred_auth="publickey",
            compression_algs=None,
            connect_timeout=_CONNECT_SECONDS,
            login_timeout=_LOGIN_SECONDS,
            keepalive_interval=_KEEPALIVE_SECONDS,
            keepalive_count_max=3,
        )

    return connect


class Link:
    """Keeps one connection. Belongs to the event loop on which it was first used.

    While the node is away each use fails at once with the reason of the last try, and tries go on behind it.
    """

    def __init__(self, node: str, account: str, connect: Connect) -> None:
        self._node, self._account, self._connect = node, account, connect
        self._connection: asyncssh.SSHClientConnection | None = None
        self._reason = ""  # why the last try failed; empty while there was none
        self._changed = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._closed = False

    def start(self) -> None:
        """Begin to connect, if that has not begun yet."""
        if self._keeper is None and not self._closed:
            self._keeper = asyncio.create_task(self._keep(), name=f"ssh {self._account}@{self._node}")

    async def get(self) -> "asyncssh.SSHClientConnection":
        """The connection. Raises NodeUnreachableError when there is none now."""
        self.start()
        while self._connection is None:
            if self._closed:
                raise NodeUnreachableError(f"{self._node}: the connection was closed")
            if self._reason:
                raise NodeUnreachableError(f"{self._node} does not answer: {self._reason}")
            self._changed.clear()
            await self._changed.wait()
        return self._connection

    async def close(self) -> None:
        """End the connection for good."""
        self._closed = True
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        self._changed.set()

    async def _keep(self) -> None:
        await asyncio.to_thread(importlib.import_module, "asyncssh")  # the event loop goes on meanwhile
        import asyncssh

        pause = _FIRST_PAUSE
        while True:
            try:
                connection = await self._connect()
                try:
                    if self._closed:
                        # `asyncio.wait_for` before Python 3.12 loses a cancellation that comes with the result.
                        return
                    self._connection, self._reason = connection, ""
                    self._changed.set()
                    pause = _FIRST_PAUSE
                    await connection.wait_closed()
                finally:
                    self._connection = None
                    connection.abort()
            except (OSError, asyncssh.Error, TimeoutError) as error:
                self._reason = first_line(error)
            except NodeUnreachableError as error:
                self._reason, pause = first_line(error), _REFUSED_PAUSE
            self._changed.set()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
