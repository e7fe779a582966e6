"""The lab screen: what is seen, and what keys do."""

import re
import time
from dataclasses import replace

import pytest

from tests.app.driving import SIZES, driven
from tests.app.fakes import FakeSession, Preparing, engines_only, found_well, goal, pets_task, swarm_of_three, views
from tui.app.leaving import Leaving
from tui.app.screens.failure import FailureScreen
from tui.app.screens.help import HelpScreen
from tui.app.screens.lab import Pane
from tui.app.screens.quit import QuitScreen
from tui.app.signs import ASCII
from tui.app.widgets.lesson import Prose
from tui.checks.model import Outcome
from tui.clock import now
from tui.errors import UserError
from tui.tutor.ladder import Rung
from tui.tutor.stage import Doing
from tui.tutor.views import LessonChanged, PageCommand, PageProse, Readiness, ShellChanged


@pytest.mark.parametrize("size", SIZES)
async def test_the_first_page_shows_where_one_is_and_what_is_asked(size: tuple[int, int]) -> None:
    async with driven(size) as it:
        await it.until_seen("Six pets, please")
        for text in ("Scale the application", "step 1 of 3", "node1", "node2", "node3"):
            await it.until_seen(text)
        await it.until_seen("docker service update --replicas 6 pets")
        await it.until_seen("✔ the service asks for 6 replicas")
        await it.until_seen("✘ 6 tasks of pets run: 4 run, 2 are preparing on")
        await it.until_seen("F5 type")


@pytest.mark.parametrize("size", SIZES)
async def test_nothing_is_wider_than_the_window(size: tuple[int, int]) -> None:
    async with driven(size) as it:
        for keys in ((), ("tab",), ("2",)):
            await it.press(*keys)
            await it.pilot.pause()
            assert all(len(row) <= size[0] for row in it.screen_text.splitlines())
            assert len(it.screen_text.splitlines()) == size[1]


async def test_goals_turn_green_by_themselves_and_the_next_step_opens_by_key() -> None:
    async with driven() as it:
        await it.press("n")
        await it.until_seen("Not yet: 6 tasks of pets run.")
        assert it.session.index == 0
        it.session.finish_step()
        await it.until_seen("✔ 6 tasks of pets run")
        await it.until_seen("done — n or F8 opens the next step")
        await it.press("n")
        await it.until_seen("Two more nodes")
        assert it.session.index == 1
        await it.press("left")
        await it.until_seen("Six pets, please")


async def test_news_about_goals_leaves_the_text_and_its_place_alone() -> None:
    session = FakeSession()
    session.index = 2
    async with driven((80, 24), session) as it:
        prose = list(it.lab.query(Prose))
        await it.press("end")
        await it.until(lambda: it.lab.lesson.page.scroll_offset.y > 5, "scrolled")
        place = it.lab.lesson.page.scroll_offset.y
        session.change(goals=(goal("something happens", Outcome.FAIL, "it does not"),))
        await it.until_seen("something happens: it does not")
        assert list(it.lab.query(Prose)) == prose
        assert it.lab.lesson.page.scroll_offset.y == place


async def test_a_fact_that_becomes_known_is_filled_in_where_it_stands() -> None:
    session = FakeSession()
    session.index = 1
    async with driven(session=session) as it:
        await it.until_seen("waits for token.worker")
        widgets = list(it.lab.lesson.page.children)
        blocks = (
            PageProse("Let **node2** join, with the token that `node1` has given."),
            PageCommand("node2", "docker swarm join --token SWMTKN-1-abc 10.77.0.11:2377"),
            PageCommand("node3", "docker swarm join --token SWMTKN-1-abc 10.77.0.11:2377", is_next=True),
        )
        session.change(blocks=blocks)
        await it.until_gone("waits for token.worker")
        await it.until_seen("has given.")
        assert list(it.lab.lesson.page.children) == widgets


async def test_a_long_command_is_wrapped_and_whole() -> None:
    session = FakeSession()
    session.index = 1
    async with driven((100, 40), session) as it:
        await it.until_seen("Two more nodes")
        left = it.lab.query_one("#left").size.width
        shown = "".join(row[:left] for row in it.screen_text.splitlines()).replace(" ", "").replace("▎", "")
        for block in session.view.blocks:
            if isinstance(block, PageCommand):
                assert block.text.replace(" ", "") in shown


@pytest.mark.parametrize("key", ["f5", "t"])
@pytest.mark.parametrize("size", SIZES)
async def test_the_command_is_typed_for_the_learner_and_enter_runs_it(size: tuple[int, int], key: str) -> None:
    async with driven(size) as it:
        await it.press(key)
        await it.until(lambda: it.lab.shell_box.terminal.has_focus, "the shell has the focus")
        assert it.lab.pane is Pane.SHELL
        await it.until_seen("docker@node1:~$ docker service update --replicas 6 pets")
        await it.press("enter")
        assert it.session.known_shells["node1"].written == b"docker service update --replicas 6 pets\r"


async def test_the_command_goes_to_its_own_node() -> None:
    session = FakeSession()
    session.index = 1
    async with driven(session=session) as it:
        await it.press("f5")
        await it.until(lambda: it.lab.shell_box.terminal.has_focus, "the shell has the focus")
        assert it.lab.node == "node2"
        await it.until_seen("docker@node2")


async def test_help_comes_step_by_step() -> None:
    async with driven() as it:
        await it.press("h")
        await it.until_seen("Hint  Look at docker service --help.")
        await it.press("f6")
        await it.until_seen("Hint 2  The word is --replicas")
        await it.press("f6")
        await it.until_seen("docker@node1:~$ docker service update --replicas 6 pets")
        it.session.change(rung=Rung.DO)
        await it.press("f6")
        await it.until(lambda: it.session.asked == ["do"], "all of it is done")


async def test_in_the_shell_all_keys_are_the_shells_but_the_release_keys() -> None:
    async with driven() as it:
        await it.press("3")
        await it.until(lambda: it.lab.shell_box.terminal.has_focus, "the shell has the focus")
        await it.press("n", "q", "tab", "ctrl+q", "ctrl+p", "ctrl+c", "escape", "1")
        shell = it.session.known_shells["node3"]
        await it.until(lambda: shell.written.endswith(b"1"), "the keys arrived")
        assert shell.written == b"nq\t\x11\x10\x03\x1b1"
        assert it.app.screen is it.lab
        await it.press("f2")
        await it.until_seen("docker@node1")
        await it.press("ctrl+right_square_bracket")
        await it.until(lambda: it.lab.lesson.page.has_focus, "the lesson has the focus")


async def test_f8_opens_the_next_step_from_inside_the_shell() -> None:
    async with driven() as it:
        await it.press("1")
        await it.until(lambda: it.lab.shell_box.terminal.has_focus, "the shell has the focus")
        it.session.finish_step()
        await it.until(lambda: "F8 next" in it.lab.bar("footer").text, "the footer offers it")
        await it.press("f8")
        await it.until_seen("Two more nodes")
        assert it.lab.pane is Pane.LESSON


async def test_tab_goes_round_the_panes_and_the_focus_shows_without_colour() -> None:
    async with driven() as it:
        await it.until(lambda: "▌Six pets" in it.lab.bar("lesson-title").text, "▌Six pets")
        await it.press("tab")
        await it.until(lambda: it.lab.swarm_view.has_focus, "the swarm has the focus")
        await it.until(lambda: "▌Swarm" in it.lab.bar("swarm-title").text, "▌Swarm")
        assert "▌" not in it.lab.bar("lesson-title").text
        await it.press("tab")
        await it.until(lambda: it.lab.shell_box.terminal.has_focus, "the shell has the focus")
        await it.until(lambda: "▌1 node1" in it.lab.shell_box.title.text, "▌1 node1")
        await it.press("ctrl+right_square_bracket", "shift+tab")
        await it.until(lambda: it.lab.shell_box.terminal.has_focus, "the shell has the focus again")


async def test_a_narrow_window_has_tabs_and_keeps_the_goals_in_sight() -> None:
    async with driven((80, 24)) as it:
        await it.until(lambda: "Lesson" in it.lab.bar("tabs").text, "Lesson")
        await it.until(lambda: "Swarm 4/6" in it.lab.bar("tabs").text, "Swarm 4/6")
        await it.press("tab")
        await it.until_seen("$ docker node ls")
        await it.until_seen("✘ 1 of 2  6 tasks of pets run: 4 run, 2 are preparing on node2 and node3")
        await it.press("2")
        await it.until_seen("docker@node2")
        await it.until_seen("leaves the shell")
        it.session.finish_step()
        await it.until_seen("Six pets, please: done  F8 next")


async def test_one_pane_can_have_the_whole_window() -> None:
    async with driven() as it:
        await it.press("2", "f9")
        await it.until(lambda: it.lab.single, "one pane only")
        await it.until(lambda: it.lab.shell_box.terminal.size.width > 110, "the shell is wide")
        assert "Six pets, please" not in it.lab.bar("lesson-title").text or not it.lab.query_one("#left").display
        await it.press("f9")
        await it.until(lambda: it.lab.query_one("#left").display, "all panes again")


@pytest.mark.parametrize("size", [(59, 24), (80, 15)])
async def test_a_window_too_small_says_so_and_recovers(size: tuple[int, int]) -> None:
    async with driven(size) as it:
        await it.until_seen(f"terminal too small: have {size[0]}×{size[1]}, need 60×16")
        await it.pilot.resize_terminal(80, 24)
        await it.until_seen("Six pets, please")
        assert "too small" not in it.screen_text


async def test_the_smallest_window_shows_everything() -> None:
    async with driven((60, 16)) as it:
        await it.until_seen("Six pets, please")
        await it.until_seen("F1 help")
        await it.press("tab")
        await it.until_seen("pets.1")


async def test_the_nodes_are_made_while_the_first_page_can_be_read() -> None:
    making = Preparing()
    async with driven(prepare=making, live=False) as it:
        await it.until_seen("Six pets, please")
        await it.until_seen("Three small machines")
        await it.until_seen("three nodes  node1 node2")
        await it.until_seen("✔ private network")
        await it.until_seen("swarmtutor down")
        assert it.session.connected_fresh is None
        assert "F5" not in it.lab.bar("footer").text
        await it.press("f5")
        await it.until_seen("The shells are not open yet.")
        making.may_end.set()
        await it.until_seen("pets.6")
        assert it.session.connected_fresh is True
        await it.until(lambda: "F5 type it" in it.lab.bar("footer").text, "F5 type it")


async def test_what_fails_is_said_and_can_be_tried_again() -> None:
    making = Preparing(UserError("There is no [b]dockerd[/b] on this machine.", "Install docker.io."))
    making.may_end.set()
    async with driven(prepare=making, live=False) as it:
        await it.until(lambda: isinstance(it.app.screen, FailureScreen), "the failure is shown")
        await it.until_seen("There is no [b]dockerd[/b] on this machine.")
        await it.until_seen("Install docker.io.")
        await it.press("r")
        await it.until(lambda: it.lab.prepared, "the second try works")
        assert making.calls == 2
        assert it.app.failure is None


async def test_who_gives_up_after_a_failure_leaves_with_its_reason() -> None:
    error = UserError("The subnet is in use.")
    making = Preparing(error)
    making.may_end.set()
    async with driven(prepare=making, live=False) as it:
        await it.until(lambda: isinstance(it.app.screen, FailureScreen), "the failure is shown")
        await it.press("q")
    assert it.app.return_value == Leaving.FAILED
    assert it.app.failure is error


async def test_an_unexpected_error_is_shown_too() -> None:
    async def prepare(listener: object) -> tuple[object, bool]:
        raise OSError("the disk is [full]")

    async with driven(prepare=prepare, live=False) as it:  # type: ignore[arg-type]  # never returns
        await it.until_seen("the disk is [full]")


async def test_nodes_that_are_behind_are_announced_and_caught_up() -> None:
    async with driven(prepare=found_well) as it:
        assert "c mend" not in it.lab.bar("footer").text
        it.session.change(readiness=Readiness.BEHIND)
        await it.until_seen("The nodes are not where this step begins. Press c")
        await it.until(lambda: "c mend" in it.lab.bar("footer").text, "c mend")
        await it.press("c")
        await it.until(lambda: it.session.caught_up, "the session catches up")
        await it.until_gone("The nodes are not where this step begins")


async def test_new_nodes_where_there_was_a_swarm_are_announced_as_such() -> None:
    session = FakeSession()
    session.pages[0] = replace(session.pages[0], readiness=Readiness.BEHIND)
    async with driven(session=session) as it:
        await it.until_seen("Your nodes are new, and the swarm from before is gone. Press c")


async def test_while_catching_up_the_banner_says_how_far_it_is() -> None:
    async with driven() as it:
        doing = Doing("Going to «Six pets»", "«Start the swarm»: node1: docker swarm init", 3, 9)
        it.session.change(readiness=Readiness.CATCHING_UP, doing=doing)
        await it.until_seen("Going to «Six pets»: 4 of 9, «Start the swarm»: node1: docker swarm init   Esc stops it")
        await it.press("escape")
        await it.until(lambda: it.session.asked == ["stop"], "stopped")
        await it.until_gone("Esc stops it")


async def test_turning_pages_leaves_nothing_behind() -> None:
    async with driven() as it:
        it.session.pages = [replace(page, frontier=2) for page in it.session.pages]
        counts: list[int] = []
        for turn in range(6):
            it.session.index = turn % 2
            it.session.tell(LessonChanged(it.session.view))
            await it.until_seen(it.session.view.step_title)
            await it.pilot.pause()
            counts.append(len(list(it.lab.walk_children())))
        assert counts[0:2] == counts[2:4] == counts[4:6]


@pytest.mark.parametrize(("key", "leaving"), [("enter", Leaving.KEEP_NODES), ("d", Leaving.TAKE_DOWN)])
async def test_leaving_asks_what_is_to_become_of_the_nodes(key: str, leaving: Leaving) -> None:
    async with driven() as it:
        await it.press("q")
        await it.until(lambda: isinstance(it.app.screen, QuitScreen), "asked")
        await it.press("escape")
        await it.until(lambda: it.app.screen is it.lab, "stayed")
        await it.press("ctrl+q")
        await it.until(lambda: isinstance(it.app.screen, QuitScreen), "asked again")
        await it.press(key)
    assert it.app.return_value == leaving
    assert it.session.closed


async def test_a_shell_that_is_gone_says_why_and_comes_back() -> None:
    async with driven() as it:
        shell = it.session.known_shells["node2"]
        shell.up = False
        it.session.tell(ShellChanged("node2"))
        await it.until(lambda: "2 node2 ⌁" in it.lab.shell_box.title.text, "the tab says so")
        await it.press("2")
        await it.until_seen("⌁ node2: node2 does not answer")
        shell.up = True
        it.session.tell(ShellChanged("node2"))
        await it.until_gone("node2 does not answer")


async def test_the_shell_gets_the_size_of_its_pane() -> None:
    async with driven() as it:
        terminal = it.lab.shell_box.terminal
        shell = it.session.known_shells["node1"]
        await it.until(
            lambda: (shell.engine.columns, shell.engine.rows) == tuple(terminal.size) and bool(shell.sizes), "fitted"
        )
        await it.press("3")
        third = it.session.known_shells["node3"]
        await it.until(lambda: (third.engine.columns, third.engine.rows) == tuple(terminal.size), "fitted as well")


async def test_the_live_pane_follows_the_swarm_and_draws_only_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    began = now()
    monkeypatch.setattr("tui.app.screens.lab_live.now", lambda: began)  # nothing grows older
    async with driven() as it:
        view = it.lab.swarm_view
        await it.until_seen("4/6")
        before = view.drawn
        it.session.look(replace(it.session.seen, taken=time.time()))
        await it.pilot.pause()
        assert view.drawn == before
        tasks = [replace(task, state="running") for task in it.session.seen.tasks]
        it.session.look(replace(it.session.seen, tasks=tuple(tasks)))
        await it.until(lambda: "6/6" in view.text, "all run")
        assert 0 < view.drawn - before < 8


async def test_a_stale_picture_says_how_old_it_is() -> None:
    async with driven() as it:
        it.session.look(replace(it.session.seen, taken=time.time() + 60))  # new for as long as this takes
        await it.until(lambda: "live" in it.lab.bar("swarm-title").text, "live")
        it.session.look(replace(it.session.seen, taken=time.time() - 42))
        stale = re.compile(r"stale · (4[2-9]|5\d) s ago")
        await it.until(lambda: bool(stale.search(it.lab.bar("swarm-title").text)), "stale")


async def test_history_can_be_seen() -> None:
    past = pets_task(1, "node2", state="shutdown", desired="shutdown", created=time.time() - 900)
    session = FakeSession(snapshot=swarm_of_three(pets_task(1, "node1"), past, replicas=1))
    async with driven(session=session) as it:
        await it.until_seen("1 task that is no more")
        await it.until(lambda: "o history" in it.lab.bar("footer").text, "o history")
        await it.press("o")
        await it.until_seen(" \\_ pets.1")


async def test_before_there_is_a_swarm_the_engines_are_shown() -> None:
    async with driven(session=FakeSession(snapshot=engines_only())) as it:
        await it.until_seen("node1 * · engine 20.10.24 · not in a swarm")
        await it.until_seen("node3 · engine 20.10.24 · not in a swarm")


async def test_text_from_outside_is_never_markup() -> None:
    async with driven() as it:
        nasty = "[/red] [bold]x[/bold] $var [@click=app.quit]y[/]"
        broken = pets_task(1, "node1", state="rejected", desired="shutdown", error=nasty)
        it.session.look(swarm_of_three(broken, replicas=1))
        await it.until(lambda: nasty in " ".join(it.lab.swarm_view.text.split()), "the error is there")
        it.session.change(diagnosis=nasty, goals=(goal(nasty, seen=nasty),))
        await it.until_seen("[/red] [bold]x[/bold]")
        it.session.notice(nasty)
        await it.until_seen("[@click=app.quit]y[/]")


async def test_a_mistake_that_is_recognised_is_named_above_the_goals() -> None:
    async with driven() as it:
        it.session.change(diagnosis="node2 is down, not drained.")
        await it.until_seen("! node2 is down, not drained.")


async def test_without_utf8_all_signs_are_ascii() -> None:
    async with driven(signs=ASCII) as it:
        await it.until_seen("+ the service asks for 6 replicas")
        await it.until_seen("- 6 tasks of pets run")
        await it.until_seen("#Six pets")
        await it.until_seen("* service ls counts them")
        assert it.screen_text.isascii()
        await it.press("1")
        await it.until_seen("leaves the shell")
        assert it.screen_text.isascii()


async def test_help_is_there_from_everywhere_and_goes_away() -> None:
    async with driven() as it:
        await it.press("1")
        await it.until(lambda: it.lab.shell_box.terminal.has_focus, "in the shell")
        await it.press("f1")
        await it.until(lambda: isinstance(it.app.screen, HelpScreen), "help")
        await it.press("escape")
        await it.until(lambda: it.app.screen is it.lab, "back")


async def test_the_last_step_says_that_it_is_the_end() -> None:
    session = FakeSession(views()[:1])
    session.pages[0] = replace(session.pages[0], total=1)
    async with driven(session=session) as it:
        session.change(done=True, finished=True, goals=(goal("all", Outcome.PASS),))
        await it.until_seen("you have reached the end of this lab")
        await it.press("n")
        await it.until_seen("This is the last step, and it is done.")


async def test_a_step_of_nothing_but_text_can_be_left_at_once() -> None:
    session = FakeSession()
    session.pages[0] = replace(session.pages[0], goals=(), done=True, frontier=1)
    async with driven(session=session) as it:
        await it.until_seen("read — n or F8 opens the next step")
        session.tell(LessonChanged(session.view))
        await it.press("n")
        await it.until_seen("Two more nodes")
