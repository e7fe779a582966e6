"""The lesson pane: one step, its text scrolling above, its goals always in sight below."""

from collections.abc import Iterator
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Markdown

from tui.app.paint import Line, Role, Span, hang, inline, line
from tui.app.signs import Signs
from tui.app.widgets.command import CommandBlock
from tui.app.widgets.goals import GoalList, GoalsState
from tui.app.widgets.painted import LinesWidget
from tui.tutor.views import LessonView, PageCommand, PageProse, Readiness

__all__ = ["HintBlock", "LessonPane", "Page", "Prose"]


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
    """The scrolling text. Left and right are the lesson's own keys, so they do not scroll here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", show=False),
        Binding("down,j", "scroll_down", show=False),
        Binding("pageup,b", "page_up", show=False),
        Binding("pagedown,space", "page_down", show=False),
        Binding("home,g", "scroll_home", show=False),
        Binding("end,G", "scroll_end", show=False),
    ]


class GoalsBox(VerticalScroll):
    """Holds the checklist; when it grows, the text has less room."""

    class Resized(Message):
        """It is higher or lower now."""

    def on_resize(self) -> None:
        """Tell the lesson."""
        self.post_message(self.Resized())


class LessonPane(Vertical):
    """Shows a LessonView. A new step is mounted at one go; news about the same step changes only what is new."""

    def __init__(self, signs: Signs, type_key: str, next_key: str, *, id: str | None = None) -> None:  # noqa: A002
        """`type_key` and `next_key` are how the keys for these two are called."""
        super().__init__(id=id)
        self._signs = signs
        self._type_key = type_key
        self._next_key = next_key
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
        self.goals.show(
            GoalsState(
                goals=view.goals,
                diagnosis=view.diagnosis,
                closing=self._last_line(view),
                waiting=view.readiness is not Readiness.READY,
            )
        )
        self.query_one("#goals-box").display = bool(view.goals or view.diagnosis or self._last_line(view))

    def _last_line(self, view: LessonView) -> str:
        if view.finished and view.index == view.total - 1:
            return "done: you have reached the end of this lab"
        if view.can_go_on and view.done:
            read = "done" if view.goals else "read"
            return f"{read} {self._signs.dash} {self._next_key} opens the next step"
        return ""

    async def _mount_page(self, view: LessonView) -> None:
        page = self.page
        async with page.batch():
            await page.remove_children()
            await page.mount_all([*self._widgets(view), HintBlock(self._signs)])
            page.scroll_home(animate=False)

    def _widgets(self, view: LessonView) -> Iterator[Widget]:
        if view.intro:
            yield Prose(view.intro, self._signs)
        for block in view.blocks:
            if isinstance(block, PageProse):
                yield Prose(block.markdown, self._signs)
            elif isinstance(block, PageCommand):
                yield CommandBlock(block, self._type_key, self._signs)

    def _update_page(self, view: LessonView) -> None:
        blocks = [PageProse(view.intro)] if view.intro else []
        for widget, block in zip(self.page.children, [*blocks, *view.blocks], strict=False):
            if isinstance(widget, CommandBlock) and isinstance(block, PageCommand):
                widget.show(block)
            elif isinstance(widget, Prose) and isinstance(block, PageProse) and widget.shown != block.markdown:
                widget.shown = block.markdown
                widget.update(block.markdown)


def _same_page(old: LessonView, new: LessonView) -> bool:
    """Whether the new view is the same step with the same kinds of blocks, so that its widgets can stay."""
    return (
        old.step_id == new.step_id
        and bool(old.intro) == bool(new.intro)
        and [type(block) for block in old.blocks] == [type(block) for block in new.blocks]
    )
