"""Real full-screen programs in a real PTY: what they draw must be on the screen."""

import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from tests.local_shell import LocalShell, screen_text, wait_until
from tests.unit.terminal_engines import ENGINES
from tui.terminal.engine import Cursor, EngineFactory

EDITORS = [["busybox", "vi"], *([["vim.tiny", "-u", "NONE", "-n"]] if shutil.which("vim.tiny") else [])]
"""busybox comes with what the nodes are made of; vim is tried where it is."""
FULL_SCREEN = [
    ("busybox vi page.txt", [":", "q", "enter"]),
    *([("less page.txt", ["q"])] if shutil.which("less") else []),
]

Start = Callable[[EngineFactory, Sequence[str]], LocalShell]


@pytest_asyncio.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    shells: list[LocalShell] = []

    def run(make: EngineFactory, program: Sequence[str]) -> LocalShell:
        if shutil.which(program[0]) is None:
            pytest.skip(f"{program[0]} is not on this machine")
        environment = {"PS1": "$ ", "LESS": ""}
        shells.append(LocalShell(program, make, columns=60, rows=12, environment=environment, directory=tmp_path))
        return shells[-1]

    yield run
    for shell in shells:
        shell.close()


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.txt"
    path.write_text("".join(f"line {number}\n" for number in range(1, 51)), encoding="utf-8")
    return path


@pytest.mark.parametrize("make", ENGINES)
async def test_bash_edits_its_line(make: EngineFactory, start: Start) -> None:
    shell = start(make, ["bash", "--norc", "--noprofile"])
    await shell.shows("$")
    shell.press(*"echo helo", "left", "l", "home", "ctrl+k", "ctrl+y")
    await shell.shows("$ echo hello")
    shell.press("enter")
    await shell.shows("\nhello\n$")
    shell.press("up", "backspace", "p", "enter")
    await shell.shows("\nhellp\n$")
    # It says that it runs, as the foreground of its terminal: who presses Ctrl-C before that may not be heard.
    shell.press(*"sh -c 'echo go; exec cat'", "enter")
    await shell.shows("\ngo")
    shell.press("ctrl+c")
    await shell.shows("^C\n$")


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize("editor", EDITORS, ids=lambda editor: editor[0])
async def test_vi_edits_a_file(make: EngineFactory, start: Start, page: Path, editor: list[str]) -> None:
    shell = start(make, [*editor, page.name])
    await shell.shows("line 11")
    assert screen_text(shell.engine).startswith("line 1\nline 2\n")
    shell.press("j", "d", "d", "i", *"new ", "escape")
    await shell.shows("line 1\nnew line 3\nline 4\n")
    await wait_until(lambda: shell.engine.cursor() == Cursor(3, 1), "the cursor on the last letter typed")
    shell.press("G")
    await shell.shows("line 50")
    shell.press("k", "up", "D")
    await shell.shows("line 47\n\nline 49\nline 50")
    shell.press(":", "w", "q", "enter")
    await wait_until(lambda: shell.ended, "the end of the editor")
    assert page.read_text(encoding="utf-8").startswith("line 1\nnew line 3\nline 4\n")


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize("editor", EDITORS, ids=lambda editor: editor[0])
async def test_vi_follows_a_change_of_size(make: EngineFactory, start: Start, page: Path, editor: list[str]) -> None:
    shell = start(make, [*editor, page.name])
    await shell.shows("line 11")
    shell.engine.resize(30, 6)
    shell.resize(30, 6)
    await wait_until(
        lambda: screen_text(shell.engine).startswith("line 1\nline 2\nline 3\nline 4\nline 5\n"), "five lines"
    )
    shell.engine.resize(40, 20)
    shell.resize(40, 20)
    await shell.shows("line 19")


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize(("command", "leave"), FULL_SCREEN, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.usefixtures("page")
async def test_a_full_screen_program_leaves_the_screen_as_it_was(
    make: EngineFactory, start: Start, command: str, leave: list[str]
) -> None:
    shell = start(make, ["bash", "--norc", "--noprofile"])
    await shell.shows("$")
    shell.write(command.encode() + b"\r")
    await shell.shows("line 11")
    assert shell.engine.alternate_screen
    for _ in range(4):
        shell.write(shell.engine.encode_mouse("scroll_down", 0, 0, 0))
    await shell.shows("line 13")
    shell.press(*leave)
    await wait_until(lambda: not shell.engine.alternate_screen, "the main screen")
    await wait_until(lambda: screen_text(shell.engine).splitlines()[1] == "$", "the prompt under the command")
    assert screen_text(shell.engine).splitlines()[0] == f"$ {command}"


@pytest.mark.parametrize("make", ENGINES)
async def test_top_draws_a_table(make: EngineFactory, start: Start) -> None:
    shell = start(make, ["top", "-d", "1"])
    await shell.shows("PID USER")
    await shell.shows("top - ")
    rows = screen_text(shell.engine).splitlines()
    assert rows[0].startswith("top - ")
    header = next(row for row in range(12) if "PID USER" in rows[row])
    assert any(run.style.reverse for run in shell.engine.row(header))
    shell.press("q")
    await wait_until(lambda: shell.ended, "the end of top")


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.usefixtures("page")
async def test_less_searches_and_marks_what_it_found(make: EngineFactory, start: Start) -> None:
    shell = start(make, ["less", "page.txt"])
    await shell.shows("line 11")
    shell.press("/", *"line 4", "enter")
    await shell.shows("line 14")
    await wait_until(
        lambda: any(run.text == "line 4" and run.style.reverse for y in range(12) for run in shell.engine.row(y)),
        "what was found, reversed",
    )
    shell.press("G")
    await shell.shows("line 50")
    shell.press("k", "k")
    await shell.shows("line 38")
    shell.press("q")
    await wait_until(lambda: shell.ended, "the end of less")


@pytest.mark.parametrize("make", ENGINES)
async def test_watch_shows_the_command_again_and_again(make: EngineFactory, start: Start, tmp_path: Path) -> None:
    (tmp_path / "count").write_text("one\n", encoding="utf-8")
    shell = start(make, ["watch", "-n", "0.2", "cat count"])
    await shell.shows("Every 0.2s: cat count")
    await shell.shows("\n\none\n")
    assert shell.engine.alternate_screen
    (tmp_path / "count").write_text("twenty-two 中\n", encoding="utf-8")
    await shell.shows("\n\ntwenty-two")
    (tmp_path / "count").write_text("3\n", encoding="utf-8")
    await shell.shows("\n\n3\n")
    shell.press("ctrl+c")
    await wait_until(lambda: shell.ended, "the end of watch")


PROGRESS = r"""
printf 'overall progress: 0 out of 2 tasks\n1/2: \n2/2: \n'
for step in 'preparing' 'starting ' 'running  '; do
  printf '\033[3A\033[2K\roverall progress: %s\033[3B\r' "$step"
  printf '\033[2A\033[2K\r1/2: %s [=====>   ]\033[2B\r' "$step"
  printf '\033[1A\033[2K\r2/2: %s [==>      ]\033[1B\r' "$step"
done
printf '\033[3A\033[2K\roverall progress: 2 out of 2 tasks\033[3B\r'
printf 'verify: Waiting 1 seconds to verify that tasks are stable...\r'
printf '\033[2Kverify: Service converged\n'
"""


@pytest.mark.parametrize("make", ENGINES)
async def test_progress_of_a_service_is_drawn_in_place(make: EngineFactory, start: Start) -> None:
    """The cursor movements are those of `docker service create`, which redraws its lines from below."""
    shell = start(make, ["bash", "--norc", "--noprofile", "-c", PROGRESS + "\nread"])
    await shell.shows("Service converged")
    assert screen_text(shell.engine).rstrip().splitlines() == [
        "overall progress: 2 out of 2 tasks",
        "1/2: running   [=====>   ]",
        "2/2: running   [==>      ]",
        "verify: Service converged",
    ]


@pytest.mark.parametrize("make", ENGINES)
async def test_a_flood_can_be_interrupted(make: EngineFactory, start: Start) -> None:
    shell = start(make, ["bash", "--norc", "--noprofile"])
    await shell.shows("$")
    shell.write(b"yes 'a long line of a flood'\r")
    await wait_until(lambda: shell.engine.history_rows > 500, "a flood")
    shell.press("ctrl+c")
    await shell.shows("^C")
    shell.write(b"echo still $((40+2))\r")
    await shell.shows("still 42")
