"""The last minutes of the swarm: what it looked like whenever something had changed, and where one looks in them."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from tui.swarm.changes import Change, ChangeKind, changes
from tui.swarm.snapshot import Service, Snapshot, SwarmNode, Task

__all__ = ["Moment", "Past"]

Row = TypeVar("Row", SwarmNode, Service, Task)

KEPT_SECONDS = 300.0
KEPT_MOMENTS = 600
"""Moments share the rows that did not change between them: one costs little more than its changes."""
KEPT_CHANGES = 500


@dataclass(frozen=True, slots=True)
class Moment:
    """The swarm right after something had changed. `number` counts up and names the moment for good."""

    number: int
    snapshot: Snapshot
    changes: tuple[Change, ...]


class Past:
    """Keeps a moment for every change: five minutes of them, and at most so many. Changes are kept for longer.

    Snapshots that differ in nothing but ages make no moment: between two of them, all was as in the first.
    """

    def __init__(self, seconds: float = KEPT_SECONDS, moments: int = KEPT_MOMENTS) -> None:
        self._seconds = seconds
        self._moments: deque[Moment] = deque(maxlen=moments)
        self._changes: deque[tuple[int, Change]] = deque(maxlen=KEPT_CHANGES)
        self._given: Snapshot | None = None  # the last one, as it came
        self._last: Snapshot | None = None  # the same, with rows shared with those before it
        self._count = 0
        self._seen: int | None = None  # the number of the moment that is looked at; None: now

    # --- what is kept -----------------------------------------------------------------------------------------------

    def add(self, snapshot: Snapshot) -> bool:
        """The swarm was looked at again; returns whether that made a moment. An older one does not count."""
        before = self._last
        if snapshot is self._given or not snapshot.taken or (before is not None and snapshot.taken < before.taken):
            return False
        self._given = snapshot
        if before is not None:
            snapshot = _sharing(before, snapshot)
        self._last = snapshot
        found = () if before is None else (*_voice(before, snapshot), *changes(before, snapshot))
        if before is not None and not found and _rows(before) == _rows(snapshot):
            return False
        self._count += 1
        self._moments.append(Moment(self._count, snapshot, found))
        self._changes.extend((self._count, change) for change in found)
        while len(self._moments) > 1 and self._moments[0].snapshot.taken < snapshot.taken - self._seconds:
            self._moments.popleft()
        if self._seen is not None:
            self._seen = max(self._seen, self._moments[0].number)
        return True

    @property
    def moments(self) -> Sequence[Moment]:
        """What is kept, oldest first."""
        return tuple(self._moments)

    def changes_until(self, moment: Moment | None) -> tuple[tuple[int, Change], ...]:
        """Changes with the numbers of their moments, in the order in which they were seen; None: all of them."""
        if moment is None:
            return tuple(self._changes)
        return tuple((number, change) for number, change in self._changes if number <= moment.number)

    def recent(self, moment: Moment | None, since: float) -> tuple[Moment, ...]:
        """The moments up to that one (None: up to now) that were seen at `since` or later, oldest first."""
        last = self._count if moment is None else moment.number
        found: list[Moment] = []
        for each in reversed(self._moments):
            if each.snapshot.taken < since:
                break
            if each.number <= last:
                found.append(each)
        return tuple(reversed(found))

    # --- where one looks --------------------------------------------------------------------------------------------

    @property
    def moment(self) -> Moment | None:
        """The moment that is looked at; None for now."""
        return None if self._seen is None else self._moments[self._place(self._seen)]

    @property
    def place(self) -> tuple[int, int]:
        """Which moment of how many that is, counted from 1."""
        count = len(self._moments)
        return (count, count) if self._seen is None else (self._place(self._seen) + 1, count)

    @property
    def can_go_back(self) -> bool:
        """Whether there is an earlier moment."""
        return len(self._moments) > 1 and self._seen != self._moments[0].number

    def back(self) -> bool:
        """Look at how it was before the last change that is seen; False where nothing earlier is kept."""
        if not self.can_go_back:
            return False
        place = len(self._moments) - 1 if self._seen is None else self._place(self._seen)
        self._seen = self._moments[place - 1].number
        return True

    def forward(self) -> bool:
        """Look at the next change; from the last one on, at now. False where one looks at now already."""
        if self._seen is None:
            return False
        place = self._place(self._seen) + 1
        self._seen = None if place >= len(self._moments) - 1 else self._moments[place].number
        return True

    def live(self) -> bool:
        """Look at now; False where one does already."""
        was, self._seen = self._seen, None
        return was is not None

    def _place(self, number: int) -> int:
        """Moments are numbered without gaps."""
        return min(max(number - self._moments[0].number, 0), len(self._moments) - 1)


def _rows(snapshot: Snapshot) -> tuple[object, ...]:
    return (snapshot.nodes, snapshot.services, snapshot.tasks)


def _sharing(before: Snapshot, after: Snapshot) -> Snapshot:
    """The later snapshot, with the rows of the earlier one where they say the same: each is then kept once."""
    return replace(
        after,
        nodes=_same(before.nodes, after.nodes),
        services=_same(before.services, after.services),
        tasks=_same(before.tasks, after.tasks),
    )


def _same(old: Sequence[Row], new: Sequence[Row]) -> tuple[Row, ...]:
    known = {row.id: row for row in old}
    return tuple(known[row.id] if known.get(row.id) == row else row for row in new)


def _voice(before: Snapshot, after: Snapshot) -> tuple[Change, ...]:
    """Whether a manager can be asked: what nobody but the view cares about as a change."""
    if before.swarm_known == after.swarm_known or not before.swarm_asked:
        return ()
    words = ("answers", f"no manager can be asked ({after.manager_error})")
    was, now = words if before.swarm_known else ("no manager could be asked", "answers again")
    return (Change(ChangeKind.SWARM, "the swarm", "state", was, now, after.taken),)
