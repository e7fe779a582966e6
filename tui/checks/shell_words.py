"""A shell's line cut into commands and words, as a POSIX shell does it, but without ever refusing a line."""

__all__ = ["split_commands"]

_BLANKS = " \t\r\f\v"
_ENDS = ";&|()\n"


def split_commands(line: str) -> list[list[str]]:
    """The words of each simple command, unquoted. Redirections and comments are left out.

    Commands end at `;`, `&`, `|`, brackets and line ends. A substitution (`$(…)`) stays one word with what is
    around it. An unclosed quotation ends with the line.
    """
    return _Splitter(line).split()


class _Splitter:
    def __init__(self, line: str) -> None:
        self._line = line
        self._at = 0
        self._commands: list[list[str]] = []
        self._words: list[str] = []
        self._word: list[str] | None = None  # None between words; [] is an empty, quoted word
        self._skips_word = False  # the next word is where a redirection goes

    def split(self) -> list[list[str]]:
        while self._at < len(self._line):
            sign = self._line[self._at]
            if sign in _BLANKS:
                self._end_word()
                self._at += 1
            elif sign == "#" and self._word is None:
                self._at = self._find("\n")
            elif sign in "<>" or (sign == "&" and self._line[self._at + 1 : self._at + 2] == ">"):
                self._redirection()
            elif sign in _ENDS:
                self._end_command()
                self._at += 1
            else:
                self._sign(sign)
        self._end_command()
        return self._commands

    def _find(self, sign: str) -> int:
        """Where `sign` comes next, or the end of the line."""
        found = self._line.find(sign, self._at)
        return len(self._line) if found < 0 else found

    def _take(self, until: int) -> str:
        text = self._line[self._at : until]
        self._at = until
        return text

    def _put(self, text: str) -> None:
        if self._word is None:
            self._word = []
        self._word.append(text)

    def _end_word(self) -> None:
        if self._word is not None:
            if self._skips_word:
                self._skips_word = False
            else:
                self._words.append("".join(self._word))
            self._word = None

    def _end_command(self) -> None:
        self._end_word()
        self._skips_word = False
        if self._words:
            self._commands.append(self._words)
            self._words = []

    def _redirection(self) -> None:
        if self._word is not None and "".join(self._word).isdigit():
            self._word = None
        self._end_word()
        while self._line[self._at : self._at + 1] in tuple("<>&|"):
            self._at += 1
        if self._line[self._at : self._at + 1] == "(":
            self._bracket()
        else:
            self._skips_word = True

    def _sign(self, sign: str) -> None:
        """One sign of a word, or a quotation in it."""
        self._at += 1
        if sign == "\\":
            self._escaped()
        elif sign == "'":
            self._put(self._take(self._find("'")))
            self._at += 1
        elif sign == '"':
            self._double_quoted()
        elif sign == "`":
            self._put("`" + self._take(self._find("`")) + "`")
            self._at += 1
        elif sign == "$" and self._line[self._at : self._at + 1] == "(":
            self._put("$" + self._bracket())
        else:
            self._put(sign)

    def _escaped(self) -> None:
        following = self._take(min(self._at + 1, len(self._line)))
        if following and following != "\n":
            self._put(following)

    def _double_quoted(self) -> None:
        self._put("")
        while self._at < len(self._line):
            sign = self._take(self._at + 1)
            following = self._line[self._at : self._at + 1]
            if sign == '"':
                return
            if sign == "\\" and following in ("$", "`", '"', "\\", "\n"):
                self._at += 1
                self._put("" if following == "\n" else following)
            elif sign == "$" and following == "(":
                self._put("$" + self._bracket())
            else:
                self._put(sign)

    def _bracket(self) -> str:
        """What stands in a pair of brackets, with them."""
        start, depth = self._at, 0
        while self._at < len(self._line):
            sign = self._take(self._at + 1)
            if sign == "\\":
                self._at += 1
            elif sign == "'":
                self._at = self._find("'") + 1
            elif sign == "(":
                depth += 1
            elif sign == ")":
                depth -= 1
                if depth == 0:
                    break
        return self._line[start : self._at]
