"""All steps of the lab in a list: how each stands, and the way to any of them."""

from collections.abc import Sequence
from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.app.paint import Role, Span, content_of, line
from tui.app.screens.modal import Window
from tui.app.signs import Signs
from tui.tutor.views import StepLine, StepState

__all__ = ["StepsScreen"]


class StepsScreen(Window[str | None]):
    """Result: the id of the step that was chosen; None to stay."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,s,f11", "stay", show=False)]

    def __init__(self, steps: Sequence[StepLine], signs: Signs) -> None:
        super().__init__()
        self._steps = steps
        self._signs = signs

    def compose(self) -> ComposeResult:
        """The list, with sections as headings that cannot be chosen."""
        options: list[Option] = []
        for section, steps in groupby(self._steps, key=lambda step: step.section):
            options.append(Option(content_of(line(Span(section, Role.ACCENT))), disabled=True))
            options.extend(Option(content_of(self._row(step)), id=step.id) for step in steps)
        with Vertical(classes="window steps-window"):
            yield Static("Go to a step", classes="window-title")
            yield OptionList(*options, id="steps", markup=False)
            yield Static(
                "A step that is done opens to be read; R then begins it again. To any other the nodes are brought by "
                "the lab's own commands, and steps on the way count as passed over. Esc stays here.",
                classes="window-quiet",
                markup=False,
            )

    def on_mount(self) -> None:
        """Begin where the learner is."""
        here = next((step.id for step in self._steps if step.here), None)
        listed = self.query_one("#steps", OptionList)
        if here is not None:
            listed.highlighted = listed.get_option_index(here)
        listed.focus()

    def _row(self, step: StepLine) -> tuple[Span, ...]:
        signs = self._signs
        sign, role, word = {
            StepState.DONE: (signs.done, Role.OK, ""),
            StepState.PASSED: (signs.passed, Role.MUTED, "passed over"),
            StepState.OPEN: (signs.pointer, Role.ACCENT, "the nodes are here"),
            StepState.AHEAD: (signs.stopped, Role.MUTED, ""),
        }[step.state]
        if step.undone:
            sign, role, word = signs.unknown, Role.PENDING, f"done, but now: {step.undone}"
        number = Span(f"{step.index + 1:>3}  ", Role.MUTED)
        title = Span(step.title, Role.CHOSEN if step.here else Role.PLAIN)
        return line(Span(f" {sign} ", role), number, title, Span(f"  {word}" if word else "", role))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """This one."""
        self.dismiss(event.option.id)

    def action_stay(self) -> None:
        """Back to the lab."""
        self.dismiss(None)
