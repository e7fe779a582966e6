"""Questions, faults, what is told after a step, repairs, the list of steps: seen and used by keys alone."""

from dataclasses import replace

import pytest

from tests.app.driving import SIZES, driven
from tests.app.fakes import FakeSession, found_well, goal
from tui.app.app import Beginning
from tui.app.leaving import Leaving
from tui.app.screens.busy import BusyScreen
from tui.app.screens.steps import StepsScreen
from tui.app.signs import ASCII, UNICODE
from tui.checks.model import Outcome
from tui.labs.model import QuestionKind
from tui.tutor.stage import Doing
from tui.tutor.views import (
    Aftermath,
    PageBreak,
    PageCommand,
    PageProse,
    PageQuestion,
    PageRoute,
    Readiness,
    RepairOffer,
    StepState,
)

NUMBER = PageQuestion("six", "How many of the six will run on `node2`?", QuestionKind.NUMBER)
CHOICE = PageQuestion(
    "moves", "What becomes of node2's tasks?", QuestionKind.CHOICE, ("they wait for node2", "they start elsewhere")
)
NODE = PageQuestion("leader", "Which node will lead?", QuestionKind.NODE)


def asking(question: PageQuestion) -> FakeSession:
    session = FakeSession()
    blocks = (PageProse("Before you try it:"), question, *session.pages[0].blocks[1:])
    session.pages[0] = replace(session.pages[0], blocks=blocks)
    return session


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("question", "keys", "answer"),
    [
        (NUMBER, ("1", "backspace", "2", "enter"), "2"),
        (CHOICE, ("2",), "2"),
        (CHOICE, ("b",), "2"),
        (CHOICE, ("down", "enter"), "2"),
        (NODE, ("3",), "node3"),
        (NODE, ("up", "enter"), "node3"),
    ],
    ids=["number", "digit", "letter", "arrows", "node", "node by arrows"],
)
async def test_a_question_is_answered_by_keys_alone(
    size: tuple[int, int], question: PageQuestion, keys: tuple[str, ...], answer: str
) -> None:
    if size != SIZES[0] and keys != ("2",):
        return  # the keys are the same in every window
    async with driven(size, asking(question)) as it:
        await it.until_seen("a answers, before you try it")
        await it.press("a", *keys)
        await it.until(lambda: _answer(it.session, question.id) == answer, "answered")
        await it.until_seen("your prediction:")
        await it.until(lambda: it.lab.lesson.page.has_focus, "back on the page")
        await it.press("3")
        await it.until(lambda: it.lab.node == "node3", "the digits are the nodes' again")


def _answer(session: FakeSession, question_id: str) -> str:
    asked = [block for block in session.view.blocks if isinstance(block, PageQuestion) and block.id == question_id]
    return asked[0].answer


async def test_a_question_can_be_left_open_and_its_keys_are_its_own_meanwhile() -> None:
    async with driven(session=asking(CHOICE)) as it:
        await it.press("a")
        await it.until_seen("Esc leaves it open")
        await it.press("7", "escape")
        await it.until_gone("Esc leaves it open")
        assert _answer(it.session, "moves") == ""
        assert it.lab.node == "node1"


async def test_the_swarms_own_answer_stands_beside_the_learners() -> None:
    judged = replace(CHOICE, open=False, answer="1", right=False, seen="they start elsewhere", why="A wish is kept.")
    async with driven((80, 24), asking(judged)) as it:
        await it.until_seen("your prediction: they wait for node2 ✘")
        await it.until_seen("the swarm says:  they start elsewhere")
        await it.until_seen("A wish is kept.")
        await it.press("a")
        await it.until_seen("This step asks nothing.")


async def test_a_fault_is_let_happen_with_the_key_of_the_next_command() -> None:
    session = FakeSession()
    act = PageBreak("node2", "node2 loses power", is_next=True)
    session.pages[0] = replace(session.pages[0], blocks=(act,))
    async with driven((80, 24), session) as it:
        await it.until_seen("F5 let it happen")
        await it.press("f5")
        await it.until(lambda: it.session.asked == ["break"], "it happens")
        it.session.change(blocks=(replace(act, stands=True, is_next=False),))
        await it.until_seen("it is so now")


AFTERMATH = Aftermath(
    (PageCommand("node1", "docker service update --replicas 6 pets"),),
    (PageRoute("the short way", (PageCommand("node1", "docker service scale pets=6"),)),),
    "The manager compares the **wish** with what runs.",
)


@pytest.mark.parametrize("size", SIZES)
async def test_why_and_other_ways_are_folded_until_asked_for(size: tuple[int, int]) -> None:
    async with driven(size) as it:
        await it.press("e")
        await it.until_seen("That is told once the step is done.")
        it.session.finish_step()
        it.session.change(aftermath=AFTERMATH)
        await it.until_seen("e  why it works and another way")
        assert "The manager compares the wish" not in it.screen_text
        await it.press("e")
        await it.until_seen("The manager compares the wish")
        await it.until_seen("Another way: the short way")
        await it.until_seen("docker service scale pets=6")
        await it.until_gone("e  why it works")
        await it.press("e")
        await it.until_seen("e  why it works and another way")
        await it.until_gone("Another way: the short way")


async def test_what_is_missing_is_told_with_the_one_key_that_mends_it() -> None:
    async with driven((80, 24)) as it:
        it.session.change(repair=RepairOffer("there is no service pets", "does «Pets for everyone» again"))
        await it.until_seen("Missing: there is no service pets. Press c or F10, which does «Pets for")
        await it.press("f10")
        await it.until(lambda: it.session.asked == ["mend"], "mended")


async def test_a_done_step_that_was_undone_says_so_and_goes_on() -> None:
    async with driven() as it:
        it.session.finish_step()
        it.session.change(undone="2 of 3 run")
        await it.until_seen("? done, but now: 2 of 3 run")
        await it.press("n")
        await it.until_seen("Two more nodes")


@pytest.mark.parametrize("size", SIZES)
async def test_while_somebody_types_for_the_learner_the_keyboard_stays_away_and_esc_stops_it(
    size: tuple[int, int],
) -> None:
    async with driven(size) as it:
        it.session.change(doing=Doing("Doing this step for you", "node2: docker ps", node="node2"))
        await it.until_seen("Doing this step for you: node2: docker ps")
        await it.until(lambda: it.lab.node == "node2", "its shell is in front")
        await it.press("x", "n", "f5", "R")
        assert it.session.known_shells["node2"].written == b""
        assert it.session.view.readiness is Readiness.READY
        assert it.session.asked == []
        await it.press("escape")
        await it.until(lambda: "stop" in it.session.asked, "stopped")
        await it.until_gone("Doing this step for you")
        await it.press("f2", "x")
        await it.until(lambda: it.session.known_shells["node1"].written == b"x", "the keyboard is back")


@pytest.mark.parametrize("size", SIZES)
async def test_any_step_can_be_chosen_from_the_list(size: tuple[int, int]) -> None:
    async with driven(size) as it:
        await it.press("s")
        await it.until(lambda: isinstance(it.app.screen, StepsScreen), "the list is there")
        await it.until_seen("Scale the application")
        await it.until_seen("A longer story")
        await it.press("down", "down", "enter")
        await it.until(lambda: it.session.asked == ["jump long"], "the nodes are brought there")
        assert it.app.screen is it.lab
        await it.press("s", "escape")
        await it.until(lambda: it.app.screen is it.lab, "stayed")


def test_every_state_of_a_step_has_its_own_sign() -> None:
    assert len(StepState) == 4
    for signs in (ASCII, UNICODE):
        assert len({signs.done, signs.passed, signs.pointer, signs.stopped, signs.unknown}) == 5


async def test_ctrl_c_stops_what_is_being_done_before_it_quits() -> None:
    async with driven() as it:
        it.session.change(doing=Doing("Going to «Two more nodes»", "docker swarm init"))
        await it.until_seen("Esc stops it")
        await it.press("ctrl+c")
        await it.until_gone("Esc stops it")
        assert it.app.screen is it.lab
        await it.press("ctrl+c")
        await it.until_seen("Leave the lab?")


async def test_free_play_is_said_on_screen_and_ends_with_its_key() -> None:
    async with driven((80, 24)) as it:
        await it.press("x")
        await it.until_seen("Free play: the nodes are all yours")
        assert it.session.view.readiness is Readiness.FREE
        await it.press("x")
        await it.until_gone("Free play")


async def test_a_run_begins_as_its_options_say() -> None:
    async with driven(begin=Beginning(free=True)) as it:
        await it.until_seen("Free play: the nodes are all yours")
    async with driven(begin=Beginning("long")) as it:
        await it.until(lambda: it.session.asked == ["jump long"], "the nodes are brought to the step")


async def test_a_second_copy_asks_before_it_makes_nodes() -> None:
    session = FakeSession()
    session.reads_along = True
    async with driven(session=session, prepare=found_well, live=False) as it:
        await it.until(lambda: isinstance(it.app.screen, BusyScreen), "asked")
        assert session.connected_fresh is None
        await it.press("r")
        await it.until(lambda: it.lab.prepared, "reading along")
        it.session.change(reading_along=True)
        await it.until_seen("Reading along: this lab is open in another window")
        await it.press("q")
        await it.until_seen("Leave the lab?")
        assert "remove the nodes" not in it.screen_text


async def test_a_second_copy_can_leave_at_once() -> None:
    session = FakeSession()
    session.reads_along = True
    async with driven(session=session, live=False) as it:
        await it.until(lambda: isinstance(it.app.screen, BusyScreen), "asked")
        await it.press("escape")
    assert it.app.return_value == Leaving.BUSY


async def test_a_step_done_again_and_one_passed_over_say_so() -> None:
    async with driven() as it:
        it.session.change(done=True, again=True, frontier=1, goals=(goal("all", Outcome.FAIL),))
        await it.until_seen("done before — do it again")
        it.session.change(done=False, again=False, passed=True)
        await it.until_seen("passed over — n or F8 opens the next step")
