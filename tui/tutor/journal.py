"""What a learner did in a lab, entry by entry, in a file of their own: the source of every export.

One JSON object a line, appended at once, so that a crash loses nothing. The file is the learner's alone (mode 0600).
Join tokens are hidden before anything is written. Reading takes a library that the first page need not wait for.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

from tui.tutor.masking import masked

__all__ = ["Answered", "Entry", "Helped", "Journal", "Opened", "Ran", "StepDone", "StepOpened", "read_entries"]

_LONGEST_OUTPUT = 4_000  # signs of a command's output that are kept: its end


@dataclass(frozen=True, slots=True)
class Opened:
    """The learner came to the lab, for the first time or again. `at`: seconds since the epoch, as everywhere here."""

    at: float
    lab: str
    title: str
    steps: int


@dataclass(frozen=True, slots=True)
class StepOpened:
    """A step came on screen."""

    at: float
    step: str
    title: str


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step's goal was met."""

    at: float
    step: str


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that ended. `exit_status` is None where it never did."""

    at: float
    step: str
    node: str
    text: str
    exit_status: int | None
    seconds: float
    output: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """A question was answered, or an answer judged: `right` is None until the swarm has answered as well."""

    at: float
    step: str
    question: str
    ask: str
    value: str
    right: bool | None = None
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Helped:
    """Help was taken: `what` says which, such as `hint 2`."""

    at: float
    step: str
    what: str


Entry = Opened | StepOpened | StepDone | Ran | Answered | Helped

_KINDS: Mapping[str, type[Entry]] = {
    "opened": Opened,
    "step": StepOpened,
    "done": StepDone,
    "ran": Ran,
    "answered": Answered,
    "helped": Helped,
}


class Journal:
    """Appends to one file. Where that fails, `trouble` says why, and the lesson goes on."""

    def __init__(self, path: Path, secrets: Iterable[str] = ()) -> None:
        self.path = path
        self.trouble = ""
        self._secrets = tuple(secrets)

    def add(self, entry: Entry) -> None:
        """Write one entry."""
        line = json.dumps(_plain(entry, self._secrets), ensure_ascii=False)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, f"{line}\n".encode())
            finally:
                os.close(handle)
        except OSError as error:
            self.trouble = f"What you do is not written down: {self.path}: {error.strerror}."


def read_entries(text: str) -> tuple[Entry, ...]:
    """The entries in a journal's text. A line that is none, as a power cut leaves it, is passed over."""
    import cattrs
    from cattrs.preconf.json import make_converter

    converter = make_converter()
    entries: list[Entry] = []
    for line in text.split("\n"):
        try:
            loaded: object = json.loads(line)
            if isinstance(loaded, dict):
                record = cast("dict[str, Any]", loaded)
                entries.append(converter.structure(record, _KINDS[str(record.get("kind"))]))
        except (ValueError, KeyError, TypeError, cattrs.BaseValidationError):
            continue
    return tuple(entries)


def _plain(entry: Entry, secrets: Iterable[str]) -> dict[str, object]:
    kind = next(name for name, of in _KINDS.items() if isinstance(entry, of))
    plain: dict[str, object] = {"kind": kind}
    for field in fields(entry):
        value: object = getattr(entry, field.name)
        if field.name == "output":
            value = str(value)[-_LONGEST_OUTPUT:]
        plain[field.name] = masked(value, secrets) if isinstance(value, str) else value
    return plain
