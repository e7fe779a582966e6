"""Does a step by its own reference commands and faults, in the real shells: for the walk, for help and for jumps."""

import asyncio
import re
from collections.abc import Callable, Coroutine, Sequence

from tui.checks.evaluate import evaluate_all
from tui.checks.model import Outcome, Verdict
from tui.errors import ExitCode, UserError
from tui.labs.facts import render
from tui.labs.model import Break, CheckSpec, Command, Order, Step, Subject
from tui.swarm.snapshot import Snapshot
from tui.terminal.command_log import RanCommand
from tui.tutor.shells import INTERRUPT
from tui.tutor.stage import Stage

__all__ = [
    "COMMAND_DEADLINE",
    "cause",
    "changes_something",
    "free_shells",
    "holds",
    "perform",
    "run_command",
    "run_commands",
    "run_orders",
    "state_specs",
]

COMMAND_DEADLINE = 120.0
"""Seconds for one reference command: a service that has to be pulled onto three nodes fits in it, with room."""
FACT_DEADLINE = 15.0

_LEARNERS_OWN = frozenset({Subject.RAN, Subject.ANSWER})
"""What only the learner can bring about: that something was looked at, or answered."""

_WATCHES_ON = re.compile(r"docker\s+service\s+(create|update|scale|rollback)\b")
"""Commands whose last seconds are spent watching whether the service stays up. Ctrl-C ends the watching alone."""


def state_specs(step: Step) -> tuple[CheckSpec, ...]:
    """The checks of a step's goal that ask for a state of the nodes."""
    return tuple(spec for spec in step.goal if spec.subject not in _LEARNERS_OWN)


def changes_something(step: Step) -> bool:
    """Whether doing the step leaves the nodes otherwise than they were."""
    return bool(state_specs(step)) or any(isinstance(act, Break) for act in step.acts)


def holds(specs: Sequence[CheckSpec], stage: Stage) -> bool:
    """Whether all of these hold now; those that compare with an earlier moment are judged as if it were now."""
    evidence = stage.evidence(start=stage.snapshot, since=stage.now())
    return all(verdict.outcome is Outcome.PASS for verdict in evaluate_all(specs, evidence, stage.facts))


async def run_command(
    node: str, text: str, stage: Stage, *, expect_fail: bool | None = False, typing: float = 0.0
) -> RanCommand:
    """Type one command into its node's shell, with its facts filled in, and see it to its end.

    `expect_fail`: whether it is to end with an error; None: either will do. `typing`: seconds a key. Raises UserError
    for a command that ends otherwise, cannot be typed or does not end in time.
    """
    filled = await _filled(node, text, stage)
    try:
        ran = await stage.shells[node].run(filled, COMMAND_DEADLINE, typing=typing)
    except TimeoutError:
        raise UserError(
            f"{node}: «{filled}» did not end within {COMMAND_DEADLINE:.0f} s.",
            "Look at that node's shell: something may be waiting there.",
        ) from None
    if expect_fail is not None and (ran.exit_status != 0) != expect_fail:
        last_line = next((line for line in reversed(ran.output.splitlines()) if line.strip()), "")
        raise UserError(f"{node}: «{filled}» ended with exit status {ran.exit_status}.", last_line.strip())
    return ran


async def run_orders(
    orders: Sequence[Order], stage: Stage, *, strict: bool = True, say: Callable[[str], None] | None = None
) -> tuple[RanCommand, ...]:
    """Run the orders one after the other. With `strict` each must end as it should (see `run_command`)."""
    ran: list[RanCommand] = []
    for order in orders:
        if say:
            say(f"{order.node}: {_shown(order.text)}")
        ran.append(await run_command(order.node, order.text, stage, expect_fail=order.expect_fail if strict else None))
    return tuple(ran)


async def free_shells(stage: Stage) -> None:
    """Get every shell to its prompt. Raises UserError where one does not come to it."""
    try:
        await asyncio.gather(*(shell.free() for shell in stage.shells.values()))
    except TimeoutError:
        raise UserError("A shell does not come to its prompt.", exit_code=ExitCode.BROKEN) from None


async def cause(act: Break, stage: Stage) -> str:
    """Let the fault happen; returns what is so now. Raises UserError where the nodes may not be broken."""
    if stage.control is None:
        raise UserError("These nodes are not broken on purpose.", exit_code=ExitCode.UNSUPPORTED)
    return await stage.control.cause(act.node, act.fault)


async def run_commands(
    step: Step,
    stage: Stage,
    *,
    first: int = 0,
    strict: bool = True,
    typing: float = 0.0,
    hurry: Sequence[CheckSpec] = (),
    say: Callable[[str], None] | None = None,
) -> None:
    """Do what the step does, from the act of index `first` on: commands and faults, each to its end.

    Optional commands too: what a lesson shows must work. `strict`: a command that ends otherwise than it should is an
    error. `hurry`: checks; once they all hold, the last command is not waited for where it only watches on. Raises
    UserError for an act that fails.
    """
    acts = step.acts[first:]
    for position, act in enumerate(acts):
        if say:
            say(f"{act.node}: {_shown(act.text) if isinstance(act, Command) else act.fault.value}")
        if isinstance(act, Break):
            await cause(act, stage)
            continue
        running = run_command(act.node, act.text, stage, expect_fail=act.expect_fail if strict else None, typing=typing)
        last = position == len(acts) - 1
        if last and hurry and _WATCHES_ON.search(act.text) and not holds(hurry, stage):
            await _hurried(act.node, running, hurry, stage)
        else:
            await running


async def _hurried(
    node: str, running: Coroutine[object, object, RanCommand], specs: Sequence[CheckSpec], stage: Stage
) -> None:
    """Run a command that watches on after its work is done, and end the watching once the checks hold."""
    command = asyncio.ensure_future(running)

    async def cut_short() -> None:
        await stage.until(lambda: holds(specs, stage))
        stage.shells[node].write(INTERRUPT)

    cutting = asyncio.ensure_future(cut_short())
    try:
        await asyncio.shield(command)
    except UserError:
        if not cutting.done():
            raise
    finally:
        cutting.cancel()
        command.cancel()
        await asyncio.gather(cutting, command, return_exceptions=True)


async def perform(
    step: Step, stage: Stage, *, strict: bool = True, patience: float | None = None, say: Callable[[str], None]
) -> None:
    """Bring about what a step's goal asks of the nodes; a step that only looks is passed over.

    `strict`: each command must end as it should. `patience`: seconds to wait for the goal; as long as the goal's own
    checks allow where None. Raises UserError if a command fails or the goal is not met in time.
    """
    if not changes_something(step):
        return
    specs = state_specs(step)
    start, since = stage.snapshot, stage.now()
    stage.watch(specs)
    await run_commands(step, stage, strict=strict, hurry=specs, say=say)
    if specs:
        await _until_met(step, specs, stage, start, since, patience)


async def _until_met(
    step: Step, specs: Sequence[CheckSpec], stage: Stage, start: Snapshot, since: float, patience: float | None
) -> None:
    waits = max(spec.within + spec.hold for spec in specs) if patience is None else patience

    def judged() -> tuple[Verdict, ...]:
        return evaluate_all(specs, stage.evidence(start=start, since=since), stage.facts)

    try:
        async with asyncio.timeout(waits):
            await stage.until(lambda: all(verdict.outcome is Outcome.PASS for verdict in judged()))
    except TimeoutError:
        red = next((verdict for verdict in judged() if verdict.outcome is not Outcome.PASS), None)
        why = f": {red.goal}: {red.seen}" if red else ""
        raise UserError(
            f"«{step.title}» was not reached within {waits:.0f} s{why}.",
            "Reset the nodes with `swarmtutor reset` and try again.",
            exit_code=ExitCode.BROKEN,
        ) from None


def _shown(text: str) -> str:
    """The command with placeholders for its facts, so that no secret is told."""
    return render(text, {}).text


async def _filled(node: str, text: str, stage: Stage) -> str:
    """The command with its facts; waits for one that is about to be known."""
    try:
        async with asyncio.timeout(FACT_DEADLINE):
            await stage.until(lambda: not render(text, stage.facts).missing)
    except TimeoutError:
        raise UserError(
            f"{node}: «{text}» cannot be typed: what it names is not there yet.",
            "The step before may not have been done on this swarm.",
        ) from None
    return render(text, stage.facts).text
