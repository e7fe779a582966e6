"""From any state to the beginning of any step, by the lab's own commands."""

import asyncio
from collections.abc import Callable, Collection, Sequence

from tui.errors import ExitCode, UserError
from tui.labs.model import Break, CheckSpec, Lab, Step
from tui.playground.model import NODE_NAMES
from tui.tutor.faults import due_undos, last_step_of, standing_pairs
from tui.tutor.perform import changes_something, free_shells, holds, perform, state_specs
from tui.tutor.stage import Doing, Stage, Tell
from tui.tutor.standing import bring_to_start, is_pristine

__all__ = ["jump_to", "legs_to", "mend_faults", "renew"]

_RENEWED = 60.0
_AWAKE = 60.0
_SETTLING = 15.0
_BUILDING_ON = 40.0
"""Seconds that doing a step again on a used swarm may take, before all is begun anew on fresh nodes instead."""


def legs_to(lab: Lab, target: int) -> tuple[int, ...]:
    """The indexes of the steps before `target` that must be done to get there: those that only look are passed over."""
    return tuple(index for index, step in enumerate(lab.steps[:target]) if changes_something(step))


async def jump_to(
    stage: Stage,
    target: int,
    *,
    tell: Tell,
    here: int | None = None,
    overtaken: Collection[str] = (),
    reached: Callable[[int], None] = lambda _index: None,
) -> frozenset[str]:
    """Bring the nodes to where the step of index `target` begins. Returns the ids of the steps whose state later
    ones changed on the way.

    `here`: the index of the step at which they stand; what is there is then built on if it can be. None, or a step
    behind the target: they are made anew. `overtaken`: what is known of that from before. `reached` is called with
    every index at which they stand on the way. May be cancelled at any moment: they are then as far as it came.
    Raises UserError where a step cannot be done.
    """
    title = f"Going to «{stage.lab.steps[target].title}»" if target < len(stage.lab.steps) else "Going to the end"
    if here is not None and here <= target:
        try:
            return await _build_on(stage, target, here, overtaken, title, tell, reached)
        except UserError as error:
            tell(Doing(title, f"starting over on fresh nodes, because: {error.what}"))
    await renew(stage, lambda now: tell(Doing(title, now)))
    reached(0)
    await bring_to_start(stage)
    way = _Way(stage, title, tell, reached)
    for number, index in enumerate(legs := legs_to(stage.lab, target)):
        await way.go(index, number, len(legs))
    await _undo_due(stage, target)
    return frozenset(way.overtaken)


async def _build_on(
    stage: Stage,
    target: int,
    here: int,
    overtaken: Collection[str],
    title: str,
    tell: Tell,
    reached: Callable[[int], None],
) -> frozenset[str]:
    """The same on the nodes as they are: only what is missing is done. Raises UserError if that does not get there."""
    steps = stage.lab.steps
    tell(Doing(title, "looking at what is there"))
    await mend_faults(stage)
    await free_shells(stage)
    way = _Way(stage, title, tell, reached, overtaken, here=here)
    for number, index in enumerate(legs := legs_to(stage.lab, target)):
        step, spans = steps[index], _spans(stage.lab, steps[index], target)
        if index < here and not spans and (step.id in overtaken or _breaks(step)):
            continue
        patience = _SETTLING if index < here else 0.0
        if not spans and await _held(state_specs(step), stage, patience):
            way.behind.append(index)
            continue
        await way.go(index, number, len(legs))
    await _undo_due(stage, target)
    if target < len(steps):
        await _fits(steps[target], stage)
    return frozenset(way.overtaken)


class _Way:
    """The steps done on the way, and which of them later ones have overtaken. `here`: where used nodes stood."""

    def __init__(
        self,
        stage: Stage,
        title: str,
        tell: Tell,
        reached: Callable[[int], None],
        overtaken: Collection[str] = (),
        *,
        here: int | None = None,
    ) -> None:
        self.overtaken = set(overtaken)
        self.behind: list[int] = []
        self._stage = stage
        self._title = title
        self._tell = tell
        self._reached = reached
        self._here = here

    async def go(self, index: int, number: int, total: int) -> None:
        """Do the step of that index, the `number`th of `total`."""
        stage, step = self._stage, self._stage.lab.steps[index]
        await _undo_due(stage, index)
        self._tell(Doing(self._title, f"«{step.title}»", number, total))
        await perform(
            step,
            stage,
            strict=self._here is None,
            patience=_BUILDING_ON if self._here is not None and index < self._here else None,
            say=lambda text: self._tell(Doing(self._title, f"«{step.title}»: {text}", number, total)),
        )
        self.overtaken.discard(step.id)
        self.overtaken |= {
            stage.lab.steps[each].id for each in self.behind if not holds(state_specs(stage.lab.steps[each]), stage)
        }
        self.behind.append(index)
        self._reached(index + 1)


async def renew(stage: Stage, say: Callable[[str], None]) -> None:
    """Make the nodes anew, unless they are untouched. Raises UserError where that cannot be done."""
    control = stage.control
    if control is not None and any((await control.faults()).values()):
        pass
    elif is_pristine(stage.snapshot):
        return
    if control is None:
        raise UserError("These nodes cannot be made anew from here.", exit_code=ExitCode.UNSUPPORTED)
    say("making the three nodes anew")
    await control.renew(NODE_NAMES)
    try:
        async with asyncio.timeout(_RENEWED):
            await stage.until(lambda: is_pristine(stage.snapshot))
    except TimeoutError:
        raise UserError(
            f"The fresh nodes did not answer within {_RENEWED:.0f} s.",
            "See `swarmtutor status`.",
            exit_code=ExitCode.BROKEN,
        ) from None


async def mend_faults(stage: Stage) -> None:
    """Undo every fault that stands, and wait for the nodes to answer. Raises UserError where one does not come back."""
    control = stage.control
    if control is not None:
        for node, fault in standing_pairs(await control.faults()):
            await control.cause(node, fault.undo)
        if not _all_answer(stage):
            await control.revive()
    try:
        async with asyncio.timeout(_AWAKE):
            await stage.until(lambda: _all_answer(stage))
    except TimeoutError:
        silent = [engine.node for engine in stage.snapshot.engines.values() if not engine.reachable]
        raise UserError(
            f"{' and '.join(silent)} did not answer within {_AWAKE:.0f} s.", exit_code=ExitCode.BROKEN
        ) from None


def _all_answer(stage: Stage) -> bool:
    engines = stage.snapshot.engines.values()
    return bool(engines) and all(engine.reachable for engine in engines)


async def _undo_due(stage: Stage, index: int) -> None:
    if stage.control is None or not any(isinstance(act, Break) for step in stage.lab.steps for act in step.acts):
        return
    for node, undo in due_undos(stage.lab, await stage.control.faults(), index):
        await stage.control.cause(node, undo)


def _breaks(step: Step) -> bool:
    """Whether the step breaks or mends a node: what it shows on the way is not to be brought back."""
    return any(isinstance(act, Break) for act in step.acts)


async def _held(specs: Sequence[CheckSpec], stage: Stage, patience: float) -> bool:
    """Whether the checks hold, now or within so many seconds: nodes that were just mended take a while to settle."""
    if not holds(specs, stage) and patience:
        try:
            async with asyncio.timeout(patience):
                await stage.until(lambda: holds(specs, stage))
        except TimeoutError:
            return False
    return holds(specs, stage)


def _spans(lab: Lab, step: Step, target: int) -> bool:
    """Whether the step breaks a node that is still to be broken as the target begins."""
    breaks = [act for act in step.acts if isinstance(act, Break) and act.fault.state]
    return any(last_step_of(lab, step, act) >= target for act in breaks)


async def _fits(step: Step, stage: Stage) -> None:
    """See that the step can be begun here. Raises UserError where something it needs is missing, or it is done."""
    if not await _held([requirement.check for requirement in step.requires], stage, _SETTLING):
        raise UserError(f"what «{step.title}» needs is not there")
    specs = state_specs(step)
    if specs and not step.already_true and holds(specs, stage):
        raise UserError(f"what «{step.title}» asks for is there already")
