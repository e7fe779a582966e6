"""Another copy of the program has this lab: read along, or leave."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tui.app.screens.modal import Window
from tui.app.signs import Signs
from tui.app.widgets.choice import Choice

__all__ = ["BusyScreen"]

_TEXT = (
    "Swarmtutor already runs this lab in another window, and your progress is kept there. Here you can read along: "
    "the lesson, the live swarm and the shells are as usual, but nothing is saved, and nodes are not broken or renewed."
)


class BusyScreen(Window[bool]):
    """Result: True to read along, False to leave."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "read", show=False),
        Binding("q,escape,ctrl+q,ctrl+c", "leave", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, signs: Signs) -> None:
        super().__init__()
        self._signs = signs

    def compose(self) -> ComposeResult:
        """What is the case, and two keys."""
        with Vertical(classes="window"):
            yield Static("This lab is open in another window", classes="window-title", markup=False)
            yield Static(_TEXT, classes="window-text", markup=False)
            yield Choice("q", "Leave, and go on there", self._signs, id="leave")
            yield Choice("r", "Read along here", self._signs, id="read")

    @on(Choice.Chosen)
    async def _chosen(self, event: Choice.Chosen) -> None:
        await self.run_action(event.choice.id or "leave")

    def action_read(self) -> None:
        """Read along."""
        self.dismiss(True)

    def action_leave(self) -> None:
        """Go on there."""
        self.dismiss(False)
