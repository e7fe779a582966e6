"""`service`: a row of `docker service ls`, with the truth about how many of its tasks run."""

from collections.abc import Mapping

from tui.checks.replicas import standing
from tui.checks.sight import Blind, Sight, blind_to_swarm
from tui.checks.wanted import Wanted
from tui.checks.words import clip, counted, joined, predicate, several
from tui.swarm.snapshot import Service, Snapshot

__all__ = ["goal", "look", "no_such_service"]

_UPDATES = {
    "updating": "is being updated",
    "paused": "has a paused update",
    "completed": "has completed its update",
    "rollback_started": "is being rolled back",
    "rollback_paused": "has a paused rollback",
    "rollback_completed": "has been rolled back",
}


def goal(service: str, wanted: Mapping[str, Wanted]) -> str:
    """What is asked for."""
    if "exists" in wanted and not wanted["exists"].is_true():
        return f"the service {service} is gone"
    if set(wanted) == {"running"}:
        return (
            wanted["running"].amount().of("task")
            + f" of {service} run"
            + ("s" if wanted["running"].amount().singular else "")
        )
    phrases = [_phrase(name, want) for name, want in wanted.items() if name != "exists" or len(wanted) == 1]
    return f"the service {service} {predicate(phrases)}"


def _phrase(name: str, want: Wanted) -> str:
    match name:
        case "exists":
            return "exists"
        case "image":
            return f"uses {_image(want.said())}"
        case "mode":
            return f"is {want.said()}"
        case "replicas":
            return f"asks for {want.amount().of('replica')}"
        case "running":
            return f"runs {want.amount().of('task')}"
        case "port":
            return f"publishes port {want.said()}"
        case "ports":
            return several(want.manners(), "publishes", "port")
        case "networks":
            return several(want.manners(), "is attached to", "the network")
        case "secrets" | "configs":
            return several(want.manners(), "may read", f"the {name.removesuffix('s')}")
        case "forced":
            return _forced(want)
        case _:
            return _UPDATES.get(str(want.expected), "") or f"has the update state {want.said()}"


def _image(said: str) -> str:
    return said if "something else" in said else said.replace("something", "an image", 1)


def _forced(want: Wanted) -> str:
    """How often its tasks were made anew by force; the number itself says nothing to people."""
    changed = isinstance(want.expected, Mapping) and set(want.expected) <= {"changed", "not", "gt", "gte"}
    return "was updated by force" if changed else f"was updated by force {want.amount().of('time')}"


def look(name: str, snapshot: Snapshot) -> Sight | Blind:
    """The service of exactly that name."""
    if blind := blind_to_swarm(snapshot):
        return blind
    service = snapshot.service(name)
    if service is None:
        return Sight(values={"exists": False}, otherwise=no_such_service(name, snapshot))
    running = snapshot.running(service)
    networks = tuple(snapshot.network_name(target) for target in service.networks)
    return Sight(
        values={
            "exists": True,
            "image": service.image,
            "mode": service.mode,
            "replicas": service.replicas,
            "running": running,
            "port": tuple(port.published for port in service.ports),
            "ports": tuple(port.published for port in service.ports),
            "networks": networks,
            "secrets": service.secrets,
            "configs": service.configs,
            "forced": service.force_update,
            "update": service.update_state or "none",
        },
        seen={
            "exists": "it still exists",
            "image": f"it uses {service.image}",
            "mode": f"it is {service.mode}",
            "replicas": _replicas(service),
            "running": standing(snapshot.tasks_of(service), snapshot),
            "port": _ports(service),
            "ports": _ports(service),
            "networks": f"it is attached to {joined(networks) or 'no network of its own'}",
            "secrets": f"it may read {joined(service.secrets) or 'no secret'}",
            "configs": f"it may read {joined(service.configs) or 'no config'}",
            "forced": f"it was updated by force {counted(service.force_update, 'time')}",
            "update": _update(service),
        },
    )


def no_such_service(name: str, snapshot: Snapshot) -> str:
    """That a service is not there, and which are."""
    if not snapshot.nodes:
        return "there is no swarm, so there is no service"
    others = sorted(service.name for service in snapshot.services)
    known = f"; docker service ls lists {joined(others[:4])}" if others else ""
    return f"there is no service named {name}{known}"


def _replicas(service: Service) -> str:
    if service.replicas is None:
        return f"it is {service.mode} and has no number of replicas"
    return f"it asks for {service.replicas}"


def _ports(service: Service) -> str:
    published = [str(port.published) for port in service.ports]
    return f"it publishes {joined(published)}" if published else "it publishes no port"


def _update(service: Service) -> str:
    state = _UPDATES.get(service.update_state, service.update_state)
    message = f": {clip(service.update_message)}" if service.update_message else ""
    return f"it {state}{message}" if state else "it was not updated yet"
