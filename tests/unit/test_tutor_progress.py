import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.checks.model import Answer
from tui.errors import ExitCode, UserError
from tui.tutor.progress import ProgressFile
from tui.tutor.progress_record import FORMAT, HelpUsed, LearnerProgress, as_text, merge, parse

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


WHOLE = LearnerProgress(
    LAB,
    current="drain",
    done=("init", "join"),
    hints={"join": 2},
    swarm="c1",
    at="join",
    passed=("six",),
    overtaken=("init",),
    helped={"join": HelpUsed.TYPED},
    answers={"where": Answer("2", False, "3"), "open": Answer("1")},
    node="node3",
    seconds={"init": 12.5},
    commands={"init": 3},
)


def test_all_that_is_kept_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    ProgressFile(path, LAB).save(WHOLE)
    assert ProgressFile(path, LAB).load() == (WHOLE, "")


def test_the_file_can_be_read_by_people(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    ProgressFile(path, LAB).save(WHOLE)
    record = json.loads(path.read_text())
    assert record["helped"] == {"join": "typed"}
    assert record["answers"]["where"] == {"value": "2", "right": False, "seen": "3"}
    assert record["node"] == "node3"
    assert len(path.read_text().splitlines()) > 20


def test_the_first_format_is_read() -> None:
    text = json.dumps(
        {"format": 1, "lab": LAB, "current": "drain", "done": ["init"], "hints": {"init": 1}, "swarm": "c1"}
    )
    progress = parse(text, LAB)
    assert progress is not None
    assert (progress.current, progress.done, dict(progress.hints), progress.node) == (
        "drain",
        ("init",),
        {"init": 1},
        "node1",
    )


def test_a_newer_format_is_refused_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    text = as_text(WHOLE, "now").replace(f'"format": {FORMAT}', f'"format": {FORMAT + 1}')
    path.write_text(text)
    file = ProgressFile(path, LAB)
    with pytest.raises(UserError) as caught:
        file.load()
    assert "newer" in caught.value.what
    with pytest.raises(UserError):
        file.save(SOME)
    assert path.read_text() == text
    assert [each.name for each in tmp_path.iterdir()] == ["p.json"]


def test_what_another_copy_saved_meanwhile_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    one, other = ProgressFile(path, LAB), ProgressFile(path, LAB)
    one.save(LearnerProgress(LAB))
    one.load()
    other.load()
    other.save(replace(WHOLE, current="join"))
    saved = one.save(replace(SOME, current="create", done=("init", "create"), hints={"join": 1, "init": 1}))
    assert saved.done == ("init", "join", "create")
    assert dict(saved.hints) == {"join": 2, "init": 1}
    assert saved.current == "create"
    assert ProgressFile(path, LAB).load()[0] == saved


def test_a_file_that_was_damaged_under_us_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    file = ProgressFile(path, LAB)
    file.save(SOME)
    path.write_text("{")
    file.save(replace(SOME, current="end"))
    assert ProgressFile(path, LAB).load()[0].current == "end"
    assert sorted(each.read_text() == "{" for each in tmp_path.iterdir()) == [False, True]


def test_who_reads_along_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    ProgressFile(path, LAB).save(SOME)
    before = path.read_text()
    file = ProgressFile(path, LAB, read_only=True)
    file.load()
    file.save(WHOLE)
    assert path.read_text() == before


STEPS = st.sampled_from(["init", "join", "create", "six"])
WORDS = st.text(max_size=3)
PROGRESSES = st.builds(
    LearnerProgress,
    lab=st.just(LAB),
    current=STEPS,
    done=st.lists(STEPS, unique=True).map(tuple),
    passed=st.lists(STEPS, unique=True).map(tuple),
    hints=st.dictionaries(STEPS, st.integers(0, 5)),
    helped=st.dictionaries(STEPS, st.sampled_from(HelpUsed)),
    answers=st.dictionaries(
        STEPS, st.builds(Answer, st.text(max_size=3), st.none() | st.booleans(), st.text(max_size=3))
    ),
    seconds=st.dictionaries(STEPS, st.floats(0, 1e6).map(lambda value: round(value, 1))),
    commands=st.dictionaries(STEPS, st.integers(0, 99)),
)


@given(PROGRESSES)
def test_whatever_is_known_survives_the_way_to_disk(progress: LearnerProgress) -> None:
    assert parse(as_text(progress, "now"), LAB) == progress


@given(PROGRESSES, PROGRESSES)
def test_nothing_done_is_lost_when_two_accounts_become_one(ours: LearnerProgress, theirs: LearnerProgress) -> None:
    both = merge(ours, theirs)
    assert set(both.done) == {*ours.done, *theirs.done}
    assert not set(both.passed) & set(both.done)
    assert both.current == ours.current
    assert {*ours.answers, *theirs.answers} == set(both.answers)
    assert all(both.hints[step] >= count for each in (ours, theirs) for step, count in each.hints.items())
    assert merge(both, theirs) == both
