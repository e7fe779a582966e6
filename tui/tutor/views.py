"""What a screen (or a line of text) needs to show of the lesson: values, made anew whenever something changed."""

from dataclasses import dataclass
from enum import StrEnum

from tui.checks.model import Verdict
from tui.labs.model import QuestionKind
from tui.swarm.snapshot import Snapshot
from tui.tutor.ladder import Rung
from tui.tutor.stage import Doing

__all__ = [
    "Aftermath",
    "LessonChanged",
    "LessonView",
    "Notice",
    "PageBlock",
    "PageBreak",
    "PageCommand",
    "PageProse",
    "PageQuestion",
    "PageRoute",
    "Readiness",
    "RepairOffer",
    "SessionEvent",
    "ShellChanged",
    "SnapshotChanged",
    "StepLine",
    "StepState",
]


class Readiness(StrEnum):
    """Whether steps can be judged now."""

    STARTING = "starting"  # the nodes are being made; the text can be read already
    READY = "ready"
    BEHIND = "behind"  # the nodes are there, but not in the state that the step builds on
    CATCHING_UP = "catching-up"  # the commands of earlier steps are being run
    FREE = "free"  # the lesson is put aside


@dataclass(frozen=True, slots=True)
class PageProse:
    """Markdown with the live facts filled in."""

    markdown: str


@dataclass(frozen=True, slots=True)
class PageCommand:
    """A reference command with the live facts filled in.

    `missing` names the facts that are not known yet (their placeholders stand in `text`); while there are any, the
    command cannot be typed. `is_next` marks the command that the "type it" key would type now.
    """

    node: str
    text: str
    missing: tuple[str, ...] = ()
    optional: bool = False
    is_next: bool = False


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What the lesson does to a node: «node2 loses power». `stands`: it is so now. `is_next`: the key does it now."""

    node: str
    text: str
    stands: bool = False
    is_next: bool = False


@dataclass(frozen=True, slots=True)
class PageQuestion:
    """A question, and what came of it.

    `answer`: as the learner gave it (a number; the number of a choice, from 1; a node's name), empty before. `open`:
    it may still be answered. Once it is judged, `seen` is the swarm's own answer, `right` says whether the two agree,
    and `why` is told.
    """

    id: str
    ask: str
    kind: QuestionKind
    choices: tuple[str, ...] = ()
    answer: str = ""
    open: bool = True
    right: bool | None = None
    seen: str = ""
    why: str = ""


PageBlock = PageProse | PageCommand | PageBreak | PageQuestion


@dataclass(frozen=True, slots=True)
class PageRoute:
    """Another way to the same goal: its commands, each with its node."""

    say: str
    commands: tuple[PageCommand, ...]


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is told once a step is done: its commands, other ways, and why they work (Markdown)."""

    commands: tuple[PageCommand, ...] = ()
    routes: tuple[PageRoute, ...] = ()
    why: str = ""

    def __bool__(self) -> bool:
        return bool(self.routes or self.why)


@dataclass(frozen=True, slots=True)
class RepairOffer:
    """What is missing for the open step, and what one key would do about it."""

    missing: str
    does: str  # «does “Pets for everyone” again»


@dataclass(frozen=True, slots=True)
class LessonView:
    """The step on screen. `index` counts from 0; `frontier` is the furthest step that may be opened."""

    lab_title: str
    section_title: str
    section_number: int  # counts from 1
    step_id: str
    step_title: str
    index: int
    total: int
    frontier: int
    intro: str  # the section's introduction, where this is the section's first step; Markdown
    blocks: tuple[PageBlock, ...]
    goals: tuple[Verdict, ...]
    diagnosis: str  # a recognised mistake, in a sentence; empty if none
    hints: tuple[str, ...]  # those asked for so far
    hints_left: int
    done: bool  # this step's goal was met (a step without a goal: it was read)
    readiness: Readiness
    finished: bool = False  # the last step is done too
    passed: bool = False  # it was jumped over, and not done since
    undone: str = ""  # of a done step: what is no longer so
    again: bool = False  # it was done before, and the nodes stand at its beginning again
    aftermath: Aftermath = Aftermath()
    rung: Rung = Rung.NONE  # what the help key would give
    repair: RepairOffer | None = None
    doing: Doing | None = None  # what is being done for the learner right now
    reading_along: bool = False  # another copy of the program has the lab: nothing is saved

    @property
    def can_go_on(self) -> bool:
        """Whether the next step may be opened."""
        return self.index < self.frontier

    @property
    def can_go_back(self) -> bool:
        """Whether there is a step before this one."""
        return self.index > 0

    @property
    def question(self) -> PageQuestion | None:
        """The question that waits for an answer, or could be answered otherwise; None where there is none."""
        asked = [block for block in self.blocks if isinstance(block, PageQuestion) and block.open]
        return next((each for each in asked if not each.answer), asked[0] if asked else None)


class StepState(StrEnum):
    """How a step stands in the list of all."""

    DONE = "done"
    PASSED = "passed"  # jumped over
    OPEN = "open"  # the nodes stand at it
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step in the list of all. `undone`: what of it is no longer so, though it was done."""

    index: int
    id: str
    title: str
    section: str
    state: StepState
    here: bool = False  # it is on screen
    undone: str = ""


@dataclass(frozen=True, slots=True)
class LessonChanged:
    """The lesson pane has something new to show."""

    view: LessonView


@dataclass(frozen=True, slots=True)
class SnapshotChanged:
    """The swarm was looked at again."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class ShellChanged:
    """A node's shell wrote something, or its connection came or went."""

    node: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence that the learner should see once, such as: the nodes were made anew."""

    text: str


SessionEvent = LessonChanged | SnapshotChanged | ShellChanged | Notice
