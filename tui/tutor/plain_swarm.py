"""The swarm as lines of text: a line for each node, service or task, the most telling words first. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from tui.swarm.changes import Change
from tui.swarm.snapshot import Container, Engine, LocalState, PublishedPort, Service, Snapshot, SwarmNode, Task
from tui.tutor.plain_prose import ended

__all__ = ["MESHES", "address_lines", "change_lines", "node_lines", "service_lines", "task_lines"]

_ENDED = frozenset({"failed", "rejected", "orphaned", "complete", "shutdown"})
MESHES = {"ipvs": "IPVS", "nftables": "a stand-in of packet filter rules, since this kernel has no IPVS"}
_OUTSIDE = {
    LocalState.PENDING: "joining a swarm",
    LocalState.ERROR: "could not join the swarm",
    LocalState.LOCKED: "in a locked swarm",
}


def node_lines(snapshot: Snapshot, now: float) -> list[str]:
    """A line for each machine, and one for each row of the swarm's list that is none of them any more."""
    if not snapshot.engines:
        return ["The nodes have not been asked yet."]
    lines = [_machine(snapshot, engine, now) for engine in snapshot.engines.values()]
    known = {engine.node_id for engine in snapshot.engines.values() if engine.node_id}
    for row in snapshot.nodes:
        if row.id not in known and not (row.hostname in snapshot.engines and _is_its_row(snapshot, row)):
            lines.append(f"{row.hostname}, an older entry in the swarm's list with ID {row.id[:10]}: {row.state}.")
    return [*lines, *_blind(snapshot, now)]


def _is_its_row(snapshot: Snapshot, row: SwarmNode) -> bool:
    return snapshot.node(row.hostname) is row


def _machine(snapshot: Snapshot, engine: Engine, now: float) -> str:
    row = snapshot.node(engine.node)
    if not engine.reachable:
        seen = f", last seen {int(max(now - engine.asked, 0))} seconds ago" if engine.asked else ""
        why = f": {engine.error}" if engine.error else ""
        said = f"; the swarm says {row.state} and {row.availability}" if row else ""
        return ended(f"{engine.node} does not answer{why}{seen}{said}")
    version = f"engine {engine.version.split('+')[0]}" if engine.version else ""
    if engine.state is not LocalState.ACTIVE or row is None:
        state = "in a swarm" if engine.state is LocalState.ACTIVE else _OUTSIDE.get(engine.state, "not in a swarm")
        parts = [state, version, _by_hand(engine)]
    else:
        tasks = sum(1 for task in snapshot.tasks if task.node_id == row.id and snapshot.runs(task))
        runs = f"{tasks} {'task runs' if tasks == 1 else 'tasks run'} here"
        role = "manager, leader" if row.leader else f"manager, {row.reachability}" if row.reachability else row.role
        parts = [role, row.state, row.availability, runs, _by_hand(engine), version, f"ID {row.id[:10]}"]
    trouble = f". {engine.swarm_error}" if engine.swarm_error else ""
    return ended(f"{engine.node}: {', '.join(part for part in parts if part)}{trouble}")


def _by_hand(engine: Engine) -> str:
    """The containers that no service asked for."""
    mine = [c for c in engine.containers if not c.task_id and c.state in ("running", "paused", "restarting")]
    if not mine:
        return ""
    noun = "container" if len(mine) == 1 else "containers"
    return f"{len(mine)} {noun} started by hand: {' and '.join(_container(c) for c in mine)}"


def _container(container: Container) -> str:
    state = "" if container.state == "running" else f", {container.state}"
    return f"{container.name} from {container.image} with ID {container.id[:12]}{state}"


def _blind(snapshot: Snapshot, now: float) -> list[str]:
    if not snapshot.manager_error:
        return []
    age = f" This is the swarm as it was {int(max(now - snapshot.swarm_asked, 0))} seconds ago."
    return [f"No manager can be asked: {ended(snapshot.manager_error)}{age if snapshot.swarm_asked else ''}"]


# --- services and tasks --------------------------------------------------------------------------------------------


def service_lines(snapshot: Snapshot, mesh: str, now: float) -> list[str]:
    """A line for each service: what runs and what was asked for, and by which ports it is reached."""
    if not snapshot.services:
        return [_no_services(snapshot), *_blind(snapshot, now)]
    lines = [_service(snapshot, service) for service in snapshot.services]
    ingress = any(port.mode == "ingress" for service in snapshot.services for port in service.ports)
    if mesh and ingress:
        lines.append(f"Published ports are carried by {MESHES.get(mesh, mesh)}.")
    return [*lines, *_blind(snapshot, now)]


def _no_services(snapshot: Snapshot) -> str:
    return "There is no service yet." if snapshot.nodes else "There is no swarm yet, so there is no service."


def _service(snapshot: Snapshot, service: Service) -> str:
    running, wanted = snapshot.running(service), snapshot.wanted(service)
    what = "tasks" if service.replicas is None else "replicas"
    parts = [f"{running} of {wanted} {what} run", service.mode, f"image {service.image}"]
    if service.ports:
        parts.append(f"published: {' and '.join(_port(port) for port in service.ports)}")
    if service.update_state and service.update_state != "completed":
        parts.append(f"update {service.update_state}")
    return ended(f"{service.name}: {', '.join(parts)}")


def _port(port: PublishedPort) -> str:
    protocol = "" if port.protocol == "tcp" else f" {port.protocol}"
    where = "of every node" if port.mode == "ingress" else "of the node it runs on"
    return f"port {port.published}{protocol} {where} leads to port {port.target}"


def address_lines(snapshot: Snapshot, published: Mapping[int, str]) -> list[str]:
    """Where a browser on this machine finds what each service publishes."""
    return [
        f"{service.name} in a browser on this machine: {published[port]}"
        for service in snapshot.services
        for port in dict.fromkeys(each.published for each in service.ports if each.protocol == "tcp")
        if port in published
    ]


def task_lines(snapshot: Snapshot, name: str, now: float) -> list[str]:
    """A line for each task that is to run, of the service of that name or of all; how many are no more."""
    services: Sequence[Service] = snapshot.services
    if name:
        service = snapshot.service(name)
        if service is None:
            return [f"There is no service `{name}`."]
        services = (service,)
    if not services:
        return [_no_services(snapshot), *_blind(snapshot, now)]
    lines: list[str] = []
    for service in services:
        tasks = snapshot.tasks_of(service)
        wanted = [task for task in tasks if not _is_past(task)]
        lines += [_task(snapshot, service, task) for task in wanted]
        lines += [_task(snapshot, service, task) for task in _failures(tasks, wanted)]
        if not wanted:
            lines.append(f"{service.name} has no task that is to run.")
        past = len(tasks) - len(wanted)
        if past:
            noun = "task that is" if past == 1 else "tasks that are"
            lines.append(f"{service.name} had {past} {noun} no more.")
    return [*lines, *_blind(snapshot, now)]


def _is_past(task: Task) -> bool:
    return task.desired not in ("running", "ready") or task.state in _ENDED


def _failures(tasks: Sequence[Task], wanted: Sequence[Task]) -> list[Task]:
    """Of each slot in which nothing runs, the last task that failed: it says why."""
    waiting = {(task.slot, task.node_id if not task.slot else "") for task in wanted if task.state != "running"}
    found: dict[tuple[int, str], Task] = {}
    for task in tasks:
        slot = (task.slot, task.node_id if not task.slot else "")
        if slot in waiting and task.error and _is_past(task):
            found.setdefault(slot, task)
    return list(found.values())


def _task(snapshot: Snapshot, service: Service, task: Task) -> str:
    name = f"{service.name}.{task.slot}" if task.slot else service.name
    where = f" on {snapshot.node_name(task.node_id)}" if task.node_id else ", on no node yet"
    state = task.state
    if state == "running" and not snapshot.runs(task):
        state = "was running when its node last answered"
    error = f": {task.error}" if task.error else ""
    return ended(f"{name}{where}: {state}{error}")


# --- what changed --------------------------------------------------------------------------------------------------

_MOST_CHANGES = 20


def change_lines(changes: Iterable[Change], wanted: str, now: float) -> list[str]:
    """The last changes, the oldest first: how long ago, of what, what it was and what it is.

    `wanted`: only what has this in its name, or happened on that node.
    """
    wanted = wanted.lower()
    found = [change for change in changes if wanted in f"{change.subject} {change.node}".lower()]
    if not found:
        return [f"Nothing with `{wanted}` in its name has changed." if wanted else "Nothing has changed yet."]
    return [f"{_ago(now - change.at)}: {_change(change)}" for change in found[-_MOST_CHANGES:]]


def _ago(seconds: float) -> str:
    if seconds < 1.5:
        return "Just now"
    return f"{seconds:.0f} seconds ago" if seconds < 120 else f"{seconds // 60:.0f} minutes ago"


def _change(change: Change) -> str:
    where = f" on {change.node}" if change.node and not change.subject.endswith(f" {change.node}") else ""
    what = f"{change.subject}{where}"
    if not change.before:
        return ended(f"{what} is {change.after}" if change.what == "state" else f"{what}: {change.after}")
    if not change.after:
        return f"{what} is gone; it was {ended(change.before)}"
    aspect = "" if change.what == "state" else f"{change.what} "
    return f"{what}: {aspect}{change.before}, now {ended(change.after)}"
