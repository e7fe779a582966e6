"""From raw Engine API answers (20.10 to 29) to the values of `tui.swarm.snapshot`. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tui.swarm.raw import RawObject, flag, mapping, moment, number, objects, strings, text, texts
from tui.swarm.snapshot import (
    Container,
    Engine,
    Extra,
    JoinTokens,
    LocalState,
    Network,
    PublishedPort,
    Service,
    StoredItem,
    SwarmNode,
    Task,
)

__all__ = [
    "SwarmRows",
    "build_container",
    "build_engine",
    "build_images",
    "build_network",
    "build_node",
    "build_service",
    "build_swarm",
    "build_task",
    "build_tokens",
    "without_digest",
]

_TASK_LABEL = "com.docker.swarm.task.id"
_CONTAINER = ("Spec", "TaskTemplate", "ContainerSpec")
_SERVICE_LABEL = "com.docker.swarm.service.name"


@dataclass(frozen=True, slots=True)
class SwarmRows:
    """What one manager told of its swarm in one reading. None stands for what was not asked for."""

    nodes: tuple[SwarmNode, ...] = ()
    services: tuple[Service, ...] = ()
    tasks: tuple[Task, ...] = ()
    tokens: JoinTokens | None = None
    networks: tuple[Network, ...] | None = None
    secrets: tuple[StoredItem, ...] | None = None
    configs: tuple[StoredItem, ...] | None = None


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


def build_images(raw: Iterable[RawObject]) -> tuple[str, ...]:
    """The names in the answer of `/images/json`, sorted: `name:tag`, and `name` alone where only a digest is known.

    An image that a task brought is known by its digest alone: swarm pulls it by that. An engine that keeps its images
    with containerd (29, as a rule) knows it as `name:tag@sha256:…`.
    """
    names: set[str] = set()
    for image in raw:
        tags = {without_digest(tag) for tag in texts(image, "RepoTags") if not tag.startswith("<none>")}
        tagged = {tag.rpartition(":")[0] for tag in tags}
        bare = {without_digest(digest) for digest in texts(image, "RepoDigests")} - {"<none>"}
        names |= tags | (bare - tagged)
    return tuple(sorted(names))


def build_engine(
    node: str,
    address: str,
    info: RawObject,
    containers: Iterable[RawObject],
    asked: float,
    images: Iterable[RawObject] | None = None,
) -> Engine:
    """An engine that answered at `asked`: `/info`, `/containers/json?all=1` and, if asked, `/images/json`."""
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
        images=None if images is None else build_images(images),
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
        networks=_networks_of(raw),
        secrets=tuple(text(one, "SecretName") for one in objects(raw, *_CONTAINER, "Secrets")),
        configs=tuple(text(one, "ConfigName") for one in objects(raw, *_CONTAINER, "Configs")),
    )


def _networks_of(raw: RawObject) -> tuple[str, ...]:
    """The networks that a service asks for. Old clients wrote them at the top of the spec."""
    wanted = objects(raw, "Spec", "TaskTemplate", "Networks") or objects(raw, "Spec", "Networks")
    return tuple(text(network, "Target") for network in wanted)


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


def build_network(raw: RawObject) -> Network:
    """One element of `/networks`."""
    return Network(
        id=text(raw, "Id"),
        name=text(raw, "Name"),
        driver=text(raw, "Driver"),
        scope=text(raw, "Scope"),
        attachable=flag(raw, "Attachable"),
        internal=flag(raw, "Internal"),
        ingress=flag(raw, "Ingress"),
    )


def _stored(raw: Iterable[RawObject] | None) -> tuple[StoredItem, ...] | None:
    """The elements of `/secrets` or `/configs`, by name."""
    if raw is None:
        return None
    return tuple(sorted((StoredItem(text(one, "ID"), text(one, "Spec", "Name")) for one in raw), key=_by_name))


def _by_name(one: StoredItem | Network) -> tuple[str, str]:
    return one.name, one.id


def build_swarm(
    nodes: Iterable[RawObject],
    services: Iterable[RawObject],
    tasks: Iterable[RawObject],
    swarm: RawObject | None = None,
    extras: Mapping[Extra, Iterable[RawObject]] | None = None,
) -> SwarmRows:
    """A manager's `/nodes`, `/services`, `/tasks` and, where they were asked for, `/swarm` and the extras.

    The order is stable from one reading to the next: nodes by hostname, tasks by age, everything else by name.
    """
    more = extras or {}
    networks = more.get(Extra.NETWORKS)
    return SwarmRows(
        nodes=tuple(sorted(map(build_node, nodes), key=lambda node: (node.hostname, node.created, node.id))),
        services=tuple(sorted(map(build_service, services), key=lambda service: (service.name, service.id))),
        tasks=tuple(sorted(map(build_task, tasks), key=lambda task: (task.created, task.id))),
        tokens=build_tokens(swarm) if swarm is not None else None,
        networks=None if networks is None else tuple(sorted(map(build_network, networks), key=_by_name)),
        secrets=_stored(more.get(Extra.SECRETS)),
        configs=_stored(more.get(Extra.CONFIGS)),
    )
