"""The words of the check language: what each subject takes, which fields it has, and what a field may be compared to.

`tui.checks` judges exactly these; a test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from tui.labs.model import Subject

__all__ = [
    "MATCHERS",
    "MATCHERS_LATER",
    "SUBJECTS",
    "SUBJECTS_LATER",
    "Field",
    "Kind",
    "SubjectWords",
    "matchers_of",
]


class Kind(StrEnum):
    """What sort of value a field has."""

    NUMBER = "a number"
    BOOL = "true or false"
    WORD = "a word"  # one of a few
    TEXT = "text"
    MACHINE = "a node"  # one of the playground's names: node1
    MACHINES = "a node or a list of nodes"
    ROW = "a node or its ID"  # a row of `docker node ls`: node1, or a fact such as {{ node1.id }}
    TEXTS = "text or a list of texts"
    CLUSTER = "{same_as_node: NODE}"
    PATTERN = "a regular expression"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its kind, and the valid words where it has only a few."""

    kind: Kind
    words: tuple[str, ...] = ()


def _no_filter() -> Mapping[str, Field]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SubjectWords:
    """A subject: its argument (one value, or a filter of `of` keys) and the fields that `expect` may name."""

    fields: Mapping[str, Field]
    argument: Field | None = None  # for a subject that takes one name
    of: Mapping[str, Field] = field(default_factory=_no_filter)  # for a subject that takes a filter
    required: tuple[str, ...] = ()  # keys of the filter that must be there
    from_snapshot: bool = True  # whether `same_as: start` makes sense


_NUMBER, _BOOL, _TEXT = Field(Kind.NUMBER), Field(Kind.BOOL), Field(Kind.TEXT)
_MACHINE, _ROW = Field(Kind.MACHINE), Field(Kind.ROW)
_ROLE = Field(Kind.WORD, ("manager", "worker"))
_AVAILABILITY = Field(Kind.WORD, ("active", "pause", "drain"))
_NODE_STATE = Field(Kind.WORD, ("ready", "down", "unknown", "disconnected"))
_TASK_STATE = Field(
    Kind.WORD,
    (
        *("new", "allocated", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running"),
        *("complete", "shutdown", "failed", "rejected", "remove", "orphaned"),
    ),
)
_CONTAINER_STATE = Field(Kind.WORD, ("created", "running", "paused", "restarting", "removing", "exited", "dead"))

SUBJECTS: Mapping[Subject, SubjectWords] = MappingProxyType(
    {
        Subject.SWARM: SubjectWords(
            argument=_MACHINE,
            fields={
                "state": Field(Kind.WORD, ("inactive", "pending", "active", "error", "locked")),
                "role": Field(Kind.WORD, ("manager", "worker", "none")),
                "cluster": Field(Kind.CLUSTER),
                "error": _TEXT,
            },
        ),
        Subject.NODE: SubjectWords(
            argument=_ROW,
            fields={
                "exists": _BOOL,
                "role": _ROLE,
                "availability": _AVAILABILITY,
                "state": _NODE_STATE,
                "leader": _BOOL,
                "reachability": Field(Kind.WORD, ("reachable", "unreachable", "unknown")),
                "running": _NUMBER,
            },
        ),
        Subject.NODES: SubjectWords(
            of={"role": _ROLE, "state": _NODE_STATE, "availability": _AVAILABILITY},
            fields={"count": _NUMBER},
        ),
        Subject.SERVICE: SubjectWords(
            argument=_TEXT,
            fields={
                "exists": _BOOL,
                "image": _TEXT,
                "mode": Field(Kind.WORD, ("replicated", "global", "replicated-job", "global-job")),
                "replicas": _NUMBER,
                "running": _NUMBER,
                "port": _NUMBER,
                "update": Field(
                    Kind.WORD,
                    ("updating", "paused", "completed", "rollback_started", "rollback_paused", "rollback_completed"),
                ),
            },
        ),
        Subject.TASKS: SubjectWords(
            of={"service": _TEXT, "node": _ROW, "state": _TASK_STATE, "desired": _TASK_STATE},
            fields={
                "running": _NUMBER,
                "count": _NUMBER,
                "history": _NUMBER,
                "failed": _NUMBER,
                "pending": _NUMBER,
                "preparing": _NUMBER,
            },
        ),
        Subject.CONTAINER: SubjectWords(
            of={"node": _MACHINE, "image": _TEXT, "task": _BOOL, "state": _CONTAINER_STATE, "name": _TEXT},
            fields={"count": _NUMBER, "running": _NUMBER},
        ),
        Subject.WEB: SubjectWords(
            of={"node": _MACHINE, "port": _NUMBER, "path": _TEXT},
            required=("node", "port"),
            fields={"status": _NUMBER, "body": _TEXT, "answered_by": _NUMBER, "refused": _BOOL},
            from_snapshot=False,
        ),
        Subject.RAN: SubjectWords(
            of={"node": Field(Kind.MACHINES), "command": Field(Kind.TEXTS), "match": Field(Kind.PATTERN)},
            fields={"exit": _NUMBER, "count": _NUMBER, "output": _TEXT},
            from_snapshot=False,
        ),
    }
)

SUBJECTS_LATER = ("image", "answer", "network", "secret", "config", "stack", "cmd")
"""Subjects of the format that this version does not judge yet."""

MATCHERS = ("gte", "lte", "gt", "lt", "in", "match", "not", "same_as")
"""What may stand in place of a value: `{gte: 2}`."""
MATCHERS_LATER = ("each", "none", "changed")
_OF_NUMBERS = ("gte", "lte", "gt", "lt", "in", "not", "same_as")
_OF_TEXT = ("in", "match", "not", "same_as")


def matchers_of(kind: Kind) -> tuple[str, ...]:
    """The matchers that make sense for a field of this kind."""
    if kind is Kind.NUMBER:
        return _OF_NUMBERS
    return ("not", "same_as") if kind is Kind.BOOL else _OF_TEXT
