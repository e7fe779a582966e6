"""Two ways to wait: for several pieces of work as one, and for one that must not be left half done."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from tui.errors import UserError

__all__ = ["to_the_end", "together"]

T = TypeVar("T")


async def together(*works: Coroutine[Any, Any, T]) -> list[T]:
    """Run all of them at once and return their results. When one fails the others are cancelled, and its error raised.

    Of several errors the one that a person can understand is raised.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except BaseExceptionGroup as several:
        told = [error for error in several.exceptions if isinstance(error, UserError)]
        raise (told or list(several.exceptions))[0] from several
    return [task.result() for task in tasks]


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Wait for a piece of work that goes on to its end even if we are cancelled; then the cancellation goes on too."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return task.result()
