"""A lab, taken from its first step to its last on the other kernel. Not for any other machine: see test_kernels.py.

Only the time that things may take is another than elsewhere, and the pets have no health check, which would take most
of what this kernel can do.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.kernel.guest_steps import NAME, PATIENCE, machine, run, say, tutor
from tui.checks.extras import extras_of
from tui.labs.model import Lab, Step
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir
from tui.playground.model import Completed, Node
from tui.playground.playground import open_playground
from tui.swarm.hints import Pace
from tui.swarm.observer import Observer
from tui.terminal.bittty_engine import BitttyEngine
from tui.terminal.command_log import RanCommand
from tui.tutor.perform import run_command
from tui.tutor.session import LabSession
from tui.tutor.stage import Stage
from tui.tutor.walk import StepResult, walk

LAB = "orchestration"
# Each look at an engine starts three processes there.
UNHURRIED = Pace(poll=5.0, info=30.0, reporting=2.0, quick=3.0, patient=5.0, settle=1.0, deadline=PATIENCE)
# A node counts as lost after three signs of life that did not come.
NOBODY_IS_LOST = "docker swarm update --dispatcher-heartbeat 60s"


def unhurried(lab: Lab) -> Lab:
    """The lab, each of whose goals may take as long as anything here."""

    def step(one: Step) -> Step:
        return replace(one, goal=tuple(replace(spec, within=PATIENCE) for spec in one.goal))

    sections = tuple(replace(part, steps=tuple(step(one) for one in part.steps)) for part in lab.sections)
    return replace(lab, sections=sections)


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("walk.LOOK_DEADLINE", "walk.ANSWER_DEADLINE", "perform.COMMAND_DEADLINE", "perform.FACT_DEADLINE"):
        monkeypatch.setattr(f"tui.tutor.{name}", PATIENCE)

    async def join_in_time(
        node: str, text: str, stage: Stage, *, expect_fail: bool | None = False, typing: float = 0.0
    ) -> RanCommand:
        """After 20 s the command says that joining goes on without it; the goal tells whether that came to an end."""
        expected = None if "swarm join " in text else expect_fail
        return await run_command(node, text, stage, expect_fail=expected, typing=typing)

    monkeypatch.setattr("tui.tutor.perform.run_command", join_in_time)


def test_the_pets_are_not_examined() -> None:
    """This root is an overlay in memory: nobody else sees what is written here."""
    settings = content_dir() / "images/pets/image.toml"
    text, times = re.subn("^healthcheck = .*\n", "", settings.read_text(), flags=re.MULTILINE)
    assert times == 1
    settings.write_text(text)


async def test_the_lab_is_walked_to_its_end(slowly: None) -> None:
    before = machine()
    tutor("up", "--name", NAME)

    waiting: list[asyncio.Future[Completed]] = []
    lab = unhurried(load_lab_by_id(LAB, content_dir()))

    def watch(nodes: Sequence[Node]) -> Observer:
        return Observer(nodes, UNHURRIED, extras_of(lab))

    def report(result: StepResult) -> None:
        say(f"{result.number}. {result.step.title}: {result.reason or 'passed'} ({result.seconds:.0f} s)")
        if result.step.id == "init":
            waiting.append(asyncio.ensure_future(run(playground.node("node1"), NOBODY_IS_LOST)))

    playground = await open_playground(NAME)
    assert playground.mesh == "ipvs"
    session = LabSession(lab, None, BitttyEngine, observe=watch)
    try:
        await session.connect(playground, fresh=True)
        result = await walk(session, report)
    finally:
        await session.close()
    reasons = [step.reason for step in result.steps if not step.passed]
    assert (reasons, result.passed) == ([], True)
    assert [ended.exit_status for ended in await asyncio.gather(*waiting)] == [0]
    tutor("down", "--name", NAME)
    after = machine()
    assert {kind: after[kind] - there for kind, there in before.items()} == {kind: set() for kind in before}
