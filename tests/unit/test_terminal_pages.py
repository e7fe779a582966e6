"""Every page looks as it does in xterm: fed whole, byte by byte, and on a terminal that was used and reset before."""

import pytest

from tests.unit.terminal_engines import ENGINES, lines
from tests.unit.terminal_pages import COLUMNS, PAGES, ROWS, Page
from tui.terminal.engine import EngineFactory, TerminalEngine

EVERYTHING_ON = (
    b"\x1b[?1049h\x1b[2;3r\x1b[?6h\x1b[4h\x1b[20h\x1b[?7l\x1b[?1h\x1b[?5h\x1b[?25l\x1b(0\x1b[1;31;44m\x1b[3g"
    b"\x1b[?1003;1006;1004;2004h\x1b7text that was there before\x1b[?69h\x1b[3;5s"
)


def shows(engine: TerminalEngine, page: Page) -> None:
    assert lines(engine) == page.screen
    assert engine.take_replies() == page.says
    if page.cursor is not None:
        cursor = engine.cursor()
        assert cursor is not None
        assert (cursor.column, cursor.row) == page.cursor


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
class TestPage:
    def test_at_once(self, make: EngineFactory, page: Page) -> None:
        engine = make(COLUMNS, ROWS)
        engine.feed(page.fed)
        shows(engine, page)

    def test_byte_by_byte(self, make: EngineFactory, page: Page) -> None:
        engine = make(COLUMNS, ROWS)
        for byte in page.fed:
            engine.feed(bytes([byte]))
        shows(engine, page)

    def test_on_a_terminal_that_was_reset(self, make: EngineFactory, page: Page) -> None:
        engine = make(COLUMNS, ROWS)
        engine.feed(EVERYTHING_ON + b"\x1bc")
        engine.take_replies()
        engine.feed(page.fed)
        shows(engine, page)


def test_no_two_pages_share_a_name() -> None:
    names = [page.name for page in PAGES]
    assert len(set(names)) == len(names) > 150
