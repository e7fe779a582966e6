"""The labs that are shipped are well-formed and helpful."""

from pathlib import Path

import pytest

from tui.labs.lint import lint_lab
from tui.labs.parse import find_labs, load_lab_by_id
from tui.paths import content_dir

LABS = find_labs(content_dir())


def test_there_are_labs() -> None:
    assert LABS


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.parent.name)
def test_a_shipped_lab_has_no_mistakes(path: Path) -> None:
    assert [str(mistake) for mistake in lint_lab(path.read_text(encoding="utf-8"), path)] == []


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.parent.name)
def test_a_shipped_lab_is_found_by_the_name_of_its_folder(path: Path) -> None:
    lab = load_lab_by_id(path.parent.name, content_dir())
    assert lab.steps
    assert all(step.goal or not step.commands for step in lab.steps)
