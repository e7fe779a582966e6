"""`swarm`: one engine's own account of its membership."""

from collections.abc import Mapping

from tui.checks.sight import Blind, Sight, engine_of
from tui.checks.wanted import Wanted
from tui.checks.words import clip, predicate
from tui.swarm.snapshot import Engine, LocalState, Snapshot

__all__ = ["cluster_goal", "goal", "look", "shares_swarm"]

_STATES = {
    "inactive": "is in no swarm",
    "pending": "is joining a swarm",
    "active": "is in a swarm",
    "error": "has trouble with its swarm",
    "locked": "is locked",
}
_ROLES = {"manager": "is a manager", "worker": "is a worker", "none": "is neither manager nor worker"}


def goal(node: str, wanted: Mapping[str, Wanted]) -> str:
    """What is asked for."""
    phrases: list[str] = []
    states = {name: want.expected for name, want in wanted.items() if name in ("state", "role")}
    if states.get("state") == "active" and states.get("role") in ("manager", "worker"):
        phrases.append(f"is in a swarm, as {states['role']}")
    for name, want in wanted.items():
        if name in states and phrases and phrases[0].startswith("is in a swarm, as"):
            continue
        if name == "state":
            phrases.append(_phrase(want, _STATES, "has the swarm state"))
        elif name == "role":
            phrases.append(_phrase(want, _ROLES, "has the role"))
        elif name == "cluster":
            phrases.append(cluster_goal(want))
        else:
            phrases.append("reports no swarm error" if want.expected == "" else f"reports the error {want.said()}")
    return f"{node} {predicate(phrases)}"


def _phrase(want: Wanted, phrases: Mapping[str, str], otherwise: str) -> str:
    return phrases.get(str(want.expected), "") or f"{otherwise} {want.said()}"


def cluster_goal(want: Wanted) -> str:
    """The predicate of `cluster: {same_as_node: …}`."""
    other = want.expected.get("same_as_node") if isinstance(want.expected, Mapping) else ""
    return f"is in the same swarm as {other}"


def look(node: str, snapshot: Snapshot) -> Sight | Blind:
    """What the engine says; Blind while it does not answer. `cluster` is judged by `shares_swarm`."""
    engine = engine_of(node, snapshot)
    if isinstance(engine, Blind):
        return engine
    trouble = f": {clip(engine.swarm_error)}" if engine.swarm_error else ""
    return Sight(
        values={"state": str(engine.state), "role": _role(engine), "error": engine.swarm_error},
        seen={
            "state": f"it {_STATES[engine.state]}{trouble}",
            "role": f"it {_ROLES[_role(engine)]}" if _is_member(engine) else f"it {_STATES[engine.state]}{trouble}",
            "error": f"it reports “{clip(engine.swarm_error)}”" if engine.swarm_error else "it reports none",
        },
    )


def shares_swarm(node: str, other: str, snapshot: Snapshot) -> tuple[bool, str] | Blind:
    """Whether two engines are members of one swarm, and what is said if not."""
    engines: list[Engine] = []
    for name in (node, other):
        engine = engine_of(name, snapshot)
        if isinstance(engine, Blind):
            return engine
        engines.append(engine)
    for engine in engines:
        if not _is_member(engine) or not engine.node_id:
            trouble = f": {clip(engine.swarm_error)}" if engine.swarm_error else ""
            return False, f"{engine.node} {_STATES[engine.state]}{trouble}"
    one, two = engines
    if one.cluster_id and two.cluster_id:
        return one.cluster_id == two.cluster_id, f"{node} is in another swarm"
    if snapshot.manager_error or not snapshot.manager:
        return Blind("the swarm cannot be asked who its members are")
    members = {row.id for row in snapshot.nodes}
    if one.node_id not in members and two.node_id not in members:
        return Blind("the managers of their swarms cannot be asked")
    return one.node_id in members and two.node_id in members, f"{node} is in another swarm"


def _is_member(engine: Engine) -> bool:
    return engine.state in (LocalState.ACTIVE, LocalState.LOCKED, LocalState.ERROR)


def _role(engine: Engine) -> str:
    if not _is_member(engine):
        return "none"
    return "manager" if engine.is_manager else "worker"
