"""Advisory locks, on files and on names, which vanish with the process that holds them."""

import asyncio
import errno
import os
import socket
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

__all__ = ["LockHeldError", "hold_lock", "hold_lock_async", "hold_name", "take"]

_PAUSE = 0.02  # seconds between two tries


class LockHeldError(Exception):
    """Another process holds the lock."""


def take(descriptor: int) -> bool:
    """Lock an open file for as long as it is open; whether nobody else had it."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _same_file(descriptor: int, path: Path) -> bool:
    """Whether the path still names the open file: the holder before us removes it when it is done."""
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    held = os.fstat(descriptor)
    return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)


def _open_locked(path: Path) -> int | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:  # the folder was removed between the two
        return None
    try:
        if take(descriptor) and _same_file(descriptor, path):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _release(descriptor: int, path: Path) -> None:
    if sys.platform == "win32":  # where an open file cannot be removed
        os.close(descriptor)
        with suppress(OSError):
            path.unlink()
    else:
        path.unlink(missing_ok=True)
        os.close(descriptor)
    with suppress(OSError):  # others have something in it
        path.parent.rmdir()


@contextmanager
def hold_lock(path: Path, *, wait: float = 0.0) -> Generator[None]:
    """Hold the lock file at `path`, waiting up to `wait` seconds; it is removed afterwards, an empty folder with it.

    Raises LockHeldError when another process holds it for longer than that. Blocks while it waits.
    """
    deadline = time.monotonic() + wait
    while (descriptor := _open_locked(path)) is None:
        if time.monotonic() >= deadline:
            raise LockHeldError(str(path))
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        _release(descriptor, path)


@asynccontextmanager
async def hold_lock_async(path: Path, *, wait: float = 0.0) -> AsyncGenerator[None]:
    """The same, leaving the event loop free while it waits."""
    deadline = time.monotonic() + wait
    while (descriptor := _open_locked(path)) is None:
        if time.monotonic() >= deadline:
            raise LockHeldError(str(path))
        await asyncio.sleep(_PAUSE)
    try:
        yield
    finally:
        _release(descriptor, path)


@asynccontextmanager
async def hold_name(name: str, *, wait: float = 0.0) -> AsyncGenerator[None]:
    """Hold a name that one process at a time can hold in a network namespace, waiting up to `wait` seconds. Linux only.

    It is the address of an abstract Unix socket (unix(7)): nothing is written anywhere, and programs with folders of
    their own meet at it too. Raises LockHeldError when another process holds it for longer than that.
    """
    deadline = time.monotonic() + wait
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as held:
        while True:
            try:
                held.bind(f"\0{name}")
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            if time.monotonic() >= deadline:
                raise LockHeldError(name)
            await asyncio.sleep(_PAUSE)
        yield
