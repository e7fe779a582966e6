"""Names in a lab that point elsewhere in it: to steps and to questions."""

from collections.abc import Iterator

from tui.labs.mistakes import MistakeList
from tui.labs.model import Break, CheckSpec, Lab, Step, Subject

__all__ = ["all_checks", "checks_of_step", "note_references"]


def note_references(lab: Lab, mistakes: MistakeList) -> None:
    """Note what points to a step or a question that is not there, or not where it must be."""
    order = {step.id: number for number, step in reversed(list(enumerate(lab.steps))) if step.id}
    questions = _note_question_ids(lab, mistakes)
    for number, step in enumerate(lab.steps):
        for requirement in step.requires:
            if requirement.by:
                _note_step(requirement.by, "by", requirement.line, order, mistakes)
                if order.get(requirement.by, -1) >= number:
                    mistakes.add(requirement.line, f"`by: {requirement.by}` must name an earlier step")
        for block in step.blocks:
            if isinstance(block, Break) and block.until:
                _note_step(block.until, "until", block.line, order, mistakes)
                if order.get(block.until, number) < number:
                    mistakes.add(block.line, f"`until: {block.until}` must name this step or a later one")
        for check in (*step.goal, *(requirement.check for requirement in step.requires)):
            asked = questions.get(str(check.of)) if check.subject is Subject.ANSWER else None
            if asked is not None and number + 1 < len(lab.steps) and asked > lab.steps[number + 1].line:
                mistakes.add(check.line, f"the question `{check.of}` is asked in a later step")
    for check in all_checks(lab):
        if check.subject is Subject.ANSWER and str(check.of) not in questions:
            mistakes.add_unknown(check.line, "there is no question with the id", str(check.of), questions)


def _note_step(name: str, key: str, line: int, order: dict[str, int], mistakes: MistakeList) -> None:
    if name not in order:
        mistakes.add_unknown(line, f"`{key}` names no step:", name, order)


def _note_question_ids(lab: Lab, mistakes: MistakeList) -> dict[str, int]:
    lines: dict[str, int] = {}
    for step in lab.steps:
        for question in step.questions:
            if question.id in lines:
                first = lines[question.id]
                mistakes.add(
                    question.line,
                    f"the question's id `{question.id}` is used twice, first in line {first}; give it one with `id`",
                )
            else:
                lines[question.id] = question.line
    return lines


def all_checks(lab: Lab) -> Iterator[CheckSpec]:
    """Every check in a lab, wherever it stands."""
    for invariant in lab.always:
        yield invariant.check
    for step in lab.steps:
        yield from checks_of_step(step)


def checks_of_step(step: Step) -> Iterator[CheckSpec]:
    """Every check in a step: what it requires, its goal, its diagnoses, and its questions."""
    for requirement in step.requires:
        yield requirement.check
    yield from step.goal
    for diagnosis in step.diagnoses:
        yield diagnosis.when
    for question in step.questions:
        if question.seen is not None:
            yield question.seen
        for choice in question.choices:
            yield choice.when
