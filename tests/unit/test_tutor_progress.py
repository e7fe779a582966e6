import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import ExitCode, UserError
from tui.tutor.progress import ProgressFile
from tui.tutor.progress_record import LearnerProgress, parse

LAB = "orchestration"
SOME = LearnerProgress(LAB, current="drain", done=("init", "join"), hints={"join": 2}, swarm="c1")


def test_nothing_saved_means_the_beginning(tmp_path: Path) -> None:
    progress, notice = ProgressFile(tmp_path / "p.json", LAB).load()
    assert progress == LearnerProgress(LAB)
    assert notice == ""


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "p.json"
    ProgressFile(path, LAB).save(SOME)
    progress, notice = ProgressFile(path, LAB).load()
    assert (progress.current, progress.done, dict(progress.hints), progress.swarm) == (
        "drain",
        ("init", "join"),
        {"join": 2},
        "c1",
    )
    assert notice == ""


def test_saving_leaves_no_other_file_behind(tmp_path: Path) -> None:
    file = ProgressFile(tmp_path / "p.json", LAB)
    file.save(SOME)
    file.save(replace(SOME, current="end"))
    assert [path.name for path in tmp_path.iterdir()] == ["p.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format": 1}',
        '{"format": 1, "lab": "another", "current": "", "done": [], "hints": {}, "swarm": ""}',
        '{"format": 1, "lab": "orchestration", "current": 3, "done": [], "hints": {}, "swarm": ""}',
        '{"format": 1, "lab": "orchestration", "current": "", "done": [1], "hints": {}, "swarm": ""}',
        '{"format": 1, "lab": "orchestration", "current": "", "done": [], "hints": {"a": "b"}, "swarm": ""}',
    ],
)
def test_a_damaged_file_is_set_aside_and_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(text)
    progress, notice = ProgressFile(path, LAB).load()
    assert progress == LearnerProgress(LAB)
    (aside,) = tmp_path.iterdir()
    assert aside.read_text() == text
    assert str(aside) in notice


def test_a_binary_file_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_bytes(b"\xff\xfe\x00")
    _, notice = ProgressFile(path, LAB).load()
    assert "damaged" in notice
    assert not path.exists()


def test_two_damaged_files_are_both_kept(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    for text in ("one", "two"):
        path.write_text(text)
        ProgressFile(path, LAB).load()
    assert sorted(aside.read_text() for aside in tmp_path.iterdir()) == ["one", "two"]


def test_a_place_that_cannot_be_written_is_an_error_for_people(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError) as caught:
        ProgressFile(tmp_path / "file" / "p.json", LAB).save(SOME)
    assert caught.value.exit_code is ExitCode.BROKEN


@given(st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.integers(), st.text(max_size=4)), max_size=6))
def test_no_json_object_makes_it_crash(record: dict[str, object]) -> None:
    parsed = parse(json.dumps(record), LAB)
    assert parsed is None or parsed.lab == LAB
