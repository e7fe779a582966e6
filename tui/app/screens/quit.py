"""Leaving: may the nodes stay?"""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tui.app.leaving import Leaving
from tui.app.screens.modal import Window
from tui.app.signs import Signs
from tui.app.widgets.choice import Choice

__all__ = ["QuitScreen"]


_TEXT = (
    "Your place in the lesson is kept. Nodes that go on running will be as you left them; nodes that are removed take "
    "their swarm with them."
)


class QuitScreen(Window[Leaving | None]):
    """Asks once, with the answer that loses nothing in front. Result: how to leave; None to stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,s", "stay", show=False),
        Binding("l,q,ctrl+q,ctrl+c", "keep", show=False),
        Binding("d", "down", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, signs: Signs, *, may_remove: bool = True) -> None:
        """`may_remove`: False where another copy of the program has the nodes."""
        super().__init__()
        self._signs = signs
        self._may_remove = may_remove

    def compose(self) -> ComposeResult:
        """Three answers."""
        with Vertical(classes="window"):
            yield Static("Leave the lab?", classes="window-title")
            yield Static(_TEXT, classes="window-text", markup=False)
            yield Choice("l", "Leave, and let the nodes run", self._signs, id="keep")
            if self._may_remove:
                yield Choice("d", "Leave, and remove the nodes", self._signs, id="down")
            yield Choice("Esc", "Stay", self._signs, id="stay")

    @on(Choice.Chosen)
    async def _chosen(self, event: Choice.Chosen) -> None:
        await self.run_action(event.choice.id or "stay")

    def action_stay(self) -> None:
        """Back to the lab."""
        self.dismiss(None)

    def action_keep(self) -> None:
        """The nodes go on running."""
        self.dismiss(Leaving.KEEP_NODES)

    def action_down(self) -> None:
        """The nodes are to be removed by whoever started the app."""
        if self._may_remove:
            self.dismiss(Leaving.TAKE_DOWN)
