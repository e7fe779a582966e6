"""The live pane's lines: a pure function of a snapshot."""

import time
from dataclasses import replace

import pytest

from tests.app.fakes import by_hand, engines_only, pets_task, six_pets, swarm_of_three
from tui.app.ages import ago, duration
from tui.app.paint import cells, clip, hang, inline, line, text_of
from tui.app.signs import ASCII, UNICODE, signs_for
from tui.app.swarm_lines import Look, has_history, replicas_summary, swarm_lines, trouble_lines
from tui.app.tables import Column, table
from tui.swarm.snapshot import Engine, LocalState, Snapshot


def look(width: int = 120, *, height: int = 0, history: bool = False, here: str = "node1") -> Look:
    return Look(width=width, now=time.time(), height=height, here=here, mesh="nftables", history=history)


def text(snapshot: Snapshot, of: Look | None = None) -> str:
    return "\n".join(text_of(each) for each in swarm_lines(snapshot, of or look()))


def row(rows: str, start: str) -> str:
    return next(each for each in rows.splitlines() if each.startswith(start))


def test_nodes_are_listed_in_the_clis_own_columns() -> None:
    shown = text(six_pets())
    heads = "ID          HOSTNAME  STATUS  AVAILABILITY  MANAGER STATUS  ENGINE VERSION  TASKS"
    assert heads in shown.splitlines()
    assert row(shown, "k3v9x1mq7w") == "k3v9x1mq7w  node1 *   Ready   Active        Leader          20.10.24        ●●"
    assert row(shown, "t8b2f0pl4y").endswith("●◌")


def test_the_star_is_at_the_node_whose_shell_is_in_front() -> None:
    shown = text(six_pets(), look(here="node3"))
    assert "node1 *" not in shown
    assert "node3 *" in shown


def test_columns_leave_in_a_set_order() -> None:
    seen: list[str] = []
    for width in (120, 70, 60, 56, 44, 36):
        heads = text(six_pets(), look(width, height=1)).splitlines()[0]
        assert len(heads) <= width
        seen.append(heads)
    assert "ENGINE VERSION" in seen[0]
    assert "MANAGER STATUS" not in seen[1]
    assert "ENGINE" in seen[1]
    assert "ENGINE" not in seen[2]
    assert "ID" in seen[2]
    assert "ID" not in seen[3]
    assert "TASKS" in seen[3]
    assert "TASKS" not in seen[4]
    assert "MANAGER" in seen[4]
    assert seen[5].split() == ["HOSTNAME", "STATUS", "AVAILABILITY"]


@pytest.mark.parametrize("width", range(30, 130, 7))
def test_no_line_is_ever_wider_than_the_room(width: int) -> None:
    long = pets_task(1, "node1", state="failed", desired="shutdown", error="task: non-zero exit (137): " + "x" * 200)
    for snapshot in (six_pets(), swarm_of_three(long, down="node2"), engines_only(containers=(by_hand(),))):
        for each in swarm_lines(snapshot, look(width, history=True)):
            assert cells(text_of(each)) <= width


def test_replicas_are_those_that_really_run() -> None:
    shown = text(six_pets())
    assert "replicated  4/6" in shown
    assert "*:5000->5000/tcp" in shown
    assert "mesh: nftables stand-in (this kernel has no IPVS)" in shown
    assert replicas_summary(six_pets()) == "4/6"
    down = swarm_of_three(pets_task(1, "node1"), pets_task(2, "node3"), replicas=2, down="node3")
    assert "replicated  1/2" in text(down)
    assert "⌁ Running" in text(down)


def test_the_docker_commands_are_named_where_there_is_room_for_them() -> None:
    high = text(six_pets()).splitlines()
    assert "$ docker service ps pets" in high
    low = text(six_pets(), look(height=len(high) - 1)).splitlines()
    assert low == [each for each in high if not each.startswith("$")]
    assert text(six_pets(), look(height=len(high))).splitlines() == high


def test_each_task_has_its_sign_and_its_age() -> None:
    shown = text(six_pets())
    assert row(shown, "pets.1").split(maxsplit=3) == ["pets.1", "node1", "Running", "● Running 3 minutes ago"]
    assert "◌ Preparing a moment ago" in row(shown, "pets.5")


def test_history_is_counted_until_it_is_asked_for() -> None:
    past = pets_task(1, "node2", state="shutdown", desired="shutdown", created=1)
    snapshot = swarm_of_three(pets_task(1, "node1"), past, replicas=1)
    assert has_history(snapshot)
    assert "\\_ 1 task that is no more" in text(snapshot)
    shown = text(snapshot, look(history=True))
    assert row(shown, " \\_ pets.1").split()[2] == "node2"
    assert "no more" not in shown
    assert not has_history(six_pets())


def test_why_a_slot_is_empty_is_shown_without_asking() -> None:
    error = "No such image: nowhere/pets:9"
    failed = pets_task(1, "node2", state="rejected", desired="shutdown", error=error, created=5)
    waiting = pets_task(1, "node1", state="ready", desired="ready", created=9)
    shown = text(swarm_of_three(waiting, failed, replicas=1))
    assert "✖ Rejected" in shown
    assert f'"{error}"' in shown
    running = pets_task(1, "node1", created=9)
    assert error not in text(swarm_of_three(running, failed, replicas=1))


def test_an_error_without_room_beside_the_row_stands_below_it_whole() -> None:
    error = "no suitable node (scheduling constraints not satisfied on 3 nodes)"
    shown = text(swarm_of_three(pets_task(1, "", state="pending", error=error), replicas=1), look(60))
    assert error in " ".join(shown.split())


def test_drained_and_down_nodes_say_so_in_word_and_sign() -> None:
    shown = text(swarm_of_three(pets_task(1, "node1"), drained="node2", down="node3"))
    assert "Drain ‖" in row(shown, "t8b2f0pl4y")
    assert "Down ⌁" in row(shown, "zq5d7n9rc1")
    assert "⌁ node3 does not answer: no answer in 3 s · last seen 10 seconds ago" in shown


def test_engines_without_a_swarm_show_what_was_started_by_hand() -> None:
    shown = text(engines_only(containers=(by_hand(),)))
    assert "node1 * · engine 20.10.24 · not in a swarm" in shown
    assert "node3 · engine 20.10.24 · not in a swarm" in shown
    assert "3f2a9c81d0e4" in shown
    assert '"sleep infinity"' in shown
    assert "● Up 2 minutes" in shown
    assert "docker node ls" not in shown


def test_containers_of_services_are_not_said_to_be_started_by_hand() -> None:
    snapshot = swarm_of_three(pets_task(1, "node1"), replicas=1)
    engine = snapshot.engines["node1"]
    mine, its = by_hand(), replace(by_hand("pets.1.abc"), task_id="t1")
    engines = {**snapshot.engines, "node1": replace(engine, containers=(mine, its))}
    shown = text(replace(snapshot, engines=engines))
    assert "node1 started by hand" in shown
    assert "quirky_hopper" in shown
    assert "pets.1.abc" not in shown


def test_a_swarm_without_a_voice_says_how_old_the_picture_is() -> None:
    silent = replace(six_pets(), manager="", manager_error="node1 has no leader", swarm_asked=time.time() - 65)
    assert (
        "? no manager can be asked: node1 has no leader · the swarm as it was about a minute ago"
        in text(silent).splitlines()
    )


def test_an_engine_on_its_way_in_or_out_says_what_it_is_doing() -> None:
    states = {"node1": LocalState.PENDING, "node2": LocalState.ERROR, "node3": LocalState.LOCKED}
    engines = {
        name: Engine(node=name, address="", reachable=True, state=state, swarm_error="x" * (state is LocalState.ERROR))
        for name, state in states.items()
    }
    shown = text(Snapshot(taken=1.0, engines=engines))
    assert "node1 * · joining a swarm" in shown
    assert "node2 · could not join the swarm" in shown
    assert "node3 · in a locked swarm" in shown
    assert "✖ node2: x" in shown


def test_before_anything_was_asked_there_is_a_word() -> None:
    assert "being asked" in text(Snapshot(taken=0.0))


def test_many_tasks_on_a_node_are_counted() -> None:
    tasks = [pets_task(slot, "node1") for slot in range(1, 13)]
    assert "● 12 of 12" in text(swarm_of_three(*tasks, replicas=12))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a moment"),
        (7, "5 seconds"),
        (59.9, "55 seconds"),
        (61, "about a minute"),
        (240, "4 minutes"),
        (3700, "about an hour"),
        (8000, "2 hours"),
        (200_000, "2 days"),
    ],
)
def test_ages_are_coarse(seconds: float, words: str) -> None:
    assert duration(seconds) == words
    assert ago(seconds) == f"{words} ago"


def test_wrapping_keeps_every_word_and_hangs() -> None:
    lines = [text_of(each) for each in hang(line("✘ "), inline("six of `them` run, or so one thinks"), 16)]
    assert lines == ["✘ six of them ", "  run, or so one", "  thinks"]
    broken = [text_of(each) for each in hang(line("  "), line("a" * 30), 12)]
    assert broken == ["  " + "a" * 10] * 3


def test_wide_characters_count_as_two_cells() -> None:
    assert all(cells(text_of(each)) <= 12 for each in hang(line(), line("日本語" * 9), 12))
    assert cells(text_of(clip(line("日本語日本語"), 7, "…"))) <= 7


def test_a_lone_backtick_is_just_a_character() -> None:
    assert text_of(inline("it's ` here")) == "it's ` here"
    assert [span.text for span in inline("run `a` and `b`")] == ["run ", "a", " and ", "b"]


def test_tables_squeeze_their_last_resort_with_an_ellipsis() -> None:
    columns = (Column(("A",), (line("abc"),)), Column(("LONG",), (line("0123456789"),), least=4))
    assert [text_of(each) for each in table(columns, 10)] == ["A    LONG", "abc  0123…"]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "C.UTF-8"}, UNICODE),
        ({"LANG": "de_DE.utf8", "LC_ALL": ""}, UNICODE),
        ({}, UNICODE),
        ({"LANG": "C.UTF-8", "LC_ALL": "C"}, ASCII),
        ({"LANG": "C.UTF-8", "TERM": "linux"}, ASCII),
        ({"LANG": "C.UTF-8", "SWARMTUTOR_ASCII": "1"}, ASCII),
        ({"LANG": "C.UTF-8", "SWARMTUTOR_ASCII": "0"}, UNICODE),
    ],
)
def test_signs_follow_the_locale(environment: dict[str, str], expected: object) -> None:
    assert signs_for(environment) is expected


def test_every_sign_is_one_cell_wide_and_ascii_is_ascii() -> None:
    for signs in (UNICODE, ASCII):
        for name in signs.__slots__:
            sign = getattr(signs, name)
            assert cells(sign) == (2 if name == "history" else 1)
            assert signs is UNICODE or sign.isascii()


def test_a_ghost_is_no_history_and_says_what_it_is() -> None:
    ghost = pets_task(1, "node3", desired="shutdown", created=1.0)
    snapshot = swarm_of_three(ghost, pets_task(1, "node1"), replicas=1, down="node3")
    rows = [text_of(row).split() for row in swarm_lines(snapshot, look(120))]
    assert ["\\_", "pets.1", "node3", "Shutdown", "⌁", "Running"] in [row[:6] for row in rows]
    assert any(" ".join(row).endswith("ghost: node3 is down") for row in rows)
    assert not any("no more" in " ".join(row) for row in rows)
    narrow = [text_of(row) for row in swarm_lines(snapshot, look(56))]
    assert "    ghost: node3 is down" in narrow


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("", "node3 does not answer · last"),
        ("timed out", "node3 does not answer: timed out · last"),
        ("did not answer within 3 s", "node3 did not answer within 3 s · last"),
        ("node3 does not answer: connection refused", "node3 does not answer: connection refused · last"),
    ],
)
def test_a_silent_engine_is_told_of_once(error: str, said: str) -> None:
    snapshot = swarm_of_three(down="node3")
    engines = {**snapshot.engines, "node3": replace(snapshot.engines["node3"], error=error)}
    assert said in text_of(trouble_lines(replace(snapshot, engines=engines), look(200))[0])


def test_the_reason_why_no_manager_can_be_asked_is_told_once() -> None:
    snapshot = replace(
        swarm_of_three(down="node1"), manager_error="node1, a manager, cannot be asked: no answer in 3 s"
    )
    rows = [text_of(row) for row in trouble_lines(snapshot, look(200))]
    assert [row.partition(" ·")[0] for row in rows] == [
        "⌁ node1 does not answer: no answer in 3 s",
        "? no manager can be asked",
    ]
