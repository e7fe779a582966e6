"""One visitor's program: a process of its own, which ends with the visit."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from tui.app.page import FAR_BROWSER

__all__ = ["TERM_SECONDS", "Keys", "Ping", "Program", "Said", "Sight", "Size", "understand"]

DRIVER = "tui.app.serve.driver:ServedDriver"
_LEAST, _MOST = 2, 1000  # columns and rows that a browser's window may have
TERM_SECONDS = 5.0
"""Seconds between the signals TERM and KILL."""
_KILL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Keys:
    """What was typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Size:
    """The window's size in cells."""

    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class Sight:
    """Whether the page has the focus."""

    focused: bool


@dataclass(frozen=True, slots=True)
class Ping:
    """Is anybody there? To be sent back as it is."""

    what: str


Said = Keys | Size | Sight | Ping


def understand(text: str) -> Said | None:
    """What a browser's message says; None for anything else than the page's script sends."""
    try:
        envelope = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match envelope:
        case ["stdin", str(keys)]:
            return Keys(keys)
        case ["resize", {"width": int(width), "height": int(height)}]:
            return Size(within(width), within(height))
        case ["focus"] | ["blur"]:
            return Sight(envelope == ["focus"])
        case ["ping", str(what)]:
            return Ping(what)
        case _:
            return None


def within(cells: int) -> int:
    """A size that a window may have."""
    return min(max(cells, _LEAST), _MOST)


class Program(AppService):
    """Swarmtutor for one socket. `argv`: how it is started. `far`: the browser is on another machine."""

    def __init__(
        self, argv: Sequence[str], socket: web.WebSocketResponse, downloads: DownloadManager, *, far: bool = False
    ) -> None:
        self._argv, self._socket, self._far = tuple(argv), socket, far
        super().__init__(
            "", write_bytes=self._send, write_str=self._send_text, close=self._close_socket, download_manager=downloads
        )

    async def hear(self, said: Said) -> None:
        """Do as the browser says."""
        match said:
            case Keys(text):
                await self.send_bytes(text.encode("utf-8", errors="replace"))
            case Size(columns, rows):
                await self.set_terminal_size(columns, rows)
            case Sight(focused):
                await (self.focus() if focused else self.blur())
            case Ping(what):
                await self._send_text(json.dumps(["pong", what]))

    async def ended(self) -> None:
        """Wait for its end."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def end(self, patience: float) -> None:
        """Ask it to end, and after so many seconds (0: at once) insist. The learner's place is kept in any case."""
        if self._task is None or self._process is None:
            return
        with contextlib.suppress(RuntimeError, OSError):
            await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
            async with asyncio.timeout(patience):
                await self.send_meta({"type": "quit"})
        insist = TERM_SECONDS if patience else 0.0
        for seconds, then in ((patience, "TERM"), (insist, "KILL"), (_KILL_SECONDS, "")):
            done, _ = await asyncio.wait([self._task], timeout=seconds)
            if done:
                break
            if then:
                self._signal(then)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_KILL_SECONDS):
                await self._process.wait()

    def _signal(self, name: str) -> None:
        """To it and to what it started: it leads a process group."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if sys.platform == "win32":
                self._process.terminate()
            else:
                os.killpg(self._process.pid, getattr(signal, f"SIG{name}"))

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        environment = cast("Mapping[str, str]", super()._build_environment(width, height))
        return {**environment, "TEXTUAL_DRIVER": DRIVER, FAR_BROWSER: "1" if self._far else ""}

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        process = await asyncio.create_subprocess_exec(
            *self._argv,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width, height),
            # A Ctrl-C at the server's terminal is for the server: it ends its programs in order.
            start_new_session=sys.platform != "win32",
        )
        self._process, self._stdin = process, process.stdin
        return process

    async def _send(self, data: bytes) -> None:
        """What is meant for a browser that is gone is dropped, so that the program can come to its end."""
        if not self._socket.closed:
            with contextlib.suppress(ConnectionError):
                await self._socket.send_bytes(data)

    async def _send_text(self, text: str) -> None:
        if not self._socket.closed:
            with contextlib.suppress(ConnectionError):
                await self._socket.send_str(text)

    async def _close_socket(self) -> None:
        await self._socket.close()
