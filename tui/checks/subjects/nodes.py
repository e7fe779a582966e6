"""`node` and `nodes`: rows of `docker node ls`."""

from collections.abc import Mapping

from tui.checks.sight import Blind, Sight, blind_to_swarm
from tui.checks.wanted import Wanted
from tui.checks.words import counted, joined, predicate, said_of, several
from tui.labs.model import Expectation
from tui.swarm.snapshot import Snapshot, SwarmNode

__all__ = ["count_goal", "goal", "look", "look_many"]


def goal(node: str, wanted: Mapping[str, Wanted]) -> str:
    """What is asked for of one node."""
    if "exists" in wanted and not wanted["exists"].is_true():
        return f"{node} is not in the list of nodes"
    phrases = [_phrase(name, want) for name, want in wanted.items() if name != "exists" or len(wanted) == 1]
    return f"{node} {predicate(phrases)}"


def _phrase(name: str, want: Wanted) -> str:
    match name:
        case "exists":
            return "is in the list of nodes"
        case "role":
            return f"is a {want.said()}"
        case "availability":
            return _availability(want.said(said_of))
        case "leader":
            return "is the leader" if want.is_true() else "is not the leader"
        case "running":
            return f"runs {want.amount().of('task')}"
        case _:
            return f"is {want.said(said_of)}"


def _availability(said: str) -> str:
    return "is Active" if said == "Active" else f"is set to {said}"


def look(node: str, snapshot: Snapshot) -> Sight | Blind:
    """The row of a node, by its hostname or id."""
    if blind := blind_to_swarm(snapshot):
        return blind
    row = snapshot.node(node)
    if row is None:
        return Sight(values={"exists": False}, otherwise=_absent(snapshot))
    running = sum(1 for task in snapshot.tasks if task.node_id == row.id and snapshot.runs(task))
    return Sight(
        values={
            "exists": True,
            "role": row.role,
            "availability": row.availability,
            "state": row.state,
            "leader": row.leader,
            "reachability": row.reachability,
            "running": running,
        },
        seen={
            "exists": "it is still listed" + (f", as {said_of(row.state)}" if row.state != "ready" else ""),
            "role": f"it is a {row.role}",
            "availability": f"it {_availability(said_of(row.availability))}",
            "state": f"it is {said_of(row.state)}" + (f": {row.message}" if row.message else ""),
            "leader": "it is the leader" if row.leader else _leader(snapshot),
            "reachability": f"it is {said_of(row.reachability)}" if row.reachability else "it is not a manager",
            "running": f"it runs {counted(running, 'task')}",
        },
    )


def _absent(snapshot: Snapshot) -> str:
    if not snapshot.nodes:
        return "there is no swarm yet"
    names = joined(sorted({row.hostname for row in snapshot.nodes}))
    return f"docker node ls lists only {names}"


def _leader(snapshot: Snapshot) -> str:
    leader = next((row.hostname for row in snapshot.nodes if row.leader), "")
    return f"the leader is {leader}" if leader else "there is no leader"


def count_goal(of: Mapping[str, Expectation], wanted: Mapping[str, Wanted]) -> str:
    """How many nodes are asked for."""
    kind = f"{_adjectives(of)}{of.get('role', 'node')}"
    phrases = [
        f"has {want.amount().of(kind)}" if name == "count" else several(want.manners(), "has", f"the {kind}")
        for name, want in wanted.items()
    ]
    return f"the swarm {joined(phrases)}"


def _adjectives(of: Mapping[str, Expectation]) -> str:
    states = [said_of(str(of[key])) for key in ("state", "availability") if key in of]
    return f"{', '.join(states)} " if states else ""


def look_many(of: Mapping[str, Expectation], snapshot: Snapshot) -> Sight | Blind:
    """The rows that fit a filter."""
    if blind := blind_to_swarm(snapshot):
        return blind
    rows = [row for row in snapshot.nodes if _fits(row, of)]
    names = joined(sorted(row.hostname for row in rows))
    seen = f"it has {len(rows)}: {names}" if rows else "it has none" if snapshot.nodes else "there is no swarm yet"
    values = {"count": len(rows), "names": tuple(sorted(row.hostname for row in rows))}
    return Sight(values=values, seen={"count": seen, "names": seen})


def _fits(row: SwarmNode, of: Mapping[str, Expectation]) -> bool:
    seen = {"role": row.role, "state": row.state, "availability": row.availability}
    return all(seen.get(key) == value for key, value in of.items())
