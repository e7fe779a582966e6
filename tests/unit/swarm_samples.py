"""Recorded answers of real engines, and snapshots made by hand, for the tests of `tui.swarm`."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from tui.swarm.build import build_engine, build_swarm
from tui.swarm.snapshot import Engine, LocalState, PublishedPort, Service, Snapshot, SwarmNode, Task

_DATA = Path(__file__).parent / "data" / "swarm"


def recorded(name: str) -> Mapping[str, Any]:
    """What every engine of a real swarm answered: by node, then by path (`info`, `containers`, `nodes` …)."""
    return cast("Mapping[str, Any]", json.loads((_DATA / f"{name}.json").read_text()))


def recorded_snapshot(name: str, taken: float = 1000.0) -> Snapshot:
    """The snapshot of a recording whose first node manages the swarm."""
    raw = recorded(name)
    engines = {
        node: build_engine(node, f"10.0.9.{i}", answers["info"], answers["containers"], taken)
        for i, (node, answers) in enumerate(raw.items(), start=1)
    }
    manager = raw["node1"]
    rows = build_swarm(manager["nodes"], manager["services"], manager["tasks"], manager["swarm"])
    return Snapshot(
        taken=taken,
        engines=MappingProxyType(engines),
        manager="node1",
        swarm_asked=taken,
        cluster_id=engines["node1"].cluster_id,
        nodes=rows.nodes,
        services=rows.services,
        tasks=rows.tasks,
        tokens=rows.tokens,
    )


def sample_node(number: int, **fields: Any) -> SwarmNode:
    """A ready, active node: node1 manages and leads, the others work."""
    node = SwarmNode(
        id=f"id{number}",
        hostname=f"node{number}",
        role="manager" if number == 1 else "worker",
        availability="active",
        state="ready",
        leader=number == 1,
        reachability="reachable" if number == 1 else "",
    )
    return replace(node, **fields)


def sample_engine(number: int, **fields: Any) -> Engine:
    """An engine that answers and is that node of the swarm."""
    engine = Engine(
        node=f"node{number}",
        address=f"10.9.9.{number}",
        reachable=True,
        asked=1.0,
        state=LocalState.ACTIVE,
        node_id=f"id{number}",
        is_manager=number == 1,
        cluster_id="swarm" if number == 1 else "",
    )
    return replace(engine, **fields)


def sample_task(slot: int, number: int, **fields: Any) -> Task:
    """A running task of service `pets` on a node, with an address on the ingress network."""
    task = Task(
        id=f"t{slot}",
        service_id="s-pets",
        slot=slot,
        node_id=f"id{number}",
        desired="running",
        state="running",
        ingress_address=f"10.0.0.{10 + slot}",
        created=float(slot),
    )
    return replace(task, **fields)


def sample_service(**fields: Any) -> Service:
    """Service `pets` with three replicas, published on port 5000."""
    service = Service(
        id="s-pets", name="pets", image="pets:1.0", mode="replicated", replicas=3, ports=(PublishedPort(5000, 80),)
    )
    return replace(service, **fields)


def sample(**fields: Any) -> Snapshot:
    """Three nodes, one service, a task on each node; fields replaced as asked."""
    snapshot = Snapshot(
        taken=100.0,
        engines=MappingProxyType({f"node{i}": sample_engine(i) for i in (1, 2, 3)}),
        manager="node1",
        swarm_asked=100.0,
        cluster_id="swarm",
        nodes=tuple(sample_node(i) for i in (1, 2, 3)),
        services=(sample_service(),),
        tasks=tuple(sample_task(i, i) for i in (1, 2, 3)),
    )
    return replace(snapshot, **fields)


def with_engine(snapshot: Snapshot, engine: Engine) -> Snapshot:
    """The snapshot with one engine replaced."""
    return replace(snapshot, engines=MappingProxyType({**snapshot.engines, engine.node: engine}))
