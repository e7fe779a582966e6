"""The addresses that a step names: those behind words, and those that stand as they are. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from tui.app.step_text import prose_of
from tui.swarm.snapshot import Snapshot
from tui.tutor.views import LessonView

__all__ = ["Link", "here_instead", "links_in", "links_of"]

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


def here_instead(url: str, snapshot: Snapshot, published: Mapping[int, str]) -> str:
    """Where this machine reaches what a node publishes; empty for every other address.

    `published`: the ports that are reached from here, each with its address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        return ""
    if port not in published or host not in {engine.address for engine in snapshot.engines.values()}:
        return ""
    here = urlsplit(published[port])
    return urlunsplit((here.scheme, here.netloc, parts.path or here.path, parts.query, parts.fragment))
