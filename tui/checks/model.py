"""Is it done? Verdicts, and what checks may look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from tui.playground.model import WebAnswer
from tui.swarm.snapshot import Snapshot
from tui.terminal.command_log import RanCommand

__all__ = ["Answer", "CommandTarget", "Evidence", "Found", "Outcome", "Verdict", "WebTarget"]


class Outcome(StrEnum):
    """A check's answer. Unknown means: could not look; the sentence says why."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of one check, with its sentence.

    `goal` says what is asked for ("6 tasks of pets run"); it reads well with a green mark and with a red one. `seen`
    says what is the case instead ("4 run, 2 are preparing on node2"); empty when it passes.
    """

    outcome: Outcome
    goal: str
    seen: str = ""


@dataclass(frozen=True, slots=True)
class WebTarget:
    """What is asked for over the web: GET http://<node>:<port><path>, from the node's own network."""

    node: str
    port: int
    path: str = "/"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the learner answered to a question; `right` and `seen` (the swarm's own answer) once it was judged."""

    value: str
    right: bool | None = None
    seen: str = ""


@dataclass(frozen=True, slots=True)
class CommandTarget:
    """A command that a `cmd` check wants to be run, as user `docker`, again and again while its step is open."""

    node: str
    command: str


@dataclass(frozen=True, slots=True)
class Found:
    """How such a command ended last: its exit status and the end of what it wrote (both streams)."""

    exit_status: int
    output: str


def _no_answers() -> Mapping[str, Answer]:
    return MappingProxyType({})


def _nothing_found() -> Mapping[CommandTarget, Found]:
    return MappingProxyType({})


def _nothing_asked() -> Mapping[WebTarget, tuple[WebAnswer, ...]]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Evidence:
    """What checks may look at: the swarm now, the swarm as the step began, commands and web answers since then."""

    snapshot: Snapshot
    start: Snapshot
    commands: tuple[RanCommand, ...] = ()
    web: Mapping[WebTarget, tuple[WebAnswer, ...]] = field(default_factory=_nothing_asked)
    answers: Mapping[str, Answer] = field(default_factory=_no_answers)  # by the question's id
    found: Mapping[CommandTarget, Found] = field(default_factory=_nothing_found)
