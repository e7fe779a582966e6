"""What every provider's work has in common: phases that are told of, and one worker at a time."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tui.errors import ExitCode, UserError
from tui.playground.locks import LockHeldError, hold_lock_async
from tui.playground.model import Progress, ProgressListener, ProgressState
from tui.playground.record import PlaygroundPaths

__all__ = ["phase", "working_on"]


@asynccontextmanager
async def phase(listener: ProgressListener, name: str, detail: str = "") -> AsyncGenerator[None]:
    """Tell the listener that a phase begins, and how it ends."""
    begun = time.monotonic()
    listener(Progress(name, ProgressState.RUNNING, detail))
    try:
        yield
    except BaseException as error:
        listener(Progress(name, ProgressState.FAILED, _reason(error), time.monotonic() - begun))
        raise
    listener(Progress(name, ProgressState.DONE, detail, time.monotonic() - begun))


def _reason(error: BaseException) -> str:
    if isinstance(error, UserError):
        return error.what.partition("\n")[0]
    return "stopped" if isinstance(error, asyncio.CancelledError) else type(error).__name__


@asynccontextmanager
async def working_on(name: str, wait: float = 0.0) -> AsyncGenerator[None]:
    """Be the only one who makes, changes or removes the playground. Raises UserError (BUSY) if another is."""
    try:
        async with hold_lock_async(PlaygroundPaths.of(name).lock, wait=wait):
            yield
    except LockHeldError:
        raise UserError(
            f"Playground “{name}” is being made, changed or removed by another program right now.",
            "Wait until it is done, or end it.",
            exit_code=ExitCode.BUSY,
        ) from None
