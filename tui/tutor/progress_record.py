"""What is kept of a learner in one lab: a value, its text on disk, and how two accounts of it become one. Pure."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar, cast

from tui.checks.model import Answer
from tui.playground.model import NODE_NAMES

__all__ = ["FORMAT", "HelpUsed", "LearnerProgress", "NewerFormatError", "as_text", "merge", "parse"]

FORMAT = 2
"""The format that is written. Format 1 (without answers, help, node, times and counts) is read too."""

T = TypeVar("T")


class NewerFormatError(Exception):
    """The text was written by a newer program. `number` is its format."""

    def __init__(self, number: int) -> None:
        super().__init__(f"format {number}")
        self.number = number


class HelpUsed(StrEnum):
    """The furthest help that a learner took in a step, in the order in which it is offered."""

    HINT = "hint"
    TYPED = "typed"  # the command was put at the prompt
    DONE = "done"  # the commands were run too


def _counts() -> Mapping[str, int]:
    return MappingProxyType({})


def _helped() -> Mapping[str, HelpUsed]:
    return MappingProxyType({})


def _answers() -> Mapping[str, Answer]:
    return MappingProxyType({})


def _seconds() -> Mapping[str, float]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LearnerProgress:
    """How far a learner is. Step ids, not numbers, so that an edited lab does not shift anybody.

    `current`: the step on screen. `at`: the step that the nodes stand at, empty for the first that is not done.
    `passed`: steps that were jumped over. `overtaken`: done steps whose state a later step changed, as the lesson
    wants it. `swarm`: the cluster id when the nodes were last known to be at `at`: it tells whether they still are.
    `node`: whose shell is in front. `seconds` and `commands`: spent at, and run in, each step while it was open.
    """

    lab: str
    current: str = ""
    done: tuple[str, ...] = ()
    hints: Mapping[str, int] = field(default_factory=_counts)
    swarm: str = ""
    at: str = ""
    passed: tuple[str, ...] = ()
    overtaken: tuple[str, ...] = ()
    helped: Mapping[str, HelpUsed] = field(default_factory=_helped)
    answers: Mapping[str, Answer] = field(default_factory=_answers)
    node: str = NODE_NAMES[0]
    seconds: Mapping[str, float] = field(default_factory=_seconds)
    commands: Mapping[str, int] = field(default_factory=_counts)


def as_text(progress: LearnerProgress, saved: str) -> str:
    """The file's text. `saved`: when, in ISO 8601."""
    record = {
        "format": FORMAT,
        "lab": progress.lab,
        "current": progress.current,
        "at": progress.at,
        "done": list(progress.done),
        "passed": list(progress.passed),
        "overtaken": list(progress.overtaken),
        "hints": dict(progress.hints),
        "helped": dict(progress.helped),
        "answers": {key: _answer_record(answer) for key, answer in progress.answers.items()},
        "node": progress.node,
        "seconds": {step: round(spent, 1) for step, spent in progress.seconds.items()},
        "commands": dict(progress.commands),
        "swarm": progress.swarm,
        "saved": saved,
    }
    return json.dumps(record, indent=2) + "\n"


def _answer_record(answer: Answer) -> dict[str, str | bool | None]:
    return {"value": answer.value, "right": answer.right, "seen": answer.seen}


def parse(text: str, lab: str) -> LearnerProgress | None:
    """The progress in a file's text; None if it is not one of ours. Raises NewerFormatError."""
    try:
        loaded: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(loaded, dict):
        return None
    record = cast("dict[str, Any]", loaded)
    number = record.get("format")
    if not isinstance(number, int) or isinstance(number, bool):
        return None
    if number > FORMAT:
        raise NewerFormatError(number)
    if number < 1 or record.get("lab") != lab:
        return None
    try:
        return _read(record, lab, newest=number == FORMAT)
    except (TypeError, ValueError):
        return None


def _read(record: Mapping[str, Any], lab: str, *, newest: bool) -> LearnerProgress:
    old = LearnerProgress(
        lab=lab,
        current=_text(record.get("current")),
        done=_texts(record.get("done")),
        hints=_mapping(record.get("hints"), _count),
        swarm=_text(record.get("swarm")),
    )
    if not newest:
        return old
    node = _text(record.get("node"))
    return LearnerProgress(
        lab=lab,
        current=old.current,
        done=old.done,
        hints=old.hints,
        swarm=old.swarm,
        at=_text(record.get("at")),
        passed=_texts(record.get("passed")),
        overtaken=_texts(record.get("overtaken")),
        helped=_mapping(record.get("helped"), lambda value: HelpUsed(_text(value))),
        answers=_mapping(record.get("answers"), _answer),
        node=node if node in NODE_NAMES else NODE_NAMES[0],
        seconds=_mapping(record.get("seconds"), _number),
        commands=_mapping(record.get("commands"), _count),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_text(item) for item in cast("list[object]", value))


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError
    return value


def _number(value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < float("inf"):
        raise TypeError
    return float(value)


def _answer(value: object) -> Answer:
    if not isinstance(value, dict):
        raise TypeError
    record = cast("dict[str, object]", value)
    right = record.get("right")
    if right is not None and not isinstance(right, bool):
        raise TypeError
    return Answer(_text(record.get("value")), right, _text(record.get("seen", "")))


def _mapping(value: object, read: Callable[[object], T]) -> Mapping[str, T]:
    if not isinstance(value, dict):
        raise TypeError
    return MappingProxyType({key: read(item) for key, item in cast("dict[str, object]", value).items()})


def merge(ours: LearnerProgress, theirs: LearnerProgress) -> LearnerProgress:
    """Two accounts of one learner as one: nothing that either knows to be done is lost; where one is, is ours to say.

    Raises ValueError for accounts of two labs.
    """
    if ours.lab != theirs.lab:
        raise ValueError(f"{ours.lab} is not {theirs.lab}")
    done = _union(theirs.done, ours.done)
    ladder = tuple(HelpUsed)
    return LearnerProgress(
        lab=ours.lab,
        current=ours.current,
        done=done,
        hints=_most(ours.hints, theirs.hints),
        swarm=ours.swarm,
        at=ours.at,
        passed=tuple(step for step in _union(theirs.passed, ours.passed) if step not in done),
        overtaken=_union(theirs.overtaken, ours.overtaken),
        helped=MappingProxyType(
            {
                step: max((used[step] for used in (theirs.helped, ours.helped) if step in used), key=ladder.index)
                for step in _union(theirs.helped, ours.helped)
            }
        ),
        answers=MappingProxyType({**theirs.answers, **ours.answers}),
        node=ours.node,
        seconds=_most(ours.seconds, theirs.seconds),
        commands=_most(ours.commands, theirs.commands),
    )


def _union(*several: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for items in several for item in items))


N = TypeVar("N", int, float)


def _most(ours: Mapping[str, N], theirs: Mapping[str, N]) -> Mapping[str, N]:
    keys = _union(theirs, ours)
    both = {key: [counts[key] for counts in (ours, theirs) if key in counts] for key in keys}
    return MappingProxyType({key: max(values) for key, values in both.items()})
