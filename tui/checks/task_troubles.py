"""Why tasks of a service do not run: their engines' own words, made readable."""

import re
from collections.abc import Sequence

from tui.checks.misnamed import near_image
from tui.checks.replicas import is_live, standing_error, task_group
from tui.checks.scene import Scene
from tui.checks.words import clip, joined, said_of
from tui.swarm.snapshot import Service, Snapshot, Task

__all__ = ["task_trouble"]

_NO_NODE = re.compile(r"no suitable node(?: \((?P<why>.*)\))?", re.DOTALL)
_NO_IMAGE = re.compile(
    r"[Nn]o such image: (?P<image>\S+)|manifest for (?P<other>\S+) not found|pull access denied for (?P<third>[^,\s]+)"
)
_EXIT = re.compile(r"non-zero exit \((?P<code>\d+)\)(?:: (?P<why>.*))?", re.DOTALL)
_PORT = re.compile(r"(?:Bind for \S*?:(?P<port>\d+) failed: )?port is already allocated|address already in use")
_REASONS = (
    (r"scheduling constraints not satisfied on (\d+) nodes?", "its constraints fit none of {n} nodes"),
    (r"insufficient resources on (\d+) nodes?", "{n} nodes have too little memory or processor time left for it"),
    (r"host-mode port already in use on (\d+) nodes?", "the port is already in use on {n} nodes"),
    (r"max replicas per node limit exceed(?:ed)?", "every node has as many of them as it may have"),
    (r"unsupported platform on (\d+) nodes?", "the image is not made for the processors of {n} nodes"),
    (r"missing plugin on (\d+) nodes?", "{n} nodes lack a plugin that it needs"),
)
_OFF_DUTY = {"drain": "drained", "pause": "paused"}


def task_trouble(service: Service, scene: Scene) -> str:
    """What keeps tasks of the service from running, in a sentence; empty where nothing does, or it is only slow."""
    snapshot = scene.now
    tasks = snapshot.tasks_of(service)
    stuck = [task for task in tasks if is_live(task) and not snapshot.runs(task)]
    for task in stuck:
        error = standing_error(task, tasks)
        if error:
            return _sentence(error, task, service, tasks, scene)
    return _on_lost_nodes(service, stuck, snapshot)


def _sentence(error: str, task: Task, service: Service, tasks: Sequence[Task], scene: Scene) -> str:
    where = _where(task, tasks, scene.now)
    if no_node := _NO_NODE.search(error):
        return f"No node can take a task of {service.name}: {_no_node(no_node['why'] or '', scene.now)}."
    if no_image := _NO_IMAGE.search(error):
        image = no_image["image"] or no_image["other"] or no_image["third"]
        known = [one for one in scene.images() if one != service.image]
        meant = near_image(image, known)
        return f"There is no image {image}{where}." + (f" Did you mean {meant}?" if meant else "")
    if _PORT.search(error):
        return f"A task of {service.name} could not start{where}: its port is in use there already."
    if ended := _EXIT.search(error):
        why = f": “{clip(ended['why'])}”" if ended["why"] else ""
        return f"A task of {service.name} ended{where} with exit status {ended['code']}{why}."
    return f"A task of {service.name} could not run{where}: “{clip(error)}”."


def _where(task: Task, tasks: Sequence[Task], snapshot: Snapshot) -> str:
    """On which node it failed: the one before in its place, where this one has not been tried yet."""
    tried = next((one for one in (task, *_before(task, tasks)) if one.error and one.node_id), None)
    return f" on {snapshot.node_name(tried.node_id)}" if tried is not None else ""


def _before(task: Task, tasks: Sequence[Task]) -> list[Task]:
    place = [one for one in tasks if one.slot == task.slot and one.id != task.id]
    return sorted(place, key=lambda one: -one.created)


def _no_node(why: str, snapshot: Snapshot) -> str:
    said: list[str] = []
    for pattern, words in _REASONS:
        if found := re.search(pattern, why):
            number = found[1] if found.groups() else ""
            words = words.format(n=number) if number != "1" else words.format(n="1").replace("nodes have", "node has")
            said.append(words.replace("of 1 nodes", "of 1 node").replace("on 1 nodes", "on 1 node"))
    off_duty = _off_duty(snapshot) if "not available" in why or not said else ""
    return "; ".join([*said, *([off_duty] if off_duty else [])]) or f"“{clip(why)}”"


def _off_duty(snapshot: Snapshot) -> str:
    """Which nodes take no tasks, and why."""
    reasons = [
        f"{node.hostname} is {said_of(node.state) if node.state != 'ready' else _OFF_DUTY[node.availability]}"
        for node in sorted(snapshot.nodes, key=lambda node: node.hostname)
        if node.state != "ready" or node.availability in _OFF_DUTY
    ]
    return joined(reasons)


def _on_lost_nodes(service: Service, stuck: Sequence[Task], snapshot: Snapshot) -> str:
    lost = sorted({snapshot.node_name(task.node_id) for task in stuck if task_group(task, snapshot) == "lost"})
    if not lost:
        return ""
    do = "do" if len(lost) > 1 else "does"
    return f"Tasks of {service.name} are on {joined(lost)}, which {do} not answer the manager."
