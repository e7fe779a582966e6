"""Mends just what the open step lacks."""

import asyncio
from collections.abc import Callable

from tui.errors import ExitCode, UserError
from tui.labs.model import CheckSpec, Step
from tui.tutor.faults import stray_faults
from tui.tutor.missing import Missing
from tui.tutor.perform import free_shells, holds, perform, run_orders, state_specs
from tui.tutor.stage import Doing, Stage, Tell

__all__ = ["mend"]

_AWAKE = 60.0
_BACK_BY_ITSELF = 8.0
_PATIENCE = 60.0


async def mend(missing: Missing, stage: Stage, index: int, tell: Tell) -> None:
    """Bring back what is missing for the step of that index; nodes that are off or broken first.

    Raises UserError where it does not come back; the nodes must then be brought anew to the step.
    """
    title = "Mending what this step builds on"

    def say(now: str) -> None:
        tell(Doing(title, now))

    say(missing.say)
    if await _wake(stage, index, say) and missing.check is not None:
        say("waiting for what comes back by itself")
        if await _there(missing.check, stage, _BACK_BY_ITSELF):
            return
    if missing.check is None:
        return
    await free_shells(stage)
    if missing.by:
        await _redo(_step_named(missing.by, stage), stage, say, seen=())
    elif missing.orders:
        await run_orders(missing.orders, stage, strict=False, say=say)
    else:
        raise UserError("Only fresh nodes help here.", exit_code=ExitCode.BROKEN)
    say("waiting until it is there")
    if not await _there(missing.check, stage, _PATIENCE):
        raise UserError(f"It did not come back: {missing.say}.", exit_code=ExitCode.BROKEN)


async def _wake(stage: Stage, index: int, say: Callable[[str], None]) -> bool:
    """Bring back nodes that do not answer; whether there was anything to do. What the lesson broke stays broken."""
    control = stage.control
    if control is None:
        return False
    standing = await control.faults()
    stray = stray_faults(stage.lab, standing, index)
    for node, fault in stray:
        say(f"{node}: {fault.undo.value}")
        await control.cause(node, fault.undo)
    broken = {node for node, faults in standing.items() if faults}
    silent = [e.node for e in stage.snapshot.engines.values() if not e.reachable and e.node not in broken]
    if silent and not broken:
        say(f"starting {' and '.join(silent)} again")
        await control.revive()
    if not (stray or silent):
        return False
    say("waiting for the nodes to answer")
    lesson = broken - {node for node, _ in stray}

    def awake() -> bool:
        return all(e.reachable for e in stage.snapshot.engines.values() if e.node not in lesson)

    try:
        async with asyncio.timeout(_AWAKE):
            await stage.until(awake)
    except TimeoutError:
        raise UserError("A node does not come back.", "See `swarmtutor status`.", exit_code=ExitCode.BROKEN) from None
    return True


async def _redo(step: Step, stage: Stage, say: Callable[[str], None], seen: tuple[str, ...]) -> None:
    """Do an earlier step again, and before it what that one lacks itself."""
    for requirement in step.requires:
        if requirement.by and requirement.by not in seen and not holds([requirement.check], stage):
            await _redo(_step_named(requirement.by, stage), stage, say, (*seen, step.id))
        elif requirement.repair and not holds([requirement.check], stage):
            await run_orders(requirement.repair, stage, strict=False, say=say)
    if state_specs(step) and holds(state_specs(step), stage):
        return
    await perform(step, stage, strict=False, patience=_PATIENCE, say=lambda text: say(f"«{step.title}»: {text}"))


def _step_named(step_id: str, stage: Stage) -> Step:
    for step in stage.lab.steps:
        if step.id == step_id:
            return step
    raise UserError(f"The lab has no step “{step_id}”.", exit_code=ExitCode.BROKEN)


async def _there(check: CheckSpec, stage: Stage, patience: float) -> bool:
    try:
        async with asyncio.timeout(patience):
            await stage.until(lambda: holds([check], stage))
    except TimeoutError:
        return False
    return True
