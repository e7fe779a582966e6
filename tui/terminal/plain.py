"""What a command wrote, as a person would have read it: plain text from raw terminal output."""

import re

__all__ = ["plain_text"]

_TOKEN = re.compile(
    r"""
      \x1b\[ (?P<parameters>[0-9;:?<=>]*) [ -/]* (?P<final>[@-~])
    | (?P<string> \x1b[PX\]^_] (?: [^\x07\x1b\x18\x1a]* (?: \x07 | \x1b\\ | (?=\x1b) | [\x18\x1a] | \Z ) ) )
    | (?P<escape> \x1b (?: [ -/]+ [0-~]? | [0-~] )? )
    | (?P<control> [\x00-\x1f\x7f-\x9f] )
    | (?P<text> [^\x00-\x1f\x7f-\x9f]+ )
    """,
    re.VERBOSE,
)
_ALTERNATE_SCREEN = {"?47", "?1047", "?1049"}
_TAB = 8
_MAX_COLUMN = 1_000
_MAX_LINES = 1_000


class _Paper:
    """Lines that can be written over: enough of a terminal for progress bars and redrawn lines, and no more."""

    def __init__(self) -> None:
        self.lines: list[list[str]] = [[]]
        self.row = 0
        self.column = 0
        self.aside = False  # a full-screen program draws; what it draws is not output

    def write(self, text: str) -> None:
        if self.aside:
            return
        line = self.lines[self.row]
        line.extend(" " * (self.column - len(line)))
        line[self.column : self.column + len(text)] = text
        self.column += len(text)

    def move_down(self, count: int) -> None:
        self.row += count
        while len(self.lines) <= self.row:
            self.lines.append([])
        surplus = len(self.lines) - _MAX_LINES
        if surplus > 0:
            del self.lines[:surplus]
            self.row -= surplus

    def control(self, character: str) -> None:
        if self.aside:
            return
        match character:
            case "\n" | "\v" | "\f":
                self.move_down(1)
                self.column = 0
            case "\r":
                self.column = 0
            case "\b":
                self.column = max(0, self.column - 1)
            case "\t":
                self.column = min(_MAX_COLUMN, (self.column // _TAB + 1) * _TAB)
            case _:
                pass

    def sequence(self, parameters: str, final: str) -> None:
        if final in "hl" and _ALTERNATE_SCREEN & set(parameters.replace(";", ";?").split(";")):
            self.aside = final == "h"
            return
        if self.aside:
            return
        numbers = [int(number[:6]) if number.isascii() and number.isdigit() else 0 for number in parameters.split(";")]
        first = max(1, numbers[0])
        match final:
            case "A" | "F":
                self.row = max(0, self.row - first)
            case "B" | "E":
                self.move_down(min(first, _MAX_LINES))
            case "C":
                self.column = min(_MAX_COLUMN, self.column + first)
            case "D":
                self.column = max(0, self.column - first)
            case "G":
                self.column = min(_MAX_COLUMN, first - 1)
            case "K":
                self.erase_line(numbers[0])
            case "J" if numbers[0] in (0, 2, 3):
                self.erase_below(everything=numbers[0] != 0)
            case "P":
                del self.lines[self.row][self.column : self.column + first]
            case _:
                pass
        if final in "EF":
            self.column = 0

    def erase_line(self, mode: int) -> None:
        line = self.lines[self.row]
        if mode == 0:
            del line[self.column :]
        elif mode == 1:
            line[: self.column + 1] = " " * min(len(line), self.column + 1)
        else:
            line.clear()

    def erase_below(self, *, everything: bool) -> None:
        if everything:
            self.lines, self.row = [[]], 0
            return
        del self.lines[self.row][self.column :]
        del self.lines[self.row + 1 :]


def plain_text(raw: bytes, *, limit: int) -> str:
    """The last `limit` characters of what `raw` leaves on paper.

    Colours, titles and other control sequences are gone; what a carriage return or a cursor movement wrote over is
    written over; what a full-screen program drew is left out. Lines end without trailing blanks, as does the text.
    """
    paper = _Paper()
    for token in _TOKEN.finditer(raw.decode("utf-8", errors="replace")):
        match token.lastgroup:
            case "text":
                paper.write(token.group())
            case "control":
                paper.control(token.group())
            case "final":
                paper.sequence(token["parameters"], token["final"])
            case _:
                pass
    text = "\n".join("".join(line).rstrip() for line in paper.lines).strip("\n")
    return text[-limit:]
