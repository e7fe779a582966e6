"""A real program in a real pseudo-terminal, shown by an engine: what the nodes' shells are in the product."""

import asyncio
import fcntl
import os
import pty
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence

from tui.terminal.engine import EngineFactory, TerminalEngine

__all__ = ["LocalShell", "attend_to_signals", "screen_text", "wait_until"]

SLICE = 16_384


def screen_text(engine: TerminalEngine) -> str:
    """The screen as text, rows without trailing blanks."""
    return "\n".join("".join(run.text for run in engine.row(y)).rstrip() for y in range(engine.rows))


async def wait_until(condition: Callable[[], bool], what: str, timeout: float = 60.0) -> None:
    """Wait until a condition holds; fails with `what` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s in vain for: {what}")
        await asyncio.sleep(0.01)


def attend_to_signals() -> None:
    """In a child: hear of Ctrl-C also where the tests run in the background, whose children are born deaf to it."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


class LocalShell:
    """Runs a program in a PTY and feeds what it writes to an engine."""

    def __init__(
        self,
        program: Sequence[str],
        make: EngineFactory,
        *,
        columns: int = 80,
        rows: int = 24,
        environment: Mapping[str, str] | None = None,
        directory: str | os.PathLike[str] = "/",
        on_data: Callable[[], None] = lambda: None,
    ) -> None:
        self.engine = make(columns, rows)
        self._on_data = on_data
        self.ended = False
        self._pid, self._file = pty.fork()
        if self._pid == 0:
            known = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": "/", "PATH": os.environ["PATH"]}
            try:
                attend_to_signals()
                os.chdir(directory)
                os.execvpe(program[0], list(program), {**known, **(environment or {})})
            finally:
                os._exit(127)
        self.resize(columns, rows)
        os.set_blocking(self._file, False)
        asyncio.get_running_loop().add_reader(self._file, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._file, SLICE)
        except BlockingIOError:
            return
        except OSError:  # EIO: the other end is closed
            data = b""
        if not data:
            self.ended = True
            asyncio.get_running_loop().remove_reader(self._file)
            return
        self.engine.feed(data)
        if replies := self.engine.take_replies():
            self.write(replies)
        self._on_data()

    def write(self, data: bytes) -> None:
        if not self.ended:
            os.write(self._file, data)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, *keys: str) -> None:
        """Press keys by their Textual names; a single character is itself."""
        for key in keys:
            self.write(self.engine.encode_key(key, key if len(key) == 1 else None))

    async def shows(self, text: str) -> None:
        """Wait until the text is on the screen."""
        try:
            await wait_until(lambda: text in screen_text(self.engine), text)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{screen_text(self.engine)}") from None

    def close(self) -> None:
        if not self.ended:
            asyncio.get_running_loop().remove_reader(self._file)
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._file)
