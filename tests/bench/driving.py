"""The real program without a window, for figures that must look inside it."""

import asyncio
import time
from collections.abc import Callable

from textual.pilot import Pilot

from tests.bench.scene import PATIENCE
from tests.bench.stats import CannotMeasureError
from tui.app.app import Prepare
from tui.playground.model import Playground, ProgressListener
from tui.tutor.nodes import ensure_nodes
from tui.tutor.session import LabSession
from tui.tutor.views import Readiness

__all__ = ["SIZE", "opening", "take_step", "until", "until_ready"]

SIZE = (120, 40)


def opening(name: str) -> Prepare:
    """What the program does to get at its nodes, on a playground that is up."""

    async def prepare(listener: ProgressListener) -> tuple[Playground, bool]:
        playground, _ = await ensure_nodes(name, listener)
        return playground, True

    return prepare


async def until(session: LabSession, condition: Callable[[], bool], what: str) -> None:
    """Wait until something is so. Raises CannotMeasureError."""
    try:
        async with asyncio.timeout(PATIENCE):
            await session.until(condition)
    except TimeoutError:
        raise CannotMeasureError(f"{what}: not within {PATIENCE:g} s") from None


async def until_ready(session: LabSession) -> None:
    """Wait until the nodes are looked at and their shells wait for commands."""
    await until(session, lambda: session.view.readiness is not Readiness.STARTING, "the nodes answer")
    if session.view.readiness is not Readiness.READY:
        raise CannotMeasureError("the nodes are not where the lab begins")
    await until(session, lambda: all(shell.at_prompt for shell in session.shells.values()), "all shells are open")


async def take_step(session: LabSession, pilot: Pilot[int]) -> None:
    """F5 and Enter for every command of the step, F8 once its goals are met."""
    index = session.view.index
    for command in session.step.commands:
        shell = session.shells[command.node]
        await until(session, lambda shell=shell: shell.at_prompt, f"a prompt on {command.node}")
        began = time.time()
        await pilot.press("f5")
        await pilot.press("enter")

        def ran(began: float = began, node: str = command.node) -> bool:
            return any(each.node == node and each.finished is not None for each in session.log.since(began))

        await until(session, ran, command.text)
    await until(session, lambda: session.view.done, f"the goals of «{session.step.title}»")
    await pilot.press("f8")
    if index < session.view.total - 1:
        await until(session, lambda: session.view.index == index + 1, "the next step")
