"""What a lab must be beside well-formed: helpful, and readable in a terminal."""

import re
import unicodedata
from pathlib import Path

from tui.labs.facts import FACT, placeholder
from tui.labs.header import split_front_matter
from tui.labs.mistakes import Mistake, MistakeList
from tui.labs.model import Command, Lab, Step, Subject
from tui.labs.outline import displayed_fences
from tui.labs.parse import draft_lab, lines_of

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
        for key, present in (("hints", step.hints), ("diagnose", step.diagnoses), ("already-true", step.already_true)):
            if present and not step.goal:
                mistakes.add(step.line, f"the step `{step.title}` has `{key}` and no goal")
        for number, hint in enumerate(step.hints, start=1):
            for command in _solution(step):
                if solution := _given_away(hint, command):
                    line = _line_of(hint, step.line, body)
                    mistakes.add(line, f"hint {number} of the step `{step.title}` contains the solution: `{solution}`")


def _line_of(hint: str, after: int, body: list[str]) -> int:
    """The line where a hint begins, after the line of its step."""
    beginning = hint[:40]
    return next((number for number, line in enumerate(body, 1) if number > after and beginning in line), after)


def _solution(step: Step) -> list[Command]:
    """The commands that make the step done: one that only looks does so where looking is the step."""
    looking_counts = any(check.subject is Subject.RAN for check in step.goal)
    return [command for command in step.commands if looking_counts or not _LOOKS.fullmatch(command.text.strip())]


def _given_away(hint: str, command: Command) -> str:
    """The reference command that a hint spells out; empty where it spells out none.

    `docker node ls --help` does not give `docker node ls` away: it is how to find out.
    """
    said = [_folded(code[2]) for code in _CODE.finditer(hint)] + [_folded(_CODE.sub(" | ", hint))]
    for line in re.sub(r"\\\n", " ", command.text).split("\n"):
        solution = _folded(line)
        if " " not in solution:
            continue
        pattern = re.compile(rf"(?<!\S){re.escape(solution)}(?!\S)(?! --help)")
        if any(pattern.search(text) for text in said):
            return " ".join(line.split())
    return ""


def _folded(text: str) -> str:
    """Text with facts as their placeholders, white space folded, and the marks around words dropped."""
    filled = FACT.sub(lambda match: placeholder(match[1]), text)
    return " ".join(word.strip("`*_\"'()").rstrip(".,;:!?") for word in filled.split())
