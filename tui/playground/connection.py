"""A node, reached over SSH: commands, shells, its engine's socket and its web pages."""

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from tui.playground.engine_line import EngineLines
from tui.playground.http import parse_answer, request_bytes
from tui.playground.link import Connect, Link, connect_by_key, first_line
from tui.playground.model import Completed, EngineDial, NodeUnreachableError, Shell, WebAnswer
from tui.playground.record import NodeRecord

if TYPE_CHECKING:
    import asyncssh

    Channel = tuple[asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]]

__all__ = ["SshNode", "SshShell", "Way"]

_ENGINE = "/var/run/docker.sock"
_WINDOW = 16_384  # bytes on their way in a shell; several times as many wait besides, and Ctrl-C waits behind them all
_SAID_BY_OPENSSH = (
    ("Connection refused", "connection refused"),
    ("No route to host", "no route to host"),
    ("Connection timed out", "no answer"),
)
_LARGEST_ANSWER = 1_048_576  # bytes of a web answer that are read


class _Opener(Protocol):
    """The two ways through a connection, with the types that asyncssh leaves open."""

    async def open_connection(self, host: str, port: int, *, encoding: None) -> "Channel": ...

    async def open_unix_connection(self, path: str, *, encoding: None) -> "Channel": ...


class SshShell:
    """An interactive shell on a node; see Shell."""

    def __init__(self, process: "asyncssh.SSHClientProcess[bytes]") -> None:
        self._process = process

    async def read(self, limit: int = 16_384) -> bytes:
        """The next bytes; empty at the end, also when the connection broke."""
        import asyncssh

        try:
            return await self._process.stdout.read(limit)
        except (OSError, asyncssh.Error):
            return b""

    def write(self, data: bytes) -> None:
        """Send keystrokes."""
        if not self._process.is_closing():
            with contextlib.suppress(OSError):
                self._process.stdin.write(data)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the new size."""
        if not self._process.is_closing():
            with contextlib.suppress(OSError):
                self._process.change_terminal_size(columns, rows)

    async def close(self) -> None:
        """Hang up."""
        import asyncssh

        self._process.close()
        with contextlib.suppress(OSError, asyncssh.Error, TimeoutError):
            async with asyncio.timeout(2):
                await self._process.wait_closed()


@dataclass(frozen=True, slots=True)
class Way:
    """How a node is signed in to. `shell`: the command that opens a shell there; empty: the account's login shell.

    `root`: as the machine's administrator; None where nothing is done as such. `foreign`: see SharedNode.
    """

    learner: Connect
    root: Connect | None
    shell: str = ""
    foreign: frozenset[str] = frozenset()


class SshNode:
    """A node of a playground; see Node. All its methods belong to one event loop."""

    def __init__(self, record: NodeRecord, key: Path, way: Way | None = None) -> None:
        way = way or Way(connect_by_key(record, "docker", key), connect_by_key(record, "root", key))
        self._record = record
        self._shell, self._foreign = way.shell, way.foreign
        self._lines: EngineLines | None = None
        self._learner = Link(record.name, "docker", way.learner)
        self._root = Link(record.name, "root", way.root) if way.root else None

    @property
    def name(self) -> str:
        """node1, node2 or node3."""
        return self._record.name

    @property
    def address(self) -> str:
        """The node's own address."""
        return self._record.address

    @property
    def foreign(self) -> frozenset[str]:
        """Containers that are none of the lesson's; see SharedNode."""
        return self._foreign

    def start(self) -> None:
        """Begin to connect without waiting for it."""
        self._learner.start()

    async def run(self, command: str, *, stdin: bytes = b"", timeout: float = 60.0, as_root: bool = False) -> Completed:
        """Run a shell command; see Node."""
        link = self._root if as_root else self._learner
        if link is None:
            raise NodeUnreachableError(f"{self.name} is not ours: nothing is done as root there")
        async with asyncio.timeout(timeout), self._using(link) as connection:
            process = await connection.create_process(command, encoding=None)
            try:
                stdout, stderr = await process.communicate(stdin)
                await process.wait_closed()
            except BaseException:
                # OpenSSH would let it run on when the channel closes.
                process.terminate()
                process.close()
                raise
            status = _exit_status(process)
            if status is None:
                raise NodeUnreachableError(f"{self.name}: the connection broke before the command had ended")
            return Completed(status, _text(stdout), _text(stderr))

    async def open_shell(self, columns: int, rows: int) -> Shell:
        """Open a login shell of user `docker`; see Node."""
        async with self._using(self._learner) as connection:
            process = await connection.create_process(
                self._shell or None,
                term_type="xterm-256color",
                term_size=(columns, rows),
                encoding=None,
                window=_WINDOW,
            )
            return SshShell(process)

    async def engine_dial(self) -> EngineDial:
        """What opens connections to the engine; see Node."""
        await self._learner.get()
        if self._lines is None:
            self._lines = EngineLines(self._engine_channel)
        return self._lines.dial

    async def open_port(self, port: int) -> "Channel":
        """A connection to one of the node's ports; see PortNode."""
        try:
            async with self._using(self._learner) as connection:
                return await cast("_Opener", connection).open_connection(self.address, port, encoding=None)
        except (NodeUnreachableError, OSError) as error:
            said = first_line(error)
            short = _plain(said)
            raise NodeUnreachableError(said if short == said else f"{self.name}: {short}") from error

    async def fetch(self, port: int, path: str = "/", *, timeout: float = 3.0) -> WebAnswer:
        """GET a page from the node's own port; see Node."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(timeout), self._using(self._learner) as connection:
                opened = await cast("_Opener", connection).open_connection(self.address, port, encoding=None)
                data = await _exchange(*opened, request_bytes(f"{self.address}:{port}", path))
            answer = parse_answer(data)
        except TimeoutError:
            return WebAnswer(0, error=f"no answer within {timeout:g} s", seconds=time.monotonic() - begun)
        except (NodeUnreachableError, ValueError) as error:
            return WebAnswer(0, error=_plain(first_line(error)), seconds=time.monotonic() - begun)
        seconds = time.monotonic() - begun
        return WebAnswer(answer.status, answer.body, answer.served_by, seconds=seconds)

    async def engine_version(self, *, timeout: float = 30.0) -> str:
        """The version of the node's engine. Raises NodeUnreachableError if node or engine do not answer."""
        try:
            async with asyncio.timeout(timeout), self._using(self._learner) as connection:
                opened = await _open_engine(connection)
                answer = parse_answer(await _exchange(*opened, request_bytes("engine", "/version")))
            document: dict[str, Any] = json.loads(answer.body)
            return str(document["Version"])
        except TimeoutError:
            raise NodeUnreachableError(f"{self.name}: no answer within {timeout:g} s") from None
        except (ValueError, KeyError, TypeError) as error:
            raise NodeUnreachableError(f"{self.name}: its engine answers in a strange way: {error}") from error

    async def close(self) -> None:
        """Close the connections and what runs over them."""
        if self._lines is not None:
            await self._lines.close()
        await self._learner.close()
        if self._root is not None:
            await self._root.close()

    @contextlib.asynccontextmanager
    async def _using(self, link: Link) -> "AsyncGenerator[asyncssh.SSHClientConnection]":
        """The connection, for a piece of work; what goes wrong with it becomes NodeUnreachableError."""
        connection = await link.get()
        import asyncssh

        try:
            yield connection
        except (asyncssh.Error, ConnectionError, BrokenPipeError) as error:
            raise NodeUnreachableError(f"{self.name}: {first_line(error)}") from error

    async def _engine_channel(self) -> "Channel":
        async with self._using(self._learner) as connection:
            return await _open_engine(connection)


async def _open_engine(connection: "asyncssh.SSHClientConnection") -> "Channel":
    return await cast("_Opener", connection).open_unix_connection(_ENGINE, encoding=None)


async def _exchange(reader: "asyncssh.SSHReader[bytes]", writer: "asyncssh.SSHWriter[bytes]", request: bytes) -> bytes:
    """Send a request and read the answer to its end."""
    try:
        writer.write(request)
        data = b""
        while len(data) < _LARGEST_ANSWER and (part := await reader.read(65_536)):
            data += part
        return data
    finally:
        writer.close()


def _text(data: str | bytes | None) -> str:
    return data.decode(errors="replace") if isinstance(data, bytes) else data or ""


def _exit_status(process: "asyncssh.SSHClientProcess[bytes]") -> int | None:
    """The exit status, or the negative number of the signal that ended the command; None if nobody told."""
    if process.exit_signal is not None:
        number = getattr(signal, f"SIG{process.exit_signal[0]}", None)
        return -number.value if isinstance(number, signal.Signals) else -9  # SIGKILL, which not every system has
    return process.exit_status


def _plain(text: str) -> str:
    """The reason of a refused connection, without the clothes that Python puts around it."""
    for code, words in (("111", "connection refused"), ("113", "no route to host"), ("110", "no answer")):
        if f"[Errno {code}]" in text:
            return words
    for said, words in _SAID_BY_OPENSSH:
        if said in text:
            return words
    return text
