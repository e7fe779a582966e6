"""The glossary as lines of text. Pure."""

from collections.abc import Sequence
from difflib import get_close_matches

from tui.labs.glossary import Term, find_term, terms_in
from tui.tutor.plain_page import page_lines
from tui.tutor.plain_prose import Line, ended, prose_lines
from tui.tutor.views import LessonView

__all__ = ["term_lines", "words_lines"]


def words_lines(terms: Sequence[Term], view: LessonView) -> list[Line]:
    """Which words are explained, those of the step first."""
    if not terms:
        return [Line("No glossary came with these labs.")]
    here = terms_in("\n".join(line.text for line in page_lines(view)), terms)
    lines = [Line("`words` and a word explains it, as in `words manager`.")]
    if here:
        lines.append(Line(f"Words of this step: {', '.join(term.name for term in here)}."))
    return [*lines, Line(f"All words: {', '.join(term.name for term in terms)}.")]


def term_lines(terms: Sequence[Term], word: str) -> list[Line]:
    """What a word means."""
    term = find_term(word, terms)
    if term is None:
        names = {form.lower(): form for each in terms for form in each.forms}
        near = get_close_matches(word.lower(), names, n=1)
        mend = f"Did you mean `words {names[near[0]]}`?" if near else "`words` alone lists those that are explained."
        return [Line(f"`{word}` is not explained here. {mend}")]
    also = f"{term.name}, also {', '.join(term.also)}" if term.also else term.name
    first, *more = prose_lines(term.text)
    return [Line(f"{also}: {first.text}", first.code), *(Line(ended(line.text), line.code) for line in more)]
