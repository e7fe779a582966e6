"""What the rows at the edges say: header, pane titles, tabs, the strip above the footer, the footer."""

from collections.abc import Callable, Mapping, Sequence

from tui.app.actions import ACTIONS, Action, key_name
from tui.app.paint import Line, Role, Span, cells, line, text_of
from tui.app.signs import Signs
from tui.checks.model import Outcome
from tui.swarm.snapshot import Snapshot
from tui.tutor.shells import NodeShell
from tui.tutor.views import LessonView, Readiness

__all__ = ["banner", "footer", "freshness", "goal_strip", "header", "node_dots", "shell_tabs"]

_LIVE = 3.0  # seconds for which a look at the swarm counts as now: two slow polls and a margin


def header(view: LessonView, width: int) -> Line:
    """The lab, the section, the step: the long form, or a shorter one where that has no room."""
    place = f"step {view.index + 1} of {view.total}"
    section = f"{view.section_number}  {view.section_title}"
    forms = (
        line(
            Span(view.lab_title, Role.STRONG),
            Span(f"   {section}", Role.PLAIN),
            Span(f"   {place}", Role.MUTED),
        ),
        line(Span(section, Role.STRONG), Span(f"   {place}", Role.MUTED)),
        line(Span(f"{view.section_number}", Role.STRONG), Span(f"   {place}", Role.MUTED)),
    )
    return next((form for form in forms if cells(text_of(form)) <= width), forms[-1])


def node_dots(snapshot: Snapshot, names: Sequence[str], signs: Signs) -> Line:
    """A sign for each node: its engine answers, it does not, or it was not asked yet."""
    spans: list[Span] = []
    for name in names:
        engine = snapshot.engines.get(name)
        if engine is None or (not engine.asked and not engine.reachable):
            sign = Span(signs.starting, Role.MUTED)
        elif not engine.reachable:
            sign = Span(signs.down, Role.BAD)
        else:
            sign = Span(signs.running, Role.OK)
        spans.extend((sign, Span(f" {name}  ", Role.MUTED)))
    return (*spans[:-1], Span(f" {names[-1]}", Role.MUTED)) if spans else ()


def freshness(snapshot: Snapshot, now: float, signs: Signs) -> Line:
    """How old the picture is. Whole seconds, so that it changes no more often than that."""
    if not snapshot.taken:
        return ()
    age = max(now - snapshot.taken, 0.0)
    if age < _LIVE:
        return line(Span(f"{signs.running} ", Role.OK), Span("live", Role.MUTED))
    return line(Span(f"{signs.unknown} ", Role.PENDING), Span(f"stale {signs.dot} {int(age)} s ago", Role.PENDING))


def shell_tabs(
    names: Sequence[str], chosen: str, shells: Mapping[str, NodeShell], *, focused: bool, in_front: bool, signs: Signs
) -> Line:
    """A tab for each node. The chosen one is marked by its look, and its neighbours by their missing one."""
    spans: list[Span] = []
    for number, name in enumerate(names, 1):
        shell = shells.get(name)
        down = f" {signs.down}" if shell is not None and not shell.connected else ""
        here = name == chosen and in_front
        role = (Role.FOCUS if focused else Role.CHOSEN) if here else Role.TAB
        edge = signs.focus if here and focused else " "
        spans.append(Span(f"{edge}{number} {name}{down} ", role, f"screen.node('{name}')"))
    return tuple(spans)


def banner(view: LessonView, mend_key: str, free_key: str, stop_key: str, *, fresh: bool) -> str:
    """What stands across the window when something is out of the ordinary; empty when all is as it should be.

    In this order: what is being done, free play, nodes that are not where the lesson is, something that is missing.
    `fresh`: the nodes were made just now.
    """
    sentence = _banner(view, mend_key, free_key, stop_key, fresh=fresh)
    if view.reading_along and not sentence:
        return "Reading along: this lab is open in another window, and nothing you do here is saved."
    return sentence


def _banner(view: LessonView, mend_key: str, free_key: str, stop_key: str, *, fresh: bool) -> str:
    doing = view.doing
    if doing is not None:
        count = f"{doing.done + 1} of {doing.total}, " if doing.total else ""
        now = f": {count}{doing.now}" if doing.now else ""
        return f"{doing.title}{now}   {stop_key} stops it"
    if view.readiness is Readiness.FREE:
        return f"Free play: the nodes are all yours, and nothing is judged. {free_key} takes you back to the lesson."
    if view.readiness is Readiness.BEHIND and fresh:
        return (
            f"Your nodes are new, and the swarm from before is gone. Press {mend_key} to bring them to this step: "
            "the commands of the earlier steps are run for you."
        )
    if view.readiness is Readiness.BEHIND:
        return (
            f"The nodes are not where this step begins. Press {mend_key}, and they are brought here by running the "
            "commands of the earlier steps."
        )
    if view.repair is not None:
        return f"Missing: {view.repair.missing}. Press {mend_key}, which {view.repair.does.replace('`', '')}."
    return ""


def goal_strip(view: LessonView, next_key: str, signs: Signs) -> Line:
    """The step in one line, for when the lesson itself is out of sight."""
    if view.done and view.can_go_on:
        return line(Span(f" {signs.done} ", Role.OK), Span(f"{view.step_title}: done", Role.OK), f"  {next_key} next")
    if view.readiness is Readiness.STARTING:
        return line(Span(f" {signs.starting} ", Role.PENDING), "the nodes are being made")
    if view.readiness is Readiness.FREE:
        return line(Span(f" {signs.paused} ", Role.PENDING), "free play: nothing is judged")
    met = sum(1 for goal in view.goals if goal.outcome is Outcome.PASS)
    for goal in view.goals:
        if goal.outcome is not Outcome.PASS:
            sign = Span(f" {signs.of(goal.outcome)} ", Role.BAD if goal.outcome is Outcome.FAIL else Role.PENDING)
            count = Span(f"{met} of {len(view.goals)}  ", Role.MUTED) if len(view.goals) > 1 else Span("")
            seen = f": {goal.seen}" if goal.seen else ""
            return line(sign, count, f"{goal.goal.replace('`', '')}{seen}")
    return line(f" {view.step_title}")


def footer(keys: Mapping[str, Sequence[str]], works: Callable[[Action], bool], width: int, *, in_shell: bool) -> Line:
    """What works now, by importance, as far as the room goes; shown in the order of the table of actions.

    `keys` are the keys of each action (by id) that reach us from where the focus is.
    """
    items: list[tuple[int, Line]] = []
    seen: set[str] = set()
    for action in ACTIONS:
        names = keys.get(action.id, ())
        if not action.label or not names or not works(action):
            continue
        if action.id == "pane.shell" and not in_shell:
            continue
        if action.group:
            if action.group in seen:
                continue
            seen.add(action.group)
            members = [keys[a.id][0] for a in ACTIONS if a.group == action.group and keys.get(a.id) and works(a)]
            shown = key_name(members[0]) + (f"-{key_name(members[-1])}" if len(members) > 1 else "")
            call = ""
        else:
            shown = key_name(names[0])
            owner = "app" if action.id.startswith("app.") else "screen"
            call = f"{owner}.{action.call}"
        items.append((action.rank, (Span(f" {shown}", Role.KEY, call), Span(f" {action.label} ", Role.MUTED, call))))
    while items and sum(cells(text_of(item)) for _, item in items) > width:
        worst = max(rank for rank, _ in items)
        last = max(number for number, (rank, _) in enumerate(items) if rank == worst)
        del items[last]
    return tuple(span for _, item in items for span in item)
