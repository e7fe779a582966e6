"""10 MB of output through the box, from a program in a terminal to the pixels, beside a widget made with pyte."""

import asyncio
import fcntl
import importlib
import os
import pty
import random
import struct
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.strip import Strip
from textual.widget import Widget

from tests.bench.stats import Options, Result, Row, Unit
from tests.bench.throughput import COLUMNS, ROWS, coloured, filled, log_lines
from tui.app.widgets.terminal_view import TerminalView
from tui.terminal.bittty_engine import BitttyEngine

__all__ = ["measure"]

AIM = 10.0
ALIVE = 0.1
SLICE = 16_384
_FRAME = 1 / 30
_END = b"\r\nthat was all\r\n"


class _Ours(TerminalView):
    """The command box, with nobody at the other end."""

    def __init__(self) -> None:
        super().__init__(BitttyEngine(COLUMNS, ROWS), _Nobody())

    def feed(self, data: bytes) -> None:
        if self.engine is not None:
            self.engine.feed(data)
            self.mark_dirty()


class _Nobody:
    def write(self, data: bytes) -> None: ...

    def resize(self, columns: int, rows: int) -> None: ...


class _Pyte(Widget):
    """What a terminal widget made with pyte comes to, painted as seldom as ours and only where it changed."""

    def __init__(self) -> None:
        super().__init__()
        library: Any = importlib.import_module("pyte")
        self._screen: Any = library.Screen(COLUMNS, ROWS)
        self._stream: Any = library.ByteStream(self._screen)
        self._waits = False

    def feed(self, data: bytes) -> None:
        self._stream.feed(data)
        if not self._waits:
            self._waits = True
            self.set_timer(_FRAME, self._paint)

    def _paint(self) -> None:
        self._waits = False
        self.refresh()

    def render_line(self, y: int) -> Strip:
        line: Any = self._screen.buffer[y]
        segments: list[Segment] = []
        for x in range(COLUMNS):
            cell = line[x]
            segments.append(Segment(cell.data, Style(bold=cell.bold, underline=cell.underscore, reverse=cell.reverse)))
        return Strip(segments).simplify()


class _Window(App[None]):
    """The box alone."""

    def __init__(self, box: Widget) -> None:
        super().__init__()
        self.box = box

    def compose(self) -> ComposeResult:
        yield self.box


def measure(options: Options) -> Result:
    """`cat` of a file in a terminal, read as a shell is: seconds in all, and how long the screen stood still."""
    size = options.rounds(10_000_000, 1_000_000)
    notes: list[str] = []
    rows: list[Row] = []
    for kind, make in _KINDS.items():
        content = filled(make(random.Random(kind)), size)
        ours, pauses = asyncio.run(_run(_Ours, content))
        times: list[float] = []
        try:
            times.append(asyncio.run(_run(_Pyte, content))[0])
        except ModuleNotFoundError:
            notes = ["pyte is not installed, so there is nothing to compare with"]
        label = f"{size / 1e6:g} MB of {kind}"
        rows.append(Row.of(label, Unit.SECONDS, [ours], aim=AIM * size / 1e7, baseline=("a widget on pyte", times)))
        rows.extend(Row.of(f"baseline: pyte, {kind}", Unit.SECONDS, times) for _ in times)
        rows.append(Row.of(f"the screen stands still, {kind}", Unit.MILLISECONDS, pauses, aim=ALIVE))
    return Result(tuple(rows), tuple(notes))


async def _run(make: Callable[[], "_Ours | _Pyte"], content: bytes) -> tuple[float, list[float]]:
    """Seconds until all of it is fed and painted; and the seconds between two turns of everything else."""
    box = make()
    app = _Window(box)
    pauses: list[float] = []
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        await pilot.pause()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "content"
            path.write_bytes(content + _END)
            pid, file = pty.fork()
            if pid == 0:
                try:
                    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
                    os.execvp("cat", ["cat", str(path)])
                finally:
                    os._exit(127)
            begun = last = time.monotonic()
            try:
                while data := await asyncio.to_thread(_read, file):
                    box.feed(data)
                    await asyncio.sleep(0)
                    now = time.monotonic()
                    pauses.append(now - last)
                    last = now
            finally:
                await asyncio.to_thread(os.waitpid, pid, 0)
                os.close(file)
        await pilot.pause()
        return time.monotonic() - begun, pauses


def _read(file: int) -> bytes:
    """What is there, as much as a shell's slice."""
    data = b""
    try:
        while len(data) < SLICE and (part := os.read(file, SLICE - len(data))):
            data += part
    except OSError:  # EIO: the other end is closed
        pass
    return data


_KINDS: dict[str, Callable[[random.Random], Iterator[str]]] = {"a log": log_lines, "words in colour": coloured}
