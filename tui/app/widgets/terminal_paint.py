"""From the engine's runs to Textual's strips."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, get_character_cell_size, set_cell_size
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.terminal.engine import Run, RunStyle

__all__ = ["StylePalette", "overlay", "paint_row", "row_text", "span_of_cell"]

_MAX_STYLES = 4_000


def _colour(colour: int | str | None) -> Color | None:
    match colour:
        case None:
            return None
        case int():
            return Color.from_ansi(colour)
        case str():
            return Color.parse(colour)


class StylePalette:
    """Rich styles for the engine's, on top of the widget's own (which gives the default colours)."""

    def __init__(self, base: Style) -> None:
        self.base = base
        self._styles: dict[RunStyle, Style] = {}

    def style(self, run: RunStyle) -> Style:
        """The Rich style for a run's style."""
        found = self._styles.get(run)
        if found is None:
            if len(self._styles) >= _MAX_STYLES:
                self._styles.clear()
            found = self._styles[run] = self.base + Style(
                color=_colour(run.foreground),
                bgcolor=_colour(run.background),
                bold=run.bold or None,
                dim=run.dim or None,
                italic=run.italic or None,
                underline=run.underline or bool(run.link) or None,
                blink=run.blink or None,
                reverse=run.reverse or None,
                strike=run.strike or None,
                conceal=run.conceal or None,
                link=run.link or None,
            )
        return found


def _shown(run: Run) -> str:
    """The text of a run, exactly as wide as the engine says that it is."""
    if run.style.conceal:
        return " " * run.cells
    text = run.text
    if (text.isascii() and len(text) == run.cells) or cell_len(text) == run.cells:
        return text
    return set_cell_size(text, run.cells)


def paint_row(runs: Sequence[Run], width: int, palette: StylePalette) -> Strip:
    """The strip for a row, `width` cells wide."""
    segments = [Segment(_shown(run), palette.style(run.style)) for run in runs]
    strip = Strip(segments, sum(run.cells for run in runs))
    return strip.adjust_cell_length(width, palette.base)


def row_text(runs: Iterable[Run]) -> str:
    """What stands in a row, as text."""
    return "".join(_shown(run) for run in runs)


def span_of_cell(runs: Iterable[Run], column: int) -> tuple[int, int]:
    """First cell of the character that stands at `column`, and the cell after it."""
    start = 0
    for run in runs:
        if column < start + run.cells:
            text = _shown(run)
            if text.isascii():
                break
            for character in text:
                size = get_character_cell_size(character)
                if start <= column < start + size:
                    return start, start + size
                start += size
            break
        start += run.cells
    return column, column + 1


def overlay(strip: Strip, start: int, end: int, style: Style, *, toggles_reverse: bool = False) -> Strip:
    """The strip with `style` laid over the cells from `start` to `end`; it may also turn reverse video round."""
    length = strip.cell_length
    start, end = max(0, min(start, length)), max(0, min(end, length))
    if start >= end:
        return strip
    before, under, after = strip.crop(0, start), strip.crop(start, end), strip.crop(end, length)
    segments = [
        Segment(
            segment.text,
            (segment.style or Style()) + style + Style(reverse=not (segment.style or Style()).reverse)
            if toggles_reverse
            else (segment.style or Style()) + style,
        )
        for segment in under
    ]
    return Strip([*before, *segments, *after], length)
