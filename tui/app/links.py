"""The addresses that a step names: those behind words, and those that stand as they are. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tui.app.step_text import prose_of
from tui.tutor.views import LessonView

__all__ = ["Link", "links_in", "links_of"]

_PAIRED = r"(?:[^\s<>()]|\([^\s<>()]*\))+"  # parentheses belong to an address where they come in pairs
_NAMED = re.compile(rf"(?<!!)\[(?P<text>[^\[\]]+)\]\(\s*<?(?P<url>https?://{_PAIRED})>?(?:\s+\"[^\"]*\")?\s*\)")
_BARE = re.compile(r"https?://[^\s<>\[\]`\"'»“”]+")


@dataclass(frozen=True, slots=True)
class Link:
    """An address, and the words that it stands behind; empty where it stands as it is."""

    url: str
    text: str = ""


def links_in(markdown: str) -> Iterator[Link]:
    """The addresses of one text, in its order. Only http and https: nothing else is for a browser."""
    found = [(match.start(), Link(match["url"], match["text"])) for match in _NAMED.finditer(markdown)]
    rest = _NAMED.sub(lambda match: " " * len(match[0]), markdown)
    for match in _BARE.finditer(rest):
        url = match[0].rstrip(".,;:!?*_")
        while url.endswith(")") and url.count(")") > url.count("("):
            url = url[:-1].rstrip(".,;:!?*_")
        if len(url) > len("https://"):
            found.append((match.start(), Link(url)))
    return (link for _, link in sorted(found, key=lambda each: each[0]))


def links_of(view: LessonView) -> tuple[Link, ...]:
    """The addresses of the step as it is shown, each once."""
    known: dict[str, Link] = {}
    for text in prose_of(view):
        for link in links_in(text):
            known.setdefault(link.url, link)
    return tuple(known.values())
