"""The map: a column a node, a block a task, and what is on its way between them. Pure.

The most that has room is shown: a name for each task, or a sign and a letter for each, or counts for each service.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from tui.app.live.blocks import Block, Kind, Placed, counts, place
from tui.app.live.emblems import Emblem
from tui.app.live.moves import Move
from tui.app.paint import Line, Role, Span, cells, clip, flow, hang, line, width_of
from tui.app.signs import Signs
from tui.app.swarm_lines import Look, trouble_lines
from tui.swarm.snapshot import Snapshot, SwarmNode

__all__ = ["map_lines"]

_GAP = 2
_LETTERS = (("L", "leader"), ("M", "manager"))
_WIDEST = 40
_NARROWEST = 15  # «Manager Drain ‖»
_DENSE = 20  # columns of a node that has one row
_HEADING = 2  # rows of a node before its tasks
_PAIR = 3  # a sign, a letter, and the space after them


def map_lines(snapshot: Snapshot, look: Look, moves: Sequence[Move] = ()) -> list[Line]:
    """The whole map, a line each, none wider than the look's width. `moves` are what left its node a moment ago."""
    signs = look.signs
    head = trouble_lines(snapshot, look)
    if not snapshot.nodes:
        head.append(line(Span("No swarm yet: the map shows its nodes, and the tasks that they run.", Role.MUTED)))
        return [clip(each, look.width, signs.ellipsis) for each in head]
    placed = place(snapshot, moves)
    foot = _foot(snapshot, placed, look)
    room = look.height - len(head) - len(foot) - bool(head) - bool(foot)
    forms = _forms(placed, look)
    chosen = next(
        (form for form in forms if not look.height or _height(snapshot, placed, look, form) <= room), forms[-1]
    )
    lines = _grid(snapshot, placed, look, chosen)
    if chosen.dense and any(node.role == "manager" for node in snapshot.nodes):
        letters = [line(Span(letter, Role.ACCENT), Span(f" {word}", Role.MUTED)) for letter, word in _LETTERS]
        foot += flow(letters, look.width)
    whole = [*head, *([()] if head else []), *lines, *([()] if foot else []), *foot]
    return [clip(each, look.width, signs.ellipsis) for each in whole]


@dataclass(frozen=True, slots=True)
class _Form:
    """A way to show a node's tasks: the least width of a column, the rows that they take in one, and the rows."""

    least: int
    rows: Callable[[Sequence[Block], int], int]
    lines: Callable[[Sequence[Block], int], list[Line]]
    dense: bool = False  # a row a node: its name beside its tasks


def _forms(placed: Placed, look: Look) -> list[_Form]:
    """From the most to the least telling."""
    signs = look.signs
    longest = 2 + max((cells(block.name) for on in placed.on.values() for block in on), default=0)
    return [
        _Form(
            min(max(longest, _NARROWEST), _WIDEST),
            lambda blocks, _: len(blocks),
            lambda blocks, _: [_named(block, placed, signs) for block in blocks],
        ),
        _Form(
            _NARROWEST,
            lambda blocks, width: -(-len(blocks) // _pairs_across(width)),
            lambda blocks, width: _pairs(blocks, placed, width, signs),
        ),
        _Form(
            _NARROWEST,
            lambda blocks, _: len({block.service for block in blocks}),
            lambda blocks, _: _counts(blocks, placed, signs),
        ),
        _Form(_DENSE, lambda _blocks, _: 1, lambda blocks, _: [_sum(blocks, signs)], dense=True),
    ]


def _columns(snapshot: Snapshot, look: Look, form: _Form) -> tuple[int, int]:
    """How many nodes have room side by side, and the width of each."""
    across = max(min((look.width + _GAP) // (form.least + _GAP), len(snapshot.nodes)), 1)
    width = look.width if across == 1 else min((look.width + _GAP) // across - _GAP, _WIDEST)
    return across, max(width, 1)


def _height(snapshot: Snapshot, placed: Placed, look: Look, form: _Form) -> int:
    across, width = _columns(snapshot, look, form)
    rows = [max(form.rows(placed.on.get(node.id, ()), width), 1) for node in snapshot.nodes]
    bands = [max(rows[start : start + across]) for start in range(0, len(rows), across)]
    if form.dense:
        return len(bands)
    return sum(bands) + _HEADING * len(bands) + len(bands) - 1


def _grid(snapshot: Snapshot, placed: Placed, look: Look, form: _Form) -> list[Line]:
    """Nodes side by side, as many as have room, and the rest below them."""
    across, width = _columns(snapshot, look, form)
    names = min(max(map(_name_width, snapshot.nodes), default=0), form.least - 6) if form.dense else 0
    confirmed = {engine.node_id for engine in snapshot.engines.values() if engine.node == look.here}
    columns: list[list[Line]] = []
    for node in snapshot.nodes:
        head = _heading(node, here=node.id in confirmed, signs=look.signs)
        body = form.lines(placed.on.get(node.id, ()), width) or [line(Span("empty", Role.MUTED))]
        columns.append([_on_one_row(node, head[0], body[0], names, look.signs)] if form.dense else [*head, *body])
    lines: list[Line] = []
    for start in range(0, len(columns), across):
        if start and not form.dense:
            lines.append(())
        for row in zip_longest(*columns[start : start + across], fillvalue=()):
            lines.append(_beside(row, width, look.signs))
    return lines


def _beside(parts: Sequence[Line], width: int, signs: Signs) -> Line:
    spans: list[Span] = []
    pad = 0
    for part in parts:
        if part:
            if pad:
                spans.append(Span(" " * pad))
            cut = part if width_of(part) <= width else clip(part, width, signs.ellipsis)
            spans.extend(cut)
            pad = width - width_of(cut) + _GAP
        else:
            pad += width + _GAP
    return tuple(spans)


def _name_width(node: SwarmNode) -> int:
    """Cells of the name in a row of its own, with the two marks that may follow it."""
    return cells(node.hostname) + 4


def _on_one_row(node: SwarmNode, name: Line, tasks: Line, width: int, signs: Signs) -> Line:
    """`host16 ‖ 9● 1◌`; managers are told by a letter, what is not ready or takes no tasks by its sign."""
    letter = "L" if node.leader else "M" if node.role == "manager" else ""
    sign = Span("")
    if node.state != "ready":
        sign = Span(f" {signs.down}", Role.BAD)
    elif node.availability != "active":
        sign = Span(f" {signs.paused}", Role.PENDING)
    head = clip((*name, Span(f" {letter}" if letter else "", Role.ACCENT), sign), width, signs.ellipsis)
    return (*head, Span(" " * (width - width_of(head))), *tasks)


def _heading(node: SwarmNode, *, here: bool, signs: Signs) -> list[Line]:
    """The node's name, and below it what it is and whether it takes tasks."""
    role = "Leader" if node.leader else node.role.capitalize()
    name = [Span(node.hostname or node.id[:10], Role.STRONG), Span(" *" if here else "", Role.ACCENT)]
    if node.state != "ready":
        state = Span(f"{node.state.capitalize()} {signs.down}", Role.BAD)
    elif node.availability == "active":
        state = Span("Active", Role.MUTED)
    else:
        state = Span(f"{node.availability.capitalize()} {signs.paused}", Role.PENDING)
    return [tuple(name), (Span(f"{role} ", Role.MUTED), state)]


# --- tasks ---------------------------------------------------------------------------------------------------------


def _sign(kind: Kind, signs: Signs) -> Span:
    match kind:
        case Kind.RUNNING:
            return Span(signs.running, Role.OK)
        case Kind.STARTING:
            return Span(signs.starting, Role.PENDING)
        case Kind.FAILED:
            return Span(signs.failed, Role.BAD)
        case Kind.LEAVING:
            return Span(signs.gone, Role.PENDING)
        case Kind.GHOST:
            return Span(signs.down, Role.BAD)


def _emblem(block: Block, placed: Placed) -> Emblem:
    return placed.emblems.get(block.service) or Emblem(block.name, "?", Role.MUTED)


def _named(block: Block, placed: Placed, signs: Signs) -> Line:
    """`● pets.3`, and what is special about it."""
    faint = block.kind in (Kind.LEAVING, Kind.GHOST)
    name = Span(f" {block.name}", Role.MUTED if faint else _emblem(block, placed).role)
    if block.kind is Kind.LEAVING:
        note = f" to {block.gone_to}" if block.gone_to else f" {'leaving' if block.state == 'running' else 'gone'}"
    elif block.kind is Kind.GHOST:
        note = f" ghost, now on {block.gone_to}" if block.gone_to else " ghost"
    elif block.came_from:
        note = f" {signs.came} {block.came_from}"
    else:
        note = "" if block.kind is Kind.RUNNING else f" {block.state}"
    return (_sign(block.kind, signs), name, Span(note, Role.MUTED)) if note else (_sign(block.kind, signs), name)


def _pairs_across(width: int) -> int:
    return max((width + 1) // _PAIR, 1)


def _pairs(blocks: Sequence[Block], placed: Placed, width: int, signs: Signs) -> list[Line]:
    """A sign and a letter for each task, as many in a row as have room."""
    across = _pairs_across(width)
    lines: list[Line] = []
    for start in range(0, len(blocks), across):
        spans: list[Span] = []
        for block in blocks[start : start + across]:
            emblem = _emblem(block, placed)
            spans += (_sign(block.kind, signs), Span(f"{emblem.letter} ", emblem.role))
        lines.append(tuple(spans))
    return lines


def _counts(blocks: Sequence[Block], placed: Placed, signs: Signs) -> list[Line]:
    """For each service how many tasks there are of each kind: `P 8● 2◌`."""
    by_service: dict[str, list[Block]] = {}
    for block in blocks:
        by_service.setdefault(block.service, []).append(block)
    lines: list[Line] = []
    for its in by_service.values():
        emblem = _emblem(its[0], placed)
        spans = [Span(emblem.letter, emblem.role)]
        for kind, number in counts(its).items():
            spans += (Span(f" {number}"), _sign(kind, signs))
        lines.append(tuple(spans))
    return lines


def _sum(blocks: Sequence[Block], signs: Signs) -> Line:
    """How many tasks of each kind, of all services together."""
    parts = [(Span(f" {number}"), _sign(kind, signs)) for kind, number in counts(blocks).items()]
    return tuple(span for part in parts for span in part) if parts else line(Span(f" {signs.dash}", Role.MUTED))


# --- below the nodes -----------------------------------------------------------------------------------------------


def _foot(snapshot: Snapshot, placed: Placed, look: Look) -> list[Line]:
    """Tasks without a node, and what the letters mean."""
    lines: list[Line] = []
    signs = look.signs
    if placed.nowhere:
        names = ", ".join(block.name for block in placed.nowhere[:8])
        more = len(placed.nowhere) - 8
        text = f"on no node yet: {names}" + (f" and {more} more" if more > 0 else "")
        text += f": {placed.why_nowhere}" if placed.why_nowhere else ""
        lines += hang(line(Span(f"{signs.starting} ", Role.PENDING)), line(text), look.width)
    running = dict.fromkeys(placed.emblems, 0)
    for blocks in placed.on.values():
        for block in blocks:
            if block.kind is Kind.RUNNING and block.service in running:
                running[block.service] += 1
    legend: list[Line] = []
    for service in snapshot.services:
        emblem, wanted = placed.emblems[service.id], snapshot.wanted(service)
        role = Role.OK if running[service.id] == wanted else Role.PENDING
        count = Span(f"{running[service.id]}/{wanted}", role)
        legend.append((Span(emblem.letter, emblem.role), Span(f" {service.name} "), count))
    lines += flow(legend, look.width)
    kinds = counts([block for blocks in placed.on.values() for block in blocks])
    if any(kind is not Kind.RUNNING for kind in kinds):
        lines += flow([(_sign(kind, signs), Span(f" {kind.value}", Role.MUTED)) for kind in kinds], look.width)
    return lines
