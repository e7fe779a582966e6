"""`web`: what a published port answered since the step opened."""

from collections.abc import Mapping, Sequence

from tui.checks.model import Evidence, WebTarget
from tui.checks.sight import Blind, Sight, engine_of
from tui.checks.wanted import Wanted
from tui.checks.words import clip, counted, predicate
from tui.labs.model import Expectation
from tui.playground.model import WebAnswer

__all__ = ["LAST_ANSWERS", "goal", "look", "target_of"]

LAST_ANSWERS = 12
"""How many of the last answers tell who answers now: two rounds of six replicas."""


def target_of(of: Mapping[str, Expectation]) -> WebTarget:
    """The target that a filter names."""
    port = of.get("port")
    return WebTarget(str(of.get("node", "")), port if isinstance(port, int) else 0, str(of.get("path", "/")))


def goal(of: Mapping[str, Expectation], wanted: Mapping[str, Wanted]) -> str:
    """What is asked for."""
    target = target_of(of)
    page = f"http://{target.node}:{target.port}{target.path if target.path != '/' else ''}"
    if set(wanted) == {"answered_by"}:
        return f"{wanted['answered_by'].amount().of('replica', 'answer')} at {page}"
    if set(wanted) == {"refused"} and wanted["refused"].is_true():
        return f"nothing answers at {page}"
    return f"{page} {predicate([_phrase(name, want) for name, want in wanted.items()])}"


def _phrase(name: str, want: Wanted) -> str:
    match name:
        case "status":
            return "answers" if want.expected == 200 else f"answers with status {want.amount().text}"
        case "body":
            return f"shows {want.said()}"
        case "answered_by":
            return f"is answered by {want.amount().of('replica')}"
        case _:
            return "answers nothing" if want.is_true() else "answers"


def look(of: Mapping[str, Expectation], evidence: Evidence) -> Sight | Blind:
    """What the last answers say; Blind before the first, and while the node itself does not answer."""
    target = target_of(of)
    engine = engine_of(target.node, evidence.snapshot)
    if isinstance(engine, Blind):
        return engine
    answers = evidence.web.get(target, ())[-LAST_ANSWERS:]
    if not answers:
        return Blind("not asked yet")
    last = answers[-1]
    replicas = _replicas(answers)
    silent = f"no answer{f': {clip(last.error)}' if last.error else ''}"
    said = f"the last answer has status {last.status}" if last.status else silent
    who = f"{counted(len(replicas), 'replica')} answered the last {counted(len(answers), 'request')}"
    return Sight(
        values={
            "status": last.status,
            "body": last.body if last.status else None,
            "answered_by": len(replicas),
            "refused": last.status == 0,
        },
        seen={
            "status": said,
            "body": f"it shows “{clip(last.body)}”" if last.status else silent,
            "answered_by": who if replicas else said,
            "refused": f"status {last.status}" if last.status else silent,
        },
    )


def _replicas(answers: Sequence[WebAnswer]) -> set[str]:
    return {answer.served_by for answer in answers if answer.status and answer.served_by}
