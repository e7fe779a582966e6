"""Published ports of the swarm at addresses of this machine: each visitor is led through the connection to a node.

No route to the nodes is needed, so it works with every provider alike. Which node leads on is chosen visitor by
visitor: one that is down is passed over.
"""

import asyncio
import contextlib
import errno
import html
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from tui.playground.engine_line import carry
from tui.playground.model import NodeUnreachableError

if TYPE_CHECKING:
    import asyncssh

    Channel = tuple[asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]]

__all__ = ["Forwards", "Listen", "PortNode", "listen_here"]

HERE = "127.0.0.1"
_NEIGHBOURS = 20  # ports after the wanted one that are tried where it is taken
_PRIVILEGED = 1024  # below it, not everybody may listen; 80 then becomes 8080
_STAGGER = 1.0  # seconds after which the next node is asked, too
_OPEN_SECONDS = 8.0
_REQUEST_SECONDS = 2.0
_MOST_PORTS = 16
_TAKEN = (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL)

Listen = Callable[[int], socket.socket]
"""Opens a port of this machine, for this machine alone (0: any that is free). Raises OSError."""


@runtime_checkable
class PortNode(Protocol):
    """A node through which its ports can be reached."""

    @property
    def name(self) -> str:
        """node1, node2 or node3."""
        ...

    async def open_port(self, port: int) -> "Channel":
        """A connection to a port of the node's own address. Raises NodeUnreachableError, also if nobody listens."""
        ...


def listen_here(port: int) -> socket.socket:
    """See Listen."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would mean to share the port with whoever has it
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HERE, port))
        listener.listen(64)
    except BaseException:
        listener.close()
        raise
    return listener


class Forwards:
    """The ports that are forwarded now. Belongs to one event loop."""

    def __init__(self, nodes: Sequence[PortNode], listen: Listen = listen_here) -> None:
        self._nodes = list(nodes)  # the one that answered last comes first
        self._listen = listen
        self._servers: dict[int, tuple[asyncio.Server, str]] = {}
        self._visits: set[asyncio.Task[None]] = set()
        self._changing = asyncio.Lock()

    @property
    def addresses(self) -> Mapping[int, str]:
        """The address for each published port, such as http://127.0.0.1:5000/."""
        return MappingProxyType({port: address for port, (_, address) in self._servers.items()})

    async def keep(self, ports: Collection[int]) -> None:
        """Forward these ports, from now on, and no others. One for which no port is free here is left out."""
        async with self._changing:
            for port in [port for port in self._servers if port not in ports]:
                server, _ = self._servers.pop(port)
                server.close()
            for port in sorted(ports):
                if port not in self._servers and len(self._servers) < _MOST_PORTS:
                    with contextlib.suppress(OSError):
                        self._servers[port] = await self._serve(port)

    async def close(self) -> None:
        """Forward nothing any more."""
        await self.keep(())
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    async def _serve(self, port: int) -> tuple[asyncio.Server, str]:
        listener = await asyncio.to_thread(self._free, port)
        try:

            async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await self._visited(port, reader, writer)

            server = await asyncio.start_server(visited, sock=listener)
        except BaseException:
            listener.close()
            raise
        return server, f"http://{HERE}:{listener.getsockname()[1]}/"

    def _free(self, port: int) -> socket.socket:
        """A listener on that port of this machine; where it is taken, on one that is easy to find."""
        first = port if port >= _PRIVILEGED else port + 8000
        nearby = [each for each in range(first, first + _NEIGHBOURS) if each < 65536]
        for candidate in dict.fromkeys([port, *nearby]):
            try:
                return self._listen(candidate)
            except OSError as error:
                if error.errno not in _TAKEN:
                    raise
        return self._listen(0)

    async def _visited(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.current_task()
        assert visit is not None
        self._visits.add(visit)
        try:
            async with self._way_to(port) as (channel, why):
                if channel is None:
                    await _excuse(port, why, reader, writer)
                else:
                    await carry((reader, writer), channel)
        except (OSError, asyncio.CancelledError):
            # The visitor is gone, or the program ends: nobody is left to be told.
            writer.transport.abort()
        finally:
            self._visits.discard(visit)
            writer.close()

    @contextlib.asynccontextmanager
    async def _way_to(self, port: int) -> "AsyncGenerator[tuple[Channel | None, str]]":
        """A connection through the first node that gives one; None, and each node's reason, where none does.

        A node without power says nothing for a while, so the next one is not kept waiting for it.
        """
        waiting = list(self._nodes)
        tries: dict[asyncio.Task[Channel], PortNode] = {}
        reasons: dict[str, str] = {}
        channel: Channel | None = None
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_OPEN_SECONDS):
                    while channel is None and (tries or waiting):
                        if waiting:
                            node = waiting.pop(0)
                            tries[asyncio.create_task(node.open_port(port))] = node
                        done, _ = await asyncio.wait(
                            tries, timeout=_STAGGER if waiting else None, return_when=asyncio.FIRST_COMPLETED
                        )
                        for each in done:
                            node = tries.pop(each)
                            if (error := each.exception()) is not None:
                                if not isinstance(error, NodeUnreachableError):
                                    raise error
                                reasons[node.name] = str(error)
                            elif channel is None:
                                channel = each.result()
                                self._nodes.sort(key=lambda other, best=node: other is not best)
                            else:
                                each.result()[1].close()
        finally:
            for each in tries:
                each.add_done_callback(_drop)
                each.cancel()
        silent = {node.name: f"{node.name} does not answer" for node in tries.values()}
        try:
            yield channel, "; ".join((silent | reasons)[name] for name in sorted(silent | reasons))
        finally:
            if channel is not None:
                channel[1].close()


def _drop(late: "asyncio.Task[Channel]") -> None:
    """A connection that nobody waits for any more."""
    if not late.cancelled() and late.exception() is None:
        late.result()[1].close()


async def _excuse(port: int, why: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tell a browser why there is no page; it asks again by itself. Who speaks another language hears nothing."""
    try:
        async with asyncio.timeout(_REQUEST_SECONDS):
            request = await reader.readuntil(b"\r\n\r\n")
    except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return
    if not request.split(b"\r\n", 1)[0].rsplit(b" ", 1)[-1].startswith(b"HTTP/"):
        return
    body = _PAGE.format(port=port, why=html.escape(why)).encode()
    writer.write(_HEAD.format(length=len(body)).encode() + body)
    await writer.drain()


_HEAD = (
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n"
    "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
)
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Nobody answers</title>
<style>body {{ font: 18px/1.5 system-ui, sans-serif; max-width: 34em; margin: 18vh auto; padding: 0 1em; color: #43362c;
background: #fbf1e1; }} h1 {{ font-size: 1.4em; }} p {{ color: #6f6053; }}</style>
<h1>Nobody answers on port {port} of the swarm.</h1>
<p>{why}</p>
<p>This page looks again every two seconds.</p>
</html>
"""
