"""`answer`: what the learner answered to a question."""

from collections.abc import Mapping

from tui.checks.model import Evidence
from tui.checks.sight import Blind, Sight
from tui.checks.wanted import Wanted
from tui.checks.words import clip, predicate

__all__ = ["goal", "look"]


def goal(wanted: Mapping[str, Wanted]) -> str:
    """What is asked for."""
    return f"the question {predicate([_phrase(field, want) for field, want in wanted.items()])}"


def _phrase(field: str, want: Wanted) -> str:
    match field:
        case "given":
            return "is answered" if want.is_true() else "is not answered"
        case "right":
            return "is answered rightly" if want.is_true() else "is answered wrongly"
        case _:
            return f"is answered with “{want.said()}”"


def look(question: str, evidence: Evidence) -> Sight | Blind:
    """The answer; whether it is right is not known before the swarm has shown it."""
    answer = evidence.answers.get(question)
    if answer is None or not answer.value:
        return Sight(values={"given": False}, otherwise="it is not answered yet")
    said = f"the answer was “{clip(answer.value)}”"
    right = {} if answer.right is None else {"right": answer.right}
    judged = "the swarm has not shown yet what is right" if answer.right is None else said
    return Sight(
        values={"given": True, "value": answer.value, **right},
        seen={"given": said, "value": said, "right": judged},
    )
