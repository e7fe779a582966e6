"""What a person likes to look at: what stands in the file, and what becomes of a file that is damaged."""

import json
from pathlib import Path

import pytest

from tui.app.preferences import Layout, Preferences, PreferencesFile, parse
from tui.errors import UserError


def test_without_a_file_all_is_as_usual(tmp_path: Path) -> None:
    assert PreferencesFile(tmp_path / "settings.json").load() == (Preferences(), "")
    assert list(tmp_path.iterdir()) == []


def test_what_was_chosen_is_there_in_the_next_run(tmp_path: Path) -> None:
    chosen = Preferences("nord", Layout.BIG, 38.5, 60.0, motion=False)
    PreferencesFile(tmp_path / "new" / "settings.json").save(chosen)
    assert PreferencesFile(tmp_path / "new" / "settings.json").load() == (chosen, "")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["settings.json"]


def test_names_of_another_release_stay_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"layout": "tabs", "font": "large"}')
    file = PreferencesFile(path)
    found, said = file.load()
    assert (found, said) == (Preferences(layout=Layout.TABS), "")
    file.save(found)
    assert json.loads(path.read_text())["font"] == "large"


@pytest.mark.parametrize(
    ("stored", "named"),
    [
        ('{"theme": 7, "motion": false}', "“theme” is 7, not a name"),
        ('{"layout": "sideways", "motion": false}', '“layout” is "sideways", not panes, tabs, big'),
        ('{"motion": false, "lesson_share": 200}', "“lesson_share” is 200, not a number from 10 to 90"),
        ('{"motion": false, "swarm_share": true}', "“swarm_share” is true, not a number from 10 to 90"),
        ('{"motion": false, "swarm_share": NaN}', "“swarm_share” is NaN"),
    ],
)
def test_a_value_that_means_nothing_is_named_and_the_others_hold(tmp_path: Path, stored: str, named: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(stored)
    found, said = PreferencesFile(path).load()
    assert found == Preferences(motion=False)
    assert named in said
    assert str(path) in said
    assert path.read_text() == stored


@pytest.mark.parametrize("stored", ["", "{", "[]", '"big"', "{'a': 1}", "[" * 100_000, "\ufeff{}", '{"theme": "a"} x'])
def test_a_damaged_file_is_named_and_kept_and_the_usual_is_taken(tmp_path: Path, stored: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(stored)
    file = PreferencesFile(path)
    found, said = file.load()
    assert found == Preferences()
    assert str(path) in said
    assert "settings.json.damaged" in said
    assert path.read_text() == stored
    file.save(Preferences(theme="nord"))
    assert PreferencesFile(path).load() == (Preferences(theme="nord"), "")
    assert (tmp_path / "settings.json.damaged").read_text() == stored


def test_two_damaged_files_are_both_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    for text in (b"\xff\xfe", b"{"):
        path.write_bytes(text)
        file = PreferencesFile(path)
        file.load()
        file.save(Preferences())
    kept = {each.read_bytes() for each in tmp_path.iterdir() if "damaged" in each.name}
    assert kept == {b"\xff\xfe", b"{"}


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    file = PreferencesFile(tmp_path / "file" / "settings.json")
    assert file.load()[0] == Preferences()
    with pytest.raises(UserError, match="Your settings cannot be kept"):
        file.save(Preferences())


def test_the_layouts_go_round() -> None:
    assert [layout.following for layout in Layout] == [Layout.TABS, Layout.BIG, Layout.PANES]


def test_what_stands_in_the_file_is_told_apart_from_what_is_known() -> None:
    found, stored, wrong = parse('{"swarm_share": null, "x": 1}')
    assert (found, dict(stored), wrong) == (Preferences(), {"swarm_share": None, "x": 1}, "")
