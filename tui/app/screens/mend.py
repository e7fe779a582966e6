"""No provider can work yet: what is missing, and a key that brings it."""

from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from tui.app.paint import Line, Role, Span, hang, line
from tui.app.screens.modal import Window
from tui.app.signs import Signs
from tui.app.widgets.choice import Choice
from tui.app.widgets.painted import LinesWidget
from tui.app.widgets.preparing import PreparingPanel
from tui.errors import UserError

if TYPE_CHECKING:
    from textual.worker import Worker

    from tui.tutor.offer import HostMends, Offer

__all__ = ["MendScreen"]

_PROMISE = (
    "What is missing comes from this system's own packages. No engine is started, and `swarmtutor doctor --undo` "
    "removes exactly what came in.",
)
_AROUND = 12
"""Rows that the window has beside its middle: title, keys, and the air around them."""


class _View(Enum):
    TABLE = auto()
    CONFIRM = auto()
    BY_HAND = auto()
    AT_WORK = auto()


class _Table(LinesWidget):
    """Each provider with what it lacks and what it has."""

    def __init__(self, offer: "Offer", trouble: str, signs: Signs) -> None:
        super().__init__(id="needs")
        self._offer = offer
        self._trouble = trouble
        self._signs = signs

    def lines(self, width: int) -> list[Line]:
        """What went wrong just now, then the table."""
        lines: list[Line] = []
        for text in self._trouble.splitlines():
            lines.extend(hang((), line(Span(text, Role.BAD)), width))
        if lines:
            lines.append(())
        for number, (name, needs) in enumerate(self._offer.table):
            if number:
                lines.append(())
            lines.append(line(Span(name, Role.STRONG)))
            for need in needs:
                sign = Span(f"{self._signs.done} ", Role.OK) if need.met else Span(f"{self._signs.not_yet} ", Role.BAD)
                text = Span(need.text, Role.MUTED if need.met else Role.PLAIN)
                lines.extend(hang(line(sign), line(text), width))
                if need.mend:
                    lines.extend(hang(line("  "), line(Span(need.mend, Role.MUTED)), width))
        return lines


class _Commands(LinesWidget):
    """Commands to be read before they run, or to be typed."""

    def __init__(self, before: str, commands: Sequence[str], after: str) -> None:
        super().__init__(id="commands")
        self._before = before
        self._commands = commands
        self._after = after

    def lines(self, width: int) -> list[Line]:
        """A sentence, the commands, a sentence."""
        lines = [*hang((), line(self._before), width), ()]
        for command in self._commands:
            lines.extend(hang(line("  "), line(Span(command, Role.CODE)), width))
        return [*lines, (), *hang((), line(self._after), width)] if self._after else lines


class MendScreen(Window[bool]):
    """Result: True to make the nodes again, False to leave."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "propose", show=False),
        Binding("c", "by_hand", show=False),
        Binding("r", "look_again", show=False),
        Binding("y", "carry_out", show=False),
        Binding("escape", "back", show=False),
        Binding("q,ctrl+q,ctrl+c", "leave", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, mends: "HostMends", offer: "Offer", signs: Signs) -> None:
        super().__init__()
        self._mends = mends
        self._offer = offer
        self._signs = signs
        self._view = _View.TABLE
        self._trouble = ""
        self._at_work: Worker[None] | None = None

    # --- what is seen -------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """A title, the middle, the keys."""
        with Vertical(classes="window"):
            yield Static(self._title(), classes="window-title", markup=False)
            with VerticalScroll(classes="window-middle", can_focus=False):
                yield self._middle()
            yield from self._choices()

    def _title(self) -> str:
        match self._view:
            case _View.TABLE:
                return f"{self._signs.not_yet} Something is missing to make the nodes"
            case _View.CONFIRM:
                return "This will be done"
            case _View.BY_HAND:
                return "To be typed in another terminal"
            case _View.AT_WORK:
                return f"Bringing what is missing {self._signs.ellipsis}"

    def _middle(self) -> LinesWidget:
        match self._view:
            case _View.TABLE:
                return _Table(self._offer, self._trouble, self._signs)
            case _View.CONFIRM:
                return _Commands("As root, on this machine:", self._offer.commands, _PROMISE[0].replace("`", ""))
            case _View.BY_HAND:
                return _Commands(
                    "This makes one of the ways to make nodes work:", self._offer.by_hand, "Then look again."
                )
            case _View.AT_WORK:
                return PreparingPanel(self._signs, promise=_PROMISE, id="mending")

    def _choices(self) -> Iterable[Choice]:
        signs = self._signs
        match self._view:
            case _View.TABLE:
                if self._offer.commands:
                    yield Choice("f", "Bring what is missing (shows the commands first)", signs, id="propose")
                if self._offer.by_hand:
                    yield Choice("c", "Show the command to type", signs, id="by_hand")
                yield Choice("r", "Look again", signs, id="look_again")
                yield Choice("q", "Quit", signs, id="leave")
            case _View.CONFIRM:
                yield Choice("y", "Do it", signs, id="carry_out")
                yield Choice("Esc", "Back", signs, id="back")
            case _View.BY_HAND:
                yield Choice("r", "Look again", signs, id="look_again")
                yield Choice("Esc", "Back", signs, id="back")
            case _View.AT_WORK:
                yield Choice("Esc", "Stop, once what has begun is finished", signs, id="back")

    def on_resize(self, event: events.Resize) -> None:
        """The middle gives way, so that the keys are always seen."""
        self.query_one(".window-middle").styles.max_height = max(event.size.height - _AROUND, 3)

    async def _show(self, view: _View) -> None:
        self._view = view
        await self.recompose()
        self.query_one(".window-middle").styles.max_height = max(self.size.height - _AROUND, 3)
        self.query(Choice).first().focus()

    # --- what can be done ---------------------------------------------------------------------------------------------

    @on(Choice.Chosen)
    async def _chosen(self, event: Choice.Chosen) -> None:
        await self.run_action(event.choice.id or "leave")

    async def action_propose(self) -> None:
        """Show what would be done."""
        if self._view is _View.TABLE and self._offer.commands:
            await self._show(_View.CONFIRM)

    async def action_by_hand(self) -> None:
        """Show what the person can type."""
        if self._view is _View.TABLE and self._offer.by_hand:
            await self._show(_View.BY_HAND)

    def action_look_again(self) -> None:
        """Somebody may have mended it meanwhile."""
        if self._view in (_View.TABLE, _View.BY_HAND):
            self._trouble = ""
            self._look()

    async def action_back(self) -> None:
        """To the table; from work, once what has begun is finished."""
        if self._at_work is not None:
            self._at_work.cancel()
        elif self._view is not _View.TABLE:
            await self._show(_View.TABLE)

    async def action_leave(self) -> None:
        """Enough."""
        if self._at_work is not None:
            await self.action_back()
        else:
            self.dismiss(False)

    async def action_carry_out(self) -> None:
        """Do it."""
        if self._view is _View.CONFIRM:
            await self._show(_View.AT_WORK)
            self._at_work = self._carry_out()

    @work(group="mend", exclusive=True, exit_on_error=False)
    async def _carry_out(self) -> None:
        self._trouble = ""
        try:
            await self._mends.carry_out(self._offer, self.query_one("#mending", PreparingPanel).add)
        except UserError as error:
            self._trouble = str(error)
        except Exception as error:
            # Whatever it is: said, not died of.
            self.log(repr(error))
            self._trouble = f"Something unexpected went wrong: {type(error).__name__}: {error}"
        finally:
            self._at_work = None
            if self.is_attached:
                # In a piece of work of its own: this one may be cancelled.
                self._look()

    @work(group="look", exclusive=True, exit_on_error=False)
    async def _look(self) -> None:
        try:
            self._offer = await self._mends.look()
        except UserError as error:
            self._trouble = str(error)
        if self._offer.works:
            self.dismiss(True)
        else:
            await self._show(_View.TABLE)
