"""When to look again: what an engine's event is a hint for, and whether the swarm is still on its way. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from tui.swarm.engine_client import DEADLINE, EngineEvent
from tui.swarm.snapshot import Service, SwarmNode, Task

__all__ = ["TERMINAL_STATES", "Hint", "Pace", "converging", "hint_of"]

TERMINAL_STATES = frozenset({"complete", "shutdown", "failed", "rejected", "remove", "orphaned"})
"""States from which a task never comes back: a new task takes its place."""

_TASK_LABEL = "com.docker.swarm.task.id"
_LIFE_OF_A_CONTAINER = frozenset(
    {"create", "start", "die", "kill", "stop", "destroy", "restart", "pause", "unpause", "rename", "oom", "update"}
)
_LIFE_OF_AN_IMAGE = frozenset({"pull", "tag", "untag", "delete", "import", "load"})


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the engines are asked and how long they may take, in seconds. Events make it look at once anyway."""

    poll: float = 1.0  # while nothing happens
    info: float = 2.0  # `/info` of each engine while nothing happens; it is dear (it starts three processes)
    reporting: float = 0.05  # just after an event of a task, of which the manager hears a little later
    quick: float = 0.12  # while the swarm converges
    patient: float = 0.4  # while it has been converging for long without any change
    settle: float = 0.03  # after a hint, so that a burst of events is one look
    freshness: float = 1.0  # a snapshot in which only times changed is published no more often
    deadline: float = DEADLINE  # a request may be silent for so long


@dataclass(frozen=True, slots=True)
class Hint:
    """What an event makes worth a look."""

    local: bool = False  # the engine's containers
    info: bool = False  # the engine's membership
    everyone: bool = False  # the membership of all engines
    swarm: bool = False  # nodes, services and tasks

    def __bool__(self) -> bool:
        return self.local or self.info or self.everyone or self.swarm


def hint_of(event: EngineEvent) -> Hint:
    """What an event is a hint for. Most are for nothing: a health check alone makes three every few seconds."""
    match event.type:
        case "container":
            action = event.action.partition(":")[0]
            if action not in _LIFE_OF_A_CONTAINER and action != "health_status":
                return Hint()
            return Hint(local=True, swarm=bool(event.attribute(_TASK_LABEL)))
        case "service":
            return Hint(swarm=True)
        case "node":
            # Draining a node changes nobody's membership, and asking for that would make the swarm wait.
            return Hint(swarm=True, everyone=not event.attribute("availability.new"))
        case "network" if event.action in ("create", "destroy", "remove"):
            # Joining and leaving make and remove the networks of the swarm on that engine.
            return Hint(local=True, info=True, swarm=True)
        case "secret" | "config":
            return Hint(swarm=True)
        case "image" if event.action in _LIFE_OF_AN_IMAGE:
            return Hint(local=True)
        case "daemon":
            return Hint(local=True, info=True)
        case _:
            return Hint()


def converging(nodes: Iterable[SwarmNode], services: Iterable[Service], tasks: Iterable[Task]) -> bool:
    """Whether something is still on its way to what is wanted of it."""
    gone = {node.id for node in nodes if node.state in ("down", "disconnected")}
    for task in tasks:
        if task.desired in ("shutdown", "remove"):
            if task.state not in TERMINAL_STATES and task.node_id not in gone:
                return True
        elif task.desired != task.state and task.state not in TERMINAL_STATES:
            return True
    return any(service.update_state in ("updating", "rollback_started") for service in services)
