"""All keys, made from the table of actions."""

from collections.abc import Mapping
from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui.app.actions import ACTIONS, key_name, keys_of
from tui.app.paint import Line, Role, Span, hang, inline, line
from tui.app.screens.modal import Window
from tui.app.signs import Signs
from tui.app.widgets.painted import LinesWidget

__all__ = ["HelpScreen", "KeyTable"]

_KEYS_WIDTH = 18


class KeyTable(LinesWidget):
    """A line for each action: its keys, its title, what it does."""

    def __init__(self, keymap: Mapping[str, str]) -> None:
        super().__init__()
        self._keymap = keymap

    def lines(self, width: int) -> list[Line]:
        """Grouped by area."""
        lines: list[Line] = []
        for area, actions in groupby(ACTIONS, key=lambda action: action.title.split(":")[0]):
            if lines:
                lines.append(())
            lines.append(line(Span(area.capitalize(), Role.ACCENT)))
            for action in actions:
                keys = "  ".join(key_name(key) for key in keys_of(action, self._keymap))
                title = action.title.split(": ", 1)[1]
                first = line(Span(f"  {keys:<{_KEYS_WIDTH}}", Role.KEY))
                body = (Span(f"{title}. ", Role.STRONG), *inline(action.help, Role.MUTED))
                lines.extend(hang(first, body, width))
        return lines


class HelpScreen(Window[None]):
    """Shows the keys; scrolls where there are more than fit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
    ]

    def __init__(self, keymap: Mapping[str, str], signs: Signs) -> None:
        super().__init__()
        self._keymap = keymap
        self._signs = signs

    def compose(self) -> ComposeResult:
        """The table, and the few things that are no action."""
        with VerticalScroll(classes="window", can_focus=True):
            yield Static("Keys", classes="window-title")
            yield KeyTable(self._keymap)
            yield Static(
                "\nIn the shell every key is the shell's, but for the F-keys and the one that leaves it. Look back "
                "with Shift-PgUp and Shift-PgDn. The lesson scrolls with the arrow keys, PgUp, PgDn and Space."
                "\n\nEsc closes this page.",
                classes="window-quiet",
                markup=False,
            )

    def action_close(self) -> None:
        """Back to the lab."""
        self.dismiss(None)

    def action_scroll(self, rows: int) -> None:
        """Look further up or down."""
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)
