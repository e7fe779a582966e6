"""Whether an action would do something now, and if not, the sentence that says why: pure functions of what is known."""

from collections.abc import Mapping

from tui.app.actions import Action
from tui.app.links import links_of
from tui.checks.model import Outcome
from tui.tutor.ladder import Rung
from tui.tutor.shells import NodeShell
from tui.tutor.views import LessonView, PageBreak, PageCommand, Readiness

__all__ = [
    "is_last_and_done",
    "not_now",
    "why_no_command",
    "why_no_explanation",
    "why_no_help",
    "why_not_next",
    "works_now",
]


def works_now(action: Action, view: LessonView, shells: Mapping[str, NodeShell], *, narrow: bool) -> bool:
    """Whether the action would do something. `narrow`: panes are tabs anyway."""
    match action.id:
        case "lesson.next":
            return view.can_go_on
        case "lesson.previous":
            return view.can_go_back
        case "lesson.type":
            return bool(shells) and view.doing is None and any(act.is_next for act in _acts(view))
        case "lesson.hint":
            return view.rung is not Rung.NONE and view.doing is None
        case "lesson.answer":
            return view.question is not None
        case "lesson.explain":
            return bool(view.aftermath)
        case "lesson.catch-up":
            return (view.readiness is Readiness.BEHIND or view.repair is not None) and view.doing is None
        case "lesson.stop":
            return view.doing is not None
        case "lesson.steps" | "app.labs":
            return view.doing is None
        case "lesson.links":
            return bool(links_of(view))
        case "lesson.reset" | "lesson.free":
            return bool(shells) and view.doing is None and not view.reading_along
        case "pane.maximise":
            return not narrow
        case "node.1" | "node.2" | "node.3" | "pane.shell":
            return bool(shells)
        case _:
            return True


def is_last_and_done(view: LessonView) -> bool:
    """Whether the lab is at its end."""
    return view.finished and view.index == view.total - 1


def why_not_next(view: LessonView) -> str:
    """Why the next step does not open."""
    if is_last_and_done(view):
        return "This is the last step, and it is done."
    if view.readiness is Readiness.STARTING:
        return "The nodes are still being made; the next step opens once this one's goals could be checked."
    red = next((goal for goal in view.goals if goal.outcome is not Outcome.PASS), None)
    return f"Not yet: {red.goal.replace('`', '')}." if red else "There is no step after this one."


def why_no_explanation(view: LessonView) -> str:
    """Why nothing is unfolded."""
    if not view.done or view.again:
        return "That is told once the step is done."
    return "There is nothing more to tell of this step."


def not_now(stop_key: str) -> str:
    """Why what is asked for has to wait; `stop_key` is the name of the key that ends what is being done."""
    return f"Not now: something is being done for you. {stop_key} stops it."


def why_no_command(view: LessonView, shells: Mapping[str, NodeShell], stop_key: str = "Esc") -> str:
    """Why no command could be typed."""
    commands = _commands(view)
    missing = next((command.missing for command in commands if command.is_next and command.missing), ())
    if view.doing is not None:
        return not_now(stop_key)
    if not commands:
        return "This step has no command to type."
    if not shells:
        return "The shells are not open yet."
    if missing:
        return f"The command waits for what is not known yet: {', '.join(missing)}."
    if not any(command.is_next for command in commands):
        return "All commands of this step have been typed."
    node = next(command.node for command in commands if command.is_next)
    if node in shells and shells[node].opening:
        return f"The shell of {node} is still being opened: try again in a moment."
    return f"The shell of {node} is busy with something else: finish it, or press Ctrl-C in it."


def why_no_help(view: LessonView, shells: Mapping[str, NodeShell], stop_key: str = "Esc") -> str:
    """Why there is no further help."""
    if view.doing is not None:
        return f"You are being helped already. {stop_key} stops it."
    if view.rung is Rung.TYPE:
        return why_no_command(view, shells, stop_key)
    if view.done and not view.again:
        return "This step is done."
    return "There is no further hint for this step." if view.hints else "There is no help for this step."


def _commands(view: LessonView) -> list[PageCommand]:
    return [block for block in view.blocks if isinstance(block, PageCommand)]


def _acts(view: LessonView) -> list[PageCommand | PageBreak]:
    return [block for block in view.blocks if isinstance(block, (PageCommand, PageBreak))]
