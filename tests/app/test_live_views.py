"""The live views on screen: going through them, going back in time, at every size."""

import re
import time
from dataclasses import replace

import pytest
from textual.theme import Theme
from textual.visual import Visual

from tests.app.driving import SIZES, Driven, driven
from tests.app.fakes import IDS, FakeSession, pets_task, six_pets, swarm_of_three
from tui.app.actions import action_of
from tui.app.live.views import View
from tui.app.paint import Role, Span, content_of, line
from tui.app.palette import ActionProvider
from tui.app.screens.lab import Pane
from tui.app.signs import ASCII
from tui.app.themes import DARK, LIGHT
from tui.checks.model import WebTarget
from tui.clock import now
from tui.playground.model import WebAnswer
from tui.swarm.snapshot import Snapshot
from tui.tutor.web_requests import OwnRequest


def drained(before: Snapshot) -> Snapshot:
    """The same swarm a moment later: node2 is drained, and its pets.3 begins on node3."""
    told = [replace(task, desired="shutdown") if task.node_id == IDS["node2"] else task for task in before.tasks]
    return swarm_of_three(*told, pets_task(3, "node3", state="starting"), drained="node2")


def title(it: Driven) -> str:
    return it.lab.bar("swarm-title").text


async def look_at_swarm(it: Driven) -> None:
    """The live pane in front."""
    await it.press("tab")
    await it.until(lambda: it.lab.pane is Pane.SWARM and it.lab.swarm_view.has_focus, "the live pane is in front")


@pytest.mark.parametrize("size", SIZES)
async def test_a_key_goes_through_the_views_and_the_header_names_them(size: tuple[int, int]) -> None:
    async with driven(size) as it:
        await look_at_swarm(it)
        await it.until_seen("Swarm: tables")
        for view, shown in (
            (View.MAP, "P pets 4/6"),
            (View.EVENTS, "Nothing has changed yet."),
            (View.TRAFFIC, "No requests in the last half minute;"),
            (View.TABLES, "HOSTNAME"),
        ):
            await it.press("v")
            await it.until_seen(f"Swarm: {view}")
            await it.until_seen(shown)


async def test_from_the_shell_the_key_works_too_and_tabs_show_what_was_asked_for() -> None:
    async with driven((80, 24)) as it:
        await it.press("1")
        await it.until(lambda: it.lab.pane is Pane.SHELL, "in the shell")
        await it.press("f7")
        await it.until_seen("Swarm: map")
        assert it.lab.pane is Pane.SWARM


async def test_the_chosen_view_stays_while_one_is_elsewhere() -> None:
    async with driven((80, 24)) as it:
        await it.press("m")
        await it.until_seen("Swarm: map")
        await it.press("tab", "ctrl+right_square_bracket")
        await it.until_gone("Swarm: map")
        await look_at_swarm(it)
        await it.until_seen("P pets 4/6")
        await it.pilot.resize_terminal(120, 40)
        await it.until_seen("Six pets, please")
        await it.until(lambda: "Swarm: map" in title(it), "Swarm: map")
        await it.until_seen("P pets 4/6")


async def test_a_drain_is_seen_on_the_map_and_told_among_the_events() -> None:
    session = FakeSession()
    async with driven(session=session) as it:
        await it.press("m")
        session.look(drained(session.seen))
        await it.until_seen("→ pets.3 to node3")
        await it.until_seen("Drain ‖")
        await it.press("w")
        await it.until_seen("availability active → drain")
        await it.until_seen("moved node2 → node3")
        assert it.lab.works_now(action_of("swarm.filter"))
        await it.press("f", "f")
        await it.until_seen("only nodes: 1 of ")
        assert "moved" not in it.lab.swarm_view.text


async def test_all_views_go_back_in_time_and_a_key_comes_back_to_now() -> None:
    session = FakeSession()
    async with driven(session=session) as it:
        before = session.seen
        session.look(replace(before, taken=time.time() - 42))
        session.look(drained(before))
        await it.until_seen("Drain ‖")
        await it.press("comma")
        await it.until(lambda: "as it was 0" in title(it), "the title says when")
        await it.until_gone("Drain ‖")
        scrubber = it.lab.bar("moment")
        assert scrubber.display
        await it.until(lambda: "1/2" in scrubber.text, "1/2")
        await it.until(lambda: "l now" in scrubber.text, "l now")
        await it.press("m")
        await it.until_seen("P pets 4/6")
        assert "Drain" not in it.lab.swarm_view.text
        await it.press("full_stop")
        await it.until_seen("Drain ‖")
        assert not scrubber.display
        await it.press("comma", "w")
        await it.until_seen("Nothing has changed yet.")
        await it.press("l")
        await it.until_seen("availability active → drain")
        await it.until(lambda: "live" in title(it), "live")


async def test_what_happens_meanwhile_does_not_move_the_past() -> None:
    session = FakeSession()
    async with driven(session=session) as it:
        await it.press("m")
        session.look(drained(session.seen))
        await it.until_seen("Drain ‖")
        await it.press("comma")
        await it.until_gone("Drain ‖")
        drawn = it.lab.swarm_view.drawn
        session.look(swarm_of_three(pets_task(1, "node1"), drained="node2", replicas=1))
        await it.until(lambda: "1/3" in it.lab.bar("moment").text, "there is one moment more")
        await it.until(lambda: "pets.4" in it.lab.swarm_view.text, "pets.4")
        assert it.lab.swarm_view.drawn == drawn


async def test_nothing_is_drawn_again_when_nothing_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    began = now()
    monkeypatch.setattr("tui.app.screens.lab_live.now", lambda: began)  # nothing grows older
    session = FakeSession()
    async with driven(session=session) as it:
        for key in ("m", "w", "g"):
            await it.press(key)
            await it.pilot.pause()
            drawn = it.lab.swarm_view.drawn
            session.look(replace(session.seen, taken=time.time()))
            await it.pilot.pause()
            it.lab.swarm_view.update()
            assert it.lab.swarm_view.drawn == drawn


@pytest.mark.parametrize("theme", [DARK, LIGHT])
async def test_rows_have_the_colours_that_textual_would_give_them(theme: Theme) -> None:
    async with driven() as it:
        it.app.theme = theme.name
        await it.pilot.pause()
        view = it.lab.swarm_view
        for role in Role:
            view.show_lines([line(Span("some ", role), "text")])
            drawn = next(iter(view.render_line(0)))
            strips = Visual.to_strips(view, content_of((Span("some ", role),)), 5, 1, view.visual_style)
            wanted = next(iter(strips[0]))
            assert drawn.text == wanted.text
            assert drawn.style == (wanted.style and wanted.style.clear_meta_and_links())


async def test_what_a_daemon_writes_never_steers_the_terminal() -> None:
    async with driven() as it:
        it.lab.swarm_view.show_lines([line("a\x1b[2Jb\x9b1mc\nd\u2028e\x07\x7f")])
        assert it.lab.swarm_view.render_line(0).text.rstrip() == "a[2Jb1mcde"


async def test_many_events_are_seen_from_their_end_until_one_scrolls_up() -> None:
    session = FakeSession()
    async with driven((80, 24), session=session) as it:
        await it.press("w")
        for number in range(30):
            session.look(swarm_of_three(pets_task(1, "node1"), replicas=number))
        view = it.lab.swarm_view
        await it.until(lambda: "28 → 29" in it.screen_text, "the last one is seen")
        await it.press("home")
        await it.until(lambda: view.scroll_offset.y == 0, "scrolled up")
        session.look(swarm_of_three(pets_task(1, "node1"), replicas=99))
        await it.until(lambda: "29 → 99" in view.text, "one more")
        assert view.scroll_offset.y == 0


async def test_answers_of_asked_ports_appear_as_traffic() -> None:
    session = FakeSession()
    async with driven(session=session) as it:
        await it.press("g")
        await it.until_seen("No requests")
        assert session.requests.asks == (WebTarget("node1", 5000), WebTarget("node2", 5000), WebTarget("node3", 5000))
        session.answers_seen[WebTarget("node2", 5000)] = (WebAnswer(200, served_by="box", seconds=0.004),)
        await it.until_seen("GET :5000/")
        await it.until_seen("● 200  4 ms")
        await it.until_seen("box")


async def test_the_view_asks_only_while_it_is_seen_and_what_one_asks_oneself_appears_too() -> None:
    session = FakeSession()
    async with driven((80, 24), session=session) as it:
        await it.press("g")
        await it.until(lambda: len(session.requests.asks) == 3, "every node is asked")
        session.requests.answers[WebTarget("node1", 5000)] = (WebAnswer(200, served_by="box", seconds=0.004),)
        session.requests.mine.append(OwnRequest(time.time(), WebTarget("node1", 5000), WebAnswer(200, served_by="box")))
        await it.until_seen("1 yours, 1 this view's")
        await it.press("m")
        await it.until(lambda: not session.requests.asks, "the map asks nothing")
        await it.press("g")
        await it.until(lambda: bool(session.requests.asks), "asked again")
        await it.press("1")
        await it.until(lambda: not session.requests.asks, "nobody sees it")


async def test_silence_is_told_in_the_header() -> None:
    session = FakeSession(snapshot=swarm_of_three(pets_task(1, "node1"), down="node3", replicas=1))
    async with driven(session=session) as it:
        for key in ("d", "m", "w", "g"):
            await it.press(key)
            await it.until_seen("node3 does not answer")
            assert re.search(r"node3 last seen (\d+ seconds|about a minute) ago", title(it))
        silent = replace(six_pets(), manager="", manager_error="no leader", swarm_asked=time.time() - 70)
        session.look(silent)
        await it.until(lambda: "the swarm as it was about a minute ago" in title(it), "how old the swarm is")


async def test_the_palette_offers_only_the_views_that_are_not_shown() -> None:
    async with driven() as it:
        provider = ActionProvider(it.app.screen)
        await it.press("m")
        titles = [str(hit.text) async for hit in provider.discover()]
        assert "swarm: Show the tables" in titles
        assert "swarm: Show the map" not in titles
        assert "swarm: Come back to now" not in titles
        assert "swarm: Show only some of the changes" not in titles
        it.session.look(drained(it.session.seen))
        await it.until_seen("Drain")
        await it.press("comma")
        assert it.lab.works_now(action_of("swarm.live"))
        assert not it.lab.works_now(action_of("swarm.back"))


async def test_keys_that_would_do_nothing_say_why() -> None:
    async with driven() as it:
        for key, sentence in (
            ("comma", "Nothing earlier is kept."),
            ("l", "What you see is now."),
            ("f", "That chooses among the events: w shows them."),
        ):
            await it.press(key)
            await it.until_seen(sentence)


async def test_before_the_nodes_are_up_there_is_no_view_to_go_to() -> None:
    async with driven(live=False) as it:
        if not it.lab.prepared:
            assert not it.lab.works_now(action_of("swarm.view"))


async def test_the_views_have_signs_without_utf8() -> None:
    session = FakeSession()
    async with driven(session=session, signs=ASCII) as it:
        await it.press("m")
        session.look(drained(session.seen))
        await it.until_seen("> pets.3 to node3")
        assert it.lab.swarm_view.text.isascii()
        await it.press("w")
        await it.until_seen("active > drain")
        assert it.lab.swarm_view.text.isascii()
        await it.press("comma")
        await it.until(lambda: it.lab.bar("moment").display, "back in time")
        assert it.lab.bar("moment").text.isascii()
