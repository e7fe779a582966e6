"""`tasks`: how many rows of `docker service ps` fit a filter."""

from collections.abc import Mapping

from tui.checks.replicas import is_live, standing, task_group
from tui.checks.sight import Blind, Sight, blind_to_swarm
from tui.checks.subjects.services import no_such_service
from tui.checks.wanted import Amount, Value, Wanted
from tui.checks.words import counted, joined
from tui.labs.model import Expectation
from tui.swarm.snapshot import Snapshot, Task

__all__ = ["goal", "look"]


def goal(of: Mapping[str, Expectation], wanted: Mapping[str, Wanted]) -> str:
    """How many tasks are asked for."""
    return joined(
        _phrase_of_several(name, want, of) if name in ("nodes", "images") else _phrase(name, want.amount(), of)
        for name, want in wanted.items()
    )


def _phrase_of_several(name: str, want: Wanted, of: Mapping[str, Expectation]) -> str:
    tasks = "tasks" + (f" of {of['service']}" if "service" in of else "")
    words = {"": "", "only": "only ", "not": "not "}
    if name == "nodes":
        return joined(f"{tasks} run {words[manner]}on {said}" for manner, said in want.manners())
    node = f" on {of['node']}" if "node" in of else ""
    images = {"": "use", "only": "use only", "not": "do not use"}
    return joined(f"{tasks}{node} {images[manner]} {said}" for manner, said in want.manners())


def _phrase(name: str, amount: Amount, of: Mapping[str, Expectation]) -> str:
    tasks = amount.of("task") + (f" of {of['service']}" if "service" in of else "")
    if "state" in of or "desired" in of:
        filters = joined(f"{key} {of[key]}" for key in ("state", "desired") if key in of)
        tasks += f" with {filters}"
    node = f" on {of['node']}" if "node" in of else ""
    be, have = ("is", "has") if amount.singular else ("are", "have")
    match name:
        case "running":
            return f"{tasks} run{'s' if be == 'is' else ''}{node}"
        case "count":
            return f"{tasks} {be} wanted{node}"
        case "history":
            return f"docker service ps lists {tasks}{node}"
        case "failed":
            return f"{tasks} {have} failed{node}"
        case _:
            return f"{tasks} {be} {name}{node}"


def look(of: Mapping[str, Expectation], snapshot: Snapshot) -> Sight | Blind:
    """The tasks that fit the filter. Without the service or node that it names there is nothing to count."""
    if blind := blind_to_swarm(snapshot):
        return blind
    found = _of_service(of, snapshot)
    if isinstance(found, Sight):
        return found
    tasks, rows = found, found
    if "node" in of:
        node = snapshot.node(str(of["node"]))
        if node is None:
            return Sight(values={}, otherwise=f"docker node ls does not list {of['node']}")
        rows = tuple(task for task in tasks if task.node_id == node.id)
    rows = tuple(task for task in rows if _fits(task, of))
    live = [task for task in rows if is_live(task)]
    groups = [task_group(task, snapshot) for task in live]
    failed = [task for task in rows if task.state in ("failed", "rejected")]
    nodes = sorted({snapshot.node_name(task.node_id) for task in live if snapshot.runs(task)})
    images = sorted({task.image for task in live if task.image})
    values: dict[str, Value] = {
        "running": groups.count("running"),
        "count": len(live),
        "history": len(rows),
        "failed": len(failed),
        "pending": groups.count("pending"),
        "preparing": sum(groups.count(group) for group in ("preparing", "starting", "waiting")),
        "nodes": tuple(nodes),
        "images": tuple(images),
    }
    now = standing(rows, snapshot)
    seen = dict.fromkeys(values, now)
    if "node" in of and values["running"] == 0 and len(live) == 0:
        seen["running"] = f"none runs there{_elsewhere(tasks, snapshot)}"
        seen["count"] = seen["running"]
    seen["nodes"] = f"they run on {joined(nodes)}" if nodes else now
    seen["images"] = f"they use {joined(images)}" if images else now
    seen["history"] = f"it lists {len(rows)}"
    error = next((task.error for task in failed if task.error), "")
    seen["failed"] = f"{counted(len(failed), 'task')} failed" + (f"; “{error}”" if error else "")
    return Sight(values=values, seen=seen)


def _of_service(of: Mapping[str, Expectation], snapshot: Snapshot) -> tuple[Task, ...] | Sight:
    if "service" not in of:
        return snapshot.tasks
    service = snapshot.service(str(of["service"]))
    if service is None:
        return Sight(values={}, otherwise=no_such_service(str(of["service"]), snapshot))
    return snapshot.tasks_of(service)


def _elsewhere(tasks: tuple[Task, ...], snapshot: Snapshot) -> str:
    nodes = sorted({snapshot.node_name(task.node_id) for task in tasks if snapshot.runs(task)})
    return f", but on {joined(nodes)}" if nodes else ""


def _fits(task: Task, of: Mapping[str, Expectation]) -> bool:
    return of.get("state", task.state) == task.state and of.get("desired", task.desired) == task.desired
