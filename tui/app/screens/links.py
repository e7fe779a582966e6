"""The addresses of the step: a letter opens one in the desktop's browser, or hands it over where there is none."""

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from tui.app.links import Link
from tui.app.paint import Line, Role, Span, hang, line
from tui.app.screens.modal import Window
from tui.app.signs import Signs
from tui.app.widgets.painted import LinesWidget

__all__ = ["LinksScreen"]

_LETTERS = "abcdefghijklmnoprstuvwxyz"  # q leaves


class _List(LinesWidget):
    def __init__(self, links: Sequence[Link]) -> None:
        super().__init__()
        self._links = links

    def lines(self, width: int) -> list[Line]:
        """The words, and the whole address below them: somebody may have to type it elsewhere."""
        lines: list[Line] = []
        for letter, link in zip(_LETTERS, self._links, strict=False):
            first = line(Span(f"{letter}  ", Role.KEY))
            if link.text:
                lines += hang(first, line(Span(link.text, Role.STRONG)), width)
                first = line("   ")
            lines += [*hang(first, line(Span(link.url, Role.CODE)), width), ()]
        return lines[:-1]


class LinksScreen(Window[None]):
    """Stays open, so that one can open several, and says what became of each."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "close", show=False)]

    def __init__(self, links: Sequence[Link], signs: Signs, open_link: Callable[[str], Awaitable[str]]) -> None:
        """`open_link` opens an address and returns the sentence that says what happened."""
        super().__init__()
        self._links = links
        self._signs = signs
        self._open_link = open_link

    def compose(self) -> ComposeResult:
        """The list, what happened, the way out."""
        with Vertical(classes="window"):
            yield Static("Links of this step", classes="window-title", markup=False)
            with VerticalScroll(classes="window-middle"):
                yield _List(self._links)
            yield Static("", id="outcome", classes="window-text", markup=False)
            yield Static("A letter opens the link. Esc closes.", classes="window-quiet", markup=False)

    def on_mount(self) -> None:
        """Nothing has happened yet."""
        self.query_one("#outcome").display = False

    def on_key(self, event: events.Key) -> None:
        """Open the link of that letter."""
        place = _LETTERS.find(event.character or " ")
        if 0 <= place < len(self._links):
            event.stop()
            self._open(self._links[place].url)

    @work(exclusive=True, exit_on_error=False)
    async def _open(self, url: str) -> None:
        self._say(f"Opening {url} {self._signs.ellipsis}")
        self._say(await self._open_link(url))

    def _say(self, text: str) -> None:
        outcome = self.query_one("#outcome", Static)
        outcome.display = True
        outcome.update(text)

    def action_close(self) -> None:
        """Back to the lab."""
        self.dismiss(None)
