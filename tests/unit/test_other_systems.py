"""The client side on a system that is not POSIX: imported, and its own ways walked, in a process that pretends."""

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def run_without_posix(code: str, tmp_path: Path) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", f"from tests.without_posix import pretend\nconsole = pretend()\n{code}"],
        cwd=_ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "DOCKER_HOST": "tcp://127.0.0.1:1",
            "SWARMTUTOR_STATE": str(tmp_path / "state"),
            "SWARMTUTOR_RUNTIME": str(tmp_path / "run"),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


IMPORT_ALL = """
import importlib, pkgutil, tui
# What runs in a node, or makes nodes of this machine's own kernel.
linux = ("kernel", "reaper", "node_agent", "node_session", "node_ssh", "providers.enter", "providers.node_root")
count = 0
for module in pkgutil.walk_packages(tui.__path__, "tui."):
    if module.name not in {f"tui.playground.{name}" for name in linux} and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
        count += 1
from tui.playground.providers import provider_named
assert not provider_named("containers").requirements()[0].met, "there is no engine"
print(count)
"""


def test_the_client_needs_no_module_of_posix(tmp_path: Path) -> None:
    assert int(run_without_posix(IMPORT_ALL, tmp_path)) > 80


COMMANDS = """
import contextlib, io, sys
from tui.cli import run
from tui.errors import ExitCode
assert run(["status"]) == ExitCode.NOT_FOUND
assert run(["down", "--name", "nobody"]) == ExitCode.UNSUPPORTED
assert run(["up", "--name", "nobody"]) == ExitCode.UNSUPPORTED
assert run(["doctor"]) != ExitCode.OK
assert run(["lint"]) == ExitCode.OK
"""


def test_commands_without_an_engine_say_so(tmp_path: Path) -> None:
    shown = run_without_posix(COMMANDS, tmp_path)
    assert "containers" in shown
    assert "Traceback" not in shown


SHELL = """
import asyncio, io, os, sys, threading
from tui.tutor import attach, local_terminal

class Keyboard(io.RawIOBase):
    # The first two reads give keys, the third one seems to be the end, and the last one waits for ever.
    pieces = [b"ls", b"\\xc3", b""]
    def readable(self):
        return True
    def readinto(self, buffer):
        if not self.pieces:
            threading.Event().wait()
        piece = self.pieces.pop(0)
        buffer[: len(piece)] = piece
        return len(piece)

class Shell:
    typed, sizes = b"", []
    def __init__(self):
        self.waits = [b"caf\\xc3", b"\\xa9\\r\\n"]
        self.enough = asyncio.Event()
    async def read(self, limit=0):
        if self.waits:
            return self.waits.pop(0)
        os.environ["COLUMNS"] = "132"
        await self.enough.wait()
        return b""
    def look(self):
        if self.typed == b"ls\\xc3\\x1a" and self.sizes:
            self.enough.set()
    def write(self, data):
        self.typed += data
        self.look()
    def resize(self, columns, rows):
        self.sizes.append((columns, rows))
        self.look()
    async def close(self):
        pass

sys.stdin = io.TextIOWrapper(io.BufferedReader(Keyboard()))
real, sys.stdout = sys.stdout, io.StringIO()

async def main():
    shell = Shell()
    terminal = local_terminal.local_terminal()
    with terminal.raw():
        assert console.modes == {-10: 0x200, -11: 0xD}, "no lines, no echo, Ctrl-C is a key"
        async with asyncio.timeout(30):
            await attach._relay(shell, terminal)
    assert console.modes == {-10: 0x1F7, -11: 0x3}, "as it was before"
    assert shell.sizes == [(132, 24)]

asyncio.run(main())
assert sys.stdout.getvalue() == "café\\r\\n", "a letter in two pieces"
real.write("done")
real.flush()
os._exit(0)
"""


def test_a_shell_in_a_console(tmp_path: Path) -> None:
    assert run_without_posix(SHELL, tmp_path) == "done"
