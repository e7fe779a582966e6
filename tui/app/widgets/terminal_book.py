"""What stands in a terminal, by numbers that last: its lines, what is between two places, what is found, the links."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.geometry import Offset

from tui.app.widgets.terminal_paint import row_text
from tui.terminal.engine import Run, TerminalEngine

__all__ = ["Book", "Link", "Stretch"]

_ADDRESS = re.compile(r"https?://[^\s<>\"'`{}|\\^]+", re.IGNORECASE)
_AFTER_AN_ADDRESS = ".,;:!?)]"
_BETWEEN_WORDS = frozenset(" \t\"'`()[]{}<>|;,│")


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one place to before another. A place is a character (x) in a line (y)."""

    start: Offset
    end: Offset

    def within(self, line: int) -> tuple[int, int | None] | None:
        """The part of a line that belongs to it: from, and to before; None for the line's end. None if it has none."""
        if not self.start.y <= line <= self.end.y:
            return None
        return (self.start.x if line == self.start.y else 0, self.end.x if line == self.end.y else None)

    def holds(self, place: Offset) -> bool:
        """Whether a place is in it."""
        return (self.start.y, self.start.x) <= (place.y, place.x) < (self.end.y, self.end.x)


@dataclass(frozen=True, slots=True)
class Link:
    """An address, and where it can be seen: as itself, or behind other words."""

    address: str
    place: Stretch


@dataclass(frozen=True, slots=True)
class _Whole:
    """A line in one piece, which may take several rows: the number of the first, and their texts."""

    first: int
    rows: tuple[str, ...]

    @property
    def text(self) -> str:
        return "".join(self.rows)

    def stretch(self, start: int, end: int) -> Stretch:
        return Stretch(self._place(start), self._place(end, ends=True))

    def _place(self, index: int, *, ends: bool = False) -> Offset:
        for number, row in enumerate(self.rows):
            if index < len(row) or (ends and index == len(row)) or number == len(self.rows) - 1:
                return Offset(index, self.first + number)
            index -= len(row)
        return Offset(0, self.first)


class Book:
    """The rows of an engine, each by a number that it keeps while others scroll; its history, or a program's screen."""

    def __init__(self, engine: TerminalEngine) -> None:
        self._engine = engine

    @property
    def oldest(self) -> int:
        """The number of the first row that is kept. A full-screen program has no history."""
        engine = self._engine
        return engine.scrolled_rows - (0 if engine.alternate_screen else engine.history_rows)

    @property
    def youngest(self) -> int:
        """The number of the last row on the screen."""
        return self._engine.scrolled_rows + self._engine.rows - 1

    def runs(self, line: int) -> Sequence[Run]:
        """What stands in a row."""
        return self._engine.row(line - self._engine.scrolled_rows)

    def text(self, line: int) -> str:
        """The text of a row."""
        return row_text(self.runs(line))

    def wraps(self, line: int) -> bool:
        """Whether the line goes on in the next row."""
        return line < self.youngest and self._engine.wraps(line - self._engine.scrolled_rows)

    def between(self, start: Offset, end: Offset) -> str:
        """The text from a place to before another; wrapped lines are whole, without blanks at the ends of lines."""
        first, last = max(self.oldest, start.y), min(self.youngest, end.y)
        rows = [self.text(line) for line in range(first, last + 1)]
        if not rows:
            return ""
        if last == end.y:
            rows[-1] = rows[-1][: end.x]
        if first == start.y:
            rows[0] = rows[0][start.x :]
        lines: list[str] = [""]
        for line, text in enumerate(rows, first):
            lines[-1] += text
            if not self.wraps(line):
                lines.append("")
        return "\n".join(line.rstrip() for line in lines).removesuffix("\n")

    def word(self, place: Offset) -> tuple[int, int]:
        """Where the word at a place begins and ends in its row; the same twice between words."""
        text = self.text(place.y)
        index = place.x
        if index >= len(text) or text[index] in _BETWEEN_WORDS:
            return index, index
        start, end = index, index + 1
        while start > 0 and text[start - 1] not in _BETWEEN_WORDS:
            start -= 1
        while end < len(text) and text[end] not in _BETWEEN_WORDS:
            end += 1
        return start, end

    def index_at(self, line: int, cell: int) -> int:
        """The character that stands in a cell of a row; the row's length behind its text."""
        text = self.text(line)
        if text.isascii():
            return min(cell, len(text))
        return next((index for index in range(len(text)) if cell_len(text[: index + 1]) > cell), len(text))

    def find(self, sought: str) -> list[Stretch]:
        """Where a text stands, oldest first; capitals matter if it has any."""
        if not sought:
            return []
        pattern = re.compile(re.escape(sought), 0 if sought != sought.lower() else re.IGNORECASE)
        return [
            whole.stretch(match.start(), match.end())
            for whole in self._wholes()
            for match in pattern.finditer(whole.text)
        ]

    def links(self) -> list[Link]:
        """Every link, oldest first: those that a program made (OSC 8), and addresses that stand there as text."""
        return [link for whole in self._wholes() for link in self._links_in(whole)]

    def link_at(self, place: Offset) -> Link | None:
        """The link that a place belongs to."""
        if not self.oldest <= place.y <= self.youngest:
            return None
        return next((link for link in self._links_in(self._whole(place.y)) if link.place.holds(place)), None)

    def _wholes(self) -> Iterator[_Whole]:
        line = self.oldest
        while line <= self.youngest:
            whole = self._whole_from(line)
            line += len(whole.rows)
            yield whole

    def _whole(self, line: int) -> _Whole:
        while line > self.oldest and self.wraps(line - 1):
            line -= 1
        return self._whole_from(line)

    def _whole_from(self, line: int) -> _Whole:
        rows = [self.text(line)]
        while self.wraps(line + len(rows) - 1):
            rows.append(self.text(line + len(rows)))
        return _Whole(line, tuple(rows))

    def _links_in(self, whole: _Whole) -> list[Link]:
        made: list[tuple[int, int, str]] = []
        index = 0
        for line in range(whole.first, whole.first + len(whole.rows)):
            for run in self.runs(line):
                end = index + len(row_text((run,)))
                address = run.style.link
                if address and made and made[-1][1:] == (index, address):
                    made[-1] = (made[-1][0], end, address)
                elif address:
                    made.append((index, end, address))
                index = end
        for match in _ADDRESS.finditer(whole.text):
            address = match[0].rstrip(_AFTER_AN_ADDRESS)
            start, end = match.start(), match.start() + len(address)
            if not any(other[0] < end and start < other[1] for other in made):
                made.append((start, end, address))
        return [Link(address, whole.stretch(start, end)) for start, end, address in sorted(made)]
