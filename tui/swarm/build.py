"""From raw Engine API answers (20.10 to 29) to the values of `tui.swarm.snapshot`. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from tui.swarm.raw import RawObject, flag, mapping, moment, number, objects, strings, text, texts
from tui.swarm.snapshot import (
    Container,
    Engine,
    JoinTokens,
    LocalState,
    PublishedPort,
    Service,
    SwarmNode,
    Task,
)

__all__ = [
    "SwarmRows",
    "build_container",
    "build_engine",
    "build_node",
    "build_service",
    "build_swarm",
    "build_task",
    "build_tokens",
    "without_digest",
]

_TASK_LABEL = "com.docker.swarm.task.id"
_SERVICE_LABEL = "com.docker.swarm.service.name"


@dataclass(frozen=True, slots=True)
class SwarmRows:
    """What one manager told of its swarm in one reading. `tokens` is None where they were not asked for."""

    nodes: tuple[SwarmNode, ...] = ()
    services: tuple[Service, ...] = ()
    tasks: tuple[Task, ...] = ()
    tokens: JoinTokens | None = None


def without_digest(image: str) -> str:
    """`name:tag` of `name:tag@sha256:…`; an image known by its id alone stays as it is."""
    return image.partition("@")[0]


def build_container(raw: RawObject) -> Container:
    """One element of `/containers/json`."""
    names = [name.removeprefix("/") for name in texts(raw, "Names")]
    labels = dict(strings(raw, "Labels"))
    return Container(
        id=text(raw, "Id"),
        # A legacy link shows as a second name with a slash inside.
        name=min(names, key=lambda name: name.count("/"), default=""),
        image=without_digest(text(raw, "Image")),
        command=text(raw, "Command"),
        state=text(raw, "State"),
        status=text(raw, "Status"),
        created=float(number(raw, "Created")),
        task_id=labels.get(_TASK_LABEL, ""),
        service_name=labels.get(_SERVICE_LABEL, ""),
    )


def build_engine(node: str, address: str, info: RawObject, containers: Iterable[RawObject], asked: float) -> Engine:
    """An engine that answered at `asked`: `/info` and `/containers/json?all=1`."""
    try:
        state = LocalState(text(info, "Swarm", "LocalNodeState"))
    except ValueError:
        state = LocalState.INACTIVE
    return Engine(
        node=node,
        address=address,
        reachable=True,
        asked=asked,
        version=text(info, "ServerVersion"),
        state=state,
        swarm_error=text(info, "Swarm", "Error"),
        node_id=text(info, "Swarm", "NodeID"),
        node_address=text(info, "Swarm", "NodeAddr"),
        is_manager=flag(info, "Swarm", "ControlAvailable"),
        cluster_id=text(info, "Swarm", "Cluster", "ID"),
        containers=tuple(build_container(raw) for raw in containers),
    )


def build_node(raw: RawObject) -> SwarmNode:
    """One element of `/nodes`."""
    return SwarmNode(
        id=text(raw, "ID"),
        hostname=text(raw, "Description", "Hostname"),
        role=text(raw, "Spec", "Role"),
        availability=text(raw, "Spec", "Availability"),
        state=text(raw, "Status", "State"),
        address=text(raw, "Status", "Addr"),
        leader=flag(raw, "ManagerStatus", "Leader"),
        reachability=text(raw, "ManagerStatus", "Reachability"),
        engine_version=text(raw, "Description", "Engine", "EngineVersion"),
        message=text(raw, "Status", "Message"),
        created=moment(raw, "CreatedAt"),
        labels=strings(raw, "Spec", "Labels"),
    )


def _port(raw: RawObject) -> PublishedPort:
    return PublishedPort(
        published=number(raw, "PublishedPort"),
        target=number(raw, "TargetPort"),
        protocol=text(raw, "Protocol") or "tcp",
        mode=text(raw, "PublishMode") or "ingress",
    )


def _mode(raw: RawObject) -> tuple[str, int | None]:
    mode = mapping(raw, "Spec", "Mode")
    if "Replicated" in mode:
        # An absent number is the engine's default.
        return "replicated", number(mode, "Replicated", "Replicas") if mapping(mode, "Replicated") else 1
    if "ReplicatedJob" in mode:
        return "replicated-job", number(mode, "ReplicatedJob", "TotalCompletions")
    if "GlobalJob" in mode:
        return "global-job", None
    return "global", None


def build_service(raw: RawObject) -> Service:
    """One element of `/services`. Ports are the real ones, with the numbers that the swarm chose."""
    mode, replicas = _mode(raw)
    ports = objects(raw, "Endpoint", "Ports") or objects(raw, "Spec", "EndpointSpec", "Ports")
    return Service(
        id=text(raw, "ID"),
        name=text(raw, "Spec", "Name"),
        image=without_digest(text(raw, "Spec", "TaskTemplate", "ContainerSpec", "Image")),
        mode=mode,
        replicas=replicas,
        ports=tuple(_port(port) for port in ports),
        update_state=text(raw, "UpdateStatus", "State"),
        update_message=text(raw, "UpdateStatus", "Message"),
        created=moment(raw, "CreatedAt"),
        updated=moment(raw, "UpdatedAt"),
        version=number(raw, "Version", "Index"),
        force_update=number(raw, "Spec", "TaskTemplate", "ForceUpdate"),
        labels=strings(raw, "Spec", "Labels"),
    )


def _ingress_address(raw: RawObject) -> str:
    for attachment in objects(raw, "NetworksAttachments"):
        if not flag(attachment, "Network", "Spec", "Ingress"):
            continue
        for address in texts(attachment, "Addresses"):
            if ":" not in address:
                return address.partition("/")[0]
    return ""


def build_task(raw: RawObject) -> Task:
    """One element of `/tasks`."""
    status = mapping(raw, "Status", "ContainerStatus")
    return Task(
        id=text(raw, "ID"),
        service_id=text(raw, "ServiceID"),
        slot=number(raw, "Slot"),
        node_id=text(raw, "NodeID"),
        desired=text(raw, "DesiredState"),
        state=text(raw, "Status", "State"),
        image=without_digest(text(raw, "Spec", "ContainerSpec", "Image")),
        message=text(raw, "Status", "Message"),
        error=text(raw, "Status", "Err"),
        created=moment(raw, "CreatedAt"),
        reported=moment(raw, "Status", "Timestamp"),
        container_id=text(status, "ContainerID"),
        exit_code=number(status, "ExitCode") if "ExitCode" in status else None,
        ingress_address=_ingress_address(raw),
    )


def build_tokens(raw: RawObject) -> JoinTokens | None:
    """The answer of `/swarm`; None where it holds no tokens."""
    worker, manager = text(raw, "JoinTokens", "Worker"), text(raw, "JoinTokens", "Manager")
    return JoinTokens(worker, manager) if worker or manager else None


def build_swarm(
    nodes: Iterable[RawObject],
    services: Iterable[RawObject],
    tasks: Iterable[RawObject],
    swarm: RawObject | None = None,
) -> SwarmRows:
    """A manager's `/nodes`, `/services`, `/tasks` and, if it was asked, `/swarm`.

    The order is stable from one reading to the next: nodes by hostname, services by name, tasks by age.
    """
    return SwarmRows(
        nodes=tuple(sorted(map(build_node, nodes), key=lambda node: (node.hostname, node.created, node.id))),
        services=tuple(sorted(map(build_service, services), key=lambda service: (service.name, service.id))),
        tasks=tuple(sorted(map(build_task, tasks), key=lambda task: (task.created, task.id))),
        tokens=build_tokens(swarm) if swarm is not None else None,
    )
