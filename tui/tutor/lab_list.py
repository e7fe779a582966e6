"""All labs, and how far the learner is in each: what the list of labs shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tui.errors import UserError
from tui.labs.header import DIFFICULTIES
from tui.labs.model import Lab
from tui.labs.parse import find_labs, load_lab
from tui.tutor.progress import ProgressFile
from tui.tutor.progress_record import LearnerProgress

__all__ = ["LabLine", "lab_line", "lab_lines", "progress_path"]


@dataclass(frozen=True, slots=True)
class LabLine:
    """A lab in the list. `done` of `total` steps are done or were passed over; `step`: where the learner would go on.

    `spent`: seconds so far. `trouble`: why it cannot be taken, or why nothing is known of it; empty as a rule.
    """

    id: str
    title: str
    summary: str = ""
    difficulty: str = ""
    minutes: int = 0
    total: int = 0
    done: int = 0
    step: str = ""
    spent: float = 0.0
    trouble: str = ""

    @property
    def begun(self) -> bool:
        """Whether there is anything to go on with."""
        return bool(self.done or self.spent)

    @property
    def finished(self) -> bool:
        """Whether all steps are behind."""
        return 0 < self.total == self.done


def progress_path(state_dir: Path, lab_id: str) -> Path:
    """Where the progress of that lab is kept."""
    return state_dir / "progress" / f"{lab_id}.json"


def lab_line(lab: Lab, progress: LearnerProgress) -> LabLine:
    """A lab and a learner's progress in it, as a line of the list."""
    behind = {*progress.done, *progress.passed}
    ids = [step.id for step in lab.steps]
    current = next((step for step in lab.steps if step.id == progress.current), None)
    following = next((step for step in lab.steps if step.id not in behind), None)
    return LabLine(
        id=lab.id,
        title=lab.title,
        summary=lab.summary,
        difficulty=lab.difficulty,
        minutes=lab.minutes,
        total=len(ids),
        done=sum(1 for each in ids if each in behind),
        step=(current or following or lab.steps[0]).title if lab.steps else "",
        spent=sum(progress.seconds.values()),
    )


def lab_lines(content_dir: Path, state_dir: Path) -> tuple[LabLine, ...]:
    """All installed labs, the easiest first, those that cannot be read last. Reads files; changes none."""

    def place(line: LabLine) -> tuple[bool, int, int]:
        known = line.difficulty in DIFFICULTIES
        return bool(line.trouble), DIFFICULTIES.index(line.difficulty) if known else 0, line.minutes

    return tuple(sorted(_read(find_labs(content_dir), state_dir), key=place))


def _read(paths: Iterable[Path], state_dir: Path) -> Iterable[LabLine]:
    for path in paths:
        try:
            lab = load_lab(path)
        except UserError as error:
            yield LabLine(path.parent.name, path.parent.name, trouble=error.what)
            continue
        try:
            progress, _ = ProgressFile(progress_path(state_dir, lab.id), lab.id, read_only=True).load()
        except UserError:
            progress = LearnerProgress(lab.id)  # whoever takes the lab is told
        yield lab_line(lab, progress)
