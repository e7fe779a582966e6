"""Help in steps: what the next press of the help key gives. Pure."""

from enum import StrEnum

from tui.tutor.progress_record import HelpUsed

__all__ = ["Rung", "next_rung"]


class Rung(StrEnum):
    """One step of help. The sentence of the red goal stands on screen anyway."""

    HINT = "hint"
    TYPE = "type"  # the command is put at the prompt
    DO = "do"  # all that is left is done, visibly
    NONE = "none"  # there is no more


def next_rung(*, done: bool, hints_left: int, used: HelpUsed | None, acts_left: bool, next_is_command: bool) -> Rung:
    """What comes next for a step.

    `used`: the furthest help taken so far. `acts_left`: commands or faults are still to be done; `next_is_command`: the
    next one can be put at a prompt.
    """
    if done:
        return Rung.NONE
    if hints_left > 0:
        return Rung.HINT
    if not acts_left:
        return Rung.NONE
    if next_is_command and used in (None, HelpUsed.HINT):
        return Rung.TYPE
    return Rung.DO
