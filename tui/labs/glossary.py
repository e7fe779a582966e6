"""The glossary: the words of a swarm, each explained in a few sentences. One Markdown file for all labs. Pure.

    ## join token
    Also: token, join-token

    What a machine shows at the door of a **swarm**. …

A word in bold is another word of the glossary. `Also` names other forms; a plural in -s need not be named.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tui.errors import ExitCode, UserError
from tui.labs.mistakes import Mistake, MistakeList, nearest

__all__ = ["FILE", "MOST_WORDS", "Term", "bold_words", "find_term", "load_glossary", "parse_glossary", "terms_in"]

FILE = "glossary.md"
"""The file's name, in the folder of labs."""

MOST_WORDS = 75
"""Longer than this, an explanation is a lesson: it has to fit beside the list in a window of 80 by 24."""

_ALSO = "also:"
_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Term:
    """A word, its other forms, and its explanation: paragraphs with `code` and **other words** in them."""

    name: str
    also: tuple[str, ...]
    text: str
    line: int = 0

    @property
    def forms(self) -> tuple[str, ...]:
        """All that it is called."""
        return (self.name, *self.also)


def parse_glossary(text: str, path: Path) -> tuple[tuple[Term, ...], tuple[Mistake, ...]]:
    """The words in the order of the file, and what is wrong with it."""
    mistakes = MistakeList(path)
    terms: list[Term] = []
    for line, name, body in _entries(text):
        also, text_of = _split(body)
        terms.append(Term(name, also, text_of, line))
    if not terms:
        mistakes.add(1, "the glossary explains nothing; a word is a heading: `## manager`")
    _check(terms, mistakes)
    return tuple(terms), mistakes.sorted()


def _entries(text: str) -> Iterable[tuple[int, str, list[str]]]:
    current: tuple[int, str, list[str]] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("## "):
            if current:
                yield current
            current = (number, line[3:].strip(), [])
        elif current:
            current[2].append(line)
    if current:
        yield current


def _split(body: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The other forms, and the paragraphs, each on a line of its own."""
    lines = list(body)
    while lines and not lines[0].strip():
        del lines[0]
    also: tuple[str, ...] = ()
    if lines and lines[0].lower().startswith(_ALSO):
        also = tuple(form.strip() for form in lines.pop(0)[len(_ALSO) :].split(",") if form.strip())
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines).strip())
    return also, "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs if paragraph.strip())


def _check(terms: Sequence[Term], mistakes: MistakeList) -> None:
    owners: dict[str, Term] = {}
    for term in terms:
        for form in term.forms:
            if (other := owners.setdefault(form.lower(), term)) is not term:
                mistakes.add(term.line, f"`{form}` is explained twice, first in line {other.line}")
    for before, term in pairwise(terms):
        if term.name.lower() < before.name.lower():
            mistakes.add(term.line, f"`{term.name}` comes before `{before.name}` in the alphabet")
    for term in terms:
        if not term.text:
            mistakes.add(term.line, f"`{term.name}` has no explanation")
        if (count := len(term.text.split())) > MOST_WORDS:
            mistakes.add(term.line, f"`{term.name}` takes {count} words; {MOST_WORDS} are what fits on the screen")
        for word in bold_words(term.text):
            other = find_term(word, terms)
            if other is None:
                near = nearest(word, (form for each in terms for form in each.forms))
                mend = f"did you mean `{near}`?" if near else "explain it too, or take the bold away"
                mistakes.add(term.line, f"`{term.name}` names `{word}`, which is not explained; {mend}")
            elif other is term:
                mistakes.add(term.line, f"`{term.name}` explains itself by itself; no need for bold")


def bold_words(text: str) -> tuple[str, ...]:
    """The other words that an explanation names."""
    return tuple(" ".join(word.split()) for word in _BOLD.findall(text))


def find_term(word: str, terms: Iterable[Term]) -> Term | None:
    """The term of that name or form, in the singular or the plural."""
    lower = word.lower()
    forms: Mapping[str, Term] = {form.lower(): term for term in terms for form in term.forms}
    return forms.get(lower) or forms.get(lower.removesuffix("s"))


def terms_in(text: str, terms: Iterable[Term]) -> tuple[Term, ...]:
    """The words that occur in a text, in the order in which they come up."""
    found = [(match.start(), term) for term in terms if (match := _pattern(term).search(text))]
    return tuple(term for _, term in sorted(found, key=lambda each: each[0]))


def _pattern(term: Term) -> re.Pattern[str]:
    """A form with a capital is meant as it is written: `Down` is a status, and down is a direction."""
    longest_first = sorted(term.forms, key=len, reverse=True)
    forms = "|".join(_words(form) if form != form.lower() else f"(?i:{_words(form)})" for form in longest_first)
    return re.compile(rf"(?<![\w-])(?:{forms})s?(?![\w-])")


def _words(form: str) -> str:
    return r"\s+".join(re.escape(word) for word in form.split())


def load_glossary(content_dir: Path) -> tuple[Term, ...]:
    """The words, in the alphabet's order; none where there is no such file. Raises UserError (BROKEN)."""
    path = content_dir / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The glossary cannot be read: {path}: {error}", exit_code=ExitCode.BROKEN) from error
    terms, _ = parse_glossary(text, path)
    return terms
