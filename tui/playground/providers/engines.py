"""Waiting until a node's engine and its SSH server answer, seen from the machine that hosts the node."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from tui.errors import ExitCode, UserError

__all__ = ["wait_for_engine", "wait_for_port", "wait_for_ssh", "why_engine_ends"]

_PROC = Path("/proc")
_PAUSE = 0.03  # seconds between two tries
_STARTS = 4  # of an engine, none of which lasted: another one would not either
_TAIL = 100_000  # bytes of a log that tell of the last starts


async def _ping(socket: Path) -> bool:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        writer.write(b"GET /_ping HTTP/1.0\r\nHost: engine\r\n\r\n")
        return b" 200 " in await reader.readline()
    finally:
        writer.close()


async def _greeting(address: str) -> bool:
    reader, writer = await asyncio.open_connection(address, 22)
    try:
        return (await reader.readline()).startswith(b"SSH-2.0")
    finally:
        writer.close()


async def _until(what: str, hint: str, timeout: float, attempt: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + timeout
    reason = "no answer"
    while time.monotonic() < deadline:
        try:
            async with asyncio.timeout(5):
                if await attempt():
                    return
        except (OSError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
        await asyncio.sleep(_PAUSE)
    raise UserError(f"{what} did not answer within {timeout:.0f} s: {reason}", hint, exit_code=ExitCode.BROKEN)


def why_engine_ends(log: str) -> str:
    """What an engine that was started again and again says of it, out of its log; empty if it may still succeed.

    What an engine does it writes as `time=… level=…`; the reason why it gives up it writes as it is.
    """
    recent = log.rpartition('msg="API listen on')[2]  # what came before was another life of the node
    starts = recent.split('msg="Starting up"')[1:]
    if len(starts) < _STARTS:
        return ""
    for start in reversed(starts):
        words = [line.strip() for line in start.splitlines() if not line.startswith("time=")]
        if reason := " ".join(filter(None, words)):
            return reason
    return "it ends as soon as it has started"


def _tail(log: Path) -> str:
    """The end of a log; nothing where it is not there yet, or the node is going away."""
    with suppress(OSError), log.open("rb") as opened:
        opened.seek(max(0, opened.seek(0, os.SEEK_END) - _TAIL))
        return opened.read().decode(errors="replace")
    return ""


async def wait_for_engine(node: str, pid: int, timeout: float) -> None:
    """Wait for the engine of the node whose process number 1 is `pid`.

    Raises UserError after `timeout` s, and as soon as the engine has given up several times.
    """
    # The kernel shows a process's own root here; the node's engine is reached without its network.
    root = _PROC / str(pid) / "root"

    async def attempt() -> bool:
        if not root.parent.exists():
            raise UserError(f"{node} stopped while its engine started.", exit_code=ExitCode.BROKEN)
        try:
            return await _ping(root / "run/docker.sock")
        except OSError:
            if reason := why_engine_ends(_tail(root / "var/log/docker.log")):
                raise UserError(f"The engine of {node} does not start: {reason}", exit_code=ExitCode.BROKEN) from None
            raise

    hint = f"What the engine says: {root}/var/log/docker.log"
    await _until(f"The engine of {node}", hint, timeout, attempt)


async def _connects(address: str, port: int) -> bool:
    _, writer = await asyncio.open_connection(address, port)
    writer.close()
    return True


async def wait_for_port(what: str, address: str, port: int, timeout: float) -> None:
    """Wait until somebody listens there. Raises UserError after `timeout` s."""
    await _until(what, "", timeout, lambda: _connects(address, port))


async def wait_for_ssh(node: str, address: str, timeout: float) -> None:
    """Wait for the SSH server of a node. Raises UserError after `timeout` s."""
    await _until(f"The SSH server of {node}", "", timeout, lambda: _greeting(address))
