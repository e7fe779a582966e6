"""The looks: text can be read in all of them, and what a sign means never hangs on its colour."""

from dataclasses import fields

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from tui.app.contrast import contrast, readable
from tui.app.signs import ASCII, UNICODE, Signs
from tui.app.themes import ANSI, CONTRAST, DARK, LIGHT, THEMES, variables_for

TEXT = ("foreground", "quiet", "pointed", "good", "waiting", "bad", *(f"hue{number}" for number in range(1, 7)))
GROUNDS = ("background", "surface", "panel", "bar")
OURS = (DARK, LIGHT, CONTRAST)
TEXTUALS = [theme for theme in BUILTIN_THEMES.values() if not theme.ansi]


def variables(theme: Theme) -> dict[str, Color]:
    """The theme's colours by name, as the style sheets see them."""
    said = {**variables_for(theme), **theme.to_color_system().generate(), **theme.variables}
    found: dict[str, Color] = {}
    for name in (*TEXT, *GROUNDS, "line", "code-ground", "code-text", "warning", "accent"):
        found[name] = Color.parse(said[name])
    for name in ("block-cursor-background", "block-cursor-foreground"):
        found[name] = Color.parse(theme.variables.get(name, "#000000"))
    return found


def test_the_ratio_is_that_of_the_standard() -> None:
    white, black = Color(255, 255, 255), Color(0, 0, 0)
    assert contrast(white, black) == pytest.approx(21.0)
    assert contrast(black, black) == pytest.approx(1.0)
    assert contrast(Color.parse("#777777"), white) == pytest.approx(4.48, abs=0.01)
    assert contrast(Color.parse("#767676"), white) == pytest.approx(4.54, abs=0.01)


def test_a_colour_is_moved_no_further_than_it_takes() -> None:
    ground = Color.parse("#202020")
    good = Color.parse("#a0d0a0")
    assert readable(good, ground, 4.5) == good
    poor = Color.parse("#404060")
    mended = readable(poor, ground, 4.5)
    assert 4.5 <= contrast(mended, ground) < 6.0


@pytest.mark.parametrize("name", TEXT)
@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
def test_text_can_be_read_on_every_ground_of_ours(theme: Theme, name: str) -> None:
    colours = variables(theme)
    least = 7.0 if theme is CONTRAST else 4.5
    ratios = {ground: contrast(colours[name], colours[ground]) for ground in GROUNDS}
    assert min(ratios.values()) >= least, ratios


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
def test_code_the_chosen_line_and_the_banner_can_be_read_too(theme: Theme) -> None:
    colours = variables(theme)
    least = 7.0 if theme is CONTRAST else 4.5
    assert contrast(colours["code-text"], colours["code-ground"]) >= least
    assert contrast(colours["code-text"], colours["background"]) >= least
    assert contrast(colours["block-cursor-foreground"], colours["block-cursor-background"]) >= least
    banner = colours["background"].blend(colours["warning"], 0.15)
    assert contrast(colours["foreground"], banner) >= least
    chosen = colours["panel"].blend(colours["accent"], 0.25)
    assert contrast(colours["foreground"], chosen) >= least


@pytest.mark.parametrize("theme", TEXTUALS, ids=lambda theme: theme.name)
def test_in_any_theme_of_textual_the_roles_can_be_read(theme: Theme) -> None:
    colours = variables(theme)
    for name in TEXT[1:]:
        assert contrast(colours[name], colours["bar"]) >= 4.5, name
        assert contrast(colours[name], colours["background"]) >= 4.0, name


def test_lines_between_panes_can_be_seen_in_the_look_of_high_contrast() -> None:
    colours = variables(CONTRAST)
    assert contrast(colours["line"], colours["background"]) >= 3.0


def test_the_terminals_own_colours_are_nothing_but_that() -> None:
    said = {**variables_for(ANSI), **ANSI.variables}
    assert [name for name, value in said.items() if "#" in value] == []
    grounds = {said[name] for name in ("bar", "code-ground", "ansi-background")}
    assert grounds == {"ansi_default"}
    assert not {"ansi_white", "ansi_black"} & set(said.values())


def test_the_names_are_each_used_once_and_not_by_textual() -> None:
    names = [theme.name for theme in THEMES]
    assert len(set(names)) == 4
    assert not set(names) & set(BUILTIN_THEMES)


STATES = ("done", "not_yet", "unknown", "running", "starting", "stopped", "failed", "paused", "down")


@pytest.mark.parametrize("signs", [UNICODE, ASCII], ids=["utf-8", "ascii"])
def test_states_differ_by_their_sign_alone(signs: Signs) -> None:
    """Goals stand beside goals, tasks and nodes beside tasks and nodes: within each, no sign is used twice."""
    of_goals = [signs.done, signs.not_yet, signs.unknown]
    of_things = [signs.running, signs.starting, signs.stopped, signs.failed, signs.paused, signs.down, signs.unknown]
    of_steps = [signs.done, signs.passed, signs.pointer, signs.stopped, signs.unknown]
    for group in (of_goals, of_things, of_steps):
        assert len(set(group)) == len(group)
    assert len({getattr(signs, name) for name in STATES}) == len(STATES)


@pytest.mark.parametrize("signs", [UNICODE, ASCII], ids=["utf-8", "ascii"])
def test_every_sign_is_as_wide_as_the_columns_expect(signs: Signs) -> None:
    from rich.cells import cell_len

    widths = {field.name: cell_len(getattr(signs, field.name)) for field in fields(signs)}
    assert {name for name, width in widths.items() if width != 1} == {"history"}


def test_without_utf8_there_is_nothing_but_ascii() -> None:
    assert all(getattr(ASCII, field.name).isascii() for field in fields(ASCII))
