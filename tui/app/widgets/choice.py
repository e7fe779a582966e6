"""A line that can be chosen: with its key, with Enter while it has the focus, or with a click."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.app.paint import Line, Role, Span, hang, line
from tui.app.signs import Signs
from tui.app.widgets.painted import LinesWidget

__all__ = ["Choice"]


class Choice(LinesWidget, can_focus=True):
    """One of a few answers. The focused one has a pointer before it, so that it shows without colour."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "choose", show=False)]

    class Chosen(Message):
        """This answer it is."""

        def __init__(self, choice: "Choice") -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, key: str, text: str, signs: Signs, *, id: str) -> None:  # noqa: A002  Textual's own word
        super().__init__(id=id, classes="choice")
        self._key = key
        self._text = text
        self._signs = signs

    def lines(self, width: int) -> list[Line]:
        """Pointer, key, text."""
        pointer = self._signs.pointer if self.has_focus else " "
        first = line(f"{pointer} ", Span(f"{self._key:<6}", Role.KEY))
        return hang(first, line(self._text), width)

    def on_focus(self) -> None:
        """The pointer comes."""
        self.refresh()

    def on_blur(self) -> None:
        """The pointer goes."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """As with Enter."""
        event.stop()
        self.action_choose()

    def action_choose(self) -> None:
        """Choose it."""
        self.post_message(self.Chosen(self))
