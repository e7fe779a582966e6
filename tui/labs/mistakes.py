"""Mistakes in a lab's file: where, what, and the valid word that was probably meant."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tui.labs.facts import known_facts, unknown_facts

__all__ = ["Mistake", "MistakeList", "nearest", "or_list", "suggestion"]


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake. `line` counts from 1."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(slots=True)
class MistakeList:
    """Collects the mistakes of one file.

    `facts` are the live facts that may stand where text is read now. Where the file's own variables could not be made
    out (`variables_known`), no name of one is a mistake.
    """

    path: Path
    found: list[Mistake] = field(default_factory=list[Mistake])
    facts: tuple[str, ...] = tuple(known_facts())
    variables_known: bool = True

    def allowing(self, *facts: str) -> "MistakeList":
        """The same list of mistakes, for reading text in which these facts may stand too."""
        return MistakeList(self.path, self.found, (*self.facts, *facts), self.variables_known)

    def add(self, line: int, message: str) -> None:
        """Note a mistake."""
        self.found.append(Mistake(self.path, line, message))

    def add_unknown(self, line: int, what: str, word: str, valid: Iterable[str]) -> None:
        """Note a word that is none of the valid ones, and name the nearest."""
        self.add(line, f"{what} `{word}`{suggestion(word, tuple(valid))}")

    def add_unknown_facts(self, line: int, text: str) -> None:
        """Note what looks like a live fact and is none that may stand here."""
        for _, name in unknown_facts(text, self.facts):
            if self.variables_known or not name.startswith("var."):
                self.add_unknown(line, "unknown fact", name, self.facts)

    def sorted(self) -> tuple[Mistake, ...]:
        """The mistakes in the order of the file, each once."""
        return tuple(sorted(set(self.found)))


def nearest(word: str, valid: Iterable[str]) -> str:
    """The valid word most like `word`; empty where none is like it."""
    by_lower = {candidate.lower(): candidate for candidate in valid}
    close = difflib.get_close_matches(word.lower()[:80], by_lower, n=1, cutoff=0.55)
    return by_lower[close[0]] if close else ""


def suggestion(word: str, valid: tuple[str, ...]) -> str:
    """What to append to a sentence about an unknown word."""
    if close := nearest(word, valid):
        return f"; did you mean `{close}`?"
    return f"; valid: {', '.join(valid)}" if valid else ""


def or_list(words: Iterable[str]) -> str:
    """Words joined for reading: "a, b or c"."""
    items = list(words)
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + f" or {items[-1]}" if items else ""
