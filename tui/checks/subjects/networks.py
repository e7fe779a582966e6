"""`network`: a row of `docker network ls` on a manager."""

from collections.abc import Mapping

from tui.checks.sight import Blind, Sight, blind_to_swarm, unasked
from tui.checks.wanted import Wanted
from tui.checks.words import joined, predicate
from tui.swarm.snapshot import Network, Snapshot

__all__ = ["goal", "look"]

_FLAGS = {
    "attachable": ("lets any container attach to it", "is for services alone"),
    "internal": ("has no way out", "has a way out"),
}


def goal(name: str, wanted: Mapping[str, Wanted]) -> str:
    """What is asked for."""
    if "exists" in wanted and not wanted["exists"].is_true():
        return f"the network {name} is gone"
    phrases = [_phrase(field, want) for field, want in wanted.items() if field != "exists" or len(wanted) == 1]
    return f"the network {name} {predicate(phrases)}"


def _phrase(field: str, want: Wanted) -> str:
    if field in _FLAGS:
        return _FLAGS[field][0 if want.is_true() else 1]
    match field:
        case "exists":
            return "exists"
        case "scope":
            return "spans the swarm" if want.expected == "swarm" else f"has the scope {want.said()}"
        case "driver":
            return f"is of the kind {want.said()}"
        case _:
            return f"is used by {want.amount().of('service')}"


def look(name: str, snapshot: Snapshot) -> Sight | Blind:
    """The network of exactly that name; one of the swarm goes before one of the engine that was asked."""
    if blind := blind_to_swarm(snapshot):
        return blind
    if snapshot.networks is None:
        return unasked(snapshot, "networks")
    rows = sorted((row for row in snapshot.networks if row.name == name), key=lambda row: row.scope != "swarm")
    if not rows:
        return Sight(values={"exists": False}, otherwise=_absent(name, snapshot))
    row = rows[0]
    users = [service.name for service in snapshot.services if {row.id, row.name} & set(service.networks)]
    used = f"{joined(users)} use{'s' if len(users) == 1 else ''} it" if users else "no service uses it"
    return Sight(
        values={
            "exists": True,
            "driver": row.driver,
            "scope": row.scope,
            "attachable": row.attachable,
            "internal": row.internal,
            "used_by": len(users),
        },
        seen={
            "exists": "it still exists",
            "driver": f"it is of the kind {row.driver}",
            "scope": _scope(row, snapshot),
            "attachable": f"it {_FLAGS['attachable'][0 if row.attachable else 1]}",
            "internal": f"it {_FLAGS['internal'][0 if row.internal else 1]}",
            "used_by": used,
        },
    )


def _scope(row: Network, snapshot: Snapshot) -> str:
    return f"it exists on {snapshot.manager} alone" if row.scope == "local" else f"it has the scope {row.scope}"


def _absent(name: str, snapshot: Snapshot) -> str:
    others = sorted({row.name for row in snapshot.networks or () if row.scope == "swarm" and not row.ingress})
    known = f"; the swarm has {joined(others[:4])}" if others else ""
    return f"there is no network named {name}{known}"
