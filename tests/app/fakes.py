"""Doubles: a session without nodes, shells without machines, and swarms made by hand."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import cast

from tui.checks.model import Outcome, Verdict, WebTarget
from tui.errors import UserError
from tui.labs.model import Lab
from tui.playground.model import Playground, Progress, ProgressListener, ProgressState, WebAnswer
from tui.swarm.snapshot import (
    Container,
    Engine,
    LocalState,
    PublishedPort,
    Service,
    Snapshot,
    SwarmNode,
    Task,
)
from tui.terminal.bittty_engine import BitttyEngine
from tui.terminal.engine import TerminalEngine
from tui.tutor.ladder import Rung
from tui.tutor.session import LabSession
from tui.tutor.shells import NodeShell
from tui.tutor.stage import Doing
from tui.tutor.views import (
    LessonChanged,
    LessonView,
    Notice,
    PageCommand,
    PageProse,
    PageQuestion,
    Readiness,
    SessionEvent,
    ShellChanged,
    SnapshotChanged,
    StepLine,
    StepState,
)

__all__ = ["FakeSession", "FakeShell", "engines_only", "prepare_well", "six_pets", "views"]

NAMES = ("node1", "node2", "node3")
IDS = {"node1": "k3v9x1mq7wz2", "node2": "t8b2f0pl4ya6", "node3": "zq5d7n9rc1h3"}


# --- swarms --------------------------------------------------------------------------------------------------------


def engine(name: str, **changes: object) -> Engine:
    return replace(
        Engine(
            node=name,
            address=f"10.77.0.1{name[-1]}",
            reachable=True,
            asked=time.time(),
            version="20.10.24+dfsg1",
            state=LocalState.INACTIVE,
        ),
        **changes,  # type: ignore[arg-type]  # the caller names fields of Engine
    )


def engines_only(*, containers: tuple[Container, ...] = ()) -> Snapshot:
    """Three engines without a swarm; `containers` run on node1."""
    engines = {name: engine(name, containers=containers if name == "node1" else ()) for name in NAMES}
    return Snapshot(taken=time.time(), engines=MappingProxyType(engines))


def by_hand(name: str = "quirky_hopper", image: str = "swarmtutor/shell:1.0", age: float = 130) -> Container:
    return Container(
        id="3f2a9c81d0e4aa", name=name, image=image, command="sleep infinity", state="running",
        status="Up 2 minutes", created=time.time() - age,
    )  # fmt: skip


def pets_task(slot: int, node: str, state: str = "running", desired: str = "running", **changes: object) -> Task:
    now = time.time()
    return replace(
        Task(
            id=f"task{slot}{node}{state}",
            service_id="s1",
            slot=slot,
            node_id=IDS.get(node, ""),
            desired=desired,
            state=state,
            image="swarmtutor/pets:1.0",
            created=now - 200,
            reported=now - 185,
        ),
        **changes,  # type: ignore[arg-type]  # the caller names fields of Task
    )


def swarm_of_three(*tasks: Task, replicas: int = 6, drained: str = "", down: str = "") -> Snapshot:
    """A swarm with node1 as its manager, and the service `pets` if there are tasks."""
    now = time.time()
    engines = {
        name: engine(
            name,
            state=LocalState.ACTIVE,
            node_id=IDS[name],
            is_manager=name == "node1",
            cluster_id="c1",
            reachable=name != down,
            error="no answer in 3 s" if name == down else "",
            asked=now - (12 if name == down else 0),
        )
        for name in NAMES
    }
    nodes = tuple(
        SwarmNode(
            id=IDS[name],
            hostname=name,
            role="manager" if name == "node1" else "worker",
            availability="drain" if name == drained else "active",
            state="down" if name == down else "ready",
            leader=name == "node1",
            reachability="reachable" if name == "node1" else "",
            engine_version="20.10.24+dfsg1",
        )
        for name in NAMES
    )
    service = Service(
        id="s1vb7k2x9qpd", name="pets", image="swarmtutor/pets:1.0", mode="replicated", replicas=replicas,
        ports=(PublishedPort(5000, 5000),),
    )  # fmt: skip
    service = replace(service, id="s1")
    return Snapshot(
        taken=now,
        engines=MappingProxyType(engines),
        manager="node1",
        swarm_asked=now,
        cluster_id="c1",
        nodes=nodes,
        services=(service,) if tasks else (),
        tasks=tasks,
    )


def six_pets() -> Snapshot:
    """Six replicas, of which two are still being prepared."""
    now = time.time()
    return swarm_of_three(
        pets_task(1, "node1"),
        pets_task(2, "node3", reported=now - 12),
        pets_task(3, "node2", reported=now - 12),
        pets_task(4, "node1", reported=now - 3),
        pets_task(5, "node2", state="preparing", reported=now - 3),
        pets_task(6, "node3", state="preparing", reported=now - 3),
    )


# --- lessons -------------------------------------------------------------------------------------------------------


def goal(text: str, outcome: Outcome = Outcome.FAIL, seen: str = "") -> Verdict:
    return Verdict(outcome, text, seen)


def views() -> list[LessonView]:
    """Three steps: one to read, one with commands, one with a long text and a fact that is not known yet."""
    first = LessonView(
        lab_title="Docker Orchestration",
        section_title="Scale the application",
        section_number=4,
        step_id="six",
        step_title="Six pets, please",
        index=0,
        total=3,
        frontier=0,
        intro="Demand is up. A service is asked for a **number of replicas**; the manager finds a place for each.",
        blocks=(
            PageProse("Ask for six. The manager compares what you want with what runs, and starts the difference."),
            PageCommand("node1", "docker service update --replicas 6 pets", is_next=True),
            PageProse(
                "`docker service scale pets=6` says the same in fewer words.\n\n"
                "- `service ls` counts them;\n"
                "- `service ps` says where each one is, and where it was before, which matters "
                "as soon as something breaks."
            ),
            PageCommand("node2", "docker ps", optional=True),
        ),
        goals=(
            goal("the service asks for 6 replicas", Outcome.PASS),
            goal("6 tasks of `pets` run", Outcome.FAIL, "4 run, 2 are preparing on node2 and node3"),
        ),
        diagnosis="",
        hints=(),
        hints_left=2,
        rung=Rung.HINT,
        done=False,
        readiness=Readiness.READY,
    )
    second = replace(
        first,
        step_id="join",
        step_title="Two more nodes",
        index=1,
        intro="",
        blocks=(
            PageProse("Let **node2** join, with the token that `node1` gave."),
            PageCommand(
                "node2",
                "docker swarm join --token SWMTKN-1-49nj1cmql0jkz5s954yi3oex3nedyz0fb0xx14ie39trti4wxv"
                "-8vxv8rssmk743ojnwacrr2e7c 10.77.0.11:2377",
                is_next=True,
            ),
            PageCommand("node3", "docker swarm join --token <token.worker> <node1.ip>:2377", missing=("token.worker",)),
        ),
        goals=(goal("node2 is in the swarm", Outcome.FAIL, "node2 is in no swarm"),),
        hints_left=0,
        rung=Rung.NONE,
    )
    third = replace(
        first,
        section_number=5,
        section_title="Maintenance",
        step_id="long",
        step_title="A longer story",
        index=2,
        intro="",
        blocks=tuple(PageProse(f"Paragraph {number}. " + "Words that fill the line. " * 12) for number in range(12)),
        goals=(goal("something happens", Outcome.UNKNOWN, "node1 could not be asked"),),
        hints_left=1,
        rung=Rung.HINT,
    )
    return [first, second, third]


# --- the session ---------------------------------------------------------------------------------------------------


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


class FakeSession(LabSession):
    """A lesson that does what a test says. Change it with the methods that are no session's."""

    def __init__(self, pages: list[LessonView] | None = None, snapshot: Snapshot | None = None) -> None:
        self.lab = Lab.__new__(Lab)  # never looked at by a screen
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
    def web(self) -> Mapping[WebTarget, Sequence[WebAnswer]]:
        return self.answers_seen

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

    async def do_for_me(self) -> None:
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
