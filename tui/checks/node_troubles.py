"""What is wrong with nodes: those that cannot be asked, and those that are otherwise than a goal wants. Pure."""

import re

from tui.checks.model import Outcome
from tui.checks.scene import Red, Scene, expected
from tui.checks.subjects.containers import fits
from tui.checks.words import clip, joined, said_of
from tui.labs.model import Subject
from tui.playground.model import NODE_NAMES
from tui.swarm.managers import BEING_ASKED, NOT_ASKED
from tui.swarm.snapshot import Engine, LocalState, Snapshot, SwarmNode

__all__ = ["node_deviation", "node_trouble", "swarm_trouble"]

_OF_THE_SWARM = (
    *(Subject.NODE, Subject.NODES, Subject.SERVICE, Subject.TASKS, Subject.NETWORK, Subject.SECRET, Subject.CONFIG),
    Subject.STACK,
)
_NO_LEADER = re.compile(r"does not have a leader|too few managers", re.IGNORECASE)
_AVAILABILITY = {"active": "Active", "pause": "paused", "drain": "drained"}
_ONLY = {
    ("pause", "drain"): "it keeps the tasks that it has, and gets no new ones",
    ("drain", "pause"): "its tasks are taken away as well",
    ("pause", "active"): "it gets no new tasks",
    ("drain", "active"): "it gets no tasks",
}


def swarm_trouble(scene: Scene) -> str:
    """Why nobody can be asked about the swarm, where a goal is about it; empty where somebody can."""
    asked = any(red.spec.subject in _OF_THE_SWARM and red.verdict.outcome is Outcome.UNKNOWN for red in scene.reds)
    snapshot = scene.now
    if not asked or snapshot.manager or snapshot.manager_error in ("", NOT_ASKED, BEING_ASKED):
        return ""
    if locked := [e.node for e in snapshot.engines.values() if e.reachable and e.state is LocalState.LOCKED]:
        return f"{joined(locked)} is locked: a manager needs the unlock key after its engine has started anew."
    managers = [node for node in snapshot.nodes if node.role == "manager"]
    silent = [node.hostname for node in managers if not _answers(node, snapshot)]
    needed = len(managers) // 2 + 1
    alive = len(managers) - len(silent)
    no_leader = _NO_LEADER.search(snapshot.manager_error) or any(
        _NO_LEADER.search(engine.swarm_error) for engine in snapshot.engines.values()
    )
    if len(managers) > 1 and (no_leader or alive < needed):
        count = f"only {alive} of {len(managers)} managers answer{'s' if alive == 1 else ''}, and it takes {needed}"
        return f"The swarm has no leader: {count if alive < needed else 'its managers have not agreed on one yet'}."
    if silent:
        why = _why_silent(silent[0], snapshot)
        return f"{joined(silent)}, the only manager, does not answer{why}. Nobody else can be asked about the swarm."
    return f"The swarm cannot be asked: {clip(snapshot.manager_error)}."


def _answers(node: SwarmNode, snapshot: Snapshot) -> bool:
    engine = snapshot.engine_of(node) or snapshot.engines.get(node.hostname)
    return engine is not None and engine.reachable


def _why_silent(node: str, snapshot: Snapshot) -> str:
    engine = snapshot.engines.get(node)
    return f": {clip(engine.error)}" if engine is not None and engine.error else ""


def node_trouble(red: Red, scene: Scene) -> str:
    """A node that a goal names and that is not there; also for goals about its containers and pages."""
    if not red.node:
        return ""
    row = scene.now.node(red.node)
    name = row.hostname if row is not None else red.node
    engine = scene.now.engines.get(name)
    if _is_to_be_down(red):
        return ""
    if engine is not None and not engine.reachable and engine.error != NOT_ASKED:
        return f"{name} does not answer: {clip(engine.error)}." if engine.error else f"{name} does not answer."
    if row is not None and row.state != "ready" and scene.now.manager:
        message = f": {clip(row.message)}" if row.message else ""
        return f"{name} is {said_of(row.state)}: its manager has not heard of it lately{message}."
    if engine is not None and red.spec.subject in (Subject.NODE, Subject.SWARM) and engine.swarm_error:
        return f"{name} has trouble with its swarm: {clip(engine.swarm_error)}."
    return ""


def _is_to_be_down(red: Red) -> bool:
    """Whether the goal asks for the node to be off, or for nothing to be there."""
    return red.expect.get("state") in ("down", "unknown", "disconnected") or red.expect.get("refused") is True


def node_deviation(red: Red, scene: Scene) -> str:
    """A node that was changed since the step began, but not into what is wanted, or another than the wanted one."""
    if red.spec.subject is Subject.SWARM and scene.open(red):
        return _other_swarm(red, scene)
    if red.spec.subject is Subject.CONTAINER and scene.open(red):
        return _other_engine(red, scene)
    if red.spec.subject is not Subject.NODE or not scene.open(red):
        return ""
    row = scene.now.node(red.node)
    if row is None:
        return _outside(red.node, scene) if red.expect.get("exists") is not False else ""
    role, availability = expected(red.expect.get("role")), expected(red.expect.get("availability"))
    then = scene.node_then(row)
    if role and row.role != role and (then is None or then.role != row.role):
        how = "joined as" if then is None else "was made"
        return f"{row.hostname} {how} a {row.role}, and a {role} is wanted."
    return (
        _availability(row, then, str(availability), scene) if availability and row.availability != availability else ""
    )


def _availability(row: SwarmNode, then: SwarmNode | None, wanted: str, scene: Scene) -> str:
    if then is not None and then.availability != row.availability:
        only = _ONLY.get((row.availability, wanted), "")
        return f"{row.hostname} is {_AVAILABILITY[row.availability]}, not {_AVAILABILITY[wanted]}" + (
            f": {only}." if only else "."
        )
    for other in scene.now.nodes:
        before = scene.node_then(other)
        if other.id != row.id and other.availability == wanted and before and before.availability != wanted:
            return f"{other.hostname} is {_AVAILABILITY[wanted]}, and {row.hostname} was to be."
    return ""


def _outside(name: str, scene: Scene) -> str:
    """A node that is not in the list: where it is instead."""
    engine = scene.now.engines.get(name)
    then = scene.start.engines.get(name)
    if engine is None or not scene.now.manager or not _is_new(engine, then):
        return ""
    if engine.state is LocalState.PENDING:
        return f"{name} is still trying to join, and no manager has let it in yet."
    if engine.state is LocalState.ACTIVE and engine.is_manager:
        return f"{name} has begun a swarm of its own instead of joining this one."
    if engine.state is LocalState.ACTIVE:
        return f"{name} is in another swarm."
    return f"{name} has left the swarm." if engine.state is LocalState.INACTIVE and then and then.node_id else ""


def _other_swarm(red: Red, scene: Scene) -> str:
    """Another node than the wanted one has begun a swarm, or has joined."""
    if expected(red.expect.get("state")) != "active":
        return ""
    engine = scene.now.engines.get(red.node)
    if engine is not None and engine.state is LocalState.ACTIVE:
        role = expected(red.expect.get("role"))
        seen = "manager" if engine.is_manager else "worker"
        new = _is_new(engine, scene.start.engines.get(red.node))
        return (
            f"{red.node} is in the swarm as a {seen}, and a {role} is wanted."
            if new and role not in (None, seen)
            else ""
        )
    if engine is not None and engine.state is LocalState.PENDING:
        return f"{red.node} is still trying to join, and no manager has let it in yet."
    for name in NODE_NAMES:
        other = scene.now.engines.get(name)
        if name == red.node or other is None or other.state is not LocalState.ACTIVE or not other.reachable:
            continue
        if _is_new(other, scene.start.engines.get(name)):
            what = "has begun a swarm" if other.is_manager else "has joined a swarm"
            return f"{name} {what}, and {red.node} was to do so."
    return ""


def _is_new(engine: Engine, then: Engine | None) -> bool:
    """Whether its membership changed since the step began."""
    return then is None or (then.state, then.node_id, then.is_manager) != (
        engine.state,
        engine.node_id,
        engine.is_manager,
    )


def _other_engine(red: Red, scene: Scene) -> str:
    """A container that fits but for where it is, or for what became of it; started since the step began."""
    wanted = {key: value for key, value in red.of.items() if key not in ("node", "state")}
    if not wanted or red.expect.get("count") == 0 or red.expect.get("running") == 0:
        return ""
    for name, engine in scene.now.engines.items():
        then = scene.start.engines.get(name)
        known = {one.id for one in then.containers} if then is not None else set[str]()
        for one in engine.containers:
            if one.id in known or not fits(one, wanted):
                continue
            if one.state == "running" and red.node and name != red.node:
                return f"The container {one.name} runs on {name}, and it was to run on {red.node}."
            if one.state in ("exited", "dead", "created") and red.node in ("", name):
                return f"The container {one.name} on {name} does not run: {one.status or one.state}."
    return ""
