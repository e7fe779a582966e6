"""The adapters under test, and how tests look at an engine."""

from collections.abc import Iterable

import pytest

from tui.terminal.bittty_engine import BitttyEngine
from tui.terminal.engine import Run, TerminalEngine

__all__ = ["ENGINES", "everything", "lines", "text_of"]

ENGINES = [pytest.param(BitttyEngine, id="bittty")]


def text_of(runs: Iterable[Run]) -> str:
    """The text of a row."""
    return "".join(run.text for run in runs)


def lines(engine: TerminalEngine) -> list[str]:
    """The screen as text: rows without trailing blanks, no empty rows at the end."""
    rows = [text_of(engine.row(y)).rstrip(" ") for y in range(engine.rows)]
    while rows and not rows[-1]:
        rows.pop()
    return rows


def everything(engine: TerminalEngine) -> object:
    """All that an engine shows and says, to compare two engines."""
    return (
        [(list(engine.row(y)), engine.wraps(y)) for y in range(-engine.history_rows, engine.rows)],
        engine.scrolled_rows,
        engine.cursor(),
        engine.title,
        engine.bracketed_paste,
        engine.alternate_screen,
        engine.mouse_mode,
        engine.take_replies(),
    )
