"""What the map shows of each task: where it is, and whether it runs, comes, goes, or only seems to be there. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from tui.app.live.emblems import Emblem, emblems
from tui.app.live.moves import Move
from tui.swarm.snapshot import Snapshot, SwarmNode, Task

__all__ = ["Block", "Kind", "Placed", "counts", "place"]

_ENDED = frozenset({"complete", "shutdown", "failed", "rejected", "orphaned", "remove"})


class Kind(StrEnum):
    """How it stands with a task."""

    RUNNING = "running"
    STARTING = "starting"
    FAILED = "failed"  # wanted, but its last try failed and nothing took its place
    LEAVING = "leaving"  # being stopped, or gone a moment ago
    GHOST = "ghost"  # reported by a node that is down: the manager's list still has it, nothing runs

    __hash__ = str.__hash__


class Block(NamedTuple):
    """A task on the map. `came_from` and `gone_to` are hostnames, empty where it did not move."""

    kind: Kind
    service: str  # its id
    name: str  # pets.3
    state: str  # the agent's word
    came_from: str = ""
    gone_to: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """All blocks: by node id, and those that no node has. `emblems` are the services' (by id)."""

    emblems: dict[str, Emblem]
    on: dict[str, list[Block]]
    nowhere: list[Block]
    why_nowhere: str


def place(snapshot: Snapshot, moves: Iterable[Move]) -> Placed:
    """Every task that there is to see, in the order of services and slots. One pass over the tasks."""
    signs = emblems(snapshot.services)
    order = {service_id: number for number, service_id in enumerate(signs)}
    nodes = {node.id: node for node in snapshot.nodes}
    left, came = _by_place(moves)
    on: dict[str, list[Block]] = {node.id: [] for node in snapshot.nodes}
    nowhere: list[Block] = []
    why = ""
    replaced = _served_slots(snapshot)
    tasks = sorted(snapshot.tasks, key=lambda t: (order.get(t.service_id, len(order)), t.slot, t.created))
    for task in tasks:
        node = nodes.get(task.node_id)
        kind = _kind(task, node, replaced)
        if kind is None:
            continue
        emblem = signs.get(task.service_id)
        service = emblem.name if emblem else task.service_id
        host = node.hostname if node else task.node_id
        name = f"{service}.{task.slot or host}"
        if not task.node_id:
            nowhere.append(Block(kind, task.service_id, name, task.state))
            why = why or task.error or task.message
            continue
        move = left.pop((name, host), None) if kind in (Kind.LEAVING, Kind.GHOST) else None
        origin = came.get((name, host), "") if kind in (Kind.RUNNING, Kind.STARTING) else ""
        block = Block(kind, task.service_id, name, task.state, origin, move.target if move else "")
        on.setdefault(task.node_id, []).append(block)
    _add_gone(snapshot, on, left, signs)
    return Placed(signs, on, nowhere, why)


def _by_place(moves: Iterable[Move]) -> tuple[dict[tuple[str, str], Move], dict[tuple[str, str], str]]:
    left = {(move.task, move.origin): move for move in moves}
    came = {(move.task, move.target): move.origin for move in left.values() if move.target}
    return left, came


def _served_slots(snapshot: Snapshot) -> frozenset[tuple[str, int, str]]:
    """The slots in which some task is wanted and has not ended."""
    return frozenset(_slot(task) for task in snapshot.tasks if _is_wanted(task) and task.state not in _ENDED)


def _slot(task: Task) -> tuple[str, int, str]:
    return (task.service_id, task.slot, "" if task.slot else task.node_id)


def _is_wanted(task: Task) -> bool:
    return task.desired in ("running", "ready")


def _kind(task: Task, node: SwarmNode | None, served: frozenset[tuple[str, int, str]]) -> Kind | None:
    """None for what is no more."""
    if task.state in _ENDED:
        failed = task.state in ("failed", "rejected") and _is_wanted(task) and _slot(task) not in served
        return Kind.FAILED if failed else None
    if task.state == "running" and node is not None and node.state != "ready":
        return Kind.GHOST
    if not _is_wanted(task):
        return Kind.LEAVING if task.state == "running" and node is not None else None
    return Kind.RUNNING if task.state == "running" and task.desired == "running" else Kind.STARTING


def _add_gone(
    snapshot: Snapshot,
    on: dict[str, list[Block]],
    left: dict[tuple[str, str], Move],
    signs: dict[str, Emblem],
) -> None:
    """What is no more in the manager's list, or has ended, but was seen leaving a moment ago."""
    if not left:
        return
    rows = {node.hostname: node.id for node in sorted(snapshot.nodes, key=lambda n: n.created)}
    ids = {emblem.name: service_id for service_id, emblem in signs.items()}
    for (name, host), move in left.items():
        if host in rows:
            service = ids.get(name.rpartition(".")[0], "")
            on[rows[host]].append(Block(Kind.LEAVING, service, name, "gone", gone_to=move.target))


def counts(blocks: Sequence[Block]) -> dict[Kind, int]:
    """How many there are of each kind, in the order of the kinds."""
    return {kind: number for kind in Kind if (number := sum(1 for block in blocks if block.kind is kind))}
