"""Whom to ask about the swarm, and why nobody could be asked. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from tui.swarm.snapshot import Engine, LocalState, SwarmNode

__all__ = ["BEING_ASKED", "NOT_ASKED", "candidates", "nobody_in_swarm", "why_unknown"]

NOT_ASKED = "not asked yet"
BEING_ASKED = "a manager is being asked"


def candidates(engines: Mapping[str, Engine], nodes: Iterable[SwarmNode], last: str) -> Sequence[str]:
    """The engines that can answer for the swarm, best first: the leader, who answered last, then in order.

    Where engines form more than one swarm, it is the swarm of the first manager in order.
    """
    managers = [e for e in engines.values() if e.reachable and e.is_manager and e.state is not LocalState.LOCKED]
    if not managers:
        return ()
    cluster = managers[0].cluster_id
    leader = next((node.id for node in nodes if node.leader), "")
    mates = [e for e in managers if e.cluster_id == cluster or not e.cluster_id or not cluster]
    return [e.node for e in sorted(mates, key=lambda e: (e.node_id != leader, e.node != last))]


def nobody_in_swarm(engines: Iterable[Engine]) -> bool:
    """Whether no engine is in a swarm, as far as each was ever asked. An engine never asked may be in one."""
    return all(engine.state is LocalState.INACTIVE and engine.asked > 0 for engine in engines)


def why_unknown(engines: Mapping[str, Engine], failures: Mapping[str, str] | None = None) -> str:
    """Why nobody can tell about the swarm, for people. `failures`: what the managers that were asked said, by node."""
    everybody = engines.values()
    if failures:
        # A manager without a leader is slow to say so to a question, but tells it of itself.
        said = {name: engines[name].swarm_error or text for name, text in failures.items()}
        return "; ".join(f"{name}: {text}" for name, text in said.items())
    if any(engine.error == NOT_ASKED for engine in everybody):
        return NOT_ASKED
    if silent := [e for e in everybody if not e.reachable and e.is_manager]:
        return "; ".join(f"{e.node}, a manager, cannot be asked: {e.error}" for e in silent)
    if locked := [e.node for e in everybody if e.state is LocalState.LOCKED]:
        return f"{locked[0]} is locked (docker swarm unlock)"
    if troubled := [e for e in everybody if e.reachable and e.swarm_error]:
        return "; ".join(f"{e.node}: {e.swarm_error}" for e in troubled)
    if pending := [e.node for e in everybody if e.state is LocalState.PENDING]:
        return f"{', '.join(pending)} is joining a swarm"
    if silent := [e for e in everybody if not e.reachable]:
        return "; ".join(f"{e.node} cannot be asked: {e.error}" for e in silent)
    return "no manager of the swarm is among the nodes"
