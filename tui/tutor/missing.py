"""What the open step builds on and is gone, and what brings it back. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui.checks.evaluate import evaluate
from tui.checks.model import Evidence, Outcome, Verdict
from tui.labs.facts import render
from tui.labs.model import CheckSpec, Lab, Order, Step
from tui.swarm.snapshot import Snapshot

__all__ = ["Missing", "MissingWatch", "find_missing"]

GONE_AFTER = 3.0
"""Seconds for which it must be gone before it is said: a manager that is elected anew is back sooner."""
SILENT_AFTER = 12.0
"""Seconds for which it must have been impossible to look: an engine that starts anew is back sooner."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What is gone, in a sentence, and what mends it.

    One of: `silent` nodes that must be brought back; the step `by`, done again; `orders`; with none of them the nodes
    are made anew and brought to the open step. `check` tells when it is there again. `blind`: it could not be looked
    at.
    """

    say: str
    check: CheckSpec | None = None
    by: str = ""
    orders: tuple[Order, ...] = ()
    silent: tuple[str, ...] = ()
    blind: bool = False


def find_missing(
    lab: Lab,
    step: Step | None,
    met: Sequence[CheckSpec],
    evidence: Evidence,
    facts: Mapping[str, str],
    *,
    broken_on_purpose: bool,
) -> Missing | None:
    """The first thing that is missing for `step`; None where all is there.

    `met`: the checks of its goal that pass. What they are about has been changed by the learner as the lesson wants
    it, so a requirement about the same thing is no longer asked for. `broken_on_purpose`: the lesson itself has broken
    a node, so that silence means nothing.
    """
    silent = () if broken_on_purpose else _silent(evidence.snapshot)
    if silent:
        verb = "does" if len(silent) == 1 else "do"
        return Missing(f"{' and '.join(silent)} {verb} not answer", silent=silent, blind=True)
    changed = [(spec.subject, spec.of) for spec in met]
    for requirement in step.requires if step else ():
        check = requirement.check
        if (check.subject, check.of) in changed:
            continue
        verdict = evaluate(check, evidence, facts)
        if _is_missing(verdict, broken_on_purpose=broken_on_purpose):
            blind = verdict.outcome is Outcome.UNKNOWN
            return Missing(_sentence(verdict), check, requirement.by, requirement.repair, blind=blind)
    for invariant in lab.always:
        verdict = evaluate(invariant.check, evidence, facts)
        if (invariant.check.subject, invariant.check.of) not in changed and verdict.outcome is Outcome.FAIL:
            return Missing(render(invariant.say, facts).text, invariant.check, orders=invariant.repair)
    return None


def _silent(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(engine.node for engine in snapshot.engines.values() if not engine.reachable)


def _is_missing(verdict: Verdict, *, broken_on_purpose: bool) -> bool:
    return verdict.outcome is Outcome.FAIL or (verdict.outcome is Outcome.UNKNOWN and not broken_on_purpose)


def _sentence(verdict: Verdict) -> str:
    return f"{verdict.goal}: {verdict.seen}" if verdict.seen else verdict.goal


class MissingWatch:
    """Tells what is missing only once it has been so for more than a moment."""

    def __init__(self) -> None:
        self.told: Missing | None = None
        self._found: Missing | None = None
        self._since = 0.0

    @property
    def due(self) -> bool:
        """Whether something that was found has yet to be told."""
        return self._found is not None and self.told is None

    def advance(self, found: Missing | None, now: float) -> None:
        """Take in a look at `now`."""
        if found is None:
            self._found = self.told = None
            return
        if self._found is None:
            self._since = now
        elif self._found.blind and not found.blind:
            self._since = min(self._since, now)
        self._found = found
        patience = SILENT_AFTER if found.blind else GONE_AFTER
        if self.told is not None or now - self._since >= patience:
            self.told = found
