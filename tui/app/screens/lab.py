"""The lab screen: the lesson at the left, the live swarm and the shells at the right; tabs where there is no room."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.widgets import Static

from tui.app import reasons
from tui.app.actions import ACTIONS, bindings
from tui.app.arrangement import LEAST_WINDOW, NARROW, Pane
from tui.app.messages import LessonNews, NoticeNews, Prepared, ProgressNews, ShellNews, SwarmNews
from tui.app.preferences import Layout
from tui.app.screens.lab_windows import LabWindows
from tui.app.signs import ASCII, Signs
from tui.app.widgets.question import QuestionBlock
from tui.tutor.ladder import Rung
from tui.tutor.stage import Doing
from tui.tutor.views import PageBreak, Readiness, StepState

if TYPE_CHECKING:
    from tui.tutor.session import LabSession

__all__ = ["Errand", "LabScreen", "Pane"]

Errand = Callable[[], Awaitable[object]]
"""Something that takes its time: started in the background, and what goes wrong with it is said."""


_TICK = 1.0
"""Seconds after which what is shown is at least said anew."""
_LESSON_ACTIONS = frozenset(action.call for action in ACTIONS if action.id.startswith("lesson."))


class LabScreen(LabWindows):
    """Shows a session, and does what keys ask for."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(app=False)]
    AUTO_FOCUS = "#page"
    ESCAPE_TO_MINIMIZE = False

    def __init__(
        self, session: "LabSession", signs: Signs, keymap: Mapping[str, str], send: Callable[[Errand], object]
    ) -> None:
        """`send` starts an errand in the background."""
        super().__init__(session, signs, keymap)
        self._send = send

    # --- life -------------------------------------------------------------------------------------------------------

    async def on_mount(self) -> None:
        """The first page, at once."""
        self.set_interval(_TICK, self._tick)
        self.set_class(self._signs is ASCII, "-ascii")
        self._arrange()
        await self.lesson.show(self._view)
        self._draw_all()

    def _tick(self) -> None:
        """Ages grow although nobody looked at the swarm anew; lines that say the same are not drawn again."""
        if self.prepared and self.is_current and self.swarm_view.age > _TICK / 2:
            self._draw_swarm()

    def on_resize(self, event: events.Resize) -> None:
        """Panes or tabs, or a sentence if there is no room for either."""
        width, height = event.size
        small = width < LEAST_WINDOW[0] or height < LEAST_WINDOW[1]
        if small:
            need = f"{LEAST_WINDOW[0]}×{LEAST_WINDOW[1]}"
            sentence = f"terminal too small: have {width}×{height}, need {need}"
            self.query_one("#too-small", Static).update(sentence)
        self.set_class(small, "-too-small")
        self.set_class(width < NARROW, "-narrow")
        self._arrange()
        self._draw_all()

    @on(LessonNews)
    async def _lesson_news(self, event: LessonNews) -> None:
        before, self._view = self._view, event.view
        await self.lesson.show(event.view)
        self._go_live()
        self._follow(before.doing, event.view.doing)
        self._draw_around()

    def _follow(self, before: Doing | None, doing: Doing | None) -> None:
        """While something is typed for the learner, its shell is in front and the keyboard is not for it."""
        self.shell_box.bar_keys(doing is not None)
        node = doing.node if doing else ""
        if node and (before is None or before.node != node):
            self.node = node
            if self.single:
                self.pane = Pane.SHELL
                self._arrange()
            else:
                self.bring(Pane.SHELL)
        if before is not None and doing is None and self.focused is None:
            self._go(self.pane)

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
        self.notify(event.text, markup=False, timeout=8)

    @on(QuestionBlock.Answered)
    def _answered(self, event: QuestionBlock.Answered) -> None:
        self._session.answer(event.question_id, event.value)
        self._go(Pane.LESSON)

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

    # --- what can be done -------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  Textual's own
        """While something is done for the learner, keys that were meant for the shell must not do anything here."""
        if self._view.doing is None:
            return action != "stop"
        return action not in _LESSON_ACTIONS or action == "stop"

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
        """Type the next command into its shell and go there; or let happen to a node what comes next."""
        if any(isinstance(block, PageBreak) and block.is_next for block in self._view.blocks):
            self._send(self._session.do_next_break)
            return
        node = self._session.insert_command()
        if node is not None:
            self.node = node
            self._go(Pane.SHELL)
        else:
            self._say(reasons.why_no_command(self._view, self._session.shells, self._key("lesson.stop")))

    def action_hint(self) -> None:
        """Help a step further."""
        rung, node = (Rung.NONE, "") if self._view.doing else self._session.help()
        if rung is Rung.HINT and self.single:
            self._go(Pane.LESSON)
        elif rung is Rung.TYPE:
            self.node = node
            self._go(Pane.SHELL)
        elif rung is Rung.DO:
            self._send(self._session.do_for_me)
        elif rung is Rung.NONE:
            self._say(reasons.why_no_help(self._view, self._session.shells, self._key("lesson.stop")))

    def action_answer(self) -> None:
        """To the question of this step."""
        question = self._view.question
        block = self.lesson.question_block(question.id) if question else None
        if block is None:
            self._say("This step asks nothing." if question is None else "The question is not on screen yet.")
            return
        self.pane = Pane.LESSON
        self._arrange()
        self.set_focus(block)

    def action_explain(self) -> None:
        """Unfold or fold what there is to know of a step that is done."""
        if self._view.aftermath:
            self.pane = Pane.LESSON
            self._arrange()
            self.lesson.unfold()
        else:
            self._say(reasons.why_no_explanation(self._view))

    def action_catch_up(self) -> None:
        """Bring back what this step needs."""
        if self._view.doing is not None:
            self._say(reasons.not_now(self._key("lesson.stop")))
        elif self._view.readiness is Readiness.BEHIND:
            self._send(self._session.catch_up)
        elif self._view.repair is not None:
            self._send(self._session.mend)
        else:
            self._say("Nothing is missing: the nodes are where this step begins.")

    def action_stop(self) -> None:
        """Stop what is being done for the learner."""
        self._session.stop()

    def action_steps(self) -> None:
        """The list of all steps."""
        from tui.app.screens.steps import StepsScreen

        steps = StepsScreen(self._session.outline(), self._signs)
        self.app.push_screen(steps, self._jump)  # pyright: ignore[reportUnknownMemberType]  # Textual leaves the app's result open

    async def go_to_step(self, step_id: str) -> None:
        """Open that step, as from the list of steps."""
        self._jump(step_id)

    def _jump(self, step_id: str | None) -> None:
        if step_id is None:
            return
        line = next(each for each in self._session.outline() if each.id == step_id)
        if not (line.state in (StepState.DONE, StepState.OPEN) and self._session.go(line.index)) and not line.here:
            self._send(lambda: self._session.jump(step_id))

    def action_reset_step(self) -> None:
        """The nodes as they were when this step began."""
        if self.prepared:
            self._send(self._session.reset_step)
        else:
            self._say("The nodes are not up yet.")

    def action_free(self) -> None:
        """Put the lesson aside, or take it up again."""
        if not self.prepared:
            self._say("The nodes are not up yet.")
        else:
            self._session.set_free(self._view.readiness is not Readiness.FREE)

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

    def action_look_back(self) -> None:
        """Go through what stands in the shell in front: search it, mark it, copy it."""
        self._go(Pane.SHELL)
        if not self.shell_box.look_back():
            self._say("There is no shell yet.")

    def action_maximise(self) -> None:
        """The whole window for this pane, and back."""
        if self.has_class("-narrow"):
            self._say("In a window this narrow, each pane has it whole already.")
        elif self.preferences.layout is Layout.TABS:
            self._say("Panes are tabs now: each has the whole window already.")
        else:
            self.maximised = not self.maximised
