"""What a lab has to prove on real nodes, and what came of it: values, and what is planned. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tui.labs.model import Break, CheckSpec, Lab, Step, Subject
from tui.tutor.faults import last_step_of
from tui.tutor.jump import legs_to
from tui.tutor.proofs_fingerprint import Fingerprint, differences

__all__ = [
    "Jumps",
    "Proof",
    "ProofKey",
    "ProofKind",
    "ProofOutcome",
    "Run",
    "RunKind",
    "can_change",
    "expected_proofs",
    "jump_proof",
    "missing_proofs",
    "plan_runs",
    "warnings_of",
]

ENOUGH_WRONG_WAYS = 2
LONG_WRONG_RUN = 20
"""Wrong ways above which their run is parted in two, so that they can be made side by side."""


class Jumps(StrEnum):
    """How the jumps are proven."""

    EACH = "each"  # each from fresh nodes
    CHAIN = "chain"  # to the last step from fresh nodes, to the others onward from one to the next: much quicker
    NONE = "none"


class ProofKind(StrEnum):
    """What is to be proven of a step (of the whole lab: COUNT)."""

    RED = "red before"  # its goal is not met before its commands
    GREEN = "green after"  # its commands lead to its goal
    HOLDS = "still green"  # the goal is met some seconds later too
    QUESTION = "question"  # what is asked can be judged when the step is done
    ROUTE = "route"  # another correct way leads to the goal as well
    WRONG = "wrong way"  # a mistake does not, and is named
    JUMP = "jump"  # fresh nodes are brought to the state that the step begins with
    COUNT = "steps run"  # as many as the file has, and not none


class ProofOutcome(StrEnum):
    """Proven, failed, or not tried because the run ended before it came to it."""

    PROVEN = "proven"
    FAILED = "failed"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class ProofKey:
    """Which proof it is. `nth` counts a step's wrong ways, routes and questions from 1; 0 where there is only one."""

    kind: ProofKind
    step: str = ""  # the step's id; empty for the lab as a whole
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of one proof. `what` says in a few words what was tried, `reason` in a sentence why it failed."""

    key: ProofKey
    outcome: ProofOutcome
    run: str = ""
    what: str = ""
    seconds: float = 0.0
    reason: str = ""

    @property
    def proven(self) -> bool:
        """Whether it is proven."""
        return self.outcome is ProofOutcome.PROVEN


class RunKind(StrEnum):
    """What a run through the lab does."""

    MAIN = "main"  # the commands as the lab shows them
    WRONG = "wrong"  # before those, every mistake that a step names
    ROUTE = "route"  # in place of those, the step's other ways
    JUMP = "jump"  # fresh nodes brought to one step


@dataclass(frozen=True, slots=True)
class Run:
    """One use of one playground. `steps` are taken in order.

    `jump_first`: not from the lab's beginning, but from the first of `steps`. `nth`: which routes are taken.
    `groups`: of jumps, the steps in groups that begin in the same state; each group is jumped to once.
    """

    kind: RunKind
    steps: tuple[Step, ...]
    nth: int = 0
    jump_first: bool = False
    groups: tuple[tuple[Step, ...], ...] = ()

    @property
    def name(self) -> str:
        """How the run is called in a report."""
        match self.kind:
            case RunKind.ROUTE:
                return f"route {self.nth}"
            case RunKind.JUMP:
                return "jumps"
            case _:
                return self.kind.value


def can_change(specs: Iterable[CheckSpec]) -> bool:
    """Whether any of these checks looks at something that changes by itself: not only at what was run or answered."""
    return any(spec.subject not in (Subject.RAN, Subject.ANSWER) for spec in specs)


def plan_runs(lab: Lab, *, only: str = "", jumps: Jumps = Jumps.EACH, routes: bool = True) -> tuple[Run, ...]:
    """The runs that prove a lab, in the order in which they are best begun.

    `only`: the id of the one step that is to be proven. Without steps there is nothing to run.
    """
    steps = tuple(step for step in lab.steps if only in ("", step.id))
    if not steps:
        return ()
    runs = [Run(RunKind.MAIN, steps, jump_first=bool(only))]
    runs.extend(_wrong_runs(steps, jump_first=bool(only)))
    if routes:
        most = max(len(step.routes) for step in steps)
        runs.extend(Run(RunKind.ROUTE, steps, nth, jump_first=bool(only)) for nth in range(1, most + 1))
    if not only:
        runs.extend(_jump_runs(lab, jumps))
    return tuple(runs)


def _wrong_runs(steps: tuple[Step, ...], *, jump_first: bool) -> list[Run]:
    total = sum(len(step.wrong) for step in steps)
    if not total:
        return []
    made = 0
    for index, step in enumerate(steps):
        made += len(step.wrong)
        if total > LONG_WRONG_RUN and made * 2 >= total and index + 1 < len(steps):
            first, second = steps[: index + 1], steps[index + 1 :]
            return [Run(RunKind.WRONG, first, jump_first=jump_first), Run(RunKind.WRONG, second, jump_first=True)]
    return [Run(RunKind.WRONG, steps, jump_first=jump_first)]


def _jump_runs(lab: Lab, jumps: Jumps) -> list[Run]:
    groups = _one_way(lab)
    match jumps:
        case Jumps.NONE:
            return []
        case Jumps.CHAIN:
            chain = tuple(step for group in groups[:-1] for step in group)
            runs = [Run(RunKind.JUMP, groups[-1], groups=(groups[-1],))]
            return [Run(RunKind.JUMP, chain, groups=tuple(groups[:-1])), *runs] if chain else runs
        case Jumps.EACH:
            # The longest way first: what is left for the end is short, and the jobs end at about the same time.
            return [Run(RunKind.JUMP, group, groups=(group,)) for group in reversed(groups)]


def _one_way(lab: Lab) -> list[tuple[Step, ...]]:
    """Steps in groups to which one way leads: nothing between them changes the nodes."""
    ways: dict[tuple[tuple[int, ...], tuple[Break, ...]], list[Step]] = {}
    for index, step in enumerate(lab.steps):
        legs = legs_to(lab, index)
        standing = tuple(
            act
            for leg in legs
            for act in lab.steps[leg].acts
            if isinstance(act, Break) and last_step_of(lab, lab.steps[leg], act) >= index
        )
        ways.setdefault((legs, standing), []).append(step)
    return [tuple(steps) for steps in ways.values()]


def expected_proofs(lab: Lab, runs: Iterable[Run]) -> tuple[ProofKey, ...]:
    """All that these runs have to prove, step by step in the order of the lab."""
    wanted = [ProofKey(ProofKind.COUNT)]
    for run in runs:
        for step in run.steps:
            wanted.extend(_expected_of(step, run))
    order = {step.id: number for number, step in enumerate(lab.steps, start=1)}
    kinds = list(ProofKind)
    return tuple(sorted(wanted, key=lambda key: (order.get(key.step, len(order) + 1), kinds.index(key.kind), key.nth)))


def _expected_of(step: Step, run: Run) -> list[ProofKey]:
    match run.kind:
        case RunKind.MAIN:
            kinds = [ProofKind.RED] if step.goal and not step.already_true else []
            if step.goal or step.acts:
                kinds.append(ProofKind.GREEN)
            if can_change(step.goal):
                kinds.append(ProofKind.HOLDS)
            asked = range(1, len(step.questions) + 1)
            return [*(ProofKey(kind, step.id) for kind in kinds), *(_nth(ProofKind.QUESTION, step, n) for n in asked)]
        case RunKind.WRONG:
            return [_nth(ProofKind.WRONG, step, nth) for nth in range(1, len(step.wrong) + 1)]
        case RunKind.ROUTE:
            return [_nth(ProofKind.ROUTE, step, run.nth)] if len(step.routes) >= run.nth else []
        case RunKind.JUMP:
            return [ProofKey(ProofKind.JUMP, step.id)]


def _nth(kind: ProofKind, step: Step, nth: int) -> ProofKey:
    return ProofKey(kind, step.id, nth)


def missing_proofs(expected: Iterable[ProofKey], proofs: Iterable[Proof]) -> tuple[Proof, ...]:
    """What was never tried, as proofs that are not proven."""
    tried = {proof.key for proof in proofs}
    reason = "the run ended before it came to this"
    return tuple(Proof(key, ProofOutcome.NOT_TRIED, reason=reason) for key in expected if key not in tried)


def jump_proof(step: Step, wanted: Fingerprint | None, found: Fingerprint, seconds: float, run: str) -> Proof:
    """Whether a jump arrived in the state that the step began with when the lab was walked."""
    key = ProofKey(ProofKind.JUMP, step.id)
    if wanted is None:
        reason = "the main run did not come to this step, so there is nothing to compare with"
        return Proof(key, ProofOutcome.NOT_TRIED, run, "", seconds, reason)
    if differing := differences(wanted, found):
        return Proof(key, ProofOutcome.FAILED, run, "", seconds, f"it arrives elsewhere: {'; '.join(differing)}")
    return Proof(key, ProofOutcome.PROVEN, run, "", seconds)


def warnings_of(steps: Iterable[Step]) -> Mapping[str, str]:
    """Steps that prove less than they could, by id, each with a sentence. Steps that are only read are fine."""
    found: dict[str, str] = {}
    for step in steps:
        if not step.goal:
            continue
        lacks: list[str] = []
        if not step.routes:
            lacks.append("no other route (`solve`)")
        if len(step.wrong) < ENOUGH_WRONG_WAYS:
            has = "no wrong way" if not step.wrong else "only one wrong way"
            lacks.append(f"{has} (`wrong`)")
        if lacks:
            found[step.id] = f"has {' and '.join(lacks)}"
    return found
