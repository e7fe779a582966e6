"""An answer to a question, judged by what the swarm shows. Pure."""

from collections.abc import Mapping

from tui.checks.dispatch import look
from tui.checks.evaluate import evaluate, fill
from tui.checks.model import Answer, Evidence, Outcome
from tui.checks.sight import Blind
from tui.checks.words import joined
from tui.labs.facts import IT, render
from tui.labs.model import CheckSpec, Question, QuestionKind
from tui.playground.model import NODE_NAMES

__all__ = ["judge"]


def judge(question: Question, value: str, evidence: Evidence, facts: Mapping[str, str]) -> Answer:
    """The answer with whether it is right and what the swarm shows; both are left open where it cannot be seen now.

    `value` is a number, a node's name, or one of the choices: its text, or its place in the list counted from 1.
    """
    answer = value.strip()
    match question.kind:
        case QuestionKind.NUMBER:
            right, seen = _judge_number(question, answer, evidence, facts)
        case QuestionKind.NODE:
            outcomes = {node: _outcome(question.seen, evidence, {**facts, IT: node}) for node in NODE_NAMES}
            right, seen = _among(outcomes, answer, "no node")
        case QuestionKind.CHOICE:
            says = [render(choice.say, facts).text for choice in question.choices]
            whens = [_outcome(choice.when, evidence, facts) for choice in question.choices]
            right, seen = _among(dict(zip(says, whens, strict=True)), _chosen(question, answer, says), "none of these")
    return Answer(value, right, seen)


def _judge_number(
    question: Question, answer: str, evidence: Evidence, facts: Mapping[str, str]
) -> tuple[bool | None, str]:
    filled = fill(question.seen, facts) if question.seen is not None else None
    if filled is None:
        return None, ""
    sight = look(filled, evidence.snapshot, evidence)
    number = None if isinstance(sight, Blind) else sight.values.get(question.field)
    if not isinstance(number, (int, float)):
        return None, ""
    try:
        return float(answer) == number, f"{number:g}"
    except ValueError:
        return False, f"{number:g}"


def _outcome(check: CheckSpec | None, evidence: Evidence, facts: Mapping[str, str]) -> Outcome:
    return evaluate(check, evidence, facts).outcome if check is not None else Outcome.UNKNOWN


def _chosen(question: Question, answer: str, says: list[str]) -> str:
    """The choice that is meant, as it is shown."""
    written = [choice.say for choice in question.choices]
    if answer in says:
        return answer
    if answer in written:
        return says[written.index(answer)]
    if answer.isdecimal() and 1 <= int(answer) <= len(says):
        return says[int(answer) - 1]
    return answer


def _among(outcomes: Mapping[str, Outcome], chosen: str, nothing: str) -> tuple[bool | None, str]:
    """Whether the chosen one is right, and which are."""
    right = [name for name, outcome in outcomes.items() if outcome is Outcome.PASS]
    seen = joined(right)
    if not right and Outcome.UNKNOWN not in outcomes.values():
        seen = nothing
    outcome = outcomes.get(chosen, Outcome.FAIL)
    if outcome is Outcome.UNKNOWN or (not right and not seen):
        return None, seen
    return outcome is Outcome.PASS, seen
