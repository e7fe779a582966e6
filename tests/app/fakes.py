"""Doubles: a session without nodes, and shells without machines."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from tests.app.fake_lessons import goal, views
from tests.app.fake_swarms import IDS, NAMES, by_hand, engine, engines_only, pets_task, six_pets, swarm_of_three
from tui.checks.model import Outcome, Verdict, WebTarget
from tui.errors import UserError
from tui.labs.model import Lab
from tui.playground.model import Playground, Progress, ProgressListener, ProgressState, WebAnswer
from tui.swarm.snapshot import (
    Snapshot,
)
from tui.terminal.bittty_engine import BitttyEngine
from tui.terminal.engine import TerminalEngine
from tui.tutor.ladder import Rung
from tui.tutor.session import LabSession
from tui.tutor.shells import NodeShell
from tui.tutor.stage import Doing
from tui.tutor.traffic import Traffic
from tui.tutor.views import (
    LessonChanged,
    LessonView,
    Notice,
    PageCommand,
    PageQuestion,
    Readiness,
    SessionEvent,
    ShellChanged,
    SnapshotChanged,
    StepLine,
    StepState,
)
from tui.tutor.web_requests import OwnRequest

__all__ = [
    "IDS",
    "NAMES",
    "FakeSession",
    "FakeShell",
    "FakeTraffic",
    "Preparing",
    "a_playground",
    "by_hand",
    "engine",
    "engines_only",
    "found_well",
    "goal",
    "pets_task",
    "prepare_well",
    "six_pets",
    "swarm_of_three",
    "views",
]


class FakeShell(NodeShell):
    """A shell that echoes what is typed, as a terminal would."""

    def __init__(self, node: str, changed: Callable[[str], None]) -> None:
        self.node = node
        self.engine: TerminalEngine = BitttyEngine(80, 24)
        self.written = b""
        self.sizes: list[tuple[int, int]] = []
        self.up = True
        self._tell = changed
        prompt = f"\x1b[1;36mdocker@{node}\x1b[0m:\x1b[34m~\x1b[0m$ "
        self.engine.feed(prompt.encode())

    @property
    def connected(self) -> bool:
        return self.up

    @property
    def opening(self) -> bool:
        return not self.up

    @property
    def trouble(self) -> str:
        return "" if self.up else f"{self.node} does not answer"

    def write(self, data: bytes) -> None:
        self.written += data
        self.feed(data.replace(b"\r", b"\r\n"))

    def feed(self, data: bytes) -> None:
        """What the shell writes."""
        self.engine.feed(data)
        self._tell(self.node)

    def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))


class FakeTraffic(Traffic):
    """Requests that a test makes up, and what is asked for."""

    def __init__(self) -> None:
        self.asks: tuple[WebTarget, ...] = ()
        self.answers: dict[WebTarget, tuple[WebAnswer, ...]] = {}
        self.mine: list[OwnRequest] = []

    @property
    def visited(self) -> Mapping[WebTarget, Sequence[WebAnswer]]:
        return self.answers

    @property
    def own(self) -> Sequence[OwnRequest]:
        return self.mine

    def visit(self, pages: Sequence[WebTarget]) -> None:
        self.asks = tuple(pages)


class FakeSession(LabSession):
    """A lesson that does what a test says. Change it with the methods that are no session's."""

    def __init__(self, pages: list[LessonView] | None = None, snapshot: Snapshot | None = None) -> None:
        self.lab = Lab("orchestration", "Docker Orchestration", "", "beginner", 30, "no-swarm", sections=())
        self.pages = pages or views()
        self.index = 0
        self.seen = snapshot or six_pets()
        self.hint_texts = ["Look at `docker service --help`.", "The word is `--replicas`, and a number."]
        self.caught_up = False
        self.chosen_node = NAMES[0]
        self.asked: list[str] = []  # for what errands
        self.reads_along = False
        self.closed = False
        self.connected_fresh: bool | None = None
        self.requests = FakeTraffic()
        self.addresses: dict[int, str] = {}
        self.answers_seen: dict[WebTarget, tuple[WebAnswer, ...]] = {}
        self.known_shells: dict[str, FakeShell] = {}
        self._subscribers: list[Callable[[SessionEvent], None]] = []

    # what a screen asks for

    @property
    def view(self) -> LessonView:
        page = self.pages[self.index]
        return page if self.known_shells else replace(page, readiness=Readiness.STARTING)

    @property
    def snapshot(self) -> Snapshot:
        return self.seen if self.known_shells else Snapshot(taken=0.0)

    @property
    def shells(self) -> Mapping[str, NodeShell]:
        return self.known_shells

    @property
    def mesh(self) -> str:
        return "nftables"

    @property
    def published(self) -> Mapping[int, str]:
        return self.addresses

    @property
    def web(self) -> Mapping[WebTarget, Sequence[WebAnswer]]:
        return self.answers_seen

    @property
    def traffic(self) -> Traffic:
        return self.requests

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        self._subscribers.append(listener)
        return lambda: self._subscribers.remove(listener)

    async def connect(self, playground: Playground, *, fresh: bool) -> None:
        self.connected_fresh = fresh
        self.known_shells = {name: FakeShell(name, lambda node: self.tell(ShellChanged(node))) for name in NAMES}
        self.tell(LessonChanged(self.view))

    async def close(self) -> None:
        self.closed = True

    def next(self) -> bool:
        return self._turn(+1, allowed=self.view.can_go_on)

    def previous(self) -> bool:
        return self._turn(-1, allowed=self.view.can_go_back)

    def hint(self) -> bool:
        view = self.pages[self.index]
        if not view.hints_left:
            return False
        shown = tuple(self.hint_texts[: len(view.hints) + 1])
        left = view.hints_left - 1
        self.change(hints=shown, hints_left=left, rung=Rung.HINT if left else Rung.TYPE)
        return True

    def insert_command(self) -> str | None:
        for block in self.pages[self.index].blocks:
            if isinstance(block, PageCommand) and block.is_next and not block.missing and self.known_shells:
                self.known_shells[block.node].write(block.text.encode())
                return block.node
        return None

    async def catch_up(self) -> None:
        self.caught_up = True
        self.change(readiness=Readiness.READY)

    @property
    def node(self) -> str:
        return self.chosen_node

    @property
    def reading_along(self) -> bool:
        return self.reads_along

    @property
    def notices(self) -> tuple[str, ...]:
        return ()

    def look_at_node(self, node: str) -> None:
        self.chosen_node = node

    def help(self) -> tuple[Rung, str]:
        rung = self.view.rung
        if rung is Rung.HINT:
            self.hint()
        elif rung is Rung.TYPE:
            return Rung.TYPE, self.insert_command() or ""
        return rung, ""

    def answer(self, question_id: str, value: str) -> bool:
        blocks = tuple(
            replace(block, answer=value) if isinstance(block, PageQuestion) and block.id == question_id else block
            for block in self.view.blocks
        )
        if value:
            self.change(blocks=blocks)
        return bool(value)

    def outline(self) -> tuple[StepLine, ...]:
        return tuple(
            StepLine(
                number,
                page.step_id,
                page.step_title,
                page.section_title,
                StepState.DONE if page.done else StepState.OPEN if number == self.index else StepState.AHEAD,
                number == self.index,
                page.undone,
            )
            for number, page in enumerate(self.pages)
        )

    def go(self, index: int) -> bool:
        self.index = index
        self.tell(LessonChanged(self.view))
        return True

    def set_free(self, free: bool) -> None:
        self.change(readiness=Readiness.FREE if free else Readiness.READY)

    def stop(self) -> bool:
        if self.view.doing is None:
            return False
        self.asked.append("stop")
        self.change(doing=None)
        return True

    async def do_for_me(self, typing: float = 0.0) -> None:
        self.asked.append("do")
        self.change(doing=Doing("Doing this step for you", "node2: docker ps", node="node2"))

    async def do_next_break(self) -> bool:
        self.asked.append("break")
        return True

    async def mend(self) -> None:
        self.asked.append("mend")

    async def jump(self, step_id: str) -> None:
        self.asked.append(f"jump {step_id}")

    async def reset_step(self) -> None:
        self.asked.append("reset")

    # what a test does

    def tell(self, event: SessionEvent) -> None:
        for listener in tuple(self._subscribers):
            listener(event)

    def change(self, **changes: object) -> None:
        """The open step changes in these fields."""
        self.pages[self.index] = replace(self.pages[self.index], **changes)  # type: ignore[arg-type]  # names of LessonView's fields
        self.tell(LessonChanged(self.view))

    def look(self, snapshot: Snapshot) -> None:
        """The swarm was looked at again."""
        self.seen = snapshot
        self.tell(SnapshotChanged(snapshot))

    def finish_step(self) -> None:
        """All goals of the open step are met."""
        met = tuple(Verdict(Outcome.PASS, each.goal) for each in self.pages[self.index].goals)
        self.change(goals=met, done=True, frontier=self.index + 1)

    def notice(self, text: str) -> None:
        self.tell(Notice(text))

    def _turn(self, by: int, *, allowed: bool) -> bool:
        if not allowed:
            return False
        self.index += by
        self.tell(LessonChanged(self.view))
        return True


def a_playground() -> Playground:
    """One that is only there to be handed over."""
    return cast("Playground", object())


async def found_well(listener: ProgressListener) -> tuple[Playground, bool]:
    """The nodes of the last time are still up."""
    return a_playground(), False


async def prepare_well(listener: ProgressListener) -> tuple[Playground, bool]:
    """The nodes come up at once."""
    for number, phase in enumerate(("private network", "three nodes", "three engines", "images")):
        listener(Progress(phase, ProgressState.RUNNING))
        await asyncio.sleep(0)
        listener(Progress(phase, ProgressState.DONE, seconds=0.2 + number / 3))
    return a_playground(), True


class Preparing:
    """A making of nodes that stands still until told to go on, and fails as often as told."""

    def __init__(self, *failures: UserError) -> None:
        self.failures = list(failures)
        self.may_end = asyncio.Event()
        self.calls = 0

    async def __call__(self, listener: ProgressListener) -> tuple[Playground, bool]:
        self.calls += 1
        listener(Progress("private network", ProgressState.DONE, seconds=0.12))
        listener(Progress("three nodes", ProgressState.RUNNING, detail="node1 node2"))
        await self.may_end.wait()
        if self.failures:
            listener(Progress("three nodes", ProgressState.FAILED))
            raise self.failures.pop(0)
        return await prepare_well(listener)
