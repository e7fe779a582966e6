"""A snapshot sorted for being shown: who is where, and which task came after which. Made once, then only asked."""

from collections import defaultdict
from dataclasses import dataclass, field

from tui.swarm.snapshot import Service, Snapshot, SwarmNode, Task

__all__ = ["FAILED", "Census", "is_past", "slot_of"]

FAILED = frozenset({"failed", "rejected", "orphaned"})
_ENDED = FAILED | {"complete", "shutdown"}


def is_past(task: Task) -> bool:
    """Whether the task is history: the manager no longer wants it to run."""
    return task.desired not in ("running", "ready") or task.state in _ENDED


@dataclass(frozen=True, slots=True)
class Census:
    """What `Snapshot` answers too, at a cost that does not grow with the number of tasks and nodes."""

    nodes: dict[str, SwarmNode] = field(default_factory=dict[str, SwarmNode])  # by id
    here: dict[str, list[Task]] = field(
        default_factory=dict[str, list[Task]]
    )  # not past, by node id, in order of slots
    of: dict[str, list[Task]] = field(default_factory=dict[str, list[Task]])  # by service id, as `docker service ps`

    @staticmethod
    def take(snapshot: Snapshot) -> "Census":
        """Count the snapshot's tasks."""
        order = {service.id: number for number, service in enumerate(snapshot.services)}
        here: dict[str, list[Task]] = defaultdict(list)
        of: dict[str, list[Task]] = defaultdict(list)
        for task in snapshot.tasks:
            of[task.service_id].append(task)
            if not is_past(task):
                here[task.node_id].append(task)
        for tasks in of.values():
            tasks.sort(key=lambda t: (t.slot, t.node_id if t.slot == 0 else "", -t.created))
        for tasks in here.values():
            tasks.sort(key=lambda t: (order.get(t.service_id, 0), t.slot, t.created))
        return Census({node.id: node for node in snapshot.nodes}, here, of)

    def node_name(self, node_id: str) -> str:
        """The hostname for a node id; the id itself where the row is gone."""
        node = self.nodes.get(node_id)
        return node.hostname if node else node_id

    def runs(self, task: Task) -> bool:
        """Whether a task really runs, as `Snapshot.runs` says."""
        if task.desired != "running" or task.state != "running":
            return False
        node = self.nodes.get(task.node_id)
        return node is not None and node.state == "ready"

    def is_ghost(self, task: Task) -> bool:
        """Whether the task only seems to run: its node is down, and said so before."""
        node = self.nodes.get(task.node_id)
        return task.state == "running" and node is not None and node.state != "ready"

    def running(self, service: Service) -> int:
        """How many tasks of the service really run."""
        return sum(1 for task in self.of.get(service.id, ()) if self.runs(task))

    def slots(self, service: Service) -> dict[tuple[int, str], list[Task]]:
        """The tasks of a service by slot (of a global one by node), the youngest first."""
        slots: dict[tuple[int, str], list[Task]] = defaultdict(list)
        for task in self.of.get(service.id, ()):
            slots[slot_of(task)].append(task)
        return slots

    def is_worth_telling(self, slot: list[Task], task: Task) -> bool:
        """Whether this past task says something of now: it is a ghost, or the last failure of an empty slot."""
        if self.is_ghost(task):
            return True
        if task.state not in FAILED or any(self.runs(other) for other in slot):
            return False
        return next(other for other in slot if other.state in FAILED) is task


def slot_of(task: Task) -> tuple[int, str]:
    """What a task was made for: a replica's number, or a node."""
    return (task.slot, "" if task.slot else task.node_id)
