"""The live pane: lines that are compared with those on screen, so that only what changed is drawn."""

import time
from collections.abc import Callable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from tui.app.paint import ROLE_CLASSES, Line, Role, Span, content_of, text_of

__all__ = ["SwarmView"]

_MOST_STRIPS = 512
_UNSEEN = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029])
"""What daemons write must not steer the terminal: control characters are left out."""


class SwarmView(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows lines, scrolls by keys, and keeps its place while the lines change."""

    COMPONENT_CLASSES = ROLE_CLASSES
    DEFAULT_CSS = """
    SwarmView { height: 1fr; width: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    def __init__(self, make_lines: Callable[[int, int], list[Line]], *, id: str | None = None) -> None:  # noqa: A002
        """`make_lines(width, height)` says what is to be shown in a room of that size."""
        super().__init__(id=id)
        self._make_lines = make_lines
        self._lines: list[Line] = []
        self._strips: dict[tuple[Line, int], Strip] = {}
        self._looks: dict[Role, Style | None] = {}
        self._along = False  # the end stays in sight while lines come
        self._made = 0.0  # by the monotonic clock
        self.drawn = 0  # lines that were asked to be drawn again, ever: what tests of the diffing look at

    @property
    def age(self) -> float:
        """Seconds since the lines were made."""
        return time.monotonic() - self._made

    @property
    def text(self) -> str:
        """All lines as plain text."""
        return "\n".join(text_of(each).rstrip() for each in self._lines)

    def update(self) -> None:
        """Make the lines anew and draw those that changed."""
        width = self.scrollable_content_region.width
        if not width:
            return
        self._made = time.monotonic()
        self.show_lines(self._make_lines(width, self.size.height))

    def turn(self, *, to_end: bool) -> None:
        """Something else is shown from now on: from its beginning, or from its end, and then along with it.

        Whoever scrolls away from the end stays there until they scroll back.
        """
        self._along = to_end
        if not to_end:
            self.scroll_to(y=0, animate=False)

    def show_lines(self, lines: list[Line]) -> None:
        """Show these, and draw those that are not on screen already."""
        old, self._lines = self._lines, lines
        width = self.scrollable_content_region.width
        at_end = self._along and (self.is_vertical_scroll_end or not old)
        if len(old) != len(lines):
            self.virtual_size = Size(width, len(lines))
        changed = [
            number
            for number in range(max(len(old), len(lines)))
            if number >= len(old) or number >= len(lines) or old[number] != lines[number]
        ]
        self.drawn += len(changed)
        top = round(self.scroll_offset.y)
        for first, last in _runs(changed):
            self.refresh(Region(0, first - top, self.size.width, last - first + 1))
        if at_end and changed:
            self.scroll_end(animate=False)

    def on_resize(self) -> None:
        """Another width: other columns."""
        self.update()

    def notify_style_update(self) -> None:
        """Another theme: nothing drawn before can be used again."""
        super().notify_style_update()
        self._strips.clear()
        self._looks.clear()

    def render_line(self, y: int) -> Strip:
        """One row of the window."""
        number = y + round(self.scroll_offset.y)
        width = self.scrollable_content_region.width
        each: Line = self._lines[number] if 0 <= number < len(self._lines) else ()
        strip = self._strips.get((each, width))
        if strip is None:
            if len(self._strips) >= _MOST_STRIPS:
                self._strips.clear()
            segments = [Segment(span.text.translate(_UNSEEN), self._look_of(span.role)) for span in each]
            strip = Strip(segments).adjust_cell_length(width, self._look_of(Role.PLAIN))
            self._strips[each, width] = strip
        return strip

    def _look_of(self, role: Role) -> Style | None:
        """The style of a role here, as Textual itself would draw it: asked for once, since it is slow to tell."""
        if role not in self._looks:
            sample = Visual.to_strips(self, content_of((Span(".", role),)), 1, 1, self.visual_style)
            style = next(iter(sample[0])).style
            self._looks[role] = style.clear_meta_and_links() if style else None
        return self._looks[role]


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Neighbouring numbers as (first, last)."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
