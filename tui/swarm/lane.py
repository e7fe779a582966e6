"""One daemon thread that does one thing at a time: blocking calls to one engine, seen from the event loop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

__all__ = ["Lane"]

T = TypeVar("T")
_Job = tuple["Future[Any]", Callable[[], Any]]


class Lane:
    """Runs calls one after the other in a thread of its own.

    The thread is a daemon, so that a call which hangs delays neither `close` nor the end of the program;
    threads of an executor would be waited for.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def call(self, work: Callable[[], T], deadline: float) -> T:
        """Run `work` in the thread. Raises what it raises, TimeoutError after `deadline` seconds.

        The wait for an earlier call that still hangs counts too. A call that could not begin in time never does.
        """
        job: Future[T] = Future()
        self._jobs.put((job, work))
        async with asyncio.timeout(deadline):
            return await asyncio.wrap_future(job)

    def close(self, last: Callable[[], None] | None = None) -> None:
        """End the thread once its present call returns; `last` is run in it before. Does not wait."""
        if last is not None:
            self._jobs.put((Future(), last))
        self._jobs.put(None)

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def _work(self) -> None:
        while (item := self._jobs.get()) is not None:
            job, work = item
            if not job.set_running_or_notify_cancel():
                continue
            try:
                result = work()
            except BaseException as error:  # handed to the one who waits, whatever it is
                job.set_exception(error)
            else:
                job.set_result(result)
            # Nothing may keep the last answer alive while the thread waits for the next call.
            del job, work, item
