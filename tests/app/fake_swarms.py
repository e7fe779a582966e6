"""Swarms made by hand, as they are a moment ago."""

import time
from dataclasses import replace
from types import MappingProxyType

from tui.swarm.snapshot import Container, Engine, LocalState, PublishedPort, Service, Snapshot, SwarmNode, Task

__all__ = ["IDS", "NAMES", "by_hand", "engine", "engines_only", "pets_task", "six_pets", "swarm_of_three"]

NAMES = ("node1", "node2", "node3")
IDS = {"node1": "k3v9x1mq7wz2", "node2": "t8b2f0pl4ya6", "node3": "zq5d7n9rc1h3"}


def engine(name: str, **changes: object) -> Engine:
    return replace(
        Engine(
            node=name,
            address=f"10.77.0.1{name[-1]}",
            reachable=True,
            asked=time.time(),
            version="20.10.24+dfsg1",
            state=LocalState.INACTIVE,
        ),
        **changes,  # type: ignore[arg-type]  # the caller names fields of Engine
    )


def engines_only(*, containers: tuple[Container, ...] = ()) -> Snapshot:
    """Three engines without a swarm; `containers` run on node1."""
    engines = {name: engine(name, containers=containers if name == "node1" else ()) for name in NAMES}
    return Snapshot(taken=time.time(), engines=MappingProxyType(engines))


def by_hand(name: str = "quirky_hopper", image: str = "swarmtutor/shell:1.0", age: float = 130) -> Container:
    return Container(
        id="3f2a9c81d0e4aa", name=name, image=image, command="sleep infinity", state="running",
        status="Up 2 minutes", created=time.time() - age,
    )  # fmt: skip


def pets_task(slot: int, node: str, state: str = "running", desired: str = "running", **changes: object) -> Task:
    now = time.time()
    return replace(
        Task(
            id=f"task{slot}{node}{state}",
            service_id="s1",
            slot=slot,
            node_id=IDS.get(node, ""),
            desired=desired,
            state=state,
            image="swarmtutor/pets:1.0",
            created=now - 200,
            reported=now - 185,
        ),
        **changes,  # type: ignore[arg-type]  # the caller names fields of Task
    )


def swarm_of_three(*tasks: Task, replicas: int = 6, drained: str = "", down: str = "") -> Snapshot:
    """A swarm with node1 as its manager, and the service `pets` if there are tasks."""
    now = time.time()
    engines = {
        name: engine(
            name,
            state=LocalState.ACTIVE,
            node_id=IDS[name],
            is_manager=name == "node1",
            cluster_id="c1",
            reachable=name != down,
            error="no answer in 3 s" if name == down else "",
            asked=now - (12 if name == down else 0),
        )
        for name in NAMES
    }
    nodes = tuple(
        SwarmNode(
            id=IDS[name],
            hostname=name,
            role="manager" if name == "node1" else "worker",
            availability="drain" if name == drained else "active",
            state="down" if name == down else "ready",
            leader=name == "node1",
            reachability="reachable" if name == "node1" else "",
            engine_version="20.10.24+dfsg1",
        )
        for name in NAMES
    )
    service = Service(
        id="s1vb7k2x9qpd", name="pets", image="swarmtutor/pets:1.0", mode="replicated", replicas=replicas,
        ports=(PublishedPort(5000, 5000),),
    )  # fmt: skip
    service = replace(service, id="s1")
    return Snapshot(
        taken=now,
        engines=MappingProxyType(engines),
        manager="node1",
        swarm_asked=now,
        cluster_id="c1",
        nodes=nodes,
        services=(service,) if tasks else (),
        tasks=tasks,
    )


def six_pets() -> Snapshot:
    """Six replicas, of which two are still being prepared."""
    now = time.time()
    return swarm_of_three(
        pets_task(1, "node1"),
        pets_task(2, "node3", reported=now - 12),
        pets_task(3, "node2", reported=now - 12),
        pets_task(4, "node1", reported=now - 3),
        pets_task(5, "node2", state="preparing", reported=now - 3),
        pets_task(6, "node3", state="preparing", reported=now - 3),
    )
