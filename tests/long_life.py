"""Hours of use, made short: the real program and session on nodes that are not there, by a clock that runs ahead.

Everything between the nodes' bytes and the screen is the program's own: shells, command log, chronicle, judging, views.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

from textual import events
from textual.pilot import Pilot

import tui.clock
from tests.unit.factories import member, node_id, service, swarm
from tests.unit.session_doubles import LAB, FakeControl, FakeNode, FakePlayground, FakeWatcher
from tui.app.app import SwarmtutorApp
from tui.labs.parse import load_lab
from tui.playground.model import NODE_NAMES, Completed, Playground, ProgressListener, WebAnswer
from tui.swarm.snapshot import Container, Snapshot, Task
from tui.terminal.bittty_engine import HISTORY_ROWS, BitttyEngine
from tui.terminal.command_log import RanCommand
from tui.terminal.marks import CommandEnded, CommandStarted, Output
from tui.tutor.chronicle import Chronicle
from tui.tutor.progress import ProgressFile
from tui.tutor.session import LabSession

__all__ = ["ROUND_SECONDS", "SIZES", "LongUse", "long_use"]

SIZES = ((120, 40), (80, 24), (200, 60))
ROUND_SECONDS = 10.0
"""How much time goes by in a round."""
_LINES = 24
_FULL = 1_100  # more commands and moments than are kept
_MARGIN = 500  # so many rows and requests more than a terminal and the traffic keep
_PATIENCE = 60.0


class _Clock:
    """The program's clock, moved on by whoever has it."""

    def __init__(self) -> None:
        self.ahead = 0.0


@contextmanager
def _running_ahead() -> Generator[_Clock]:
    clock, counted = _Clock(), tui.clock._counted  # pyright: ignore[reportPrivateUsage]  # the one place all ask
    tui.clock._counted = lambda: counted() + clock.ahead  # pyright: ignore[reportPrivateUsage]
    try:
        yield clock
    finally:
        tui.clock._counted = counted  # pyright: ignore[reportPrivateUsage]


def _row(text: str, node: str) -> str:
    return f"\x1b[32m{text}\x1b[0m  served by 0a1b2c3d4e5f on {node}\r\n"


class _Shell:
    """A shell that answers every command with the same page, between the marks that ours have."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._written: asyncio.Queue[bytes] = asyncio.Queue()
        self._line = b""
        self._prompt()

    def _prompt(self) -> None:
        marks = f"\x1b]133;P;node={self._node}\x07\x1b]133;A\x07"
        self._written.put_nowait(f"{marks}\x1b[1;36m{self._node}\x1b[0m:~$ \x1b]133;B\x07".encode())

    async def read(self, limit: int = 16_384) -> bytes:
        return await self._written.get()

    def write(self, data: bytes) -> None:
        *lines, rest = data.split(b"\r")
        for typed in lines:
            text, self._line = (self._line + typed).decode(errors="replace"), b""
            self._written.put_nowait(typed)
            begun = f"\r\n\x1b]133;C;cmdline_url={quote(text)}\x07"
            self._written.put_nowait(f"{begun}{_row(text, self._node) * _LINES}\x1b]133;D;0\x07".encode())
            self._prompt()
        if rest:
            self._line += rest
            self._written.put_nowait(rest)

    def resize(self, columns: int, rows: int) -> None:
        return

    async def close(self) -> None:
        return


class _Node(FakeNode):
    """A node whose shell, ports and commands answer."""

    async def open_shell(self, columns: int, rows: int) -> _Shell:
        return _Shell(self.name)

    async def run(self, command: str, *, stdin: bytes = b"", timeout: float = 10.0, as_root: bool = False) -> Completed:
        return Completed(0, "", "")

    async def fetch(self, port: int, path: str = "/", *, timeout: float = 3.0) -> WebAnswer:
        return WebAnswer(200, "hello", served_by="0a1b2c3d4e5f", seconds=0.002)


class LongUse:
    """A person at work. `round` is ten seconds of it, of which none is really waited for."""

    def __init__(
        self, app: SwarmtutorApp, pilot: Pilot[int], watcher: FakeWatcher, clock: _Clock, history_rows: int
    ) -> None:
        self._history_rows = history_rows
        self.app = app
        self.session = app.session
        self._pilot = pilot
        self._watcher = watcher
        self._clock = clock
        self.rounds = 0
        self.commands = 0

    def fill(self) -> None:
        """As much as the first hours bring: what is kept up to a number is full then."""
        for number in range(_FULL):
            at = tui.clock.now()
            self.session.log.begin(ran := RanCommand("node1", f"true {number}", at))
            self.session.log.finish(ran, exit_status=0, finished=at, output="")
            self._watcher.show(_seen(number, at))
        for node, shell in self.session.shells.items():
            text = f"curl -s {node}:5000"
            written = (_row(text, node) * (self._history_rows + _MARGIN)).encode()
            shell.engine.feed(written)
            self.session.traffic.read(node, [CommandStarted(text), Output(written), CommandEnded(0)])

    async def round(self) -> None:
        """A command on a node, two looks at the swarm, and now and then a key, another size, another page."""
        number = self.rounds
        self.rounds += 1
        node = NODE_NAMES[number % 3]
        await self._command(node, f"curl -s {node}:5000 # {number}")
        for part in (0, 1):
            self._clock.ahead += ROUND_SECONDS / 2
            self._watcher.show(_seen(2 * number + part, tui.clock.now()))
            await self._pilot.pause(0)
        await self._press("dmwg"[number % 4])
        lab = self.app.lab
        lab._watch_traffic()  # pyright: ignore[reportPrivateUsage]  # what its timer calls once a second
        lab._tick()  # pyright: ignore[reportPrivateUsage]  # so here
        if number % 5 == 4:
            self.session.go(number // 5 % (self.session.frontier + 1))
        if number % 5 == 2:
            await self._pilot.resize_terminal(*SIZES[number // 5 % 3])
        if number % 15 == 14:
            await self._press("comma", "full_stop", "l")
        if number % 15 == 9:
            await self._press("f1", "escape")
        await self._pilot.pause(0)

    async def settle(self, later: float = 0.0) -> None:
        """The program at rest, its lesson on the first page, at its first size: what is kept then, is kept for good.

        `later`: so many seconds go by first, after which all is gone that is kept for some minutes.
        """
        while len(self.app.screen_stack) > 1:
            await self.app.pop_screen()
        self.session.go(0)
        await self._pilot.resize_terminal(*SIZES[0])
        await self._press("d")
        self._clock.ahead += later
        self._watcher.show(_seen(2 * self.rounds, tui.clock.now()))
        self.app.lab._watch_traffic()  # pyright: ignore[reportPrivateUsage]
        await self._pilot.pause()

    async def _press(self, *keys: str) -> None:
        """As a keyboard does it: a driver of tests waits after each key until the whole machine is idle."""
        for key in keys:
            self.app.post_message(events.Key(key, key if len(key) == 1 else None))
            await self._pilot.pause(0)

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until something is so. Raises TimeoutError."""
        end = time.monotonic() + _PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(what)
            await asyncio.sleep(0.001)

    async def _command(self, node: str, text: str) -> None:
        shell = self.session.shells[node]
        await self.until(lambda: shell.at_prompt, f"a prompt on {node}")
        done = self.session.log.revision + 2  # it begins, and it ends
        shell.write(text.encode() + b"\r")
        await self.until(lambda: self.session.log.revision >= done and shell.at_prompt, text)
        self.commands += 1


def _seen(number: int, now: float) -> Snapshot:
    """Three replicas, one of which is another one each time, on another node; the last tries are kept as history."""
    pets = service("pets", 3)
    slot = number % 3
    rows: list[Task] = []
    for each in range(3):
        births = (number - (slot - each) % 3) // 3
        for past in range(min(births, 5) + 1):
            birth = births - past
            on = NODE_NAMES[(each + birth) % 3]
            rows.append(
                Task(
                    id=f"t{each}{birth}".ljust(25, "0"),
                    service_id=pets.id,
                    slot=each + 1,
                    node_id=node_id(on),
                    desired="shutdown" if past else "running",
                    state="shutdown" if past else "starting" if each == slot else "running",
                    created=now - 300 * past,
                    reported=now - 300 * past,
                    container_id=f"{birth % 4096:03x}{each}".ljust(64, "a"),
                )
            )
    box = Container(f"{number:064}", f"box{number}", "swarmtutor/shell:1.0", "sleep", "running", "Up", now)
    engines = {name: replace(member(name), asked=now, containers=(box,)) for name in NODE_NAMES}
    return replace(swarm([pets], rows), taken=now, swarm_asked=now, engines=engines)


@asynccontextmanager
async def long_use(folder: Path, history_rows: int = HISTORY_ROWS) -> AsyncGenerator[LongUse]:
    """The program, live. What it writes down goes into `folder`; its terminals keep so many rows."""
    path = folder / "small" / "lab.md"
    path.parent.mkdir(parents=True)
    path.write_text(LAB)
    lab = load_lab(path)
    watcher = FakeWatcher(replace(_seen(0, tui.clock.now()), nodes=(), services=(), tasks=()))
    made: Playground = FakePlayground()
    made.nodes = [_Node(name) for name in NODE_NAMES]

    async def prepare(_listener: ProgressListener) -> tuple[Playground, bool]:
        return made, True

    with _running_ahead() as clock:
        chronicle = Chronicle(folder / "state", lab)
        session = LabSession(
            lab,
            ProgressFile(folder / "progress.json", lab.id),
            partial(BitttyEngine, history_rows=history_rows),
            control=FakeControl(),
            observe=lambda _nodes: watcher,
            tap=chronicle,
        )
        app = SwarmtutorApp(session, prepare, chronicle=chronicle)
        async with app.run_test(size=SIZES[0]) as pilot:
            use = LongUse(app, pilot, watcher, clock, history_rows)
            await use.until(lambda: app.lab.prepared and all(s.at_prompt for s in session.shells.values()), "the nodes")
            yield use
