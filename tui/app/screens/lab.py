"""The lab screen: the lesson at the left, the live swarm and the shells at the right; tabs where there is no room."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from tui.app import bars, reasons
from tui.app.actions import ACTIONS, Action, action_of, bindings, key_name, keys_of, release_keys
from tui.app.messages import LessonNews, NoticeNews, Prepared, ProgressNews, ShellNews, SwarmNews
from tui.app.paint import ROLE_CLASSES, Line, Role, Span, line
from tui.app.signs import ASCII, Signs
from tui.app.swarm_lines import Look, has_history, replicas_summary, swarm_lines
from tui.app.widgets.lesson import LessonPane
from tui.app.widgets.painted import Bar
from tui.app.widgets.preparing import PreparingPanel
from tui.app.widgets.shell_box import ShellBox
from tui.app.widgets.swarm_view import SwarmView
from tui.clock import now
from tui.playground.model import NODE_NAMES
from tui.tutor.views import Readiness

if TYPE_CHECKING:
    from tui.tutor.session import LabSession

__all__ = ["LabScreen", "Pane"]

_LEAST = (60, 16)
_NARROW = 100
"""Columns below which panes become tabs."""


class Pane(StrEnum):
    """The three panes. In a narrow window, or when one is given the whole window, one is seen at a time."""

    LESSON = "lesson"
    SWARM = "swarm"
    SHELL = "shell"


class LabScreen(Screen[None]):
    """Shows a session. All state is the session's; here is only where the eyes are."""

    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(app=False)]
    AUTO_FOCUS = "#page"
    ESCAPE_TO_MINIMIZE = False

    pane: reactive[Pane] = reactive(Pane.LESSON, init=False)
    node: reactive[str] = reactive(NODE_NAMES[0], init=False)
    maximised: reactive[bool] = reactive(False, init=False)
    with_history: reactive[bool] = reactive(False, init=False)

    def __init__(
        self, session: "LabSession", signs: Signs, keymap: Mapping[str, str], catch_up: Callable[[], object]
    ) -> None:
        """`catch_up` starts to bring the nodes to the open step, in the background."""
        super().__init__()
        self._catch_up = catch_up
        self._session = session
        self._view = session.view
        self._signs = signs
        self._keymap = keymap
        self.prepared = False
        self._fresh = False  # the nodes were made just now
        self._catching = ""  # which of the earlier steps is being run

    def compose(self) -> ComposeResult:
        """Header, panes, footer."""
        signs = self._signs
        yield Static(id="too-small", markup=False)
        yield Bar(signs, id="header")
        yield Bar(signs, id="tabs")
        yield Static(id="banner", markup=False)
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield Bar(signs, id="lesson-title", classes="pane-title")
                yield LessonPane(signs, self._key("lesson.type"), self._both_keys("lesson.next"), id="lesson")
            with Vertical(id="right"):
                with Vertical(id="swarm"):
                    yield Bar(signs, id="swarm-title", classes="pane-title")
                    yield PreparingPanel(signs, id="preparing")
                    yield SwarmView(self._swarm_lines, id="swarm-view")
                yield ShellBox(signs, release_keys(self._keymap), id="shell")
        yield Bar(signs, id="strip")
        yield Bar(signs, id="footer")

    # --- the parts --------------------------------------------------------------------------------------------------

    @property
    def lesson(self) -> LessonPane:
        """The lesson pane."""
        return self.query_one("#lesson", LessonPane)

    @property
    def swarm_view(self) -> SwarmView:
        """The live pane."""
        return self.query_one("#swarm-view", SwarmView)

    @property
    def shell_box(self) -> ShellBox:
        """The command box."""
        return self.query_one("#shell", ShellBox)

    @property
    def preparing(self) -> PreparingPanel:
        """What is said while the nodes are being made."""
        return self.query_one("#preparing", PreparingPanel)

    def bar(self, name: str) -> Bar:
        """The row of that id."""
        return self.query_one(f"#{name}", Bar)

    @property
    def single(self) -> bool:
        """Whether one pane has the whole window."""
        return self.maximised or self.has_class("-narrow")

    def _both_keys(self, action_id: str) -> str:
        """The key outside of the shell, and the one that works in there too."""
        keys = keys_of(action_of(action_id), self._keymap)
        released = [key for key in keys if key in release_keys(self._keymap)]
        return f"`{key_name(keys[0])}` or `{key_name(released[0])}`" if released else f"`{key_name(keys[0])}`"

    def _key(self, action_id: str) -> str:
        return key_name(keys_of(action_of(action_id), self._keymap)[0])

    # --- life -------------------------------------------------------------------------------------------------------

    async def on_mount(self) -> None:
        """The first page, at once."""
        self.set_interval(1.0, self._tick)
        self.set_class(self._signs is ASCII, "-ascii")
        self._arrange()
        await self.lesson.show(self._view)
        self._draw_all()

    def _tick(self) -> None:
        """Ages grow although nothing happens; lines that say the same are not drawn again."""
        if self.prepared and self.is_current:
            self._draw_swarm()

    def on_resize(self, event: events.Resize) -> None:
        """Panes or tabs, or a sentence if there is no room for either."""
        width, height = event.size
        small = width < _LEAST[0] or height < _LEAST[1]
        if small:
            need = f"{_LEAST[0]}×{_LEAST[1]}"
            sentence = f"terminal too small: have {width}×{height}, need {need}"
            self.query_one("#too-small", Static).update(sentence)
        self.set_class(small, "-too-small")
        self.set_class(width < _NARROW, "-narrow")
        self._arrange()
        self._draw_all()

    @on(LessonNews)
    async def _lesson_news(self, event: LessonNews) -> None:
        self._view = event.view
        await self.lesson.show(event.view)
        self._go_live()
        self._draw_around()

    @on(SwarmNews)
    def _swarm_news(self) -> None:
        self._go_live()
        self._draw_swarm()

    @on(ShellNews)
    def _shell_news(self, event: ShellNews) -> None:
        self._go_live()
        if self.shell_box.news(event.node, self._session.shells):
            self._draw_tabs()

    @on(NoticeNews)
    def _notice_news(self, event: NoticeNews) -> None:
        if self._view.readiness is Readiness.CATCHING_UP:
            self._catching = event.text
            self._draw_banner()
        else:
            self.notify(event.text, markup=False, timeout=8)

    @on(ProgressNews)
    def _progress_news(self, event: ProgressNews) -> None:
        self.preparing.add(event.progress)
        self._draw_strip()

    @on(Prepared)
    def _now_prepared(self, event: Prepared) -> None:
        self._fresh = event.fresh
        self._go_live()
        self._draw_around()

    def _go_live(self) -> None:
        """Once there are shells the nodes are up: the promise makes way for the swarm."""
        shells = self._session.shells
        if shells:
            self.shell_box.choose(self.node, shells)
        if shells and not self.prepared:
            self.prepared = True
            had_focus = self.preparing.has_focus
            self.preparing.display = False
            self.swarm_view.display = True
            if had_focus:
                self.swarm_view.focus()
            self._draw_all()

    def restart(self) -> None:
        """The nodes are being made again, from the first phase."""
        self.preparing.clear()
        self._draw_all()

    # --- where the eyes are -----------------------------------------------------------------------------------------

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The pane with the focus is the pane in front."""
        for pane in Pane:
            if pane.value in {ancestor.id for ancestor in event.widget.ancestors_with_self}:
                self.pane = pane
        self._draw_titles()

    def watch_pane(self) -> None:
        """In a narrow window, another pane is seen."""
        self._arrange()
        self._draw_titles()

    def watch_maximised(self) -> None:
        """One pane, or all."""
        self._arrange()
        self._draw_all()

    def watch_node(self) -> None:
        """Another node's shell in front."""
        self.shell_box.choose(self.node, self._session.shells)
        self._draw_all()

    def watch_with_history(self) -> None:
        """More or fewer tasks."""
        self._draw_swarm()

    def _arrange(self) -> None:
        single = self.single
        self.set_class(single, "-single")
        self.query_one("#left").display = not single or self.pane is Pane.LESSON
        self.query_one("#right").display = not single or self.pane is not Pane.LESSON
        self.query_one("#swarm").display = not single or self.pane is Pane.SWARM
        self.shell_box.display = not single or self.pane is Pane.SHELL
        self.bar("tabs").display = single
        self.bar("strip").display = single and self.pane is not Pane.LESSON

    def _go(self, pane: Pane) -> None:
        self.pane = pane
        self._arrange()
        self._home(pane).focus()

    def _home(self, pane: Pane) -> Widget:
        if pane is Pane.LESSON:
            return self.lesson.page
        if pane is Pane.SWARM:
            return self.swarm_view if self.prepared else self.preparing
        return self.shell_box.target

    # --- drawing ----------------------------------------------------------------------------------------------------

    def _swarm_lines(self, width: int, height: int) -> list[Line]:
        session = self._session
        look = Look(
            width=width,
            now=now(),
            height=height,
            here=self.node,
            mesh=session.mesh,
            history=self.with_history,
            signs=self._signs,
        )
        lines = swarm_lines(session.snapshot, look)
        return [(), *lines] if len(lines) < height else lines

    def _draw_all(self) -> None:
        if self.prepared:
            self.swarm_view.update()
        self._draw_around()

    def _draw_around(self) -> None:
        """Everything but the panes themselves; each row draws itself only if it says something new."""
        self._draw_header()
        self._draw_banner()
        self._draw_titles()
        self._draw_footer()

    def _draw_header(self) -> None:
        width = self.size.width
        dots = bars.node_dots(self._session.snapshot, NODE_NAMES, self._signs)
        room = width - 2 - sum(len(span.text) for span in dots) - 3
        self.bar("header").show(bars.header(self._view, room), dots)

    def _draw_banner(self) -> None:
        view = self._view
        banner = self.query_one("#banner", Static)
        text = bars.banner(view, self._key("lesson.catch-up"), fresh=self._fresh, doing=self._catching)
        banner.display = bool(text)
        if text:
            banner.update(text)

    def _draw_swarm(self) -> None:
        if self.prepared:
            self.swarm_view.update()
        self._draw_header()
        self._draw_swarm_title()
        self._draw_tabs()
        self._draw_strip()

    def _draw_titles(self) -> None:
        view = self._view
        focused = self.pane is Pane.LESSON
        self.bar("lesson-title").show(self._title(view.step_title, focused=focused and not self.single))
        self._draw_swarm_title()
        self._draw_tabs()
        self._draw_strip()

    def _title(self, text: str, *, focused: bool) -> Line:
        if focused:
            return line(Span(f"{self._signs.focus}{text} ", Role.FOCUS))
        return line(Span(f" {text}", Role.CHOSEN))

    def _draw_swarm_title(self) -> None:
        focused = self.pane is Pane.SWARM
        if self.prepared:
            fresh = bars.freshness(self._session.snapshot, now(), self._signs)
            self.bar("swarm-title").show(self._title("Swarm", focused=focused), (*fresh, Span(" ")))
        else:
            self.bar("swarm-title").show(self._title("Your nodes", focused=focused))

    def _draw_tabs(self) -> None:
        in_shell = self.pane is Pane.SHELL
        shells = self._session.shells
        leave = line(Span(f"{self._key('pane.shell')}", Role.KEY), Span(" leaves the shell ", Role.MUTED))
        if not in_shell:
            leave = line(Span(f"{self._key('pane.shell')}", Role.KEY), Span(" to the shell ", Role.MUTED))
        if not shells:
            leave = ()
        tabs = bars.shell_tabs(
            NODE_NAMES, self.node, shells, focused=in_shell, in_front=in_shell or not self.single, signs=self._signs
        )
        self.shell_box.title.show(tabs, leave)
        if self.single:
            self.bar("tabs").show((*self._pane_tabs(), *tabs), leave if in_shell else ())

    def _pane_tabs(self) -> Line:
        counts = replicas_summary(self._session.snapshot)
        names = ((Pane.LESSON, "Lesson"), (Pane.SWARM, f"Swarm {counts}".rstrip()))
        spans: list[Span] = []
        for pane, name in names:
            here = self.pane is pane
            edge = self._signs.focus if here else " "
            spans.append(Span(f"{edge}{name} ", Role.FOCUS if here else Role.TAB, f"screen.pane('{pane.value}')"))
        return tuple(spans)

    def _draw_strip(self) -> None:
        if not self.single or self.pane is Pane.LESSON:
            return
        key = keys_of(action_of("lesson.next"), self._keymap)
        self.bar("strip").show(bars.goal_strip(self._view, key_name(key[-1]), self._signs))

    def refresh_bindings(self) -> None:
        """Other keys work now, so the footer says so."""
        super().refresh_bindings()
        if self.is_mounted:
            self._draw_footer()

    def _draw_footer(self) -> None:
        reaching: dict[str, list[str]] = {}
        active = self.active_bindings
        focused = self.focused
        for action in ACTIONS:
            for key in keys_of(action, self._keymap):
                taken = focused is not None and focused.check_consume_key(key, None)
                if not taken and key in active and active[key].binding.id == action.id:
                    reaching.setdefault(action.id, []).append(key)
        in_shell = self.pane is Pane.SHELL
        self.bar("footer").show(bars.footer(reaching, self.works_now, self.size.width, in_shell=in_shell))

    # --- what can be done -------------------------------------------------------------------------------------------

    def works_now(self, action: Action) -> bool:
        """Whether the action would do something now. Keys of others answer with a sentence that says why not."""
        session = self._session
        history = self.prepared and has_history(session.snapshot)
        return reasons.works_now(action, self._view, session.shells, history=history, narrow=self.has_class("-narrow"))

    def _say(self, text: str) -> None:
        self.notify(text, markup=False, timeout=4)

    def action_next_step(self) -> None:
        """Open the next step, or say what it waits for."""
        if self._session.next():
            self._go(Pane.LESSON)
        else:
            self._say(reasons.why_not_next(self._view))

    def action_previous_step(self) -> None:
        """Show the step before."""
        if self._session.previous():
            self._go(Pane.LESSON)
        else:
            self._say("This is the first step.")

    def action_type_command(self) -> None:
        """Type the next command into its shell and go there."""
        node = self._session.insert_command()
        if node is not None:
            self.node = node
            self._go(Pane.SHELL)
        else:
            self._say(reasons.why_no_command(self._view, self._session.shells))

    def action_hint(self) -> None:
        """One more hint."""
        if self._session.hint():
            if self.single:
                self._go(Pane.LESSON)
        else:
            self._say(reasons.why_no_hint(self._view))

    def action_catch_up(self) -> None:
        """Bring the nodes to this step, if they are behind it."""
        if self._view.readiness is Readiness.BEHIND:
            self._catch_up()
        else:
            self._say("The nodes are where this step begins: there is nothing to catch up with.")

    def action_next_pane(self) -> None:
        """The pane after this one."""
        order = list(Pane)
        self._go(order[(order.index(self.pane) + 1) % len(order)])

    def action_previous_pane(self) -> None:
        """The pane before this one."""
        order = list(Pane)
        self._go(order[order.index(self.pane) - 1])

    def action_pane(self, name: str) -> None:
        """The pane of that name (a click on its tab)."""
        self._go(Pane(name))

    def action_toggle_shell(self) -> None:
        """Into the shell, or out of it to the lesson."""
        self._go(Pane.LESSON if self.pane is Pane.SHELL else Pane.SHELL)

    def action_node(self, name: str) -> None:
        """The shell of that node."""
        self.node = name
        self._go(Pane.SHELL)

    def action_maximise(self) -> None:
        """The whole window for this pane, and back."""
        if self.has_class("-narrow"):
            self._say("In a window this narrow, each pane has it whole already.")
        else:
            self.maximised = not self.maximised

    def action_history(self) -> None:
        """Show or hide tasks that are no more."""
        self.with_history = not self.with_history
