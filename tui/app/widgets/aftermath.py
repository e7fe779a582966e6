"""What is told once a step is done: why it works, the commands again, and other ways. Folded until asked for."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Markdown

from tui.app.paint import Line, Role, Span, hang, inline, line
from tui.app.signs import Signs
from tui.app.widgets.painted import LinesWidget
from tui.tutor.views import Aftermath, PageCommand

__all__ = ["AftermathBlock", "folded_line"]


def folded_line(aftermath: Aftermath, key: str) -> str:
    """The one line that stands for all of it while it is folded; empty if there is nothing."""
    parts = ["why it works"] if aftermath.why else []
    if aftermath.routes:
        parts.append("another way" if len(aftermath.routes) == 1 else f"{len(aftermath.routes)} other ways")
    return f"{key}  {' and '.join(parts)}" if parts else ""


class _Commands(LinesWidget):
    """Commands under a heading, each with its node."""

    DEFAULT_CSS = """
    _Commands { margin: 0 0 1 0; }
    """

    def __init__(self, head: str, commands: Sequence[PageCommand], signs: Signs) -> None:
        super().__init__()
        self._head = head
        self._commands = commands
        self._signs = signs

    def lines(self, width: int) -> list[Line]:
        """The heading, then a line a command."""
        lines: list[Line] = hang((), inline(self._head, Role.STRONG), width)
        for command in self._commands:
            first = line(Span(f"{self._signs.rule} ", Role.MUTED), Span(f"{command.node}  ", Role.MUTED))
            for part in command.text.splitlines():
                lines.extend(hang(first, line(Span(part, Role.CODE)), width))
        return lines


class AftermathBlock(Vertical):
    """All of it, unfolded."""

    DEFAULT_CSS = """
    AftermathBlock { height: auto; }
    """

    def __init__(self, aftermath: Aftermath, signs: Signs) -> None:
        super().__init__()
        self.aftermath = aftermath
        self._signs = signs

    def on_resize(self) -> None:
        """Into sight, once it is known how high it is."""
        if isinstance(self.parent, Widget):
            self.parent.scroll_to_widget(self, top=True, animate=False)

    def compose(self) -> ComposeResult:
        """Why, then the ways."""
        if self.aftermath.why:
            yield Markdown(self.aftermath.why, open_links=False, classes="aftermath-why")
        if self.aftermath.commands:
            yield _Commands("The commands of this step", self.aftermath.commands, self._signs)
        for route in self.aftermath.routes:
            yield _Commands(f"Another way: {route.say}" if route.say else "Another way", route.commands, self._signs)
