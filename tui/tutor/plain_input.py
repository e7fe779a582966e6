"""Lines from the standard input, one at a time and only when they are asked for."""

import asyncio
import codecs
import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable

__all__ = ["LineReader"]

_PIECE = 4096
_LONGEST = 64 * 1024
"""Characters of one line; what is longer comes in pieces."""


class LineReader:
    """Reads a file descriptor in a thread of its own, so that anything may be read: a terminal, a pipe, a file.

    Nothing is read before it is asked for: whoever has the terminal meanwhile, such as a shell, gets every key.
    """

    def __init__(self, descriptor: int, encoding: str = "utf-8") -> None:
        self._descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._text = ""
        self._lines: deque[str] = deque()
        self._ended = False
        self._arrived = asyncio.Event()
        self._wanted = threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._reading = False

    @property
    def ended(self) -> bool:
        """Whether all was read."""
        return self._ended and not self._lines

    @property
    def reading(self) -> bool:
        """Whether a read is under way, or about to be: meanwhile the descriptor must stay what it is."""
        return self._reading

    def want(self) -> None:
        """Begin to read the next line, unless one is there already."""
        if self._lines or self._ended or self._reading:
            return
        self._reading = True
        if self._thread is None:
            # Nothing ends a read from a terminal: its thread ends with the program.
            loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._read, args=(loop,), daemon=True, name="standard input")
            self._thread.start()
        self._wanted.release()

    async def next(self) -> str | None:
        """The next line without its end; None once there is none."""
        while not self._lines and not self._ended:
            self._arrived.clear()
            self.want()
            await self._arrived.wait()
        return self._lines.popleft() if self._lines else None

    async def look_ahead(self, take: Callable[[str], bool]) -> None:
        """Offer each line that comes now to `take`; the first that it does not take stays, and nothing more is read.

        Runs until it is cancelled, or such a line or the end has come.
        """
        while True:
            while self._lines and take(self._lines[0]):
                self._lines.popleft()
            if self._lines or self._ended:
                return
            self._arrived.clear()
            self.want()
            await self._arrived.wait()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            self._wanted.acquire()
            try:
                data = os.read(self._descriptor, _PIECE)
            except OSError:  # the terminal is gone
                data = b""
            with contextlib.suppress(RuntimeError):  # the event loop has ended
                loop.call_soon_threadsafe(self._take, data)
            if not data:
                return

    def _take(self, data: bytes) -> None:
        self._reading = False
        self._text += self._decoder.decode(data, final=not data)
        *whole, self._text = self._text.split("\n")
        self._lines.extend(line.removesuffix("\r") for line in whole)
        if not data or len(self._text) > _LONGEST:
            if self._text:
                self._lines.append(self._text)
            self._text = ""
        self._ended = self._ended or not data
        if self._lines or self._ended:
            self._arrived.set()
        else:
            self.want()
