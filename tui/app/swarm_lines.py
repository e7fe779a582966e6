"""The swarm as lines: a pure function of a snapshot, in the words and columns of the docker CLI."""

from dataclasses import dataclass, field
from functools import lru_cache

from tui.app.ages import ago, duration
from tui.app.census import FAILED, Census, is_past, slot_of
from tui.app.paint import Line, Role, Span, clip, hang, line
from tui.app.signs import UNICODE, Signs
from tui.app.tables import Column, fits, table
from tui.swarm.snapshot import Container, Engine, LocalState, PublishedPort, Service, Snapshot, SwarmNode, Task

__all__ = ["Look", "has_history", "mesh_line", "page_lines", "replicas_summary", "swarm_lines", "trouble_lines"]

_STARTING = frozenset({"new", "pending", "assigned", "accepted", "preparing", "ready", "starting"})
_MOST_BLOCKS = 8
_Cells = tuple[Line, Line, Line, Line]
_MESHES = {"nftables": "nftables stand-in (this kernel has no IPVS)", "ipvs": "IPVS"}


@dataclass(frozen=True, slots=True)
class Look:
    """How to look at a snapshot: the room there is, the moment, and what the person chose.

    `here` is the node whose shell is in front. `pages`: the address on this machine for each published port. `history`:
    show tasks that are no more. Where all fits into `height` rows (0: any number), the docker command is named above
    each table.
    """

    width: int
    now: float
    height: int = 0
    here: str = ""
    mesh: str = ""
    pages: tuple[tuple[int, str], ...] = ()
    history: bool = False
    signs: Signs = field(default=UNICODE)


def swarm_lines(snapshot: Snapshot, look: Look) -> list[Line]:
    """Everything that the live pane shows, a line each, none wider than the look's width."""
    blocks: list[tuple[str, list[Line]]] = []
    census = Census.take(snapshot)
    if trouble := trouble_lines(snapshot, look):
        blocks.append(("", _fitted(trouble, look)))
    if snapshot.nodes:
        blocks.append(("docker node ls", _node_table(snapshot, census, look)))
    if outside := _outside(snapshot, look):
        blocks.append(("", _fitted(outside, look)))
    if snapshot.services:
        blocks.append(("docker service ls", _service_table(snapshot, census, look)))
        for service in snapshot.services:
            blocks.append((f"docker service ps {service.name}", _task_table(census, service, look)))
    if snapshot.nodes and (by_hand := _by_hand(snapshot, look)):
        blocks.append(("", _fitted(by_hand, look)))
    if not blocks:
        asking = line(Span(f"{look.signs.starting} the engines are being asked", Role.MUTED))
        blocks.append(("", _fitted([asking], look)))
    height = len(blocks) - 1 + sum(bool(caption) + len(block) for caption, block in blocks)
    captions = not look.height or height <= look.height
    lines: list[Line] = []
    for caption, block in blocks:
        if lines:
            lines.append(())
        if caption and captions:
            lines += _fitted([line(Span(f"$ {caption}", Role.MUTED))], look)
        lines.extend(block)
    return lines


def _fitted(lines: list[Line], look: Look) -> list[Line]:
    """No wider than there is room. Tables fit by themselves."""
    return [clip(each, look.width, look.signs.ellipsis) for each in lines]


def has_history(snapshot: Snapshot) -> bool:
    """Whether there are tasks that are no more wanted."""
    return any(is_past(task) for task in snapshot.tasks)


def replicas_summary(snapshot: Snapshot) -> str:
    """Running and wanted replicas of all services, as 4/6; empty without services."""
    if not snapshot.services:
        return ""
    census = Census.take(snapshot)
    running = sum(census.running(service) for service in snapshot.services)
    return f"{running}/{sum(snapshot.wanted(service) for service in snapshot.services)}"


def trouble_lines(snapshot: Snapshot, look: Look) -> list[Line]:
    """What could not be asked, and how old what is shown is."""
    lines: list[Line] = []
    for engine in snapshot.engines.values():
        if not engine.reachable and engine.asked:
            text = f"{_silence(engine)} {look.signs.dot} last seen {ago(look.now - engine.asked)}"
            lines.extend(hang(line(Span(f"{look.signs.down} ", Role.BAD)), line(Span(text, Role.BAD)), look.width))
        if engine.swarm_error:
            text = f"{engine.node}: {engine.swarm_error}"
            lines.extend(hang(line(Span(f"{look.signs.failed} ", Role.BAD)), line(Span(text, Role.BAD)), look.width))
    if snapshot.manager_error:
        silent = [e.node for e in snapshot.engines.values() if not e.reachable and e.asked]
        told = any(node in snapshot.manager_error for node in silent)  # the reason stands above already
        text = "no manager can be asked" + ("" if told else f": {snapshot.manager_error}")
        if snapshot.swarm_asked:
            text += f" {look.signs.dot} the swarm as it was {ago(look.now - snapshot.swarm_asked)}"
        lines.extend(hang(line(Span(f"{look.signs.unknown} ", Role.PENDING)), line(Span(text)), look.width))
    return lines


def _silence(engine: Engine) -> str:
    """`node3 does not answer: connection refused`, and nothing twice."""
    said = engine.error.removeprefix(f"{engine.node} ")
    if said.startswith("did not answer"):
        return f"{engine.node} {said}"
    why = said.removeprefix("does not answer").lstrip(": ")
    return f"{engine.node} does not answer" + (f": {why}" if why else "")


# --- nodes ---------------------------------------------------------------------------------------------------------


def _node_table(snapshot: Snapshot, census: Census, look: Look) -> list[Line]:
    nodes = snapshot.nodes
    columns = (
        Column(("ID",), tuple(line(node.id[:10]) for node in nodes), drop=3),
        Column(("HOSTNAME",), tuple(_hostname(snapshot, node, look) for node in nodes), least=6),
        Column(("STATUS",), tuple(_node_status(node, look) for node in nodes)),
        Column(("AVAILABILITY",), tuple(_availability(node, look) for node in nodes)),
        Column(("MANAGER STATUS", "MANAGER"), tuple(_manager_status(node) for node in nodes), drop=5),
        Column(("ENGINE VERSION", "ENGINE"), tuple(line(node.engine_version.split("+")[0]) for node in nodes), drop=1),
        Column(("TASKS",), tuple(_blocks(census, node, look) for node in nodes), drop=4),
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


def _blocks(census: Census, node: SwarmNode, look: Look) -> Line:
    """A sign for each task that should run on the node: what the scheduler did, at a glance."""
    tasks = census.here.get(node.id, ())
    if len(tasks) > _MOST_BLOCKS:
        running = sum(1 for task in tasks if census.runs(task))
        return line(Span(look.signs.running, Role.OK), f" {running} of {len(tasks)}")
    return tuple(_task_sign(census, task, look) for task in tasks)


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


def _service_table(snapshot: Snapshot, census: Census, look: Look) -> list[Line]:
    services = snapshot.services
    columns = (
        Column(("ID",), tuple(line(service.id[:10]) for service in services), drop=1),
        Column(("NAME",), tuple(line(Span(service.name, Role.STRONG)) for service in services), least=8),
        Column(("MODE",), tuple(line(service.mode) for service in services), drop=2),
        Column(("REPLICAS",), tuple(_replicas(snapshot, census, service) for service in services)),
        Column(("IMAGE",), tuple(line(service.image) for service in services), least=12),
        Column(("PORTS",), tuple(line(_ports(service.ports)) for service in services), least=10),
    )
    lines = table(columns, look.width, ellipsis=look.signs.ellipsis)
    if look.mesh and any(port.mode == "ingress" for service in services for port in service.ports):
        lines += _fitted(mesh_line(look), look)
    return lines + _fitted(page_lines(snapshot, look), look)


def page_lines(snapshot: Snapshot, look: Look) -> list[Line]:
    """Where a browser on this machine finds what each service publishes."""
    addresses = dict(look.pages)
    lines: list[Line] = []
    for service in snapshot.services:
        for port in dict.fromkeys(each.published for each in service.ports if each.protocol == "tcp"):
            if port in addresses:
                at = Span(addresses[port], Role.ACCENT)
                lines.append(line(Span(f"{service.name} in a browser: ", Role.MUTED), at))
    return lines


def mesh_line(look: Look) -> list[Line]:
    """What carries published ports, where that is known."""
    return [line(Span(f"mesh: {_MESHES.get(look.mesh, look.mesh)}", Role.MUTED))] if look.mesh else []


def _replicas(snapshot: Snapshot, census: Census, service: Service) -> Line:
    running, wanted = census.running(service), snapshot.wanted(service)
    return line(Span(f"{running}/{wanted}", Role.OK if running == wanted else Role.PENDING))


def _ports(ports: tuple[PublishedPort, ...]) -> str:
    return ", ".join(
        f"*:{port.published}->{port.target}/{port.protocol}" if port.mode == "ingress" else f"{port.published} (host)"
        for port in ports
    )


def _task_table(census: Census, service: Service, look: Look) -> list[Line]:
    lines: list[Line] = []
    tasks = census.of.get(service.id, [])
    slots = census.slots(service)
    shown = [t for t in tasks if look.history or not is_past(t) or census.is_worth_telling(slots[slot_of(t)], t)]
    if shown:
        rows = [_cells(census, service, task, look, below=slots[slot_of(task)][0] is not task) for task in shown]
        names, nodes, desired, current = zip(*rows, strict=True)
        columns = (
            Column(("NAME",), names, least=9),
            Column(("NODE",), nodes, least=5),
            Column(("DESIRED STATE", "DESIRED"), desired, drop=1),
            Column(("CURRENT STATE", "CURRENT"), current, least=12),
        )
        whys = tuple(_why_not(census, task) for task in shown)
        failing = any(whys)
        errors = Column(("ERROR",), whys if failing else ())
        if failing and fits((*columns, errors), look.width):
            lines.extend(table((*columns, errors), look.width, ellipsis=look.signs.ellipsis))
        else:  # no room beside the row: the whole error below it, since it is what one wants to read
            head, *rows = table(columns, look.width, ellipsis=look.signs.ellipsis)
            lines.append(head)
            for row, why in zip(rows, whys, strict=True):
                lines.append(row)
                if why:
                    lines += _fitted(hang(line("    "), why, look.width), look)
    hidden = len(tasks) - len(shown)
    if hidden:
        noun = "task that is" if hidden == 1 else "tasks that are"
        lines += _fitted([line(Span(f"{look.signs.history} {hidden} {noun} no more", Role.MUTED))], look)
    if not tasks:
        lines += _fitted([line(Span("no tasks yet", Role.MUTED))], look)
    return lines


def _cells(census: Census, service: Service, task: Task, look: Look, *, below: bool) -> _Cells:
    """Name, node, desired and current state. `below`: a younger task took its slot, and stands above it."""
    when = ago(look.now - task.reported) if task.reported else ""
    node = census.node_name(task.node_id)
    name = service.name, task.slot or task.node_id[:10], look.signs.history if below else ""
    return _words_of(name, node, task.desired, task.state, when, _task_sign(census, task, look), is_past(task))


@lru_cache(maxsize=4096)
def _words_of(
    name: tuple[str, int | str, str], node: str, desired: str, state: str, when: str, sign: Span, past: bool
) -> _Cells:
    """Kept: from one look to the next, most tasks of a large swarm say the same."""
    service, slot, below = name
    role = Role.MUTED if past else Role.PLAIN
    named = Span(f" {below} {service}.{slot}", Role.MUTED) if below else Span(f"{service}.{slot}", role)
    current = Span(f" {state.capitalize()} {when}".rstrip(), role)
    return (named,), (Span(node, role),), (Span(desired.capitalize(), role),), (sign, current)


def _task_sign(census: Census, task: Task, look: Look) -> Span:
    signs = look.signs
    if task.state in FAILED:
        return Span(signs.failed, Role.BAD)
    if census.runs(task):
        return Span(signs.running, Role.OK)
    if task.state == "running":  # reported before its node went down, or on its way out
        return Span(signs.down, Role.BAD) if census.is_ghost(task) else Span(signs.stopped, Role.MUTED)
    if task.state in _STARTING and not is_past(task):
        return Span(signs.starting, Role.PENDING)
    return Span(signs.stopped, Role.MUTED)


def _why_not(census: Census, task: Task) -> Line:
    """Why it does not run: its error as docker quotes it, or that its word is that of a node that is down."""
    if task.error:
        return line(Span(f'"{task.error}"', Role.MUTED if is_past(task) else Role.BAD))
    if census.is_ghost(task):
        return line(Span(f"ghost: {census.node_name(task.node_id)} is down", Role.BAD))
    return ()


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
