"""What a subject shows of itself now, and the rules of when one could not look."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tui.checks.model import Outcome
from tui.checks.wanted import Value, Wanted
from tui.checks.words import clip, joined, seconds
from tui.labs.model import Scalar
from tui.swarm.snapshot import Engine, LocalState, Snapshot

__all__ = ["Blind", "Judgement", "Sight", "blind_to_swarm", "engine_of", "has_no_swarm", "judge", "unasked"]


@dataclass(frozen=True, slots=True)
class Blind:
    """It could not be looked at; `why` is the sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class Sight:
    """The fields of a subject that could be seen. `seen` has the sentence for each field that is not as wanted.

    A field that is absent from `values` has no value; `otherwise` is then said.
    """

    values: Mapping[str, Value]
    seen: Mapping[str, str] = field(default_factory=dict[str, str])
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """An outcome and, unless it is a pass, what is the case instead."""

    outcome: Outcome
    seen: str = ""


def judge(
    wanted: Mapping[str, Wanted],
    sight: Sight | Blind,
    same: Mapping[str, Callable[[Scalar, Scalar], bool]] | None = None,
) -> Judgement:
    """Compare what is wanted with what is seen. `same` has a field's own notion of equality."""
    if isinstance(sight, Blind):
        return Judgement(Outcome.UNKNOWN, sight.why)
    sentences: list[str] = []
    for name, want in wanted.items():
        if not want.admits(sight.values.get(name), (same or {}).get(name)):
            sentence = sight.seen.get(name, "") or sight.otherwise
            if sentence not in sentences:
                sentences.append(sentence)
    failed = bool(sentences)
    return Judgement(Outcome.FAIL, "; ".join(filter(None, sentences))) if failed else Judgement(Outcome.PASS)


def has_no_swarm(snapshot: Snapshot) -> bool:
    """Whether it is certain that there is no swarm: every engine answered, and none is in one."""
    return bool(snapshot.engines) and all(
        engine.reachable and engine.state is LocalState.INACTIVE for engine in snapshot.engines.values()
    )


def blind_to_swarm(snapshot: Snapshot) -> Blind | None:
    """Why nodes, services and tasks cannot be known now; None where they are (also where there is no swarm)."""
    if snapshot.manager_error:
        age = f" (last seen {seconds(snapshot.taken - snapshot.swarm_asked)} ago)" if snapshot.swarm_asked else ""
        return Blind(f"the swarm cannot be asked: {clip(snapshot.manager_error)}{age}")
    if snapshot.manager or has_no_swarm(snapshot):
        return None
    if not snapshot.engines:
        return Blind("nothing is known of the nodes yet")
    silent = [engine.node for engine in snapshot.engines.values() if not engine.reachable]
    if silent:
        return Blind(f"no manager to ask, and {joined(silent)} {'does' if len(silent) == 1 else 'do'} not answer")
    return Blind("there is no manager to ask")


def engine_of(node: str, snapshot: Snapshot) -> Engine | Blind:
    """A node's engine with its own account of now, or why that cannot be had."""
    engine = snapshot.engines.get(node)
    if engine is None:
        return Blind(f"nothing is known of {node} yet")
    if not engine.reachable:
        return Blind(f"{node} does not answer" + (f": {clip(engine.error)}" if engine.error else ""))
    return engine


def unasked(snapshot: Snapshot, what: str) -> Sight | Blind:
    """What is known of something that was not asked for: where there is no swarm there is none of it."""
    if not snapshot.manager and has_no_swarm(snapshot) and what != "images":
        return Sight(values={"exists": False}, otherwise=f"there is no swarm, so there are no {what} of it")
    return Blind(f"the {what} were not asked for yet")
