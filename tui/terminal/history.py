"""What has scrolled off the top of a screen: rows of styled runs, oldest first, bounded in number."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from tui.terminal.engine import Run, RunStyle

__all__ = ["History"]


@dataclass(frozen=True, slots=True)
class _Row:
    runs: tuple[Run, ...]
    wrapped: bool  # the line goes on in the next row


_PLAIN = RunStyle()


def _rows_of(line: Sequence[Run], columns: int) -> Sequence[_Row]:
    if len(line) <= 1 and (not line or line[0].cells <= columns):
        return (_Row(_without_blanks(line), wrapped=False),)
    *rows, last = _cut(line, columns)
    return (*rows, _Row(_without_blanks(last.runs), wrapped=False))


def _without_blanks(runs: Sequence[Run]) -> tuple[Run, ...]:
    """The runs of a row but for the blanks at its end that have no style."""
    last = runs[-1] if runs else None
    if last is None or not last.text.endswith(" ") or last.style != _PLAIN:
        return tuple(runs)
    text = last.text.rstrip(" ")
    kept = (Run(text, _PLAIN, last.cells - len(last.text) + len(text)),) if text else ()
    return (*runs[:-1], *kept)


class History:
    """The last `limit` rows. Rows of a line that was wrapped are joined and cut anew when the width changes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rows: deque[_Row] = deque()
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many rows were given up or cleared: with it, a row keeps its number while others come and go."""
        return self._dropped

    def __len__(self) -> int:
        return len(self._rows)

    def append(self, runs: Sequence[Run], wrapped: bool) -> None:
        """Add the row that scrolled off last; `wrapped` says that its line goes on in the row after it."""
        self._rows.append(_Row(tuple(runs), wrapped))
        self._trim()

    def append_lines(self, lines: Sequence[Sequence[Run]], columns: int) -> None:
        """Add the rows that whole lines take at a width, without blanks at their ends that have no style."""
        # In a flood the same line comes again and again, as the same object.
        known = {id(line): line for line in lines}
        made = {key: _rows_of(line, columns) for key, line in known.items()}
        self._rows.extend(chain.from_iterable([made[id(line)] for line in lines]))
        self._trim()

    def clear(self) -> None:
        """Forget every row."""
        self._dropped += len(self._rows)
        self._rows.clear()

    def _trim(self) -> None:
        surplus = len(self._rows) - self._limit
        for _ in range(surplus):
            self._rows.popleft()
        self._dropped += max(0, surplus)

    def row(self, index: int) -> Sequence[Run]:
        """The runs of a row: -1 is the youngest. Empty where there is no such row."""
        return self._rows[index].runs if -len(self._rows) <= index < 0 else ()

    def wraps(self, index: int) -> bool:
        """Whether the line of a row goes on in the row after it."""
        return -len(self._rows) <= index < 0 and self._rows[index].wrapped

    def rewrap(self, columns: int) -> None:
        """Cut the lines anew to this width; what a row's number was is of no use afterwards."""
        rows: deque[_Row] = deque()
        line: list[Run] = []
        for row in self._rows:
            line.extend(row.runs)
            if row.wrapped:
                continue
            rows.extend(_cut(line, columns))
            line = []
        if line:
            cut = list(_cut(line, columns))
            rows.extend((*cut[:-1], _Row(cut[-1].runs, wrapped=True)))
        self._rows = rows
        self._trim()


def _cut(line: Sequence[Run], columns: int) -> Iterable[_Row]:
    """The rows that a line takes at a width; at least one, and only the last is not marked as wrapped."""
    rows: list[list[Run]] = [[]]
    room = columns
    for run in line:
        rest = run
        while rest.cells > room:
            if len(rest.text) != rest.cells:  # wide or combined characters: never split them, start a new row
                if room == columns:
                    break
                rows.append([])
                room = columns
                continue
            if room:
                rows[-1].append(Run(rest.text[:room], rest.style, room))
                rest = Run(rest.text[room:], rest.style, rest.cells - room)
            rows.append([])
            room = columns
        rows[-1].append(rest)
        room = max(0, room - rest.cells)
    return [_Row(tuple(row), wrapped=index < len(rows) - 1) for index, row in enumerate(rows)]
