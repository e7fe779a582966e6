"""Says lines on the standard output: no control characters, no cursor movement, wrapped only for a terminal."""

import re
import shutil
import textwrap
from collections.abc import Callable, Iterable
from typing import TextIO

from tui.tutor.plain_prose import Line

__all__ = ["PROMPT", "Speaker", "spelled", "wrapped"]

PROMPT = "> "

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LEAST_WIDTH = 20
_ASCII = str.maketrans(
    {
        "«": '"',
        "»": '"',
        "“": '"',
        "”": '"',
        "„": '"',
        "‘": "'",
        "’": "'",
        "–": "-",
        "—": "-",
        "×": "x",
        "…": "...",
        "→": "->",
        "•": "*",
        "\N{NO-BREAK SPACE}": " ",
    }
)


def spelled(text: str, encoding: str) -> str:
    """The text in signs that the encoding has: typographic ones become plain ones, any other a question mark."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_ASCII).encode(encoding, errors="replace").decode(encoding)
    return text


def wrapped(line: Line, width: int) -> list[str]:
    """The line in pieces that are no wider than the terminal, cut between words. Code stays whole, and so does all
    where `width` is 0."""
    if line.code or width <= 0 or len(line.text) <= width:
        return [line.text]
    return textwrap.wrap(line.text, max(width, _LEAST_WIDTH), break_long_words=False, break_on_hyphens=False) or [""]


class Speaker:
    """Where lines go. On a terminal there is a prompt while somebody may type, and news come above a new one."""

    def __init__(self, out: TextIO, *, terminal: bool, width: Callable[[], int] | None = None) -> None:
        """`width` of the terminal in cells, asked for each time; its own where None."""
        self._out = out
        self._terminal = terminal
        self._width = width or (lambda: shutil.get_terminal_size().columns)
        self._prompted = False

    @property
    def terminal(self) -> bool:
        """Whether a person sits at the other end."""
        return self._terminal

    def say(self, *lines: str | Line) -> None:
        """Say these lines, one after the other."""
        self.say_all(lines)

    def say_all(self, lines: Iterable[str | Line]) -> None:
        """The same, all at once."""
        width = self._width() if self._terminal else 0
        pieces = [piece for line in lines for piece in wrapped(line if isinstance(line, Line) else Line(line), width)]
        if not pieces:
            return
        asked, self._prompted = self._prompted, False
        self._write("\n" * asked + "".join(f"{piece}\n" for piece in pieces))
        if asked:
            self.prompt()

    def prompt(self) -> None:
        """Somebody may type now."""
        if self._terminal and not self._prompted:
            self._write(PROMPT)
            self._prompted = True

    def typed(self, text: str) -> None:
        """Somebody did. Where no terminal has shown it, it is shown, so that the text can be followed."""
        if not self._terminal:
            self._write(f"{PROMPT}{text}\n")
        self._prompted = False

    def break_line(self) -> None:
        """Begin a new line: something else has been written to the terminal."""
        if self._terminal:
            self._write("\n")
        self._prompted = False

    def leave_prompt(self) -> None:
        """Nobody will type here any more."""
        if self._prompted:
            self.break_line()

    def _write(self, text: str) -> None:
        self._out.write(spelled(_CONTROL.sub("", text), self._out.encoding or "utf-8"))
        self._out.flush()
