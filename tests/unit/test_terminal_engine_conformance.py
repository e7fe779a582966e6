"""What sequences do, against xterm: the table that every adapter has to pass."""

from dataclasses import dataclass, field

import pytest

from tests.unit.terminal_engines import ENGINES, lines
from tui.terminal.engine import Cursor, EngineFactory, MouseMode, RunStyle

COLUMNS, ROWS = 10, 4


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    fed: bytes
    screen: list[str] = field(default_factory=list[str])
    cursor: tuple[int, int] | None = None  # column, row


CASES = [
    Case("plain text", b"hello", ["hello"], (5, 0)),
    Case("line ends", b"a\r\nb", ["a", "b"], (1, 1)),
    Case("carriage return overwrites", b"12345\rab", ["ab345"]),
    Case("backspace moves only", b"ab\b\bX", ["Xb"]),
    Case("tab stops", b"a\tb", ["a       b"]),
    Case("wrap at the margin", b"0123456789ab", ["0123456789", "ab"], (2, 1)),
    Case("wrap waits for the next character", b"0123456789", ["0123456789"], (9, 0)),
    Case("wrap is forgotten by a carriage return", b"0123456789\rX", ["X123456789"]),
    Case("scroll at the bottom", b"1\r\n2\r\n3\r\n4\r\n5", ["2", "3", "4", "5"]),
    Case("split UTF-8 is put together", "é中".encode(), ["é中"], (3, 0)),
    Case("invalid UTF-8 is replaced", b"a\xffb", ["a\ufffdb"]),
    Case("wide character at the margin wraps whole", "012345678中".encode(), ["012345678", "中"], (2, 1)),
    Case("combining mark takes no cell", "e\u0301x".encode(), ["e\u0301x"], (2, 0)),
    Case("joined emoji take two cells", "👩‍👩‍👧x".encode(), ["👩‍👩‍👧x"], (3, 0)),
    Case("half of a wide character is erased whole", "中\x1b[2GX".encode(), [" X"]),
    Case("cursor position", b"\x1b[2;3HX", ["", "  X"], (3, 1)),
    Case("cursor position is clamped", b"\x1b[99;99HX", ["", "", "", "         X"]),
    Case("relative moves", b"\x1b[5C\x1b[2BX\x1b[3D\x1b[AY", ["", "   Y", "     X"]),
    Case("column and row", b"\x1b[4G\x1b[2dX", ["", "   X"]),
    Case("save and restore the cursor", b"ab\x1b7\x1b[3;3Hx\x1b8c", ["abc", "", "  x"]),
    Case("erase to the end of the line", b"12345\x1b[3G\x1b[K", ["12"]),
    Case("erase to the start of the line", b"12345\x1b[3G\x1b[1K", ["   45"]),
    Case("erase below", b"1\r\n2\r\n3\x1b[2;1H\x1b[J", ["1"]),
    Case("erase everything", b"1\r\n2\x1b[2J", []),
    Case("insert and delete characters", b"12345\x1b[2G\x1b[2@\x1b[5G\x1b[P", ["1  245"]),
    Case("erase characters", b"12345\x1b[2G\x1b[3X", ["1   5"]),
    Case("repeat", b"ab\x1b[3b", ["abbbb"]),
    Case("insert lines", b"1\r\n2\r\n3\x1b[2;1H\x1b[L", ["1", "", "2", "3"]),
    Case("delete lines", b"1\r\n2\r\n3\x1b[1;1H\x1b[M", ["2", "3"]),
    Case("scroll region", b"1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3;1H\n", ["1", "3", "", "4"]),
    Case("scroll up and down", b"1\r\n2\r\n3\x1b[2S\x1b[T", ["", "3"]),
    Case("reverse index at the top", b"1\r\n2\x1b[H\x1bM", ["", "1", "2"]),
    Case("insert mode", b"abc\x1b[1G\x1b[4hX\x1b[4l", ["Xabc"]),
    Case("no wrap", b"\x1b[?7l0123456789abc", ["012345678c"]),
    Case("origin mode", b"\x1b[2;3r\x1b[?6h\x1b[1;1HX", ["", "X"]),
    Case("line drawing in UTF-8", b"\x1b(0lqqk\x1b(B x", ["┌──┐ x"]),
    Case("line drawing by shifting", b"\x1b)0\x0eqx\x0fq", ["─│q"]),
    Case("device control strings are not printed", b"a\x1bPq#0;2;0;0;0#0~~\x1b\\b", ["ab"]),
    Case("application commands are not printed", b"a\x1b_Gf=100;AAAA\x1b\\b", ["ab"]),
    Case("unknown OSC is not printed", b"a\x1b]1337;File=:AAAA\x07b", ["ab"]),
    Case("shell marks are not printed", b"a\x1b]133;C;cmdline_url=ls%20-l\x07b\x1b]133;D;0\x1b\\c", ["abc"]),
    Case("kitty keyboard sequences are not printed", b"a\x1b[>1u\x1b[<u\x1b[=1;1u\x1b[?ub", ["ab"]),
    Case("key modifier options are not printed", b"a\x1b[>4;2m\x1b[?4mb", ["ab"]),
    Case("a sequence broken off by another", b"a\x1b[12\x1b[3Gb", ["a b"]),
    Case("a sequence cancelled", b"a\x1b[12\x18b", ["ab"]),
    Case("controls inside a sequence act at once", b"ab\x1b[\r2CX", ["abX"]),
    Case("alternate screen comes and goes", b"main\x1b[?1049h\x1b[Halt\x1b[?1049l", ["main"], (4, 0)),
    Case("alternate screen starts empty", b"main\x1b[?1049h", []),
    Case("full reset", b"\x1b[2;3r\x1b[31mabc\x1bcX", ["X"], (1, 0)),
    Case("soft reset keeps the screen", b"ab\x1b[4h\x1b[!pX", ["abX"]),
    Case("alignment pattern", b"\x1b#8", ["E" * COLUMNS] * ROWS),
    Case("the program cannot change the size", b"\x1b[8;50;132t\x1b[?40h\x1b[?3hX", ["X"]),
    Case("the program cannot turn the text round", b"\x1b[?34hab", ["ab"]),
    Case("the program cannot leave ANSI mode", b"\x1b[?2lab\x1b[1DX", ["aX"]),
]


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_screen(make: EngineFactory, case: Case) -> None:
    engine = make(COLUMNS, ROWS)
    engine.feed(case.fed)
    assert lines(engine) == case.screen
    assert (engine.columns, engine.rows) == (COLUMNS, ROWS)
    if case.cursor is not None:
        assert engine.cursor() == Cursor(*case.cursor)


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize(
    ("sgr", "style"),
    [
        (b"31", RunStyle(foreground=1)),
        (b"97;101", RunStyle(foreground=15, background=9)),
        (b"38;5;200", RunStyle(foreground=200)),
        (b"38:5:200", RunStyle(foreground=200)),
        (b"48;2;1;2;255", RunStyle(background="#0102ff")),
        (b"38:2::1:2:3", RunStyle(foreground="#010203")),
        (b"1;2;3;4;5;7;8;9", RunStyle(None, None, True, True, True, True, True, True, True, True)),
        (b"4:3", RunStyle(underline=True)),
        (b"4;24", RunStyle()),
        (b"1;22;7;27", RunStyle()),
        (b"31;0", RunStyle()),
        (b"31;39", RunStyle()),
        (b"", RunStyle()),
        (b">4;2", RunStyle()),
        (b"30;47", RunStyle(foreground=0, background=7)),
        (b"90;107", RunStyle(foreground=8, background=15)),
        (b"38;5;255;48;5;16", RunStyle(foreground=255, background=16)),
        (b"38;2;0;0;0", RunStyle(foreground="#000000")),
        (b"38:2:1:2:3", RunStyle(foreground="#010203")),
        (b"48:2::9:8:7", RunStyle(background="#090807")),
        (b"58;5;9;4", RunStyle(underline=True)),
        (b"58:2::1:2:3;4", RunStyle(underline=True)),
        (b"4:0", RunStyle()),
        (b"21", RunStyle(underline=True)),
        (b"1;3;23;2;22;9;29;8;28;5;25", RunStyle()),
        (b"31;44;49", RunStyle(foreground=1)),
        (b"31;;32", RunStyle(foreground=2)),
        (b"1;;31", RunStyle(foreground=1)),
        (b"99999;31", RunStyle(foreground=1)),
    ],
)
def test_style(make: EngineFactory, sgr: bytes, style: RunStyle) -> None:
    engine = make(COLUMNS, ROWS)
    engine.feed(b"\x1b[" + sgr + b"mx")
    assert engine.row(0)[0].style == style


@pytest.mark.parametrize("make", ENGINES)
def test_erasing_takes_the_background(make: EngineFactory) -> None:
    engine = make(COLUMNS, ROWS)
    engine.feed(b"\x1b[44m\x1b[K")
    assert [(run.cells, run.style) for run in engine.row(0)] == [(COLUMNS, RunStyle(background=4))]


@pytest.mark.parametrize("make", ENGINES)
def test_reverse_screen_turns_every_cell_round(make: EngineFactory) -> None:
    engine = make(COLUMNS, ROWS)
    engine.feed(b"a\x1b[7mb\x1b[?5h")
    assert [run.style.reverse for run in engine.row(0)] == [True, False, True]


@pytest.mark.parametrize("make", ENGINES)
def test_links(make: EngineFactory) -> None:
    engine = make(COLUMNS, ROWS)
    engine.feed(b"\x1b]8;;https://docs.example\x1b\\doc\x1b]8;;\x1b\\ \x1b]8;;http://\xc2\x9b1m\x07x\x1b]8;;\x07")
    runs = engine.row(0)
    assert (runs[0].text, runs[0].style.link) == ("doc", "https://docs.example")
    assert all(run.style.link == "" for run in runs[1:])


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (b"\x1b[5n", b"\x1b[0n"),
        (b"ab\r\nc\x1b[6n", b"\x1b[2;2R"),
        (b"0123456789\x1b[6n", b"\x1b[1;10R"),
        (b"\x1b[c", b"\x1b[?62;22c"),
        (b"\x1b[?2004$p", b"\x1b[?2004;2$y"),
        (b"\x1b[?2004h\x1b[?2004$p", b"\x1b[?2004;1$y"),
        (b"\x1b[?2027$p", b"\x1b[?2027;3$y"),
        (b"\x1bc\x1b[?2027$p", b"\x1b[?2027;3$y"),
        (b"\x1b[?9999$p", b"\x1b[?9999;0$y"),
        (b"\x1b[18t", b"\x1b[8;4;10t"),
        (b"\x1b[?u", b""),
        (b"\x1b[21t", b""),
    ],
)
def test_answers(make: EngineFactory, asked: bytes, answer: bytes) -> None:
    engine = make(COLUMNS, ROWS)
    engine.feed(asked)
    assert engine.take_replies() == answer
    assert engine.take_replies() == b""


@pytest.mark.parametrize("make", ENGINES)
def test_modes_are_seen(make: EngineFactory) -> None:
    engine = make(COLUMNS, ROWS)
    assert (engine.bracketed_paste, engine.alternate_screen, engine.mouse_mode) == (False, False, MouseMode.NONE)
    engine.feed(b"\x1b[?2004h\x1b[?1049h\x1b[?1002h")
    assert (engine.bracketed_paste, engine.alternate_screen, engine.mouse_mode) == (True, True, MouseMode.DRAG)
    engine.feed(b"\x1b[?1003h")
    assert engine.mouse_mode is MouseMode.ALL
    engine.feed(b"\x1b[?1003l\x1b[?1000h")
    assert engine.mouse_mode is MouseMode.CLICK


@pytest.mark.parametrize("make", ENGINES)
def test_title_is_text(make: EngineFactory) -> None:
    engine = make(COLUMNS, ROWS)
    assert engine.title == ""
    engine.feed(b"\x1b]2;docker@node1: ~\x07")
    assert engine.title == "docker@node1: ~"
    engine.feed(b"\x1b]0;" + b"a\xc2\x9bb" * 1000 + b"\x07")
    assert engine.title.isprintable()
    assert len(engine.title) <= 200


@pytest.mark.parametrize("make", ENGINES)
def test_cursor_hides_and_has_a_shape(make: EngineFactory) -> None:
    engine = make(COLUMNS, ROWS)
    engine.feed(b"\x1b[?25l")
    assert engine.cursor() is None
    engine.feed(b"\x1b[?25h\x1b[4 q")
    assert engine.cursor() == Cursor(0, 0, "underline")


@pytest.mark.parametrize("make", ENGINES)
def test_cursor_keys_follow_the_application_mode(make: EngineFactory) -> None:
    engine = make(COLUMNS, ROWS)
    assert engine.encode_key("up", None) == b"\x1b[A"
    engine.feed(b"\x1b[?1h")
    assert engine.encode_key("up", None) == b"\x1bOA"


@pytest.mark.parametrize("make", ENGINES)
def test_paste_is_bracketed_when_asked_for(make: EngineFactory) -> None:
    engine = make(COLUMNS, ROWS)
    assert engine.encode_paste("a\nb") == b"a\rb"
    engine.feed(b"\x1b[?2004h")
    assert engine.encode_paste("a\nb") == b"\x1b[200~a\rb\x1b[201~"


@pytest.mark.parametrize("make", ENGINES)
def test_mouse_events_go_to_the_program_that_asked(make: EngineFactory) -> None:
    engine = make(COLUMNS, ROWS)
    assert engine.encode_mouse("down", 1, 2, 3) == b""
    assert engine.encode_mouse("scroll_up", 0, 2, 3) == b""
    engine.feed(b"\x1b[?1002h\x1b[?1006h")
    assert engine.encode_mouse("down", 1, 2, 3) == b"\x1b[<0;3;4M"
    assert engine.encode_mouse("move", 1, 3, 3) == b"\x1b[<32;4;4M"
    assert engine.encode_mouse("up", 1, 3, 3) == b"\x1b[<0;4;4m"
    assert engine.encode_mouse("move", 0, 4, 3) == b""
    assert engine.encode_mouse("down", 3, 0, 0) == b"\x1b[<2;1;1M"
    assert engine.encode_mouse("scroll_down", 0, 0, 0) == b"\x1b[<65;1;1M"
    engine.feed(b"\x1b[5n")
    assert engine.take_replies() == b"\x1b[0n"


MOUSE_MODES = {
    "X10": (b"\x1b[?9h", b"\x1b[M #$", b"", b"", b""),
    "clicks": (b"\x1b[?1000h", b"\x1b[M #$", b"\x1b[M##$", b"", b""),
    "drags": (b"\x1b[?1002h", b"\x1b[M #$", b"\x1b[M##$", b"\x1b[M@#$", b""),
    "moves": (b"\x1b[?1003h", b"\x1b[M #$", b"\x1b[M##$", b"\x1b[M@#$", b"\x1b[MC#$"),
    "SGR clicks": (b"\x1b[?1000;1006h", b"\x1b[<0;3;4M", b"\x1b[<0;3;4m", b"", b""),
    "SGR drags": (b"\x1b[?1002;1006h", b"\x1b[<0;3;4M", b"\x1b[<0;3;4m", b"\x1b[<32;3;4M", b""),
    "SGR moves": (b"\x1b[?1003;1006h", b"\x1b[<0;3;4M", b"\x1b[<0;3;4m", b"\x1b[<32;3;4M", b"\x1b[<35;3;4M"),
    "given up": (b"\x1b[?1003;1006h\x1b[?1003l", b"", b"", b"", b""),
    "reset": (b"\x1b[?1003;1006h\x1bc", b"", b"", b"", b""),
    "the encoding alone": (b"\x1b[?1006h", b"", b"", b"", b""),
}


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize(
    ("asked", "down", "up", "drag", "move"), MOUSE_MODES.values(), ids=[f"mouse: {name}" for name in MOUSE_MODES]
)
def test_only_the_mouse_events_that_were_asked_for(
    make: EngineFactory, asked: bytes, down: bytes, up: bytes, drag: bytes, move: bytes
) -> None:
    engine = make(COLUMNS, ROWS)
    engine.feed(asked)
    assert engine.encode_mouse("down", 1, 2, 3) == down
    assert engine.encode_mouse("move", 1, 2, 3) == drag
    assert engine.encode_mouse("up", 1, 2, 3) == up
    assert engine.encode_mouse("move", 0, 2, 3) == move


@pytest.mark.parametrize("make", ENGINES)
def test_focus_is_told_to_a_program_that_asked(make: EngineFactory) -> None:
    engine = make(COLUMNS, ROWS)
    assert engine.encode_focus(True) == b""
    engine.feed(b"\x1b[?1004h")
    assert [engine.encode_focus(gained) for gained in (False, True)] == [b"\x1b[O", b"\x1b[I"]
    assert engine.take_replies() == b""
    engine.feed(b"\x1b[?1004l")
    assert engine.encode_focus(False) == b""


@pytest.mark.parametrize("make", ENGINES)
def test_a_refused_question_is_not_said_back(make: EngineFactory) -> None:
    engine = make(COLUMNS, ROWS)
    engine.feed(b"\x1bP$qrm -rf /;\x1b\\")
    assert engine.take_replies() == b"\x1bP0$r\x1b\\"


@pytest.mark.parametrize("make", ENGINES)
def test_wheel_moves_the_cursor_in_a_full_screen_program(make: EngineFactory) -> None:
    engine = make(COLUMNS, ROWS)
    engine.feed(b"\x1b[?1049h\x1b[?1h")
    assert engine.encode_mouse("scroll_up", 0, 0, 0) == b"\x1bOA" * 3
    assert engine.encode_mouse("down", 1, 0, 0) == b""


@pytest.mark.parametrize("make", ENGINES)
def test_dirty_rows_are_the_ones_that_changed(make: EngineFactory) -> None:
    engine = make(COLUMNS, ROWS)
    engine.take_dirty()
    assert not engine.take_dirty()
    engine.feed(b"\x1b[2;1Hx")
    assert list(engine.take_dirty() or ()) == [1]
    engine.feed(b"\x1b[4;1H\n")
    assert engine.take_dirty() is None
    engine.feed(b"\x1b[?1049h")
    assert engine.take_dirty() is None
    engine.feed(b"\x1b[?5h")
    assert engine.take_dirty() is None
    engine.resize(12, 5)
    assert engine.take_dirty() is None
