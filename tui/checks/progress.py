"""How far a step's goal is: a check with `for` counts only after it has held for that long."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui.checks.model import Outcome, Verdict
from tui.labs.model import CheckSpec

__all__ = ["GoalState", "advance"]


@dataclass(frozen=True, slots=True)
class GoalState:
    """The checks of one goal over time.

    `holds`: how long each must stay true, in seconds. `since`: when each came true, None while it is not.
    `verdicts`: as they are to be shown; before the first look they are none.
    """

    holds: tuple[float, ...]
    since: tuple[float | None, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    due: float | None = None  # when to look again, because a check will have held long enough then

    @classmethod
    def of(cls, specs: Sequence[CheckSpec]) -> "GoalState":
        """The goal of a step that has just opened."""
        return cls(holds=tuple(spec.hold for spec in specs), since=(None,) * len(specs))

    @property
    def done(self) -> bool:
        """Whether every check has passed, and has held. True for a step without a goal."""
        return len(self.verdicts) == len(self.holds) and all(v.outcome is Outcome.PASS for v in self.verdicts)


def advance(state: GoalState, verdicts: Sequence[Verdict], now: float) -> GoalState:
    """The state after a look at `now` (seconds of any clock that only goes forward).

    A check that cannot be looked at does not count as holding: its time begins anew.
    """
    since: list[float | None] = []
    shown: list[Verdict] = []
    due: float | None = None
    for hold, begun, verdict in zip(state.holds, state.since, verdicts, strict=True):
        if verdict.outcome is not Outcome.PASS:
            since.append(None)
            shown.append(verdict)
            continue
        start = now if begun is None else begun
        since.append(start)
        held = now - start
        if held >= hold:
            shown.append(verdict)
        else:
            seen = f"holds for {held:.0f} of {hold:g} s"
            shown.append(replace(verdict, outcome=Outcome.FAIL, seen=seen))
            due = start + hold if due is None else min(due, start + hold)
    return GoalState(state.holds, tuple(since), tuple(shown), due)
