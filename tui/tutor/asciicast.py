"""The learner's shells as asciicasts, version 2 (https://docs.asciinema.org/manual/asciicast/v2/).

While the lesson runs, each shell's output is appended to a file of the learner's own (mode 0600). The export hides
secrets in it, also those whose signs came in several pieces.
"""

import codecs
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tui.tutor.masking import masked

__all__ = ["CastRecorder", "masked_cast"]

_LARGEST = 8_000_000  # signs of one file; a shell that writes more than that is not followed further


@dataclass(frozen=True, slots=True)
class _Event:
    at: float
    kind: str
    data: str


class CastRecorder:
    """Follows one shell. Times are seconds since `began`, which is given in seconds since the epoch.

    Events are kept in memory until `flush`, which may run in a thread.
    """

    def __init__(self, path: Path, *, columns: int, rows: int, began: float, title: str) -> None:
        self.path = path
        self.trouble = ""
        self._began = began
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._written = 0
        self._size = (columns, rows)
        header = {"version": 2, "width": columns, "height": rows, "timestamp": int(began), "title": title}
        self._header = json.dumps(header)
        self._pending: list[str] = []

    def output(self, data: bytes, at: float) -> None:
        """Note what the shell wrote at a moment (seconds since the epoch)."""
        if text := self._decoder.decode(data):
            self._write(_Event(at - self._began, "o", text))

    def resized(self, columns: int, rows: int, at: float) -> None:
        """Note a new size."""
        if (columns, rows) != self._size:
            self._size = (columns, rows)
            self._write(_Event(at - self._began, "r", f"{columns}x{rows}"))

    def flush(self) -> None:
        """Append what has come since the last time. Where that fails, `trouble` says why, and nothing more is kept."""
        pending, self._pending = self._pending, []
        if not pending or self.trouble:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in pending)
        except OSError as error:
            self.trouble = f"The shell is not recorded: {self.path}: {error.strerror}."

    def _write(self, event: _Event) -> None:
        if self.trouble or self._written > _LARGEST:
            return
        lines = [_line(event)] if self._written else [self._header, _line(event)]
        self._written += sum(map(len, lines))
        self._pending += lines


def masked_cast(text: str, secrets: Iterable[str] = ()) -> str:
    """The same cast without secrets, event for event. Lines that are none are left out, as is input.

    What the shell wrote is joined, hidden as one text (each hidden sign by one sign), and cut again at the same places.
    Raises ValueError where the text does not begin with a header of version 2.
    """
    header, *lines = text.split("\n")
    loaded: object = json.loads(header) if header else None
    if not isinstance(loaded, dict) or cast("dict[str, object]", loaded).get("version") != 2:
        raise ValueError("not an asciicast of version 2")
    events = [event for event in map(_event, lines) if event is not None]
    written = "".join(event.data for event in events if event.kind == "o")
    hidden = masked(written, secrets)
    if len(hidden) != len(written):
        raise AssertionError("hiding changed the length of a text")
    return "\n".join([masked(header, secrets), *_cut_again(events, hidden)]) + "\n"


def _cut_again(events: Sequence[_Event], written: str) -> list[str]:
    lines: list[str] = []
    position = 0
    for event in events:
        data = event.data
        if event.kind == "o":
            data = written[position : position + len(event.data)]
            position += len(event.data)
        lines.append(_line(_Event(event.at, event.kind, data)))
    return lines


def _line(event: _Event) -> str:
    return json.dumps([round(event.at, 6), event.kind, event.data], ensure_ascii=False)


def _event(line: str) -> _Event | None:
    try:
        loaded: object = json.loads(line)
    except ValueError:
        return None
    if not isinstance(loaded, list):
        return None
    match cast("list[object]", loaded):
        case [float() | int() as at, str() as kind, str() as data] if kind in ("o", "r"):
            return _Event(float(at), kind, data)
        case _:
            return None
