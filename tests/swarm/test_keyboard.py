"""The lab taken with the keyboard alone, in the real application, in a terminal of 80 columns and 24 rows."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.swarm.conftest import ignore_progress
from tui.app.app import SwarmtutorApp
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir
from tui.playground.model import Playground, ProgressListener
from tui.swarm.snapshot import LocalState
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.nodes import ensure_nodes, remove_nodes
from tui.tutor.progress import ProgressFile
from tui.tutor.session import LabSession
from tui.tutor.views import Readiness

pytestmark = [pytest.mark.engines, pytest.mark.timeout(900)]

PATIENCE = 200.0
WHAT_THE_SWARM_DOES = {
    "ps": "0",
    "six": "2",
    "one": "the page, from the replica that is left",
    "drain": "it ends, and another node starts a new one",
    "active": "0",
}
"""The lab's questions, and what comes of them each time."""


@pytest.fixture
async def name() -> AsyncGenerator[str]:
    """The name of a playground that the test makes through the application."""
    name = f"pg-t{os.getpid()}k"
    yield name
    await remove_nodes(name, ignore_progress, lambda _text: None)


def _session(file: Path) -> LabSession:
    return LabSession(load_lab_by_id("orchestration", content_dir()), ProgressFile(file, "orchestration"), BitttyEngine)


def _app(session: LabSession, name: str) -> SwarmtutorApp:
    async def prepare(listener: ProgressListener) -> tuple[Playground, bool]:
        return await ensure_nodes(name, listener)

    return SwarmtutorApp(session, prepare)


async def _until_ready(session: LabSession) -> None:
    async with asyncio.timeout(PATIENCE):
        await session.until(lambda: session.view.readiness is not Readiness.STARTING)
        assert session.view.readiness is Readiness.READY
        await session.until(lambda: all(shell.at_prompt for shell in session.shells.values()))


async def _do_step(session: LabSession, pilot: Pilot[int]) -> None:
    """F5 and Enter for every command, then wait for the goals. Nothing but keys goes in."""
    for command in session.step.commands:
        shell = session.shells[command.node]
        await session.until(lambda shell=shell: shell.at_prompt)
        began = time.time()
        await pilot.press("f5")
        await pilot.press("enter")
        await session.until(
            lambda began=began, node=command.node: any(
                ran.node == node and ran.finished is not None for ran in session.log.since(began)
            )
        )
    await session.until(lambda: session.view.done)


async def test_every_step_can_be_done_with_keys_and_a_closed_lab_goes_on_where_it_was(
    name: str, tmp_path: Path
) -> None:
    file = tmp_path / "progress.json"
    session = _session(file)
    total = len(session.lab.steps)
    half = next(index for index, step in enumerate(session.lab.steps) if step.id == "six")
    async with _app(session, name).run_test(size=(80, 24)) as pilot:
        await _until_ready(session)
        while session.view.index < half:
            await _take_step(session, pilot)
    swarm = session.snapshot.cluster_id
    assert swarm

    again = _session(file)
    assert again.view.step_id == "six"
    async with _app(again, name).run_test(size=(80, 24)) as pilot:
        await _until_ready(again)
        assert again.snapshot.cluster_id == swarm
        while again.view.index < total - 1:
            await _take_step(again, pilot)
        assert again.view.finished
    saved, _ = ProgressFile(file, again.lab.id).load()
    assert {question: answer.seen for question, answer in saved.answers.items()} == WHAT_THE_SWARM_DOES
    engines = again.snapshot.engines.values()
    assert [engine.state for engine in engines] == [LocalState.INACTIVE] * 3
    assert not [box for engine in engines for box in engine.containers if box.state == "running"]


async def _take_step(session: LabSession, pilot: Pilot[int]) -> None:
    index = session.view.index
    if session.step.goal:
        await pilot.press("f8")
        assert session.view.index == index, "the next step opened before this one was done"
    async with asyncio.timeout(PATIENCE):
        await _do_step(session, pilot)
        await pilot.press("f8")
        await session.until(lambda: session.view.index == index + 1)
