"""`swarmtutor walk`: nodes made, the lab walked on them, a line a step, nodes removed."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable

from tui.errors import ExitCode, UserError
from tui.labs.model import Lab
from tui.playground.card import Wanted
from tui.playground.model import Progress, ProgressState
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.nodes import ensure_nodes, progress_line, remove_nodes
from tui.tutor.playground_control import PlaygroundControl
from tui.tutor.session import LabSession
from tui.tutor.views import Readiness
from tui.tutor.walk import StepResult, walk

__all__ = ["walk_lab"]


async def walk_lab(
    lab: Lab, name: str, *, keep: bool, provider: Wanted = None, first: str = "", write: Callable[[str], None]
) -> int:
    """Walk the lab on a playground of that name and report each step through `write`.

    `first`: the id of the step to begin at; the nodes are brought there by the commands of the steps before it.

    A playground that was there before is used only if its nodes are untouched, and stays; one that was made for the
    walk is removed at the end, also on Ctrl-C and SIGTERM, unless `keep`. Returns OK only if every step passed. Raises
    UserError, for an unknown step before anything is made.
    """
    if first and first not in [step.id for step in lab.steps]:
        raise UserError(
            f"The lab “{lab.id}” has no step “{first}”.",
            f"Its steps: {', '.join(step.id for step in lab.steps)}.",
            exit_code=ExitCode.NOT_FOUND,
        )
    task = asyncio.current_task()
    if task is not None:
        with contextlib.suppress(NotImplementedError):  # Windows has no such signal
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    began = time.monotonic()

    def progress(event: Progress) -> None:
        if event.state is not ProgressState.RUNNING:
            write(progress_line(event))

    playground, fresh = await ensure_nodes(name, progress, provider)

    try:
        session = LabSession(lab, None, BitttyEngine, control=PlaygroundControl(name, progress))
        try:
            await session.connect(playground, fresh=fresh)
            if session.view.readiness is Readiness.BEHIND:
                raise UserError(
                    f"The nodes of playground “{name}” are not as the lab wants them: {lab.start}.",
                    f"`swarmtutor reset --name {name}` puts them back.",
                    exit_code=ExitCode.BUSY,
                )
            write(f"{lab.title}: {len(lab.steps)} steps on {playground.provider}, published ports by {playground.mesh}")
            if first:
                await session.jump(first)
                write(f"Brought to «{session.step.title}» in {time.monotonic() - began:.1f} s")
            result = await walk(session, lambda step: write(_step_line(step, len(lab.steps))))
        finally:
            await session.close()
    finally:
        if fresh and not keep:
            await asyncio.shield(remove_nodes(name, progress, write))
    passed = sum(step.passed for step in result.steps)
    write(f"{passed} of {result.total} steps passed in {time.monotonic() - began:.1f} s")
    return ExitCode.OK if result.passed else ExitCode.FAILED


def _step_line(result: StepResult, total: int) -> str:
    mark = "✔" if result.passed else "✘"
    line = f"{mark} {result.number:2}/{total} {result.step.id:12} {result.step.title:38} {result.seconds:6.1f} s"
    return line if result.passed else f"{line}\n    {result.reason}"
