"""What a lab must be beside well-formed: helpful, and readable in a terminal."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tui.labs.facts import FACT, placeholder
from tui.labs.header import split_front_matter
from tui.labs.lint_faults import check_faults
from tui.labs.mistakes import Mistake, MistakeList
from tui.labs.model import Break, CheckSpec, Command, Lab, Order, Question, Step, Subject
from tui.labs.outline import displayed_fences
from tui.labs.parse import draft_lab, lines_of
from tui.labs.vocabulary import FROM_START

__all__ = ["WIDEST", "lint_lab"]

WIDEST = 80
"""Columns that a displayed fence may take."""

_LOOKS = re.compile(
    r"docker (ps|info|images|version|logs|inspect|(node|service|container|image) (ls|ps|inspect))( [^;&|\n]*)?"
)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)


def lint_lab(text: str, path: Path) -> tuple[Mistake, ...]:
    """All mistakes of a lab, of form and of content, in the order of the file."""
    lab, mistakes_of_form = draft_lab(text, path)
    mistakes = MistakeList(path, list(mistakes_of_form))
    _, body = split_front_matter(lines_of(text), MistakeList(path))
    for first_line, content in displayed_fences(body):
        _check_width(first_line, content, mistakes)
    _check_steps(lab, body, mistakes)
    _check_requirements(lab, mistakes)
    _check_always(lab, mistakes)
    check_faults(lab, mistakes)
    return mistakes.sorted()


def _check_width(first_line: int, content: str, mistakes: MistakeList) -> None:
    for line, row in enumerate(content.rstrip("\n").split("\n"), start=first_line):
        if (columns := _columns(row)) > WIDEST:
            mistakes.add(line, f"this line takes {columns} columns; a fence may take {WIDEST}")


def _columns(row: str) -> int:
    """How many terminal cells a line takes."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in row.expandtabs(8)
    )


def _check_steps(lab: Lab, body: list[str], mistakes: MistakeList) -> None:
    for step in lab.steps:
        if step.goal and not step.hints:
            mistakes.add(step.line, f"the step `{step.title}` has a goal and no hint")
        if not step.blocks:
            mistakes.add(step.line, f"the step `{step.title}` has no text")
        helps = (("hints", step.hints), ("diagnose", step.diagnoses), ("already-true", step.already_true))
        for key, present in (*helps, ("solve", step.routes), ("wrong", step.wrong)):
            if present and not step.goal:
                mistakes.add(step.line, f"the step `{step.title}` has `{key}` and no goal")
        for number, hint in enumerate(step.hints, start=1):
            for command in _solution(step):
                if solution := _given_away(hint, command):
                    line = _line_of(hint, step.line, body)
                    mistakes.add(line, f"hint {number} of the step `{step.title}` contains the solution: `{solution}`")
        _check_goal(step, mistakes)
        _check_ways(step, mistakes)
        _check_questions(step, mistakes)


def _check_goal(step: Step, mistakes: MistakeList) -> None:
    """Note what is asked for twice."""
    known: list[CheckSpec] = []
    for spec in step.goal:
        bare = replace(spec, line=0)
        if bare in known:
            mistakes.add(spec.line, "the goal asks for this twice")
        known.append(bare)


def _check_ways(step: Step, mistakes: MistakeList) -> None:
    """Note ways, right and wrong, that are the visible one."""
    visible = [(command.node, _folded(command.text)) for command in step.commands if not command.optional]
    for route in step.routes:
        if _said(route.orders) == visible:
            mistakes.add(route.line, "this other way is the visible one; leave it out")
    for wrong in step.wrong:
        if _said(wrong.orders) == visible:
            mistakes.add(wrong.line, "this wrong way is the one that the lesson shows")
        if any(_said(wrong.orders) == _said(route.orders) for route in step.routes):
            mistakes.add(wrong.line, "this wrong way stands under `solve` too")


def _said(orders: Sequence[Order]) -> list[tuple[str, str]]:
    return [(order.node, _folded(order.text)) for order in orders]


def _check_questions(step: Step, mistakes: MistakeList) -> None:
    """Note questions that are asked too late, or judged too early."""
    done = 0
    for block in step.blocks:
        done += isinstance(block, (Command, Break))
        if not isinstance(block, Question):
            continue
        if not step.goal:
            mistakes.add(block.line, "a question needs a step with a goal: it is judged when that is met")
        elif done and done == len(step.acts):
            mistakes.add(block.line, "a question is asked before what answers it; put it before the commands")


def _check_always(lab: Lab, mistakes: MistakeList) -> None:
    for invariant in lab.always:
        if any(f"'{word}': 'start'" in str(invariant.check.expect) for word in FROM_START):
            mistakes.add(invariant.line, "what must always hold has no start to be compared with")


def _check_requirements(lab: Lab, mistakes: MistakeList) -> None:
    acts = {step.id: step.acts for step in lab.steps}
    for step in lab.steps:
        for requirement in step.requires:
            if requirement.by in acts and not acts[requirement.by]:
                mistakes.add(
                    requirement.line, f"`by: {requirement.by}`: that step has no commands, so it brings nothing back"
                )


def _line_of(hint: str, after: int, body: list[str]) -> int:
    """The line where a hint begins, after the line of its step."""
    beginning = hint[:40]
    return next((number for number, line in enumerate(body, 1) if number > after and beginning in line), after)


def _solution(step: Step) -> list[str]:
    """The commands that make the step done, other ways included: one that only looks does so where looking counts."""
    looking_counts = any(check.subject is Subject.RAN for check in step.goal)
    texts = [command.text for command in step.commands]
    texts += [order.text for route in step.routes for order in route.orders]
    return [text for text in dict.fromkeys(texts) if looking_counts or not _LOOKS.fullmatch(text.strip())]


def _given_away(hint: str, text: str) -> str:
    """The line of a command that a hint spells out; empty where it spells out none.

    `docker node ls --help` does not give `docker node ls` away: it is how to find out.
    """
    said = [_folded(code[2]) for code in _CODE.finditer(hint)] + [_folded(_CODE.sub(" | ", hint))]
    for line in re.sub(r"\\\n", " ", text).split("\n"):
        solution = _folded(line)
        if " " not in solution:
            continue
        pattern = re.compile(rf"(?<!\S){re.escape(solution)}(?!\S)(?! --help)")
        if any(pattern.search(words) for words in said):
            return " ".join(line.split())
    return ""


def _folded(text: str) -> str:
    """Text with facts as their placeholders, white space folded, and the marks around words dropped."""
    filled = FACT.sub(lambda match: placeholder(match[1]), text)
    return " ".join(word.strip("`*_\"'()").rstrip(".,;:!?") for word in filled.split())
