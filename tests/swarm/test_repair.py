"""On real nodes: to a step from anywhere, help that types, what is missing mended by one act, stopped half way."""

import asyncio
from pathlib import Path

import pytest

from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir
from tui.playground.playground import SshPlayground, open_playground
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.playground_control import PlaygroundControl
from tui.tutor.progress import ProgressFile
from tui.tutor.session import LabSession
from tui.tutor.views import Readiness

pytestmark = [pytest.mark.engines, pytest.mark.timeout(700)]

LAB = load_lab_by_id("orchestration", content_dir())


async def test_a_step_is_reached_done_for_the_learner_and_mended(empty_swarm: SshPlayground, tmp_path: Path) -> None:
    file = ProgressFile(tmp_path / "p.json", LAB.id)
    session = LabSession(LAB, file, BitttyEngine, control=PlaygroundControl(empty_swarm.name))
    try:
        await session.connect(await open_playground(empty_swarm.name), fresh=False)
        async with asyncio.timeout(500):
            stopped = asyncio.create_task(session.jump("six"))
            await session.until(lambda: "swarm join" in (session.view.doing.now if session.view.doing else ""))
            assert session.stop()
            await asyncio.gather(stopped, return_exceptions=True)
            assert session.view.readiness is Readiness.BEHIND

            await session.jump("six")
            assert (session.view.step_id, session.view.readiness) == ("six", Readiness.READY)
            pets = session.snapshot.service("pets")
            assert pets is not None
            assert session.snapshot.running(pets) == 1
            assert not session.view.done
            assert not file.load()[0].done, "what was jumped over is not the learner's work"
            assert "create" in file.load()[0].passed

            await session.shells["node1"].run("docker service rm pets", 60)
            await session.until(lambda: session.view.repair is not None)
            assert session.view.repair is not None
            assert "Pets for everyone" in session.view.repair.does
            await session.mend()
            await session.until(lambda: session.view.repair is None)
            assert session.snapshot.service("pets") is not None

            await session.do_for_me()
            await session.until(lambda: session.view.done)
    finally:
        await session.close()
    saved, _ = file.load()
    assert saved.done == ("six",)
    assert saved.helped["six"] == "done"
