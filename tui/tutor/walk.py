"""A lab without a screen: every step's goal seen red, its commands typed into the real shells, its goal seen green."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from tui.checks.model import Outcome, Verdict
from tui.errors import UserError
from tui.labs.model import Step
from tui.tutor.perform import run_commands
from tui.tutor.session import LabSession
from tui.tutor.views import LessonView

__all__ = ["StepResult", "WalkResult", "look", "reach", "said_by", "sentence", "shown", "walk"]

LOOK_DEADLINE = 20.0
ANSWER_DEADLINE = 5.0
"""Seconds for a port to answer or refuse, after it was first asked."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """How one step of a walk went: `reason` says why it did not pass; `seconds` from its opening to its goal."""

    number: int
    step: Step
    passed: bool
    seconds: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WalkResult:
    """All steps that were walked, in order, of the `total` in the file."""

    steps: tuple[StepResult, ...]
    total: int

    @property
    def passed(self) -> bool:
        """Whether every step of the file passed, and there was at least one."""
        return bool(self.steps) and len(self.steps) == self.total and all(step.passed for step in self.steps)


async def walk(session: LabSession, report: Callable[[StepResult], None]) -> WalkResult:
    """Take the lab from the step on screen to its last on the nodes that the session is connected to.

    Stops at the first step that does not pass: those behind it build on it.
    """
    results: list[StepResult] = []
    steps = session.lab.steps
    first = steps.index(session.step)
    for number, step in enumerate(steps[first:], start=first + 1):
        began = time.monotonic()
        try:
            await _take(session, step)
        except UserError as error:
            result = StepResult(number, step, False, time.monotonic() - began, said_by(error))
        else:
            result = StepResult(number, step, True, time.monotonic() - began)
        results.append(result)
        report(result)
        if not result.passed or (number < len(steps) and not session.next()):
            break
        await session.idle()
    return WalkResult(tuple(results), len(steps) - first)


async def _take(session: LabSession, step: Step) -> None:
    if session.step is not step:
        raise UserError(f"Step «{step.title}» did not open.")
    if not step.goal:
        await run_commands(step, session)
        return
    before = await look(session)
    if before.done and not step.already_true:
        raise UserError(
            "its goal was met before its commands were run, so it proves nothing.",
            "Let the goal ask for what the commands change, or say already-true.",
        )
    await run_commands(step, session)
    await reach(session, step)


async def look(session: LabSession) -> LessonView:
    """The step after everything was looked at anew. A check that must ask a port first is given time for it.

    Raises UserError when the nodes do not answer.
    """
    try:
        await session.judged(LOOK_DEADLINE)
    except TimeoutError:
        raise UserError(f"the nodes could not be looked at within {LOOK_DEADLINE:.0f} s.") from None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ANSWER_DEADLINE):
            await session.until(lambda: all(verdict.outcome is not Outcome.UNKNOWN for verdict in session.view.goals))
    return session.view


async def reach(session: LabSession, step: Step) -> None:
    """Wait for the step to be done, as long as its checks allow. Raises UserError with what is red then."""
    if not step.goal:
        return
    patience = max(spec.within + spec.hold for spec in step.goal)
    try:
        async with asyncio.timeout(patience):
            await session.until(lambda: session.is_done(step))
    except TimeoutError:
        raise UserError(f"not reached within {patience:.0f} s: {shown(session.view)}") from None


def shown(view: LessonView) -> str:
    """What the learner is told of a step that is not done: its red goals, each with what is so, and the diagnosis."""
    red = [sentence(verdict) for verdict in view.goals if verdict.outcome is not Outcome.PASS]
    return "; ".join([*red, view.diagnosis] if view.diagnosis else red)


def sentence(verdict: Verdict) -> str:
    """One check in words: what is asked for, and what is the case instead."""
    return f"{verdict.goal}: {verdict.seen}" if verdict.seen else verdict.goal


def said_by(error: UserError) -> str:
    """An error in one line."""
    return " ".join(str(error).split())
