"""What a screen (or a line of text) needs to show of the lesson: values, made anew whenever something changed."""

from dataclasses import dataclass
from enum import StrEnum

from tui.checks.model import Verdict
from tui.swarm.snapshot import Snapshot

__all__ = [
    "LessonChanged",
    "LessonView",
    "Notice",
    "PageCommand",
    "PageProse",
    "Readiness",
    "SessionEvent",
    "ShellChanged",
    "SnapshotChanged",
]


class Readiness(StrEnum):
    """Whether steps can be judged now."""

    STARTING = "starting"  # the nodes are being made; the text can be read already
    READY = "ready"
    BEHIND = "behind"  # the nodes are there, but not in the state that the step builds on
    CATCHING_UP = "catching-up"  # the commands of earlier steps are being run


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
    blocks: tuple[PageProse | PageCommand, ...]
    goals: tuple[Verdict, ...]
    diagnosis: str  # a recognised mistake, in a sentence; empty if none
    hints: tuple[str, ...]  # those asked for so far
    hints_left: int
    done: bool  # this step's goal was met (a step without a goal: it was read)
    readiness: Readiness
    finished: bool = False  # the last step is done too

    @property
    def can_go_on(self) -> bool:
        """Whether the next step may be opened."""
        return self.index < self.frontier

    @property
    def can_go_back(self) -> bool:
        """Whether there is a step before this one."""
        return self.index > 0


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
