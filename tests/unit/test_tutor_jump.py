"""Bringing the nodes to a step: what is done on the way and what is not, on a stage where commands are only words."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import cast

import pytest

from tests.unit.factories import no_swarm, service, swarm, tasks
from tests.unit.session_doubles import FakeControl
from tests.unit.test_tutor_lesson import LAB
from tui.checks.facts import facts_of
from tui.checks.model import Evidence
from tui.errors import UserError
from tui.labs.model import CheckSpec, Lab, Step
from tui.labs.parse import load_lab
from tui.playground.model import NODE_NAMES, Fault, Playground
from tui.swarm.snapshot import Snapshot
from tui.terminal.command_log import RanCommand
from tui.tutor.faults import due_undos, stray_faults
from tui.tutor.jump import jump_to, legs_to
from tui.tutor.shells import NodeShell
from tui.tutor.stage import Doing


class Shell:
    """Takes commands and changes the swarm as they say."""

    def __init__(self, node: str, stage: "WordStage") -> None:
        self._node = node
        self._stage = stage

    async def run(self, text: str, _timeout: float, *, typing: float = 0.0) -> RanCommand:
        await asyncio.sleep(typing)
        self._stage.ran.append(text)
        status = self._stage.effect(text)
        return RanCommand(self._node, text, 0.0, status, 0.0, "it failed" if status else "")

    async def free(self) -> None:
        self._stage.freed += 1

    def write(self, data: bytes) -> None:
        self._stage.written += data


class WordStage:
    """A Stage whose swarm is what its commands made of it."""

    def __init__(self, lab: Lab, snapshot: Snapshot) -> None:
        self.lab = lab
        self.snapshot = snapshot
        self.control = Control(self)
        self.ran: list[str] = []
        self.freed = 0
        self.written = b""
        self.broken = ""  # commands with this word fail
        self.shells = cast("Mapping[str, NodeShell]", {name: Shell(name, self) for name in NODE_NAMES})
        self._happened = asyncio.Event()

    @property
    def facts(self) -> Mapping[str, str]:
        return facts_of(self.snapshot, "ipvs")

    @property
    def playground(self) -> Playground:
        raise RuntimeError("there are no nodes")

    def now(self) -> float:
        return 0.0

    def evidence(self, *, start: Snapshot, since: float) -> Evidence:
        return Evidence(self.snapshot, start, web=MappingProxyType({}))

    def watch(self, specs: Sequence[CheckSpec]) -> None:
        return

    def watch_step(self, step: Step) -> None:
        return

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._happened.clear()
            await self._happened.wait()

    def become(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._happened.set()

    def effect(self, text: str) -> int:
        if self.broken and self.broken in text:
            return 1
        if "swarm init" in text:
            self.become(swarm())
        elif "service create" in text or "service scale" in text:
            self.become(pets(3))
        elif "service rm" in text:
            self.become(swarm())
        return 0


class Control(FakeControl):
    """Fresh nodes are in no swarm; one without power is down in the list."""

    def __init__(self, stage: WordStage) -> None:
        super().__init__()
        self._stage = stage

    async def renew(self, nodes: Sequence[str]) -> None:
        await super().renew(nodes)
        self._stage.become(no_swarm())

    async def cause(self, node: str, fault: Fault) -> str:
        said = await super().cause(node, fault)
        snapshot = self._stage.snapshot
        state = "down" if fault.state else "ready"
        rows = tuple(replace(row, state=state) if row.hostname == node else row for row in snapshot.nodes)
        engines = {**snapshot.engines, node: replace(snapshot.engines[node], reachable=not fault.state)}
        self._stage.become(replace(snapshot, nodes=rows, engines=engines))
        return said


def pets(count: int) -> Snapshot:
    made = service("pets", count)
    return swarm([made], tasks(made, *NODE_NAMES[:count]))


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    path = tmp_path / "small" / "lab.md"
    path.parent.mkdir()
    path.write_text(LAB)
    return load_lab(path)


def quiet(_doing: Doing) -> None:
    """Nobody looks."""


CREATE = "docker service create --name pets --replicas 3 swarmtutor/pets:1.0"


async def test_from_anywhere_the_nodes_are_made_anew_and_brought_there_by_the_labs_own_commands(lab: Lab) -> None:
    stage = WordStage(lab, pets(1))
    told: list[Doing] = []
    reached: list[int] = []
    async with asyncio.timeout(60):
        await jump_to(stage, 2, tell=told.append, reached=reached.append)
    assert stage.control.asked == [("renew", "node1 node2 node3")]
    assert stage.ran == ["docker swarm init", CREATE]
    assert reached == [0, 1, 2]
    assert [(each.done, each.total) for each in told if "Pets" in each.now][-1] == (1, 2)


async def test_untouched_nodes_are_not_made_anew(lab: Lab) -> None:
    stage = WordStage(lab, no_swarm())
    await jump_to(stage, 1, tell=quiet)
    assert stage.control.asked == []
    assert stage.ran == ["docker swarm init"]


async def test_what_is_there_is_built_on(lab: Lab) -> None:
    stage = WordStage(lab, swarm())
    await jump_to(stage, 2, here=1, tell=quiet)
    assert stage.control.asked == []
    assert stage.ran == [CREATE]


async def test_what_was_lost_on_the_way_is_done_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.tutor.jump._SETTLING", 0.05)
    stage = WordStage(lab, swarm())
    stage.become(swarm())
    await jump_to(stage, 2, here=2, tell=quiet)
    assert stage.ran == [CREATE]


async def test_where_building_on_does_not_work_it_begins_anew(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.tutor.jump._SETTLING", 0.05)
    monkeypatch.setattr("tui.tutor.jump._BUILDING_ON", 0.1)
    stage = WordStage(lab, swarm())
    first = stage.effect

    def effect(text: str) -> int:
        return 1 if not stage.control.asked and "create" in text else first(text)

    stage.effect = effect  # type: ignore[method-assign]  # the port is taken until the nodes are fresh
    await jump_to(stage, 2, here=2, tell=quiet)
    assert stage.control.asked == [("renew", "node1 node2 node3")]
    assert stage.ran == [CREATE, "docker swarm init", CREATE]


async def test_a_fault_that_spans_the_target_is_caused_and_one_that_does_not_is_undone(lab: Lab) -> None:
    stage = WordStage(lab, no_swarm())
    await jump_to(stage, 3, tell=quiet)
    assert await stage.control.faults() == {"node2": {Fault.POWER_OFF}}
    stage = WordStage(lab, no_swarm())
    await jump_to(stage, 4, tell=quiet)
    assert stage.control.asked == [("node2", "power-off"), ("node2", "power-on")]


async def test_faults_of_others_are_mended_before_anything_is_built_on(lab: Lab) -> None:
    stage = WordStage(lab, pets(3))
    await stage.control.cause("node3", Fault.PAUSE)
    await jump_to(stage, 2, here=2, tell=quiet)
    assert ("node3", "resume") in stage.control.asked
    assert stage.ran == []


async def test_a_command_that_fails_on_fresh_nodes_is_said(lab: Lab) -> None:
    stage = WordStage(lab, no_swarm())
    stage.broken = "init"
    with pytest.raises(UserError, match="it failed"):
        await jump_to(stage, 1, tell=quiet)


async def test_stopped_half_way_it_tells_how_far_it_came_and_can_go_on_from_there(lab: Lab) -> None:
    stage = WordStage(lab, no_swarm())
    reached: list[int] = []

    def stop(index: int) -> None:
        reached.append(index)
        if index == 1:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await jump_to(stage, 2, tell=quiet, reached=stop)
    assert reached == [0, 1]
    await jump_to(stage, 2, here=1, tell=quiet)
    assert stage.ran == ["docker swarm init", CREATE]


def test_steps_that_only_look_are_passed_over(lab: Lab) -> None:
    assert legs_to(lab, 5) == (0, 1, 2, 4)


def test_a_fault_is_due_only_behind_its_last_step_and_never_if_it_is_not_the_lessons(lab: Lab) -> None:
    standing = {"node2": {Fault.POWER_OFF}, "node3": {Fault.PAUSE}}
    assert due_undos(lab, standing, 3) == ()
    assert due_undos(lab, standing, 4) == (("node2", Fault.POWER_ON),)
    assert stray_faults(lab, standing, 3) == (("node3", Fault.PAUSE),)
    assert stray_faults(lab, standing, 4) == (("node2", Fault.POWER_OFF), ("node3", Fault.PAUSE))
