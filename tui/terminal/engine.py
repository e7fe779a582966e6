"""The contract of the VT engine: bytes of a shell in, a screen of styled runs out. No widget, no shell, no I/O."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

__all__ = ["Cursor", "EngineFactory", "MouseMode", "Run", "RunStyle", "TerminalEngine"]


@dataclass(frozen=True, slots=True)
class RunStyle:
    """How a run of cells looks. Colours: None = the default, 0 to 255 = palette, "#rrggbb" = direct."""

    foreground: int | str | None = None
    background: int | str | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    blink: bool = False
    reverse: bool = False
    strike: bool = False
    conceal: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring cells of one style. `cells` is its width on screen, which wide characters make more than len()."""

    text: str
    style: RunStyle
    cells: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the cursor is, counted from 0, and its shape: block, underline or bar."""

    column: int
    row: int
    shape: str = "block"


class MouseMode(StrEnum):
    """Which mouse events the program in the shell asked for."""

    NONE = "none"
    CLICK = "click"
    DRAG = "drag"
    ALL = "all"


class TerminalEngine(Protocol):
    """A terminal without a window."""

    @property
    def columns(self) -> int:
        """Width in cells."""
        ...

    @property
    def rows(self) -> int:
        """Height in cells."""
        ...

    @property
    def title(self) -> str:
        """The title that the program set (OSC 0 or 2)."""
        ...

    @property
    def bracketed_paste(self) -> bool:
        """Whether pastes are bracketed (mode 2004)."""
        ...

    @property
    def alternate_screen(self) -> bool:
        """Whether a full-screen program has the alternate screen (mode 1049)."""
        ...

    @property
    def mouse_mode(self) -> MouseMode:
        """Which mouse events are wanted."""
        ...

    @property
    def history_rows(self) -> int:
        """How many rows scrolled off the top are kept."""
        ...

    @property
    def scrolled_rows(self) -> int:
        """How many rows ever scrolled off the top: the number of the screen's first row, counted from 0 for good.

        A row keeps its number until the width changes.
        """
        ...

    def feed(self, data: bytes) -> None:
        """Take what the shell wrote, in any chunking. Never raises, whatever the bytes."""
        ...

    def take_dirty(self) -> Sequence[int] | None:
        """The screen rows that changed since the last call; None for all of them."""
        ...

    def row(self, y: int) -> Sequence[Run]:
        """The runs of a row: 0 is the top of the screen, -1 the youngest row of the history."""
        ...

    def wraps(self, y: int) -> bool:
        """Whether the line that a row (counted as for `row`) belongs to goes on in the row below."""
        ...

    def cursor(self) -> Cursor | None:
        """The cursor, None while hidden."""
        ...

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; nothing visible near the cursor is lost."""
        ...

    def encode_key(self, key: str, character: str | None) -> bytes:
        """The bytes for a key by its Textual name (`up`, `ctrl+c`, `f5`); empty where there are none."""
        ...

    def encode_paste(self, text: str) -> bytes:
        """The bytes for pasted text: bracketed if asked for, and never able to end the bracket itself."""
        ...

    def encode_mouse(self, kind: str, button: int, column: int, row: int) -> bytes:
        """The bytes for a mouse event (kind: down, up, move, scroll_up, scroll_down); empty if not wanted."""
        ...

    def encode_focus(self, gained: bool) -> bytes:
        """The bytes for a focus that came or went; empty unless the program asked to know (mode 1004)."""
        ...

    def take_replies(self) -> bytes:
        """Answers to what the program asked (DSR, DA, DECRQM …), to be sent back to the PTY."""
        ...


EngineFactory = Callable[[int, int], TerminalEngine]
"""Makes an engine of that many columns and rows."""
