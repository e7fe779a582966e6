"""What an engine of the learner's own holds, before and after: the difference is what the lab has made. Pure, but for
`take` and `clear`.

Whatever was there when the playground was made is never touched; what has come since is listed and removed.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from tui.playground.providers.hosts_engine import HostEngine, HostEngineError

__all__ = ["Inventory", "Thing", "clear", "inventory_of", "leave_swarm", "made_since", "put_back_tags", "take"]

_TASK = "com.docker.swarm.task.id"
_SERVICE = "com.docker.swarm.service.name"
_LEAVE_SECONDS = 60.0
_PAUSE = 0.2
_TASKS_TURNS = 150  # looks at whether the containers of services have gone, after the machine has left its swarm
_NETWORK_TURNS = 25  # tries to remove a network whose last user has just gone
_PREDEFINED = frozenset({"bridge", "host", "none"})
_NO_TAG = "<none>:<none>"


@dataclass(frozen=True, slots=True)
class Inventory:
    """What one engine holds. Images by id with their tags; networks by id with their names."""

    containers: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    images: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def to_document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def inventory_of(document: Mapping[str, Any]) -> Inventory:
    """Back from there. Raises KeyError, TypeError or AttributeError for anything else."""
    images = cast("Mapping[str, Sequence[str]]", document["images"])
    return Inventory(
        tuple(document["containers"]),
        tuple(document["networks"]),
        tuple(document["volumes"]),
        {name: tuple(tags) for name, tags in images.items()},
    )


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that the lab has made.

    `kind` is membership, service, config, secret, task (a service's container), container, network, network of the
    swarm, volume or image; `key` is what the engine knows it by, `words` how a person does.
    """

    kind: str
    key: str
    words: str


def _tags(raw: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(tag for tag in cast("Sequence[str]", raw.get("RepoTags") or ()) if tag != _NO_TAG)


async def take(engine: HostEngine) -> Inventory:
    """What it holds now. Raises HostEngineError."""
    containers = await engine.listing("/containers/json", all="1")
    networks = await engine.listing("/networks")
    volumes = cast("Sequence[Mapping[str, Any]]", (await engine.read("/volumes")).get("Volumes") or [])
    images = await engine.listing("/images/json", all="1")
    return Inventory(
        tuple(str(each["Id"]) for each in containers),
        tuple(str(each["Id"]) for each in networks),
        tuple(str(each["Name"]) for each in volumes),
        {str(each["Id"]): _tags(each) for each in images},
    )


async def made_since(engine: HostEngine, before: Inventory, *, images: bool = True) -> list[Thing]:
    """What has come since. `images`: those too. Raises HostEngineError."""
    things: list[Thing] = []
    swarm = cast("Mapping[str, Any]", (await engine.read("/info")).get("Swarm") or {})
    state = str(swarm.get("LocalNodeState", "inactive"))
    if state != "inactive":
        role = "manager" if swarm.get("ControlAvailable") else "worker"
        things.append(Thing("membership", str(swarm.get("NodeID", "")), f"its place in the swarm ({role}, {state})"))
    if swarm.get("ControlAvailable"):
        for kind in ("services", "configs", "secrets"):
            for each in await _forgiving(engine, f"/{kind}"):
                name = str(cast("Mapping[str, Any]", each.get("Spec") or {}).get("Name", ""))
                things.append(Thing(kind.removesuffix("s"), str(each.get("ID", "")), name))
    for each in await engine.listing("/containers/json", all="1"):
        if each["Id"] not in before.containers:
            labels = cast("Mapping[str, str]", each.get("Labels") or {})
            name = next(iter(cast("Sequence[str]", each.get("Names") or ())), str(each["Id"])[:12]).lstrip("/")
            words = f"of service {labels.get(_SERVICE, '')}" if _TASK in labels else f"{name} ({each.get('Image')})"
            things.append(Thing("task" if _TASK in labels else "container", str(each["Id"]), words))
    for each in await engine.listing("/networks"):
        if each["Id"] in before.networks or each["Name"] in _PREDEFINED or each.get("Ingress"):
            continue
        # The swarm's own networks go with the machine's place in it.
        kind = "network of the swarm" if each.get("Scope") == "swarm" else "network"
        things.append(Thing(kind, str(each["Id"]), str(each["Name"])))
    volumes = cast("Sequence[Mapping[str, Any]]", (await engine.read("/volumes")).get("Volumes") or [])
    things += [
        Thing("volume", str(each["Name"]), str(each["Name"])) for each in volumes if each["Name"] not in before.volumes
    ]
    if images:
        # Without the layers between, which go with the last that stands on them.
        for each in await engine.listing("/images/json"):
            things += _images_since(str(each["Id"]), _tags(each), before)
    return things


async def _forgiving(engine: HostEngine, path: str) -> Sequence[Mapping[str, Any]]:
    """A list that only a manager with a quorum gives."""
    try:
        return await engine.listing(path)
    except HostEngineError:
        return []


def _images_since(image: str, tags: Sequence[str], before: Inventory) -> list[Thing]:
    fresh = [tag for tag in tags if tag not in before.images.get(image, ())]
    if image in before.images or fresh:
        return [Thing("image", tag, tag) for tag in fresh]
    return [Thing("image", image, image.removeprefix("sha256:")[:12])]


def put_back_tags(before: Inventory, now: Inventory) -> list[tuple[str, str]]:
    """Images that were there and have lost a tag to another one: image and tag."""
    return [
        (image, tag)
        for image, tags in before.images.items()
        for tag in tags
        if image in now.images and tag not in now.images[image]
    ]


async def leave_swarm(engine: HostEngine) -> None:
    """Leave whatever swarm it is in, and wait until the containers of services have gone. Raises HostEngineError."""
    try:
        await engine.post("/swarm/leave?force=1", seconds=_LEAVE_SECONDS)
    except HostEngineError as error:
        if error.status != 503:  # it is in none
            raise
    filters = json.dumps({"label": [_TASK]})
    for _ in range(_TASKS_TURNS):
        if not await engine.listing("/containers/json", all="1", filters=filters):
            return
        await asyncio.sleep(_PAUSE)


async def clear(engine: HostEngine, before: Inventory, *, images: bool = True) -> list[str]:
    """Remove what has come since, of a machine that is in no swarm. Returns, in words, what could not be removed.

    Raises HostEngineError where the engine cannot be asked at all.
    """
    problems: list[str] = []
    order = ("container", "task", "network", "volume", "image")
    things = await made_since(engine, before, images=images)
    for kind in order:
        for thing in (thing for thing in things if thing.kind == kind):
            try:
                await _remove(engine, thing)
            except HostEngineError as error:
                problems.append(f"{engine.node}: {thing.kind} {thing.words}: {error.words}")
    if images:
        for image, tag in put_back_tags(before, await take(engine)):
            name, _, version = tag.rpartition(":")
            await engine.post(f"/images/{engine.quoted(image)}/tag?repo={engine.quoted(name)}&tag={version}")
    return problems


async def _remove(engine: HostEngine, thing: Thing) -> None:
    turns = _NETWORK_TURNS if thing.kind == "network" else 1
    for turn in range(turns):
        try:
            return await engine.delete(_path(thing))
        except HostEngineError as error:
            if turn + 1 == turns or error.status != 403:
                raise
        await asyncio.sleep(_PAUSE)
    return None


def _path(thing: Thing) -> str:
    key = HostEngine.quoted(thing.key)
    match thing.kind:
        case "container" | "task":
            return f"/containers/{key}?force=1"
        case "network":
            return f"/networks/{key}"
        case "volume":
            return f"/volumes/{key}"
        case _:
            return f"/images/{thing.key}"
