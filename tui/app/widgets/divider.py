"""What lies between two panes, and can be dragged with the mouse: a line, or the title of the lower pane."""

from textual import events
from textual.content import Content
from textual.geometry import Offset
from textual.message import Message
from textual.widget import Widget

from tui.app.paint import ROLE_CLASSES
from tui.app.signs import ASCII, Signs
from tui.app.widgets.painted import Bar

__all__ = ["Divider", "GripBar", "Moved"]


class Moved(Message):
    """The mouse holds it and is at this cell of the screen."""

    def __init__(self, grip: Widget, x: int, y: int) -> None:
        super().__init__()
        self.grip = grip
        self.x = x
        self.y = y

    @property
    def control(self) -> Widget:
        """What is dragged."""
        return self.grip


class _Grip(Widget):
    """Follows the mouse from where it was pressed until it is let go."""

    ALLOW_SELECT = False
    held = False  # the button is down
    dragged = False  # and has been moved since
    _from = Offset()  # where it went down

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Hold it."""
        self.dragged = False
        if event.button == 1:
            self.held = True
            self._from = event.screen_offset
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow."""
        if self.held and (self.dragged or event.screen_offset != self._from):
            self.dragged = True
            self.post_message(Moved(self, event.screen_x, event.screen_y))

    def on_mouse_up(self) -> None:
        """Let go."""
        if self.held:
            self.held = False
            self.release_mouse()


class Divider(_Grip):
    """The line between the lesson and what is beside it."""

    COMPONENT_CLASSES = ROLE_CLASSES
    DEFAULT_CSS = """
    Divider { width: 1; height: 1fr; }
    """

    def __init__(self, signs: Signs, *, id: str | None = None) -> None:  # noqa: A002  Textual's own word
        super().__init__(id=id)
        self._sign = "|" if signs is ASCII else "│"

    def render(self) -> Content:
        """A sign a row."""
        return Content("\n".join([self._sign] * max(self.size.height, 1)))


class GripBar(_Grip, Bar):
    """A title that divides. A click that does not move it is a click on what it says."""

    async def on_click(self, event: events.Click) -> None:
        """Nothing, after it was dragged."""
        if self.dragged:
            event.stop()
            event.prevent_default()
