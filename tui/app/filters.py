"""What is changed in every row on its way to the terminal: signs that it cannot show, and text that blinks."""

import unicodedata
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

__all__ = ["AsciiOnly", "NoBlinking", "as_ascii"]

_ALIKE = {
    **dict.fromkeys("─━╌╍┄┅┈┉═╴╶╸╺╼╾‒–—―‐‑−", "-"),
    **dict.fromkeys("│┃╎╏┆┇┊┋║╵╷╹╻╽╿▏▎▍▌▕▐", "|"),
    **dict.fromkeys("┌┏┐┓└┗┘┛├┣┤┫┬┳┴┻┼╋╭╮╰╯╔╗╚╝╠╣╦╩╬", "+"),
    **dict.fromkeys("█▉▊▋▆▇■▓▒", "#"),
    **dict.fromkeys("▁▂▃", "."),
    **dict.fromkeys("▄▅", "="),
    **dict.fromkeys("▀▔░\u00a0\u2007\u202f", " "),
    **dict.fromkeys("→▸▶►❯›", ">"),
    **dict.fromkeys("←◂◀◄❮‹", "<"),
    **dict.fromkeys("↑▲", "^"),
    **dict.fromkeys("↓▼", "v"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’‚′", "'"),
    **dict.fromkeys("•●∙", "*"),
    "·": ".",
    "…": "~",
    "×": "x",
    "≤": "<",
    "≥": ">",
    "✔": "+",
    "✘": "-",
    "✖": "x",
    "◌": "o",
    "○": ".",
    "‖": "=",
    "⌁": "!",
}  # fmt: skip


@lru_cache(maxsize=4096)
def as_ascii(text: str) -> str:
    """The text in ASCII, exactly as wide: what looks alike, a letter without its mark, or question marks."""
    if text.isascii():
        return text
    return "".join(_one(character) for character in text)


def _one(character: str) -> str:
    if character.isascii():
        return character
    width = cell_len(character)
    if width == 0:
        return ""
    found = _ALIKE.get(character)
    if found is None:
        plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
        found = plain if len(plain) == width else "?" * width
    return found


class AsciiOnly(LineFilter):
    """For terminals without UTF-8: whatever a widget, a lab or a container says, nothing but ASCII goes out."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  Textual's own
        """The same segments in ASCII."""
        return [Segment(as_ascii(text), style, control) for text, style, control in segments]


_STILL = Style(blink=False, blink2=False)


class NoBlinking(LineFilter):
    """For eyes that cannot bear it: nothing blinks, whichever program in a shell asks for it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  Textual's own
        """The same segments, standing still."""
        return [
            Segment(text, style + _STILL, control) if style is not None and (style.blink or style.blink2) else segment
            for segment in segments
            for text, style, control in (segment,)
        ]
