"""The events: what changed, to the tenth of a second, from what to what, the newest at the bottom. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import floor

from tui.app.paint import Line, Role, Span, cells, clip, hang, line
from tui.app.signs import Signs
from tui.app.swarm_lines import Look, trouble_lines
from tui.swarm.changes import Change, ChangeKind
from tui.swarm.snapshot import Snapshot

__all__ = ["EVERYTHING", "Filter", "clock", "events_lines", "filters"]

_TIME = 13  # columns of the mark, the time and the space after it
_SUBJECT = 26  # the most columns of a subject, if all are to stand below each other; and of a node
_NODE = 14
_CHANGE = 22  # what a change itself needs at least, to stand beside them
_MOST_OBJECTS = 16
_TASK_ID = re.compile(r"\.[a-z0-9]{25}$")

_GROUPS = {
    "tasks": (ChangeKind.TASK,),
    "services": (ChangeKind.SERVICE,),
    "nodes": (ChangeKind.NODE, ChangeKind.SWARM, ChangeKind.ENGINE),
    "containers": (ChangeKind.CONTAINER, ChangeKind.IMAGE),
    "networks, secrets and configs": (ChangeKind.NETWORK, ChangeKind.SECRET, ChangeKind.CONFIG),
}
_GOOD = ("running", "ready", "active", "answers", "leader", "reachable", "healthy")
_BAD = ("failed", "rejected", "orphaned", "down", "unreachable", "dead", "unhealthy", "no manager")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events are shown: those of some kinds, or those of one service or node. Empty: all."""

    label: str
    kinds: tuple[ChangeKind, ...] = ()
    subject: str = ""  # a service's or a node's name

    def shows(self, change: Change) -> bool:
        """Whether the change is among them. A service's tasks are the service's, what happens on a node the node's."""
        if self.kinds and change.kind not in self.kinds:
            return False
        if not self.subject:
            return True
        name = change.subject.partition(" ")[2]
        moved_from = change.before if change.what == "moved" else ""
        return self.subject in (name, change.node, moved_from) or name.startswith(f"{self.subject}.")


EVERYTHING = Filter("everything")


def filters(changes: Iterable[Change]) -> tuple[Filter, ...]:
    """What can be chosen, in the order of choosing: everything, the kinds that occurred, then each service and node."""
    kinds: set[ChangeKind] = set()
    services: dict[str, None] = {}
    nodes: dict[str, None] = {}
    for change in changes:
        kinds.add(change.kind)
        name = change.subject.partition(" ")[2]
        if change.kind is ChangeKind.SERVICE:
            services[name] = None
        elif change.kind is ChangeKind.TASK and "." in name:
            services[name.rpartition(".")[0]] = None
        if change.node:
            nodes[change.node] = None
    groups = [Filter(label, group) for label, group in _GROUPS.items() if kinds.intersection(group)]
    objects = [Filter(name, subject=name) for name in (*sorted(services), *sorted(nodes))]
    return (EVERYTHING, *groups, *objects[:_MOST_OBJECTS])


def events_lines(
    snapshot: Snapshot,
    look: Look,
    changes: Sequence[tuple[int, Change]],
    chosen: Filter = EVERYTHING,
    *,
    moment: int = 0,
    filter_key: str = "",
) -> list[Line]:
    """Every change with the number of its moment; those of `moment` are marked (0: none is)."""
    signs = look.signs
    shown = [(number, change) for number, change in changes if chosen.shows(change)]
    shown.sort(key=lambda each: each[1].at)  # of several nodes one hears in another order
    lines = trouble_lines(snapshot, look)
    if chosen is not EVERYTHING:
        count = f"{len(shown)} of {len(changes)}"
        text = f"only {chosen.label}: {count}" + (f" {signs.dot} {filter_key} shows others" if filter_key else "")
        lines += [line(Span(text, Role.MUTED))]
    if lines and shown:
        lines.append(())
    subject, node = _columns(shown, look.width)
    lines = [clip(each, look.width, signs.ellipsis) for each in lines]
    for number, change in shown:
        lines += _event(change, look.width, subject, node, signs, marked=number == moment)
    if not shown:
        said = "Nothing has changed yet." if chosen is EVERYTHING else "None of these changed."
        lines += [clip(line(Span(said, Role.MUTED)), look.width, signs.ellipsis)]
    return lines


def clock(at: float) -> str:
    """The time of day here, to the tenth of a second: 12:04:31.2. What is no time of day is shown as such."""
    tenths = floor(at * 10)
    try:
        return f"{datetime.fromtimestamp(tenths // 10):%H:%M:%S}.{tenths % 10}"
    except (OverflowError, ValueError, OSError):
        return "--:--:--.-"


def _columns(shown: Sequence[tuple[int, Change]], width: int) -> tuple[int, int]:
    """The widths of subjects and nodes; nothing where changes have no room beside them."""
    subject = max(map(cells, {_subject(change) for _, change in shown}), default=0) + 2
    node = max(map(cells, {_place(change) for _, change in shown}), default=0) + 2
    subject, node = min(subject, _SUBJECT), min(node, _NODE)
    return (subject, node) if width - _TIME - subject - node >= _CHANGE else (0, 0)


def _subject(change: Change) -> str:
    """`pets.3`; of a task's container without the task's id, which says nothing that the node does not say."""
    if change.kind is ChangeKind.CONTAINER:
        return _TASK_ID.sub("", change.subject)
    return change.subject.removeprefix("task ")


def _place(change: Change) -> str:
    return "" if change.subject.endswith(f" {change.node}") else change.node


@lru_cache(maxsize=2048)
def _event(change: Change, width: int, subject: int, node: int, signs: Signs, *, marked: bool) -> tuple[Line, ...]:
    """Kept: a change says the same for ever, and hundreds of them are shown again with every new one."""
    edge = Span(f"{signs.pointer if marked else ' '}", Role.ACCENT)
    time = Span(f"{clock(change.at)}  ", Role.MUTED)
    name, place = _subject(change), _place(change)
    if subject:
        name = Span(name + " " * max(subject - cells(name), 2), Role.STRONG)
        place = Span(place + " " * max(node - cells(place), 2), Role.MUTED)
        rows = hang((edge, time, name, place), _what(change, signs), width)
        return tuple(clip(row, width, signs.ellipsis) for row in rows)
    where = Span(f" on {place}" if place else "", Role.MUTED)
    rows = [(edge, time, Span(name, Role.STRONG), where), *hang((Span("   "),), _what(change, signs), width)]
    return tuple(clip(row, width, signs.ellipsis) for row in rows)


def _what(change: Change, signs: Signs) -> Line:
    """`availability active → drain`."""
    aspect = "" if change.what == "state" else f"{change.what} "
    before = f"{aspect}{change.before.removeprefix(f'{change.what}: ')} {signs.gone} "  # `health: starting`
    if not change.before:
        return line(Span(change.after, _role(change.after)))
    if not change.after:
        return line(Span(before, Role.MUTED), Span("removed", Role.PENDING))
    return line(Span(before, Role.MUTED), Span(change.after, _role(change.after)))


def _role(word: str) -> Role:
    if word.startswith(_BAD):
        return Role.BAD
    return Role.OK if word.startswith(_GOOD) else Role.PLAIN
