"""The terminal widget: what it shows, which keys it takes, and when it paints."""

from typing import ClassVar

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection
from textual.strip import Strip
from textual.widgets import Input

from tests.local_shell import LocalShell, wait_until
from tui.app.widgets import terminal_screen
from tui.app.widgets.terminal_view import TerminalView
from tui.terminal.bittty_engine import BitttyEngine


class FakePort:
    """Remembers what was typed and which sizes were asked for."""

    def __init__(self) -> None:
        self.typed = b""
        self.sizes: list[tuple[int, int]] = []

    def write(self, data: bytes) -> None:
        self.typed += data

    def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))


class TerminalApp(App[None]):
    CLICK_CHAIN_TIME_THRESHOLD: ClassVar[float] = 60.0  # a slow machine clicks slowly
    CSS = "Input { dock: top; } TerminalView { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+right_square_bracket", "note('release')", "Leave the shell", priority=True),
        Binding("f1", "note('help')", "Help"),
        Binding("ctrl+s", "note('stolen')", "Priority", priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []
        self.copies: list[str] = []
        self.engine = BitttyEngine(80, 24)
        self.port = FakePort()
        self.painted: list[int] = []
        self.view = TerminalView()

    def compose(self) -> ComposeResult:
        yield Input()
        yield self.view

    def on_mount(self) -> None:
        self.view.attach(self.engine, self.port)
        self.view.focus()

    def action_note(self, note: str) -> None:
        self.notes.append(note)

    def on_terminal_view_copied(self, event: TerminalView.Copied) -> None:
        self.copies.append(event.text)

    def feed(self, data: bytes) -> None:
        self.engine.feed(data)
        self.view.mark_dirty()


@pytest.fixture
def app() -> TerminalApp:
    return TerminalApp()


async def settled(pilot: Pilot[None], app: TerminalApp) -> None:
    """Wait until the engine has the size of the view."""
    await pilot.pause()
    await wait_until(lambda: (app.engine.columns, app.engine.rows) == app.view.size, "the size of the view")


def shown(view: TerminalView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


async def shows(pilot: Pilot[None], view: TerminalView, line: str) -> None:
    await pilot.pause()
    await wait_until(lambda: line in shown(view), f"{line!r} in the view")


def cells_with(strip: Strip, attribute: str) -> list[int]:
    cells: list[int] = []
    cell = 0
    for segment in strip:
        if segment.style is not None and getattr(segment.style, attribute):
            cells.extend(range(cell, cell + segment.cell_length))
        cell += segment.cell_length
    return cells


async def test_shows_what_the_engine_shows(app: TerminalApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        app.feed("plain \x1b[1;31mred\x1b[0m 中文 [/x] \x1b]8;;https://a.example\x07link\x1b]8;;\x07".encode())
        await shows(pilot, app.view, "plain red 中文 [/x] link")
        strip = app.view.render_line(0)
        assert strip.cell_length == 40
        red = next(segment.style for segment in strip if segment.text == "red")
        assert red is not None
        assert red.bold
        assert red.color is not None
        assert red.color.number == 1
        assert red.bgcolor == app.view.rich_style.bgcolor
        assert any(segment.style and segment.style.link == "https://a.example" for segment in strip)


async def test_engine_and_shell_get_the_size_of_the_view_once_it_stands_still(
    app: TerminalApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        assert app.port.sizes[-1] == (40, 9)
        monkeypatch.setattr(terminal_screen, "RESIZE_DELAY", 2.0)  # a slow machine pauses for longer than it is told
        before = len(app.port.sizes)
        for width in range(41, 61):
            app.view.styles.width = width
            await pilot.pause()
        app.view.styles.width = 30
        await settled(pilot, app)
        assert app.port.sizes[-1] == (30, 9)
        assert len(app.port.sizes) - before < 20


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("a", b"a"),
        ("tab", b"\t"),
        ("shift+tab", b"\x1b[Z"),
        ("escape", b"\x1b"),
        ("enter", b"\r"),
        ("backspace", b"\x7f"),
        ("ctrl+c", b"\x03"),
        ("ctrl+q", b"\x11"),
        ("ctrl+p", b"\x10"),
        ("ctrl+s", b"\x13"),
        ("ctrl+z", b"\x1a"),
        ("ctrl+d", b"\x04"),
        ("pageup", b"\x1b[5~"),
        ("ctrl+left", b"\x1b[1;5D"),
        ("left_square_bracket", b"["),
    ],
)
async def test_every_key_goes_to_the_shell(app: TerminalApp, key: str, typed: bytes) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        await pilot.press(key)
        assert app.port.typed == typed
        assert app.view.has_focus
        assert app.notes == []
        assert app.is_running


async def test_release_keys_go_to_the_app(app: TerminalApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        await pilot.press("ctrl+right_square_bracket", "f1")
        assert app.notes == ["release", "help"]
        assert app.port.typed == b""


async def test_without_the_focus_no_key_goes_to_the_shell(app: TerminalApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        app.query_one(Input).focus()
        await pilot.press("x", "ctrl+s")
        assert app.port.typed == b""
        assert app.notes == ["stolen"]


async def test_paste_is_bracketed_for_a_program_that_asks(app: TerminalApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        app.feed(b"\x1b[?2004h")
        app.post_message(events.Paste("ls\nrm\x1b[201~"))
        await wait_until(lambda: app.port.typed != b"", "the paste")
        assert app.port.typed == b"\x1b[200~ls\rrm[201~\x1b[201~"


async def test_cursor_is_a_block_with_the_focus_and_a_line_without(app: TerminalApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        app.feed("ab中".encode() + b"\x1b[3G")
        await wait_until(lambda: cells_with(app.view.render_line(0), "reverse") == [2, 3], "the cursor, as a block")
        app.query_one(Input).focus()
        await wait_until(lambda: cells_with(app.view.render_line(0), "reverse") == [], "the cursor, as a line")
        assert cells_with(app.view.render_line(0), "underline") == [2, 3]
        app.feed(b"\x1b[?25l")
        await wait_until(lambda: cells_with(app.view.render_line(0), "underline") == [], "a hidden cursor")


async def test_cursor_shows_on_reversed_text(app: TerminalApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        app.feed(b"\x1b[7mabc\x1b[2G")
        await wait_until(lambda: cells_with(app.view.render_line(0), "reverse") == [0, 2], "the cursor on reverse")


async def test_only_changed_lines_are_painted(app: TerminalApp, monkeypatch: pytest.MonkeyPatch) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        painted: list[int] = []
        original = TerminalView.render_line

        def render_line(view: TerminalView, y: int) -> Strip:
            painted.append(y)
            return original(view, y)

        monkeypatch.setattr(TerminalView, "render_line", render_line)
        app.feed(b"\x1b[5;1H")
        await wait_until(lambda: 4 in painted, "the cursor in its place")
        await pilot.pause()
        painted.clear()
        app.feed(b"x")
        await wait_until(lambda: bool(painted), "a paint")
        await pilot.pause()
        assert set(painted) == {4}
        painted.clear()
        app.feed(b"\x1b[2;1Hy")
        await wait_until(lambda: bool(painted), "a paint")
        await pilot.pause()
        assert set(painted) == {1, 4}


async def test_a_flood_is_painted_in_few_frames(app: TerminalApp, monkeypatch: pytest.MonkeyPatch) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        asked = 0
        original = app.engine.take_dirty

        def take_dirty() -> object:
            nonlocal asked
            asked += 1
            return original()

        monkeypatch.setattr(app.engine, "take_dirty", take_dirty)
        for number in range(500):
            app.feed(b"line %d\r\n" % number)
        await shows(pilot, app.view, "line 499")
        assert asked < 100


async def test_looking_back_and_returning(app: TerminalApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        app.feed(b"\r\n".join(b"line %d" % number for number in range(100)))
        await shows(pilot, app.view, "line 99")
        await pilot.press("shift+pageup")
        assert app.view.rows_back == 8
        lines = shown(app.view)
        assert lines[0].startswith("line 83")
        assert lines[0].endswith("8 of 91 rows back")
        app.feed(b"\r\nline 100")
        await wait_until(lambda: app.view.rows_back == 9, "the view standing still while output arrives")
        assert shown(app.view)[0].startswith("line 83")
        await pilot.press("shift+pagedown", "shift+pagedown")
        assert app.view.rows_back == 0
        await pilot._post_mouse_events([events.MouseScrollUp], widget=app.view)  # pyright: ignore[reportPrivateUsage]  # Pilot has no public way to turn the wheel
        assert app.view.rows_back == 3
        await pilot.press("x")
        assert app.view.rows_back == 0
        assert app.port.typed == b"x"
        for _ in range(20):
            await pilot.press("shift+pageup")
        assert app.view.rows_back == 92
        assert shown(app.view)[1] == "line 1"


async def test_a_full_screen_program_has_no_history(app: TerminalApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        app.feed(b"\r\n" * 50 + b"\x1b[?1049h")
        await pilot.press("shift+pageup")
        assert app.view.rows_back == 0
        assert app.port.typed == b"\x1b[5;2~"
        await pilot._post_mouse_events([events.MouseScrollDown], widget=app.view)  # pyright: ignore[reportPrivateUsage]  # as above
        assert app.port.typed == b"\x1b[5;2~" + b"\x1b[B" * 3


async def test_mouse_goes_to_a_program_that_asks(app: TerminalApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        await pilot.click(app.view, offset=(3, 2))
        assert app.port.typed == b""
        assert app.view.allow_select
        app.feed(b"\x1b[?1000h\x1b[?1006h")
        await pilot.click(app.view, offset=(3, 2))
        assert app.port.typed == b"\x1b[<0;4;3M\x1b[<0;4;3m"
        assert not app.view.allow_select
        app.port.typed = b""
        await pilot.click(app.view, offset=(3, 2), shift=True)
        assert app.port.typed == b""


async def test_text_is_selected_and_copied(app: TerminalApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        app.feed("one two   \r\n中文 three\r\nfour".encode())
        await shows(pilot, app.view, "four")
        await pilot.mouse_down(app.view, offset=(4, 0))
        await pilot.hover(app.view, offset=(7, 1))
        await pilot.mouse_up(app.view, offset=(7, 1))
        await wait_until(lambda: bool(app.copies), "a copy")
        assert app.copies[0].startswith("two\n中文 t")
        selection = Selection(Offset(4, 0), Offset(4, 1))
        assert app.view.get_selection(selection) == ("two\n中文 t", "\n")
        app.screen.selections = {app.view: selection}
        await pilot.pause()
        style = app.screen.get_component_rich_style("screen--selection")
        marked = [
            segment.text for segment in app.view.render_line(1) if (segment.style or style).bgcolor == style.bgcolor
        ]
        assert "".join(marked) == "中文 t"


async def test_a_wrapped_command_is_copied_in_one_piece(app: TerminalApp) -> None:
    command = "docker swarm join --token SWMTKN-1-" + "0123456789" * 6 + " 10.0.0.1:2377"
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        app.feed(f"run:\r\n{command}\r\n\r\nand so on".encode())
        await shows(pilot, app.view, "and so on")
        assert app.view.get_selection(Selection(Offset(0, 1), Offset(40, 3))) == (command, "\n")
        app.feed(b"\r\n" * 12)
        await wait_until(lambda: app.engine.history_rows > 4, "the command in the history")
        await pilot.pause()
        await wait_until(
            lambda: app.view.get_selection(Selection(Offset(0, 0), Offset(9, 5)))
            == (f"run:\n{command}\n\nand so on", "\n"),
            "the same from the history",
        )


async def test_a_double_click_takes_a_word_and_a_third_the_line(app: TerminalApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        app.feed("中 (swarmtutor/pets:1.0) x".encode())
        await shows(pilot, app.view, "中 (swarmtutor/pets:1.0) x")
        await pilot.double_click(app.view, offset=(7, 0))
        await wait_until(lambda: "swarmtutor/pets:1.0" in app.copies, "the word")
        await pilot.triple_click(app.view, offset=(7, 0))
        await wait_until(lambda: "中 (swarmtutor/pets:1.0) x" in app.copies, "the line")
        app.copies.clear()
        await pilot.double_click(app.view, offset=(20, 5))
        await pilot.pause()
        assert app.copies == []


async def test_a_drag_that_leaves_the_view_ends_in_it(app: TerminalApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        app.feed(b"\x1b[?1002h\x1b[?1006h")
        await pilot.mouse_down(app.view, offset=(3, 2))
        await pilot.hover(app.query_one(Input), offset=(3, 1))
        await pilot.mouse_up(app.query_one(Input), offset=(3, 1))
        await pilot.pause()
        assert app.port.typed.startswith(b"\x1b[<0;4;3M")
        assert app.port.typed.endswith(b"\x1b[<0;4;1m")
        assert app.mouse_captured is None


async def test_an_engine_given_at_the_start_is_shown() -> None:
    engine, port = BitttyEngine(80, 24), FakePort()
    engine.feed(b"from the start")

    class Given(App[None]):
        def compose(self) -> ComposeResult:
            yield TerminalView(engine, port)

    app = Given()
    async with app.run_test(size=(40, 12)) as pilot:
        await shows(pilot, app.query_one(TerminalView), "from the start")
        await wait_until(lambda: port.sizes == [(40, 12)], "the size")


async def test_engines_are_swapped(app: TerminalApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        app.feed(b"first")
        await shows(pilot, app.view, "first")
        other, port = BitttyEngine(80, 24), FakePort()
        other.feed(b"second")
        app.view.attach(other, port)
        await shows(pilot, app.view, "second")
        assert port.sizes == [(40, 9)]
        await pilot.press("x")
        assert (app.port.typed, port.typed) == (b"", b"x")
        app.view.detach()
        await pilot.press("y", "ctrl+s")
        assert port.typed == b"x"
        assert app.notes == ["stolen"]
        assert set(shown(app.view)) == {""}
        app.view.attach(app.engine, app.port)
        await shows(pilot, app.view, "first")


@pytest.mark.parametrize("theme", ["textual-light", "ansi-dark"])
async def test_default_colours_follow_the_theme(app: TerminalApp, theme: str) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        app.feed(b"text")
        await shows(pilot, app.view, "text")
        app.theme = theme
        await pilot.pause()
        segment = next(iter(app.view.render_line(0)))
        assert segment.style is not None
        assert segment.style.bgcolor == app.view.rich_style.bgcolor
        assert segment.style.color == app.view.rich_style.color


async def test_a_paint_that_a_program_holds_comes_at_last(app: TerminalApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        app.feed(b"\x1b[?2026hheld back")
        await shows(pilot, app.view, "held back")


async def test_a_real_shell_in_the_view(app: TerminalApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot, app)
        shell = LocalShell(
            ["bash", "--norc", "--noprofile"],
            BitttyEngine,
            environment={"PS1": "node1$ "},
            on_data=app.view.mark_dirty,
        )
        try:
            app.view.attach(shell.engine, shell)
            await shows(pilot, app.view, "node1$")
            await pilot.press(*"echo $COLUMNS", "enter")
            await shows(pilot, app.view, "40")
            await pilot.press(*"busybox vi", "enter")
            await wait_until(lambda: shown(app.view)[1].startswith("~"), "vi")
            await pilot.press("i", *"hello", "escape")
            await shows(pilot, app.view, "hello")
        finally:
            shell.close()
