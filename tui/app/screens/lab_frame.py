"""What is seen of a lab: header, banner, panes or tabs, footer; where the eyes are, and how it all is drawn."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from tui.app import bars, reasons
from tui.app.actions import ACTIONS, Action, action_of, key_name, keys_of, release_keys
from tui.app.arrangement import Arrangement, Pane, arrange
from tui.app.paint import ROLE_CLASSES, Line, Role, Span, line
from tui.app.preferences import Layout, Preferences
from tui.app.signs import Signs
from tui.app.swarm_lines import replicas_summary
from tui.app.widgets.divider import Divider
from tui.app.widgets.lesson import LessonKeys, LessonPane
from tui.app.widgets.painted import Bar
from tui.app.widgets.preparing import PreparingPanel
from tui.app.widgets.shell_box import ShellBox
from tui.app.widgets.swarm_view import SwarmView
from tui.playground.model import NODE_NAMES

if TYPE_CHECKING:
    from tui.tutor.session import LabSession

__all__ = ["LabFrame", "Pane"]


class LabFrame(Screen[None]):
    """The parts of the lab's screen. All state is the session's; here is only where the eyes are."""

    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_CLASSES

    pane: reactive[Pane] = reactive(Pane.LESSON, init=False)
    node: reactive[str] = reactive(NODE_NAMES[0], init=False)
    maximised: reactive[bool] = reactive(False, init=False)
    with_history: reactive[bool] = reactive(False, init=False)
    preferences: reactive[Preferences] = reactive(Preferences(), init=False)

    def __init__(self, session: "LabSession", signs: Signs, keymap: Mapping[str, str]) -> None:
        super().__init__()
        self._session = session
        self._view = session.view
        self._signs = signs
        self._keymap = keymap
        self.prepared = False
        self._fresh = False  # the nodes were made just now
        self._beside = Pane.SHELL  # which pane is beside the lesson where only one is
        self.set_reactive(LabFrame.node, session.node)

    def compose(self) -> ComposeResult:
        """Header, panes, footer."""
        signs = self._signs
        keys = LessonKeys(
            act=self._key("lesson.type"),
            next=self._both_keys("lesson.next"),
            answer=self._key("lesson.answer"),
            explain=self._key("lesson.explain"),
        )
        yield Static(id="too-small", markup=False)
        yield Bar(signs, id="header")
        yield Bar(signs, id="tabs")
        yield Static(id="banner", markup=False)
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield Bar(signs, id="lesson-title", classes="pane-title")
                yield LessonPane(signs, keys, id="lesson")
            yield Divider(signs, id="upright")
            with Vertical(id="right"):
                with Vertical(id="swarm"):
                    yield Bar(signs, id="swarm-title", classes="pane-title")
                    yield Bar(signs, id="moment")
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
    def arrangement(self) -> Arrangement:
        """Which panes are seen."""
        layout = self.preferences.layout
        return arrange(layout, self.size, self.pane, self._beside, maximised=self.maximised)

    @property
    def single(self) -> bool:
        """Whether one pane has the whole window."""
        return self.arrangement.single

    def _both_keys(self, action_id: str) -> str:
        """The key outside of the shell, and the one that works in there too."""
        released = [key for key in keys_of(action_of(action_id), self._keymap) if key in release_keys(self._keymap)]
        first, others = self._key(action_id), [key_name(key) for key in released]
        return f"`{first}` or `{others[0]}`" if others and others[0] != first else f"`{first}`"

    def _key_from_shell(self, action_id: str) -> str:
        """The key that works in the shell, too; where there is none, first the one that leaves the shell."""
        keys = keys_of(action_of(action_id), self._keymap)
        released = [key for key in keys if key in release_keys(self._keymap)]
        return key_name(released[0]) if released else f"{self._key('pane.shell')} {self._key(action_id)}"

    def _key(self, action_id: str) -> str:
        """The first of its keys; where somebody took all of them away, the palette still has it."""
        keys = keys_of(action_of(action_id), self._keymap) or keys_of(action_of("app.palette"), self._keymap)
        return key_name(keys[0])

    # --- where the eyes are -----------------------------------------------------------------------------------------

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The pane with the focus is the pane in front."""
        for pane in Pane:
            if pane.value in {ancestor.id for ancestor in event.widget.ancestors_with_self}:
                self.pane = pane
        self._draw_titles()

    def watch_pane(self) -> None:
        """In a narrow window, another pane is seen."""
        if self.pane is not Pane.LESSON:
            self._beside = self.pane
        self._arrange()
        self._draw_titles()

    def watch_maximised(self) -> None:
        """One pane, or all."""
        self._arrange()
        self._draw_all()

    def watch_preferences(self) -> None:
        """Another layout, or other sizes."""
        self._arrange()
        self._draw_all()

    def watch_node(self) -> None:
        """Another node's shell in front."""
        self._session.look_at_node(self.node)
        self.shell_box.choose(self.node, self._session.shells)
        self._draw_all()

    def watch_with_history(self) -> None:
        """More or fewer tasks."""
        self._draw_swarm()

    def _arrange(self) -> None:
        arrangement = self.arrangement
        seen, single = arrangement.seen, arrangement.single
        self.set_class(single, "-single")
        self.set_class(arrangement.air, "-air")
        self.set_class(arrangement.gaps, "-gaps")
        self.lesson.goals.set_air(arrangement.gaps)
        self.query_one("#left").display = Pane.LESSON in seen
        self.query_one("#upright").display = Pane.LESSON in seen and not single
        self.query_one("#right").display = bool(seen - {Pane.LESSON})
        self.query_one("#swarm").display = Pane.SWARM in seen
        self.shell_box.display = Pane.SHELL in seen
        self.bar("tabs").display = single
        self.bar("strip").display = single and self.pane is not Pane.LESSON
        self._share_out(single=single)

    def _share_out(self, *, single: bool) -> None:
        """Give the panes the sizes that were chosen for them; the style sheet knows the usual ones."""
        lesson, swarm = self.preferences.lesson_share, self.preferences.swarm_share
        left, right = self.query_one("#left").styles, self.query_one("#right").styles
        if lesson is None or single:
            for styles in (left, right):
                styles.clear_rule("width")
            left.clear_rule("max_width")
        else:
            left.width, right.width, left.max_width = f"{lesson}fr", f"{100 - lesson}fr", "100%"
        upper, lower = self.query_one("#swarm").styles, self.shell_box.styles
        if swarm is None:
            upper.clear_rule("height")
            lower.clear_rule("height")
        else:
            upper.height, lower.height = f"{swarm}fr", f"{100 - swarm}fr"

    def bring(self, pane: Pane) -> None:
        """Let that pane be seen. The eyes stay where they are, unless they were where it is now."""
        if pane in self.arrangement.seen:
            return
        if self.single or pane is Pane.LESSON or self.pane is not Pane.LESSON:
            self._go(pane)
        else:
            self._beside = pane
            self._arrange()
            self._draw_all()

    def _go(self, pane: Pane) -> None:
        self.pane = pane
        self._arrange()
        # At once: `focus()` would wait its turn, and the next key might be there before it.
        self.set_focus(self._home(pane))

    def _home(self, pane: Pane) -> Widget:
        if pane is Pane.LESSON:
            return self.lesson.page
        if pane is Pane.SWARM:
            return self.swarm_view if self.prepared else self.preparing
        return self.shell_box.target

    # --- drawing ----------------------------------------------------------------------------------------------------

    def _swarm_lines(self, width: int, height: int) -> list[Line]:
        """What the live pane shows; the subclass knows."""
        raise NotImplementedError

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
        text = bars.banner(
            view,
            self._both_keys("lesson.catch-up").replace("`", ""),
            self._key("lesson.free"),
            self._key("lesson.stop"),
            fresh=self._fresh,
        )
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
        """The row above the live pane; the subclass knows."""
        raise NotImplementedError

    def _draw_tabs(self) -> None:
        in_shell = self.pane is Pane.SHELL
        shells = self._session.shells
        leave = line(Span(f"{self._key('pane.shell')}", Role.KEY), Span(" leaves the shell ", Role.MUTED))
        if not in_shell:
            leave = line(Span(f"{self._key('pane.shell')}", Role.KEY), Span(" to the shell ", Role.MUTED))
        if not shells:
            leave = ()
        tabs = self.shell_tabs()
        self.shell_box.title.show(tabs, leave)
        if self.single:
            self.bar("tabs").show((*self._pane_tabs(), *tabs), leave if in_shell else ())

    def shell_tabs(self) -> Line:
        """A tab for each node's shell."""
        in_shell, shells = self.pane is Pane.SHELL, self._session.shells
        in_front = in_shell or not self.single
        return bars.shell_tabs(NODE_NAMES, self.node, shells, focused=in_shell, in_front=in_front, signs=self._signs)

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
        self.bar("strip").show(bars.goal_strip(self._view, self._key_from_shell("lesson.next"), self._signs))

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

    def works_now(self, action: Action) -> bool:
        """Whether the action would do something now. Keys of others answer with a sentence that says why not."""
        return reasons.works_now(
            action,
            self._view,
            self._session.shells,
            narrow=self.has_class("-narrow") or self.preferences.layout is Layout.TABS,
        )
