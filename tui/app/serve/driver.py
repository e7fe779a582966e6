"""The program as a browser sees it: what it writes goes to the server that started it, in packets, and keys come back.

The packets are those of textual-serve (a letter, the size, the bytes). Other than with Textual's own driver, what the
program says before and after its screen is seen in the browser too, a program whose server is gone ends by itself, and
a packet is never cut short by a signal.
"""

import io
import os
import sys
from typing import TYPE_CHECKING, Any

from textual import messages
from textual.drivers.web_driver import WebDriver

if TYPE_CHECKING:
    from textual.app import App

__all__ = ["PRELUDE", "ServedDriver", "speak_in_packets"]

PRELUDE = b"__GANGLION__\n"
"""What the server waits for before it takes packets."""

_LEAVE = "\x1b[?2004l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1049l\x1b[?25h"
"""Paste and mouse as before, the other screen, the cursor: what the program says now stands below what was there."""


def _write_all(descriptor: int, data: bytes) -> bool:
    """Write to its end; False if nobody reads any more."""
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError:
        return False
    return True


def _packet(data: bytes) -> bytes:
    return b"D%s%s" % (len(data).to_bytes(4, "big"), data)


class _Words(io.TextIOBase):
    """Text for the browser's terminal."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """Of what lies below."""
        return self._descriptor

    def write(self, text: str, /) -> int:
        """Send it, with line ends as a terminal wants them."""
        _write_all(self._descriptor, _packet(text.replace("\n", "\r\n").encode("utf-8", errors="replace")))
        return len(text)


def speak_in_packets() -> None:
    """From now on all that this program says goes to the browser, its complaints too."""
    output = sys.__stdout__
    if output is None:
        raise RuntimeError("there is no standard output to speak to")
    output.flush()
    _write_all(output.fileno(), PRELUDE)
    words = _Words(output.fileno())
    sys.stdout, sys.stderr = words, words


class ServedDriver(WebDriver):
    """Draws in the browser; named to Textual by the environment variable TEXTUAL_DRIVER."""

    def __init__(
        self, app: "App[Any]", *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        descriptor: int = self.fileno
        self._gone = False

        def write(data: bytes) -> int:
            if data != PRELUDE and not self._gone and not _write_all(descriptor, data):
                self._gone = True
                self._app.post_message(messages.ExitApp())
            return len(data)

        self._write = write

    def run_input_thread(self) -> None:
        """Read keys until the screen is left; if their source ends before that, so does the program."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._app.post_message(messages.ExitApp())

    def stop_application_mode(self) -> None:
        """Leave the screen. The server learns of the end from the end of this process: more may be said until then."""
        self.exit_event.set()
        self._input_reader.close()
        self.write(_LEAVE)
