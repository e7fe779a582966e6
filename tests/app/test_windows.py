"""What lies over the lab for a moment: letters to jump by, words, links, all labs, the palette, the help."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import OptionList

from tests.app.driving import Driven, driven
from tests.app.fakes import FakeSession, six_pets, views
from tui.app import desktop
from tui.app.actions import ACTIONS
from tui.app.leaving import Leaving
from tui.app.links import Link, here_instead, links_in, links_of
from tui.app.paint import text_of
from tui.app.palette import ActionProvider, Offer
from tui.app.preferences import Layout
from tui.app.screens.help import HelpScreen, PaneKeys
from tui.app.screens.jump import JumpScreen
from tui.app.screens.lab import Pane
from tui.app.screens.labs import LabsScreen, lab_rows
from tui.app.screens.words import Meaning, WordsScreen
from tui.app.signs import ASCII, UNICODE
from tui.app.widgets.question import QuestionBlock
from tui.labs.glossary import load_glossary
from tui.labs.model import QuestionKind
from tui.paths import content_dir
from tui.tutor.lab_list import LabLine
from tui.tutor.views import LessonView, PageProse, PageQuestion

DOCS = "https://docs.docker.com/engine/swarm/services/"


def asking() -> FakeSession:
    """A session whose first step asks something, and names two addresses."""
    pages = views()
    question = PageQuestion("q1", "How many replicas will node2 run?", QuestionKind.NUMBER)
    prose = PageProse(f"[Docker's own page]({DOCS}) tells of services; `http://10.77.0.11:5000` shows one.")
    pages[0] = replace(pages[0], blocks=(question, prose, *pages[0].blocks))
    return FakeSession(pages)


# --- jumping -------------------------------------------------------------------------------------------------------


async def jumping(it: Driven, key: str) -> dict[str, tuple[int, int]]:
    """Begin to jump; the letters on screen, and where each stands."""
    await it.press(key)
    await it.until(lambda: isinstance(it.app.screen, JumpScreen), "jumping")
    for text in ("[l]", "[s]", "[1]", "[2]", "[3]", "Press what stands"):
        await it.until_seen(text)
    rows = it.screen_text.splitlines()
    return {
        found[1]: (found.start(), y) for y, row in enumerate(rows[:-1]) for found in re.finditer(r"\[([a-z0-9])\]", row)
    }


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_letter_stands_on_everything_and_goes_there(size: tuple[int, int]) -> None:
    async with driven(size, asking()) as it:
        places = await jumping(it, "j")
        assert set(places) == {"l", "s", "q", "1", "2", "3"}
        rows = it.screen_text.splitlines()
        for letter, name in (("1", "1 node1"), ("2", "2 node2"), ("3", "3 node3")):
            x, y = places[letter]
            assert rows[y - 1][x:].startswith(name), "the letter hangs below the name of its tab"
        await it.press("2")
        await it.until(lambda: it.lab.shell_box.terminal.has_focus and it.lab.node == "node2", "in the shell of node2")
        for letter, pane in (("s", Pane.SWARM), ("l", Pane.LESSON), ("3", Pane.SHELL)):
            it.lab.action_node("node1")
            await it.until(lambda: it.lab.shell_box.terminal.has_focus, "in the shell")
            await jumping(it, "f12")
            await it.press(letter)
            await it.until(lambda pane=pane: it.lab.pane is pane and it.app.screen is it.lab, f"at {letter}")
        assert it.lab.node == "node3"
        assert all(not shell.written for shell in it.session.known_shells.values())


async def test_a_question_is_a_letter_away_and_other_keys_do_nothing() -> None:
    async with driven((80, 24), asking()) as it:
        await jumping(it, "j")
        await it.press("x", "n", "enter")
        assert isinstance(it.app.screen, JumpScreen)
        await it.press("q")
        await it.until(lambda: isinstance(it.lab.focused, QuestionBlock), "at the question")


@pytest.mark.parametrize("key", ["escape", "f12", "j"])
async def test_whoever_does_not_jump_is_where_they_were(key: str) -> None:
    async with driven((80, 24), asking()) as it:
        it.lab.action_node("node2")
        await it.until(lambda: it.lab.shell_box.terminal.has_focus, "in the shell")
        await jumping(it, "f12")
        await it.press(key)
        await it.until(lambda: it.app.screen is it.lab, "no longer jumping")
        await it.until(lambda: it.lab.shell_box.terminal.has_focus, "in the shell still")
        assert it.session.known_shells["node2"].written == b""


# --- words ---------------------------------------------------------------------------------------------------------


async def test_the_words_of_the_step_come_first_and_lead_to_others() -> None:
    terms = load_glossary(content_dir())
    async with driven((80, 24)) as it:
        await it.press("i")
        await it.until(lambda: isinstance(it.app.screen, WordsScreen), "the words")
        await it.until_seen("In this step")
        listed = it.app.screen.query_one("#words", OptionList)
        names = [str(option.prompt).strip() for option in listed.options]
        of_step = names[1 : names.index("All words")]
        assert of_step[:3] == ["replica", "service", "manager"]
        assert "quorum" not in of_step
        assert names[names.index("All words") + 1 :] == [term.name for term in terms]
        meaning = it.app.screen.query_one(Meaning)

        async def explains(name: str) -> None:
            await it.until(lambda: text_of(meaning.lines(40)[0]) == name, f"{name} is explained")
            await it.until_seen(text_of(meaning.lines(40)[2]).rstrip())

        await explains("replica")
        await it.press("2")  # the second word that is named there
        await explains("manager")
        await it.press("backspace")
        await explains("replica")
        await it.press("Q")
        await explains("quorum")
        await it.press("escape")
        await it.until(lambda: it.app.screen is it.lab, "closed")


def test_every_explanation_fits_beside_the_list_in_a_small_window() -> None:
    for term in load_glossary(content_dir()):
        assert len(Meaning(term, ("one", "two", "three")).lines(40)) <= 15, term.name


# --- links ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markdown", "links"),
    [
        (f"See [the docs]({DOCS}).", [Link(DOCS, "the docs")]),
        (f"See <{DOCS}>, or ({DOCS}).", [Link(DOCS), Link(DOCS)]),
        ("Open `http://10.1.1.1:5000`. Then go on.", [Link("http://10.1.1.1:5000")]),
        (
            '[a](https://a.b/c_(d) "title") and https://e.f/g_(h)!',
            [Link("https://a.b/c_(d)", "a"), Link("https://e.f/g_(h)")],
        ),
        ("http://<node1 IP>:5000 is not known yet, and file:///etc/passwd or [x](javascript:alert) is none", []),
    ],
)
def test_addresses_are_found_as_they_stand_and_behind_words(markdown: str, links: list[Link]) -> None:
    assert list(links_in(markdown)) == links


async def test_a_letter_opens_a_link_or_hands_it_over(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    browser = [desktop.Way(("browser",), "your browser")]

    async def hand_over(text: str, ways: Sequence[desktop.Way], *, as_argument: bool = False) -> desktop.Way | None:
        if as_argument and ways:
            asked.append(text)
        return ways[0] if ways else None

    monkeypatch.setattr(desktop, "hand_over", hand_over)
    monkeypatch.setattr(desktop, "browser_ways", lambda: browser)
    monkeypatch.setattr(desktop, "clipboard_ways", list[desktop.Way])
    async with driven((80, 24), asking()) as it:
        assert [link.url for link in links_of(it.session.view)] == [DOCS, "http://10.77.0.11:5000"]
        await it.press("u")
        await it.until_seen("Docker's own page")
        await it.until_seen(DOCS)
        await it.press("a")
        await it.until_seen("Opened in your browser")
        assert asked == [DOCS]
        browser.clear()
        await it.press("b")
        await it.until_seen("No browser can be reached from here")
        assert it.app.clipboard == "http://10.77.0.11:5000"
        it.session.addresses[5000] = "http://127.0.0.1:41234/"
        await it.press("b")  # what a node publishes is opened where this machine reaches it
        await it.until(lambda: it.app.clipboard == "http://127.0.0.1:41234/", "the address that leads there")
        await it.press("escape")
        it.session.go(1)
        await it.until_seen("Two more nodes")
        await it.press("u")
        await it.until_seen("This step names no address.")


# --- labs ----------------------------------------------------------------------------------------------------------


async def test_the_list_of_labs_leads_to_another_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SWARMTUTOR_STATE", str(tmp_path))
    async with driven((80, 24)) as it:
        await it.press("L")
        await it.until(lambda: isinstance(it.app.screen, LabsScreen), "the labs")
        await it.until_seen("When nodes fail")
        await it.until_seen("30 min")
        await it.until_seen("you are here")
        await it.press("enter")  # this lab: nothing to do
        await it.until(lambda: it.app.screen is it.lab, "still here")
        await it.press("L")
        await it.until_seen("When nodes fail")
        await it.press("down", "enter")
        await it.until(lambda: it.app.return_value == Leaving.OTHER_LAB, "leaving for it")
        assert it.app.other_lab == "when-nodes-fail"
    assert it.session.closed


@pytest.mark.parametrize("signs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize(
    ("lab", "here", "parts"),
    [
        (LabLine("a", "A lab", "About it.", "beginner", 30, 24), False, ["30 min", "0 of 24 steps", "About it."]),
        (
            LabLine("a", "A lab", total=4, done=2, step="Drain", spent=600),
            False,
            ["go on with “Drain”, 10 min so far"],
        ),
        (LabLine("a", "A lab", total=24, done=12, step="Drain"), True, ["you are here: Drain"]),
        (LabLine("a", "A lab", total=24, done=24, spent=60), False, ["24 of 24 steps", "done, 1 min so far"]),
        (LabLine("a", "a", trouble="The lab has 2 mistakes."), False, ["The lab has 2 mistakes."]),
    ],
    ids=["new", "begun", "here", "done", "broken"],
)
def test_a_lab_says_how_far_one_is(lab: LabLine, here: bool, parts: list[str], signs: object) -> None:
    assert signs in (UNICODE, ASCII)
    rows = [text_of(row) for row in lab_rows(lab, 60, ASCII if signs is ASCII else UNICODE, here=here)]
    assert all(len(row) <= 60 for row in rows)
    for part in parts:
        assert part in "\n".join(rows)


# --- palette and help ----------------------------------------------------------------------------------------------

TITLE = re.compile(r"[a-z]+: [A-Z][a-z]+ .*[^.]|[a-z]+: [A-Z][a-z]+")


def offers(it: Driven) -> list[Offer]:
    provider = ActionProvider(it.lab)
    return [*provider.offers(), *provider.named_offers()]


async def test_the_palette_says_area_and_verb_and_all_that_it_offers_can_be_done() -> None:
    async with driven(session=asking()) as it:
        possible = offers(it)
        titles = [offer.title for offer in possible]
        assert len(set(titles)) == len(titles) > 20
        assert [title for title in titles if not TITLE.fullmatch(title)] == []
        assert all(offer.help for offer in possible)
        assert "lesson: Open the next step" not in titles
        assert not any("Scroll" in title for title in titles)
        assert "lesson: Go to step 3, “A longer story”" in titles
        for offer in possible:
            if offer.title.startswith("program:"):
                continue
            await offer.do()
            await it.pilot.pause()
            while it.app.screen is not it.lab:
                it.app.pop_screen()
        assert it.app.return_value is None


async def test_a_step_is_found_by_its_name() -> None:
    async with driven(session=asking()) as it:
        await it.press("ctrl+p", *"longer")
        await it.until_seen("lesson: Go to step 3")
        await it.press("enter")
        await it.until(lambda: it.session.asked == ["jump long"], "the nodes are brought there")


@pytest.mark.parametrize("pane", list(Pane))
async def test_help_begins_with_the_pane_in_front(pane: Pane) -> None:
    async with driven((80, 24), asking()) as it:
        it.lab.action_pane(pane.value)
        await it.until(lambda: it.lab.pane is pane, "in front")
        await it.press("f1")
        await it.until(lambda: isinstance(it.app.screen, HelpScreen), "the help")
        wanted = {
            Pane.LESSON: ("Here: the lesson", "Open the next step", "PgDn  Space"),
            Pane.SWARM: ("Here: the swarm", "Show the map", "PgDn  Space"),
            Pane.SHELL: ("Here: the shell", "Go into the shell, or leave it", "F5"),
        }[pane]
        for part in wanted:
            await it.until_seen(part)
        here = "\n".join(text_of(row) for row in it.app.screen.query_one(PaneKeys).lines(70))
        assert ("Show the traffic" in here) is (pane is Pane.SWARM)
        assert ("Ctrl-P" in here) is False


def test_areas_stand_together_in_the_table() -> None:
    areas = [action.title.partition(":")[0] for action in ACTIONS]
    changes = [area for before, area in zip(["", *areas], areas, strict=False) if area != before]
    assert len(set(changes)) == len(changes)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://10.77.0.12:5000", "http://127.0.0.1:4000/"),
        ("http://10.77.0.12:5000/cats?n=1", "http://127.0.0.1:4000/cats?n=1"),
        ("http://10.77.0.12:5001/", ""),
        ("http://10.99.0.12:5000/", ""),
        (DOCS, ""),
        ("http://[10.77", ""),
    ],
)
def test_only_what_a_node_publishes_is_opened_elsewhere(url: str, here: str) -> None:
    assert here_instead(url, six_pets(), {5000: "http://127.0.0.1:4000/"}) == here


def test_a_view_without_addresses_has_no_links() -> None:
    view: LessonView = views()[0]
    assert links_of(view) == ()


async def test_what_is_out_of_sight_is_a_letter_away_too() -> None:
    async with driven((120, 36), asking()) as it:
        it.lab.preferences = replace(it.lab.preferences, layout=Layout.BIG)
        await it.until(lambda: Pane.SWARM not in it.lab.arrangement.seen, "the swarm is out of sight")
        await jumping(it, "j")
        assert "[s] Swarm" in it.screen_text
        await it.press("s")
        await it.until(lambda: it.lab.pane is Pane.SWARM, "at the swarm")
        await jumping(it, "j")
        assert "[2] node2" in it.screen_text
        await it.press("2")
        await it.until(lambda: it.lab.shell_box.terminal.has_focus and it.lab.node == "node2", "in the shell of node2")
