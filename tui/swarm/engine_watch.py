"""Keeps what is known of one engine fresh."""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TypeVar

from tui.playground.model import EngineDial, Node, NodeUnreachableError, SharedNode
from tui.swarm.bell import Bell
from tui.swarm.build import SwarmRows
from tui.swarm.engine_client import SILENT, EngineClient, EngineError, EngineEvent, ErrorKind
from tui.swarm.events import EventPump
from tui.swarm.hints import Hint, Pace, hint_of
from tui.swarm.lane import Lane
from tui.swarm.managers import NOT_ASKED
from tui.swarm.snapshot import Engine, Extra, LocalState

__all__ = ["EngineWatch"]

T = TypeVar("T")

_GRACE = 0.5
"""Seconds on top of the requests' own deadlines, for several requests that each stay just below theirs."""

_JOINING = 1.5
"""Seconds for which membership is asked quickly after a hint: an engine tells of it later than its manager."""


class EngineWatch:
    """One engine: its latest `Engine`, its events, and requests to it as a manager.

    All requests go through one thread, one after the other. `changed` is called after every reading,
    `hinted` when an event tells that the swarm, or another engine, is worth a look.
    """

    def __init__(
        self,
        node: Node,
        pace: Pace,
        changed: Callable[[], None],
        hinted: Callable[[Hint], None],
        extras: Collection[Extra] = (),
    ) -> None:
        self.engine = Engine(node=node.name, address=node.address, error=NOT_ASKED)
        self._node = node
        self._foreign = node.foreign if isinstance(node, SharedNode) else frozenset[str]()
        self._pace = pace
        self._changed = changed
        self._hinted = hinted
        self._extras = frozenset(extras)
        self._bell = Bell(pace.settle)
        self._lane = Lane(f"engine of {node.name}")
        self._client: EngineClient | None = None
        self._dial: EngineDial | None = None
        self._pump: EventPump | None = None
        self._since_nano = 0
        self._info_due = 0.0
        self._joining_until = 0.0

    def look(self, *, info: bool) -> None:
        """Read the engine's containers now; its membership too if `info`."""
        if info:
            self._info_due = 0.0
            self._joining_until = time.monotonic() + _JOINING
        self._bell.ring()

    async def watch(self) -> None:
        """Read the engine again and again, for ever."""
        while True:
            self.engine = await self._read()
            self._changed()
            await self._bell.wait(self._interval())

    async def listen(self) -> None:
        """Read the engine's events, for ever; connect again when they end."""
        pause = 0.2
        while True:
            began = time.monotonic()
            try:
                dial = await self._reach()
            except EngineError:
                # `watch` tells people.
                pass
            else:
                await self._listen_once(dial)
                # What happened while nobody listened is seen by looking.
                self._everything()
            if time.monotonic() - began > 5:
                pause = 0.2
            await asyncio.sleep(pause)
            pause = min(2 * pause, 2.0)

    async def ask_swarm(self, *, with_tokens: bool) -> SwarmRows:
        """What this engine, being a manager, says of the swarm. Raises EngineError."""
        client = self._client_for(await self._reach())
        return await self._call(lambda: client.swarm(with_tokens=with_tokens))

    def close(self) -> None:
        """End the threads, without waiting for an engine that hangs."""
        if self._pump is not None:
            self._pump.close()
        self._lane.close(self._client.close if self._client is not None else None)

    @property
    def busy(self) -> bool:
        """Whether a thread still runs."""
        return self._lane.alive or (self._pump is not None and self._pump.alive)

    async def _listen_once(self, dial: EngineDial) -> None:
        pump = EventPump(self._node.name, dial, self._since_nano, self._everything, self._arrived)
        self._pump = pump
        try:
            await pump.ended()
        finally:
            pump.close()

    def _arrived(self, event: EngineEvent) -> None:
        self._since_nano = max(self._since_nano, event.time_nano + 1)
        hint = hint_of(event)
        if hint.local or hint.info:
            self.look(info=hint.info)
        if hint.swarm or hint.everyone:
            self._hinted(hint)

    def _everything(self) -> None:
        self.look(info=True)
        self._hinted(Hint(swarm=True))

    def _interval(self) -> float:
        if self.engine.state is LocalState.PENDING or time.monotonic() < self._joining_until:
            self._info_due = 0.0
            return 2 * self._pace.quick
        return self._pace.poll

    async def _read(self) -> Engine:
        began = time.monotonic()
        with_info = began >= self._info_due
        try:
            client = self._client_for(await self._reach())
            name, address = self._node.name, self._node.address
            # A question to it as a manager may be under way and hang; `/info` may hang as well.
            engine = await self._call(lambda: client.local(name, address, with_info=with_info), 2)
            if self._foreign:
                own = tuple(one for one in engine.containers if one.id not in self._foreign)
                engine = replace(engine, containers=own)
        except EngineError as error:
            self._info_due = 0.0
            return replace(self.engine, reachable=False, error=error.text)
        if with_info:
            now = time.monotonic()
            # The dearer the answer, the less often it is asked for.
            self._info_due = now + max(self._pace.info, 2 * (now - began))
        return engine

    async def _reach(self) -> EngineDial:
        """The way to the engine. Raises EngineError."""
        try:
            async with asyncio.timeout(self._pace.deadline):
                return await self._node.engine_dial()
        except TimeoutError as error:
            raise self._late() from error
        except (NodeUnreachableError, OSError) as error:
            # The text stands beside the node's name already.
            text = str(error).removeprefix(f"{self._node.name}: ")
            raise EngineError(ErrorKind.UNREACHABLE, text or "cannot be reached") from error

    def _client_for(self, dial: EngineDial) -> EngineClient:
        if self._client is None or dial != self._dial:
            self._client, self._dial = EngineClient(dial, self._pace.deadline, self._extras), dial
        return self._client

    async def _call(self, work: Callable[[], T], slow_requests: int = 1) -> T:
        try:
            return await self._lane.call(work, slow_requests * self._pace.deadline + _GRACE)
        except TimeoutError as error:
            raise self._late() from error

    def _late(self) -> EngineError:
        return EngineError(ErrorKind.TIMEOUT, f"{SILENT} within {self._pace.deadline:g} s")
