"""Is it done? Verdicts, and what checks may look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from tui.playground.model import WebAnswer
from tui.swarm.snapshot import Snapshot
from tui.terminal.command_log import RanCommand

__all__ = ["Evidence", "Outcome", "Verdict", "WebTarget"]


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


def _nothing_asked() -> Mapping[WebTarget, tuple[WebAnswer, ...]]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Evidence:
    """What checks may look at: the swarm now, the swarm as the step began, commands and web answers since then."""

    snapshot: Snapshot
    start: Snapshot
    commands: tuple[RanCommand, ...] = ()
    web: Mapping[WebTarget, tuple[WebAnswer, ...]] = field(default_factory=_nothing_asked)
