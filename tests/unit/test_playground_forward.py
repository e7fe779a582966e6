"""Published ports at addresses of this machine: through which node, at which port, and what a browser is told."""

import asyncio
import errno
import socket
import urllib.request
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, cast
from urllib.error import HTTPError

import pytest

from tests.unit.factories import service, swarm
from tui.playground import forward
from tui.playground.forward import Forwards, PortNode, listen_here
from tui.playground.model import Node, NodeUnreachableError
from tui.swarm.snapshot import PublishedPort, Snapshot
from tui.tutor.pages import Pages, published_ports

if TYPE_CHECKING:
    import asyncssh

    Channel = tuple[asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]]

PATIENCE = 60.0
BODY = bytes(range(256)) * 8192  # 2 MB: more than any buffer on the way holds


class FakeNode:
    """A node whose port is a server of this process. `says`: why it cannot be reached; `hangs`: it says nothing."""

    def __init__(self, name: str, port: int = 0, *, says: str = "", hangs: bool = False) -> None:
        self.name, self.port, self.says, self.hangs = name, port, says, hangs
        self.asked: list[int] = []

    async def open_port(self, port: int) -> "Channel":
        self.asked.append(port)
        if self.hangs:
            await asyncio.Event().wait()
        if self.says:
            raise NodeUnreachableError(f"{self.name}: {self.says}")
        opened = await asyncio.open_connection("127.0.0.1", self.port)
        return cast("Channel", opened)


@asynccontextmanager
async def web_server(body: bytes = BODY) -> AsyncGenerator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in request.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            ),
            0,
        )
        sent = await reader.readexactly(length)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nX-Got: {len(sent)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def listen_anywhere(_port: int) -> socket.socket:
    """So that tests beside each other do not take each other's ports."""
    return listen_here(0)


@asynccontextmanager
async def forwarding(*nodes: PortNode, port: int = 5000) -> AsyncGenerator[str]:
    forwards = Forwards(nodes, listen_anywhere)
    await forwards.keep([port])
    try:
        yield forwards.addresses[port]
    finally:
        await forwards.close()


def get(address: str, data: bytes | None = None) -> tuple[int, bytes, str]:
    """Status, body, and how much the server got."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data), timeout=PATIENCE) as answer:
            return answer.status, answer.read(), answer.headers["X-Got"]
    except HTTPError as error:
        return error.code, error.read(), ""


async def test_a_page_comes_through_whole_and_so_does_what_is_sent() -> None:
    async with web_server() as port, forwarding(FakeNode("node1", port)) as address:
        answers = await asyncio.gather(*(asyncio.to_thread(get, address, BODY) for _ in range(3)))
        assert answers == [(200, BODY, str(len(BODY)))] * 3


async def test_a_node_that_is_gone_is_passed_over_and_asked_last_from_then_on() -> None:
    async with web_server(b"a pet") as port:
        off, on = FakeNode("node1", says="powered off"), FakeNode("node2", port)
        async with forwarding(off, on) as address:
            assert (await asyncio.to_thread(get, address))[:2] == (200, b"a pet")
            assert (await asyncio.to_thread(get, address))[:2] == (200, b"a pet")
            assert (off.asked, on.asked) == ([5000], [5000, 5000])
            on.says, off.says, off.port = "powered off", "", port
            assert (await asyncio.to_thread(get, address))[:2] == (200, b"a pet")


async def test_a_node_that_says_nothing_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "_STAGGER", 0.05)
    async with web_server(b"a pet") as port:
        silent = FakeNode("node1", hangs=True)
        async with forwarding(silent, FakeNode("node2", port)) as address:
            assert (await asyncio.to_thread(get, address))[:2] == (200, b"a pet")


async def test_where_nobody_answers_the_browser_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "_STAGGER", 0.05)
    monkeypatch.setattr(forward, "_OPEN_SECONDS", 0.5)
    nodes = [FakeNode("node1", says="connection refused <by> it"), FakeNode("node2", hangs=True)]
    async with forwarding(*nodes) as address:
        status, body, _ = await asyncio.to_thread(get, address)
        assert status == 503
        text = body.decode()
        assert "Nobody answers on port 5000 of the swarm." in text
        assert "node1: connection refused &lt;by&gt; it; node2 does not answer" in text


async def test_who_speaks_no_http_is_just_turned_away() -> None:
    async with forwarding(FakeNode("node1", says="connection refused")) as address:
        port = int(address.rsplit(":", 1)[1].rstrip("/"))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"EHLO somebody\r\n\r\n")
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        writer.close()


def busy(*taken: int) -> tuple[Callable[[int], socket.socket], list[int]]:
    """A machine on which these ports are taken, and the ports that were tried on it."""
    tried: list[int] = []

    def listen(port: int) -> socket.socket:
        tried.append(port)
        if port in taken:
            raise OSError(errno.EACCES if port < 1024 else errno.EADDRINUSE, "taken")
        return listen_here(0)

    return listen, tried


@pytest.mark.parametrize(
    ("port", "taken", "tries"),
    [
        (5000, [], [5000]),
        (5000, [5000, 5001], [5000, 5001, 5002]),
        (80, [80], [80, 8080]),
        (65535, [65535], [65535, 0]),
        (7000, range(7000, 7020), [*range(7000, 7020), 0]),
    ],
)
async def test_a_port_that_is_taken_makes_way_for_the_next(port: int, taken: Sequence[int], tries: list[int]) -> None:
    listen, tried = busy(*taken)
    forwards = Forwards([], listen)
    await forwards.keep([port])
    assert tried == tries
    assert list(forwards.addresses) == [port]
    await forwards.close()
    assert not forwards.addresses


async def test_a_machine_without_a_free_port_goes_without() -> None:
    listen, _ = busy(0, *range(5000, 5020))
    forwards = Forwards([], listen)
    await forwards.keep([5000, 6000])
    assert list(forwards.addresses) == [6000]
    await forwards.close()


def refused(port: int) -> bool:
    with socket.socket() as visitor:
        visitor.settimeout(PATIENCE)
        return visitor.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


class OpenNode(FakeNode):
    """A node whose port greets, and then waits."""

    async def open_port(self, port: int) -> "Channel":
        ours, self.theirs = socket.socketpair()
        self.theirs.sendall(b"hello")
        return cast("Channel", await asyncio.open_connection(sock=ours))


async def test_what_is_forwarded_is_for_this_machine_alone_and_ends_with_the_lesson() -> None:
    node = OpenNode("node1")
    forwards = Forwards([node], listen_anywhere)
    await forwards.keep([5000])
    port = int(forwards.addresses[5000].rsplit(":", 1)[1].rstrip("/"))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await asyncio.wait_for(reader.readexactly(5), PATIENCE) == b"hello"
    with listen_here(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
    await forwards.close()
    assert await asyncio.to_thread(refused, port)
    with suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
    with node.theirs:
        node.theirs.settimeout(PATIENCE)
        assert await asyncio.to_thread(node.theirs.recv, 1) == b""
    writer.close()


def publishing(*ports: PublishedPort) -> Snapshot:
    return swarm([service(ports=ports)] if ports else ())


def test_the_ports_of_pages_are_tcp_and_published() -> None:
    snapshot = publishing(
        PublishedPort(5000, 5000), PublishedPort(53, 53, "udp"), PublishedPort(0, 80), PublishedPort(5000, 81)
    )
    assert published_ports(snapshot) == (5000,)
    assert published_ports(publishing()) == ()


async def test_pages_come_and_go_with_the_services() -> None:
    pages = Pages([cast("Node", FakeNode("node1", says="connection refused"))])

    async def until(ports: list[int]) -> None:
        async with asyncio.timeout(PATIENCE):
            while list(pages.addresses) != ports:  # noqa: ASYNC110  it tells nobody
                await asyncio.sleep(0.01)

    pages.follow(publishing(PublishedPort(5600, 80)))
    await until([5600])
    for snapshot in (publishing(), publishing(PublishedPort(5601, 80)), publishing(PublishedPort(5602, 80))):
        pages.follow(snapshot)
    await until([5602])
    await pages.close()
    assert not pages.addresses
    pages.follow(publishing(PublishedPort(5600, 80)))
    assert not pages.addresses
