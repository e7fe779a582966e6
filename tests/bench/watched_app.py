"""The application, telling after every paint what stands in the swarm's pane."""

from collections.abc import Callable
from pathlib import Path, PurePath
from typing import ClassVar

from rich.console import RenderableType
from textual.screen import Screen
from textual.strip import Strip

import tui.app.app
from tui.app.app import Prepare, SwarmtutorApp
from tui.app.widgets.swarm_view import SwarmView
from tui.tutor.session import LabSession

__all__ = ["WatchedApp"]


class WatchedApp(SwarmtutorApp):
    """`painted` is called with the pane's text, as it was drawn, once the screen was updated."""

    # Textual looks for style sheets beside the class that names them.
    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = [
        Path(tui.app.app.__file__).parent / sheet for sheet in ("app.tcss", "screens/lab.tcss")
    ]

    def __init__(self, session: LabSession, prepare: Prepare, painted: Callable[[str], None]) -> None:
        super().__init__(session, prepare)
        self._painted = painted
        self._rows: dict[int, str] = {}

    def watch_paints(self) -> None:
        """Begin to look; the screen must be there."""
        view: SwarmView = self.lab.swarm_view
        draw = view.render_line

        def render_line(y: int) -> Strip:
            strip = draw(y)
            self._rows[y] = strip.text
            return strip

        view.render_line = render_line
        view.refresh()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Textual's last act of an update."""
        super()._display(screen, renderable)  # pyright: ignore[reportUnknownMemberType]  # Textual leaves it open
        self._painted("\n".join(self._rows[y] for y in sorted(self._rows)))
