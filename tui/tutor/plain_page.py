"""A step of a lesson as lines of text: every line says what it is without the lines around it. Pure."""

from collections.abc import Iterator, Sequence

from tui.checks.model import Outcome, Verdict
from tui.labs.model import QuestionKind
from tui.tutor.plain_prose import Line, ended, prose_lines
from tui.tutor.views import (
    Aftermath,
    LessonView,
    PageBreak,
    PageCommand,
    PageProse,
    PageQuestion,
    Readiness,
    StepLine,
    StepState,
)

__all__ = [
    "aftermath_lines",
    "command_lines",
    "goal_lines",
    "goal_sentence",
    "judged_lines",
    "onward",
    "outline_lines",
    "page_lines",
    "place",
    "prediction",
    "question_lines",
    "standing_lines",
    "trouble",
    "whys",
]

_CUT = "…"
_NOTHING_SEEN = "not yet"
"""What checks see of something that has not happened: the sentence says that already."""
_STATES = {
    StepState.DONE: "done",
    StepState.PASSED: "jumped over",
    StepState.OPEN: "the nodes stand here",
    StepState.AHEAD: "not yet",
}


def place(view: LessonView) -> str:
    """Which step this is: «Step 3 of 28. Start a container.»"""
    return f"Step {view.index + 1} of {view.total}. {ended(view.step_title)}"


def page_lines(view: LessonView, *, section: int = 0) -> list[Line]:
    """The whole step: its text, its commands, its questions, its hints, its goals, and what may be done next.

    `section`: the number of the one that was named last; another one is named.
    """
    return list(_page(view, section))


def _page(view: LessonView, section: int) -> Iterator[Line]:
    yield Line(place(view))
    if view.intro or view.section_number != section:
        yield Line(f"This is section {view.section_number}: {ended(view.section_title)}")
    yield from prose_lines(view.intro)
    for block in view.blocks:
        match block:
            case PageProse():
                yield from prose_lines(block.markdown)
            case PageCommand():
                yield from command_lines(block)
            case PageBreak():
                yield from _break_lines(block)
            case PageQuestion():
                yield from question_lines(block)
    for number, hint in enumerate(view.hints, 1):
        yield from (Line(f"Hint {number}: {line.text}", line.code) for line in prose_lines(hint))
    yield from standing_lines(view)


def command_lines(command: PageCommand) -> list[Line]:
    """A command of the step, on a line of its own."""
    lines = _ordered(command, ", if you like" if command.optional else "")
    if command.missing:
        lines.append(Line("What stands between < and > there is not known yet; it is filled in as soon as it is."))
    elif _CUT in command.text:
        lines.append(Line(f"The token is cut short at {_CUT} here. `type` puts the whole one in."))
    return lines


def _ordered(command: PageCommand, aside: str = "") -> list[Line]:
    first, *more = command.text.splitlines() or [""]
    if not more:
        return [Line(f"On {command.node}{aside}: {first}", code=True)]
    head = Line(f"On {command.node}{aside}, one command of {len(more) + 1} lines:")
    return [head, *(Line(line, code=True) for line in (first, *more))]


def _break_lines(block: PageBreak) -> Iterator[Line]:
    if block.stands:
        yield Line(f"This was done by the lesson, and it is so now: {ended(block.text)}")
    else:
        yield Line(f"This is done by the lesson: {ended(block.text)} `type` lets it happen.")


# --- questions -----------------------------------------------------------------------------------------------------


def question_lines(question: PageQuestion) -> list[Line]:
    """A question: what can be answered; once it is judged, what was."""
    lines = [Line(f"Question: {' '.join(line.text for line in prose_lines(question.ask))}")]
    if not question.open:
        return [*lines, *judged_lines(question)]
    match question.kind:
        case QuestionKind.NUMBER:
            how = "`answer` and a number answers it, before you try it."
        case QuestionKind.NODE:
            how = "`answer` and the name of a node answers it, before you try it."
        case QuestionKind.CHOICE:
            lines += [Line(f"Choice {number}: {ended(say)}") for number, say in enumerate(question.choices, 1)]
            how = "`answer` and the number of a choice answers it, before you try it."
    if question.answer:
        return [*lines, Line(f"{prediction(question)} `answer` changes it.")]
    return [*lines, Line(how)]


def prediction(question: PageQuestion) -> str:
    """What the learner has answered: «Your prediction: it stays there.»"""
    return f"Your prediction: {ended(_answer_words(question))}"


def _answer_words(question: PageQuestion) -> str:
    """The learner's answer as it is read: a choice by its text."""
    if question.kind is QuestionKind.CHOICE and question.answer.isdigit():
        number = int(question.answer)
        if 1 <= number <= len(question.choices):
            return question.choices[number - 1]
    return question.answer


def judged_lines(question: PageQuestion) -> list[Line]:
    """What came of a question: the prediction, what the swarm says, and why."""
    lines: list[Line] = []
    if question.answer:
        verdict = {True: " That was right.", False: " That was not so.", None: ""}[question.right]
        lines.append(Line(f"{prediction(question)}{verdict}"))
    if question.seen:
        lines.append(Line(f"What the swarm says: {ended(question.seen)}"))
    return [*lines, *prose_lines(question.why)]


# --- goals ---------------------------------------------------------------------------------------------------------


def goal_sentence(verdict: Verdict, *, before: Outcome | None = None) -> str:
    """How a goal stands: «Done: …», «Not yet: …». `before`: how it stood when that was last said."""
    seen = "" if verdict.outcome is Outcome.PASS or verdict.seen == _NOTHING_SEEN else verdict.seen
    said = f"{verdict.goal}: {seen}" if seen else verdict.goal
    match verdict.outcome:
        case Outcome.PASS:
            return f"Done: {ended(said)}"
        case Outcome.FAIL:
            return f"{'No longer so' if before is Outcome.PASS else 'Not yet'}: {ended(said)}"
        case Outcome.UNKNOWN:
            return f"Cannot be seen now: {ended(said)}"


def goal_lines(view: LessonView) -> list[Line]:
    """Each goal of the step in a sentence, and what was recognised as a mistake."""
    if not view.goals:
        return [Line("This step has no goals: it is done by being read.")]
    total = len(view.goals)
    lines: list[Line] = []
    for number, goal in enumerate(view.goals, 1):
        name = f"Goal {number} of {total}" if total > 1 else "Goal"
        waiting = view.readiness is Readiness.STARTING and goal.outcome is not Outcome.PASS
        lines.append(Line(f"{name}: {ended(goal.goal)}" if waiting else f"{name}. {goal_sentence(goal)}"))
    if view.diagnosis:
        lines.append(Line(f"Note: {ended(view.diagnosis)}"))
    if view.undone:
        lines.append(Line(f"This step was done, but now: {ended(view.undone)}"))
    return lines


def standing_lines(view: LessonView) -> list[Line]:
    """How the step stands: its goals, what is out of the ordinary, and what opens the next one."""
    lines = goal_lines(view) if view.goals else []
    return [*lines, *(Line(text) for text in (trouble(view), onward(view), whys(view)) if text)]


def trouble(view: LessonView) -> str:
    """What is out of the ordinary, and what to do about it; empty when all is as it should be."""
    if view.readiness is Readiness.FREE:
        return "Free play: the nodes are all yours, and nothing is judged. `free` takes you back to the lesson."
    if view.readiness is Readiness.BEHIND:
        return (
            "The nodes are not where this step begins. `mend` brings them here, by running the commands of the "
            "earlier steps."
        )
    if view.repair is not None:
        return f"Missing: {ended(view.repair.missing)} `mend` {ended(view.repair.does)}"
    return ""


def onward(view: LessonView) -> str:
    """That there is a way on, and why; empty while the step keeps the next one closed."""
    if view.finished and view.index == view.total - 1:
        return "You have reached the end of this lab: every step is done."
    if not view.can_go_on:
        return ""
    opens = f"`next` opens step {view.index + 2}."
    if view.again:
        return f"This step was done before. Do it again, or go on: {opens}"
    if view.passed:
        return f"This step was jumped over. {opens}"
    if view.done:
        return f"Step {view.index + 1} is {'done' if view.goals else 'read'}. {opens}"
    return opens


def whys(view: LessonView) -> str:
    """That there is more to tell of the step; empty where there is not."""
    after = view.aftermath
    parts = ["why it works"] if after.why else []
    if after.routes:
        parts.append("another way" if len(after.routes) == 1 else f"{len(after.routes)} other ways")
    return f"`why` tells {' and '.join(parts)}." if parts else ""


def aftermath_lines(after: Aftermath) -> list[Line]:
    """Why it works, the commands of the step, and other ways."""
    lines = [Line(f"Why it works: {line.text}", line.code) for line in prose_lines(after.why)]
    if after.commands:
        lines.append(Line("The commands of this step:"))
        lines += [line for command in after.commands for line in _ordered(command)]
    for route in after.routes:
        say = " ".join(line.text for line in prose_lines(route.say))
        lines.append(Line(ended(f"Another way: {say}") if say else "Another way:"))
        lines += [line for command in route.commands for line in _ordered(command)]
    return lines


# --- all steps -----------------------------------------------------------------------------------------------------


def outline_lines(steps: Sequence[StepLine]) -> list[Line]:
    """Every step with its number, its name for `go`, and how it stands."""
    lines: list[Line] = []
    section = ""
    for step in steps:
        if step.section != section:
            section = step.section
            lines.append(Line(f"Section: {ended(section)}"))
        state = f"{_STATES[step.state]}, but now: {step.undone}" if step.undone else _STATES[step.state]
        here = "; you are reading it" if step.here else ""
        lines.append(Line(f"Step {step.index + 1}, named {step.id}: {ended(step.title)} {ended(f'{state}{here}')}"))
    return lines
