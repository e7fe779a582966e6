"""What a running lesson notes of its learner, and puts on disk after every act."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from tui.checks.model import Answer
from tui.labs.model import Lab
from tui.tutor.progress import ProgressFile
from tui.tutor.progress_record import HelpUsed, LearnerProgress

__all__ = ["Account"]

T = TypeVar("T")

AWAY = 300.0
"""Seconds without any sign of the learner after which time no longer counts as spent at a step."""


class Account:
    """What is known of the learner. Changes are noted by methods; `save` writes them all at once.

    Steps and questions that the lab does not have (any more) are left out of what is asked, and kept on disk.
    """

    def __init__(self, lab: Lab, file: ProgressFile | None, clock: Callable[[], float]) -> None:
        self._lab = lab
        self._file = file
        self._clock = clock
        self._ids = tuple(step.id for step in lab.steps)
        self.progress, self.notice = file.load() if file else (LearnerProgress(lab.id), "")
        self._alive = clock()

    @property
    def read_only(self) -> bool:
        """Whether nothing is saved, because another copy of the program has the lab."""
        return self._file is not None and self._file.read_only

    def save(self) -> None:
        """Put it on disk. Raises UserError where that cannot be."""
        if self._file:
            self.progress = self._file.save(self.progress)

    # -- where the learner is ------------------------------------------------------------------------------------

    def index_of(self, step_id: str) -> int | None:
        """The index of a step of this lab; None for any other id."""
        return self._ids.index(step_id) if step_id in self._ids else None

    def is_done(self, step_id: str) -> bool:
        """Whether the step's goal was met (or, without a goal, it was read)."""
        return step_id in self.progress.done

    def is_passed(self, step_id: str) -> bool:
        """Whether the step was jumped over, and not done since."""
        return step_id in self.progress.passed and not self.is_done(step_id)

    @property
    def first_open(self) -> int:
        """The index of the first step that is neither done nor passed over; as many as there are steps if none is."""
        behind = {*self.progress.done, *self.progress.passed}
        return next((index for index, step in enumerate(self._ids) if step not in behind), len(self._ids))

    @property
    def position(self) -> int:
        """The index of the step that the nodes stand at; as many as there are steps at the end."""
        at = self.index_of(self.progress.at)
        return self.first_open if at is None else at

    # -- notes ---------------------------------------------------------------------------------------------------

    def shows(self, step_id: str) -> None:
        """The learner looks at this step."""
        self.progress = replace(self.progress, current=step_id)

    def stands_at(self, index: int, swarm: str) -> None:
        """The nodes stand at the step of that index now, with that cluster id."""
        at = self._ids[index] if index < len(self._ids) and index != self.first_open else ""
        self.progress = replace(self.progress, at=at, swarm=swarm)

    def did(self, step_id: str, overtaken: Collection[str] = ()) -> None:
        """The step is done. `overtaken`: earlier ones whose state it changed."""
        progress = self.progress
        if step_id not in progress.done:
            progress = replace(progress, done=(*progress.done, step_id))
        passed = tuple(step for step in progress.passed if step != step_id)
        self.progress = replace(progress, passed=passed)
        self.overtakes(overtaken, fresh=(step_id,))

    def passes_over(self, upto: int) -> None:
        """All steps before that index that are not done were jumped over."""
        passed = (step for step in self._ids[:upto] if not self.is_done(step))
        both = dict.fromkeys((*self.progress.passed, *passed))
        self.progress = replace(self.progress, passed=tuple(both))

    def overtakes(self, steps: Collection[str], *, fresh: Collection[str] = ()) -> None:
        """The state of these steps was changed by later ones; that of the `fresh` ones is as they left it."""
        kept = tuple(step for step in self.progress.overtaken if step not in fresh and step not in steps)
        self.progress = replace(self.progress, overtaken=(*kept, *steps))

    def hint(self, step_id: str) -> None:
        """One more hint was shown."""
        hints = self.progress.hints
        self.progress = replace(self.progress, hints=_with(hints, step_id, hints.get(step_id, 0) + 1))
        self.helped(step_id, HelpUsed.HINT)

    def helped(self, step_id: str, used: HelpUsed) -> None:
        """This much help was taken; the furthest counts."""
        ladder = tuple(HelpUsed)
        before = self.progress.helped.get(step_id)
        if before is None or ladder.index(before) < ladder.index(used):
            self.progress = replace(self.progress, helped=_with(self.progress.helped, step_id, used))

    def answers(self, question_id: str, answer: Answer) -> None:
        """The learner's answer, or the same with how it was judged."""
        self.progress = replace(self.progress, answers=_with(self.progress.answers, question_id, answer))

    def forgets_answer(self, question_id: str) -> None:
        """The question is open again."""
        kept = {key: answer for key, answer in self.progress.answers.items() if key != question_id}
        self.progress = replace(self.progress, answers=MappingProxyType(kept))

    def looks_at(self, node: str) -> None:
        """This node's shell is in front."""
        self.progress = replace(self.progress, node=node)

    def ran(self, step_id: str, commands: int) -> None:
        """So many commands more were run while the step was open."""
        counts = self.progress.commands
        self.progress = replace(self.progress, commands=_with(counts, step_id, counts.get(step_id, 0) + commands))

    def alive(self, step_id: str) -> None:
        """The learner did something; the time since the last sign was spent at this step, unless it is too long."""
        now = self._clock()
        spent, self._alive = now - self._alive, now
        if 0 < spent <= AWAY:
            seconds = self.progress.seconds
            self.progress = replace(self.progress, seconds=_with(seconds, step_id, seconds.get(step_id, 0.0) + spent))


def _with(mapping: Mapping[str, T], key: str, value: T) -> Mapping[str, T]:
    return MappingProxyType({**mapping, key: value})
