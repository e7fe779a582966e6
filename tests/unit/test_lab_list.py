"""The list of labs: how far one is in each, read from the files and never written."""

import os
from pathlib import Path

from tests.small_lab import front_matter
from tui.tutor.lab_list import lab_lines, progress_path
from tui.tutor.progress import ProgressFile
from tui.tutor.progress_record import LearnerProgress

STEPS = "# Part\n" + "".join(f"\n## Step {name} {{#{name}}}\n\nRead this.\n" for name in ("one", "two", "three"))


def _lab(content: Path, lab_id: str, text: str = STEPS) -> None:
    path = content / lab_id / "lab.md"
    path.parent.mkdir(parents=True)
    path.write_text(front_matter(lab_id, title=f"The lab {lab_id}") + "\n" + text)


def test_each_lab_stands_with_its_progress(tmp_path: Path) -> None:
    content, state = tmp_path / "content", tmp_path / "state"
    for lab_id in ("begun", "done", "new"):
        _lab(content, lab_id)
    for lab_id, done, passed in (("begun", ("one",), ()), ("done", ("one", "three"), ("two",))):
        progress = LearnerProgress(lab_id, current="two", done=done, passed=passed, seconds={"one": 61.0})
        ProgressFile(progress_path(state, lab_id), lab_id).save(progress)
    lines = {line.id: line for line in lab_lines(content, state)}
    assert [(line.done, line.total) for line in lines.values()] == [(1, 3), (3, 3), (0, 3)]
    assert lines["begun"].step == "Step two"
    assert lines["begun"].begun
    assert not lines["begun"].finished
    assert lines["begun"].spent == 61.0
    assert lines["done"].finished
    assert lines["new"].step == "Step one"
    assert not lines["new"].begun
    assert lines["new"].title == "The lab new"


def test_a_lab_that_cannot_be_read_stands_last_and_says_why(tmp_path: Path) -> None:
    _lab(tmp_path, "a-broken-one", "# Part\n\n## No id\n")
    _lab(tmp_path, "good")
    lines = lab_lines(tmp_path, tmp_path / "state")
    assert [line.id for line in lines] == ["good", "a-broken-one"]
    assert "mistake" in lines[1].trouble


def test_looking_changes_nothing_not_even_damaged_progress(tmp_path: Path) -> None:
    _lab(tmp_path / "content", "good")
    path = progress_path(tmp_path / "state", "good")
    path.parent.mkdir(parents=True)
    path.write_text("{ this is no progress")
    (line,) = lab_lines(tmp_path / "content", tmp_path / "state")
    assert line.done == 0
    assert os.listdir(path.parent) == ["good.json"]
    assert path.read_text() == "{ this is no progress"
