"""What the checks saw in a real run, kept in a file, so that they can be judged again anywhere in seconds.

A recording holds the evidence of each moment that proves something: a step's goal red before its commands, a wrong
way taken, the goal reached. Each snapshot is stored once, whoever refers to it.
"""

import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import cattrs
from cattrs.preconf.json import make_converter

from tui.checks.model import Answer, CommandTarget, Evidence, Found, WebTarget
from tui.errors import ExitCode, UserError
from tui.playground.model import WebAnswer
from tui.swarm.snapshot import Snapshot
from tui.terminal.command_log import RanCommand
from tui.tutor.masking import masked

__all__ = ["Frame", "Moment", "Recording", "dumps", "load", "loads", "save"]

FORMAT = 1


class Moment(StrEnum):
    """What a frame proves."""

    BEFORE = "before"  # the goal is red as the step opens
    WRONG = "wrong"  # it is red after a wrong way, and something is said of it
    DONE = "done"  # it is green


def _no_facts() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Frame:
    """All that the checks of one step could look at, at one moment. `wrong` counts the step's wrong ways from 0."""

    step: str
    moment: Moment
    evidence: Evidence
    facts: Mapping[str, str] = field(default_factory=_no_facts)
    wrong: int | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """One run of one lab, by its id."""

    lab: str
    frames: tuple[Frame, ...]


def dumps(recording: Recording) -> bytes:
    """The recording as compressed JSON, without its secrets; the same recording gives the same bytes."""
    converter = _converter()
    snapshots: dict[int, int] = {}  # by identity: where each stands in the list
    kept: list[Snapshot] = []

    def position(snapshot: Snapshot) -> int:
        if id(snapshot) not in snapshots:
            snapshots[id(snapshot)] = len(kept)
            kept.append(snapshot)
        return snapshots[id(snapshot)]

    frames = [_plain_frame(frame, position, converter) for frame in recording.frames]
    record: object = {
        "format": FORMAT,
        "lab": recording.lab,
        "snapshots": [converter.unstructure(snapshot) for snapshot in kept],
        "frames": frames,
    }
    text = json.dumps(_hidden(record, _names(kept)), ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), mtime=0)


def loads(data: bytes) -> Recording:
    """The recording in such bytes. Raises ValueError for anything else."""
    try:
        loaded: object = json.loads(gzip.decompress(data))
        record = cast("dict[str, Any]", loaded if isinstance(loaded, dict) else {})
        if record.get("format") != FORMAT:
            raise ValueError(f"its format is {record.get('format')}; this version reads {FORMAT}")
        converter = _converter()
        snapshots = tuple(converter.structure(item, Snapshot) for item in record["snapshots"])
        frames = tuple(_frame(item, snapshots, converter) for item in record["frames"])
        return Recording(str(record["lab"]), frames)
    except (OSError, EOFError, KeyError, IndexError, TypeError, AttributeError, cattrs.BaseValidationError) as error:
        raise ValueError(f"not a recording: {error}") from error


def save(recording: Recording, path: Path) -> None:
    """Write it. Raises UserError where that cannot be done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dumps(recording))
    except OSError as error:
        raise UserError(f"The recording cannot be written: {path}: {error.strerror}.") from error


def load(path: Path) -> Recording:
    """Read it. Raises UserError: NOT_FOUND, or BROKEN for what is none."""
    try:
        return loads(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"There is no recording {path}.", exit_code=ExitCode.NOT_FOUND) from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as a recording.", str(error), exit_code=ExitCode.BROKEN) from error


@cache
def _converter() -> cattrs.Converter:
    """Values to JSON and back. Mappings are given in the order they have; a mapping by engine comes back read-only."""
    return make_converter(omit_if_default=True)


def _plain_frame(frame: Frame, position: Callable[[Snapshot], int], converter: cattrs.Converter) -> dict[str, object]:
    evidence = frame.evidence
    plain: dict[str, object] = {
        "step": frame.step,
        "moment": frame.moment.value,
        "snapshot": position(evidence.snapshot),
        "start": position(evidence.start),
        "commands": converter.unstructure(evidence.commands),
        "web": [[converter.unstructure(key), converter.unstructure(value)] for key, value in evidence.web.items()],
        "answers": {key: converter.unstructure(value) for key, value in evidence.answers.items()},
        "found": [[converter.unstructure(key), converter.unstructure(value)] for key, value in evidence.found.items()],
        "facts": dict(frame.facts),
    }
    return plain if frame.wrong is None else {**plain, "wrong": frame.wrong}


def _frame(plain: Mapping[str, Any], snapshots: Sequence[Snapshot], converter: cattrs.Converter) -> Frame:
    evidence = Evidence(
        snapshot=snapshots[int(plain["snapshot"])],
        start=snapshots[int(plain["start"])],
        commands=converter.structure(plain["commands"], tuple[RanCommand, ...]),
        web={
            converter.structure(key, WebTarget): converter.structure(value, tuple[WebAnswer, ...])
            for key, value in plain["web"]
        },
        answers={key: converter.structure(value, Answer) for key, value in plain["answers"].items()},
        found={
            converter.structure(key, CommandTarget): converter.structure(value, Found) for key, value in plain["found"]
        },
    )
    wrong = plain.get("wrong")
    return Frame(
        step=str(plain["step"]),
        moment=Moment(plain["moment"]),
        evidence=evidence,
        facts={str(key): str(value) for key, value in plain["facts"].items()},
        wrong=None if wrong is None else int(wrong),
    )


def _names(snapshots: Iterable[Snapshot]) -> dict[str, str]:
    """Each join token with the name that stands for it, so that which one was used can still be told."""
    names: dict[str, str] = {}
    for tokens in (snapshot.tokens for snapshot in snapshots):
        if tokens is not None:
            names |= {tokens.worker: "WORKER-TOKEN", tokens.manager: "MANAGER-TOKEN"}
    return names


def _hidden(value: object, names: Mapping[str, str]) -> object:
    """The same value with no secret in any of its texts."""
    if isinstance(value, str):
        for token, name in names.items():
            value = value.replace(token, name)
        return masked(value)
    if isinstance(value, Mapping):
        return {str(key): _hidden(item, names) for key, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, Sequence):
        return [_hidden(item, names) for item in cast("Sequence[object]", value)]
    return value
