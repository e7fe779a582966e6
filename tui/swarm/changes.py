"""What differs between two snapshots, in words for people. Pure.

What was never known is no change: the first reading of an engine or of a swarm yields nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tui.swarm.snapshot import Container, Engine, LocalState, Service, Snapshot, StoredItem, SwarmNode, Task

__all__ = ["Change", "ChangeKind", "changes", "task_name"]


class ChangeKind(StrEnum):
    """What a change is about."""

    ENGINE = "engine"
    CONTAINER = "container"
    SWARM = "swarm"
    NODE = "node"
    SERVICE = "service"
    TASK = "task"
    NETWORK = "network"
    SECRET = "secret"
    CONFIG = "config"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that became different. `before` and `after` are empty for what did not exist then.

    `node` is the machine it happened on (the playground's name or the hostname), empty where that means nothing.
    `at` is when it happened as far as somebody wrote that down, otherwise when it was seen.
    """

    kind: ChangeKind
    subject: str  # "node node2", "service pets", "task pets.3", "container nifty_moore"
    what: str  # the aspect: state, availability, role, replicas, image …
    before: str
    after: str
    at: float
    node: str = ""

    def __str__(self) -> str:
        place = f" on {self.node}" if self.node and not self.subject.endswith(f" {self.node}") else ""
        if not self.before:
            return f"{self.subject}{place}: {self.after}"
        if not self.after:
            return f"{self.subject}{place}: removed (was {self.before})"
        aspect = "" if self.what == "state" else f"{self.what} "
        return f"{self.subject}{place}: {aspect}{self.before} → {self.after}"


def changes(before: Snapshot, after: Snapshot) -> tuple[Change, ...]:
    """Everything that differs, in the order in which it happened as far as that is known."""
    found = [*_engines(before, after)]
    if before.swarm_asked and (before.swarm_known or before.nodes):
        found += _swarm_rows(before, after)
    return tuple(sorted(found, key=lambda change: change.at))


def _engines(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    for name, now in after.engines.items():
        then = before.engines.get(name)
        if then is None or not then.asked:
            continue
        if then.reachable != now.reachable:
            words = ("answers", f"unreachable ({now.error})") if then.reachable else ("unreachable", "answers again")
            yield Change(ChangeKind.ENGINE, f"engine {name}", "state", *words, after.taken, name)
        if now.reachable:
            yield from _membership(then, now, after.taken)
            yield from _containers(then, now, after.taken)
            yield from _images(then, now, after.taken)


def _membership(then: Engine, now: Engine, at: float) -> Iterator[Change]:
    subject = f"swarm on {now.node}"
    if (then.state, then.is_manager) != (now.state, now.is_manager):
        yield Change(ChangeKind.SWARM, subject, "state", _member(then), _member(now), at, now.node)
    elif then.node_id != now.node_id and now.node_id:
        yield Change(ChangeKind.SWARM, subject, "node id", then.node_id, now.node_id, at, now.node)
    if then.swarm_error != now.swarm_error and now.swarm_error:
        yield Change(ChangeKind.SWARM, subject, "error", then.swarm_error, now.swarm_error, at, now.node)


def _member(engine: Engine) -> str:
    if engine.state is not LocalState.ACTIVE:
        return engine.state.value
    return "active, manager" if engine.is_manager else "active, worker"


def _containers(then: Engine, now: Engine, at: float) -> Iterator[Change]:
    old = {container.id: container for container in then.containers}
    new = {container.id: container for container in now.containers}
    for id_, container in new.items():
        was = old.get(id_)
        if was is None:
            yield _container(container, "", container.state, at, now.node)
        elif was.state != container.state:
            yield _container(container, was.state, container.state, at, now.node)
        elif (health := _health(container)) != (former := _health(was)) and health:
            yield _container(container, former, health, at, now.node, "health")
    for id_, container in old.items():
        if id_ not in new:
            yield _container(container, container.state, "", at, now.node)


def _images(then: Engine, now: Engine, at: float) -> Iterator[Change]:
    if then.images is None or now.images is None:
        return
    for name in now.images:
        if name not in then.images:
            yield Change(ChangeKind.IMAGE, f"image {name}", "state", "", "in its store", at, now.node)
    for name in then.images:
        if name not in now.images:
            yield Change(ChangeKind.IMAGE, f"image {name}", "state", "in its store", "", at, now.node)


def _container(container: Container, before: str, after: str, at: float, node: str, what: str = "state") -> Change:
    return Change(ChangeKind.CONTAINER, f"container {container.name}", what, before, after, at, node)


def _health(container: Container) -> str:
    status = container.status
    for words in ("unhealthy", "healthy", "health: starting"):
        if f"({words})" in status:
            return words
    return ""


def _swarm_rows(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    yield from _nodes(before, after)
    yield from _services(before, after)
    yield from _tasks(before, after)
    yield from _kept(ChangeKind.NETWORK, _networks(before), _networks(after), after.taken)
    yield from _kept(ChangeKind.SECRET, _stored(before.secrets), _stored(after.secrets), after.taken)
    yield from _kept(ChangeKind.CONFIG, _stored(before.configs), _stored(after.configs), after.taken)


def _networks(snapshot: Snapshot) -> Mapping[tuple[str, str], str] | None:
    """The swarm's networks, with what they are; those of the manager's own engine are its own matter."""
    if snapshot.networks is None:
        return None
    return {(one.id, one.name): one.driver for one in snapshot.networks if one.scope == "swarm"}


def _stored(items: Sequence[StoredItem] | None) -> Mapping[tuple[str, str], str] | None:
    return None if items is None else {(one.id, one.name): "stored" for one in items}


def _kept(
    kind: ChangeKind,
    old: Mapping[tuple[str, str], str] | None,
    new: Mapping[tuple[str, str], str] | None,
    at: float,
) -> Iterator[Change]:
    """What came and went, by id and name; nothing where it was not asked for before or now."""
    if old is None or new is None:
        return
    for key, what in new.items():
        if key not in old:
            yield Change(kind, f"{kind} {key[1]}", "state", "", f"created, {what}" if what != "stored" else what, at)
    for key, what in old.items():
        if key not in new:
            yield Change(kind, f"{kind} {key[1]}", "state", what, "", at)


def _nodes(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    old, new = {n.id: n for n in before.nodes}, {n.id: n for n in after.nodes}
    for id_, now in new.items():
        then = old.get(id_)
        subject = f"node {now.hostname or id_}"
        aspects = _aspects_of_node(now)
        if then is None:
            yield Change(ChangeKind.NODE, subject, "state", "", f"joined as {now.role}", after.taken, now.hostname)
            continue
        for (what, was), (_, is_) in zip(_aspects_of_node(then), aspects, strict=True):
            if was != is_:
                yield Change(ChangeKind.NODE, subject, what, was or "none", is_ or "none", after.taken, now.hostname)
    for id_, then in old.items():
        if id_ not in new:
            name = then.hostname or id_
            yield Change(ChangeKind.NODE, f"node {name}", "state", then.state, "", after.taken, then.hostname)


def _aspects_of_node(node: SwarmNode) -> Sequence[tuple[str, str]]:
    return (
        ("hostname", node.hostname),
        ("state", node.state),
        ("availability", node.availability),
        ("role", node.role),
        ("manager", "leader" if node.leader else node.reachability),
        ("labels", ", ".join(f"{key}={value}" for key, value in node.labels)),
    )


def _services(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    old, new = {s.id: s for s in before.services}, {s.id: s for s in after.services}
    for id_, now in new.items():
        then = old.get(id_)
        subject = f"service {now.name}"
        if then is None:
            at = now.created or after.taken
            yield Change(ChangeKind.SERVICE, subject, "state", "", f"created, {_size(now)}", at)
            continue
        at = now.updated if now.updated != then.updated else after.taken
        for (what, was), (_, is_) in zip(_aspects_of_service(then), _aspects_of_service(now), strict=True):
            if was != is_:
                yield Change(ChangeKind.SERVICE, subject, what, was or "none", is_ or "none", at)
    for id_, then in old.items():
        if id_ not in new:
            yield Change(ChangeKind.SERVICE, f"service {then.name}", "state", _size(then), "", after.taken)


def _size(service: Service) -> str:
    match service.replicas:
        case None:
            return f"global, {service.image}"
        case 1:
            return f"1 replica of {service.image}"
        case count:
            return f"{count} replicas of {service.image}"


def _aspects_of_service(service: Service) -> Sequence[tuple[str, str]]:
    ports = ", ".join(f"{p.published}→{p.target}/{p.protocol} {p.mode}" for p in service.ports)
    return (
        ("replicas", "" if service.replicas is None else str(service.replicas)),
        ("image", service.image),
        ("ports", ports),
        ("update", service.update_state),
        ("forced update", str(service.force_update)),
        ("secrets", ", ".join(service.secrets)),
        ("configs", ", ".join(service.configs)),
    )


def task_name(snapshot: Snapshot, task: Task) -> str:
    """`pets.3`, as `docker service ps` says it; a global service's task is named after its node."""
    service = next((s.name for s in snapshot.services if s.id == task.service_id), task.service_id)
    return f"{service}.{task.slot or snapshot.node_name(task.node_id)}"


def _tasks(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    old = {t.id: t for t in before.tasks}
    for task in after.tasks:
        then = old.pop(task.id, None)
        if then is None:
            yield _new_task(before, after, task)
        elif (then.state, then.node_id) != (task.state, task.node_id):
            yield _task_change(after, task, then.state, _state(task), task.reported or after.taken)
        elif then.desired != task.desired:
            yield _task_change(after, task, then.desired, task.desired, after.taken, "wanted")
    # Old rows fall out of the history silently; a live one that vanished was removed with its service or replica.
    for then in old.values():
        if then.desired in ("running", "ready", "remove"):
            node = before.node_name(then.node_id) if then.node_id else ""
            yield Change(ChangeKind.TASK, f"task {task_name(before, then)}", "state", then.state, "", after.taken, node)


def _state(task: Task) -> str:
    return f"{task.state} ({task.error})" if task.error else task.state


def _task_change(after: Snapshot, task: Task, was: str, is_: str, at: float, what: str = "state") -> Change:
    node = after.node_name(task.node_id) if task.node_id else ""
    return Change(ChangeKind.TASK, f"task {task_name(after, task)}", what, was, is_, at, node)


def _new_task(before: Snapshot, after: Snapshot, task: Task) -> Change:
    """A new task, or a moved one: its slot was served on another node before."""
    at = task.reported or task.created or after.taken
    former = _predecessor(before.tasks, task)
    if former is not None and task.node_id and former.node_id and former.node_id != task.node_id:
        names: Mapping[str, str] = {n.id: n.hostname for n in (*before.nodes, *after.nodes)}
        was, is_ = names.get(former.node_id, former.node_id), names.get(task.node_id, task.node_id)
        return _task_change(after, task, was, f"{is_} ({_state(task)})", at, "moved")
    return _task_change(after, task, "", _state(task), at)


def _predecessor(tasks: Sequence[Task], task: Task) -> Task | None:
    if not task.slot:
        return None
    same = [t for t in tasks if t.service_id == task.service_id and t.slot == task.slot]
    return max(same, key=lambda t: t.created, default=None)
