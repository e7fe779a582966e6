"""A lesson without a screen, on nodes without machines: shells that answer from a table, and a pipe to type into."""

import asyncio
import io
import os
from collections.abc import Mapping
from types import TracebackType
from urllib.parse import quote

from tests.local_shell import wait_until
from tests.unit.session_doubles import FakeNode, FakePlayground, Stage
from tui.playground.model import NODE_NAMES, Node, Playground, Shell
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.plain_course import EnterShell, PlainCourse
from tui.tutor.plain_ears import Ears
from tui.tutor.plain_input import LineReader
from tui.tutor.plain_lesson import Farewell
from tui.tutor.plain_speaker import Speaker
from tui.tutor.session import LabSession

__all__ = ["LASTS", "PlainTalk", "TableShell"]

LASTS = ("", None)
"""Of a command that goes on until it is interrupted."""

Answers = Mapping[str, tuple[str, int | None]]


class TableShell:
    """A shell with our marks; what commands print, and their exit statuses, stand in a table."""

    def __init__(self, node: str, answers: Answers) -> None:
        self.commands: list[str] = []
        self._node = node
        self._answers = answers
        self._typed = ""
        self._inside = ""  # the node to whose shell `ssh` has led
        self._running = False
        self._out: asyncio.Queue[bytes] = asyncio.Queue()
        self._prompt()

    def _say(self, text: str) -> None:
        if text:  # nothing at all would be the end
            self._out.put_nowait(text.encode())

    def _prompt(self) -> None:
        node = self._inside or self._node
        self._say(f"\x1b]133;P;node={node}\a\x1b]133;A\a\x1b[1m{node}\x1b[0m:~$ \x1b]133;B\a")

    def _done(self, status: int) -> None:
        self._running = False
        self._say(f"\x1b]133;D;{status}\a")
        self._prompt()

    async def read(self, limit: int = 16_384) -> bytes:
        return await self._out.get()

    def write(self, data: bytes) -> None:
        for key in data.decode():
            match key:
                case "\r":
                    self._enter()
                case "\x15":
                    self._typed = ""
                case "\x03" if self._running:
                    self._done(130)
                case "\x04" if self._inside:
                    self._inside = ""
                    self._done(0)
                case _ if key.isprintable():
                    self._typed += key
                    self._say(key)
                case _:
                    pass

    def _enter(self) -> None:
        text, self._typed = self._typed, ""
        self.commands.append(text)
        self._say(f"\r\n\x1b]133;C;cmdline_url={quote(text)}\a")
        if text.startswith("ssh "):
            self._inside = text.removeprefix("ssh ")
            self._prompt()
            return
        output, status = self._answers.get(text, (f"bash: {text}: command not found", 127))
        self._running = status is None
        self._say(output.replace("\n", "\r\n") + "\r\n" * bool(output))
        if status is not None:
            self._done(status)

    def resize(self, columns: int, rows: int) -> None:
        return

    async def close(self) -> None:
        return


class TableNode(FakeNode):
    """A node with such a shell."""

    def __init__(self, name: str, answers: Answers) -> None:
        super().__init__(name)
        self.shell: TableShell | None = None
        self._answers = answers

    async def open_shell(self, columns: int, rows: int) -> Shell:
        self.shell = TableShell(self.name, self._answers)
        return self.shell


class PlainTalk:
    """A running lesson, and who talks with it. Use as an asynchronous context manager."""

    def __init__(
        self,
        stage: Stage,
        answers: Answers | None = None,
        *,
        terminal: bool = False,
        enter: EnterShell | None = None,
        fresh: bool = True,
    ) -> None:
        self.stage = stage
        self.nodes = [TableNode(name, answers or {}) for name in NODE_NAMES]
        self.may_connect = asyncio.Event()
        self.may_connect.set()
        self._terminal = terminal
        self._fresh = fresh
        self._playground = FakePlayground()
        nodes: list[Node] = [*self.nodes]
        self._playground.nodes = nodes
        self._out = io.StringIO()
        self._input, self._keyboard = os.pipe()
        ears = Ears()
        self.session = LabSession(
            stage.lab,
            stage.file,
            BitttyEngine,
            control=stage.control,
            observe=lambda _nodes: stage.watcher,
            clock=lambda: stage.now,
            tap=ears,
        )
        stage.sessions.append(self.session)
        speaker = Speaker(self._out, terminal=terminal, width=lambda: 1000)
        self._reader = LineReader(self._input)
        self.course = PlainCourse(self.session, speaker, self._reader, ears, enter=enter)
        self._running: asyncio.Task[Farewell] | None = None
        self._closed = False

    @property
    def text(self) -> str:
        return self._out.getvalue()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def commands(self, node: str) -> list[str]:
        """What was run in the node's shell."""
        shell = self.nodes[NODE_NAMES.index(node)].shell
        return shell.commands if shell is not None else []

    async def __aenter__(self) -> "PlainTalk":
        self._running = asyncio.create_task(self.course.run(asyncio.create_task(self._prepare())))
        if self.may_connect.is_set():
            await self.hears("Your three nodes are up.")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._closed:
            self._close()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        # A thread that has yet to begin its read would read what gets the number of this descriptor next.
        await wait_until(lambda: not self._reader.reading, "the end of the input")
        os.close(self._input)

    async def _prepare(self) -> None:
        await self.may_connect.wait()
        playground: Playground = self._playground
        await self.session.connect(playground, fresh=self._fresh)
        self.course.connected()

    def type(self, *lines: str) -> None:
        os.write(self._keyboard, "".join(f"{line}\n" for line in lines).encode())

    async def hears(self, text: str, *, times: int = 1) -> None:
        """Wait until that was said, so many times in all."""
        try:
            await wait_until(lambda: self.text.count(text) >= times, text)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text}") from None

    async def asks(self, *lines: str) -> list[str]:
        """Type these lines, and after them one that says when they are done; what was said to them."""
        before = len(self.text)
        mark = f"mark{before}"
        self.type(*lines, mark)
        await self.hears(f"There is no word `{mark}`")
        said = self.text[before:].splitlines()
        end = next(number for number, line in enumerate(said) if mark in line)
        if self._terminal:  # which shows what is typed by itself, and this one shows nothing
            return [line.lstrip("> ") for line in said[:end]]
        return [line for line in said[:end] if not line.startswith(">")]

    async def ends(self) -> Farewell:
        """The input ends; how the lesson was left."""
        self._close()
        assert self._running is not None
        async with asyncio.timeout(60):
            return await self._running

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            os.close(self._keyboard)
