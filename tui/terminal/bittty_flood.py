"""A flood of lines, without drawing each of them: what nobody could have seen goes to the history at once.

Of many lines that arrive together only the last screenful is ever seen. The others are put where they would have ended
up, in the history, and the board draws the last ones; the result is the same as if it had drawn them all, which is
only done for what it is known to be true of: ASCII text, colours and line ends, on a plain screen.
"""

# The board is taken as Any, as in the engine that it belongs to.

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui.terminal.engine import Run, RunStyle
from tui.terminal.history import History

__all__ = ["Flood"]

_SGR = re.compile(r"(\x1b\[[0-9;:]*m)")
_LINES = re.compile(r"(?:\A|(?<=\n))(?:(?:[\x20-\x7e]++|\x1b\[[0-9;:]*+m)*+\r\n)++")
_LEAST_SCREENFULS = 1.25
"""How much has to arrive together for it to be worth it: the last screenful is drawn in any case."""
_MAX_PENS = 1_000
_SINGLE_WIDTH = "single"
_PLAIN = RunStyle()


@dataclass(eq=False, slots=True)
class _Pen:
    """A style of the board's, how it looks, and what sequences make of it: a style's hash is slow to be had."""

    style: Any
    look: RunStyle
    after: "dict[str, _Pen]" = field(default_factory=dict[str, "_Pen"])


class Flood:
    """Takes the plain lines out of what a shell wrote. `parse` has the board draw; `look_of` is how its styles look."""

    def __init__(
        self, board: Any, history: History, parse: Callable[[str], None], look_of: Callable[[Any], RunStyle]
    ) -> None:
        self._board = board
        self._history = history
        self._parse = parse
        self._look_of = look_of
        self._pens: dict[Any, _Pen] = {}

    def feed(self, text: str) -> None:
        """Everything is parsed or put into the history, in order."""
        rows: int = self._board.height
        least = int(_LEAST_SCREENFULS * rows) + 1
        if text.count("\n") < least:
            self._parse(text)
            return
        done = 0
        for stretch in _LINES.finditer(text):
            lines = stretch[0].split("\r\n")
            lines.pop()
            if len(lines) >= least:
                self._parse(text[done : stretch.start()])
                self._take(lines, rows)
                done = stretch.end()
        self._parse(text[done:])

    def _take(self, lines: Sequence[str], rows: int) -> None:
        """Lines that begin where the cursor is."""
        begun = 0
        if not self._at_a_blank_end():
            begun = rows + 1
            self._parse("\r\n".join((*lines[:begun], "")))
        seen = self._seen(lines, rows)
        hidden = self._hidden(lines[begun:seen], lines[seen:]) if seen > begun and self._is_plain() else None
        if hidden is None:
            self._parse("\r\n".join((*lines[begun:], "")))
            return
        board = self._board
        board.blitter.scroll(rows - 1)
        self._history.append_lines(hidden, board.width)
        board.blitter.reset_grapheme_state()
        board.cursor.set_position(0, 0)
        self._parse("\r\n".join((*lines[seen:], "")))

    def _seen(self, lines: Sequence[str], rows: int) -> int:
        """The first of the lines that fill the screen but for its last row, where the cursor waits."""
        columns: int = self._board.width
        left = rows - 1
        seen = len(lines)
        while left > 0 and seen > 0:
            seen -= 1
            line = lines[seen]
            length = len(line if "\x1b" not in line else _SGR.sub("", line))
            left -= max(1, -(-length // columns))
        return seen

    def _is_plain(self) -> bool:
        """Whether the board does with text and line ends what any terminal does, and nothing else."""
        board = self._board
        blitter, modes, charset, parser = board.blitter, board.modes, board.charset, board.parser
        return bool(
            parser.mode is None
            and parser.pos >= len(parser.buffer)
            and not parser.vt52
            and not blitter.in_alt_screen
            and blitter.current_page is blitter.main_page
            and not blitter.status_active
            and (blitter.scroll_top, blitter.scroll_bottom) == (0, board.height - 1)
            and (blitter.left_margin, blitter.right_margin) == (0, board.width - 1)
            and modes.auto_wrap
            and not modes.insert_mode
            and not board.printer.auto_print
            and charset.single_shift is None
            and charset.charset_array[charset.current_charset] == "B"
            and board.style.current.bg is None
            and self._at_a_blank_end()
        )

    def _at_a_blank_end(self) -> bool:
        """Whether the cursor is where it is after a line end in a full screen: in the last row, which is empty."""
        board = self._board
        cursor, page = board.cursor, board.blitter.current_page
        last: int = board.height - 1
        if (cursor.y, cursor.x) != (last, 0) or page.line_attributes[last] != _SINGLE_WIDTH:
            return False
        if last and page.wrapped_lines[last - 1]:
            return False
        row = page.grid[last]
        return row[0][1] == " " and self._look_of(row[0][0]) == _PLAIN and row.count(row[0]) == len(row)

    def _hidden(self, lines: Sequence[str], last: Sequence[str]) -> list[list[Run]] | None:
        """The runs of lines that are followed by the `last` ones, and the board's style is the one after them.

        None, and the style is as before, if there is a background colour in any of them: where rows scroll in, it
        would go with them.
        """
        device = self._board.style
        before = device.current
        hidden, after = self._runs_of(lines, self._pen(before))
        coloured = any("\x1b" in line for line in last)
        if hidden is not None and coloured and self._runs_of(last, after)[0] is None:
            hidden = None
        device.current = before if hidden is None else after.style
        return hidden

    def _runs_of(self, lines: Sequence[str], pen: "_Pen") -> "tuple[list[list[Run]] | None, _Pen]":
        """The runs of lines, None if there is a background colour; and what is written with after them."""
        if not any("\x1b" in line for line in lines):
            known = {line: [Run(line, pen.look, len(line))] if line else [] for line in set(lines)}
            return [known[line] for line in lines], pen
        found: list[list[Run]] = []
        for line in lines:
            runs: list[Run] = []
            # Text and sequences in turn, text first.
            for index, part in enumerate(_SGR.split(line)):
                if index % 2:
                    pen = pen.after.get(part) or self._pen_after(pen, part)
                    if pen.style.bg is not None:
                        return None, pen
                elif part and runs and runs[-1].style == pen.look:
                    runs[-1] = Run(runs[-1].text + part, pen.look, runs[-1].cells + len(part))
                elif part:
                    runs.append(Run(part, pen.look, len(part)))
            found.append(runs)
        return found, pen

    def _pen(self, style: Any) -> "_Pen":
        pen = self._pens.get(style)
        if pen is None:
            if len(self._pens) >= _MAX_PENS:
                self._pens.clear()
            pen = self._pens[style] = _Pen(style, self._look_of(style))
        return pen

    def _pen_after(self, pen: "_Pen", sequence: str) -> "_Pen":
        """The pen that a sequence makes of another."""
        self._board.style.current = pen.style
        self._parse(sequence)
        if len(pen.after) >= _MAX_PENS:
            pen.after.clear()
        after = pen.after[sequence] = self._pen(self._board.style.current)
        return after
