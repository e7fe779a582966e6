"""The command box: a live terminal in a widget."""

import time
from collections.abc import Sequence
from typing import ClassVar, Protocol, cast

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App
from textual.geometry import Offset, Region
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from tui.app.widgets.terminal_paint import StylePalette, overlay, paint_row, row_text, span_of_cell
from tui.terminal.engine import Cursor, MouseMode, Run, TerminalEngine

__all__ = ["RELEASE_KEYS", "TerminalPort", "TerminalView"]

RELEASE_KEYS = frozenset({"ctrl+right_square_bracket", "shift+escape", *(f"f{number}" for number in range(1, 13))})
"""Keys that are not for the shell: Ctrl-], Shift-Esc where the terminal can tell it from Esc, and the F-keys."""

PAINT_INTERVAL = 1 / 30
"""Seconds between two paints, at least. The first after a pause, or after a key, comes at once."""
RESIZE_DELAY = 0.05
"""Seconds for which the size must stand still before the shell hears of it."""
HELD_PAINT_DELAY = 0.25
"""Seconds after which a paint that a program held back is tried again."""
WHEEL_LINES = 3


_BETWEEN_WORDS = frozenset(" \t\"'`()[]{}<>|;,│")


def _word_at(text: str, index: int) -> tuple[int, int]:
    """Where the word at an index begins and ends; the same twice between words."""
    if index >= len(text) or text[index] in _BETWEEN_WORDS:
        return index, index
    start, end = index, index + 1
    while start > 0 and text[start - 1] not in _BETWEEN_WORDS:
        start -= 1
    while end < len(text) and text[end] not in _BETWEEN_WORDS:
        end += 1
    return start, end


class TerminalPort(Protocol):
    """The way to the shell."""

    def write(self, data: bytes) -> None:
        """Send what was typed."""
        ...

    def resize(self, columns: int, rows: int) -> None:
        """Tell the shell the size of its screen."""
        ...


class TerminalView(Widget, can_focus=True):
    """Shows a `TerminalEngine` and sends keys, pastes and the mouse to its shell.

    The engine and the shell live elsewhere and outlive the view: `attach` and `detach` at any time. Whoever feeds the
    engine calls `mark_dirty` (in the app's thread); only the lines that changed are painted, and not more often than
    the eye can follow.

    While it has the focus every key goes to the shell, but for `release_keys`, which bubble as usual. Shift-PageUp,
    Shift-PageDown and the wheel look back into the history; typing returns to the present.
    """

    DEFAULT_CSS = """
    TerminalView {
        width: 1fr;
        height: 1fr;
        background: $background;
        color: $foreground;
        pointer: text;
    }
    TerminalView > .terminal-view--scrolled {
        text-style: bold reverse;
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"terminal-view--scrolled"}

    class Copied(Message):
        """Text was selected with the mouse and copied to the clipboard."""

        def __init__(self, view: "TerminalView", text: str) -> None:
            super().__init__()
            self.view = view
            self.text = text

        @property
        def control(self) -> "TerminalView":
            """The view it was copied from."""
            return self.view

    def __init__(
        self,
        engine: TerminalEngine | None = None,
        port: TerminalPort | None = None,
        *,
        release_keys: frozenset[str] = RELEASE_KEYS,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  # Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.release_keys = release_keys
        self._engine = engine
        self._port = port
        self._strips: dict[int, Strip] = {}
        self._palette: StylePalette | None = None
        self._cursor: Cursor | None = None
        self._history_rows = 0
        self._offset = 0  # rows looked back into the history
        self._last_paint = 0.0
        self._expects_echo = False  # what comes next may answer a key: it is painted at once
        self._paint_timer: Timer | None = None
        self._held_timer: Timer | None = None
        self._resize_timer: Timer | None = None

    def on_mount(self) -> None:
        """Show the engine that was given at the start."""
        self._forget()
        self.mark_dirty()

    # What is shown

    @property
    def engine(self) -> TerminalEngine | None:
        """The engine that is shown, None if there is none."""
        return self._engine

    @property
    def rows_back(self) -> int:
        """How many rows the view looks back into the history; 0 is the present."""
        return self._offset

    def attach(self, engine: TerminalEngine, port: TerminalPort) -> None:
        """Show this engine, send keys to this port, and give both the size of the view."""
        self._engine, self._port = engine, port
        self._forget()
        self._fit()
        self.mark_dirty()

    def detach(self) -> None:
        """Show nothing; keys go nowhere."""
        self._engine = self._port = None
        self._forget()
        self.refresh()

    def _forget(self) -> None:
        self._offset = 0
        self._history_rows = self._engine.history_rows if self._engine else 0
        self._cursor = None
        self._strips.clear()
        if self._engine is not None:
            self._engine.take_dirty()
            self._cursor = self._engine.cursor()
        if self.is_attached and self.text_selection is not None:
            self.screen.clear_selection()
        self.refresh()

    # Painting

    def mark_dirty(self) -> None:
        """Say that the engine was fed. Cheap: paints are spaced, and none is made where nothing changed."""
        if not self.is_attached:
            return
        wait = self._last_paint + PAINT_INTERVAL - time.monotonic()
        if wait <= 0 or self._expects_echo:
            self._expects_echo = False
            self._paint()
        elif self._paint_timer is None:
            self._paint_timer = self.set_timer(wait, self._paint)

    def _paint(self, *, again: bool = True) -> None:
        if self._paint_timer is not None:
            self._paint_timer.stop()
            self._paint_timer = None
        self._last_paint = time.monotonic()
        engine = self._engine
        if engine is None:
            return
        dirty = engine.take_dirty()
        grown = engine.history_rows - self._history_rows
        self._history_rows += grown
        before, self._cursor = self._cursor, engine.cursor()
        if dirty is None or grown:
            self._strips.clear()
            if self._offset:
                self._offset = max(0, min(self._offset + grown, self._history_rows))
            self.refresh()
            return
        lines = set(dirty)
        for line in dirty:
            self._strips.pop(line, None)
        if before != self._cursor:
            lines |= {cursor.row for cursor in (before, self._cursor) if cursor is not None}
        self._refresh_rows(lines)
        if not dirty and again:
            if self._held_timer is not None:
                self._held_timer.stop()
            self._held_timer = self.set_timer(HELD_PAINT_DELAY, self._paint_held)

    def _paint_held(self) -> None:
        """Paint what a program drew and did not release in time."""
        self._held_timer = None
        self._paint(again=False)

    def _refresh_rows(self, rows: set[int]) -> None:
        width, height = self.content_size
        shown = sorted(row + self._offset for row in rows if 0 <= row + self._offset < height)
        if shown:
            self.refresh(*(Region(0, y, width, 1) for y in shown))

    def notify_style_update(self) -> None:
        """The theme or a style changed: every strip is of the past."""
        self._palette = None
        self._strips.clear()
        super().notify_style_update()

    def _runs(self, y: int) -> Sequence[Run]:
        """The runs that stand in a line of the view."""
        return self._engine.row(y - self._offset) if self._engine else ()

    def render_line(self, y: int) -> Strip:
        """One line of the view."""
        width, _ = self.size
        if self._palette is None:
            self._palette = StylePalette(self.rich_style)
        palette = self._palette
        engine = self._engine
        if engine is None or y - self._offset >= engine.rows:
            return Strip.blank(width, palette.base)
        row = y - self._offset
        strip = self._strips.get(row)
        if strip is None or strip.cell_length != width:
            strip = paint_row(engine.row(row), width, palette)
            if row >= 0:
                self._strips[row] = strip
        if self.text_selection is not None:
            strip = self._with_selection(strip, self.text_selection, y)
        if self._cursor is not None and self._cursor.row == row:
            strip = self._with_cursor(strip, self._cursor, y)
        if self._offset and y == 0:
            strip = self._with_scroll_sign(strip)
        return strip.apply_offsets(0, self._first_line + y) if self.allow_select else strip

    @property
    def _first_line(self) -> int:
        """The number of the view's first line, counted from the oldest row of the history."""
        return self._history_rows - self._offset

    def _with_cursor(self, strip: Strip, cursor: Cursor, y: int) -> Strip:
        start, end = span_of_cell(self._runs(y), cursor.column)
        if self.has_focus and cursor.shape != "underline":
            return overlay(strip, start, end, Style(), toggles_reverse=True)
        return overlay(strip, start, end, Style(underline=True, bold=self.has_focus or None))

    def _with_selection(self, strip: Strip, selection: Selection, y: int) -> Strip:
        span = selection.get_span(self._first_line + y)
        if span is None:
            return strip
        text = row_text(self._runs(y))
        start, end = (len(text) if index == -1 else index for index in span)
        style = self.screen.get_component_rich_style("screen--selection")
        return overlay(strip, cell_len(text[:start]), cell_len(text[:end]), style)

    def _with_scroll_sign(self, strip: Strip) -> Strip:
        sign = f" ↑ {self._offset} of {self._history_rows} rows back "
        start = strip.cell_length - cell_len(sign)
        if start < 0:
            return strip
        style = self.get_component_rich_style("terminal-view--scrolled")
        return Strip([*strip.crop(0, start), Segment(sign, style)], strip.cell_length)

    # The size

    def on_resize(self) -> None:
        """Let the shell know, once the size stands still."""
        self._strips.clear()
        if self._resize_timer is not None:
            self._resize_timer.stop()
        self._resize_timer = self.set_timer(RESIZE_DELAY, self._fit)

    def _fit(self) -> None:
        if self._resize_timer is not None:
            self._resize_timer.stop()
            self._resize_timer = None
        columns, rows = self.size
        if self._engine is None or self._port is None or columns < 2 or rows < 1:
            return
        if (self._engine.columns, self._engine.rows) == (columns, rows):
            return
        self._engine.resize(columns, rows)
        self._port.resize(columns, rows)
        self.mark_dirty()

    # The history

    def scroll_history(self, rows: int) -> None:
        """Look back by so many rows, or forward if negative. A full-screen program has no history to look at."""
        if self._engine is None or self._engine.alternate_screen:
            return
        offset = max(0, min(self._offset + rows, self._engine.history_rows))
        if offset != self._offset:
            self._offset = offset
            self.refresh()

    def scroll_to_present(self) -> None:
        """Stop looking back."""
        if self._offset:
            self._offset = 0
            self.refresh()

    # Keys and paste

    def check_consume_key(self, key: str, character: str | None) -> bool:  # noqa: ARG002  # Textual's signature
        """Every key is for the shell, but for the release keys: this also takes the others from priority bindings."""
        return self._port is not None and key not in self.release_keys

    def on_key(self, event: events.Key) -> None:
        """Send a key to the shell, or look through the history."""
        if self._engine is None or self._port is None or event.key in self.release_keys:
            return
        event.stop()
        event.prevent_default()
        if not self._engine.alternate_screen and (rows := self._history_keys().get(event.key)) is not None:
            self.scroll_history(rows)
            return
        self._send(self._engine.encode_key(event.key, event.character))

    def _history_keys(self) -> dict[str, int]:
        page = max(1, self.size.height - 1)
        return {"shift+pageup": page, "shift+pagedown": -page}

    def on_paste(self, event: events.Paste) -> None:
        """Send pasted text to the shell."""
        if self._engine is None:
            return
        event.stop()
        event.prevent_default()
        self._send(self._engine.encode_paste(event.text))

    def _send(self, data: bytes) -> None:
        if data and self._port is not None:
            self.scroll_to_present()
            self._expects_echo = True
            self._port.write(data)

    def on_focus(self) -> None:
        """The cursor looks different with the focus."""
        self._refresh_cursor()

    def on_blur(self) -> None:
        """The cursor looks different without the focus."""
        self._refresh_cursor()

    def _refresh_cursor(self) -> None:
        if self._cursor is not None:
            self._refresh_rows({self._cursor.row})

    # The mouse

    def _to_program(self, event: events.MouseEvent, kind: str, button: int) -> bool:
        """Give a mouse event to the program if it asked for it; with Shift it stays here, as in any terminal."""
        if self._engine is None or self._port is None or event.shift or self._offset:
            return False
        place = self._cell_under(event)
        data = self._engine.encode_mouse(kind, button, place.x, place.y)
        if not data:
            return False
        event.stop()
        event.prevent_default()
        self._port.write(data)
        return True

    def _cell_under(self, event: events.MouseEvent) -> Offset:
        """The cell under the mouse, the nearest one if it has left the view."""
        place = event.get_content_offset_capture(self)
        width, height = self.size
        return Offset(max(0, min(place.x, width - 1)), max(0, min(place.y, height - 1)))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A button was pressed."""
        if self._to_program(event, "down", event.button):
            self.capture_mouse()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """A button was let go: the end of a selection, if no program wants the mouse."""
        self.release_mouse()
        if not self._to_program(event, "up", event.button) and self.text_selection is not None:
            self.call_after_refresh(self._copy_selection)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The mouse moved."""
        if self._engine is not None and self._engine.mouse_mode in (MouseMode.DRAG, MouseMode.ALL):
            self._to_program(event, "move", event.button)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Look back, unless a program wants the wheel."""
        self._wheel(event, "scroll_up", WHEEL_LINES)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Look forward, unless a program wants the wheel."""
        self._wheel(event, "scroll_down", -WHEEL_LINES)

    def _wheel(self, event: events.MouseEvent, kind: str, rows: int) -> None:
        if not self._to_program(event, kind, 0):
            event.stop()
            event.prevent_default()
            self.scroll_history(rows)

    # Selecting and copying

    @property
    def allow_select(self) -> bool:
        """Text can be selected unless the program has the mouse."""
        return self._engine is not None and self._engine.mouse_mode is MouseMode.NONE

    def on_click(self, event: events.Click) -> None:
        """A double click selects a word, a triple click a line."""
        if event.chain < 2 or not self.allow_select:
            return
        event.prevent_default()
        place = self._cell_under(event)
        text = row_text(self._runs(place.y))
        index = next((i for i in range(len(text)) if cell_len(text[: i + 1]) > place.x), len(text))
        start, end = (0, len(text)) if event.chain > 2 else _word_at(text, index)
        if start < end:
            line = self._first_line + place.y
            self.screen.selections = {self: Selection(Offset(start, line), Offset(end, line))}
            self._copy_selection()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text; a line that was wrapped is one line, and blanks at a line's end are left out."""
        if self._engine is None:
            return None
        oldest, youngest = -self._history_rows, self._engine.rows - 1
        start = selection.start or Offset(0, 0)
        end = selection.end
        first = max(oldest, start.y + oldest)
        last = youngest if end is None else min(youngest, end.y + oldest)
        rows = [row_text(self._engine.row(row)) for row in range(first, last + 1)]
        if not rows:
            return None
        if end is not None:
            rows[-1] = rows[-1][: end.x]
        rows[0] = rows[0][start.x :]
        lines: list[str] = [""]
        for row, text in enumerate(rows, first):
            lines[-1] += text
            if not self._engine.wraps(row):
                lines.append("")
        return "\n".join(line.rstrip() for line in lines).removesuffix("\n"), "\n"

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002  # Textual's signature
        """Show the selection as it is now."""
        self.refresh()

    def _copy_selection(self) -> None:
        selection = self.text_selection
        if selection is None or (found := self.get_selection(selection)) is None or not found[0].strip():
            return
        app = cast("App[object]", self.app)  # pyright: ignore[reportUnknownMemberType]  # Textual leaves the type open
        app.copy_to_clipboard(found[0])
        self.post_message(self.Copied(self, found[0]))
