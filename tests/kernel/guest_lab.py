"""A lab, taken from its first step to its last on the other kernel. Not for any other machine: see test_kernels.py.

Only the time that things may take is another than elsewhere, and the pets have no health check, which would take most
of what this kernel can do.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.kernel.guest_steps import NAME, PATIENCE, machine, say, tutor
from tui.checks.extras import extras_of
from tui.labs.model import Lab, Step
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir
from tui.playground.connection import SshNode
from tui.playground.model import Node, WebAnswer
from tui.playground.playground import open_playground
from tui.swarm.hints import Pace
from tui.swarm.observer import Observer
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.session import LabSession
from tui.tutor.walk import StepResult, walk

LAB = "orchestration"


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
    fetch = SshNode.fetch

    async def fetch_slowly(node: SshNode, port: int, path: str = "/", *, timeout: float = 3.0) -> WebAnswer:
        return await fetch(node, port, path, timeout=10 * timeout)

    monkeypatch.setattr(SshNode, "fetch", fetch_slowly)


def test_the_pets_are_not_examined() -> None:
    """This root is an overlay in memory: nobody else sees what is written here."""
    settings = content_dir() / "images/pets/image.toml"
    text, times = re.subn("^healthcheck = .*\n", "", settings.read_text(), flags=re.MULTILINE)
    assert times == 1
    settings.write_text(text)


async def test_the_lab_is_walked_to_its_end(slowly: None) -> None:
    before = machine()
    tutor("up", "--name", NAME)

    lab = unhurried(load_lab_by_id(LAB, content_dir()))

    def watch(nodes: Sequence[Node]) -> Observer:
        return Observer(nodes, Pace(deadline=PATIENCE), extras_of(lab))

    def report(result: StepResult) -> None:
        say(f"{result.number}. {result.step.title}: {result.reason or 'passed'} ({result.seconds:.0f} s)")

    playground = await open_playground(NAME)
    assert playground.mesh == "ipvs"
    session = LabSession(lab, None, BitttyEngine, observe=watch)
    try:
        await session.connect(playground, fresh=True)
        result = await walk(session, report)
    finally:
        await session.close()
    assert result.passed, [step.reason for step in result.steps]
    tutor("down", "--name", NAME)
    after = machine()
    assert {kind: after[kind] - there for kind, there in before.items()} == {kind: set() for kind in before}
