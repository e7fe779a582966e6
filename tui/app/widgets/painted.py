"""Widgets that draw lines of roles: the base of all of the app's own small widgets."""

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.app.paint import ROLE_CLASSES, Line, Role, Span, cells, clip, content_of, text_of
from tui.app.signs import Signs

__all__ = ["Bar", "LinesWidget"]


class LinesWidget(Widget):
    """A block as high as its lines. Subclasses say the lines for a width."""

    COMPONENT_CLASSES = ROLE_CLASSES
    DEFAULT_CSS = """
    LinesWidget { height: auto; width: 1fr; text-wrap: nowrap; }
    """

    def lines(self, width: int) -> list[Line]:
        """What is shown in a room of `width` cells."""
        raise NotImplementedError

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002  Textual's own
        """As many rows as there are lines."""
        return len(self.lines(width)) if width else 0

    def render(self) -> Content:
        """The lines, for the width that the layout gave."""
        return Content("\n").join([content_of(each) for each in self.lines(self.content_size.width)])


class Bar(Widget):
    """One row: something at the left, something at the right, and if there is no room for both, less of the left."""

    COMPONENT_CLASSES = ROLE_CLASSES
    DEFAULT_CSS = """
    Bar { height: 1; width: 1fr; text-wrap: nowrap; }
    """

    def __init__(self, signs: Signs, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._signs = signs
        self._left: Line = ()
        self._right: Line = ()

    @property
    def text(self) -> str:
        """All that it says, for tests and for people who read rather than look."""
        return f"{text_of(self._left)} {text_of(self._right)}".strip()

    def show(self, left: Line, right: Line = ()) -> None:
        """Say something else; draws only what changed."""
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.refresh()

    async def on_click(self, event: events.Click) -> None:
        """Do what the part under the mouse does."""
        action = event.style.meta.get("action")
        if isinstance(action, str):
            event.stop()
            await self.run_action(action)

    def render(self) -> Content:
        """The row, padded in the middle."""
        width = self.content_size.width
        right = self._right if cells(text_of(self._right)) <= width else ()
        room = width - cells(text_of(right)) - (1 if right else 0)
        left = clip(self._left, max(room, 0), self._signs.ellipsis)
        gap = width - cells(text_of(left)) - cells(text_of(right))
        return content_of((*left, Span(" " * max(gap, 0), Role.PLAIN), *right))
