"""What has changed in a step since it was last said, in sentences. What merely flickers or ages is not told. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tui.checks.model import Outcome, Verdict
from tui.tutor.plain_page import command_lines, goal_sentence, judged_lines, onward, trouble, whys
from tui.tutor.plain_prose import Line, ended
from tui.tutor.views import LessonView, PageCommand, PageQuestion, Readiness

__all__ = ["BLIND", "CHURN", "SETTLED", "News"]

SETTLED = 2.0
"""Seconds for which a red goal must say the same before it is told: on the way to green it says many things."""
BLIND = 5.0
"""The same where a goal could not be looked at: mostly that is over at once."""
CHURN = 12.0
"""Seconds after which a goal that never comes to rest is told as it stands."""

_AGE = re.compile(
    r"\b\d+(?:\.\d+)?(?: of \d+(?:\.\d+)?)? ?(?:ms|s|seconds?|minutes?|hours?|days?)\b"
    r"|a moment|about an? (?:minute|hour)"
)
_HOLDS = re.compile(r"holds for \d")


@dataclass(slots=True)
class _Waiting:
    """What may be told soon: what it says, since when it says just that, and since when it is not what was told."""

    words: str
    since: float
    first: float


class News:
    """Compares each view of a step with what was said of it. Times are seconds of any clock that goes forward.

    `shown` begins anew, after the whole step was said; `take` gives what is to be said of it since.
    """

    def __init__(self) -> None:
        self._view: LessonView | None = None
        self._end: LessonView | None = None  # how the step's end was last told
        self._told: list[Verdict | None] = []
        self._waiting: dict[int | str, _Waiting] = {}
        self._note = ""
        self._trouble = ""

    @property
    def due(self) -> float | None:
        """When to take the view again although nothing happened; None if nothing waits."""
        times = [min(each.since + self._patience(key), each.first + CHURN) for key, each in self._waiting.items()]
        return min(times, default=None)

    def shown(self, view: LessonView) -> None:
        """All of it has just been said."""
        starting = view.readiness is Readiness.STARTING
        self._view = self._end = view
        self._told = [None if starting and goal.outcome is not Outcome.PASS else goal for goal in view.goals]
        self._waiting.clear()
        self._note = view.diagnosis
        self._trouble = trouble(view)

    def take(self, view: LessonView, now: float, *, busy: bool = False) -> list[Line]:
        """What is new. Nothing for another step than the one that was said.

        `busy`: a command is still running; that the step is done is then told afterwards.
        """
        before = self._view
        if before is None or self._end is None or before.step_id != view.step_id:
            return []
        self._view = view
        lines = [*self._of_commands(before, view)]
        if len(self._told) != len(view.goals):
            self._told = [*view.goals]
        if view.readiness in (Readiness.READY, Readiness.BEHIND):
            lines += [Line(text) for number, goal in enumerate(view.goals) for text in self._of_goal(number, goal, now)]
            lines += self._of_note(view, now)
        if not busy:
            lines += self._of_end(self._end, view)
            self._end = view
        if view.doing is None:
            lines += self._of_trouble(view)
        return lines

    def _patience(self, key: int | str) -> float:
        goal = self._view.goals[key] if isinstance(key, int) and self._view else None
        return BLIND if goal is not None and goal.outcome is Outcome.UNKNOWN else SETTLED

    # --- one thing after the other ----------------------------------------------------------------------------------

    def _of_commands(self, before: LessonView, view: LessonView) -> Iterator[Line]:
        """A command that could not be typed before, because something in it was not known, is told once it is."""
        for old, new in zip(before.blocks, view.blocks, strict=False):
            if isinstance(old, PageCommand) and isinstance(new, PageCommand) and old.missing and not new.missing:
                yield Line("What was missing in a command is known now.")
                yield from command_lines(new)

    def _of_goal(self, number: int, goal: Verdict, now: float) -> Iterator[str]:
        told = self._told[number]
        if goal.outcome is Outcome.PASS:
            self._waiting.pop(number, None)
            if told is None or told.outcome is not Outcome.PASS:
                self._told[number] = goal
                yield goal_sentence(goal)
            return
        if told is None:
            self._told[number] = goal  # the first look: nothing has happened yet
            return
        if _HOLDS.match(goal.seen) or _words(goal) == _words(told):
            self._waiting.pop(number, None)
            return
        if self._settled(number, _words(goal), now):
            self._told[number] = goal
            yield goal_sentence(goal, before=told.outcome)

    def _of_note(self, view: LessonView, now: float) -> Iterator[Line]:
        if _still(view.diagnosis) == _still(self._note):
            self._waiting.pop("note", None)
        elif not view.diagnosis:
            self._note = ""
            self._waiting.pop("note", None)
        elif self._settled("note", _still(view.diagnosis), now):
            self._note = view.diagnosis
            yield Line(f"Note: {ended(view.diagnosis)}")

    def _settled(self, key: int | str, words: str, now: float) -> bool:
        """Whether it has said the same for long enough, or other things for too long."""
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = _Waiting(words, now, now)
        elif waiting.words != words:
            waiting.words, waiting.since = words, now
        if now - waiting.since < self._patience(key) and now - waiting.first < CHURN:
            return False
        del self._waiting[key]
        return True

    def _of_end(self, before: LessonView, view: LessonView) -> Iterator[Line]:
        """The step is done now, or can be gone on from; its questions are judged."""
        for old, new in zip(before.blocks, view.blocks, strict=False):
            if isinstance(old, PageQuestion) and isinstance(new, PageQuestion) and old.open and not new.open:
                yield from judged_lines(new)
        if (
            (view.done and not before.done)
            or (view.can_go_on and not before.can_go_on)
            or view.finished != before.finished
        ):
            yield from (Line(text) for text in (onward(view), whys(view)) if text)

    def _of_trouble(self, view: LessonView) -> Iterator[Line]:
        said = trouble(view)
        if said != self._trouble:
            self._trouble = said
            if said:
                yield Line(said)


def _still(text: str) -> str:
    """The text without how long ago something was."""
    return _AGE.sub("", text)


def _words(verdict: Verdict) -> str:
    return f"{verdict.outcome.value} {_still(verdict.seen)}"
