"""The command box: a tab for each node, one terminal in front, and a word where there is no shell."""

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Static

from tui.app.desktop import copy_text, open_address
from tui.app.signs import Signs
from tui.app.widgets.divider import GripBar
from tui.app.widgets.painted import Bar
from tui.app.widgets.terminal_view import TerminalView
from tui.tutor.shells import NodeShell

if TYPE_CHECKING:
    from textual.app import App

__all__ = ["ShellBox"]


class ShellNote(Static, can_focus=True):
    """Stands where the terminal will be, and keeps the focus that is meant for it."""


class ShellBox(Vertical):
    """Shows one of the live shells. They live in the session; here one of them is attached to the view."""

    def __init__(self, signs: Signs, release_keys: frozenset[str], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._signs = signs
        self._release_keys = release_keys
        self._node = ""
        self._connected: dict[str, bool] = {}

    def compose(self) -> ComposeResult:
        """Tabs, the note, the terminal."""
        yield GripBar(self._signs, id="shell-title", classes="pane-title")
        yield ShellNote("The shells open as soon as the nodes are up.", id="shell-note", markup=False)
        terminal = TerminalView(id="terminal", release_keys=self._release_keys)
        terminal.display = False
        yield terminal

    @property
    def title(self) -> Bar:
        """The row of tabs."""
        return self.query_one("#shell-title", Bar)

    @property
    def terminal(self) -> TerminalView:
        """The terminal in front."""
        return self.query_one("#terminal", TerminalView)

    @property
    def note(self) -> ShellNote:
        """The word where there is no shell."""
        return self.query_one("#shell-note", ShellNote)

    @property
    def target(self) -> Widget:
        """What takes the focus."""
        return self.terminal if self.terminal.display else self.note

    def choose(self, node: str, shells: Mapping[str, NodeShell]) -> None:
        """Bring a node's shell to the front."""
        shell = shells.get(node)
        self._node = node
        if shell is None:
            return
        if self.terminal.engine is not shell.engine:
            self.terminal.attach(shell.engine, shell)
        self.terminal.display = True
        self._note(shell)

    def look_back(self) -> bool:
        """Give the keys to a cursor that goes through what stands in the terminal. Returns whether there is one."""
        if self.terminal.display:
            self.terminal.look_back()
        return self.terminal.display

    @on(TerminalView.Copied)
    def _copied(self, event: TerminalView.Copied) -> None:
        self._say_when_done(copy_text(self._app, event.text))

    @on(TerminalView.LinkChosen)
    def _link_chosen(self, event: TerminalView.LinkChosen) -> None:
        self._say_when_done(open_address(self._app, event.address))

    @property
    def _app(self) -> "App[object]":
        return cast("App[object]", self.app)  # pyright: ignore[reportUnknownMemberType]  # Textual leaves the type open

    def _say_when_done(self, errand: Awaitable[str]) -> None:
        """Programs of the desktop may take their time: what they did is said once it is known."""

        async def say() -> None:
            self.notify(await errand, markup=False, timeout=6)

        self.run_worker(say(), exit_on_error=False)

    def bar_keys(self, barred: bool) -> None:
        """Keep the keyboard away from the shell, or give it back."""
        if self.terminal.disabled != barred:
            self.terminal.disabled = barred

    def news(self, node: str, shells: Mapping[str, NodeShell]) -> bool:
        """A shell wrote something, or came or went. Returns whether it came or went."""
        shell = shells.get(node)
        if shell is None:
            return False
        if node == self._node:
            self.terminal.mark_dirty()
            self._note(shell)
        changed = self._connected.get(node) != shell.connected
        self._connected[node] = shell.connected
        return changed

    def _note(self, shell: NodeShell) -> None:
        note = self.note
        trouble = "" if shell.connected else shell.trouble or "the shell is being opened"
        note.display = bool(trouble)
        text = f"{self._signs.down} {shell.node}: {trouble}"
        if trouble and note.content != text:
            note.update(text)
        if note.has_focus and self.terminal.display:
            self.terminal.focus()
