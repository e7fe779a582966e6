"""What has scrolled off the top of a screen: rows of styled runs, oldest first, bounded in number."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui.terminal.engine import Run

__all__ = ["History"]


@dataclass(frozen=True, slots=True)
class _Row:
    runs: tuple[Run, ...]
    wrapped: bool  # the line goes on in the next row


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

    def clear(self) -> None:
        """Forget every row."""
        self._dropped += len(self._rows)
        self._rows.clear()

    def _trim(self) -> None:
        while len(self._rows) > self._limit:
            self._rows.popleft()
            self._dropped += 1

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
