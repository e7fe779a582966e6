"""How large the panes are: by keys, or by dragging what lies between them."""

from dataclasses import replace

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
        self._choose(share_of(columns, self._columns, LEAST_LESSON, LEAST_RIGHT), self.preferences.swarm_share)

    def _ask_rows(self, rows: int) -> None:
        self._choose(self.preferences.lesson_share, share_of(rows, self._rows, LEAST_SWARM, LEAST_SHELL))

    def _choose(self, lesson: float | None, swarm: float | None) -> None:
        # At once, so that the next key press counts from here; then to whoever keeps it.
        self.preferences = replace(self.preferences, lesson_share=lesson, swarm_share=swarm)
        self.post_message(SharesChosen(lesson, swarm))

    @property
    def _columns(self) -> int:
        """What lesson and right side share."""
        return self.query_one("#panes").size.width - 1

    @property
    def _rows(self) -> int:
        """What swarm and shell share."""
        return self.query_one("#right").size.height

    def action_lesson_width(self, by: int) -> None:
        """Make the lesson wider (1) or narrower (-1)."""
        share = self.preferences.lesson_share
        if self._can_change_columns:
            now = self.query_one("#left").outer_size.width if share is None else int(self._columns * share / 100)
            self._ask_columns(now + by * _COLUMNS)
        else:
            self._one_pane_only()

    def action_swarm_height(self, by: int) -> None:
        """Make the live swarm higher (1) or lower (-1)."""
        share = self.preferences.swarm_share
        if self._can_change_rows:
            now = self.query_one("#swarm").outer_size.height if share is None else int(self._rows * share / 100)
            self._ask_rows(now + by * _ROWS)
        else:
            self._one_pane_only()

    def action_usual_sizes(self) -> None:
        """The sizes that suit most windows."""
        self._choose(None, None)

    def _one_pane_only(self) -> None:
        self.notify("There is nothing beside it whose room it could take.", markup=False, timeout=4)
