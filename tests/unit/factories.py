"""Small snapshots, made by hand: a swarm of node1 (manager), node2 and node3, and what runs on it."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui.checks.model import Evidence
from tui.labs.checkspec import read_check
from tui.labs.mistakes import MistakeList
from tui.labs.model import CheckSpec
from tui.labs.yamltree import read_yaml
from tui.playground.model import NODE_NAMES
from tui.swarm.snapshot import (
    Container,
    Engine,
    JoinTokens,
    LocalState,
    PublishedPort,
    Service,
    Snapshot,
    SwarmNode,
    Task,
)
from tui.terminal.command_log import RanCommand

__all__ = [
    "NOW",
    "check",
    "container",
    "engine",
    "evidence",
    "large_swarm",
    "member",
    "no_swarm",
    "node",
    "node_id",
    "ran",
    "service",
    "swarm",
    "task",
    "tasks",
    "with_engine",
    "with_node",
]

NOW = 1_700_000_000.0
CLUSTER = "clusterclusterclusterclus"


def node_id(name: str) -> str:
    """The id of a node's row: 25 signs, as Docker makes them."""
    return f"{name}id".ljust(25, "0")


def container(image: str = "swarmtutor/shell:1.0", **changes: Any) -> Container:
    """A running container, started by hand."""
    made = Container(
        id="c0ffee" * 10 + "abcd",
        name="bold_bell",
        image=image,
        command="sleep infinity",
        state="running",
        status="Up 3 seconds",
        created=NOW - 3,
    )
    return replace(made, **changes)


def engine(name: str = "node1", **changes: Any) -> Engine:
    """An engine that answers and is in no swarm."""
    number = NODE_NAMES.index(name) + 1 if name in NODE_NAMES else 9
    made = Engine(node=name, address=f"10.77.0.{number}", reachable=True, asked=NOW, version="20.10.24")
    return replace(made, **changes)


def member(name: str, **changes: Any) -> Engine:
    """An engine that is in the swarm: node1 as its manager."""
    is_manager = name == "node1"
    made = engine(
        name,
        state=LocalState.ACTIVE,
        node_id=node_id(name),
        is_manager=is_manager,
        cluster_id=CLUSTER if is_manager else "",
    )
    return replace(made, **changes)


def node(name: str = "node2", **changes: Any) -> SwarmNode:
    """A row of `docker node ls`: Ready and Active; node1 leads."""
    leads = name == "node1"
    made = SwarmNode(
        id=node_id(name),
        hostname=name,
        role="manager" if leads else "worker",
        availability="active",
        state="ready",
        leader=leads,
        reachability="reachable" if leads else "",
        engine_version="20.10.24",
        created=NOW - 100,
    )
    return replace(made, **changes)


def service(name: str = "pets", replicas: int | None = 1, **changes: Any) -> Service:
    """A replicated service that publishes port 5000."""
    made = Service(
        id=f"x{name}".ljust(25, "0"),
        name=name,
        image="swarmtutor/pets:1.0",
        mode="global" if replicas is None else "replicated",
        replicas=replicas,
        ports=(PublishedPort(5000, 5000),),
    )
    return replace(made, **changes)


def task(of: Service, slot: int, on: str, **changes: Any) -> Task:
    """A running task of a service on a node."""
    made = Task(
        id=f"{of.name}task{slot}{on}".ljust(25, "0"),
        service_id=of.id,
        slot=slot,
        node_id=node_id(on) if on else "",
        desired="running",
        state="running",
        image=of.image,
        created=NOW - 10,
    )
    return replace(made, **changes)


def tasks(of: Service, *nodes: str, **changes: Any) -> tuple[Task, ...]:
    """One task on each of the named nodes, in slots from 1 on."""
    return tuple(task(of, slot, on, **changes) for slot, on in enumerate(nodes, start=1))


def no_swarm(**changes: Any) -> Snapshot:
    """Three engines that answer; none is in a swarm."""
    made = Snapshot(taken=NOW, engines={name: engine(name) for name in NODE_NAMES})
    return replace(made, **changes)


def swarm(services: Iterable[Service] = (), tasks: Iterable[Task] = (), **changes: Any) -> Snapshot:
    """The swarm of three, with these services and tasks."""
    made = Snapshot(
        taken=NOW,
        engines={name: member(name) for name in NODE_NAMES},
        manager="node1",
        swarm_asked=NOW,
        cluster_id=CLUSTER,
        nodes=tuple(node(name) for name in NODE_NAMES),
        services=tuple(services),
        tasks=tuple(tasks),
        tokens=JoinTokens("SWMTKN-1-worker", "SWMTKN-1-manager"),
    )
    return replace(made, **changes)


def large_swarm(nodes: int, tasks: int) -> Snapshot:
    """A swarm of any size; every 23rd node is down, every 17th drained, every 11th task still prepared."""
    rows = tuple(
        SwarmNode(
            id=f"n{number:024}",
            hostname=f"host{number}",
            role="worker",
            availability="drain" if number % 17 == 16 else "active",
            state="down" if number % 23 == 22 else "ready",
        )
        for number in range(nodes)
    )
    services = tuple(Service(f"s{number}", name, "a:1", "replicated", tasks) for number, name in enumerate(("a", "ab")))
    made = tuple(
        Task(
            id=f"t{number:024}",
            service_id=f"s{number % 2}",
            slot=number + 1,
            node_id=rows[number % nodes].id,
            desired="running",
            state="running" if number % 11 else "preparing",
            created=NOW - number,
        )
        for number in range(tasks)
    )
    return Snapshot(taken=NOW, manager="host0", swarm_asked=NOW, nodes=rows, services=services, tasks=made)


def with_engine(snapshot: Snapshot, name: str, **changes: Any) -> Snapshot:
    """The snapshot with one engine changed."""
    return replace(snapshot, engines={**snapshot.engines, name: replace(snapshot.engines[name], **changes)})


def with_node(snapshot: Snapshot, name: str, **changes: Any) -> Snapshot:
    """The snapshot with one row of `docker node ls` changed."""
    rows = tuple(replace(row, **changes) if row.hostname == name else row for row in snapshot.nodes)
    return replace(snapshot, nodes=rows)


def ran(text: str, on: str = "node1", exit_status: int | None = 0, output: str = "") -> RanCommand:
    """A command of the learner."""
    finished = None if exit_status is None else NOW + 1
    return RanCommand(on, text, NOW, exit_status, finished, output)


def evidence(snapshot: Snapshot, *commands: RanCommand, start: Snapshot | None = None, **changes: Any) -> Evidence:
    """Evidence of a step that began with `start` (the same snapshot, unless told)."""
    return replace(Evidence(snapshot, start or snapshot, commands), **changes)


def check(yaml: str) -> CheckSpec:
    """A check as an author writes it. Fails the test where it has a mistake."""
    mistakes = MistakeList(Path("lab.md"))
    spec = read_check(read_yaml(yaml, 1), mistakes)
    assert spec is not None
    assert not mistakes.found, mistakes.found
    return spec
