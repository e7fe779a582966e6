"""Jump mode: a letter on everything that can be gone to; the letter goes there."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Size
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.app.paint import ROLE_CLASSES, Role, Span, content_of, line

__all__ = ["JumpScreen", "JumpTarget", "free_letter"]

_LETTERS = "asdfghklqwertyuiopzxcvbnm"  # the ones that are reached without looking first


@dataclass(frozen=True, slots=True)
class JumpTarget:
    """Something to go to: its letter, what it is, where the letter is to stand, and the way there.

    What is out of sight has no place of its own: its name stands beside its letter, in a row above the last.
    """

    letter: str
    name: str
    place: Offset | None
    go: Callable[[], None]

    @property
    def label(self) -> str:
        """What stands on the screen for it."""
        return f"[{self.letter}]" if self.place else f"[{self.letter}] {self.name} "


def free_letter(wanted: str, taken: Collection[str]) -> str:
    """The letter that is wanted, or the next that nothing has; empty where all are taken."""
    return next((letter for letter in wanted + _LETTERS if letter not in taken), "")


class JumpScreen(ModalScreen[JumpTarget | None]):
    """Lies over the lab. Result: where to go; None to stay. Other keys do nothing."""

    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_CLASSES
    CSS_PATH = "jump.tcss"
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "stay", show=False)]

    def __init__(self, targets: Sequence[JumpTarget], keys: Collection[str], height: int) -> None:
        """`keys`: those that began it, and so end it, too. `height`: rows of the window."""
        super().__init__()
        self._height = height
        self._targets = targets
        self._keys = keys
        self._fits: Size | None = None  # the window for which the places hold

    def compose(self) -> ComposeResult:
        """A label for each, and what to do."""
        free = Offset(1, self._height - 2)
        for target in self._targets:
            label = Static(target.label, classes="jump-label", markup=False)
            label.styles.offset = target.place or free
            free += Offset(0 if target.place else len(target.label) + 2, 0)
            yield label
        how = line(
            Span(" Press what stands where you want to go   ", Role.STRONG),
            Span("Esc", Role.KEY),
            Span(" stays here", Role.MUTED),
        )
        yield Static(content_of(how), id="jump-how")

    def on_key(self, event: events.Key) -> None:
        """A letter that stands somewhere goes there."""
        target = next((each for each in self._targets if each.letter == event.character), None)
        if target is not None:
            event.stop()
            self.dismiss(target)
        elif event.key in self._keys:
            event.stop()
            self.action_stay()

    def on_click(self) -> None:
        """Whoever takes the mouse needs no letters."""
        self.action_stay()

    def on_resize(self, event: events.Resize) -> None:
        """In another window, the letters would stand in the wrong places."""
        if self._fits not in (None, event.size):
            self.action_stay()
        self._fits = event.size

    def action_stay(self) -> None:
        """Back to where the eyes were."""
        if self.is_current:
            self.dismiss(None)
