"""Coming back when the nodes are gone: the lab's own commands bring fresh ones to the open step."""

import asyncio
from pathlib import Path

import pytest

from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir
from tui.playground.playground import SshPlayground, open_playground
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.playground_control import PlaygroundControl
from tui.tutor.progress import ProgressFile
from tui.tutor.progress_record import LearnerProgress
from tui.tutor.session import LabSession
from tui.tutor.views import LessonChanged, Readiness, SessionEvent

pytestmark = [pytest.mark.engines, pytest.mark.timeout(600)]

LAB = load_lab_by_id("orchestration", content_dir())


def _session(file: ProgressFile, name: str) -> LabSession:
    return LabSession(LAB, file, BitttyEngine, control=PlaygroundControl(name))


def _done_before(step_id: str) -> tuple[str, ...]:
    ids = [step.id for step in LAB.steps]
    return tuple(ids[: ids.index(step_id)])


async def test_fresh_nodes_are_brought_to_the_open_step(empty_swarm: SshPlayground, tmp_path: Path) -> None:
    file = ProgressFile(tmp_path / "p.json", LAB.id)
    file.save(LearnerProgress(LAB.id, current="six", done=_done_before("six"), swarm="a-swarm-that-is-gone"))
    session = _session(file, empty_swarm.name)
    doing: list[str] = []

    def hear(event: SessionEvent) -> None:
        if isinstance(event, LessonChanged) and event.view.doing:
            doing.append(event.view.doing.now)

    session.subscribe(hear)
    try:
        await session.connect(await open_playground(empty_swarm.name), fresh=True)
        assert session.view.readiness is Readiness.BEHIND
        assert session.view.step_id == "six"
        async with asyncio.timeout(400):
            await session.catch_up()
        assert session.view.readiness is Readiness.READY
        assert not session.view.done
        pets = session.snapshot.service("pets")
        assert pets is not None
        assert (pets.replicas, session.snapshot.running(pets)) == (1, 1)
        assert sorted(node.hostname for node in session.snapshot.nodes) == ["node1", "node2", "node3"]
        assert any("Pets for everyone" in text for text in doing)
    finally:
        await session.close()
    saved, _ = file.load()
    assert saved.swarm == session.snapshot.cluster_id


async def test_nodes_with_a_swarm_of_their_own_are_made_anew_for_the_beginning(
    empty_swarm: SshPlayground, tmp_path: Path
) -> None:
    await empty_swarm.node("node3").run("docker swarm init", timeout=90)
    session = _session(ProgressFile(tmp_path / "p.json", LAB.id), empty_swarm.name)
    try:
        await session.connect(await open_playground(empty_swarm.name), fresh=False)
        assert session.view.readiness is Readiness.BEHIND
        async with asyncio.timeout(400):
            await session.catch_up()
            assert session.view.readiness is Readiness.READY
            assert [engine.state for engine in session.snapshot.engines.values()] == ["inactive"] * 3
            # The shells of the nodes that were replaced come back by themselves.
            await session.until(lambda: all(shell.at_prompt for shell in session.shells.values()))
    finally:
        await session.close()
