"""A program in a pseudo-terminal, seen from where a person sits: keys go in, what the terminal gets comes out."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

from tests.bench.stats import CannotMeasureError
from tests.local_shell import attend_to_signals

__all__ = ["PtyProgram", "plain"]

_SEQUENCE = re.compile(rb"\x1b\[[0-9;:?<=>]*[ -/]*[@-~]|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]")


def plain(data: bytes) -> str:
    """What was written, without escape sequences."""
    return _SEQUENCE.sub(b"", data).decode(errors="replace")


class PtyProgram:
    """Starts a program in a terminal of 120×40. `output` is all that it wrote since it was last cleared."""

    def __init__(self, program: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self.output = bytearray()
        self._program = program[0]
        known = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "COLORTERM": "truecolor"}
        for name in ("NO_COLOR", "LC_ALL", "LC_CTYPE", "COLUMNS", "LINES"):
            known.pop(name, None)
        self.started = time.monotonic()
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            try:
                attend_to_signals()
                # Here, before it begins: a program that begins first may miss the change.
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
                os.execvpe(program[0], list(program), {**known, **(environment or {})})
            finally:
                os._exit(127)

    def __enter__(self) -> "PtyProgram":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, data: bytes) -> None:
        """Type."""
        os.write(self._file, data)

    def until(self, condition: Callable[[bytearray], bool], what: str, timeout: float = 30.0) -> float:
        """Read until what was written satisfies the condition; the moment when it did, by the monotonic clock.

        Raises CannotMeasureError after `timeout` seconds or at the program's end.
        """
        deadline = time.monotonic() + timeout
        while not condition(self.output):
            left = deadline - time.monotonic()
            if left <= 0:
                self._fail(f"{what}: not within {timeout:g} s")
            if select.select([self._file], [], [], left)[0] and not self._read():
                self._fail(f"{what}: it ended before")
        return time.monotonic()

    def drain(self, quiet: float, timeout: float = 30.0) -> None:
        """Read until nothing was written for `quiet` seconds, or `timeout` seconds have passed; forget all of it."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and select.select([self._file], [], [], quiet)[0]:
            if not self._read():
                self._fail("it ended")
        self.output.clear()

    def read_for(self, seconds: float) -> None:
        """Keep reading for so long, as a terminal does while nobody types."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._file], [], [], left)[0] and not self._read():
                self._fail("it ended")

    def close(self) -> None:
        """End the program at once."""
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        finally:
            os.close(self._file)

    def _read(self) -> bool:
        try:
            data = os.read(self._file, 65_536)
        except OSError:  # EIO: the other end is closed
            return False
        self.output += data
        return bool(data)

    def _fail(self, what: str) -> None:
        lines = [line.strip() for line in plain(bytes(self.output)).splitlines() if line.strip()]
        raise CannotMeasureError(f"{os.path.basename(self._program)}: {what}; last: {' / '.join(lines[-12:])[-800:]}")
