"""`container`: how many containers of the engines fit a filter."""

from collections.abc import Mapping

from tui.checks.images import same_image
from tui.checks.sight import Blind, Sight, engine_of
from tui.checks.wanted import Wanted
from tui.checks.words import joined, several
from tui.labs.model import Expectation
from tui.swarm.snapshot import Container, Snapshot

__all__ = ["fits", "goal", "look"]


def goal(of: Mapping[str, Expectation], wanted: Mapping[str, Wanted]) -> str:
    """How many containers are asked for."""
    node = f" on {of['node']}" if "node" in of else ""
    phrases: list[str] = []
    for name, want in wanted.items():
        if name in ("names", "images"):
            noun = "the name" if name == "names" else "the image"
            phrases.append(several(want.manners(), f"containers{_kind(of)}{node} have", noun))
            continue
        amount = want.amount()
        be = "is" if amount.singular else "are"
        state = "running" if name == "running" else str(of.get("state", ""))
        doing = f" run{'s' if be == 'is' else ''}{node}" if state == "running" else f" {be} {state or 'there'}{node}"
        phrases.append(f"{amount.of('container')}{_kind(of)}{doing}")
    return joined(phrases)


def _kind(of: Mapping[str, Expectation]) -> str:
    kind = f" named {of['name']}" if "name" in of else ""
    kind += f" of {of['image']}" if "image" in of else ""
    if "task" in of:
        kind += " that belongs to a service" if of["task"] else " started by hand" if not kind else ""
    return kind


def look(of: Mapping[str, Expectation], snapshot: Snapshot) -> Sight | Blind:
    """The containers that fit; Blind while one of the engines in question does not answer."""
    names = [str(of["node"])] if "node" in of else list(snapshot.engines)
    if not names:
        return Blind("nothing is known of the nodes yet")
    every: list[tuple[str, Container]] = []
    for name in names:
        engine = engine_of(name, snapshot)
        if isinstance(engine, Blind):
            return engine
        every += [(name, container) for container in engine.containers]
    fitting = [(name, container) for name, container in every if fits(container, of)]
    running = [pair for pair in fitting if pair[1].state == "running"]
    others = [pair for pair in every if fits(pair[1], {key: of[key] for key in of if key != "state"})]
    return Sight(
        values={
            "count": len(fitting),
            "running": len(running),
            "names": tuple(container.name for _, container in fitting),
            "images": tuple(sorted({container.image for _, container in fitting})),
        },
        seen={
            "count": _said(fitting, others, of),
            "running": _said(running, others, of),
            "names": _said(fitting, others, of),
            "images": _images(fitting) or _said(fitting, others, of),
        },
    )


def _said(found: list[tuple[str, Container]], alike: list[tuple[str, Container]], of: Mapping[str, Expectation]) -> str:
    """How many there are; where there are none, what those are that are like them but for their state."""
    if found:
        names = joined(container.name for _, container in found[:3])
        return f"there {'is' if len(found) == 1 else 'are'} {len(found)}: {names}{' …' if len(found) > 3 else ''}"
    missed = [f"{container.name} is {container.state}" for _, container in alike[:2]]
    where = f" on {of['node']}" if "node" in of else ""
    return f"there is none{where}" + (f", but {joined(missed)}" if missed else "")


def _images(found: list[tuple[str, Container]]) -> str:
    images = sorted({container.image for _, container in found})
    return f"there {'is' if len(images) == 1 else 'are'} {joined(images)}" if images else ""


def fits(container: Container, of: Mapping[str, Expectation]) -> bool:
    """Whether a container is one of those that a filter means, wherever it is."""
    return (
        of.get("state", container.state) == container.state
        and of.get("name", container.name) == container.name
        and of.get("task", bool(container.task_id)) == bool(container.task_id)
        and ("image" not in of or same_image(str(of["image"]), container.image))
    )
