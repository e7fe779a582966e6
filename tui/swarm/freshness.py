"""Two snapshots are the same if they differ in nothing but times. Pure."""

import re
from dataclasses import replace

from tui.swarm.build import SwarmRows
from tui.swarm.snapshot import Container, Engine, Snapshot

__all__ = ["same_but_times", "same_rows", "timeless_status"]

_VERDICT = re.compile(r"\([^)]*\)")


def timeless_status(status: str) -> str:
    """A container's status without its age: "Up (healthy)" for "Up 3 seconds (healthy)", "Exited (0)"."""
    return " ".join([*status.split()[:1], *_VERDICT.findall(status)])


def _container(container: Container) -> Container:
    return replace(container, status=timeless_status(container.status))


def _engine(engine: Engine) -> Engine:
    return replace(engine, asked=0.0, containers=tuple(map(_container, engine.containers)))


def same_but_times(one: Snapshot, other: Snapshot) -> bool:
    """Whether only `taken`, `asked`, `swarm_asked` and the ages in containers' status differ."""
    return _timeless(one) == _timeless(other)


def _timeless(snapshot: Snapshot) -> Snapshot:
    engines = {name: _engine(engine) for name, engine in snapshot.engines.items()}
    return replace(snapshot, taken=0.0, swarm_asked=0.0, engines=engines)


def same_rows(one: SwarmRows | None, other: SwarmRows | None) -> bool:
    """Whether two readings of a swarm say the same; tokens do not count, because most readings lack them."""
    if one is None or other is None:
        return one is other
    return replace(one, tokens=None) == replace(other, tokens=None)
