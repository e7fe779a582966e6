"""All labs, how far one is in each, and the way there."""

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.app.paint import Line, Role, Span, content_of, hang, line
from tui.app.screens.modal import Window
from tui.app.signs import Signs
from tui.tutor.lab_list import LabLine

__all__ = ["LabsScreen", "lab_rows"]

_TRACK = 12  # cells of the line that shows how far one is


class LabsScreen(Window[str | None]):
    """Result: the id of the lab to be taken; None to stay in this one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,L", "stay", show=False)]

    def __init__(self, look: Callable[[], Sequence[LabLine]], here: str, signs: Signs) -> None:
        """`look` reads the list, and may take a moment; `here` is the id of the lab on screen."""
        super().__init__()
        self._look = look
        self._here = here
        self._signs = signs

    def compose(self) -> ComposeResult:
        """The list, and what choosing does."""
        with Vertical(classes="window labs-window"):
            yield Static("Labs", classes="window-title", markup=False)
            yield OptionList(
                Option(f"Looking at the labs {self._signs.ellipsis}", disabled=True), id="labs", markup=False
            )
            yield Static(
                "Enter takes the lab. The nodes stay as they are; the lab says so where it begins elsewhere, and one "
                "key brings them there. Your place in each lab is kept. Esc stays here.",
                classes="window-quiet",
                markup=False,
            )

    def on_mount(self) -> None:
        """Read the list beside the screen's own work."""
        self.query_one("#labs", OptionList).focus()
        self._fill()

    @work(exclusive=True, exit_on_error=False)
    async def _fill(self) -> None:
        lines = await asyncio.to_thread(self._look)
        listed = self.query_one("#labs", OptionList)
        width = max(listed.content_region.width - 2, 30)
        listed.clear_options()
        for number, each in enumerate(lines):
            rows = lab_rows(each, width, self._signs, here=each.id == self._here)
            last = () if number + 1 == len(lines) else ((),)
            prompt = Content("\n").join([content_of(row) for row in (*rows, *last)])
            listed.add_option(Option(prompt, id=each.id, disabled=bool(each.trouble)))
        listed.highlighted = next((n for n, each in enumerate(lines) if each.id == self._here), 0)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """This one."""
        self.dismiss(None if event.option.id == self._here else event.option.id)

    def action_stay(self) -> None:
        """Back to the lab."""
        self.dismiss(None)


def lab_rows(lab: LabLine, width: int, signs: Signs, *, here: bool) -> list[Line]:
    """A lab in the list: its name and what it takes, how far one is, what it is about."""
    sign, role = (signs.done, Role.OK) if lab.finished else (signs.stopped, Role.MUTED)
    if here:
        sign, role = signs.pointer, Role.ACCENT
    if lab.trouble:
        first = line(Span(f"{signs.failed} ", Role.BAD), Span(lab.title, Role.STRONG))
        return [first, *hang(line("  "), line(Span(lab.trouble, Role.BAD)), width)]
    takes = f"   {lab.minutes} min {signs.dot} {lab.difficulty}"
    first = line(Span(f"{sign} ", role), Span(lab.title, Role.STRONG), Span(takes, Role.MUTED))
    where = _where(lab, here=here)
    filled = round(_TRACK * lab.done / lab.total) if lab.total else 0
    track = line(
        "  ",
        Span(signs.rule * filled, Role.OK),
        Span(signs.track * (_TRACK - filled), Role.MUTED),
        Span(f"  {lab.done} of {lab.total} steps", Role.MUTED),
    )
    goes_on = hang(line("  "), line(where), width) if where else []
    return [first, track, *goes_on, *hang(line("  "), line(Span(lab.summary, Role.MUTED)), width)]


def _where(lab: LabLine, *, here: bool) -> str:
    spent = f", {max(round(lab.spent / 60), 1)} min so far" if lab.spent >= 1 else ""
    if lab.finished:
        return f"done{spent}"
    if here:
        return f"you are here: {lab.step}{spent}"
    return f"go on with “{lab.step}”{spent}" if lab.begun else ""
