"""The table of actions, and all that is made from it."""

import pytest

from tests.app.driving import driven
from tests.app.fakes import FakeSession
from tui.app.actions import ACTIONS, Action, action_of, key_name, keys_of, release_keys
from tui.app.app import SwarmtutorApp
from tui.app.paint import text_of
from tui.app.palette import ActionProvider
from tui.app.screens.help import KeyTable
from tui.app.screens.lab import LabScreen


def owner(action: Action) -> type[SwarmtutorApp] | type[LabScreen]:
    return SwarmtutorApp if action.id.startswith("app.") else LabScreen


def test_ids_and_keys_are_each_used_once() -> None:
    ids = [action.id for action in ACTIONS]
    keys = [key for action in ACTIONS for key in keys_of(action, {})]
    assert len(set(ids)) == len(ids) > 10
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_exists_has_a_key_and_says_what_it_does(action: Action) -> None:
    assert hasattr(owner(action), f"action_{action.call.split('(')[0]}")
    assert keys_of(action, {})[0]
    area, verb = action.title.split(": ")
    assert area.islower()
    assert verb[0].isupper()
    assert action.help.endswith(".")


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_f_key_has_a_second_way(action: Action) -> None:
    keys = keys_of(action, {})
    functions = [key for key in keys if key.startswith("f") and key[1:].isdigit()]
    assert len(functions) < len(keys)


def test_from_the_shell_each_action_is_an_f_key_or_the_release_key_away() -> None:
    released = release_keys({})
    assert set(keys_of(action_of("pane.shell"), {})) <= released
    released = {key for key in released if not key.startswith("anchor-")}  # keys that no keyboard has
    assert all(key.startswith("f") or key in keys_of(action_of("pane.shell"), {}) for key in released)
    for wanted in ("lesson.next", "lesson.type", "lesson.hint", "node.1", "node.2", "node.3", "app.help"):
        assert set(keys_of(action_of(wanted), {})) & released, wanted


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("ctrl+right_square_bracket", "Ctrl-]"),
        ("f5", "F5"),
        ("question_mark", "?"),
        ("right", "→"),
        ("shift+tab", "Shift-Tab"),
        ("ctrl+p", "Ctrl-P"),
        ("n", "n"),
        ("T", "T"),
    ],
)
def test_keys_are_called_what_people_call_them(key: str, name: str) -> None:
    assert key_name(key) == name


def test_the_help_lists_every_action_with_all_its_keys() -> None:
    text = "\n".join(text_of(each) for each in KeyTable({}).lines(90))
    for action in ACTIONS:
        assert action.title.split(": ")[1] in text
        for key in keys_of(action, {}):
            assert key_name(key) in text


async def test_keys_can_be_remapped_and_everything_follows() -> None:
    async with driven(keymap={"lesson.hint": "ctrl+g,f13", "lesson.previous": "f14"}) as it:
        await it.until(lambda: "Ctrl-G hint" in it.lab.bar("footer").text, "Ctrl-G hint")
        await it.press("h")
        assert not it.session.view.hints
        await it.press("ctrl+g")
        await it.until_seen("Hint  Look at")
        await it.press("1")
        await it.until(lambda: it.lab.shell_box.terminal.has_focus, "in the shell")
        await it.until(lambda: "F13 hint" in it.lab.bar("footer").text, "F13 hint")
        await it.press("f13")
        await it.until_seen("Hint 2")
        text = "\n".join(text_of(each) for each in KeyTable(it.app.keymap).lines(90))
        assert "Ctrl-G  F13" in text
        it.session.finish_step()
        await it.press("f8", "1")
        await it.until(lambda: "F14 back" in it.lab.bar("footer").text, "the way back has an F-key now")


@pytest.mark.parametrize("width", [80, 100, 120, 200])
async def test_the_footer_fits_and_shows_only_what_works_now(width: int) -> None:
    async with driven((width, 36)) as it:
        footer = it.lab.bar("footer")
        assert "next" not in footer.text
        assert "back" not in footer.text
        it.session.finish_step()
        await it.until(lambda: "n next" in footer.text, "next works")
        await it.press("n")
        await it.until(lambda: "p back" in footer.text, "back works")
        assert "hint" not in footer.text
        assert len(footer.text) <= width
        assert footer.size.width == width


async def test_in_the_shell_the_footer_names_the_keys_that_reach_us() -> None:
    async with driven() as it:
        await it.press("1")
        footer = it.lab.bar("footer")
        await it.until(lambda: "Ctrl-] leave shell" in footer.text, "the way out is shown")
        await it.until(lambda: "F5 type it" in footer.text, "F5 type it")
        await it.until(lambda: "F2-F4 node" in footer.text, "F2-F4 node")
        assert "Tab" not in footer.text
        assert " q quit" not in footer.text


async def test_the_palette_offers_what_works_now_and_does_it() -> None:
    async with driven() as it:
        provider = ActionProvider(it.lab)
        offered = [str(hit.prompt) async for hit in provider.discover()]
        assert "lesson: Type the command for me" in offered
        assert "lesson: Open the next step" not in offered
        it.session.finish_step()
        await it.until(lambda: "n next" in it.lab.bar("footer").text, "next works")
        found = [hit async for hit in provider.search("open next")]
        assert [str(hit.prompt) for hit in found] == ["lesson: Open the next step"]
        await it.press("ctrl+p", *"show a hint")
        await it.until_gone("pane: Go to the next pane")
        await it.until_seen("lesson: Show a hint, then help more")
        await it.press("enter")
        await it.until(lambda: bool(it.session.view.hints), "the hint was given")


async def test_a_click_on_a_tab_brings_its_shell() -> None:
    async with driven(session=FakeSession()) as it:
        text = it.lab.shell_box.title.text
        await it.pilot.click("#shell-title", offset=(text.index("3 node3") + 3, 0))
        await it.until_seen("docker@node3")
        assert it.lab.node == "node3"


async def test_the_other_look_is_a_key_away() -> None:
    async with driven() as it:
        assert it.app.theme == "swarmtutor-dark"
        await it.press("T")
        await it.until(lambda: it.app.theme == "swarmtutor-light", "the light look")
