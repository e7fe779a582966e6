"""What is taught: a Lab of Sections of Steps, as read from one Markdown file. Values only.

Line numbers count from 1 in the lab's file, so that every mistake can be named with its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

__all__ = [
    "Block",
    "CheckSpec",
    "Command",
    "Diagnosis",
    "Expectation",
    "Lab",
    "Prose",
    "Scalar",
    "Section",
    "Step",
    "Subject",
]

Scalar = str | int | float | bool
Expectation = Scalar | Sequence["Expectation"] | Mapping[str, "Expectation"] | None
"""What `expect` holds: a value to equal, a mapping of fields, or matchers such as `{gte: 2}`."""


class Subject(StrEnum):
    """What a check looks at."""

    SWARM = "swarm"  # one engine's own account
    NODE = "node"  # one row of `docker node ls`
    NODES = "nodes"  # how many rows match a filter
    SERVICE = "service"
    TASKS = "tasks"  # how many tasks match a filter, by state
    CONTAINER = "container"  # how many containers match a filter
    WEB = "web"  # the answers of a published port
    RAN = "ran"  # a command that the learner ran


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """One condition as the author wrote it: one subject, what is expected of it, and timing.

    `of` is the subject's argument: a name (`node: node2`) or a filter (`tasks: {service: pets, node: node2}`).
    Live facts (`{{ node2.id }}`) are still unfilled in it. `within`: seconds that it may take (shown, and the
    walk's patience). `hold` (`for` in the file): seconds that it must stay true before it counts.
    """

    subject: Subject
    of: Scalar | Mapping[str, Expectation]
    expect: Expectation
    within: float = 60.0
    hold: float = 0.0
    say: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A sentence for a mistake that is recognised: when the check passes while the goal is red, it is said."""

    when: CheckSpec
    say: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown text, with live facts unfilled."""

    markdown: str
    line: int


@dataclass(frozen=True, slots=True)
class Command:
    """A reference command (a ```` ```sh NODE ```` fence): shown, and typed into that node's shell with a key.

    `text` may span lines; live facts are unfilled. `optional`: the step passes without it. `expect_fail`: it is
    meant to exit with an error.
    """

    node: str
    text: str
    line: int
    optional: bool = False
    expect_fail: bool = False


Block = Prose | Command


@dataclass(frozen=True, slots=True)
class Step:
    """A `##` heading: prose and commands in reading order, what makes it done, and help.

    A step without a goal is reading matter: it is open as soon as it is reached.
    """

    id: str
    title: str
    blocks: tuple[Block, ...]
    goal: tuple[CheckSpec, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    hints: tuple[str, ...] = ()
    already_true: bool = False
    line: int = 0

    @property
    def commands(self) -> tuple[Command, ...]:
        """The reference commands in order."""
        return tuple(block for block in self.blocks if isinstance(block, Command))


@dataclass(frozen=True, slots=True)
class Section:
    """A `#` heading: an introduction in prose, then steps."""

    title: str
    intro: tuple[Prose, ...]
    steps: tuple[Step, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Lab:
    """One lab: its front matter and its sections."""

    id: str
    title: str
    summary: str
    difficulty: str
    minutes: int
    start: str  # the named state of the nodes that it begins with: no-swarm
    sections: tuple[Section, ...]
    images: tuple[str, ...] = ()
    path: Path = Path()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order."""
        return tuple(step for section in self.sections for step in section.steps)

    def section_of(self, step: Step) -> Section:
        """The section that holds a step of this lab. Raises ValueError for a step of another."""
        for section in self.sections:
            if step in section.steps:
                return section
        raise ValueError(f"step {step.id} is not in lab {self.id}")
