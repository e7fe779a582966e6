"""Tables of lines, in the manner of the docker CLI, that fit a width by dropping columns in a set order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from tui.app.paint import Line, Role, Span, cells, clip, text_of, width_of

__all__ = ["Column", "fits", "table"]

_GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its headings from the longest to the shortest, and when it may go.

    `drop` is the order of leaving when the table is too wide: 1 goes first, 0 never. `least` is the width that the
    column may be squeezed to, with an ellipsis, before anything is dropped after it; 0: never squeezed.
    """

    heads: tuple[str, ...]
    cells: tuple[Line, ...]
    drop: int = 0
    least: int = 0
    content: int = field(init=False)  # the width of the widest cell

    def __post_init__(self) -> None:
        widest = max(map(width_of, set(self.cells)), default=0)  # in a large table, most cells are the same few lines
        object.__setattr__(self, "content", widest)

    def width(self, head: int) -> int:
        """The width in cells with the heading of that number."""
        return max(self.content, cells(self.heads[min(head, len(self.heads) - 1)]))


def table(columns: Sequence[Column], width: int, *, indent: int = 0, ellipsis: str = "…") -> list[Line]:
    """The heading and the rows. Too wide: first shorter headings, then columns go, at last columns are squeezed."""
    room = max(width - indent, 1)
    kept = list(columns)
    head = 0 if _total(kept, [0] * len(kept)) <= room else 1
    while _total(kept, [head] * len(kept)) > room and (droppable := [c for c in kept if c.drop]):
        kept.remove(min(droppable, key=lambda c: c.drop))
    heads = [min(head, len(column.heads) - 1) for column in kept]
    for index in range(len(kept)):  # where there is room again, the longer headings come back
        longer = [*heads[:index], 0, *heads[index + 1 :]]
        if _total(kept, longer) <= room:
            heads = longer
    widths = [column.width(number) for column, number in zip(kept, heads, strict=True)]
    excess = sum(widths) + _GAP * (len(kept) - 1) - room
    for index in range(len(kept) - 1, -1, -1):
        least = kept[index].least
        if excess > 0 and least and widths[index] > least:
            cut = min(excess, widths[index] - least)
            widths[index] -= cut
            excess -= cut
    pad = " " * indent
    top = [(Span(column.heads[number], Role.HEAD),) for column, number in zip(kept, heads, strict=True)]
    lines = [_row(pad, tuple(top), tuple(widths), width, ellipsis)]
    sizes = tuple(widths)
    rows = zip(*(column.cells for column in kept), strict=True)
    lines += [_row(pad, row, sizes, width, ellipsis) for row in rows]
    return lines


def fits(columns: Sequence[Column], width: int) -> bool:
    """Whether the table has room with all its columns, if need be under their shorter headings."""
    return _total(columns, [1] * len(columns)) <= width


def _total(columns: Sequence[Column], heads: Sequence[int]) -> int:
    widths = (column.width(head) for column, head in zip(columns, heads, strict=True))
    return sum(widths) + _GAP * (len(columns) - 1)


@lru_cache(maxsize=4096)
def _row(pad: str, row: tuple[Line, ...], widths: tuple[int, ...], width: int, ellipsis: str) -> Line:
    """Kept, so that a row that says the same again costs nothing: most rows do, most of the time."""
    spans: list[Span] = [Span(pad)] if pad else []
    for number, (cell, size) in enumerate(zip(row, widths, strict=True)):
        cut = clip(cell, size, ellipsis)
        spans.extend(cut)
        if number < len(row) - 1:
            spans.append(Span(" " * (size - cells(text_of(cut)) + _GAP)))
    return clip(spans, width, ellipsis)
