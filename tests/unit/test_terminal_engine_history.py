"""What scrolls off, what a change of size keeps, and how long a paint may be held."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.terminal_engines import ENGINES, lines, text_of
from tui.terminal.bittty_engine import BitttyEngine
from tui.terminal.engine import Cursor, EngineFactory, Run, RunStyle, TerminalEngine
from tui.terminal.history import History


def history(engine: TerminalEngine) -> list[str]:
    return [text_of(engine.row(y)) for y in range(-engine.history_rows, 0)]


def whole_lines(engine: TerminalEngine) -> list[str]:
    """All that is kept, oldest first: each line in one piece, however many rows it takes."""
    whole = [""]
    for y in range(-engine.history_rows, engine.rows):
        whole[-1] += text_of(engine.row(y))
        if not engine.wraps(y):
            whole.append("")
    whole = [line.rstrip() for line in whole]
    while whole and not whole[-1]:
        whole.pop()
    return whole


def numbered(count: int) -> bytes:
    return b"\r\n".join(b"%d" % number for number in range(1, count + 1))


@pytest.mark.parametrize("make", ENGINES)
def test_rows_scroll_into_the_history(make: EngineFactory) -> None:
    engine = make(10, 3)
    engine.feed(b"\x1b[31mred\x1b[0m\r\n" + numbered(4))
    assert history(engine) == ["red", "1"]
    assert engine.row(-2) == (Run("red", RunStyle(foreground=1), 3),)
    assert engine.row(-3) == ()
    assert engine.row(99) == ()


@pytest.mark.parametrize("make", ENGINES)
def test_full_screen_programs_and_regions_leave_no_history(make: EngineFactory) -> None:
    engine = make(10, 3)
    engine.feed(b"\x1b[?1049h" + numbered(9) + b"\x1b[?1049l\x1b[2;3r\x1b[3;1H\n\n\n")
    assert history(engine) == []


@pytest.mark.parametrize("make", ENGINES)
def test_clearing_the_saved_lines(make: EngineFactory) -> None:
    engine = make(10, 3)
    engine.feed(numbered(9) + b"\x1b[3J")
    assert history(engine) == []


def test_history_is_bounded() -> None:
    engine = BitttyEngine(10, 3, history_rows=5)
    engine.feed(numbered(20))
    assert history(engine) == ["13", "14", "15", "16", "17"]


@pytest.mark.parametrize("make", ENGINES)
def test_a_lower_screen_keeps_the_prompt(make: EngineFactory) -> None:
    engine = make(10, 6)
    engine.feed(numbered(5) + b"\r\n$ ")
    engine.resize(10, 3)
    assert lines(engine) == ["4", "5", "$"]
    assert engine.cursor() == Cursor(2, 2)
    assert history(engine) == ["1", "2", "3"]


@pytest.mark.parametrize("make", ENGINES)
def test_a_lower_screen_gives_up_blank_rows_first(make: EngineFactory) -> None:
    engine = make(10, 6)
    engine.feed(b"1\r\n$ ")
    engine.resize(10, 3)
    assert lines(engine) == ["1", "$"]
    assert history(engine) == []


@pytest.mark.parametrize("make", ENGINES)
def test_a_higher_screen_keeps_its_place(make: EngineFactory) -> None:
    engine = make(10, 3)
    engine.feed(numbered(5) + b"\r\n$ ")
    engine.resize(10, 5)
    engine.feed(b"x")
    assert lines(engine) == ["4", "5", "$ x"]


@pytest.mark.parametrize("make", ENGINES)
def test_lines_are_wrapped_anew(make: EngineFactory) -> None:
    engine = make(10, 4)
    engine.feed(b"0123456789abcde\r\n$ ")
    engine.resize(5, 4)
    assert lines(engine) == ["01234", "56789", "abcde", "$"]
    engine.resize(20, 4)
    assert lines(engine) == ["0123456789abcde", "$"]
    assert engine.cursor() == Cursor(2, 1)


@pytest.mark.parametrize("make", ENGINES)
def test_wrapped_rows_are_known(make: EngineFactory) -> None:
    engine = make(10, 2)
    engine.feed(b"0123456789abcde\r\nx\r\n0123456789y")
    assert [engine.wraps(y) for y in range(-4, 3)] == [False, True, False, False, True, False, False]


@pytest.mark.parametrize("make", ENGINES)
def test_history_is_wrapped_anew(make: EngineFactory) -> None:
    engine = make(10, 2)
    engine.feed(b"0123456789abcde\r\nx\r\ny\r\nz")
    engine.resize(20, 2)
    assert history(engine) == ["0123456789abcde", "x"]
    engine.resize(6, 2)
    assert history(engine) == ["012345", "6789ab", "cde", "x"]


_LINES = st.lists(st.text(alphabet="abc de", max_size=45).map(str.rstrip), min_size=1, max_size=25)
_WIDE_LINES = st.lists(st.text(alphabet="a中é", max_size=30), min_size=1, max_size=25)
_SIZES = st.lists(st.tuples(st.integers(2, 40), st.integers(1, 12)), min_size=1, max_size=5)


@pytest.mark.parametrize("make", ENGINES)
@given(text=_LINES, sizes=_SIZES, aside=st.booleans())
@settings(max_examples=100, deadline=None)
def test_no_line_is_lost_whatever_the_sizes(
    make: EngineFactory, text: list[str], sizes: list[tuple[int, int]], aside: bool
) -> None:
    """`aside`: the sizes change while a full-screen program has the screen."""
    engine = make(20, 6)
    engine.feed("\r\n".join(text).encode() + b"\x1b[?1049h\x1b[2Jvi" * aside)
    for size in sizes:
        engine.resize(*size)
    engine.feed(b"\x1b[?1049l" * aside)
    assert whole_lines(engine) == "\n".join(text).rstrip("\n").splitlines()


@pytest.mark.parametrize("make", ENGINES)
@given(text=_WIDE_LINES, sizes=_SIZES)
@settings(max_examples=50, deadline=None)
def test_no_wide_character_is_lost_whatever_the_sizes(
    make: EngineFactory, text: list[str], sizes: list[tuple[int, int]]
) -> None:
    """Where one did not fit at the margin a blank cell stays, so that blanks do not count."""
    engine = make(20, 6)
    engine.feed("\r\n".join(text).encode())
    for size in sizes:
        engine.resize(*size)
    assert [line.replace(" ", "") for line in whole_lines(engine)] == "\n".join(text).rstrip("\n").splitlines()


@pytest.mark.parametrize("make", ENGINES)
def test_the_main_screen_is_kept_while_a_program_is_resized(make: EngineFactory) -> None:
    engine = make(10, 5)
    engine.feed(numbered(4) + b"\r\n$ vi\x1b[?1049h\x1b[2J\x1b[Hvi")
    engine.resize(8, 3)
    assert lines(engine) == ["vi"]
    engine.feed(b"\x1b[?1049l")
    assert lines(engine) == ["3", "4", "$ vi"]
    assert engine.cursor() == Cursor(4, 2)
    assert history(engine) == ["1", "2"]


@pytest.mark.parametrize("make", ENGINES)
def test_a_scroll_region_ends_with_the_size(make: EngineFactory) -> None:
    engine = make(10, 6)
    engine.feed(b"\x1b[5;6r")
    engine.resize(10, 3)
    engine.feed(numbered(5))
    assert lines(engine) == ["3", "4", "5"]


def test_wide_characters_are_never_cut_in_history() -> None:
    rows = History(limit=10)
    plain = RunStyle()
    rows.append([Run("ab", plain, 2), Run("中文", plain, 4)], wrapped=False)
    rows.rewrap(4)
    assert [text_of(rows.row(y)) for y in range(-len(rows), 0)] == ["ab", "中文"]


def test_an_unfinished_line_stays_unfinished_in_history() -> None:
    rows = History(limit=10)
    plain = RunStyle()
    rows.append([Run("0123", plain, 4)], wrapped=True)
    rows.rewrap(2)
    rows.append([Run("45", plain, 2)], wrapped=False)
    rows.rewrap(10)
    assert [text_of(rows.row(y)) for y in range(-len(rows), 0)] == ["012345"]


def test_a_program_may_hold_the_paint_but_not_for_ever() -> None:
    now = 100.0
    engine = BitttyEngine(10, 3, clock=lambda: now)
    engine.take_dirty()
    engine.feed(b"\x1b[?2026hx")
    assert engine.take_dirty() == ()
    now += 1.0
    assert engine.take_dirty() == [0]
    engine.feed(b"\x1b[?2026l\x1b[?2026hy\x1b[?2026l")
    assert engine.take_dirty() == [0]
