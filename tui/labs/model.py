"""What is taught: a Lab of Sections of Steps, as read from one Markdown file. Values only.

Line numbers count from 1 in the lab's file, so that every mistake can be named with its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tui.playground.model import Fault

__all__ = [
    "Block",
    "Break",
    "CheckSpec",
    "Choice",
    "Command",
    "Demo",
    "Diagnosis",
    "Expectation",
    "Invariant",
    "Lab",
    "Order",
    "Prose",
    "Question",
    "QuestionKind",
    "Requirement",
    "Route",
    "Scalar",
    "Section",
    "Step",
    "Subject",
    "Variable",
    "WrongWay",
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
    NETWORK = "network"
    SECRET = "secret"
    CONFIG = "config"
    STACK = "stack"  # what one `docker stack deploy` made: services of one namespace label
    IMAGE = "image"  # an image in one engine's store
    ANSWER = "answer"  # what the learner answered to a question
    CMD = "cmd"  # a command that is run on a node to find out; the last resort


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


@dataclass(frozen=True, slots=True)
class Break:
    """A ```` ```yaml fault ```` fence: the lesson breaks a node, when the learner presses the key for the next command.

    It is mended when the learner goes on from the step `until` (empty: from its own step). Only on nodes that are ours.
    """

    node: str
    fault: Fault
    line: int
    until: str = ""


class QuestionKind(StrEnum):
    """What an answer looks like."""

    NUMBER = "number"
    CHOICE = "choice"
    NODE = "node"


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose; `when` is the check that makes it the right one, looked at when the step is done."""

    say: str
    when: CheckSpec


@dataclass(frozen=True, slots=True)
class Question:
    """A ```` ```yaml predict ```` fence: asked before the commands behind it, judged by what the swarm then does.

    A number is compared with `field` of what `seen` looks at. Of a choice, each says when it is right. A node is right
    if the check `seen` passes with `{{ it }}` filled in by its name. `id` is unique in the lab.
    """

    id: str
    ask: str
    kind: QuestionKind
    line: int
    why: str = ""
    seen: CheckSpec | None = None  # of a number (its `expect` is empty) and of a node
    field: str = ""  # of a number
    choices: tuple[Choice, ...] = ()


Block = Prose | Command | Break | Question


@dataclass(frozen=True, slots=True)
class Order:
    """One command on one node, outside the prose: of a route, a wrong way, or a repair."""

    node: str
    text: str
    line: int = 0
    expect_fail: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """Another correct way to a step's goal. `say` names it for people: «the short way»."""

    orders: tuple[Order, ...]
    say: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class WrongWay:
    """A mistake that people make: its commands must leave the goal red, and show a message that contains `says`.

    Whether its commands succeed is not asked. `undo` brings the nodes back to where they were; without it the right
    commands must lead to the goal all the same.
    """

    orders: tuple[Order, ...]
    says: str
    undo: tuple[Order, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a step builds on. When it is gone, `by` names the earlier step that brings it back, or `repair` does.

    With neither, only bringing the nodes anew to this step helps.
    """

    check: CheckSpec
    by: str = ""
    repair: tuple[Order, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must hold during the whole lab: a check with its sentence, and the commands that bring it back."""

    check: CheckSpec
    say: str
    repair: tuple[Order, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Variable:
    """A value of the lab's own, `{{ var.NAME }}`; it may hold live facts. `secret`: masked on screen and in exports."""

    name: str
    value: str
    secret: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Demo:
    """How the step plays by itself: `pause` seconds to read before and after, `speed` times the usual typing speed."""

    skip: bool = False
    pause: float | None = None
    speed: float = 1.0


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
    requires: tuple[Requirement, ...] = ()
    routes: tuple[Route, ...] = ()  # other ways, beside the commands in `blocks`
    wrong: tuple[WrongWay, ...] = ()
    why: str = ""  # Markdown, shown once the step is done: why its commands work
    notes: tuple[str, ...] = ()  # for the presenter only
    demo: Demo = Demo()

    @property
    def commands(self) -> tuple[Command, ...]:
        """The reference commands in order."""
        return tuple(block for block in self.blocks if isinstance(block, Command))

    @property
    def questions(self) -> tuple[Question, ...]:
        """What is asked, in order."""
        return tuple(block for block in self.blocks if isinstance(block, Question))

    @property
    def acts(self) -> tuple[Command | Break, ...]:
        """What is done, in order: the reference commands and the lesson's own faults."""
        return tuple(block for block in self.blocks if isinstance(block, (Command, Break)))


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
    owned: bool = False  # it breaks nodes, so they must be ours
    variables: tuple[Variable, ...] = ()
    always: tuple[Invariant, ...] = ()

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
