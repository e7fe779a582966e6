"""A Python without what only POSIX systems have, as near to one on Windows as a Linux can come.

For a process of its own: `python -c "from tests.without_posix import pretend; pretend(); …"`. What belongs to the
standard library and to other packages has parts for each system, so it is imported first.
"""

import asyncio
import ctypes
import importlib
import importlib.abc
import os
import signal
import socket
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

__all__ = ["ABSENT", "pretend"]

ABSENT = ("fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "syslog")
_OTHERS = (
    "subprocess",
    "tempfile",
    "asyncssh",
    "docker",
    "platformdirs",
    "rich.console",
    "textual.app",
    "textual.drivers.web_driver",
    "textual.widgets",
    "textual_serve.server",
)
_CALLS = ("fork", "forkpty", "openpty", "geteuid", "getuid", "killpg", "setsid", "posix_spawn", "pidfd_open", "chown")
_NOT_OF_LOOPS = (
    "add_reader",
    "add_writer",
    "add_signal_handler",
    "remove_signal_handler",
    "create_unix_server",
    "create_unix_connection",
)
_SIGNALS = ("SIGWINCH", "SIGHUP", "SIGKILL", "SIGCHLD", "SIGUSR1", "SIGTSTP", "SIGCONT")


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in ABSENT:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def _refuse(*arguments: object, **named: object) -> NoReturn:
    raise NotImplementedError


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that can do no more than the one of Windows, once `_NOT_OF_LOOPS` is taken from it."""


class _Policy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return _Loop()


def _pair_over_loopback(*_: object) -> tuple[socket.socket, socket.socket]:
    """As Python makes a pair of sockets on Windows."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
    return near, far


class _Locking(ModuleType):
    """As much of msvcrt as is used of it. The real one keeps others out; here there are none."""

    LK_NBLCK = 2

    @staticmethod
    def locking(descriptor: int, mode: int, length: int) -> None:
        del descriptor, mode, length


class Console:
    """As much of the kernel32 library as is used of it: the modes of a console, and each mode that was set."""

    def __init__(self) -> None:
        self.modes: dict[int, int] = {-10: 0x1F7, -11: 0x3}
        self.history: list[tuple[int, int]] = []

    def GetStdHandle(self, number: int) -> int:  # noqa: N802  # its name there
        return number

    def GetConsoleMode(self, handle: int, place: Any) -> int:  # noqa: N802
        place._obj.value = self.modes[handle]
        return 1

    def SetConsoleMode(self, handle: int, mode: Any) -> int:  # noqa: N802
        self.modes[handle] = int(getattr(mode, "value", mode))
        self.history.append((handle, self.modes[handle]))
        return 1


def pretend() -> Console:
    """From now on this process has nothing of POSIX. Returns the console that it seems to have."""
    for name in _OTHERS:
        importlib.import_module(name)
    for name in _NOT_OF_LOOPS:
        setattr(_Loop, name, _refuse)
    sys.meta_path.insert(0, _Finder())
    for name in ABSENT:
        sys.modules.pop(name, None)
    for name in _CALLS:
        delattr(os, name)
    for name in _SIGNALS:
        delattr(signal, name)
    asyncio.set_event_loop_policy(_Policy())
    socket.socketpair = _pair_over_loopback
    sys.modules["msvcrt"] = _Locking("msvcrt")
    console = Console()
    setattr(ctypes, "windll", type("windll", (), {"kernel32": console}))  # noqa: B010  # there on Windows only
    os.environ["USERNAME"] = "learner"
    sys.platform = "win32"
    return console
