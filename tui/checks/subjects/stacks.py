"""`stack`: the services that one `docker stack deploy` made."""

from collections.abc import Mapping

from tui.checks.replicas import standing
from tui.checks.sight import Blind, Sight, blind_to_swarm
from tui.checks.wanted import Wanted
from tui.checks.words import counted, joined, predicate, several
from tui.swarm.snapshot import Snapshot

__all__ = ["goal", "look"]

_LABEL = "com.docker.stack.namespace"


def goal(name: str, wanted: Mapping[str, Wanted]) -> str:
    """What is asked for."""
    if "exists" in wanted and not wanted["exists"].is_true():
        return f"the stack {name} is gone"
    phrases = [_phrase(field, want) for field, want in wanted.items() if field != "exists" or len(wanted) == 1]
    return f"the stack {name} {predicate(phrases)}"


def _phrase(field: str, want: Wanted) -> str:
    match field:
        case "exists":
            return "exists"
        case "services":
            return f"has {want.amount().of('service')}"
        case "names":
            return several(want.manners(), "has", "the service")
        case _:
            return f"runs {want.amount().of('task')}"


def look(name: str, snapshot: Snapshot) -> Sight | Blind:
    """The services whose label names the stack. Their names are told without the stack's own before them."""
    if blind := blind_to_swarm(snapshot):
        return blind
    services = [service for service in snapshot.services if (_LABEL, name) in service.labels]
    if not services:
        stacks = sorted({value for service in snapshot.services for key, value in service.labels if key == _LABEL})
        known = f"; docker stack ls lists {joined(stacks[:4])}" if stacks else ""
        values = {"exists": False, "services": 0, "running": 0, "names": ()}
        return Sight(values=values, otherwise=f"there is no stack named {name}{known}")
    names = [service.name.removeprefix(f"{name}_") for service in services]
    tasks = [task for service in services for task in snapshot.tasks_of(service)]
    running = sum(snapshot.running(service) for service in services)
    has = f"it has {counted(len(names), 'service')}: {joined(names)}"
    return Sight(
        values={"exists": True, "services": len(services), "names": tuple(names), "running": running},
        seen={"exists": "it still exists", "services": has, "names": has, "running": standing(tasks, snapshot)},
    )
