"""Which of the lesson's own faults are under way, and which must be undone now. Pure."""

from collections.abc import Sequence

from tui.labs.model import Break, Lab, Step
from tui.playground.model import NODE_NAMES, Fault
from tui.tutor.node_control import Faults

__all__ = ["act_sentence", "due_undos", "last_step_of", "standing_pairs", "stray_faults"]

_HAPPENS = {
    Fault.POWER_OFF: "{} loses power",
    Fault.POWER_ON: "{} gets its power back",
    Fault.CUT_NETWORK: "{} is cut off from the network",
    Fault.RESTORE_NETWORK: "{} gets its network back",
    Fault.PAUSE: "{} freezes: nothing on it goes on",
    Fault.RESUME: "{} goes on where it froze",
}


def act_sentence(node: str, fault: Fault) -> str:
    """What happens to a node, as the lesson tells it: «node2 loses power»."""
    return _HAPPENS[fault].format(node)


def last_step_of(lab: Lab, step: Step, block: Break) -> int:
    """The index of the step with whose end the fault ends."""
    ids = [each.id for each in lab.steps]
    wanted = block.until or step.id
    return ids.index(wanted) if wanted in ids else ids.index(step.id)


def standing_pairs(standing: Faults) -> tuple[tuple[str, Fault], ...]:
    """Each fault that stands with its node, in a fixed order."""
    return tuple((node, fault) for node in NODE_NAMES for fault in Fault if fault in standing.get(node, ()))


def due_undos(lab: Lab, standing: Faults, index: int) -> tuple[tuple[str, Fault], ...]:
    """What must be undone, as (node, fault that undoes), for a learner who is at the step of that index.

    A fault is due once the last step for which the lesson caused it lies behind. One that no step up to here causes
    is somebody else's (the learner's own `swarmtutor fault`), and is left alone.
    """
    due: list[tuple[str, Fault]] = []
    for node, fault in standing_pairs(standing):
        ends = _ends(lab, node, fault, index)
        if ends and max(ends) < index:
            due.append((node, fault.undo))
    return tuple(due)


def stray_faults(lab: Lab, standing: Faults, index: int) -> tuple[tuple[str, Fault], ...]:
    """The faults that stand, less those that the lesson wants to stand at the step of that index."""
    return tuple(
        (node, fault)
        for node, fault in standing_pairs(standing)
        if max(_ends(lab, node, fault, index), default=-1) < index
    )


def _ends(lab: Lab, node: str, fault: Fault, index: int) -> Sequence[int]:
    return [
        last_step_of(lab, step, block)
        for step in lab.steps[: index + 1]
        for block in step.acts
        if isinstance(block, Break) and (block.node, block.fault) == (node, fault)
    ]
