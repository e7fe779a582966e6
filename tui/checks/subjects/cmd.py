"""`cmd`: a command that is run on a node to find out; the last resort where no other subject can tell."""

from collections.abc import Mapping

from tui.checks.model import CommandTarget, Evidence
from tui.checks.sight import Blind, Sight, engine_of
from tui.checks.wanted import Wanted
from tui.checks.words import complaint, predicate
from tui.labs.model import Expectation

__all__ = ["goal", "look", "target_of"]


def target_of(of: Mapping[str, Expectation]) -> CommandTarget:
    """What a filter wants to be run."""
    return CommandTarget(str(of.get("node", "")), str(of.get("command", "")))


def goal(of: Mapping[str, Expectation], wanted: Mapping[str, Wanted]) -> str:
    """What is asked for, where the author's own sentence is not shown."""
    target = target_of(of)
    phrases = [
        f"ends with status {want.amount().text}" if field == "exit" else f"writes {want.said()}"
        for field, want in wanted.items()
    ]
    return f"“{target.command}” on {target.node} {predicate(phrases)}"


def look(of: Mapping[str, Expectation], evidence: Evidence) -> Sight | Blind:
    """How the command ended last; Blind before the first time, and while the node does not answer."""
    target = target_of(of)
    engine = engine_of(target.node, evidence.snapshot)
    found = evidence.found.get(target)
    if found is None:
        return engine if isinstance(engine, Blind) else Blind("not asked yet")
    said = complaint(found.output)
    return Sight(
        values={"exit": found.exit_status, "output": found.output},
        seen={
            "exit": f"a look at {target.node} ended with status {found.exit_status}{said}",
            "output": f"{target.node} says{said}" if said else f"{target.node} says nothing",
        },
    )
