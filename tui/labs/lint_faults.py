"""The lesson's own faults in their order: what is broken when, and what cannot be done then."""

from dataclasses import dataclass, field

from tui.labs.faultfence import UNDOING
from tui.labs.mistakes import MistakeList
from tui.labs.model import Break, Command, Lab
from tui.playground.model import Fault

__all__ = ["check_faults"]

_NO_SHELL = {Fault.POWER_OFF: "has no power", Fault.PAUSE: "stands still"}
"""Faults after which nothing can be typed on the node, and how it is then."""


@dataclass(slots=True)
class _Standing:
    """What is broken: (node, fault) with the step from which on it is mended by itself."""

    ends: dict[tuple[str, Fault], str] = field(default_factory=dict[tuple[str, Fault], str])

    def on(self, node: str) -> str:
        """How the node is, if nothing can be typed there."""
        return next((how for fault, how in _NO_SHELL.items() if (node, fault) in self.ends), "")


def check_faults(lab: Lab, mistakes: MistakeList) -> None:
    """Note faults in a lab that does not own its nodes, that cannot happen, and commands on nodes that are broken."""
    standing = _Standing()
    for step in lab.steps:
        for act in step.acts:
            if isinstance(act, Break):
                if not lab.owned:
                    mistakes.add(act.line, "a lab that breaks nodes must own them: `needs: {owned: true}`")
                _happen(act, step.id, standing, mistakes)
            elif how := standing.on(act.node):
                _note_unreachable(act, how, mistakes)
        standing.ends = {key: until for key, until in standing.ends.items() if until != step.id}


def _happen(act: Break, step_id: str, standing: _Standing, mistakes: MistakeList) -> None:
    if act.fault in UNDOING:
        if standing.ends.pop((act.node, act.fault.undo), None) is None:
            mistakes.add(act.line, f"nothing to take back: there is no {act.fault.undo} of {act.node} before it")
    elif (act.node, act.fault) in standing.ends:
        mistakes.add(act.line, f"this has happened already: {act.node} was not mended since the {act.fault} before it")
    else:
        standing.ends[act.node, act.fault] = act.until or step_id


def _note_unreachable(act: Command, how: str, mistakes: MistakeList) -> None:
    mistakes.add(act.line, f"nothing can be typed on {act.node} here: it {how}")
