"""All that is known of the swarm at one moment: one immutable, typed value.

Built from the Engine API by `tui.swarm.build`; drawn by the panes, judged by the checks, compared by
`tui.swarm.changes`. Times are seconds since the epoch. Field names follow the Engine API where it has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

__all__ = [
    "Container",
    "Engine",
    "Extra",
    "JoinTokens",
    "LocalState",
    "Network",
    "PublishedPort",
    "Service",
    "Snapshot",
    "StoredItem",
    "SwarmNode",
    "Task",
]


class LocalState(StrEnum):
    """An engine's own account of its membership (`/info`: Swarm.LocalNodeState)."""

    INACTIVE = "inactive"
    PENDING = "pending"
    ACTIVE = "active"
    ERROR = "error"
    LOCKED = "locked"


class Extra(StrEnum):
    """What is asked for only where somebody looks at it."""

    NETWORKS = "networks"
    SECRETS = "secrets"
    CONFIGS = "configs"
    IMAGES = "images"


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """A port of a service or container: `published` on the outside, `target` inside; `mode` ingress or host."""

    published: int
    target: int
    protocol: str = "tcp"
    mode: str = "ingress"


@dataclass(frozen=True, slots=True)
class Container:
    """One container on one engine, as `docker ps -a` knows it."""

    id: str
    name: str
    image: str
    command: str
    state: str  # created, running, paused, restarting, removing, exited, dead
    status: str  # the CLI's words: "Up 3 seconds (healthy)"
    created: float
    task_id: str = ""  # the swarm task it belongs to; empty for a container started by hand
    service_name: str = ""


@dataclass(frozen=True, slots=True)
class Engine:
    """What one engine says of itself, or why it could not be asked.

    `reachable` is False while it does not answer; the other fields then keep what was last known and `asked`
    says when that was (0 if never).
    """

    node: str  # the playground's name of the machine: node1
    address: str  # its address on the playground's network
    reachable: bool = False
    error: str = ""
    asked: float = 0.0
    version: str = ""
    state: LocalState = LocalState.INACTIVE
    swarm_error: str = ""  # /info: Swarm.Error, such as why a join failed or that the quorum is lost
    node_id: str = ""
    node_address: str = ""
    is_manager: bool = False  # /info: Swarm.ControlAvailable
    cluster_id: str = ""  # which swarm it belongs to, where it can tell (managers)
    containers: tuple[Container, ...] = ()
    images: tuple[str, ...] | None = None  # names in its store; None where they were not asked for


@dataclass(frozen=True, slots=True)
class SwarmNode:
    """A row of `docker node ls`. A node that left and joined again is a new row with a new id."""

    id: str
    hostname: str
    role: str  # worker, manager (what is wanted: Spec.Role)
    availability: str  # active, pause, drain
    state: str  # unknown, down, ready, disconnected
    address: str = ""
    leader: bool = False
    reachability: str = ""  # of a manager: reachable, unreachable, unknown; empty for workers
    engine_version: str = ""
    message: str = ""
    created: float = 0.0
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A row of `docker service ls`. `replicas` is what was asked for; None for a global service."""

    id: str
    name: str
    image: str  # without the digest
    mode: str  # replicated, global, replicated-job, global-job
    replicas: int | None
    ports: tuple[PublishedPort, ...] = ()
    update_state: str = ""  # UpdateStatus.State, empty before the first update
    update_message: str = ""
    created: float = 0.0
    updated: float = 0.0
    version: int = 0
    force_update: int = 0  # Spec.TaskTemplate.ForceUpdate
    labels: tuple[tuple[str, str], ...] = ()
    networks: tuple[str, ...] = ()  # the networks that were asked for, each by its id (or its name, as it was given)
    secrets: tuple[str, ...] = ()  # names
    configs: tuple[str, ...] = ()  # names


@dataclass(frozen=True, slots=True)
class Task:
    """A row of `docker service ps`. `state` is the agent's last report: on a dead node it is not the truth."""

    id: str
    service_id: str
    slot: int  # 0 for a global service
    node_id: str  # empty until the scheduler has placed it
    desired: str  # what the manager wants: running, ready, shutdown, remove …
    state: str  # new pending assigned accepted preparing ready starting running complete shutdown failed rejected …
    image: str = ""
    message: str = ""
    error: str = ""  # Status.Err: "no suitable node …", "No such image: …"
    created: float = 0.0
    reported: float = 0.0  # Status.Timestamp
    container_id: str = ""
    exit_code: int | None = None
    ingress_address: str = ""  # its IPv4 address on the ingress network; empty without published ports


@dataclass(frozen=True, slots=True)
class Network:
    """A row of `docker network ls` on the manager that answered: the swarm's networks, and those of that engine."""

    id: str
    name: str
    driver: str  # overlay, bridge, host, null …
    scope: str  # swarm, local, global
    attachable: bool = False
    internal: bool = False
    ingress: bool = False


@dataclass(frozen=True, slots=True)
class StoredItem:
    """A row of `docker secret ls` or `docker config ls`. What it holds is never asked for."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class JoinTokens:
    """The swarm's secrets for joining. Never in a repr, never in an export."""

    worker: str = field(repr=False)
    manager: str = field(repr=False)


def _no_engines() -> Mapping[str, Engine]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything known at `taken`. Nodes, services and tasks come from one manager (`manager`).

    When no manager can be asked, they stay as last seen: `manager` is then empty, `manager_error` says why and
    `swarm_asked` how old they are. When no engine is in a swarm they are empty.
    """

    taken: float
    engines: Mapping[str, Engine] = field(default_factory=_no_engines)  # by the playground's node name, in order
    manager: str = ""  # the playground's name of the node that answered for the swarm
    manager_error: str = ""
    swarm_asked: float = 0.0
    cluster_id: str = ""
    nodes: tuple[SwarmNode, ...] = ()
    services: tuple[Service, ...] = ()
    tasks: tuple[Task, ...] = ()
    tokens: JoinTokens | None = field(default=None, repr=False)
    networks: tuple[Network, ...] | None = None  # None where they were not asked for; so with the two below
    secrets: tuple[StoredItem, ...] | None = None
    configs: tuple[StoredItem, ...] | None = None

    @property
    def swarm_known(self) -> bool:
        """Whether nodes, services and tasks are the truth of now (also when it is: there is no swarm)."""
        return not self.manager_error

    def engine_of(self, node: SwarmNode) -> Engine | None:
        """The playground's engine that is this row of `docker node ls`, if it still is."""
        return next((e for e in self.engines.values() if e.node_id == node.id), None)

    def node(self, name: str) -> SwarmNode | None:
        """The row of a machine, by its node id or hostname.

        Of several rows with one hostname (a machine that left and joined again) the one that the machine itself
        confirms wins, then the youngest.
        """
        by_id = next((n for n in self.nodes if n.id == name), None)
        if by_id is not None:
            return by_id
        rows = [n for n in self.nodes if n.hostname == name]
        engine = self.engines.get(name)
        if engine is not None and engine.node_id:
            confirmed = next((n for n in self.nodes if n.id == engine.node_id), None)
            if confirmed is not None:
                return confirmed
        return max(rows, key=lambda n: n.created, default=None)

    def node_name(self, node_id: str) -> str:
        """The hostname for a node id; the id itself where the row is gone."""
        return next((n.hostname for n in self.nodes if n.id == node_id), node_id)

    def service(self, name: str) -> Service | None:
        """The service of exactly that name or id."""
        return next((s for s in self.services if name in (s.name, s.id)), None)

    def network_name(self, target: str) -> str:
        """The name of a network known by its id; what was given where the row is gone or was not asked for."""
        return next((n.name for n in self.networks or () if n.id == target), target)

    def tasks_of(self, service: Service) -> tuple[Task, ...]:
        """All tasks of a service, history included, in the order of `docker service ps`: by slot, newest first."""
        tasks = [t for t in self.tasks if t.service_id == service.id]
        return tuple(sorted(tasks, key=lambda t: (t.slot, t.node_id if t.slot == 0 else "", -t.created)))

    def runs(self, task: Task) -> bool:
        """Whether a task really runs: wanted running, reported running, and its node is ready.

        `docker service ls` counts tasks on dead nodes as running; this does not.
        """
        if task.desired != "running" or task.state != "running":
            return False
        node = next((n for n in self.nodes if n.id == task.node_id), None)
        return node is not None and node.state == "ready"

    def running(self, service: Service) -> int:
        """How many tasks of the service really run."""
        return sum(1 for t in self.tasks if t.service_id == service.id and self.runs(t))

    def wanted(self, service: Service) -> int:
        """How many tasks the service should have: its replicas, or one for each active, ready node if global."""
        if service.replicas is not None:
            return service.replicas
        return sum(1 for n in self.nodes if n.availability == "active" and n.state == "ready")
