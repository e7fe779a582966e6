"""What the small windows over the lab have in common."""

from typing import ClassVar, TypeVar

from textual.screen import ModalScreen

from tui.app.paint import ROLE_CLASSES

__all__ = ["Window"]

Result = TypeVar("Result")


class Window(ModalScreen[Result]):
    """A calm panel in the middle; Esc closes it."""

    CSS_PATH = "modal.tcss"
    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_CLASSES
    ESCAPE_TO_MINIMIZE = False
