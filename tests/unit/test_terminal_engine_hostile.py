"""Whatever arrives, in whatever pieces: no exception, no wrong size, no control characters on the screen."""

import logging
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.terminal_engines import ENGINES, everything
from tui.terminal.bittty_engine import BitttyEngine
from tui.terminal.engine import EngineFactory

COLUMNS, ROWS = 20, 6

_FRAGMENTS = [
    b"\x1b[",
    b"\x1b]",
    b"\x1bP",
    b"\x1b_",
    b"\x1b\\",
    b"\x07",
    b"\r\n",
    b"\x1b[?1049h",
    b"\x1b[?1049l",
    b"\x1b[2;4r",
    b"\x1b[5;5H",
    b"\x1b[10S",
    b"\x1b[3L",
    b"\x1b[2@",
    b"\x1b[99999999b",
    b"\x1b[?69h\x1b[3;9s",
    b"\x1b[4h",
    b"\x1b[?7l",
    b"\x1b(0",
    b"\x0e",
    b"\x1b#8",
    b"\x1bc",
    b"\x1b[!p",
    b"\x1b[8;900;900t",
    b"\x1b[?40h\x1b[?3h",
    b"\x1b[80$|",
    b"\x1b]8;;http://a.example\x1b\\",
    b"\x1b]2;title\x07",
    b"\x1b[38:2::1:2:3m",
    b"\x1b[6n",
    b"\x1b[?2l",
    b"\x1b[?34h",
    "中".encode(),
    "👨‍👩‍👧".encode(),
    "e\u0301".encode(),
    b"\xe4\xb8",
    b"\xff",
    b"hello",
]
streams = st.lists(st.one_of(st.binary(max_size=12), st.sampled_from(_FRAGMENTS)), max_size=30).map(b"".join)


@pytest.mark.parametrize("make", ENGINES)
@given(data=streams, cuts=st.lists(st.integers(0, 400), max_size=12))
@settings(max_examples=300, deadline=None)
def test_same_bytes_in_any_pieces_make_the_same_screen(make: EngineFactory, data: bytes, cuts: list[int]) -> None:
    whole, pieces = make(COLUMNS, ROWS), make(COLUMNS, ROWS)
    whole.feed(data)
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    for start, end in pairwise(edges):
        pieces.feed(data[start:end])
    assert everything(pieces) == everything(whole)


_COLOURS = [b"\x1b[31m", b"\x1b[0m", b"\x1b[m", b"\x1b[1;4;38;5;9m", b"\x1b[44m", b"\x1b[49m", b"\x1b[39m", b"\x1b[7m"]
_plain_lines = st.text(alphabet="ab ", max_size=50).map(str.encode)
_coloured_lines = st.lists(st.one_of(st.sampled_from(_COLOURS), _plain_lines), max_size=4).map(b"".join)
_floods = st.lists(st.one_of(_plain_lines, _plain_lines, _coloured_lines), min_size=20, max_size=60).map(
    lambda lines: b"".join(line + b"\r\n" for line in lines)
)
_before = st.one_of(st.just(b""), st.just(b"\r\n" * ROWS), streams)


@pytest.mark.parametrize("make", ENGINES)
@given(before=_before, floods=st.lists(_floods, min_size=1, max_size=3), between=st.one_of(st.just(b""), streams))
@settings(max_examples=50, deadline=None)
def test_a_flood_is_as_if_it_had_come_line_by_line(
    make: EngineFactory, before: bytes, floods: list[bytes], between: bytes
) -> None:
    at_once, slowly = make(COLUMNS, ROWS), make(COLUMNS, ROWS)
    at_once.feed(before)
    slowly.feed(before)
    for flood in floods:
        at_once.feed(flood + between)
        for line in (flood + between).splitlines(keepends=True):
            slowly.feed(line)
    assert everything(at_once) == everything(slowly)


@pytest.mark.parametrize("make", ENGINES)
@given(data=streams, sizes=st.lists(st.tuples(st.integers(1, 40), st.integers(1, 12)), min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_size_is_what_was_asked_for_and_rows_fill_it(
    make: EngineFactory, data: bytes, sizes: list[tuple[int, int]]
) -> None:
    engine = make(COLUMNS, ROWS)
    for columns, rows in sizes:
        engine.feed(data)
        engine.resize(columns, rows)
        engine.feed(data)
        assert (engine.columns, engine.rows) == (max(2, columns), max(1, rows))
        for y in range(engine.rows):
            assert sum(run.cells for run in engine.row(y)) == engine.columns
        cursor = engine.cursor()
        assert cursor is None or (0 <= cursor.column < engine.columns and 0 <= cursor.row < engine.rows)
        text = "".join(run.text for y in range(-engine.history_rows, engine.rows) for run in engine.row(y))
        assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in text)


@pytest.mark.parametrize("make", ENGINES)
def test_a_sequence_that_breaks_the_library_is_skipped_alone(
    make: EngineFactory, caplog: pytest.LogCaptureFixture
) -> None:
    engine = make(COLUMNS, ROWS)
    with caplog.at_level(logging.WARNING):
        engine.feed(b"before \x1b[" + b"1" * 5000 + b"m after")
    assert "".join(run.text for run in engine.row(0)).strip() == "before  after"
    assert "skipped" in caplog.text


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize("introducer", [b"\x1b]0;", b"\x1bP", b"\x1b_", b"\x1b["])
def test_an_endless_control_string_is_given_up(make: EngineFactory, introducer: bytes) -> None:
    engine = make(COLUMNS, ROWS)
    engine.feed(introducer)
    for _ in range(20):
        engine.feed(b"1" * 16_384)
    engine.feed(b"\x07\x1b[2J\x1b[Halive")
    assert "".join(run.text for run in engine.row(0)).strip() == "alive"


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize(
    "planting",
    [
        b"\x1b]2;rm -rf /\x07\x1b[21t",
        b"\x1b]52;c;cm0gLXJmCg==\x07\x1b]52;c;?\x07",
        b"\x1b]50;rm\x07\x1b]50;?\x07",
        b"\x1bP$q\nrm -rf /\n\x1b\\",
        b"\x1bP+q0a726d0a\x1b\\",
        b"\x05",
    ],
)
def test_output_cannot_type_into_the_shell(make: EngineFactory, planting: bytes) -> None:
    engine = make(COLUMNS, ROWS)
    engine.feed(planting)
    replies = engine.take_replies()
    assert b"rm" not in replies
    assert not any(byte < 0x20 and byte not in (0x07, 0x1B) for byte in replies)


@pytest.mark.parametrize("make", ENGINES)
def test_answers_that_nobody_reads_are_bounded(make: EngineFactory) -> None:
    engine = make(COLUMNS, ROWS)
    for _ in range(20):
        engine.feed(b"\x1b[c" * 5_000)
    assert len(engine.take_replies()) <= 64 * 1024
    engine.feed(b"\x1b[5n")
    assert engine.take_replies() == b"\x1b[0n"


@pytest.mark.parametrize("make", ENGINES)
def test_heaps_of_accents_are_cut(make: EngineFactory) -> None:
    engine = make(COLUMNS, ROWS)
    engine.feed(("a" + "\u0301" * 200).encode() * COLUMNS)
    assert sum(run.cells for run in engine.row(0)) == COLUMNS
    assert sum(len(run.text) for run in engine.row(0)) <= 12 * COLUMNS


@pytest.mark.parametrize(
    ("line", "rows"),
    [(b"y", 1), (b"a line of a log", 1), (b"\x1b[32mINFO\x1b[0m in colour", 1), (b"x" * 3 * COLUMNS, 3)],
)
def test_most_of_a_flood_is_never_drawn(monkeypatch: pytest.MonkeyPatch, line: bytes, rows: int) -> None:
    """What makes Ctrl-C felt in it: the lines that nobody could see take no time."""
    drawn = 0
    parse = BitttyEngine._parse  # pyright: ignore[reportPrivateUsage]  # the way to the library

    def counted(engine: BitttyEngine, text: str) -> None:
        nonlocal drawn
        drawn += len(text)
        parse(engine, text)

    monkeypatch.setattr(BitttyEngine, "_parse", counted)
    engine = BitttyEngine(COLUMNS, ROWS)
    flood = (line + b"\r\n") * 400
    engine.feed(flood)
    assert 0 < drawn < len(flood) / 10
    assert engine.history_rows == 400 * rows - ROWS + 1
