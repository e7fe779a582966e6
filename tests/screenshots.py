"""Takes the pictures of the README from the running program: `python -m tests.screenshots [--fake]`.

It makes three nodes, takes the lab up to the step that scales the service, types that step's command by its key, and
photographs the screen while the swarm is at it, at two sizes. With `--fake` there are no nodes: the same screens over
the session that the tests use, to look at a change of layout within seconds.
"""

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from tests.app.fakes import FakeSession, prepare_well
from tui.app.app import Prepare, SwarmtutorApp
from tui.app.screens.lab import Pane
from tui.errors import UserError
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir
from tui.playground.model import Playground, Progress, ProgressListener
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.nodes import ensure_nodes, remove_nodes
from tui.tutor.perform import run_commands
from tui.tutor.session import LabSession
from tui.tutor.views import Readiness

FOLDER = Path(__file__).resolve().parent.parent / "screenshots"
SIZES = {"lab": (120, 36), "narrow": (80, 24)}
NAME = "pictures"
STEP = "six"
PATIENCE = 180.0

Play = Callable[[LabSession], Awaitable[None]]
"""Brings a live session to the step to be photographed."""


async def take(session: LabSession, prepare: Prepare, play: Play, size: tuple[int, int], *, switch: bool) -> str:
    """The picture, as SVG, of the app on this session once `play` brought it there and its command runs.

    `switch`: look at the lesson again after the command was started (a narrow window shows one pane at a time).
    """
    app = SwarmtutorApp(session, prepare)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.lab.prepared or app.failure is not None, "the nodes are up")
        if app.failure is not None:
            raise app.failure
        await play(session)
        await pilot.press("f5")
        await until(pilot, lambda: app.lab.pane is Pane.SHELL, "the command is typed")
        await pilot.press("enter")
        await until(pilot, lambda: is_scaling(session), "the swarm is at it")
        if switch:
            await pilot.press("ctrl+right_square_bracket")
        await pilot.pause(0.3)
        return self_contained(app.export_screenshot(title="Swarmtutor", simplify=True))


def is_scaling(session: LabSession) -> bool:
    """Whether several replicas are asked for and most of them run."""
    snapshot = session.snapshot
    return any(snapshot.wanted(service) > 1 < snapshot.running(service) for service in snapshot.services)


async def until(pilot: Pilot[int], condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition. Raises UserError if it does not come true in time."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise UserError(f"No picture: this did not come true within {PATIENCE:.0f} s: {what}.")
        await pilot.pause(0.05)


def self_contained(svg: str) -> str:
    """The SVG without fonts from elsewhere, and with its spaces kept by every renderer."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("font-family: Fira Code, monospace;", "font-family: 'Fira Code', 'DejaVu Sans Mono', monospace;")
    return svg.replace("<text ", '<text xml:space="preserve" ')


async def play_fake(session: LabSession) -> None:
    """The fake session begins where the picture is taken."""


async def play_real(session: LabSession) -> None:
    """Every step before the one in the picture, by its own commands."""
    async with asyncio.timeout(PATIENCE):
        await session.until(lambda: session.view.readiness in (Readiness.READY, Readiness.BEHIND))
        await session.catch_up()
    while session.step.id != STEP:
        _say(f"  {session.view.index + 1} {session.step.title}")
        await run_commands(session.step, session)
        async with asyncio.timeout(PATIENCE):
            await session.until(lambda: session.is_done(session.step))
        if not session.next():
            raise UserError(f"There is no step “{STEP}” in the lab.")


async def prepare_real(listener: ProgressListener) -> tuple[Playground, bool]:
    """The nodes of the pictures."""
    return await ensure_nodes(NAME, listener)


async def take_all(*, fake: bool) -> None:
    """All pictures, into the folder of the README."""
    FOLDER.mkdir(exist_ok=True)
    for name, size in SIZES.items():
        _say(f"{name}.svg at {size[0]}×{size[1]}")
        switch = name == "narrow"
        if fake:
            svg = await take(FakeSession(), prepare_well, play_fake, size, switch=switch)
        else:
            session = LabSession(load_lab_by_id("orchestration", content_dir()), None, BitttyEngine)
            try:
                svg = await take(session, prepare_real, play_real, size, switch=switch)
            finally:
                await remove_nodes(NAME, _ignore, _say)
        (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")


def _ignore(_progress: Progress) -> None:
    """Nobody waits for these lines."""


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Take the pictures; returns an exit status."""
    parser = argparse.ArgumentParser(description="Take the README's pictures from the running program.")
    parser.add_argument("--fake", action="store_true", help="without nodes, to look at the layout")
    arguments = parser.parse_args()
    os.environ.pop("NO_COLOR", None)
    os.environ.setdefault("LANG", "C.UTF-8")
    with tempfile.TemporaryDirectory(prefix="swarmtutor-pictures-") as folder:
        os.environ.setdefault("SWARMTUTOR_STATE", folder)
        try:
            asyncio.run(take_all(fake=arguments.fake))
        except UserError as error:
            _say(str(error))
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
