"""The step that the nodes stand at, judged again and again: its goal, its mistakes, and what it lacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tui.checks.evaluate import diagnose, evaluate, evaluate_all
from tui.checks.explain import explain
from tui.checks.model import Evidence, Outcome, Verdict
from tui.checks.progress import GoalState, advance
from tui.labs.model import CheckSpec, Lab, Step, Subject
from tui.swarm.snapshot import Snapshot
from tui.tutor.missing import Missing, MissingWatch, find_missing
from tui.tutor.perform import state_specs

__all__ = ["Opening", "StepJudge", "undone_sentence"]


@dataclass(frozen=True, slots=True)
class Opening:
    """When a step was opened, and the swarm as it was then."""

    step: Step
    start: Snapshot
    since: float


class StepJudge:
    """Judges one step after another. Times are seconds of any clock that only goes forward."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._opening: Opening | None = None
        self._goal = GoalState.of(())
        self._missing = MissingWatch()
        self.diagnosis = ""

    def open(self, step: Step | None, start: Snapshot, since: float) -> None:
        """From now on this step is judged; None: none is."""
        self._opening = Opening(step, start, since) if step is not None else None
        self._goal = GoalState.of(step.goal if step is not None else ())
        self._missing = MissingWatch()
        self.diagnosis = ""

    @property
    def opening(self) -> Opening | None:
        """Which step is judged, and since when."""
        return self._opening

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts of the last look; none before the first."""
        return self._goal.verdicts

    @property
    def due(self) -> bool:
        """Whether something changes by the mere passing of time."""
        return self._goal.due is not None or self._missing.due

    @property
    def missing(self) -> Missing | None:
        """What the step builds on and is gone, for longer than a moment."""
        return self._missing.told

    def look(self, evidence: Evidence, facts: Mapping[str, str], now: float) -> bool:
        """Judge by what is known now; returns whether the goal is met."""
        if self._opening is None or not self._opening.step.goal:
            return False
        step = self._opening.step
        verdicts = evaluate_all(step.goal, evidence, facts)
        self._goal = advance(self._goal, verdicts, now)
        self.diagnosis = "" if self._goal.done else _why_red(step, verdicts, evidence, facts)
        return self._goal.done

    def look_for_missing(
        self, evidence: Evidence, facts: Mapping[str, str], now: float, *, broken_on_purpose: bool
    ) -> None:
        """See whether what the step builds on is still there. `broken_on_purpose`: the lesson has broken a node."""
        step = self._opening.step if self._opening else None
        met = [
            spec
            for spec, verdict in zip(step.goal if step else (), self._goal.verdicts, strict=False)
            if verdict.outcome is Outcome.PASS
        ]
        found = find_missing(self._lab, step, met, evidence, facts, broken_on_purpose=broken_on_purpose)
        self._missing.advance(found, now)


def _why_red(step: Step, verdicts: Sequence[Verdict], evidence: Evidence, facts: Mapping[str, str]) -> str:
    """The author's word for the mistake; where there is none, what the swarm and the last command say by themselves."""
    return diagnose(step, evidence, facts) or explain(step.goal, verdicts, evidence, facts)


def undone_sentence(step: Step, evidence: Evidence, facts: Mapping[str, str]) -> str:
    """What of a done step is no longer so: «pets runs 2 of 3»; empty where all that can be seen is as it left it.

    Only states of the swarm count: what a port answered or a command wrote was true when it was asked.
    """
    for spec in state_specs(step):
        if spec.subject in (Subject.WEB, Subject.CMD) or _compares(spec):
            continue
        verdict = evaluate(spec, evidence, facts)
        if verdict.outcome is Outcome.FAIL:
            return verdict.seen or f"not so: {verdict.goal}"
    return ""


def _compares(spec: CheckSpec) -> bool:
    """Whether the check compares with the moment at which its step began, which is past."""
    return "start" in _words(spec.expect)


def _words(value: object) -> Sequence[object]:
    if isinstance(value, Mapping):
        return [word for item in value.values() for word in _words(item)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # JSON-like data
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [word for item in value for word in _words(item)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return [value]


def settled(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts of a step that was done, whatever is the case now."""
    return tuple(replace(verdict, outcome=Outcome.PASS, seen="") for verdict in verdicts)
