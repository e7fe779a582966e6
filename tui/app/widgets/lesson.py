"""The lesson pane: one step, its text scrolling above, its goals always in sight below."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Markdown

from tui.app.paint import Line, Role, Span, hang, inline, line
from tui.app.signs import Signs
from tui.app.widgets.aftermath import AftermathBlock, folded_line
from tui.app.widgets.command import BreakBlock, CommandBlock
from tui.app.widgets.goals import GoalList, GoalsState
from tui.app.widgets.painted import LinesWidget
from tui.app.widgets.question import QuestionBlock
from tui.tutor.views import Aftermath, LessonView, PageBlock, PageBreak, PageCommand, PageProse, PageQuestion, Readiness

__all__ = ["HintBlock", "LessonKeys", "LessonPane", "Page", "Prose"]


@dataclass(frozen=True, slots=True)
class LessonKeys:
    """How the keys are called that the lesson's text speaks of."""

    act: str  # types the next command, or lets the next fault happen
    next: str
    answer: str
    explain: str


class Prose(Markdown):
    """A stretch of Markdown. Knows its source, so that it is not parsed again when nothing changed."""

    def __init__(self, markdown: str, signs: Signs) -> None:
        super().__init__(markdown, open_links=False)
        self.shown = markdown
        self.BULLETS = [f"{signs.bullet} "]


class HintBlock(LinesWidget):
    """The hints asked for so far."""

    DEFAULT_CSS = """
    HintBlock { margin: 0 0 1 0; }
    """

    def __init__(self, signs: Signs) -> None:
        super().__init__()
        self._signs = signs
        self._hints: tuple[str, ...] = ()

    def show(self, hints: tuple[str, ...]) -> None:
        """Show these hints."""
        self.display = bool(hints)
        if hints != self._hints:
            self._hints = hints
            self.refresh(layout=True)

    def lines(self, width: int) -> list[Line]:
        """A hint a paragraph."""
        lines: list[Line] = []
        for number, hint in enumerate(self._hints, 1):
            head = "Hint" if len(self._hints) == 1 else f"Hint {number}"
            lines.extend(hang(line(Span(f"{head}  ", Role.ACCENT)), inline(hint), width))
        return lines


class Page(VerticalScroll, can_focus=True, inherit_bindings=False):
    """The scrolling text. It has no keys of its own: the table of actions has those that scroll, too."""


class GoalsBox(VerticalScroll):
    """Holds the checklist; when it grows, the text has less room."""

    class Resized(Message):
        """It is higher or lower now."""

    def on_resize(self) -> None:
        """Tell the lesson."""
        self.post_message(self.Resized())


class LessonPane(Vertical):
    """Shows a LessonView. A new step is mounted at one go; news about the same step changes only what is new."""

    def __init__(self, signs: Signs, keys: LessonKeys, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._signs = signs
        self._keys = keys
        self._view: LessonView | None = None

    def compose(self) -> ComposeResult:
        """The page above, the goals below."""
        yield Page(id="page")
        with GoalsBox(id="goals-box", can_focus=False):
            yield GoalList(self._signs, id="goals")

    @property
    def page(self) -> Page:
        """The scrolling text."""
        return self.query_one("#page", Page)

    @property
    def goals(self) -> GoalList:
        """The checklist."""
        return self.query_one("#goals", GoalList)

    @on(events.Resize)
    @on(GoalsBox.Resized)
    def _share_height(self) -> None:
        """The goals follow the text; where both do not fit, the text scrolls and the goals stay."""
        room = self.size.height - self.query_one("#goals-box").outer_size.height
        self.page.styles.max_height = max(room, 3)

    async def show(self, view: LessonView) -> None:
        """Show the step as it stands."""
        old, self._view = self._view, view
        if old is None or not _same_page(old, view):
            await self._mount_page(view)
        else:
            self._update_page(view)
        hints = self.page.query_one(HintBlock)
        hints.show(view.hints)
        if old is not None and old.step_id == view.step_id and len(view.hints) > len(old.hints):
            self.page.scroll_end(animate=False)
        if self._unfolded is not None and self._unfolded.aftermath != view.aftermath:
            await self._unfolded.remove()
        state = GoalsState(
            goals=view.goals,
            diagnosis=view.diagnosis,
            closing=self._last_line(view),
            undone=view.undone,
            folded="" if self._unfolded else folded_line(view.aftermath, self._keys.explain),
            waiting=view.readiness is not Readiness.READY,
        )
        self.goals.show(state)
        self.query_one("#goals-box").display = state != GoalsState(waiting=state.waiting)

    def _last_line(self, view: LessonView) -> str:
        if view.finished and view.index == view.total - 1:
            return "done: you have reached the end of this lab"
        dash, key = self._signs.dash, self._keys.next
        if view.again:
            return f"done before {dash} do it again, or {key} opens the next step"
        if view.passed and view.can_go_on:
            return f"passed over {dash} {key} opens the next step"
        if view.can_go_on and view.done:
            return f"{'done' if view.goals else 'read'} {dash} {key} opens the next step"
        return ""

    @property
    def _unfolded(self) -> AftermathBlock | None:
        return next(iter(self.page.query(AftermathBlock)), None)

    def unfold(self) -> None:
        """Show what there is to know of a step that is done, at the end of its text; or fold it again."""
        view = self._view
        if view is None or not view.aftermath:
            return
        block = self._unfolded
        if block is not None:
            block.remove()
            self._fold(view.aftermath)
            return
        block = AftermathBlock(view.aftermath, self._signs)
        self.page.mount(block)
        self._fold(Aftermath())
        self.page.focus()

    def _fold(self, aftermath: Aftermath) -> None:
        self.goals.show(replace(self.goals.state, folded=folded_line(aftermath, self._keys.explain)))

    def question_block(self, question_id: str) -> QuestionBlock | None:
        """The question of that id, if it is on the page."""
        return next((block for block in self.page.query(QuestionBlock) if block.question.id == question_id), None)

    async def _mount_page(self, view: LessonView) -> None:
        page = self.page
        async with page.batch():
            await page.remove_children()
            await page.mount_all([*self._widgets(view), HintBlock(self._signs)])
            page.scroll_home(animate=False)

    def _widgets(self, view: LessonView) -> Iterator[Widget]:
        if view.intro:
            yield Prose(view.intro, self._signs)
        yield from (self._widget(block) for block in view.blocks)

    def _widget(self, block: PageBlock) -> Widget:
        match block:
            case PageProse():
                return Prose(block.markdown, self._signs)
            case PageCommand():
                return CommandBlock(block, self._keys.act, self._signs)
            case PageBreak():
                return BreakBlock(block, self._keys.act, self._signs)
            case PageQuestion():
                return QuestionBlock(block, self._keys.answer, self._signs)

    def _update_page(self, view: LessonView) -> None:
        blocks = [PageProse(view.intro)] if view.intro else []
        for widget, block in zip(self.page.children, [*blocks, *view.blocks], strict=False):
            match widget, block:
                case CommandBlock(), PageCommand():
                    widget.show(block)
                case BreakBlock(), PageBreak():
                    widget.show(block)
                case QuestionBlock(), PageQuestion():
                    widget.show(block)
                case Prose(), PageProse() if widget.shown != block.markdown:
                    widget.shown = block.markdown
                    widget.update(block.markdown)
                case _:
                    pass


def _same_page(old: LessonView, new: LessonView) -> bool:
    """Whether the new view is the same step with the same kinds of blocks, so that its widgets can stay."""
    return (
        old.step_id == new.step_id
        and bool(old.intro) == bool(new.intro)
        and [type(block) for block in old.blocks] == [type(block) for block in new.blocks]
    )
