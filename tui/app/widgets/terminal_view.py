"""The command box: a live terminal in a widget."""

import time

from textual import events
from textual.geometry import Offset
from textual.message import Message
from textual.selection import Selection

from tui.app.widgets.terminal_look import LOOK_KEYS, Look, LookDeed
from tui.app.widgets.terminal_screen import TerminalPort, TerminalScreen
from tui.terminal.engine import MouseMode, TerminalEngine

__all__ = ["RELEASE_KEYS", "TerminalPort", "TerminalView"]

RELEASE_KEYS = frozenset({"ctrl+right_square_bracket", "shift+escape", *(f"f{number}" for number in range(1, 13))})
"""Keys that are not for the shell: Ctrl-], Shift-Esc where the terminal can tell it from Esc, and the F-keys."""
WHEEL_LINES = 3
_HELP = (
    "Every key goes to the shell, but for these. Shift-PgUp and Shift-PgDn look back and forward; what the mouse "
    "selects is copied; a click with Ctrl opens a link. While you look back: "
    + "; ".join(f"`{keys}` {what[0].lower()}{what[1:]}" for keys, what in LOOK_KEYS)
    + "."
)


class TerminalView(TerminalScreen, can_focus=True):
    """Shows a `TerminalEngine` and sends keys, pastes and the mouse to its shell.

    While it has the focus every key goes to the shell, but for `release_keys`, which bubble as usual. Shift-PageUp,
    Shift-PageDown and the wheel look back into the history; typing returns to the present. `look_back` gives the keys
    to a cursor that goes through all that stands there, as in a pager, until it is left.
    """

    HELP = _HELP

    class Copied(Message):
        """Text was chosen to be copied."""

        def __init__(self, view: "TerminalView", text: str) -> None:
            super().__init__()
            self.view = view
            self.text = text

        @property
        def control(self) -> "TerminalView":
            """The view it is copied from."""
            return self.view

    class LinkChosen(Message):
        """A link is to be opened."""

        def __init__(self, view: "TerminalView", address: str) -> None:
            super().__init__()
            self.view = view
            self.address = address

        @property
        def control(self) -> "TerminalView":
            """The view it stands in."""
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
        super().__init__(engine, port, name=name, id=id, classes=classes)
        self.release_keys = release_keys

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
        if self._look is not None:
            self._look_on(self._look, event.key, event.character)
        elif not self._engine.alternate_screen and (rows := self._history_keys().get(event.key)) is not None:
            self.scroll_history(rows)
        else:
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
        self.stop_looking()
        self._send(self._engine.encode_paste(event.text))

    def _send(self, data: bytes) -> None:
        if data and self._port is not None:
            self.scroll_to_present()
            self._expects_echo = True
            self._last_key = time.monotonic()
            self._port.write(data)

    def on_focus(self) -> None:
        """The cursor looks different with the focus, and a program may want to know."""
        self._focus_changed(gained=True)

    def on_blur(self) -> None:
        """The cursor looks different without the focus, and a program may want to know."""
        self._focus_changed(gained=False)

    def _focus_changed(self, *, gained: bool) -> None:
        if self._look is not None:
            self._refresh_rows({self._look.place.y - self._scrolled_rows})
        elif self._cursor is not None:
            self._refresh_rows({self._cursor.row})
        if self._engine is not None and self._port is not None and (told := self._engine.encode_focus(gained)):
            self._port.write(told)

    # Looking back

    @property
    def looking(self) -> bool:
        """Whether keys go through what stands here, and not to the shell."""
        return self._look is not None

    def look_back(self) -> None:
        """Give the keys to a cursor that goes through all that stands here; where the shell's is, or what is seen."""
        book = self._book
        if book is None or self._engine is None or self._look is not None:
            return
        self._paint()  # what came in since the last paint has a place of its own, too
        cursor = self._engine.cursor() or self._cursor
        place = Offset(cursor.column if cursor else 0, self._scrolled_rows + (cursor.row if cursor else 0))
        if self._offset:
            place = Offset(0, self._first_line + max(0, self.size.height - 2))
        place = Offset(book.index_at(place.y, place.x), place.y)
        self._look = Look(book, place, max(1, self.size.height - 2))
        self._bring_in_view(place)

    def stop_looking(self) -> None:
        """Back to the present; keys go to the shell again."""
        if self._look is None:
            return
        self._look = None
        self._offset = 0
        self.screen.clear_selection()
        self.refresh()

    def _look_on(self, look: Look, key: str, character: str | None) -> None:
        look.page = max(1, self.size.height - 2)
        deed = look.key(key, character)
        match deed:
            case LookDeed.COPY:
                text = look.copied
                self.stop_looking()
                self._copy(text)
            case LookDeed.OPEN if look.link is not None:
                self.post_message(self.LinkChosen(self, look.link.address))
            case LookDeed.LEAVE:
                self.stop_looking()
            case _:
                pass
        if self._look is not None:
            marked = look.marked
            if marked is not None:
                self.screen.selections = {self: Selection(marked.start, marked.end)}
            else:
                self.screen.clear_selection()
            self._bring_in_view(look.place)

    def _fitted(self) -> None:
        """Lines may be wrapped anew: what was marked and found means nothing."""
        if self._look is None or self._engine is None:
            return
        self._scrolled_rows = self._engine.scrolled_rows
        self._look.forget()
        self.screen.clear_selection()
        self._bring_in_view(self._look.place)

    # The mouse

    def _to_program(self, event: events.MouseEvent, kind: str, button: int) -> bool:
        """Give a mouse event to the program if it asked for it; with Shift it stays here, as in any terminal."""
        if self._engine is None or self._port is None or event.shift or self._offset or self._look is not None:
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
        if self._to_program(event, kind, 0):
            return
        event.stop()
        event.prevent_default()
        if self._look is not None:
            self._look_on(self._look, *("ctrl+u", None) if rows > 0 else ("ctrl+d", None))
        else:
            self.scroll_history(rows)

    # Selecting, copying, following links

    @property
    def allow_select(self) -> bool:
        """Text can be selected unless the program has the mouse."""
        return self._engine is not None and self._engine.mouse_mode is MouseMode.NONE

    def on_click(self, event: events.Click) -> None:
        """A double click selects a word, a triple click a line; a click with Ctrl opens a link."""
        book = self._book
        if book is None or not self.allow_select:
            return
        cell = self._cell_under(event)
        line = self._first_line + cell.y
        place = Offset(book.index_at(line, cell.x), line)
        if event.ctrl and event.chain == 1:
            link = book.link_at(place)
            if link is not None:
                event.prevent_default()
                self.post_message(self.LinkChosen(self, link.address))
        elif event.chain >= 2:
            event.prevent_default()
            start, end = (0, len(book.text(line))) if event.chain > 2 else book.word(place)
            if start < end:
                self.screen.selections = {self: Selection(Offset(start, line), Offset(end, line))}
                self._copy_selection()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text; a line that was wrapped is one line, and blanks at a line's end are left out."""
        book = self._book
        if book is None:
            return None
        start, end = selection.start, selection.end
        last = Offset(len(book.text(book.youngest)), book.youngest)
        return book.between(Offset(0, book.oldest) if start is None else start, last if end is None else end), "\n"

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002  # Textual's signature
        """Show the selection as it is now."""
        self.refresh()

    def _copy_selection(self) -> None:
        selection = self.text_selection
        if selection is not None and (found := self.get_selection(selection)) is not None:
            self._copy(found[0])

    def _copy(self, text: str) -> None:
        if text.strip():
            self.post_message(self.Copied(self, text))
