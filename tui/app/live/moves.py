"""Tasks on their way: what left a node a moment ago, and where it went. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from tui.app.live.past import Moment
from tui.swarm.changes import ChangeKind

__all__ = ["SHOWN_SECONDS", "Move", "moves"]

SHOWN_SECONDS = 8.0
"""How long a task that left is still shown where it was: long enough to be seen by somebody who typed the command in
another pane."""

_GONE = ("shutdown", "complete", "remove", "failed", "rejected", "orphaned")


@dataclass(frozen=True, slots=True)
class Move:
    """A task left a node. `origin` and `target` are hostnames; `target` is empty where nothing took its place."""

    task: str  # pets.3
    origin: str
    target: str = ""


def moves(recent: Iterable[Moment]) -> tuple[Move, ...]:
    """What left, and what came instead, by the changes of these moments; the newest word on a task counts."""
    found: dict[tuple[str, str], Move] = {}
    for moment in recent:
        for change in moment.changes:
            if change.kind is not ChangeKind.TASK:
                continue
            task = change.subject.removeprefix("task ")
            if change.what == "moved":
                found[task, change.before] = Move(task, change.before, change.node)
            elif change.node and (not change.after or change.after.startswith(_GONE)):
                found.setdefault((task, change.node), Move(task, change.node))
    return tuple(found.values())
