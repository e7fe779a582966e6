"""The VT engine over bittty. All that is known of bittty's inside is known here."""

# bittty ships no type information: its board is taken as Any, and every value is brought into a type of ours here.
# pyright: reportMissingTypeStubs=false

import codecs
import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import groupby, repeat
from operator import is_
from typing import Any

from bittty import BITTTY, Board, TerminalCaps
from bittty.mode_profiles import BITTTY_MODE_CAPABILITIES
from bittty.operations import Operation
from bittty.options import DEC_EXTENDED_CPR, EDITING
from bittty.present import PresentEvent, RowsScrolledOff, ScrollbackCleared
from bittty.style import Color, Style
from bittty.video import Cell, Video

from tui.terminal.bittty_flood import Flood
from tui.terminal.bittty_repairs import repair, safe_reply
from tui.terminal.engine import Cursor, MouseMode, Run, RunStyle
from tui.terminal.history import History
from tui.terminal.keys import encode_key, encode_paste, encode_wheel_as_arrows

__all__ = ["BitttyEngine"]

logger = logging.getLogger(__name__)

HISTORY_ROWS = 5_000
PENDING_LIMIT = 128 * 1024
"""Characters of an unfinished control string after which it is taken for garbage and dropped."""
REPLIES_LIMIT = 64 * 1024
"""Bytes of unread answers; a program that asks faster than anybody reads gets no more."""
TITLE_LIMIT = 200
CLUSTER_LIMIT = 12
"""Code points that a cell may hold on average: a family with skin tones is 11, a heap of accents may be hundreds."""
LINK_LIMIT = 2_000
SYNCHRONIZED_SECONDS = 0.2
"""How long a program may hold the paint (mode 2026) before what it drew so far is shown."""

_LEFT_OUT_MODES = frozenset(
    {
        # The size belongs to whoever shows the screen, never to the program.
        "xterm.column-mode",
        "xterm.allow-column",
        "dec.no-clear-column",
        "bittty.inband-resize",
        "contour.text-reflow",
        # A stray byte must not leave a learner in front of a terminal that writes backwards or speaks VT52.
        "dec.right-to-left",
        "dec.ansi",
        # Widths are as Rich counts them.
        "unicode.ambiguous-width",
        # There are no pixels here.
        "xterm.mouse-sgr-pixels",
    }
)
_MODEL = replace(
    BITTTY,
    mode_capabilities=BITTTY_MODE_CAPABILITIES - _LEFT_OUT_MODES,
    options=frozenset(),
    # Without the kitty keyboard protocol and key programming: keys are encoded by tui.terminal.keys alone.
    control_capabilities=EDITING | {DEC_EXTENDED_CPR},
    power_on_modes=BITTTY.power_on_modes - {2028},
    # A macro may call macros: a few bytes of output could keep the engine busy for ever.
    macro_space=None,
    da1_response="\x1b[?62;22c",
)
_IGNORED_OPERATIONS = (
    "DECSCPP",  # sets the width
    "DECRSTS",  # replays hidden control functions
    "LINUX_SETTERM",
    # What answers with text that a program chose would let a file that is shown type commands into the shell.
    "OSC_CLIPBOARD",
    "OSC_FONT",
    "S8C1T",
)
_WINDOW_REPORTS = {18: 8, 19: 9}
"""XTWINOPS requests that are answered (size in cells of text area and screen), and the report's number."""

_SEQUENCE = re.compile(r"(?:\x1b\[|\x9b)[0-9;:?<=>]*[ -/]*[@-~]|\x1b[PX\]^_][^\x07\x1b]*(?:\x07|\x1b\\)?")
_UNSAFE_REPLY = re.compile(r"[\x00-\x06\x08-\x1a\x1c-\x1f\x7f-\x9f]")
_HIDDEN_CHARACTERS: dict[int, str] = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "\ufffd"),
    # Marks that turn the direction of text, or end a line, would act on the whole row of the outer terminal.
    **dict.fromkeys((0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)), ""),
}
_DEFAULT = RunStyle()


def _colour(colour: Color | None) -> int | str | None:
    if colour is None or colour.mode == "default" or colour.value is None:
        return None
    if isinstance(colour.value, int):
        return colour.value
    red, green, blue = colour.value
    return f"#{red:02x}{green:02x}{blue:02x}"


def _link(address: str | None) -> str:
    """The address of a link, if it is one that may be written to another terminal as it is."""
    return address if address and address.isascii() and address.isprintable() and len(address) <= LINK_LIMIT else ""


@lru_cache(maxsize=4096)
def _run_style(style: Style, reverse_screen: bool) -> RunStyle:
    return RunStyle(
        foreground=_colour(style.fg),
        background=_colour(style.bg),
        bold=bool(style.bold),
        dim=bool(style.dim),
        italic=bool(style.italic),
        underline=bool(style.underline),
        blink=bool(style.blink),
        reverse=bool(style.reverse) != reverse_screen,
        strike=bool(style.strike),
        conceal=bool(style.conceal),
        link=_link(style.hyperlink),
    )


def _text(characters: Sequence[str]) -> str:
    text = "".join(characters)
    if text.isascii():
        return text
    if len(text) > CLUSTER_LIMIT * len(characters):
        text = "".join(character[:CLUSTER_LIMIT] for character in characters)
    return text.translate(_HIDDEN_CHARACTERS)


def _are_one(styles: Sequence[Style]) -> bool:
    """Whether they are all the same object, which is several times faster to know than whether they are equal."""
    return all(map(is_, styles, repeat(styles[0])))


def _runs(cells: Sequence[Cell], reverse_screen: bool) -> list[Run]:
    if not cells:
        return []
    styles, characters = zip(*cells, strict=True)
    if _are_one(styles):
        return [Run(_text(characters), _run_style(styles[0], reverse_screen), len(cells))]
    runs: list[Run] = []
    start = 0
    # Neighbours mostly share one style object: grouping by identity is several times faster than by equality.
    for _, group in groupby(map(id, styles)):
        end = start + len(list(group))
        text = _text(characters[start:end])
        style = _run_style(styles[start], reverse_screen)
        if runs and (runs[-1].style is style or runs[-1].style == style):
            last = runs.pop()
            text, start = last.text + text, start - last.cells
        runs.append(Run(text, style, end - start))
        start = end
    return runs


def _history_runs(cells: Sequence[Cell], wrapped: bool) -> list[Run]:
    """The runs of a row that scrolls off, without the trailing blanks of its line."""
    if wrapped or cells[-1][1] != " " or _run_style(cells[-1][0], False) != _DEFAULT:
        return _runs(cells, reverse_screen=False)
    # Most rows are text in the default style; whatever scrolls off in a flood must not take long.
    styles, characters = zip(*cells, strict=True)
    text = "".join(characters).rstrip(" ")
    length = len(text)
    if text.isascii() and _are_one(styles) and "" not in characters[:length]:
        return [Run(_text(text), _DEFAULT, length)] if text else []
    length, blank = len(cells), cells[-1]
    while length and (
        (cell := cells[length - 1]) is blank or (cell[1] == " " and _run_style(cell[0], False) == _DEFAULT)
    ):
        length -= 1
    return _runs(cells[:length], reverse_screen=False)


def _ignore(_operation: Operation) -> None:
    """Stands in for the operations that have no place here."""


class _Replies:
    """The end of the cable toward the shell: keeps what the board answers, if it is safe to type into a shell."""

    closed = False

    def __init__(self) -> None:
        self.pending = bytearray()

    def write(self, data: str) -> int:
        if _UNSAFE_REPLY.search(data) is None:
            self.write_bytes(safe_reply(data).encode("utf-8", errors="ignore"))
        else:
            logger.debug("an answer with control characters was dropped")
        return len(data)

    def write_bytes(self, data: bytes) -> int:
        if len(self.pending) + len(data) <= REPLIES_LIMIT:
            self.pending += data
        return len(data)

    def flush(self) -> None: ...

    async def read_bytes_async(self, _size: int) -> bytes:
        return b""

    def configure_line(self, _line: object) -> None: ...

    def resize(self, _rows: int, _columns: int) -> None: ...

    def close(self) -> None: ...

    def take(self, start: int = 0) -> bytes:
        """What was written since `start`, which is then forgotten."""
        taken = bytes(self.pending[start:])
        del self.pending[start:]
        return taken


class _Display:
    """The board's chrome: keeps what leaves the screen."""

    keeps_scrollback = True

    def __init__(self, history: History) -> None:
        self._history = history

    def present(self, event: PresentEvent) -> None:
        if isinstance(event, RowsScrolledOff):
            for line in event.lines:
                self._history.append(_history_runs(line.cells, line.wrapped), line.wrapped)
        elif isinstance(event, ScrollbackCleared):
            self._history.clear()


class BitttyEngine:
    """A terminal without a window: see `tui.terminal.engine.TerminalEngine`.

    It answers as an xterm does, with 256 colours and direct colour, and counts widths by grapheme cluster, as Rich
    does. What a program may not do here: change the size, read back text that it planted, program keys.
    """

    def __init__(
        self,
        columns: int,
        rows: int,
        *,
        history_rows: int = HISTORY_ROWS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._columns = max(2, columns)
        self._rows = max(1, rows)
        self._clock = clock
        self._history = History(history_rows)
        self._replies = _Replies()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._board: Any = Board(width=self._columns, height=self._rows, model=_MODEL)
        self._board.title.set_title("")
        self._board.host.attach(self._replies)
        self._board.attach_display(_Display(self._history))
        # Grapheme clusters (mode 2027) for good: neither a program nor a reset can turn them off.
        self._board.set_caps(TerminalCaps(grapheme_mode="permanently-set"))
        for name in _IGNORED_OPERATIONS:
            self._board.registry[name] = _ignore
        self._board.registry["XTWINOPS"] = self._window_operation
        repair(self._board)
        self._flood = Flood(self._board, self._history, self._parse, partial(_run_style, reverse_screen=False))
        self._seen_page: Video | None = None
        self._seen_generation = 0
        self._seen_reverse = False
        self._held_since: float | None = None
        self._stumbled = False

    @property
    def columns(self) -> int:
        """Width in cells."""
        return self._columns

    @property
    def rows(self) -> int:
        """Height in cells."""
        return self._rows

    @property
    def title(self) -> str:
        """The title that the program set, without control characters and cut to a sane length."""
        title: str = self._board.title.title
        return "".join(character for character in title[:TITLE_LIMIT] if character.isprintable())

    @property
    def bracketed_paste(self) -> bool:
        """Whether pastes are bracketed."""
        return bool(self._board.modes.bracketed_paste)

    @property
    def alternate_screen(self) -> bool:
        """Whether a full-screen program has the alternate screen."""
        return bool(self._board.blitter.in_alt_screen)

    @property
    def mouse_mode(self) -> MouseMode:
        """Which mouse events are wanted."""
        modes = {"x10": MouseMode.CLICK, "normal": MouseMode.CLICK, "button": MouseMode.DRAG, "any": MouseMode.ALL}
        return modes.get(self._board.mouse.protocol.value, MouseMode.NONE)

    @property
    def history_rows(self) -> int:
        """How many rows scrolled off the top are kept."""
        return len(self._history)

    @property
    def scrolled_rows(self) -> int:
        """How many rows ever scrolled off the top: the number of the screen's first row."""
        return self._history.dropped + len(self._history)

    def feed(self, data: bytes) -> None:
        """Take what the shell wrote, in any chunking. Never raises, whatever the bytes."""
        self._flood.feed(self._decoder.decode(data))
        if len(self._board.parser.buffer) > PENDING_LIMIT:
            self._board.parser.reset()
        if (self._board.width, self._board.height) != (self._columns, self._rows):
            self._board.resize(self._columns, self._rows)

    def _parse(self, text: str) -> None:
        parser = self._board.parser
        while text:
            try:
                parser.feed(text)
            except Exception:
                text = self._after_the_stumbling_block()
            else:
                break

    def _after_the_stumbling_block(self) -> str:
        """What is left to parse after the sequence at which the library raised; the parser starts afresh."""
        if not self._stumbled:
            logger.warning("the VT engine stumbled over a sequence; it was skipped", exc_info=True)
            self._stumbled = True
        parser = self._board.parser
        rest = parser.buffer[parser.pos :]
        parser.reset()
        sequence = _SEQUENCE.match(rest)
        return rest[max(1, sequence.end()) if sequence else 1 :]

    def _window_operation(self, operation: Operation) -> None:
        request = operation.args[0][0] if operation.args[0] else None
        if request in _WINDOW_REPORTS:
            self._replies.write(f"\x1b[{_WINDOW_REPORTS[request]};{self._rows};{self._columns}t")

    def take_dirty(self) -> Sequence[int] | None:
        """The screen rows that changed since the last call; None for all of them.

        While a program holds the paint (mode 2026) nothing has changed yet.
        """
        if self._is_held():
            return ()
        page = self._page
        reverse = bool(self._board.modes.reverse_screen)
        everything = page is not self._seen_page or reverse != self._seen_reverse
        dirty = page.dirty_rows(self._seen_generation)
        self._seen_page, self._seen_reverse = page, reverse
        self._seen_generation = page.observe()
        return None if everything or len(dirty) >= self._rows else dirty

    @property
    def _page(self) -> Video:
        return self._board.display.page

    def _is_held(self) -> bool:
        if not self._board.modes.synchronized_output:
            self._held_since = None
            return False
        now = self._clock()
        if self._held_since is None:
            self._held_since = now
        return now - self._held_since < SYNCHRONIZED_SECONDS

    def row(self, y: int) -> Sequence[Run]:
        """The runs of a row: 0 is the top of the screen, -1 the youngest row of the history.

        Rows of the history end where their text ends; a row that does not exist is empty.
        """
        if y < 0:
            return self._history.row(y)
        if y >= self._rows:
            return ()
        return _runs(self._page.grid[y], bool(self._board.modes.reverse_screen))

    def wraps(self, y: int) -> bool:
        """Whether the line that a row belongs to goes on in the row below."""
        return self._history.wraps(y) if y < 0 else bool(self._page.is_line_wrapped(y))

    def cursor(self) -> Cursor | None:
        """The cursor, None while hidden."""
        position = self._board.display.cursor
        return None if position is None else Cursor(*position, shape=self._board.cursor.shape)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size: lines that were wrapped are wrapped anew, and what no longer fits goes to the history."""
        columns, rows = max(2, columns), max(1, rows)
        if (columns, rows) == (self._columns, self._rows):
            return
        board = self._board
        blitter, cursor = board.blitter, board.cursor
        # bittty drops the bottom rows, where the prompt is, when the height shrinks. Its re-wrapping knows better
        # which rows to give up, so the primary screen goes through it first, whatever the new size.
        blitter.reset_grapheme_state()
        alternate = blitter.in_alt_screen
        saved = cursor.saved[False]
        position = (saved.x, saved.y) if alternate else (cursor.display_x, cursor.y)
        if columns != self._columns:
            self._history.rewrap(columns)
        (x, y), cut = blitter.primary_page.reflow(columns, rows, position)
        for line in cut:
            self._history.append(_history_runs(line.cells, line.wrapped), line.wrapped)
        self._columns, self._rows = columns, rows
        board.resize(columns, rows)
        if alternate:
            cursor.saved[False] = replace(saved, x=x, y=y)
        else:
            cursor.set_position(x, y)
        self._seen_page = None

    def encode_key(self, key: str, character: str | None) -> bytes:
        """The bytes for a key by its Textual name; empty where there are none."""
        return encode_key(key, character, application_cursor=bool(self._board.modes.cursor_application_mode))

    def encode_paste(self, text: str) -> bytes:
        """The bytes for pasted text: bracketed if asked for, and never able to end the bracket itself."""
        return encode_paste(text, bracketed=self.bracketed_paste)

    def encode_mouse(self, kind: str, button: int, column: int, row: int) -> bytes:
        """The bytes for a mouse event at a cell counted from 0; buttons are 1 left, 2 middle, 3 right.

        In a full-screen program that asked for no mouse, the wheel moves the cursor.
        """
        if self.mouse_mode is MouseMode.NONE:
            if not self.alternate_screen:
                return b""
            return encode_wheel_as_arrows(kind, application_cursor=bool(self._board.modes.cursor_application_mode))
        wheel = {"scroll_up": 64, "scroll_down": 65}.get(kind)
        event = {"down": "press", "up": "release", "move": "move"}.get(kind, "press")
        code = wheel if wheel is not None else max(0, button - 1)
        start = len(self._replies.pending)
        self._board.input_mouse(column + 1, row + 1, code, event, set())
        return self._replies.take(start)

    def encode_focus(self, gained: bool) -> bytes:
        """The bytes for a focus that came or went; empty unless the program asked to know (mode 1004)."""
        start = len(self._replies.pending)
        self._board.set_focus(gained)
        return self._replies.take(start)

    def take_replies(self) -> bytes:
        """Answers to what the program asked, to be sent back to the PTY."""
        return self._replies.take()
