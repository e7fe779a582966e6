"""The changes whose way to the screen is measured: how each is made, asked about, seen and dated."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from tests.bench.unix_http import EngineHttp
from tests.small_lab import front_matter

__all__ = ["BEGIN", "CHANGES", "Change", "changing_lab", "moment_of"]

BEGIN = "docker service create -q --name pets --replicas 2 -p 5000:5000 swarmtutor/pets:1.0"
_NODE = re.compile(r"^.*node2.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Change:
    """One kind of change.

    `goal` is the check that turns green, `told` whether the manager tells it (tasks that run, node2's availability),
    `shown` whether the text of the swarm's pane has it, `dated` by what the engine notes its moment.
    """

    name: str
    command: str
    goal: str
    told: Callable[[int, str], bool]
    shown: Callable[[str], bool]
    dated: str


def _node2_shows(word: str) -> Callable[[str], bool]:
    def shown(text: str) -> bool:
        match = _NODE.search(text)
        return match is not None and word in match[0]

    return shown


CHANGES = (
    Change(
        "two more tasks run",
        "docker service scale --detach pets=4",
        "{service: pets, expect: {running: 4}}",
        lambda running, _: running == 4,
        lambda text: "4/4" in text,
        "task",
    ),
    Change(
        "two tasks go",
        "docker service scale --detach pets=2",
        "{service: pets, expect: {running: 2}}",
        lambda running, _: running == 2,
        lambda text: "2/2" in text,
        "service",
    ),
    Change(
        "a node drains",
        "docker node update --availability drain node2",
        "{node: node2, expect: {availability: drain}}",
        lambda _, availability: availability == "drain",
        _node2_shows("Drain"),
        "node",
    ),
    Change(
        "a node is back",
        "docker node update --availability active node2",
        "{node: node2, expect: {availability: active}}",
        lambda _, availability: availability == "active",
        _node2_shows("Active"),
        "node",
    ),
)

_HEAD = (
    front_matter("changing", title="Changes")
    + """
# Changes

"""
)


def changing_lab(rounds: int) -> str:
    """A lab with a first step that waits for the service, then a step for each change of each round."""
    steps = [_step("begin", "{service: pets, expect: {running: 2}}")]
    steps += [
        _step(f"s{each}-{number}", change.goal) for each in range(rounds) for number, change in enumerate(CHANGES)
    ]
    return _HEAD + "\n".join(steps)


def _step(anchor: str, goal: str) -> str:
    return f"## Step {anchor} {{#{anchor}}}\n\nText.\n\n```yaml step\ngoal:\n  - {goal}\nhints: [Wait.]\n```\n"


def moment_of(change: Change, socket: Path) -> float:
    """When the engine itself says that the change was, in seconds since the epoch. Raises OSError."""
    engine = EngineHttp(socket)
    try:
        match change.dated:
            case "task":
                tasks = _rows(engine.json("/tasks"))
                return max(_seconds(t["Status"]["Timestamp"]) for t in tasks if t["Status"]["State"] == "running")
            case "service":
                return _seconds(_rows(engine.json("/services"))[0]["UpdatedAt"])
            case _:
                nodes = _rows(engine.json("/nodes"))
                return next(_seconds(n["UpdatedAt"]) for n in nodes if n["Description"]["Hostname"] == "node2")
    finally:
        engine.close()


def _rows(answer: object) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", answer)


def _seconds(stamp: str) -> float:
    """Docker's time-stamps have nanoseconds, Python's microseconds."""
    whole, _, fraction = stamp.removesuffix("Z").partition(".")
    return datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp() + float(f"0.{fraction or 0}")
