"""All themes in a list; the one that is pointed at is tried at once, with the lab in sight behind it."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.app.screens.modal import Window
from tui.app.themes import THEMES

__all__ = ["ThemesScreen"]

_OURS = {theme.name: theme.name.removeprefix("swarmtutor-") for theme in THEMES}
_WORDS = {"contrast": "contrast, for tired eyes and bright rooms", "ansi": "ansi, your terminal's own 16 colours"}


class ThemesScreen(Window[str | None]):
    """Result: the theme's name; None to keep the one from before, which whoever asked puts back."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,ctrl+t,ctrl+q,ctrl+c", "keep", show=False)]

    def __init__(self, names: Sequence[str], chosen: str, attempt: Callable[[str], None]) -> None:
        """`attempt` shows a theme, for as long as it is pointed at."""
        super().__init__()
        self._names = [*_OURS, *(name for name in names if name not in _OURS)]
        self._chosen = chosen
        self._attempt = attempt

    def compose(self) -> ComposeResult:
        """Ours first."""
        with Vertical(classes="window themes-window"):
            yield Static("Themes", classes="window-title", markup=False)
            yield OptionList(*(Option(Content(self._words(name)), id=name) for name in self._names), id="themes")
            yield Static(
                "Enter keeps it, also for next time. Esc stays with the one from before.", classes="window-quiet"
            )

    def _words(self, name: str) -> str:
        ours = _OURS.get(name)
        return name if ours is None else _WORDS.get(ours, ours)

    def on_mount(self) -> None:
        """Begin at the one that is seen."""
        listed = self.query_one("#themes", OptionList)
        if self._chosen in self._names:
            listed.highlighted = self._names.index(self._chosen)
        listed.focus()

    @on(OptionList.OptionHighlighted)
    def _try(self, event: OptionList.OptionHighlighted) -> None:
        if event.option.id:
            self._attempt(event.option.id)

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_keep(self) -> None:
        """As it was."""
        self.dismiss(None)
