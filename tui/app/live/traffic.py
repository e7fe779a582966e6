"""The traffic: requests through each node, which replica answered them, and what failed. Pure."""

from collections import Counter
from collections.abc import Sequence

from tui.app.live.emblems import emblems
from tui.app.live.traffic_log import Asker, Request
from tui.app.paint import Line, Role, Span, clip, hang, line
from tui.app.signs import ASCII, Signs
from tui.app.swarm_lines import Look, mesh_line, trouble_lines
from tui.app.tables import Column, table
from tui.checks.model import WebTarget
from tui.swarm.changes import task_name
from tui.swarm.snapshot import Snapshot

__all__ = ["WINDOW_SECONDS", "sparkline", "traffic_lines"]

WINDOW_SECONDS = 30.0
_BUCKETS = 10
_LEVELS = "▁▂▃▄▅▆▇█"
_ASCII_LEVELS = ".:-=+*#@"
_BAR = 10


def traffic_lines(snapshot: Snapshot, look: Look, requests: Sequence[Request]) -> list[Line]:
    """For each port that was asked in the last half minute: the nodes asked, and the replicas that answered."""
    recent = [request for request in requests if request.at > look.now - WINDOW_SECONDS]
    lines = trouble_lines(snapshot, look)
    if lines:
        lines.append(())
    if not recent:
        lines += hang((), line(Span(_why_none(snapshot), Role.MUTED)), look.width)
    pages = sorted({(request.target.port, request.target.path) for request in recent})
    for number, (port, path) in enumerate(pages):
        its = [request for request in recent if (request.target.port, request.target.path) == (port, path)]
        if number:
            lines.append(())
        said = f" {look.signs.dot} {len(its)} in {WINDOW_SECONDS:.0f} s: {_askers(its)}"
        lines += hang(line(Span(f"GET :{port}{path}", Role.STRONG)), line(Span(said, Role.MUTED)), look.width)
        lines += _through(its, look)
        lines.append(())
        lines += _answered(snapshot, its, look)
    if recent:
        lines += [(), *mesh_line(look)] if look.mesh else []
    return [clip(each, look.width, look.signs.ellipsis) for each in lines]


def _why_none(snapshot: Snapshot) -> str:
    ports = sorted({port.published for service in snapshot.services for port in service.ports if port.published})
    if not ports:
        return (
            "No requests: no service publishes a port. Once one does, this view asks it through every node and shows "
            "which replica answered; so it does with your own curl node1:PORT."
        )
    return f"No requests in the last half minute; port {', '.join(map(str, ports))} is asked while this view is open."


_WHOSE = {Asker.YOU: "yours", Asker.LESSON: "the lesson's", Asker.VIEW: "this view's"}


def _askers(requests: Sequence[Request]) -> str:
    """`3 yours, 27 this view's`."""
    counted = Counter(request.by for request in requests)
    return ", ".join(f"{counted[asker]} {whose}" for asker, whose in _WHOSE.items() if counted[asker])


def _through(requests: Sequence[Request], look: Look) -> list[Line]:
    """A row for each node that was asked: its last answer, how many there were, and how many failed."""
    signs = look.signs
    by_target: dict[WebTarget, list[Request]] = {}
    for request in requests:
        by_target.setdefault(request.target, []).append(request)
    rows = [by_target[target] for target in sorted(by_target, key=lambda target: target.node)]
    columns = (
        Column(("THROUGH",), tuple(line(row[-1].target.node) for row in rows), least=6),
        Column(("LAST ANSWER", "LAST"), tuple(_last(row[-1], signs) for row in rows), least=8),
        Column(("ASKED",), tuple(line(str(len(row))) for row in rows), drop=1),
        *_yours("BY YOU", rows),
        Column(("FAILED",), tuple(_failures(row) for row in rows)),
        Column(("LAST 30 S",), tuple(_spark(row, look, Role.PLAIN) for row in rows), drop=2),
    )
    return table(columns, look.width, ellipsis=signs.ellipsis)


def _yours(head: str, rows: Sequence[Sequence[Request]]) -> list[Column]:
    """How many of each row's the learner asked, where there are any."""
    mine = [sum(1 for request in row if request.by is Asker.YOU) for row in rows]
    if not any(mine):
        return []
    return [Column((head,), tuple(line(Span(str(count), Role.STRONG if count else Role.MUTED)) for count in mine))]


def _failed(request: Request) -> bool:
    return not 200 <= request.answer.status < 400


def _last(request: Request, signs: Signs) -> Line:
    answer = request.answer
    if not _failed(request) and request.by is Asker.YOU:  # how it came to the shell, nobody measured
        return line(Span(f"{signs.running} ", Role.OK), "answered")
    if not _failed(request):
        return line(Span(f"{signs.running} ", Role.OK), f"{answer.status}  {answer.seconds * 1000:.0f} ms")
    said = str(answer.status) if answer.status else _in_short(answer.error, request.target.node)
    return line(Span(f"{signs.failed} {said}", Role.BAD))


def _in_short(error: str, node: str) -> str:
    """`node3 does not answer: …` is said in node3's own row."""
    return error.removeprefix(f"{node} ").partition(":")[0] or "no answer"


def _failures(requests: Sequence[Request]) -> Line:
    failed = sum(1 for request in requests if _failed(request))
    return line(Span(str(failed), Role.BAD if failed else Role.MUTED))


def _answered(snapshot: Snapshot, requests: Sequence[Request], look: Look) -> list[Line]:
    """A row for each replica that answered: its share, as a number, a bar, and over time."""
    answered = [request for request in requests if request.answer.served_by and not _failed(request)]
    if not answered:
        return [line(Span("no answer named its replica", Role.MUTED))]
    marks = {emblem.name: emblem for emblem in emblems(snapshot.services).values()}
    shares = Counter(request.answer.served_by for request in answered)
    names = {served_by: _replica(snapshot, served_by) for served_by in shares}
    order = sorted(shares, key=lambda served_by: names[served_by])
    hues = {by: marks[n.rpartition(".")[0]].role for by in order if (n := names[by][0]).rpartition(".")[0] in marks}
    by_replica = {by: [request for request in answered if request.answer.served_by == by] for by in order}
    columns = (
        Column(("ANSWERED BY",), tuple(line(Span(names[by][0], hues.get(by, Role.PLAIN))) for by in order), least=9),
        Column(("NODE",), tuple(line(names[by][1]) for by in order), least=5, drop=3),
        Column(("COUNT",), tuple(line(str(shares[by])) for by in order)),
        *_yours("TO YOU", [by_replica[by] for by in order]),
        Column(
            ("SHARE",),
            tuple(_share(shares[by], len(answered), hues.get(by, Role.MUTED), look.signs) for by in order),
            drop=1,
        ),
        Column(("LAST 30 S",), tuple(_spark(by_replica[by], look, hues.get(by, Role.PLAIN)) for by in order), drop=2),
    )
    return table(columns, look.width, ellipsis=look.signs.ellipsis)


def _replica(snapshot: Snapshot, served_by: str) -> tuple[str, str]:
    """The task whose container answered, and its node; what the answer said where no task is known for it."""
    for task in snapshot.tasks:
        if task.container_id and len(served_by) >= 12 and task.container_id.startswith(served_by):
            return task_name(snapshot, task), snapshot.node_name(task.node_id)
    return served_by, ""


def _share(count: int, of: int, role: Role, signs: Signs) -> Line:
    full = round(_BAR * count / of)
    mark = "#" if signs is ASCII else "█"
    return line(Span(mark * full, role), f"{' ' * (_BAR - full)} {100 * count / of:3.0f} %")


def _spark(requests: Sequence[Request], look: Look, role: Role) -> Line:
    counted = [0] * _BUCKETS
    for request in requests:
        place = int((request.at - look.now + WINDOW_SECONDS) / WINDOW_SECONDS * _BUCKETS)
        counted[min(max(place, 0), _BUCKETS - 1)] += 1
    return line(Span(sparkline(counted, _ASCII_LEVELS if look.signs is ASCII else _LEVELS), role))


def sparkline(numbers: Sequence[int], levels: str = _LEVELS) -> str:
    """A sign for each number, as high as it is beside the greatest; a space for none."""
    top = max(numbers, default=0)
    return "".join(levels[(number * len(levels) - 1) // top] if number > 0 else " " for number in numbers)
