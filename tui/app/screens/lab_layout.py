"""How large the panes are: by keys, or by dragging what lies between them."""

from textual import on
from textual.message import Message

from tui.app.arrangement import LEAST_LESSON, LEAST_RIGHT, LEAST_SHELL, LEAST_SWARM, Pane, share_of
from tui.app.screens.lab_frame import LabFrame
from tui.app.widgets.divider import Moved

__all__ = ["LabLayout", "SharesChosen"]

_COLUMNS, _ROWS = 4, 2  # by how much a key moves what lies between


class SharesChosen(Message):
    """Other sizes were chosen: shares in percent, None for the usual ones."""

    def __init__(self, lesson: float | None, swarm: float | None) -> None:
        super().__init__()
        self.lesson = lesson
        self.swarm = swarm


class LabLayout(LabFrame):
    """Asks for other sizes; whoever keeps the preferences grants them."""

    @on(Moved)
    def _moved(self, event: Moved) -> None:
        event.stop()
        if event.grip.id == "upright":
            self._ask_columns(event.x - self.query_one("#panes").region.x)
        elif self._can_change_rows:
            self._ask_rows(event.y - self.query_one("#right").region.y)

    @property
    def _can_change_columns(self) -> bool:
        return not self.single

    @property
    def _can_change_rows(self) -> bool:
        return {Pane.SWARM, Pane.SHELL} <= self.arrangement.seen

    def _ask_columns(self, columns: int) -> None:
        total = self.query_one("#panes").size.width - 1
        share = share_of(columns, total, LEAST_LESSON, LEAST_RIGHT)
        self.post_message(SharesChosen(share, self.preferences.swarm_share))

    def _ask_rows(self, rows: int) -> None:
        share = share_of(rows, self.query_one("#right").size.height, LEAST_SWARM, LEAST_SHELL)
        self.post_message(SharesChosen(self.preferences.lesson_share, share))

    def action_lesson_width(self, by: int) -> None:
        """Make the lesson wider (1) or narrower (-1)."""
        if self._can_change_columns:
            self._ask_columns(self.query_one("#left").outer_size.width + by * _COLUMNS)
        else:
            self._one_pane_only()

    def action_swarm_height(self, by: int) -> None:
        """Make the live swarm higher (1) or lower (-1)."""
        if self._can_change_rows:
            self._ask_rows(self.query_one("#swarm").outer_size.height + by * _ROWS)
        else:
            self._one_pane_only()

    def action_usual_sizes(self) -> None:
        """The sizes that suit most windows."""
        self.post_message(SharesChosen(None, None))

    def _one_pane_only(self) -> None:
        self.notify("There is nothing beside it whose room it could take.", markup=False, timeout=4)
