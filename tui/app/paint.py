"""Lines of styled text that are no widget yet: what a line says, and which role each part of it plays.

A role is a word for the meaning (`ok`, `muted`); the style sheet decides the look. Text is never markup.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len as cells
from rich.cells import chop_cells, set_cell_size
from textual.content import Content
from textual.style import Style

__all__ = [
    "ROLE_CLASSES",
    "Line",
    "Role",
    "Span",
    "cells",
    "clip",
    "content_of",
    "flow",
    "hang",
    "inline",
    "line",
    "text_of",
    "width_of",
]


class Role(StrEnum):
    """What a piece of text means. The values are the ends of component class names (`role--ok`)."""

    PLAIN = "plain"
    STRONG = "strong"
    HEAD = "head"  # column headings
    MUTED = "muted"
    ACCENT = "accent"
    CODE = "code"
    OK = "ok"
    PENDING = "pending"
    BAD = "bad"
    KEY = "key"
    FOCUS = "focus"  # the title of the focused pane
    TAB = "tab"  # a tab that is not the chosen one
    CHOSEN = "chosen"  # the chosen tab while its pane has no focus
    HUE1 = "hue1"  # six colours that tell services apart, always beside a letter or a name
    HUE2 = "hue2"
    HUE3 = "hue3"
    HUE4 = "hue4"
    HUE5 = "hue5"
    HUE6 = "hue6"

    __hash__ = str.__hash__  # an enum's own is slow, and roles are looked up by the thousand


ROLE_CLASSES = {f"role--{role.value}" for role in Role}


class Span(NamedTuple):
    """A piece of a line. `action` is the Textual action that a click on it does; empty for none."""

    text: str
    role: Role = Role.PLAIN
    action: str = ""


Line = tuple[Span, ...]


def line(*parts: Span | str) -> Line:
    """A line of parts; a plain string is a plain span."""
    return tuple(Span(part) if isinstance(part, str) else part for part in parts)


def text_of(parts: Iterable[Span]) -> str:
    """What a line says, without its roles."""
    return "".join(span.text for span in parts)


@lru_cache(maxsize=4096)
def width_of(parts: Line) -> int:
    """The cells that a line takes. Kept for lines that are asked again and again."""
    return cells(text_of(parts))


def content_of(parts: Sequence[Span]) -> Content:
    """A line as Textual content. Each role becomes a component class."""
    return Content("").join([_content_of_span(span) for span in parts])


def _content_of_span(span: Span) -> Content:
    content = Content(span.text)
    if span.role is not Role.PLAIN:
        content = content.stylize(f".role--{span.role.value}")
    if span.action:
        content = content.stylize(Style.from_meta({"action": span.action}))
    return content


def clip(parts: Sequence[Span], width: int, ellipsis: str) -> Line:
    """The line cut to `width` cells; what was cut away shows as an ellipsis."""
    if cells(text_of(parts)) <= width:
        return tuple(parts)
    room = max(width - cells(ellipsis), 0)
    kept: list[Span] = []
    for span in parts:
        size = cells(span.text)
        if size <= room:
            kept.append(span)
            room -= size
            continue
        kept.append(span._replace(text=set_cell_size(span.text, room).rstrip() + ellipsis))
        break
    return tuple(kept)


def flow(parts: Iterable[Line], width: int, gap: int = 3) -> list[Line]:
    """Parts one after another, `gap` cells apart, on as many lines as they need; none is broken."""
    lines: list[Line] = []
    used = 0
    for part in parts:
        size = cells(text_of(part))
        if lines and used + gap + size <= width:
            lines[-1] = (*lines[-1], Span(" " * gap), *part)
            used += gap + size
        else:
            lines.append(part)
            used = size
    return lines


def hang(first: Sequence[Span], body: Sequence[Span], width: int) -> list[Line]:
    """Wrap `body` at words to `width` cells; `first` stands before it, later lines are indented as deep.

    A word longer than a line is broken, so that nothing is lost.
    """
    indent = cells(text_of(first))
    room = max(width - indent, 8)
    if cells(text_of(body)) <= room:
        return [(*first, *body)]
    lines: list[list[Span]] = [[]]
    used = 0
    for text, role in _words(body):
        space = text.isspace()
        size = cells(text)
        if used + size <= room:
            if not (space and used == 0 and len(lines) > 1):
                lines[-1].append(Span(text, role))
                used += size
            continue
        if space:
            lines.append([])
            used = 0
            continue
        pieces = [text] if size <= room else chop_cells(text, room)
        for piece in pieces:
            if lines[-1]:
                lines.append([])
            lines[-1].append(Span(piece, role))
            used = cells(piece)
    pad = Span(" " * indent)
    return [(*first, *rest) if number == 0 else (pad, *rest) for number, rest in enumerate(lines)]


def _words(body: Sequence[Span]) -> Iterable[tuple[str, Role]]:
    for span in body:
        start = 0
        for index in range(1, len(span.text) + 1):
            if index == len(span.text) or span.text[index].isspace() != span.text[start].isspace():
                yield span.text[start:index], span.role
                start = index


def inline(text: str, role: Role = Role.PLAIN) -> Line:
    """Text with `code` in backticks; everything else stands as it is."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick without a partner is just a character
        return (Span(text, role),)
    spans = (Span(part, Role.CODE if number % 2 else role) for number, part in enumerate(parts))
    return tuple(span for span in spans if span.text)
