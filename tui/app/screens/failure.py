"""The nodes could not be made: what happened, what to do, and two keys."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tui.app.screens.modal import Window
from tui.app.signs import Signs
from tui.app.widgets.choice import Choice
from tui.errors import UserError

__all__ = ["FailureScreen"]


class FailureScreen(Window[bool]):
    """Result: True to try again, False to leave."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "retry", show=False),
        Binding("q,ctrl+q,ctrl+c", "leave", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, error: UserError, signs: Signs) -> None:
        super().__init__()
        self._error = error
        self._signs = signs

    def compose(self) -> ComposeResult:
        """What, hint, keys."""
        with Vertical(classes="window"):
            yield Static(f"{self._signs.not_yet} The nodes are not up", classes="window-title", markup=False)
            yield Static(self._error.what, classes="window-text", markup=False, id="what")
            if self._error.hint:
                yield Static(self._error.hint, classes="window-quiet", markup=False, id="hint")
            yield Choice("r", "Try again", self._signs, id="retry")
            yield Choice("q", "Quit", self._signs, id="leave")

    @on(Choice.Chosen)
    async def _chosen(self, event: Choice.Chosen) -> None:
        await self.run_action(event.choice.id or "leave")

    def action_retry(self) -> None:
        """Once more."""
        self.dismiss(True)

    def action_leave(self) -> None:
        """Enough."""
        self.dismiss(False)
