"""Looking back in the terminal widget: keys, what is shown, what is said of copies and links."""

import pytest
from textual import events, on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.app.driving import driven
from tests.local_shell import wait_until
from tui.app.widgets.terminal_view import TerminalView
from tui.terminal.bittty_engine import BitttyEngine


class FakePort:
    """Remembers what was typed."""

    def __init__(self) -> None:
        self.typed = b""

    def write(self, data: bytes) -> None:
        self.typed += data

    def resize(self, columns: int, rows: int) -> None:
        """Nobody is there to be told."""


class LookApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.copies: list[str] = []
        self.links: list[str] = []
        self.engine = BitttyEngine(40, 10)
        self.port = FakePort()
        self.view = TerminalView()

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.attach(self.engine, self.port)
        self.view.focus()

    @on(TerminalView.Copied)
    def _copied(self, event: TerminalView.Copied) -> None:
        self.copies.append(event.text)

    @on(TerminalView.LinkChosen)
    def _chosen(self, event: TerminalView.LinkChosen) -> None:
        self.links.append(event.address)

    def feed(self, data: bytes) -> None:
        self.engine.feed(data)
        self.view.mark_dirty()


@pytest.fixture
def app() -> LookApp:
    return LookApp()


SIZE = (60, 10)
NUMBERS = b"\r\n".join(b"line %d" % number for number in range(50))


def shown(app: LookApp) -> list[str]:
    return [app.view.render_line(y).text.rstrip() for y in range(app.view.size.height)]


async def filled(pilot: Pilot[None], app: LookApp, data: bytes = NUMBERS) -> None:
    await pilot.pause()
    await wait_until(lambda: (app.engine.columns, app.engine.rows) == SIZE, "the size of the view")
    app.feed(data)
    last = data.rsplit(b"\n", 1)[-1].decode()
    await wait_until(lambda: any(last in line for line in shown(app)), "the text in the view")
    await pilot.pause()


async def test_keys_go_to_the_cursor_and_the_last_line_says_how_to_leave(app: LookApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await filled(pilot, app)
        app.view.look_back()
        assert shown(app)[0] == "line 41"
        assert shown(app)[-1].startswith(" looking back  Esc leave  / search")
        await pilot.press("g", "x", "ctrl+q")
        assert shown(app)[0] == "line 0"
        assert "49 of 49 rows back  Esc leave" in shown(app)[-1]
        assert app.port.typed == b""
        await pilot.press("escape")
        assert not app.view.looking
        assert shown(app)[-1] == "line 49"
        await pilot.press("x")
        assert app.port.typed == b"x"


async def test_what_is_marked_is_seen_and_copied(app: LookApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await filled(pilot, app)
        app.view.look_back()
        await pilot.press("V", "k", "k")
        assert shown(app)[-1].startswith(" marked: 3 lines  Esc unmark  y copy")
        style = app.screen.get_component_rich_style("screen--selection")
        marked = [
            any(segment.style is not None and segment.style.bgcolor == style.bgcolor for segment in strip)
            for strip in (app.view.render_line(y) for y in range(9))
        ]
        assert marked == [False] * 6 + [True] * 3
        await pilot.press("y")
        await wait_until(lambda: app.copies == ["line 47\nline 48\nline 49"], "the copy")
        assert not app.view.looking


async def test_what_is_found_is_seen_and_counted(app: LookApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await filled(pilot, app)
        app.view.look_back()
        await pilot.press("slash", *"line", "space", "2")
        assert shown(app)[-1].startswith(" search: line 2▏: 1 of 11  Enter find  Esc give up")
        await pilot.press("enter", "n")
        assert "«line 2»: 2 of 11" in shown(app)[-1]
        assert "line 28" in shown(app)
        row = shown(app).index("line 28")
        found = [segment.text for segment in app.view.render_line(row) if segment.style and segment.style.underline]
        assert "".join(found) == "line 2"
        assert app.port.typed == b""


async def test_what_is_looked_at_stands_still_while_output_arrives(app: LookApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await filled(pilot, app)
        app.view.look_back()
        before = shown(app)[:-1]
        app.feed(b"\r\nline 50" * 30)
        await wait_until(lambda: app.view.rows_back == 29, "the output")
        assert shown(app)[:-1] == before


async def test_links_are_opened_by_keys_and_by_the_mouse(app: LookApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await filled(pilot, app, b"see \x1b]8;;https://docs.example/\x1b\\the docs\x1b]8;;\x1b\\\r\n$ waits")
        app.view.look_back()
        await pilot.press("tab")
        assert shown(app)[-1].startswith(" → https://docs.example/  Esc leave  o open")
        await pilot.press("o")
        await wait_until(lambda: app.links == ["https://docs.example/"], "the link")
        await pilot.press("escape")
        await pilot.click(app.view, offset=(6, 0))
        await pilot.click(app.view, offset=(0, 1), control=True)
        await pilot.click(app.view, offset=(6, 0), control=True)
        await wait_until(lambda: app.links == ["https://docs.example/"] * 2, "the link, by a click")


async def test_another_size_unmarks_and_a_paste_ends_it(app: LookApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await filled(pilot, app)
        app.view.look_back()
        await pilot.press("k", "V", "k")
        assert "marked: 2 lines" in shown(app)[-1]
        await pilot.resize_terminal(30, 8)
        await wait_until(lambda: (app.engine.columns, app.engine.rows) == (30, 8), "the other size")
        assert app.view.looking
        assert "2 of 49 rows back" in shown(app)[-1]
        assert app.view.text_selection is None
        await pilot.press("G", "y")
        await wait_until(lambda: app.copies == ["line 49"], "the line at the end")
        app.view.look_back()
        app.view.post_message(events.Paste("pasted"))
        await wait_until(lambda: app.port.typed == b"pasted", "the paste")
        assert not app.view.looking


async def test_a_program_that_asked_hears_of_the_focus(app: LookApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await filled(pilot, app, b"\x1b[?1004h\r\nprogram")
        app.view.blur()
        await wait_until(lambda: app.port.typed == b"\x1b[O", "the focus gone")
        app.view.focus()
        await wait_until(lambda: app.port.typed == b"\x1b[O\x1b[I", "the focus back")


async def test_a_narrow_view_still_says_how_to_leave(app: LookApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await filled(pilot, app)
        app.view.look_back()
        app.view.styles.width = 24
        await wait_until(lambda: app.engine.columns == 24, "the width")
        await pilot.press("slash", *("a" * 40), "enter")
        assert app.view.size.width == 24
        assert shown(app)[-1].endswith("Esc leave")


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
async def test_in_the_terminal_s_own_colours_what_is_found_and_marked_is_reversed(app: LookApp, theme: str) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await filled(pilot, app)
        app.theme = theme
        app.view.look_back()
        await pilot.press("slash", *"47", "enter", "V")
        row = shown(app).index("line 47")
        reversed_text = [each.text for each in app.view.render_line(row) if each.style and each.style.reverse]
        # All but the cursor, which is turned round once more.
        assert "".join(reversed_text).rstrip() == "line 7"


async def test_a_key_of_the_lab_leads_to_it_and_escape_back() -> None:
    async with driven() as it:
        terminal = it.lab.shell_box.terminal
        await it.press("y")
        await it.until(lambda: terminal.looking and terminal.has_focus, "looking back")
        await it.press("escape")
        await it.until(lambda: not terminal.looking, "the shell again")
        assert terminal.has_focus


async def test_what_became_of_a_copy_and_of_a_link_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "TMUX", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    async with driven() as it:
        terminal = it.lab.shell_box.terminal
        terminal.post_message(TerminalView.Copied(terminal, "docker ps"))
        await it.until_seen("Sent to your terminal for its clipboard")
        assert it.app.clipboard == "docker ps"
        terminal.post_message(TerminalView.LinkChosen(terminal, "https://docs.example/"))
        await it.until_seen("No browser can be reached from here")
        terminal.post_message(TerminalView.LinkChosen(terminal, "file:///etc/passwd"))
        await it.until_seen("Not opened, as it is not a page")


async def test_the_help_names_the_keys_of_looking_back() -> None:
    async with driven() as it:
        await it.press("1")
        await it.until(lambda: it.lab.shell_box.terminal.has_focus, "in the shell")
        await it.press("f1")
        await it.until_seen("While you look back")
        await it.until_seen("mark from here, or whole lines")
