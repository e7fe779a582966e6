"""Does a step by its own reference commands, in the real shells: for the walk and for catching up."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from tui.checks.evaluate import evaluate_all
from tui.checks.model import Evidence, Outcome, Verdict
from tui.errors import ExitCode, UserError
from tui.labs.model import CheckSpec, Command, Step, Subject
from tui.swarm.snapshot import Snapshot
from tui.tutor.page import next_command
from tui.tutor.shells import NodeShell

__all__ = ["COMMAND_DEADLINE", "Stage", "perform", "run_commands"]

COMMAND_DEADLINE = 120.0
"""Seconds for one reference command: a service that has to be pulled onto three nodes fits in it, with room."""
FACT_DEADLINE = 15.0


class Stage(Protocol):
    """What performing needs of a session."""

    @property
    def facts(self) -> Mapping[str, str]:
        """The live facts known now."""
        ...

    @property
    def shells(self) -> Mapping[str, NodeShell]:
        """The live shells by node name."""
        ...

    @property
    def snapshot(self) -> Snapshot:
        """The swarm as last seen."""
        ...

    def evidence(self, *, start: Snapshot, since: float) -> Evidence:
        """What checks may look at."""
        ...

    def watch_web(self, step: Step) -> None:
        """Ask the ports that the step looks at."""
        ...

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is looked at after everything that happens."""
        ...


async def run_commands(step: Step, stage: Stage) -> None:
    """Type the step's commands into their nodes' shells, one after the other, each to its end.

    Optional ones too: what a lesson shows must work. Raises UserError for a command that fails, cannot be typed or
    does not end in time.
    """
    for command in step.commands:
        text = await _filled(command, stage)
        try:
            ran = await stage.shells[command.node].run(text, COMMAND_DEADLINE)
        except TimeoutError:
            raise UserError(
                f"{command.node}: «{text}» did not end within {COMMAND_DEADLINE:.0f} s.",
                "Look at that node's shell: something may be waiting there.",
            ) from None
        if (ran.exit_status != 0) != command.expect_fail:
            last_line = next((line for line in reversed(ran.output.splitlines()) if line.strip()), "")
            raise UserError(
                f"{command.node}: «{text}» ended with exit status {ran.exit_status}.",
                last_line.strip(),
            )


async def perform(step: Step, stage: Stage, clock: Callable[[], float], *, say: Callable[[str], None]) -> None:
    """Bring about what a step's goal asks of the swarm; a step that only looks is passed over.

    Raises UserError if a command fails or the goal is not met in time.
    """
    specs = [spec for spec in step.goal if spec.subject is not Subject.RAN]
    if not specs:
        return
    say(f"Doing «{step.title}» …")
    start, since = stage.snapshot, clock()
    stage.watch_web(step)
    await run_commands(step, stage)
    await _until_met(step, specs, stage, start, since)


async def _until_met(step: Step, specs: list[CheckSpec], stage: Stage, start: Snapshot, since: float) -> None:
    patience = max(spec.within + spec.hold for spec in specs)

    def judged() -> tuple[Verdict, ...]:
        return evaluate_all(specs, stage.evidence(start=start, since=since), stage.facts)

    try:
        async with asyncio.timeout(patience):
            await stage.until(lambda: all(verdict.outcome is Outcome.PASS for verdict in judged()))
    except TimeoutError:
        red = next(verdict for verdict in judged() if verdict.outcome is not Outcome.PASS)
        raise UserError(
            f"«{step.title}» was not reached within {patience:.0f} s: {red.goal}: {red.seen}.",
            "Reset the nodes with `swarmtutor reset` and try again.",
            exit_code=ExitCode.BROKEN,
        ) from None


async def _filled(command: Command, stage: Stage) -> str:
    """The command with its facts; waits for one that is about to be known."""
    try:
        async with asyncio.timeout(FACT_DEADLINE):
            await stage.until(lambda: next_command(command, stage.facts) is not None)
    except TimeoutError:
        raise UserError(
            f"{command.node}: «{command.text}» cannot be typed: what it names is not there yet.",
            "The step before may not have been done on this swarm.",
        ) from None
    return next_command(command, stage.facts) or command.text
