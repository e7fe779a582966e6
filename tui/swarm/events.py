"""The events of one engine, read in a thread of their own and handed to the event loop."""

import asyncio
import threading
from collections.abc import Callable

from tui.playground.model import EngineDial
from tui.swarm.engine_client import EngineClient, EngineError, EngineEvent, EventStream

__all__ = ["EventPump"]


class EventPump:
    """One connection to an engine's `/events`. Make a new one when it has ended.

    The callbacks run in the event loop in which the pump was made.
    """

    def __init__(
        self,
        name: str,
        dial: EngineDial,
        since_nano: int,
        opened: Callable[[], None],
        arrived: Callable[[EngineEvent], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._client = EngineClient(dial)
        self._since = since_nano
        self._opened = opened
        self._arrived = arrived
        self._ended = asyncio.Event()
        self._guard = threading.Lock()
        self._stream: EventStream | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"events of {name}", daemon=True)
        self._thread.start()

    async def ended(self) -> None:
        """Wait for the end of the stream: the engine died, the line broke, or it was silent for long."""
        await self._ended.wait()

    def close(self) -> None:
        """End it without waiting. A thread that still waits for the engine's first word ends by its own deadline."""
        with self._guard:
            self._closed = True
            stream = self._stream
        if stream is not None:
            stream.close()

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._read()
        except EngineError:
            # The reading of the engine's state, made next, tells people why.
            pass
        finally:
            self._client.close()
            self._tell(self._ended.set)

    def _read(self) -> None:
        stream = self._client.events(self._since)
        with self._guard:
            if self._closed:
                stream.close()
                return
            self._stream = stream
        self._tell(self._opened)
        for event in stream:
            if self._closed:
                return
            self._tell(lambda event=event: self._arrived(event))

    def _tell(self, callback: Callable[[], None]) -> None:
        """Run a callback in the loop."""
        try:
            self._loop.call_soon_threadsafe(callback)
        except RuntimeError:
            # The loop is closed: nobody listens any more.
            self._closed = True
