"""`secret` and `config`: what the managers keep under a name for services to read."""

from collections.abc import Mapping

from tui.checks.sight import Blind, Sight, blind_to_swarm, unasked
from tui.checks.wanted import Wanted
from tui.checks.words import joined, predicate
from tui.swarm.snapshot import Snapshot

__all__ = ["goal", "look"]


def goal(kind: str, name: str, wanted: Mapping[str, Wanted]) -> str:
    """What is asked for. `kind` is secret or config."""
    if "exists" in wanted and not wanted["exists"].is_true():
        return f"the {kind} {name} is gone"
    phrases = [
        "exists" if field == "exists" else f"is used by {want.amount().of('service')}"
        for field, want in wanted.items()
        if field != "exists" or len(wanted) == 1
    ]
    return f"the {kind} {name} {predicate(phrases)}"


def look(kind: str, name: str, snapshot: Snapshot) -> Sight | Blind:
    """The item of exactly that name."""
    if blind := blind_to_swarm(snapshot):
        return blind
    items = snapshot.secrets if kind == "secret" else snapshot.configs
    if items is None:
        return unasked(snapshot, f"{kind}s")
    if not any(item.name == name for item in items):
        others = sorted(item.name for item in items)
        known = f"; docker {kind} ls lists {joined(others[:4])}" if others else ""
        return Sight(values={"exists": False}, otherwise=f"there is no {kind} named {name}{known}")
    users = [
        service.name
        for service in snapshot.services
        if name in (service.secrets if kind == "secret" else service.configs)
    ]
    used = f"{joined(users)} use{'s' if len(users) == 1 else ''} it" if users else "no service uses it"
    return Sight(values={"exists": True, "used_by": len(users)}, seen={"exists": "it still exists", "used_by": used})
