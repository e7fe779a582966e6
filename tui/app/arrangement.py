"""Which parts of the lab are seen at once, and how large they are. Pure."""

import math
from dataclasses import dataclass
from enum import StrEnum

from tui.app.preferences import LARGEST_SHARE, SMALLEST_SHARE, Layout

__all__ = [
    "LEAST_LESSON",
    "LEAST_RIGHT",
    "LEAST_SHELL",
    "LEAST_SWARM",
    "LEAST_WINDOW",
    "NARROW",
    "Arrangement",
    "Pane",
    "arrange",
    "share_of",
]

LEAST_WINDOW = (60, 16)
"""Columns and rows below which nothing is shown but a sentence."""

NARROW = 100
"""Columns below which panes become tabs."""

ROOMY = (80, 24)
"""Columns and rows from which there is room for wide margins."""

TALL = 30
"""Rows from which there is room for more air between lines."""

LEAST_LESSON, LEAST_RIGHT = 30, 40
"""Columns that dragging leaves to either side; the style sheet says the same."""

LEAST_SWARM, LEAST_SHELL = 4, 5
"""Rows that dragging leaves to either pane, with their titles; the style sheet says the same."""


class Pane(StrEnum):
    """The three panes. In a narrow window, or when one is given the whole window, one is seen at a time."""

    LESSON = "lesson"
    SWARM = "swarm"
    SHELL = "shell"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What is seen. `air`: with wide margins, for eyes that are far away; `gaps`: with more room between lines, too."""

    seen: frozenset[Pane]
    air: bool
    gaps: bool

    @property
    def single(self) -> bool:
        """Whether one pane has the whole window, and the others are a tab away."""
        return len(self.seen) == 1


def arrange(layout: Layout, size: tuple[int, int], pane: Pane, beside: Pane, *, maximised: bool) -> Arrangement:
    """What is seen in a window of that size. `pane` has the focus; `beside` had it last, of those beside the lesson."""
    air = layout is Layout.BIG and size[0] >= ROOMY[0] and size[1] >= ROOMY[1]
    gaps = air and size[1] >= TALL
    if maximised or layout is Layout.TABS or size[0] < NARROW:
        return Arrangement(frozenset({pane}), air, gaps)
    if layout is Layout.BIG:
        return Arrangement(frozenset({Pane.LESSON, beside}), air, gaps)
    return Arrangement(frozenset(Pane), air, gaps)


def share_of(cells: int, total: int, first_least: int, second_least: int) -> float:
    """The share, in percent, of the first of two parts of `total` cells, if it is to have so many; both keep their
    least where there is room for it.
    """
    cells = max(min(cells, total - second_least), min(first_least, total // 2))
    share = math.ceil(10_000 * cells / max(total, 1)) / 100  # never a cell less when it is made cells again
    return min(max(share, SMALLEST_SHARE), LARGEST_SHARE)
