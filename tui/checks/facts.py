"""The values of the live facts, taken from a snapshot."""

from collections.abc import Iterable

from tui.labs.facts import fact_of, render
from tui.labs.model import Variable
from tui.swarm.snapshot import Engine, LocalState, Snapshot

__all__ = ["facts_of"]

_SHORT_ID = 12  # signs of a container's id that `docker ps` shows


def facts_of(snapshot: Snapshot, mesh: str, variables: Iterable[Variable] = ()) -> dict[str, str]:
    """Every fact that has a value now. `mesh` is what carries published ports: `ipvs` or `nftables`.

    A variable of the lab has one as soon as every fact in it has.
    """
    facts = {"playground.mesh": mesh} if mesh else {}
    for name, engine in snapshot.engines.items():
        facts[f"{name}.ip"] = engine.address
        facts[f"{name}.id"] = _node_id(engine, snapshot)
        facts[f"{name}.container"] = _container(engine)
    if snapshot.tokens is not None:
        facts["token.worker"] = snapshot.tokens.worker
        facts["token.manager"] = snapshot.tokens.manager
    known = {name: value for name, value in facts.items() if value}
    filled = {fact_of(variable.name): render(variable.value, known) for variable in variables}
    return known | {name: value.text for name, value in filled.items() if value.text and not value.missing}


def _node_id(engine: Engine, snapshot: Snapshot) -> str:
    """Its id in the swarm it is in; after it left, the id under which the manager still lists it."""
    if engine.node_id and engine.state is not LocalState.INACTIVE:
        return engine.node_id
    row = snapshot.node(engine.node)
    return row.id if row is not None else ""


def _container(engine: Engine) -> str:
    """The newest running container that was started by hand."""
    by_hand = [container for container in engine.containers if not container.task_id and container.state == "running"]
    newest = max(by_hand, key=lambda container: container.created, default=None)
    return newest.id[:_SHORT_ID] if newest is not None else ""
