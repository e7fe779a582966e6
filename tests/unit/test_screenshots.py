"""The pictures of the README and the docs: there, small, and self-contained."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "screenshots"
PICTURES = sorted(FOLDER.glob("*.svg"))
MOST = 600_000  # bytes


def test_the_states_that_the_docs_show_are_there() -> None:
    names = {path.stem for path in PICTURES}
    assert {"lab", "question", "traffic", "map", "events", "mend", "narrow", "light", "big"} <= names
    assert (FOLDER / "film.gif").read_bytes().startswith(b"GIF89a")


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_needs_nothing_from_elsewhere_and_is_there_as_png(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "@font-face" not in text
    assert "url(http" not in text
    assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_no_picture_is_a_burden() -> None:
    sizes = {path.name: path.stat().st_size for path in FOLDER.iterdir()}
    assert {name: size for name, size in sizes.items() if size > MOST} == {}
