"""The keys, made from the table of actions: those of the pane that has the focus first, then all of them."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from tui.app.actions import ACTIONS, Action, key_names, keys_of, release_keys
from tui.app.paint import Line, Role, Span, hang, inline, line
from tui.app.screens.lab_frame import Pane
from tui.app.screens.modal import Window
from tui.app.signs import Signs
from tui.app.widgets.painted import LinesWidget

__all__ = ["HelpScreen", "KeyTable", "PaneKeys", "pane_keys"]

_KEYS_WIDTH = 18

_PANES = {
    Pane.LESSON: ("the lesson", "The text scrolls; its goals turn green by themselves, and a key goes on."),
    Pane.SWARM: ("the swarm", "What the swarm is now, and what it was in the last minutes."),
    Pane.SHELL: (
        "the shell",
        "Every key goes to the shell, but for these. Shift-PgUp and Shift-PgDn look back and forward; what the mouse "
        "selects is copied.",
    ),
}
"""What each pane is called, and what there is to know of it beside its keys."""


def pane_keys(pane: Pane, keymap: Mapping[str, str]) -> list[tuple[Action, Sequence[str]]]:
    """The actions of a pane, with the keys that work in it."""
    if pane is Pane.SHELL:
        released = release_keys(keymap)
        found = [(action, [key for key in keys_of(action, keymap) if key in released]) for action in ACTIONS]
        found.sort(key=lambda each: each[0].id != "pane.shell")
    else:
        found = [
            (action, list(keys_of(action, keymap)))
            for action in ACTIONS
            if action.id.startswith(f"{pane.value}.") or action.quiet
        ]
    return [(action, keys) for action, keys in found if keys]


def _row(keys: Sequence[str], keys_width: int, body: Line, width: int) -> list[Line]:
    names = key_names(keys) or "(none)"
    return hang(line(Span(f"  {names:<{max(keys_width, len(names) + 2)}}", Role.KEY)), body, width)


def _title(action: Action) -> str:
    return action.title.split(": ", 1)[1]


class PaneKeys(LinesWidget):
    """A line for each key that works where the focus is."""

    def __init__(self, pane: Pane, keymap: Mapping[str, str], about: str) -> None:
        """`about`: what there is to know beside the keys."""
        super().__init__()
        self._pane = pane
        self._keymap = keymap
        self._about = about

    def lines(self, width: int) -> list[Line]:
        """What it is, then its keys, in few words."""
        name, usual = _PANES[self._pane]
        lines = [line(Span(f"Here: {name}", Role.ACCENT))]
        lines += hang(line("  "), inline(self._about or usual, Role.MUTED), width)
        rows = pane_keys(self._pane, self._keymap)
        scroll = [key for action, keys in rows if action.quiet for key in keys]
        rows = [(_title(action), keys) for action, keys in rows if not action.quiet]
        rows += [("Scroll", scroll)] if scroll else []
        keys_width = max((len(key_names(keys)) for title, keys in rows if title != "Scroll"), default=0) + 3
        for title, keys in rows:
            lines += _row(keys, keys_width, line(title), width)
        return lines


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
                body = line(Span(f"{_title(action)}. ", Role.STRONG), *inline(action.help, Role.MUTED))
                lines += _row(keys_of(action, self._keymap), _KEYS_WIDTH, body, width)
        return lines


class HelpScreen(Window[None]):
    """Shows the keys; scrolls where there are more than fit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
        Binding("home", "scroll(-9999)", show=False),
        Binding("end", "scroll(9999)", show=False),
    ]

    def __init__(
        self, keymap: Mapping[str, str], signs: Signs, pane: Pane = Pane.LESSON, focused: Widget | None = None
    ) -> None:
        """`pane` is the one in front, `focused` what has the focus in it: its own `HELP` is shown, if it has one."""
        super().__init__()
        self._keymap = keymap
        self._signs = signs
        self._pane = pane
        self._about = (focused.HELP if focused is not None else None) or ""

    def compose(self) -> ComposeResult:
        """What works here, then the table, and the few things that are no action."""
        with VerticalScroll(classes="window", can_focus=True):
            yield Static(f"Keys   {self._signs.dot}   Esc closes, arrows scroll", classes="window-title", markup=False)
            yield PaneKeys(self._pane, self._keymap, self._about)
            yield Static("\nEverything", classes="window-title", markup=False)
            yield KeyTable(self._keymap)
            yield Static(
                "\nNo F-key is needed: from the shell, press the key that leaves it first, then the other one. "
                "`swarmtutor keys --write` makes a file to change any key.",
                classes="window-quiet",
                markup=False,
            )

    def action_close(self) -> None:
        """Back to the lab."""
        self.dismiss(None)

    def action_scroll(self, rows: int) -> None:
        """Look further up or down."""
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)
