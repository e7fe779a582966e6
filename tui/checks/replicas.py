"""How the tasks of a service are doing, in words: "4 run, 2 are preparing on node2 and node3"."""

from collections.abc import Iterable, Sequence

from tui.checks.words import clip, joined, said_of
from tui.swarm.snapshot import Snapshot, Task

__all__ = ["is_live", "standing", "standing_error", "task_group"]

_NOT_PLACED = ("new", "allocated", "pending")
_ON_THE_WAY = ("assigned", "accepted", "preparing", "starting")
_ENDED = ("failed", "rejected")


def is_live(task: Task) -> bool:
    """Whether the manager still wants the task; the others are history."""
    return task.desired in ("running", "ready")


def task_group(task: Task, snapshot: Snapshot) -> str:
    """What a live task does: running, lost, waiting, pending, preparing, starting, failed, or its own state."""
    if snapshot.runs(task):
        return "running"
    if task.state in _NOT_PLACED:
        return "pending"
    if task.state in _ENDED:
        return "failed"
    if task.state == "running":
        return "lost" if task.desired == "running" else "waiting"
    if task.state == "ready":
        return "waiting"
    return "preparing" if task.state in _ON_THE_WAY and task.state != "starting" else task.state


def standing(tasks: Sequence[Task], snapshot: Snapshot) -> str:
    """How the live ones of `tasks` are doing, with the words of whatever keeps them from running."""
    live = [task for task in tasks if is_live(task)]
    groups: dict[str, list[Task]] = {}
    for task in live:
        groups.setdefault(task_group(task, snapshot), []).append(task)
    running = groups.pop("running", [])
    first = f"{len(running)} run{'s' if len(running) == 1 else ''}" if running else "none runs"
    parts = [first, *(_said_of_group(name, group, snapshot) for name, group in groups.items())]
    troubles = _troubles([task for group in groups.values() for task in group], tasks)
    return ", ".join(parts) + "".join(f"; “{trouble}”" for trouble in troubles)


def _said_of_group(name: str, group: Sequence[Task], snapshot: Snapshot) -> str:
    verb = "is" if len(group) == 1 else "are"
    where = _where(group, snapshot)
    if name == "lost":
        states = {node.state for node in snapshot.nodes if node.id in {task.node_id for task in group}}
        what = joined(said_of(state) for state in sorted(states)) or "gone"
        return f"{len(group)} {verb}{where}, which is {what}"
    if name == "failed":
        return f"{len(group)} {'has' if len(group) == 1 else 'have'} failed{where}"
    what = {"waiting": "waiting to start", "pending": "pending"}.get(name, name)
    return f"{len(group)} {verb} {what}{where}"


def _where(group: Iterable[Task], snapshot: Snapshot) -> str:
    names = sorted({snapshot.node_name(task.node_id) for task in group if task.node_id})
    return f" on {joined(names)}" if names else ""


def _troubles(waiting: Iterable[Task], tasks: Sequence[Task]) -> list[str]:
    """What the engines say of tasks that do not run: their own error, or that of the try before in the same place."""
    troubles: list[str] = []
    for task in waiting:
        error = standing_error(task, tasks)
        if error and clip(error) not in troubles:
            troubles.append(clip(error))
    return troubles[:2]


def standing_error(task: Task, tasks: Sequence[Task]) -> str:
    """What its engine says of a task, or said of the try before in the same place; empty if nothing."""
    return task.error or _error_before(task, tasks)


def _error_before(task: Task, tasks: Sequence[Task]) -> str:
    place = (task.service_id, task.slot or task.node_id)
    before = [
        other
        for other in tasks
        if (other.service_id, other.slot or other.node_id) == place and other.id != task.id and other.error
    ]
    newest = max(before, key=lambda other: other.created, default=None)
    return newest.error if newest is not None and newest.created <= task.created else ""
