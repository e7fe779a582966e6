"""The words of the check language: what each subject takes, which fields it has, and what a field may be compared to.

`tui.checks` judges exactly these; a test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from tui.labs.model import Subject

__all__ = [
    "FROM_START",
    "MATCHERS",
    "SUBJECTS",
    "TIMING_KEYS",
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
    """One field: its kind, and the valid words where it has only a few.

    `many`: it has several values at once; a plain value is met if one of them equals it.
    """

    kind: Kind
    words: tuple[str, ...] = ()
    many: bool = False


def _no_filter() -> Mapping[str, Field]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SubjectWords:
    """A subject: its argument (one value, or a filter of `of` keys) and the fields that `expect` may name."""

    fields: Mapping[str, Field]
    argument: Field | None = None  # for a subject that takes one name
    of: Mapping[str, Field] = field(default_factory=_no_filter)  # for a subject that takes a filter
    required: tuple[str, ...] = ()  # keys of the filter that must be there
    from_snapshot: bool = True  # whether a value of the step's start can be had: `same_as: start`, `changed: start`


TIMING_KEYS = ("expect", "within", "for", "say")
"""What may stand beside the subject of a check."""

_NUMBER, _BOOL, _TEXT = Field(Kind.NUMBER), Field(Kind.BOOL), Field(Kind.TEXT)
_NUMBERS, _NAMES = Field(Kind.NUMBER, many=True), Field(Kind.TEXT, many=True)
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
            fields={"count": _NUMBER, "names": _NAMES},
        ),
        Subject.SERVICE: SubjectWords(
            argument=_TEXT,
            fields={
                "exists": _BOOL,
                "image": _TEXT,
                "mode": Field(Kind.WORD, ("replicated", "global", "replicated-job", "global-job")),
                "replicas": _NUMBER,
                "running": _NUMBER,
                "port": _NUMBERS,
                "ports": _NUMBERS,
                "networks": _NAMES,
                "secrets": _NAMES,
                "configs": _NAMES,
                "forced": _NUMBER,
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
                "nodes": _NAMES,
                "images": _NAMES,
            },
        ),
        Subject.CONTAINER: SubjectWords(
            of={"node": _MACHINE, "image": _TEXT, "task": _BOOL, "state": _CONTAINER_STATE, "name": _TEXT},
            fields={"count": _NUMBER, "running": _NUMBER, "names": _NAMES, "images": _NAMES},
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
        Subject.NETWORK: SubjectWords(
            argument=_TEXT,
            fields={
                "exists": _BOOL,
                "driver": _TEXT,
                "scope": Field(Kind.WORD, ("swarm", "local", "global")),
                "attachable": _BOOL,
                "internal": _BOOL,
                "used_by": _NUMBER,
            },
        ),
        Subject.SECRET: SubjectWords(argument=_TEXT, fields={"exists": _BOOL, "used_by": _NUMBER}),
        Subject.CONFIG: SubjectWords(argument=_TEXT, fields={"exists": _BOOL, "used_by": _NUMBER}),
        Subject.STACK: SubjectWords(
            argument=_TEXT,
            fields={"exists": _BOOL, "services": _NUMBER, "names": _NAMES, "running": _NUMBER},
        ),
        Subject.IMAGE: SubjectWords(
            of={"node": _MACHINE, "name": _TEXT},
            required=("name",),
            fields={"exists": _BOOL, "count": _NUMBER, "names": _NAMES},
        ),
        Subject.ANSWER: SubjectWords(
            argument=_TEXT,
            fields={"given": _BOOL, "right": _BOOL, "value": _TEXT},
            from_snapshot=False,
        ),
        Subject.CMD: SubjectWords(
            of={"node": _MACHINE, "command": _TEXT},
            required=("node", "command"),
            fields={"exit": _NUMBER, "output": _TEXT},
            from_snapshot=False,
        ),
    }
)

FROM_START = ("same_as", "changed")
"""Matchers that compare with the step's first snapshot."""

_OF_NUMBERS = ("gte", "lte", "gt", "lt", "in", "not", *FROM_START)
_OF_TEXT = ("in", "match", "not", *FROM_START)
_OF_SEVERAL = ("each", "none")

MATCHERS = ("gte", "lte", "gt", "lt", "in", "match", "not", *_OF_SEVERAL, *FROM_START)
"""What may stand in place of a value: `{gte: 2}`."""


def matchers_of(field: Field) -> tuple[str, ...]:
    """The matchers that make sense for a field."""
    if field.kind is Kind.BOOL:
        return ("not", *FROM_START)
    of_one = _OF_NUMBERS if field.kind is Kind.NUMBER else _OF_TEXT
    return (*of_one, *_OF_SEVERAL) if field.many else of_one
