"""A terminal as a picture: a widget that paints what an engine shows, as it is now or as it was."""

import time
from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar, Protocol

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region
from textual.selection import Selection
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from tui.app.widgets.terminal_book import Book
from tui.app.widgets.terminal_look import Look
from tui.app.widgets.terminal_paint import StylePalette, overlay, paint_row, row_text, span_of_cell
from tui.terminal.engine import Cursor, Run, TerminalEngine

__all__ = ["TerminalPort", "TerminalScreen"]

PAINT_INTERVAL = 1 / 30
"""Seconds between two paints, at least. The first after a pause, or after a key, comes at once."""
FLOOD_PAINT_INTERVAL = 1 / 15
"""Seconds between two paints while whole screens go by and nobody types: what is not painted is time for the flood."""
TYPING = 0.5
"""Seconds after a key for which somebody waits to see what comes of it."""
RESIZE_DELAY = 0.05
"""Seconds for which the size must stand still before the shell hears of it."""
HELD_PAINT_DELAY = 0.25
"""Seconds after which a paint that a program held back is tried again."""


class TerminalPort(Protocol):
    """The way to the shell."""

    def write(self, data: bytes) -> None:
        """Send what was typed."""
        ...

    def resize(self, columns: int, rows: int) -> None:
        """Tell the shell the size of its screen."""
        ...


class TerminalScreen(Widget):
    """Paints a `TerminalEngine`, and gives it and its shell the size of the widget.

    The engine and the shell live elsewhere and outlive the widget: `attach` and `detach` at any time. Whoever feeds the
    engine calls `mark_dirty` (in the app's thread); only the lines that changed are painted, and not more often than
    the eye can follow.

    Lines are numbered for good, as a `Book` numbers them, so that what is selected stays selected while others scroll.
    """

    DEFAULT_CSS = """
    TerminalScreen {
        width: 1fr;
        height: 1fr;
        background: $background;
        color: $foreground;
        pointer: text;
    }
    TerminalScreen > .terminal--scrolled {
        text-style: bold reverse;
    }
    TerminalScreen > .terminal--found {
        background: $warning-muted;
        color: $text-warning;
        text-style: bold underline;
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"terminal--scrolled", "terminal--found"}

    def __init__(
        self,
        engine: TerminalEngine | None = None,
        port: TerminalPort | None = None,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  # Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._engine = engine
        self._port = port
        self._look: Look | None = None
        self._strips: dict[int, Strip] = {}
        self._palette: StylePalette | None = None
        self._cursor: Cursor | None = None
        self._scrolled_rows: int = 0
        self._offset = 0  # rows looked back into the history; -1 if the bottom row makes room for the line that says so
        self._last_paint = 0.0
        self._last_key = 0.0
        self._flooded = False  # nothing of what the last paint showed was there before
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
        return max(0, self._offset)

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
        self._look = None
        self._scrolled_rows = self._engine.scrolled_rows if self._engine else 0
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
        now = time.monotonic()
        calm = now - self._last_key > TYPING
        wait = self._last_paint + (FLOOD_PAINT_INTERVAL if self._flooded and calm else PAINT_INTERVAL) - now
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
        grown = engine.scrolled_rows - self._scrolled_rows
        self._scrolled_rows += grown
        self._flooded = grown >= engine.rows
        before, self._cursor = self._cursor, engine.cursor()
        if dirty is None or grown:
            self._strips.clear()
            if self._offset or self._look is not None:
                self._offset = min(self._offset + grown, engine.history_rows)
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
        width, height = self.size
        if self._palette is None:
            self._palette = StylePalette(self.rich_style)
        palette = self._palette
        engine, look = self._engine, self._look
        if look is not None and y == height - 1:
            return self._sign_of(look, width)
        if engine is None or y - self._offset >= engine.rows:
            return Strip.blank(width, palette.base)
        row = y - self._offset
        strip = self._strips.get(row)
        if strip is None or strip.cell_length != width:
            strip = paint_row(engine.row(row), width, palette)
            if row >= 0:
                self._strips[row] = strip
        if look is not None and look.found:
            strip = self._with_found(strip, look, y)
        if self.text_selection is not None:
            strip = self._with_selection(strip, self.text_selection, y)
        if look is not None:
            if look.place.y == self._first_line + y:
                cell = cell_len(row_text(self._runs(y))[: look.place.x])
                strip = self._with_cursor(strip, Cursor(cell, row), y)
        elif self._cursor is not None and self._cursor.row == row:
            strip = self._with_cursor(strip, self._cursor, y)
        if self._offset > 0 and y == 0 and look is None:
            strip = self._with_scroll_sign(strip, engine.history_rows)
        return strip.apply_offsets(0, self._first_line + y) if self.allow_select else strip

    @property
    def _first_line(self) -> int:
        """The number of the view's first line."""
        return self._scrolled_rows - self._offset

    @property
    def _book(self) -> Book | None:
        return Book(self._engine) if self._engine is not None else None

    def _with_cursor(self, strip: Strip, cursor: Cursor, y: int) -> Strip:
        start, end = span_of_cell(self._runs(y), cursor.column)
        if self.has_focus and cursor.shape != "underline":
            return overlay(strip, start, end, Style(), toggles_reverse=True)
        return overlay(strip, start, end, Style(underline=True, bold=self.has_focus or None))

    @property
    def _own_colours(self) -> bool:
        """Whether colours are the terminal's own, or there are none: which can be read on which, nobody here knows."""
        return self.has_pseudo_class("ansi") or self.has_pseudo_class("nocolor")

    def _with_selection(self, strip: Strip, selection: Selection, y: int) -> Strip:
        span = selection.get_span(self._first_line + y)
        if span is None:
            return strip
        style = self.screen.get_component_rich_style("screen--selection")
        if self._own_colours:
            style = Style(reverse=True)
        return self._with_part(strip, y, span[0], None if span[1] == -1 else span[1], style)

    def _with_found(self, strip: Strip, look: Look, y: int) -> Strip:
        line = self._first_line + y
        found = look.found
        style = self.get_component_rich_style("terminal--found")
        if self._own_colours:
            style = Style(reverse=True, underline=True)
        # Those that begin above may reach into this line.
        index = max(0, bisect_left(found, line, key=lambda each: each.start.y) - 1)
        while index < len(found) and found[index].start.y <= line:
            part = found[index].within(line)
            if part is not None:
                strip = self._with_part(strip, y, *part, style)
            index += 1
        return strip

    def _with_part(self, strip: Strip, y: int, start: int, end: int | None, style: Style) -> Strip:
        """The strip with a style laid over some of its characters, to before `end` or to the text's end."""
        text = row_text(self._runs(y))
        return overlay(strip, cell_len(text[:start]), cell_len(text[:end]), style)

    def _with_scroll_sign(self, strip: Strip, history_rows: int) -> Strip:
        sign = f" ↑ {self._offset} of {history_rows} rows back "
        start = strip.cell_length - cell_len(sign)
        if start < 0:
            return strip
        style = self.get_component_rich_style("terminal--scrolled")
        return Strip([*strip.crop(0, start), Segment(sign, style)], strip.cell_length)

    def _sign_of(self, look: Look, width: int) -> Strip:
        """The last line while looking back: where one is, and as many of the keys as there is room for."""
        style = self.rich_style + self.get_component_rich_style("terminal--scrolled")
        where, keys = look.says()
        room = width - 2
        first = f"  {keys[0]}" if keys else ""
        where = (
            where if cell_len(where) <= room - cell_len(first) else where[: max(0, room - cell_len(first) - 1)] + "…"
        )
        text = " " + where
        for key in keys:
            if cell_len(text) + cell_len(key) + 3 > width:
                break
            text += f"  {key}"
        return Strip([Segment(text, style)], cell_len(text)).adjust_cell_length(width, style)

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
        self._fitted()
        self.mark_dirty()

    def _fitted(self) -> None:
        """The engine has another size: lines may have other numbers."""

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

    def _bring_in_view(self, place: Offset) -> None:
        """Scroll as little as it takes to see a line above the last one, which says where one is."""
        first = max(min(self._first_line, place.y), place.y - max(0, self.size.height - 2))
        self._offset = self._scrolled_rows - first
        self.refresh()
