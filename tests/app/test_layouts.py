"""The layouts at every size, the sizes of the panes, and how it all looks: chosen by keys, kept for the next run."""

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style

from tests.app.driving import Driven, driven
from tests.app.fakes import FakeSession, Preparing
from tui.app.arrangement import Pane, arrange, share_of
from tui.app.filters import as_ascii
from tui.app.preferences import ForThisRun, Layout, PreferencesFile
from tui.app.screens.themes import ThemesScreen
from tui.app.signs import ASCII
from tui.app.themes import THEMES

WINDOWS = [(80, 24), (100, 30), (120, 40), (200, 60)]
PARTS = ("#header", "#tabs", "#left", "#upright", "#swarm", "#shell", "#strip", "#footer")


def seen(it: Driven) -> set[Pane]:
    """The panes that have any room on screen."""
    places = {Pane.LESSON: "#left", Pane.SWARM: "#swarm", Pane.SHELL: "#shell"}
    return {pane for pane, place in places.items() if it.lab.query_one(place).is_on_screen}


async def go(it: Driven, pane: Pane) -> None:
    """To that pane by keys alone."""
    if it.lab.pane is Pane.SHELL and pane is not Pane.SHELL:
        await it.press("ctrl+right_square_bracket")
    while it.lab.pane is not pane:
        before = it.lab.pane
        await it.press("tab")
        await it.until(lambda before=before: it.lab.pane is not before, "another pane")
    await it.until(lambda: it.app.focused is not None and it.app.focused.is_on_screen, "the focus is in sight")


# --- what is seen --------------------------------------------------------------------------------------------------


WORDS = {
    Pane.LESSON: ("Six pets, please", "Demand is up.", "asks for 6 replicas"),
    Pane.SWARM: ("HOSTNAME", "pets.1"),
    Pane.SHELL: ("docker@node1:~$",),
}
"""What stands in each pane, whatever its size."""


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("size", WINDOWS, ids=str)
async def test_in_every_layout_all_panes_are_reached_none_is_empty_and_nothing_overlaps(
    size: tuple[int, int], layout: Layout
) -> None:
    async with driven(size, look=ForThisRun(layout=layout)) as it:
        for pane, words in WORDS.items():
            await go(it, pane)
            assert pane in seen(it)
            for word in words:
                await it.until_seen(word)
            assert "Six pets, please" in it.screen_text or "6 tasks of pets run" in it.screen_text
            regions = {part: it.lab.query_one(part).region for part in PARTS if it.lab.query_one(part).is_on_screen}
            assert regions
            for (one, first), (other, second) in combinations(regions.items(), 2):
                assert not first.overlaps(second), (one, other)
            assert all(it.lab.region.contains_region(region) for region in regions.values())
            area = sum(region.area for region in regions.values())
            assert area == size[0] * size[1], "no cell belongs to nobody"
            assert it.app.focused is not None
            assert it.app.focused.region.width >= 30
            assert it.app.focused.region.height >= 5
            footer = it.lab.bar("footer")
            await it.until(lambda footer=footer: "F1 help" in footer.text, "help is named")
            inside = pane is Pane.SHELL
            await it.until(
                lambda inside=inside, footer=footer: ("Ctrl-]" in footer.text) is inside, "so is the way out"
            )


@pytest.mark.parametrize(
    ("layout", "width", "maximised", "pane", "beside", "expected"),
    [
        (Layout.PANES, 100, False, Pane.LESSON, Pane.SHELL, set(Pane)),
        (Layout.PANES, 99, False, Pane.LESSON, Pane.SHELL, {Pane.LESSON}),
        (Layout.PANES, 200, True, Pane.SWARM, Pane.SWARM, {Pane.SWARM}),
        (Layout.TABS, 200, False, Pane.SHELL, Pane.SHELL, {Pane.SHELL}),
        (Layout.BIG, 200, False, Pane.LESSON, Pane.SWARM, {Pane.LESSON, Pane.SWARM}),
        (Layout.BIG, 200, False, Pane.SHELL, Pane.SHELL, {Pane.LESSON, Pane.SHELL}),
        (Layout.BIG, 80, False, Pane.SHELL, Pane.SHELL, {Pane.SHELL}),
    ],
)
def test_what_is_seen_is_decided_by_layout_width_and_focus(
    layout: Layout, width: int, maximised: bool, pane: Pane, beside: Pane, expected: set[Pane]
) -> None:
    assert arrange(layout, (width, 40), pane, beside, maximised=maximised).seen == expected


def test_margins_are_wide_where_there_is_room_for_them() -> None:
    at = {
        size: arrange(Layout.BIG, size, Pane.LESSON, Pane.SHELL, maximised=False).air for size in ((79, 40), (80, 24))
    }
    assert at == {(79, 40): False, (80, 24): True}
    assert not arrange(Layout.PANES, (200, 60), Pane.LESSON, Pane.SHELL, maximised=False).air


async def test_big_shows_the_lesson_and_whatever_one_turned_to_last() -> None:
    async with driven((120, 40), look=ForThisRun(layout=Layout.BIG)) as it:
        assert seen(it) == {Pane.LESSON, Pane.SHELL}
        await it.press("v")
        await it.until(lambda: seen(it) == {Pane.LESSON, Pane.SWARM}, "the swarm is beside the lesson")
        assert it.lab.pane is Pane.LESSON
        await it.press("2")
        await it.until(lambda: seen(it) == {Pane.LESSON, Pane.SHELL}, "the shell is")
        await it.press("f7")
        await it.until(lambda: it.lab.swarm_view.has_focus, "from the shell one goes there")


async def test_a_key_goes_through_the_layouts_and_says_which() -> None:
    async with driven((120, 40)) as it:
        assert seen(it) == set(Pane)
        await it.press("B")
        await it.until_seen("One pane at a time.")
        await it.until(lambda: seen(it) == {Pane.LESSON}, "the lesson alone")
        await it.press("f9")
        await it.until_seen("Panes are tabs now")
        await it.press("B")
        await it.until_seen("Big, for a projector")
        await it.until(lambda: seen(it) == {Pane.LESSON, Pane.SHELL}, "two")
        await it.press("B")
        await it.until(lambda: seen(it) == set(Pane), "all again")


@pytest.mark.parametrize("pane", list(Pane))
async def test_any_pane_can_have_the_whole_window_and_give_it_back(pane: Pane) -> None:
    async with driven((120, 40)) as it:
        await go(it, pane)
        await it.press("f9")
        await it.until(lambda: seen(it) == {pane} and it.lab.bar("tabs").is_on_screen, "it alone, and tabs")
        await it.press("f9")
        await it.until(lambda: seen(it) == set(Pane), "all again")
        assert it.lab.pane is pane


async def test_while_the_nodes_are_made_every_layout_shows_how_far_it_is() -> None:
    making = Preparing()
    async with driven((120, 40), prepare=making, live=False) as it:
        for _ in Layout:
            await it.press("B", "tab")
            await it.until_seen("three nodes  node1 node2")
            await it.press("shift+tab")
        making.may_end.set()
        await it.until(lambda: it.lab.prepared, "up")


# --- sizes ---------------------------------------------------------------------------------------------------------


def test_shares_leave_both_sides_their_least() -> None:
    assert share_of(60, 119, 30, 40) == 50.43
    assert share_of(5, 119, 30, 40) == 25.22
    assert share_of(118, 119, 30, 40) == 66.39
    assert share_of(0, 20, 30, 40) == 50.0
    assert share_of(1, 1000, 0, 0) == 10.0


async def test_keys_size_the_panes_and_the_next_run_has_the_sizes(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    async with driven((120, 40), preferences=PreferencesFile(path)) as it:
        left, swarm = it.lab.query_one("#left"), it.lab.query_one("#swarm")
        width, height = left.size.width, swarm.size.height
        await it.press("greater_than_sign", "plus")
        await it.until(lambda: (left.size.width, swarm.size.height) == (width + 4, height + 2), "wider and higher")
        await it.press("less_than_sign", "less_than_sign", "minus", "minus")
        await it.until(lambda: (left.size.width, swarm.size.height) == (width - 4, height - 2), "the other way")
        shell, terminal = it.session.known_shells["node1"], it.lab.shell_box.terminal
        await it.until(lambda: shell.engine.rows == terminal.size.height, "the shell follows")
    async with driven((120, 40), preferences=PreferencesFile(path)) as it:
        left, swarm = it.lab.query_one("#left"), it.lab.query_one("#swarm")
        assert (left.size.width, swarm.size.height) == (width - 4, height - 2)
        await it.pilot.resize_terminal(200, 60)
        await it.until(lambda: left.size.width > width, "a share, not a number of columns")
        await it.press("equals_sign")
        await it.until(lambda: it.app.preferences.lesson_share is None, "the usual sizes")
        await it.pilot.resize_terminal(120, 40)
        await it.until(lambda: left.size.width == width, "as it was")
    assert json.loads(path.read_text())["lesson_share"] is None


async def test_no_pane_can_be_made_to_vanish() -> None:
    async with driven((100, 30)) as it:
        for key, place in (("less_than_sign", "#left"), ("greater_than_sign", "#right")):
            for _ in range(7):
                await it.press(key)
            assert it.lab.query_one(place).outer_size.width >= 30
        for key, place in (("minus", "#swarm"), ("plus", "#shell")):
            for _ in range(7):
                await it.press(key)
            assert it.lab.query_one(place).outer_size.height >= 4


async def test_the_lines_between_panes_are_dragged_with_the_mouse() -> None:
    async with driven((120, 40)) as it:
        line, left = it.lab.query_one("#upright"), it.lab.query_one("#left")
        where = line.region
        await it.pilot.mouse_down(offset=(where.x, 10))
        await it.pilot.hover(offset=(70, 12))
        await it.until(lambda: left.region.right == 70, "it follows the mouse")
        await it.pilot.mouse_up(offset=(70, 12))
        await it.pilot.hover(offset=(40, 12))
        await it.pilot.pause()
        assert left.region.right == 70
        shell = it.lab.shell_box
        node = it.lab.node
        await it.pilot.mouse_down(offset=(85, shell.region.y))
        await it.pilot.hover(offset=(85, 25))
        await it.until(lambda: shell.region.y == 25, "so does the shell's title")
        await it.pilot.mouse_up(offset=(85, 25))
        await it.pilot.pause()
        assert it.lab.node == node, "dragging is no click on a tab"
        text = shell.title.text
        await it.pilot.click("#shell-title", offset=(text.index("3 node3") + 3, 0))
        await it.until(lambda: it.lab.node == "node3", "a click still is one")


async def test_where_one_pane_is_alone_there_is_nothing_to_size() -> None:
    async with driven((80, 24)) as it:
        await it.press("greater_than_sign")
        await it.until_seen("There is nothing beside it")
        assert it.app.preferences.lesson_share is None


# --- looks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nord", "solarized-light", "ansi-light", "contrast"])
async def test_the_lab_stands_in_every_kind_of_theme(name: str) -> None:
    async with driven((120, 40), look=ForThisRun(theme=name)) as it:
        assert it.app.theme.endswith(name)
        await it.until_seen("Six pets, please")
        await it.press("f1")
        await it.until_seen("Keys")


async def test_a_look_is_chosen_by_key_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    async with driven(preferences=PreferencesFile(path)) as it:
        names: list[str] = []
        for _ in THEMES:
            names.append(it.app.theme)
            await it.press("T")
            await it.until(lambda: it.app.theme != names[-1], "another look")
        assert names == [theme.name for theme in THEMES]
        await it.press("T")
        await it.until(lambda: it.app.theme == "swarmtutor-light", "light")
    async with driven(preferences=PreferencesFile(path)) as it:
        assert it.app.theme == "swarmtutor-light"


async def test_what_the_command_line_asks_for_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    async with driven(preferences=PreferencesFile(path), look=ForThisRun("nord", Layout.TABS, motion=False)) as it:
        assert (it.app.theme, it.app.animation_level) == ("nord", "none")
        await it.press("B")
        await it.until(lambda: it.app.preferences.layout is Layout.BIG, "another layout")
    stored = json.loads(path.read_text())
    assert (stored["theme"], stored["layout"], stored["motion"]) == ("", "big", True)


async def test_themes_are_tried_in_the_list_and_taken_or_left(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    async with driven(preferences=PreferencesFile(path)) as it:
        await it.press("ctrl+t")
        await it.until(lambda: isinstance(it.app.screen, ThemesScreen), "the list")
        await it.press("down")
        await it.until(lambda: it.app.theme == "swarmtutor-light", "tried at once")
        await it.press("escape")
        await it.until(lambda: it.app.theme == "swarmtutor-dark", "left as it was")
        await it.press("ctrl+t")
        await it.until(lambda: isinstance(it.app.screen, ThemesScreen), "the list again")
        await it.press("down", "down", "enter")
        await it.until(lambda: it.app.screen is it.lab, "chosen")
        assert it.app.theme == "swarmtutor-contrast"
    assert json.loads(path.read_text())["theme"] == "swarmtutor-contrast"


@pytest.mark.parametrize(
    ("stored", "said"),
    [("{", "settings could not be read"), ('{"theme": "gone"}', "no theme “gone”"), ('{"layout": 5}', "“layout” is 5")],
)
async def test_settings_that_mean_nothing_are_said_and_the_usual_is_shown(
    tmp_path: Path, stored: str, said: str
) -> None:
    path = tmp_path / "settings.json"
    path.write_text(stored)
    async with driven((200, 60), preferences=PreferencesFile(path)) as it:
        await it.until(lambda: said in " ".join(it.screen_text.split()), said)
        assert (it.app.theme, it.app.preferences.layout) == ("swarmtutor-dark", Layout.PANES)
    assert path.read_text() == stored


async def test_a_choice_that_cannot_be_kept_is_said_and_holds(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    async with driven((200, 60), preferences=PreferencesFile(tmp_path / "file" / "settings.json")) as it:
        await it.press("T")
        await it.until_seen("settings cannot be kept")
        assert it.app.theme == "swarmtutor-light"


# --- without colour, without UTF-8, without motion -----------------------------------------------------------------


def segments(it: Driven) -> list[Segment]:
    """All that goes out to the terminal."""
    # Textual has no public way to read what it sends.
    strips = it.app.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
    return [segment for strip in strips for segment in strip]


def styles(it: Driven) -> list[Style]:
    return [segment.style for segment in segments(it) if segment.style is not None]


def colours(it: Driven) -> set[str]:
    found = {colour for style in styles(it) for colour in (style.color, style.bgcolor) if colour is not None}
    return {"default" if colour.is_default else colour.name for colour in found}


def blinks(it: Driven) -> bool:
    return any(style.blink for style in styles(it))


async def test_without_colour_none_goes_out_and_the_focus_is_still_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with driven((120, 40)) as it:
        it.session.known_shells["node1"].feed(b"\x1b[31mred\x1b[0m \x1b[48;2;9;9;9mgrey\x1b[0m\r\n")
        await it.until_seen("red grey")
        assert colours(it) <= {"default"}
        for place, pane in (("lesson-title", Pane.LESSON), ("swarm-title", Pane.SWARM)):
            await go(it, pane)
            bar = it.lab.bar(place)
            await it.until(lambda bar=bar: bar.text.startswith("▌"), "marked by a sign")
            words = bar.text.split("  ")[0].lstrip("▌")
            shown = [segment.style for segment in segments(it) if words in segment.text and segment.style]
            assert any(style.bold and style.underline for style in shown), "and not by that alone"
        await it.press("f1")
        await it.until_seen("Keys")
        assert colours(it) <= {"default"}


async def test_the_terminals_own_colours_are_all_that_goes_out_when_they_are_chosen() -> None:
    async with driven((120, 40), look=ForThisRun(theme="ansi")) as it:
        for keys in ((), ("f1",), ("escape", "q"), ("escape", "ctrl+p")):
            await it.press(*keys)
            await it.pilot.pause()
            assert not [name for name in colours(it) if name.startswith("#")], keys


async def test_without_utf8_nothing_but_ascii_goes_out_whatever_is_written() -> None:
    async with driven((120, 40), signs=ASCII, look=ForThisRun(layout=Layout.BIG)) as it:
        it.session.known_shells["node1"].feed("naïve “Größe” 漢字 │ … 🐳 e\u0301\r\n".encode())
        it.session.change(diagnosis="«node2» is down — not drained…")
        await it.until_seen('naive "Gro?e" ???? | ~ ?? e')
        await it.until_seen('"node2" is down - not drained~')
        assert it.screen_text.isascii()
        await it.press("f1")
        await it.until_seen("Keys")
        assert it.screen_text.isascii()


def test_what_has_no_likeness_in_ascii_is_as_wide_as_before() -> None:
    assert as_ascii("漢a✔─│┼é→«»\u0301") == '??a+-|+e>""'
    assert as_ascii("plain") == "plain"


async def test_nothing_moves_where_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.constants.TEXTUAL_ANIMATIONS", "full")
    path = tmp_path / "settings.json"
    async with driven((120, 40), preferences=PreferencesFile(path)) as it:
        it.session.known_shells["node1"].feed(b"\x1b[5mwarning\x1b[0m\r\n")
        await it.until_seen("warning")
        assert it.app.animation_level == "full"
        await it.until(lambda: blinks(it), "it blinks")
        await it.press("M")
        await it.until_seen("Nothing moves or blinks by itself.")
        assert it.app.animation_level == "none"
        await it.until(lambda: not blinks(it), "nothing blinks")
    async with driven(preferences=PreferencesFile(path)) as it:
        assert it.app.animation_level == "none"


async def test_the_environments_word_on_animations_holds_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.constants.TEXTUAL_ANIMATIONS", "none")
    async with driven() as it:
        assert it.app.animation_level == "none"


async def test_a_step_without_anything_to_do_is_big_too() -> None:
    session = FakeSession()
    session.pages[0] = replace(session.pages[0], goals=(), blocks=())
    async with driven((80, 24), session, look=ForThisRun(layout=Layout.BIG)) as it:
        await it.until_seen("Six pets, please")
