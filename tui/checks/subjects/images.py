"""`image`: what is in the engines' stores."""

from collections.abc import Mapping

from tui.checks.images import same_image
from tui.checks.sight import Blind, Sight, engine_of, unasked
from tui.checks.wanted import Wanted
from tui.checks.words import joined, predicate, several
from tui.labs.model import Expectation
from tui.swarm.snapshot import Snapshot

__all__ = ["goal", "look"]


def goal(of: Mapping[str, Expectation], wanted: Mapping[str, Wanted]) -> str:
    """What is asked for."""
    where = f"on {of['node']}" if "node" in of else "on some node"
    if "exists" in wanted and not wanted["exists"].is_true():
        return f"the image {of.get('name', '')} is not {where if 'node' in of else 'on any node'}"
    phrases = [_phrase(field, want, where) for field, want in wanted.items() if field != "exists" or len(wanted) == 1]
    return f"the image {of.get('name', '')} {predicate(phrases)}"


def _phrase(field: str, want: Wanted, where: str) -> str:
    match field:
        case "exists":
            return f"is {where}"
        case "names":
            return several(want.manners(), "goes by", "the name") + f" {where}"
        case _:
            return f"is known by {want.amount().of('name')} {where}"


def look(of: Mapping[str, Expectation], snapshot: Snapshot) -> Sight | Blind:
    """The names in the store of one engine, or of all, that mean the image. Without a tag any tag is meant."""
    names = [str(of["node"])] if "node" in of else list(snapshot.engines)
    if not names:
        return Blind("nothing is known of the nodes yet")
    found: list[str] = []
    for name in names:
        engine = engine_of(name, snapshot)
        if isinstance(engine, Blind):
            return engine
        if engine.images is None:
            return unasked(snapshot, "images")
        found += [image for image in engine.images if same_image(str(of.get("name", "")), image)]
    known = tuple(dict.fromkeys(found))
    where = f" on {of['node']}" if "node" in of else ""
    there = f"there is {joined(known)}{where}" if known else f"it is not{where or ' on any node'}"
    return Sight(
        values={"exists": bool(known), "count": len(known), "names": known},
        seen={"exists": there, "count": there, "names": there},
    )
