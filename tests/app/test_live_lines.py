"""The lines of the live views: pure functions of snapshots, changes and requests."""

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.app.fakes import IDS, engines_only, pets_task, six_pets, swarm_of_three
from tests.unit.factories import large_swarm
from tui.app.live.asking import MOST_PAGES, pages_to_ask
from tui.app.live.blocks import Kind, place
from tui.app.live.emblems import emblems
from tui.app.live.events import EVERYTHING, clock, events_lines, filters
from tui.app.live.map import map_lines
from tui.app.live.moves import Move, moves
from tui.app.live.past import Past
from tui.app.live.traffic import sparkline, traffic_lines
from tui.app.live.traffic_log import Asker, Request, TrafficLog
from tui.app.live.views import LiveViews, View
from tui.app.paint import Line, Role, cells, text_of
from tui.app.signs import ASCII, UNICODE, Signs
from tui.app.swarm_lines import Look
from tui.checks.model import WebTarget
from tui.playground.model import WebAnswer
from tui.swarm.changes import Change, ChangeKind
from tui.swarm.snapshot import PublishedPort, Service, Snapshot, SwarmNode, Task
from tui.tutor.web_requests import OwnRequest

NOW = 1_700_000_000.0
TARGET = WebTarget("node1", 5000)


def look(width: int = 100, height: int = 0, signs: Signs = UNICODE, now: float | None = None) -> Look:
    return Look(width=width, now=time.time() if now is None else now, height=height, here="node1", signs=signs)


def text(lines: list[Line]) -> str:
    return "\n".join(text_of(each).rstrip() for each in lines)


def draining() -> tuple[Snapshot, Snapshot, Snapshot]:
    """Six pets; node2 is drained and its pets.3 begins on node3; then the old pets.3 has ended."""
    before = replace(six_pets(), taken=NOW)
    told = [replace(t, desired="shutdown") if t.node_id == IDS["node2"] else t for t in before.tasks]
    under_way = swarm_of_three(*told, pets_task(3, "node3", state="starting"), drained="node2")
    ended = [replace(t, state="shutdown") if t.slot == 3 and t.desired == "shutdown" else t for t in under_way.tasks]
    return before, replace(under_way, taken=NOW + 1), replace(under_way, taken=NOW + 2, tasks=tuple(ended))


# --- the map -------------------------------------------------------------------------------------------------------


def test_the_map_has_a_column_for_each_node_with_what_it_is() -> None:
    rows = text(map_lines(six_pets(), look())).splitlines()
    assert rows[0].split() == ["node1", "*", "node2", "node3"]
    assert rows[1].split() == ["Leader", "Active", "Worker", "Active", "Worker", "Active"]
    assert rows[2].split() == ["●", "pets.1", "●", "pets.3", "●", "pets.2"]
    assert "◌ pets.5 preparing" in rows[3]
    assert rows[5] == "P pets 4/6"


def test_a_drained_nodes_tasks_are_seen_leaving_and_appearing() -> None:
    past = Past()
    _, under_way, ended = draining()
    for snapshot in draining():
        assert past.add(snapshot)
    for snapshot in (under_way, ended):
        shown = text(map_lines(snapshot, look(), moves(past.moments)))
        assert "Drain ‖" in shown
        assert "→ pets.3 to node3" in shown
        assert "◌ pets.3 ← node2" in shown
        assert "→ leaving" in shown
    later = text(map_lines(ended, look(), moves(past.recent(None, NOW + 9))))
    assert "to node3" not in later
    assert "← node2" not in later


def test_tasks_on_a_dead_node_are_ghosts_and_do_not_count() -> None:
    old = pets_task(1, "node3", desired="shutdown")
    shown = text(map_lines(swarm_of_three(old, pets_task(1, "node1"), replicas=1, down="node3"), look()))
    assert "Down ⌁" in shown
    assert "⌁ pets.1 ghost" in shown
    assert "P pets 1/1" in shown
    assert "node3 does not answer: no answer in 3 s" in shown


def test_what_has_no_node_says_why() -> None:
    waiting = pets_task(2, "", state="pending", error="no suitable node (max replicas per node limit exceed)")
    shown = text(map_lines(swarm_of_three(pets_task(1, "node1"), waiting, replicas=2), look()))
    assert "◌ on no node yet: pets.2: no suitable node" in shown


def test_a_failed_try_is_shown_until_something_takes_its_place() -> None:
    failed = pets_task(1, "node2", state="failed", created=1)
    alone = place(swarm_of_three(failed, replicas=1), ())
    assert [block.kind for block in alone.on[IDS["node2"]]] == [Kind.FAILED]
    replaced = place(swarm_of_three(failed, pets_task(1, "node1"), replicas=1), ())
    assert replaced.on[IDS["node2"]] == []


def test_names_make_way_for_signs_and_those_for_counts() -> None:
    snapshot = large_swarm(6, 60)
    named = text(map_lines(snapshot, look(120, 40)))
    assert "● ab.2" in named
    pairs = text(map_lines(snapshot, look(120, 12)))
    assert "●A" in pairs
    assert "ab.2" not in pairs
    counted = text(map_lines(snapshot, look(50, 11)))
    assert "A 9● 1◌" in counted
    dense = text(map_lines(snapshot, look(50, 8)))
    assert dense.splitlines()[0].split() == ["host0", "9●", "1◌", "host1", "9●", "1◌"]


def test_services_are_told_apart_by_letters_beside_their_colours() -> None:
    names = ("pets", "pots", "pets2", "äöü", "p", "s", "t")
    made = emblems([Service(str(number), name, "", "replicated", 1) for number, name in enumerate(names)])
    letters = [emblem.letter for emblem in made.values()]
    assert letters == ["P", "O", "E", "A", "B", "S", "T"]
    assert len({emblem.role for emblem in made.values()}) == 6
    assert all(emblem.role.value.startswith("hue") for emblem in made.values())


def test_without_a_swarm_the_map_says_so() -> None:
    assert "No swarm yet" in text(map_lines(Snapshot(taken=NOW), look()))


# --- the past ------------------------------------------------------------------------------------------------------


def test_only_what_changed_makes_a_moment() -> None:
    past = Past()
    first, second, third = draining()
    assert past.add(first)
    assert not past.add(first)
    assert not past.add(replace(first, taken=NOW + 0.5, swarm_asked=NOW + 0.5))
    assert past.add(second)
    assert past.add(third)
    assert [moment.number for moment in past.moments] == [1, 2, 3]


def test_moments_share_what_did_not_change() -> None:
    past = Past()
    past.add(large_swarm(3, 9))
    later = large_swarm(3, 9)
    past.add(replace(later, taken=NOW + 1, tasks=(replace(later.tasks[0], state="failed"), *later.tasks[1:])))
    first, second = (moment.snapshot for moment in past.moments)
    assert second.tasks[0] is not first.tasks[0]
    assert all(one is other for one, other in zip(first.tasks[1:], second.tasks[1:], strict=True))
    assert not past.add(replace(later, taken=NOW - 1, tasks=()))


def test_one_steps_back_and_forward_and_comes_back_to_now() -> None:
    past = Past()
    for snapshot in draining():
        past.add(snapshot)
    assert past.moment is None
    assert past.back()
    assert past.moment is not None
    assert past.moment.snapshot.taken == NOW + 1
    assert past.back()
    assert past.place == (1, 3)
    assert not past.back()
    assert past.forward()
    assert past.place == (2, 3)
    assert past.forward()
    assert past.moment is None
    assert not past.forward()
    assert not past.live()


def test_the_past_is_bounded_and_one_who_looks_at_it_stays_in_it() -> None:
    past = Past(seconds=10, moments=5)
    first = draining()[0]
    for number in range(5):
        past.add(replace(first, taken=NOW + number, tasks=first.tasks[:number]))
    for _ in range(4):
        past.back()
    assert past.place == (1, 5)
    for number in range(5, 30):
        past.add(replace(first, taken=NOW + 100 * number, tasks=first.tasks[: number % 3]))
    assert len(past.moments) == 1
    assert past.moment is past.moments[0]
    assert not past.can_go_back


def test_that_nobody_can_be_asked_is_a_change() -> None:
    past = Past()
    first = draining()[0]
    past.add(first)
    past.add(replace(first, taken=NOW + 1, manager="", manager_error="node1 has no leader"))
    past.add(replace(first, taken=NOW + 2))
    shown = text(events_lines(first, look(200, now=NOW), past.changes_until(None)))
    assert "answers → no manager can be asked (node1 has no leader)" in shown
    assert "no manager could be asked → answers again" in shown


# --- events --------------------------------------------------------------------------------------------------------


def test_a_change_is_told_from_what_to_what_and_when(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    change = Change(ChangeKind.TASK, "task pets.3", "state", "running", "shutdown", NOW + 0.27, "node2")
    (row,) = events_lines(Snapshot(taken=NOW), look(now=NOW), [(1, change)], moment=1)
    assert text_of(row).split() == ["▸22:13:20.2", "pets.3", "node2", "running", "→", "shutdown"]
    narrow = text(events_lines(Snapshot(taken=NOW), look(30, now=NOW), [(1, change)])).splitlines()
    assert narrow == [" 22:13:20.2  pets.3 on node2", "   running → shutdown"]
    monkeypatch.undo()
    time.tzset()


def test_events_stand_in_the_order_in_which_they_happened() -> None:
    told = [
        (number, Change(ChangeKind.TASK, f"task pets.{number}", "state", "new", "running", NOW + at, "node1"))
        for number, at in ((1, 2.0), (2, 0.5), (3, 1.0))
    ]
    rows = text(events_lines(Snapshot(taken=NOW), look(now=NOW), told, moment=3)).splitlines()
    assert [row.split()[1] for row in rows] == ["pets.2", "pets.3", "pets.1"]
    assert [row[0] for row in rows] == [" ", "▸", " "]


def test_a_tasks_container_is_told_without_the_tasks_id() -> None:
    name = f"container pets.3.{'z0xl4' * 5}"
    change = Change(ChangeKind.CONTAINER, name, "health", "health: starting", "healthy", NOW, "node2")
    (row,) = events_lines(Snapshot(taken=NOW), look(64, now=NOW), [(1, change)])
    assert text_of(row).split()[1:] == ["container", "pets.3", "node2", "health", "starting", "→", "healthy"]
    mine = Change(ChangeKind.CONTAINER, "container bold_bell", "state", "", "running", NOW, "node2")
    (row,) = events_lines(Snapshot(taken=NOW), look(64, now=NOW), [(1, mine)])
    assert text_of(row).split()[1:] == ["container", "bold_bell", "node2", "running"]


def test_events_are_chosen_by_kind_service_and_node() -> None:
    past = Past()
    for snapshot in draining():
        past.add(snapshot)
    seen = past.changes_until(None)
    choices = filters(change for _, change in seen)
    assert [each.label for each in choices] == ["everything", "tasks", "nodes", "pets", "node2", "node3"]
    by_label = {each.label: each for each in choices}
    only = text(events_lines(draining()[2], look(), seen, by_label["nodes"], filter_key="f"))
    assert "availability active → drain" in only
    assert "pets.3" not in only
    assert f"only nodes: 1 of {len(seen)} · f shows others" in only
    moved = [change for _, change in seen if change.what == "moved"]
    assert all(by_label["node2"].shows(change) and by_label["node3"].shows(change) for change in moved)
    assert moved
    assert "None of these changed." in text(events_lines(draining()[2], look(), [], by_label["pets"]))


def test_a_time_that_is_none_does_not_break_the_clock() -> None:
    assert clock(1e300) == "--:--:--.-"


# --- traffic -------------------------------------------------------------------------------------------------------


def test_answers_are_taken_once_each_with_their_moment() -> None:
    log = TrafficLog()
    one, two, three = (WebAnswer(200, served_by="abc", seconds=number) for number in (0.1, 0.2, 0.3))
    assert log.see({TARGET: (one, two)}, NOW)
    assert not log.see({TARGET: (one, two)}, NOW + 1)
    assert log.see({TARGET: (two, three)}, NOW + 2)
    assert [(request.at, request.answer) for request in log.until(NOW + 2)] == [
        (NOW, one),
        (NOW, two),
        (NOW + 2, three),
    ]
    assert len(log.until(NOW + 1)) == 2
    assert not log.see({}, NOW + 400)
    assert log.until(NOW + 400) == ()


def test_traffic_names_replicas_shares_and_failures() -> None:
    snapshot = swarm_of_three(
        pets_task(1, "node1", container_id="a" * 64), pets_task(2, "node3", container_id="b" * 64), replicas=2
    )
    answers = [WebAnswer(200, served_by="a" * 12, seconds=0.003)] * 3 + [WebAnswer(200, served_by="b" * 12)]
    requests = [Request(NOW - 3, TARGET, answer) for answer in answers]
    requests.append(Request(NOW - 1, WebTarget("node2", 5000), WebAnswer(0, error="connection refused")))
    shown = text(traffic_lines(snapshot, look(now=NOW), requests))
    assert "GET :5000/ · 5 in 30 s: 5 the lesson's" in shown
    assert "YOU" not in shown
    rows = [row.split() for row in shown.splitlines()]
    assert ["node1", "●", "200", "0", "ms", "4", "0"] in [row[:7] for row in rows]
    assert ["node2", "✖", "connection", "refused", "1", "1"] in [row[:6] for row in rows]
    assert ["pets.1", "node1", "3", "████████", "75", "%"] in [row[:6] for row in rows]
    assert ["pets.2", "node3", "1", "██", "25", "%"] in [row[:6] for row in rows]


def test_the_learners_own_requests_are_told_apart_from_the_views() -> None:
    snapshot = swarm_of_three(pets_task(1, "node1", container_id="a" * 64), replicas=1)
    answer = WebAnswer(200, served_by="a" * 12, seconds=0.003)
    requests = [Request(NOW - 3, TARGET, answer, Asker.VIEW) for _ in range(3)]
    requests += [Request(NOW - 2, WebTarget("node2", 5000), WebAnswer(200, served_by="a" * 12), Asker.YOU)]
    shown = text(traffic_lines(snapshot, look(now=NOW), requests))
    assert "GET :5000/ · 4 in 30 s: 1 yours, 3 this view's" in shown
    rows = [row.split() for row in shown.splitlines()]
    assert ["THROUGH", "LAST", "ANSWER", "ASKED", "BY", "YOU", "FAILED"] in [row[:7] for row in rows]
    assert ["node1", "●", "200", "3", "ms", "3", "0", "0"] in [row[:8] for row in rows]
    assert ["node2", "●", "answered", "1", "1", "0"] in [row[:6] for row in rows]
    assert ["pets.1", "node1", "4", "1"] in [row[:4] for row in rows]


def test_own_requests_are_taken_once_each_at_their_own_moments() -> None:
    log = TrafficLog()
    first, second, third = (OwnRequest(NOW + number, TARGET, WebAnswer(200)) for number in range(3))
    assert log.see_own([first, second])
    assert not log.see_own([first, second])
    assert log.see_own([second, third])
    assert [(request.at, request.by) for request in log.until(NOW + 9)] == [(NOW + n, Asker.YOU) for n in range(3)]
    assert list(log.between(NOW, NOW + 1)) == [Request(NOW + 1, TARGET, WebAnswer(200), Asker.YOU)]


def test_the_view_asks_what_is_published_through_every_node_of_the_swarm() -> None:
    running = swarm_of_three(pets_task(1, "node2"), replicas=1)
    through = [WebTarget(node, 5000) for node in ("node1", "node2", "node3")]
    assert list(pages_to_ask(running, ())) == through
    assert list(pages_to_ask(running, [WebTarget("node2", 5000, "/kind")])) == [through[0], through[2]]
    assert pages_to_ask(engines_only(), ()) == ()
    ports = (PublishedPort(53, 53, "udp"), PublishedPort(8080, 80, mode="host"), PublishedPort(0, 80))
    elsewhere = replace(running, services=tuple(replace(service, ports=ports) for service in running.services))
    assert pages_to_ask(elsewhere, ()) == (WebTarget("node2", 8080),)
    many = tuple(PublishedPort(port, 80) for port in range(6000, 6100))
    crowded = replace(running, services=tuple(replace(service, ports=many) for service in running.services))
    assert len(pages_to_ask(crowded, ())) == MOST_PAGES


def test_what_a_silent_node_did_not_answer_is_told_in_short() -> None:
    silent = WebAnswer(0, error="node3 does not answer: connection refused")
    shown = text(traffic_lines(six_pets(), look(64, now=NOW), [Request(NOW, WebTarget("node3", 5000), silent)]))
    assert ["node3", "✖", "does", "not", "answer", "1", "1"] in [row.split()[:7] for row in shown.splitlines()]


def test_without_requests_traffic_says_when_there_will_be_some() -> None:
    assert "port 5000 is asked while this view is open" in text(traffic_lines(six_pets(), look(200), []))
    assert "no service publishes a port" in text(traffic_lines(engines_only(), look(200), []))


def test_sparklines_are_as_high_as_the_greatest() -> None:
    assert sparkline([0, 1, 4, 8]) == " ▁▄█"
    assert sparkline([0, 0]) == "  "
    assert sparkline([]) == ""


# --- all of them ---------------------------------------------------------------------------------------------------

WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=30
)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Swarms as nobody made them: nodes that share names, tasks of services and nodes that are gone, any words."""
    nodes = tuple(
        SwarmNode(
            str(number),
            draw(WORDS),
            draw(st.sampled_from(["manager", "worker"])),
            draw(st.sampled_from(["active", "drain", "pause"])),
            draw(st.sampled_from(["ready", "down", "unknown"])),
        )
        for number in range(draw(st.integers(0, 5)))
    )
    services = tuple(
        Service(f"s{number}", draw(WORDS), "i", "replicated", draw(st.one_of(st.none(), st.integers(0, 9))))
        for number in range(draw(st.integers(0, 3)))
    )
    tasks = tuple(
        Task(
            id=str(number),
            service_id=draw(st.sampled_from(["s0", "s1", "gone"])),
            slot=draw(st.integers(0, 3)),
            node_id=draw(st.sampled_from(["0", "1", "gone", ""])),
            desired=draw(st.sampled_from(["running", "ready", "shutdown", "remove"])),
            state=draw(st.sampled_from(["new", "running", "preparing", "failed", "rejected", "complete", "shutdown"])),
            error=draw(WORDS),
            created=float(number),
        )
        for number in range(draw(st.integers(0, 12)))
    )
    return Snapshot(taken=NOW, nodes=nodes, services=services, tasks=tasks, manager_error=draw(WORDS), swarm_asked=NOW)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(snapshots(), min_size=1, max_size=4),
    st.integers(24, 200),
    st.integers(0, 60),
    st.sampled_from([UNICODE, ASCII]),
    st.lists(st.tuples(st.sampled_from(["node1", "x"]), st.integers(0, 600), WORDS), max_size=8),
)
def test_no_view_ever_raises_or_is_wider_than_the_room(
    seen: list[Snapshot], width: int, height: int, signs: Signs, answered: list[tuple[str, int, str]]
) -> None:
    views = LiveViews("f")
    for number, snapshot in enumerate(seen):
        views.saw(replace(snapshot, taken=NOW + number))
    for node, status, by in answered:
        views.asked({WebTarget(node, 80): (WebAnswer(status, served_by=by, error=by),)}, NOW)
    last = replace(seen[-1], taken=NOW + len(seen))
    for _ in range(len(seen) + 1):
        for view in View:
            views.view = view
            views.next_filter()
            for each in views.lines(last, Look(width, NOW + 5, height, signs=signs, history=bool(height % 2))):
                assert cells(text_of(each)) <= width
            views.scrubber(width, signs, (("l", "now"),))
            views.age(last, NOW + 70, signs)
        views.past.back()


@pytest.mark.parametrize("width", [24, 80, 120, 200])
def test_a_hundred_nodes_and_a_thousand_tasks_have_room(width: int) -> None:
    snapshot = large_swarm(100, 1000)
    shown = map_lines(snapshot, look(width, 40, now=NOW))
    assert all(cells(text_of(each)) <= width for each in shown)
    assert sum(text(shown).count(f"host{number}") > 0 for number in range(100)) == 100
    assert len(shown) <= 100 + 5


def test_moves_know_what_came_in_place_of_what() -> None:
    past = Past()
    for snapshot in draining():
        past.add(snapshot)
    assert set(moves(past.moments)) == {Move("pets.3", "node2", "node3"), Move("pets.5", "node2")}


def test_the_colour_of_a_service_never_stands_alone() -> None:
    hues = {role for role in Role if role.value.startswith("hue")}
    for height in (40, 12, 8):
        for each in map_lines(large_swarm(6, 60), look(120, height)):
            assert all(span.text.strip() for span in each if span.role in hues)


def test_everything_is_shown_first() -> None:
    assert LiveViews().filter is EVERYTHING
