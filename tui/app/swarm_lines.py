"""The swarm as lines: a pure function of a snapshot, in the words and columns of the docker CLI."""

from dataclasses import dataclass, field

from tui.app.ages import ago, duration
from tui.app.paint import Line, Role, Span, clip, hang, line
from tui.app.signs import UNICODE, Signs
from tui.app.tables import Column, fits, table
from tui.swarm.snapshot import Container, Engine, LocalState, PublishedPort, Service, Snapshot, SwarmNode, Task

__all__ = ["Look", "has_history", "mesh_line", "replicas_summary", "swarm_lines", "trouble_lines"]

_STARTING = frozenset({"new", "pending", "assigned", "accepted", "preparing", "ready", "starting"})
_FAILED = frozenset({"failed", "rejected", "orphaned"})
_MOST_BLOCKS = 8
_MESHES = {"nftables": "nftables stand-in (this kernel has no IPVS)", "ipvs": "IPVS"}


@dataclass(frozen=True, slots=True)
class Look:
    """How to look at a snapshot: the room there is, the moment, and what the person chose.

    `here` is the node whose shell is in front. `history`: show tasks that are no more. Where all fits into `height`
    rows (0: any number), the docker command is named above each table.
    """

    width: int
    now: float
    height: int = 0
    here: str = ""
    mesh: str = ""
    history: bool = False
    signs: Signs = field(default=UNICODE)


def swarm_lines(snapshot: Snapshot, look: Look) -> list[Line]:
    """Everything that the live pane shows, a line each, none wider than the look's width."""
    blocks: list[tuple[str, list[Line]]] = []
    if trouble := trouble_lines(snapshot, look):
        blocks.append(("", trouble))
    if snapshot.nodes:
        blocks.append(("docker node ls", _node_table(snapshot, look)))
    if outside := _outside(snapshot, look):
        blocks.append(("", outside))
    if snapshot.services:
        blocks.append(("docker service ls", _service_table(snapshot, look)))
        for service in snapshot.services:
            blocks.append((f"docker service ps {service.name}", _task_table(snapshot, service, look)))
    if snapshot.nodes and (by_hand := _by_hand(snapshot, look)):
        blocks.append(("", by_hand))
    if not blocks:
        blocks.append(("", [line(Span(f"{look.signs.starting} the engines are being asked", Role.MUTED))]))
    height = len(blocks) - 1 + sum(bool(caption) + len(block) for caption, block in blocks)
    captions = not look.height or height <= look.height
    lines: list[Line] = []
    for caption, block in blocks:
        if lines:
            lines.append(())
        if caption and captions:
            lines.append(line(Span(f"$ {caption}", Role.MUTED)))
        lines.extend(block)
    return [clip(each, look.width, look.signs.ellipsis) for each in lines]


def has_history(snapshot: Snapshot) -> bool:
    """Whether there are tasks that are no more."""
    return any(_is_past(task) for task in snapshot.tasks)


def replicas_summary(snapshot: Snapshot) -> str:
    """Running and wanted replicas of all services, as 4/6; empty without services."""
    if not snapshot.services:
        return ""
    running = sum(snapshot.running(service) for service in snapshot.services)
    return f"{running}/{sum(snapshot.wanted(service) for service in snapshot.services)}"


def trouble_lines(snapshot: Snapshot, look: Look) -> list[Line]:
    """What could not be asked, and how old what is shown is."""
    lines: list[Line] = []
    for engine in snapshot.engines.values():
        if not engine.reachable and engine.asked:
            why = f": {engine.error}" if engine.error else ""
            text = f"{engine.node} does not answer{why} {look.signs.dot} last seen {ago(look.now - engine.asked)}"
            lines.extend(hang(line(Span(f"{look.signs.down} ", Role.BAD)), line(Span(text, Role.BAD)), look.width))
        if engine.swarm_error:
            text = f"{engine.node}: {engine.swarm_error}"
            lines.extend(hang(line(Span(f"{look.signs.failed} ", Role.BAD)), line(Span(text, Role.BAD)), look.width))
    if snapshot.manager_error:
        text = f"no manager can be asked: {snapshot.manager_error}"
        if snapshot.swarm_asked:
            text += f" {look.signs.dot} the swarm as it was {ago(look.now - snapshot.swarm_asked)}"
        lines.extend(hang(line(Span(f"{look.signs.unknown} ", Role.PENDING)), line(Span(text)), look.width))
    return lines


# --- nodes ---------------------------------------------------------------------------------------------------------


def _node_table(snapshot: Snapshot, look: Look) -> list[Line]:
    nodes = snapshot.nodes
    columns = (
        Column(("ID",), tuple(line(node.id[:10]) for node in nodes), drop=3),
        Column(("HOSTNAME",), tuple(_hostname(snapshot, node, look) for node in nodes), least=6),
        Column(("STATUS",), tuple(_node_status(node, look) for node in nodes)),
        Column(("AVAILABILITY",), tuple(_availability(node, look) for node in nodes)),
        Column(("MANAGER STATUS", "MANAGER"), tuple(_manager_status(node) for node in nodes), drop=5),
        Column(("ENGINE VERSION", "ENGINE"), tuple(line(node.engine_version.split("+")[0]) for node in nodes), drop=1),
        Column(("TASKS",), tuple(_blocks(snapshot, node, look) for node in nodes), drop=4),
    )
    return table(columns, look.width, ellipsis=look.signs.ellipsis)


def _hostname(snapshot: Snapshot, node: SwarmNode, look: Look) -> Line:
    engine = snapshot.engine_of(node)
    mine = engine is not None and engine.node == look.here
    return line(node.hostname, Span(" *", Role.ACCENT) if mine else "")


def _node_status(node: SwarmNode, look: Look) -> Line:
    if node.state == "ready":
        return line("Ready")
    return line(Span(f"{node.state.capitalize()} {look.signs.down}", Role.BAD))


def _availability(node: SwarmNode, look: Look) -> Line:
    if node.availability == "active":
        return line("Active")
    return line(Span(f"{node.availability.capitalize()} {look.signs.paused}", Role.PENDING))


def _manager_status(node: SwarmNode) -> Line:
    if node.leader:
        return line("Leader")
    if node.reachability in ("", "unknown"):
        return line("")
    role = Role.BAD if node.reachability == "unreachable" else Role.PLAIN
    return line(Span(node.reachability.capitalize(), role))


def _blocks(snapshot: Snapshot, node: SwarmNode, look: Look) -> Line:
    """A sign for each task that should run on the node: what the scheduler did, at a glance."""
    services = {service.id: number for number, service in enumerate(snapshot.services)}
    tasks = [task for task in snapshot.tasks if task.node_id == node.id and not _is_past(task)]
    tasks.sort(key=lambda task: (services.get(task.service_id, 0), task.slot, task.created))
    if len(tasks) > _MOST_BLOCKS:
        running = sum(1 for task in tasks if snapshot.runs(task))
        return line(Span(look.signs.running, Role.OK), f" {running} of {len(tasks)}")
    signs = [_task_sign(snapshot, task, look) for task in tasks]
    return tuple(signs)


def _outside(snapshot: Snapshot, look: Look) -> list[Line]:
    """The engines that are in no swarm, each with the containers that run on it."""
    lines: list[Line] = []
    for engine in snapshot.engines.values():
        if not engine.reachable or engine.state is LocalState.ACTIVE:
            continue
        dot = look.signs.dot
        version = f" {dot} engine {engine.version.split('+')[0]}" if engine.version else ""
        state = {
            LocalState.PENDING: "joining a swarm",
            LocalState.ERROR: "could not join the swarm",
            LocalState.LOCKED: "in a locked swarm",
        }.get(engine.state, "not in a swarm")
        name = Span(engine.node, Role.STRONG)
        star = Span(" *", Role.ACCENT) if engine.node == look.here else Span("")
        lines.append(line(name, star, Span(f"{version} {dot} {state}", Role.MUTED)))
        if not snapshot.nodes:
            lines.extend(_containers(engine, look))
    return lines


# --- services and tasks --------------------------------------------------------------------------------------------


def _service_table(snapshot: Snapshot, look: Look) -> list[Line]:
    services = snapshot.services
    columns = (
        Column(("ID",), tuple(line(service.id[:10]) for service in services), drop=1),
        Column(("NAME",), tuple(line(Span(service.name, Role.STRONG)) for service in services), least=8),
        Column(("MODE",), tuple(line(service.mode) for service in services), drop=2),
        Column(("REPLICAS",), tuple(_replicas(snapshot, service) for service in services)),
        Column(("IMAGE",), tuple(line(service.image) for service in services), least=12),
        Column(("PORTS",), tuple(line(_ports(service.ports)) for service in services), least=10),
    )
    lines = table(columns, look.width, ellipsis=look.signs.ellipsis)
    if look.mesh and any(port.mode == "ingress" for service in services for port in service.ports):
        lines.extend(mesh_line(look))
    return lines


def mesh_line(look: Look) -> list[Line]:
    """What carries published ports, where that is known."""
    return [line(Span(f"mesh: {_MESHES.get(look.mesh, look.mesh)}", Role.MUTED))] if look.mesh else []


def _replicas(snapshot: Snapshot, service: Service) -> Line:
    running, wanted = snapshot.running(service), snapshot.wanted(service)
    return line(Span(f"{running}/{wanted}", Role.OK if running == wanted else Role.PENDING))


def _ports(ports: tuple[PublishedPort, ...]) -> str:
    return ", ".join(
        f"*:{port.published}->{port.target}/{port.protocol}" if port.mode == "ingress" else f"{port.published} (host)"
        for port in ports
    )


def _task_table(snapshot: Snapshot, service: Service, look: Look) -> list[Line]:
    lines: list[Line] = []
    tasks = snapshot.tasks_of(service)
    shown = [task for task in tasks if look.history or not _is_past(task) or _explains(snapshot, tasks, task)]
    if shown:
        named = [(task, _past_sibling(tasks, task)) for task in shown]
        columns = (
            Column(("NAME",), tuple(_task_name(service, task, below, look) for task, below in named), least=9),
            Column(("NODE",), tuple(_paint(task, snapshot.node_name(task.node_id)) for task in shown), least=5),
            Column(("DESIRED STATE", "DESIRED"), tuple(_paint(t, t.desired.capitalize()) for t in shown), drop=1),
            Column(("CURRENT STATE", "CURRENT"), tuple(_current(snapshot, task, look) for task in shown), least=12),
        )
        errors = Column(("ERROR",), tuple(_error(task) for task in shown))
        if any(task.error for task in shown) and fits((*columns, errors), look.width):
            lines.extend(table((*columns, errors), look.width, ellipsis=look.signs.ellipsis))
        else:  # no room beside the row: the whole error below it, since it is what one wants to read
            head, *rows = table(columns, look.width, ellipsis=look.signs.ellipsis)
            lines.append(head)
            for row, task in zip(rows, shown, strict=True):
                lines.append(row)
                if task.error:
                    lines.extend(hang(line("    "), _error(task), look.width))
    hidden = len(tasks) - len(shown)
    if hidden:
        noun = "task that is" if hidden == 1 else "tasks that are"
        lines.append(line(Span(f"{look.signs.history} {hidden} {noun} no more", Role.MUTED)))
    if not tasks:
        lines.append(line(Span("no tasks yet", Role.MUTED)))
    return lines


def _is_past(task: Task) -> bool:
    """Whether the task is history: the manager no longer wants it to run."""
    return task.desired not in ("running", "ready") or task.state in _FAILED | {"complete", "shutdown"}


def _past_sibling(tasks: tuple[Task, ...], task: Task) -> bool:
    """Whether a younger task took this one's slot."""
    for other in tasks:
        same = other.slot == task.slot and (task.slot != 0 or other.node_id == task.node_id)
        if same:
            return other is not task
    return False


def _explains(snapshot: Snapshot, tasks: tuple[Task, ...], task: Task) -> bool:
    """Whether this past task says why nothing runs in its slot now: the last failure of an empty slot."""
    slot = [t for t in tasks if t.slot == task.slot and (task.slot != 0 or t.node_id == task.node_id)]
    if any(snapshot.runs(t) for t in slot):
        return False
    return next((t for t in slot if t.state in _FAILED), None) is task


def _task_name(service: Service, task: Task, below: bool, look: Look) -> Line:
    name = f"{service.name}.{task.slot}" if task.slot else f"{service.name}.{task.node_id[:10]}"
    return line(Span(f" {look.signs.history} {name}", Role.MUTED)) if below else _paint(task, name)


def _paint(task: Task, text: str) -> Line:
    return line(Span(text, Role.MUTED if _is_past(task) else Role.PLAIN))


def _task_sign(snapshot: Snapshot, task: Task, look: Look) -> Span:
    signs = look.signs
    if task.state in _FAILED:
        return Span(signs.failed, Role.BAD)
    if snapshot.runs(task):
        return Span(signs.running, Role.OK)
    if task.state == "running":  # reported before its node went down, or on its way out
        node = next((n for n in snapshot.nodes if n.id == task.node_id), None)
        gone = node is not None and node.state != "ready"
        return Span(signs.down, Role.BAD) if gone else Span(signs.stopped, Role.MUTED)
    if task.state in _STARTING and not _is_past(task):
        return Span(signs.starting, Role.PENDING)
    return Span(signs.stopped, Role.MUTED)


def _current(snapshot: Snapshot, task: Task, look: Look) -> Line:
    sign = _task_sign(snapshot, task, look)
    when = f" {ago(look.now - task.reported)}" if task.reported else ""
    return (sign, *_paint(task, f" {task.state.capitalize()}{when}"))


def _error(task: Task) -> Line:
    if not task.error:
        return line("")
    return line(Span(f'"{task.error}"', Role.MUTED if _is_past(task) else Role.BAD))


# --- containers ----------------------------------------------------------------------------------------------------


def _by_hand(snapshot: Snapshot, look: Look) -> list[Line]:
    """Containers that no service asked for, on every node that has some."""
    lines: list[Line] = []
    for engine in snapshot.engines.values():
        containers = _containers(engine, look)
        if containers:
            lines.append(line(Span(engine.node, Role.STRONG), Span(" started by hand", Role.MUTED)))
            lines.extend(containers)
    return lines


def _containers(engine: Engine, look: Look) -> list[Line]:
    mine = tuple(c for c in engine.containers if not c.task_id and c.state in ("running", "paused", "restarting"))
    if not mine:
        return []
    columns = (
        Column(("CONTAINER ID", "ID"), tuple(line(c.id[:12]) for c in mine), drop=3),
        Column(("IMAGE",), tuple(line(c.image) for c in mine), least=10),
        Column(("COMMAND",), tuple(line(f'"{c.command}"') for c in mine), drop=1, least=8),
        Column(("STATUS",), tuple(_container_status(c, look) for c in mine)),
        Column(("NAMES",), tuple(line(c.name) for c in mine), drop=2),
    )
    return table(columns, look.width, indent=2, ellipsis=look.signs.ellipsis)


def _container_status(container: Container, look: Look) -> Line:
    if container.state == "running":
        return line(Span(look.signs.running, Role.OK), f" Up {duration(look.now - container.created)}")
    return line(Span(f"{look.signs.paused} {container.status}", Role.PENDING))
