"""From a change in the swarm to its row on screen and to the goal that turns green, in the real program."""

import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.changes import BEGIN, CHANGES, Change, changing_lab, moment_of
from tests.bench.driving import SIZE, opening, until, until_ready
from tests.bench.processes import cpu_seconds
from tests.bench.scene import PATIENCE, done, engine_socket, form_swarm, nodes_up
from tests.bench.stats import CannotMeasureError, Options, Result, Row, Unit
from tests.bench.watched_app import WatchedApp
from tui.labs.parse import load_lab
from tui.playground.playground import open_playground
from tui.swarm.hints import converging
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.session import LabSession
from tui.tutor.views import LessonChanged, SessionEvent

__all__ = ["measure"]

AIM = 0.250
BASELINE = "direct polling"
WATCH = "watch -n1"
_BASELINES = ("poller", "watching")
_WATCH_SECONDS = 2.5


@dataclass(frozen=True, slots=True)
class Taken:
    """One change: the seconds from the engine's own moment until it was seen, in three places.

    `polled` and `watched` are None where the baselines did not run.
    """

    change: Change
    verdict: float
    painted: float
    polled: float | None
    watched: float | None


def measure(options: Options) -> Result:
    """Rounds of changes; in every second one the baseline asks too, in the others nothing disturbs the program."""
    rounds = options.rounds(12, 2)
    with nodes_up("c") as name, tempfile.TemporaryDirectory() as folder:
        lab = Path(folder) / "changing" / "lab.md"
        lab.parent.mkdir()
        lab.write_text(changing_lab(rounds))
        taken, idle = asyncio.run(_Scene(name, lab).run(rounds))
    alone = [each for each in taken if each.polled is None]
    polled = [each.polled for each in taken if each.polled is not None]
    watched = [each.watched for each in taken if each.watched is not None]
    against = (WATCH, watched)
    verdicts = [each.verdict for each in alone]
    rows = [
        Row.of("change → verdict", Unit.MILLISECONDS, verdicts, aim=AIM, baseline=against),
        Row.of("change → row on screen", Unit.MILLISECONDS, [e.painted for e in alone], aim=AIM, baseline=against),
        Row.of("baseline: watch -n1 docker service ps", Unit.MILLISECONDS, watched),
        Row.of("baseline: the manager asked all the time", Unit.MILLISECONDS, polled),
    ]
    for change in CHANGES:
        mine = [each.verdict for each in alone if each.change == change]
        theirs = [each.polled for each in taken if each.change == change and each.polled is not None]
        label = f"change → verdict: {change.name}"
        rows.append(Row.of(label, Unit.MILLISECONDS, mine, baseline=(BASELINE, theirs)))
    rows.append(Row.of("the program's CPU while nothing changes", Unit.PERCENT, [idle]))
    notes = (
        "the moment of a change is the engine's own: a task's status time-stamp, or the manager's note of an update; "
        "a task's end or start is told by its node some time later, which the baselines pay as well",
        "watch -n1 docker service ps pets; docker node ls: on the engine's own socket, from the moment to its screen",
    )
    return Result(tuple(rows), notes)


class _Scene:
    """The program on its nodes, and the moments at which it showed things."""

    def __init__(self, name: str, lab: Path) -> None:
        self._name = name
        self._session = LabSession(load_lab(lab), None, BitttyEngine)
        self._chance = random.Random(1)
        self._verdict_at: dict[int, float] = {}
        self._shows: Callable[[str], bool] | None = None
        self._painted_at = 0.0
        self._told: dict[str, list[tuple[float, int, str]]] = {}

    async def run(self, rounds: int) -> tuple[list[Taken], float]:
        """All changes, and how much processor the program takes when nothing changes, in percent of one."""
        session = self._session
        app = WatchedApp(session, opening(self._name), self._on_paint)
        session.subscribe(self._on_event)
        async with app.run_test(size=SIZE):
            await until_ready(session)
            app.watch_paints()
            await self._prepare()
            taken: list[Taken] = []
            for number in range(rounds):
                if number % 2:
                    async with self._polling():
                        taken += [await self._take(change) for change in CHANGES]
                else:
                    taken += [await self._take(change) for change in CHANGES]
            return taken, await self._idle()

    async def _prepare(self) -> None:
        playground = await open_playground(self._name)
        try:
            await form_swarm(playground)
            await done(playground.node("node1"), BEGIN)
        finally:
            await playground.close()
        await until(self._session, lambda: self._session.view.done, "the service runs")

    async def _take(self, change: Change) -> Taken:
        session = self._session
        await until(session, self._at_rest, "the swarm rests")
        if not session.next():
            raise CannotMeasureError(f"the step for «{change.name}» did not open")
        # The learner reads; then it happens at any moment of anybody's clock.
        await asyncio.sleep(self._chance.uniform(1.0, 3.5))
        index, begun = session.view.index, time.time()
        self._painted_at, self._shows = 0.0, change.shown
        await session.shells["node1"].run(change.command, PATIENCE)
        await until(session, lambda: index in self._verdict_at and self._painted_at > 0, change.name)
        moment = await asyncio.to_thread(moment_of, change, engine_socket(self._name, "node1"))
        if not begun < moment < time.time():
            raise CannotMeasureError(f"«{change.name}» happened before it was asked for")
        if self._told:
            # The slowest has its turn, too: otherwise only its lucky moments would count.
            await asyncio.sleep(_WATCH_SECONDS)

        def told(baseline: str) -> float | None:
            seen = self._told.get(baseline, ())
            at = next((t for t, running, node in seen if t > begun and change.told(running, node)), None)
            return None if at is None else at - moment

        return Taken(
            change,
            verdict=self._verdict_at[index] - moment,
            painted=self._painted_at - moment,
            polled=told("poller"),
            watched=told("watching"),
        )

    def _at_rest(self) -> bool:
        snapshot = self._session.snapshot
        return not converging(snapshot.nodes, snapshot.services, snapshot.tasks)

    def _on_event(self, event: SessionEvent) -> None:
        if isinstance(event, LessonChanged) and event.view.done:
            self._verdict_at.setdefault(event.view.index, time.time())

    def _on_paint(self, text: str) -> None:
        if self._shows is not None and self._shows(text):
            self._painted_at, self._shows = time.time(), None

    @asynccontextmanager
    async def _polling(self) -> AsyncGenerator[None]:
        """The baselines: connections without SSH, each in a process of its own."""
        socket = engine_socket(self._name, "node1")
        async with AsyncExitStack() as stack:
            for program in _BASELINES:
                await stack.enter_async_context(self._told_by(program, socket))
            yield
        self._told = {}

    @asynccontextmanager
    async def _told_by(self, program: str, socket: Path) -> AsyncGenerator[None]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", f"tests.bench.{program}", str(socket), stdout=asyncio.subprocess.PIPE
        )
        if process.stdout is None:
            raise CannotMeasureError("what the baseline sees cannot be read")
        told = self._told[program] = [_told(await asyncio.wait_for(process.stdout.readline(), PATIENCE))]

        async def read(lines: asyncio.StreamReader) -> None:
            async for line in lines:
                told.append(_told(line))

        reader = asyncio.create_task(read(process.stdout))
        try:
            yield
        finally:
            process.terminate()
            await process.wait()
            await reader

    async def _idle(self) -> float:
        await until(self._session, self._at_rest, "the swarm rests")
        await asyncio.sleep(3.0)
        before, begun = cpu_seconds(os.getpid()), time.monotonic()
        await asyncio.sleep(8.0)
        return 100 * (cpu_seconds(os.getpid()) - before) / (time.monotonic() - begun)


def _told(line: bytes) -> tuple[float, int, str]:
    """When, how many tasks run, and node2's availability."""
    moment, running, availability = line.decode().split()
    return float(moment), int(running), availability
