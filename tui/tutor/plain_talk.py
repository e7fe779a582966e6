"""Why something cannot be done now, in one sentence that names the word that helps. Pure."""

from collections.abc import Sequence

from tui.checks.model import Outcome
from tui.labs.model import QuestionKind
from tui.playground.model import Progress, ProgressState
from tui.tutor.ladder import Rung
from tui.tutor.plain_page import goal_sentence
from tui.tutor.views import LessonView, PageBreak, PageCommand, PageQuestion, Readiness, StepLine

__all__ = [
    "find_step",
    "how_to_answer",
    "next_act",
    "preparing_line",
    "read_answer",
    "why_no_act",
    "why_no_hint",
    "why_no_why",
    "why_not_next",
]


def preparing_line(progress: Progress, said: set[str], verb: str = "made") -> str:
    """A line for what is being made (or otherwise done to the nodes: `verb`); empty where it was said before.

    `said` is what was said so far.
    """
    if progress.state is ProgressState.FAILED:
        return f"The nodes are being {verb}. This failed: {progress.phase}."
    if progress.phase in said:
        return ""
    said.add(progress.phase)
    return f"The nodes are being {verb}. Now: {progress.phase}."


def why_not_next(view: LessonView) -> str:
    """Why the next step does not open."""
    if view.finished and view.index == view.total - 1:
        return "This is the last step, and it is done."
    red = [goal for goal in view.goals if goal.outcome is not Outcome.PASS]
    if view.readiness is Readiness.STARTING:
        return "The nodes are still being made. The next step opens once the goals of this one could be looked at."
    if not red:
        return "There is no step after this one."
    more = f" So are {len(red) - 1} other goals; `goals` says all." if len(red) > 1 else ""
    return f"The next step is still closed. {goal_sentence(red[0])}{more}"


def next_act(view: LessonView) -> tuple[int, PageCommand | PageBreak] | None:
    """What of the step comes next, and its place among all that is to be done in it, from 0; None if nothing does."""
    acts = [block for block in view.blocks if isinstance(block, (PageCommand, PageBreak))]
    return next(((place, act) for place, act in enumerate(acts) if act.is_next), None)


def why_no_act(view: LessonView) -> str:
    """Why nothing of the step can be done for the learner."""
    if view.readiness is Readiness.BEHIND:
        return "The nodes are not where this step begins, so its commands would fail. `mend` brings them here."
    if not any(isinstance(block, (PageCommand, PageBreak)) for block in view.blocks):
        return "There is nothing to be done in this step; it is there to be read."
    return "All of this step has been done."


def why_no_hint(view: LessonView) -> str:
    """Where the help of hints ends, and which begins."""
    if view.done and not view.again:
        return "This step is done, so it has no hints any more."
    none = "There is no further hint." if view.hints else "This step has no hints."
    if view.rung in (Rung.TYPE, Rung.DO) or next_act(view) is not None:
        return f"{none} `type` runs the next command for you, and `do` all that is left of the step."
    return none


def why_no_why(view: LessonView) -> str:
    """Why there is nothing to tell of the step."""
    if not view.done or view.again:
        return "Why it works is told once the step is done."
    return "There is nothing more to tell of this step."


def how_to_answer(question: PageQuestion) -> str:
    """What an answer looks like."""
    match question.kind:
        case QuestionKind.NUMBER:
            return "The answer is a number, as in `answer 2`."
        case QuestionKind.NODE:
            return "The answer is the name of a node, as in `answer node2`."
        case QuestionKind.CHOICE:
            return f"The answer is the number of a choice, from `answer 1` to `answer {len(question.choices)}`."


def read_answer(question: PageQuestion, text: str) -> str:
    """The answer as a lesson takes it: a choice may be given by its letter too, and a node by its number."""
    text = text.strip().lower()
    if question.kind is QuestionKind.CHOICE and len(text) == 1 and "a" <= text <= "z":
        return str(ord(text) - ord("a") + 1)
    if question.kind is QuestionKind.NODE and text.isdigit():
        return f"node{text}"
    return str(int(text)) if text.isascii() and text.isdigit() and len(text) <= 6 else text


def find_step(steps: Sequence[StepLine], wanted: str) -> StepLine | None:
    """The step of that number (from 1), that name, or with that in its title if it is the only one."""
    wanted = wanted.strip().lower()
    if wanted.isdigit():
        return next((step for step in steps if step.index + 1 == int(wanted)), None)
    named = next((step for step in steps if step.id.lower() == wanted), None)
    titled = [step for step in steps if wanted and wanted in step.title.lower()]
    return named or (titled[0] if len(titled) == 1 else None)
