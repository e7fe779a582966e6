"""The terminal that this program runs in, with every key handed on as it is: one way for each kind of system."""

import asyncio
import codecs
import contextlib
import io
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, Protocol, cast

__all__ = ["LocalTerminal", "local_terminal"]

_PIECE = 4096
_SIZE_SECONDS = 0.25  # between two looks at the size of a window, where no signal tells of it


class LocalTerminal(Protocol):
    """Standard input and output, being a terminal. To be used from one event loop."""

    def raw(self) -> AbstractContextManager[None]:
        """Every key is ours, Ctrl-C too; the terminal's own settings come back afterwards."""
        ...

    def listened_to(self, typed: Callable[[bytes], None], resized: Callable[[], None]) -> AbstractContextManager[None]:
        """What is typed, and each change of the window's size, is told in the event loop."""
        ...

    def write(self, data: bytes) -> None:
        """Show it. Blocks."""
        ...


def local_terminal() -> LocalTerminal:
    """The one for this system."""
    if sys.platform == "win32":
        return _WindowsConsole()
    return _PosixTerminal()


class _PosixTerminal:
    def __init__(self) -> None:
        self._keyboard, self._screen = sys.stdin.fileno(), sys.stdout.fileno()

    @contextmanager
    def raw(self) -> Generator[None]:
        import termios
        import tty

        before = termios.tcgetattr(self._keyboard)
        tty.setraw(self._keyboard)
        try:
            yield
        finally:
            termios.tcsetattr(self._keyboard, termios.TCSADRAIN, before)

    @contextmanager
    def listened_to(self, typed: Callable[[bytes], None], resized: Callable[[], None]) -> Generator[None]:
        loop = asyncio.get_running_loop()

        def readable() -> None:
            if data := os.read(self._keyboard, _PIECE):
                typed(data)
            else:
                loop.remove_reader(self._keyboard)

        loop.add_reader(self._keyboard, readable)
        loop.add_signal_handler(signal.SIGWINCH, resized)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGWINCH)
            loop.remove_reader(self._keyboard)

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._screen, rest) :]


class _WindowsConsole:
    """A console since Windows 10, which speaks the language of terminals when it is asked to (SetConsoleMode)."""

    _HANDLES = (-10, -11)  # STD_INPUT_HANDLE, STD_OUTPUT_HANDLE
    _INPUT_MODE = 0x0200  # ENABLE_VIRTUAL_TERMINAL_INPUT alone: no lines, no echo, Ctrl-C is a key
    _OUTPUT_MODE = 0x0001 | 0x0004 | 0x0008  # processed, virtual terminal, a line feed is no carriage return
    _CTRL_Z = b"\x1a"

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a letter may come in two pieces

    @contextmanager
    def raw(self) -> Generator[None]:
        import ctypes

        kernel: Any = getattr(ctypes, "windll").kernel32  # noqa: B009  # there on Windows only
        handles = [kernel.GetStdHandle(number) for number in self._HANDLES]
        before = [ctypes.c_ulong() for _ in handles]
        for handle, mode in zip(handles, before, strict=True):
            kernel.GetConsoleMode(handle, ctypes.byref(mode))
        try:
            for handle, wanted in zip(handles, (self._INPUT_MODE, self._OUTPUT_MODE), strict=True):
                kernel.SetConsoleMode(handle, wanted)
            yield
        finally:
            for handle, mode in zip(handles, before, strict=True):
                kernel.SetConsoleMode(handle, mode)

    @contextmanager
    def listened_to(self, typed: Callable[[bytes], None], resized: Callable[[], None]) -> Generator[None]:
        loop = asyncio.get_running_loop()
        over = threading.Event()

        def tell(callback: Callable[[], None]) -> None:
            with contextlib.suppress(RuntimeError):  # the event loop has ended
                loop.call_soon_threadsafe(lambda: None if over.is_set() else callback())

        def read() -> None:
            keyboard = cast("io.BufferedReader", sys.stdin.buffer).raw
            while not over.is_set():
                # A console has no end: what looks like one is Ctrl-Z.
                data = keyboard.read(_PIECE) or self._CTRL_Z
                tell(partial(typed, data))

        def look() -> None:
            size = shutil.get_terminal_size()
            while not over.wait(_SIZE_SECONDS):
                if (now := shutil.get_terminal_size()) != size:
                    size = now
                    tell(resized)

        # Nothing ends a read from a console: its thread ends with the program.
        threads = [threading.Thread(target=work, daemon=True) for work in (read, look)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()

    def write(self, data: bytes) -> None:
        sys.stdout.write(self._decoder.decode(data))
        sys.stdout.flush()
