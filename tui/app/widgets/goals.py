"""What stands under the lesson: a recognised mistake, the goals as a checklist, and the word that the step is done."""

from dataclasses import dataclass

from tui.app.paint import Line, Role, Span, hang, inline, line
from tui.app.signs import Signs
from tui.app.widgets.painted import LinesWidget
from tui.checks.model import Outcome, Verdict

__all__ = ["GoalList", "GoalsState"]

_ROLES = {Outcome.PASS: Role.OK, Outcome.FAIL: Role.BAD, Outcome.UNKNOWN: Role.PENDING}


@dataclass(frozen=True, slots=True)
class GoalsState:
    """All that the checklist shows.

    `closing` is the last line once the step is done, empty before. `undone`: what of it is no longer so. `folded`: the
    line that stands for what more there is to know.
    """

    goals: tuple[Verdict, ...] = ()
    diagnosis: str = ""
    closing: str = ""
    undone: str = ""
    folded: str = ""
    waiting: bool = False  # the nodes are not there yet: nothing could be looked at, which is no news


class GoalList(LinesWidget):
    """The checklist, drawn anew only when a verdict or its sentence changed."""

    def __init__(self, signs: Signs, *, id: str | None = None) -> None:  # noqa: A002  Textual's own word
        super().__init__(id=id)
        self._signs = signs
        self._state = GoalsState()
        self._air = False

    def set_air(self, air: bool) -> None:
        """Whether there is a blank line between goals, for eyes that are far away."""
        if air != self._air:
            self._air = air
            self.refresh(layout=True)

    @property
    def state(self) -> GoalsState:
        """What it shows."""
        return self._state

    def show(self, state: GoalsState) -> None:
        """Show this; draws only if it is new."""
        if state != self._state:
            self._state = state
            self.refresh(layout=True)

    def lines(self, width: int) -> list[Line]:
        """The diagnosis, the goals, the closing line."""
        state, signs = self._state, self._signs
        lines: list[Line] = []
        if state.diagnosis:
            lines.extend(hang(line(Span("! ", Role.PENDING)), inline(state.diagnosis, Role.PENDING), width))
            lines.append(())
        if state.goals:
            done = sum(1 for goal in state.goals if goal.outcome is Outcome.PASS)
            count = f"  {done} of {len(state.goals)}" if len(state.goals) > 1 else ""
            lines.append(line(Span("Goals" if len(state.goals) > 1 else "Goal", Role.STRONG), Span(count, Role.MUTED)))
        for goal in state.goals:
            if self._air:
                lines.append(())
            lines.extend(self._goal(goal, width))
        if self._air and state.goals:
            lines.append(())
        if state.closing:
            lines.extend(hang(line(Span(f"{signs.done} ", Role.OK)), inline(state.closing, Role.OK), width))
        if state.undone:
            said = (Span("done, but now: ", Role.PENDING), *inline(state.undone, Role.PENDING))
            lines.extend(hang(line(Span(f"{signs.unknown} ", Role.PENDING)), said, width))
        if state.folded:
            key, _, words = state.folded.partition("  ")
            lines.append(
                line(Span(f"{signs.pointer} ", Role.ACCENT), Span(key, Role.KEY), Span(f"  {words}", Role.MUTED))
            )
        return lines

    def _goal(self, goal: Verdict, width: int) -> list[Line]:
        signs = self._signs
        if self._state.waiting and goal.outcome is not Outcome.PASS:
            return hang(line(Span(f"{signs.stopped} ", Role.MUTED)), inline(goal.goal), width)
        sign = Span(f"{signs.of(goal.outcome)} ", _ROLES[goal.outcome])
        text = list(inline(goal.goal))
        if goal.outcome is not Outcome.PASS and goal.seen:
            text += [Span(": "), Span(goal.seen, _ROLES[goal.outcome])]
        return hang(line(sign), text, width)
