"""Keeps the snapshot of a playground's swarm fresh."""

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import replace
from types import MappingProxyType

from tui.clock import now
from tui.playground.model import Node
from tui.swarm.bell import Bell
from tui.swarm.build import SwarmRows
from tui.swarm.engine_client import EngineError, ErrorKind
from tui.swarm.engine_watch import EngineWatch
from tui.swarm.freshness import same_but_times, same_rows
from tui.swarm.hints import Hint, Pace, converging
from tui.swarm.managers import BEING_ASKED, NOT_ASKED, candidates, nobody_in_swarm, why_unknown
from tui.swarm.snapshot import Engine, Extra, Snapshot

__all__ = ["Observer", "Subscriber"]

Subscriber = Callable[[Snapshot], None]

_TOKENS_AGE = 30.0
"""Seconds after which the join tokens are read again: rotating them makes no event."""

_HOLD = 0.5
"""Seconds for which a snapshot waits, so that a change of an engine's membership and its swarm appear together."""

_HOT = 2.0
"""Seconds after the last change or hint for which a swarm that converges is asked at the quick pace."""

_REPORTING = 0.6
"""Seconds within which a manager learns what an event already told: agents report in batches."""

_PATIENCE = 20.0
"""Seconds after which a swarm that still has something to do, but changes nothing, is asked at the normal pace."""

_STOPPING = 0.8


class Observer:
    """Watches the engines of a playground's nodes and keeps one `Snapshot` of them.

    To be used from one event loop; nothing in it blocks that loop. Every engine has a thread for requests and one
    for events. A subscriber is called in the loop with each new snapshot: at once when anything but times changed,
    and otherwise about once a second, so that ages (`asked`, `swarm_asked`, containers' status) stay true.
    """

    def __init__(self, nodes: Sequence[Node], pace: Pace | None = None, extras: Collection[Extra] = ()) -> None:
        """`extras`: what is asked for beside what everybody needs; each costs the engines a request a look."""
        self._nodes = tuple(nodes)
        self._pace = pace or Pace()
        self._extras = frozenset(extras)
        self._watches: dict[str, EngineWatch] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._subscribers: list[Subscriber] = []
        self._bell = Bell(self._pace.settle)
        self._rows: SwarmRows | None = None
        self._manager = ""
        self._cluster = ""
        self._asked = 0.0
        self._error = NOT_ASKED
        self._tokens_asked = 0.0
        self._changed_at = 0.0
        self._hinted_at = 0.0
        self._membership: tuple[object, ...] = ()
        self._hold_until = 0.0
        self._published_at = 0.0
        self._refreshed = 0.0  # when somebody asked for a look at everything and was not answered yet; 0: nobody
        engines = {n.name: Engine(node=n.name, address=n.address, error=NOT_ASKED) for n in self._nodes}
        self._snapshot = Snapshot(taken=now(), engines=MappingProxyType(engines), manager_error=NOT_ASKED)

    @property
    def snapshot(self) -> Snapshot:
        """The latest snapshot. Before the first answer: every engine `not asked yet`."""
        return self._snapshot

    async def start(self) -> None:
        """Begin to watch. Returns at once; the first answers come through `subscribe` and `wait_for`."""
        if self._tasks:
            return
        for node in self._nodes:
            self._watches[node.name] = EngineWatch(node, self._pace, self._engine_read, self._hinted, self._extras)
        for watch in self._watches.values():
            self._spawn(watch.watch())
            self._spawn(watch.listen())
        self._published_at = time.monotonic()
        self._spawn(self._watch_swarm())

    async def stop(self) -> None:
        """Stop watching, within a second whatever the engines do. The last snapshot stays."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for watch in self._watches.values():
            watch.close()
        self._watches = {}
        self._subscribers.clear()
        if tasks:
            await asyncio.wait(tasks, timeout=_STOPPING)

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Have `callback` called in the event loop with every new snapshot. Returns what ends it."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    def refresh(self) -> None:
        """Look at everything now, join tokens included: somebody just did something. Cheap; returns at once.

        The first snapshot in which everything was asked since is published even if it says the same as before.
        """
        self._tokens_asked = 0.0
        self._refreshed = now()
        self._hinted(Hint(everyone=True, swarm=True))

    async def wait_for(self, predicate: Callable[[Snapshot], bool], timeout: float) -> Snapshot:
        """The first snapshot, from the present one on, of which `predicate` is true.

        Raises TimeoutError after `timeout` seconds, and whatever the predicate raises.
        """
        if predicate(self._snapshot):
            return self._snapshot
        found: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()

        def look(snapshot: Snapshot) -> None:
            if found.done():
                return
            try:
                if predicate(snapshot):
                    found.set_result(snapshot)
            except Exception as error:  # handed to the one who waits
                found.set_exception(error)

        unsubscribe = self.subscribe(look)
        try:
            async with asyncio.timeout(timeout):
                return await found
        finally:
            unsubscribe()

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(_report)
        self._tasks.append(task)

    def _hinted(self, hint: Hint) -> None:
        if hint.everyone:
            for watch in self._watches.values():
                watch.look(info=True)
        if hint.swarm:
            self._hinted_at = time.monotonic()
            self._bell.ring()

    def _engines(self) -> dict[str, Engine]:
        return {name: watch.engine for name, watch in self._watches.items()}

    def _engine_read(self) -> None:
        membership = tuple(
            (e.node, e.reachable, e.state, e.is_manager, e.node_id, e.cluster_id, e.swarm_error)
            for e in self._engines().values()
        )
        if membership != self._membership:
            self._membership = membership
            self._hold_until = time.monotonic() + _HOLD
            self._bell.ring()
        if time.monotonic() >= self._hold_until:
            self._publish()

    async def _watch_swarm(self) -> None:
        while True:
            membership = self._membership
            await self._ask_swarm()
            if membership == self._membership:
                self._hold_until = 0.0
                self._publish()
            await self._bell.wait(self._interval())

    def _interval(self) -> float:
        now = time.monotonic()
        if now - self._hinted_at < _REPORTING:
            return self._pace.reporting
        rows = self._rows
        if rows is None or self._error or not converging(rows.nodes, rows.services, rows.tasks):
            return self._pace.poll
        quiet = now - max(self._changed_at, self._hinted_at)
        if quiet < _HOT:
            return self._pace.quick
        return self._pace.patient if quiet < _PATIENCE else self._pace.poll

    async def _ask_swarm(self) -> None:
        engines = self._engines()
        nodes = self._rows.nodes if self._rows else ()
        failures: dict[str, str] = {}
        for name in candidates(engines, nodes, self._manager):
            with_tokens = time.monotonic() - self._tokens_asked > _TOKENS_AGE or name != self._manager
            try:
                rows = await self._watches[name].ask_swarm(with_tokens=with_tokens)
            except EngineError as error:
                failures[name] = error.text
                if error.kind is ErrorKind.NOT_A_MANAGER:
                    self._watches[name].look(info=True)
                continue
            self._answered(name, engines[name].cluster_id, rows)
            return
        self._manager = ""
        if nobody_in_swarm(engines.values()):
            self._rows, self._cluster, self._error, self._asked = None, "", "", now()
        else:
            self._error = why_unknown(engines, failures)

    def _answered(self, name: str, cluster: str, rows: SwarmRows) -> None:
        if rows.tokens is None and self._rows is not None and cluster == self._cluster:
            rows = replace(rows, tokens=self._rows.tokens)
        elif rows.tokens is not None:
            self._tokens_asked = time.monotonic()
        if not same_rows(rows, self._rows):
            self._changed_at = time.monotonic()
        self._rows, self._manager, self._cluster = rows, name, cluster
        self._error, self._asked = "", now()

    def _compose(self) -> Snapshot:
        engines = self._engines()
        rows, manager, error = self._rows or SwarmRows(), self._manager, self._error
        able = candidates(engines, rows.nodes, manager)
        if not error and manager not in able:
            # An engine's membership changed after the swarm was last asked about.
            manager = ""
            if nobody_in_swarm(engines.values()):
                rows = SwarmRows()
            else:
                error = BEING_ASKED if able else why_unknown(engines)
        return Snapshot(
            taken=now(),
            engines=MappingProxyType(engines),
            manager=manager,
            manager_error=error,
            swarm_asked=self._asked,
            cluster_id=self._cluster,
            nodes=rows.nodes,
            services=rows.services,
            tasks=rows.tasks,
            tokens=rows.tokens,
            networks=rows.networks,
            secrets=rows.secrets,
            configs=rows.configs,
        )

    def _publish(self) -> None:
        now = time.monotonic()
        snapshot = self._compose()
        old_news = same_but_times(snapshot, self._snapshot) and now - self._published_at < self._pace.freshness
        if old_news and not self._answers_refresh(snapshot):
            return
        self._snapshot, self._published_at = snapshot, now
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(snapshot)
            except Exception as error:
                asyncio.get_running_loop().call_exception_handler(
                    {"message": "a subscriber of the swarm's snapshots failed", "exception": error}
                )

    def _answers_refresh(self, snapshot: Snapshot) -> bool:
        """Whether this is what somebody who asked for a look at everything still waits for."""
        since = self._refreshed
        engines_asked = all(engine.asked >= since or not engine.reachable for engine in snapshot.engines.values())
        if not since or not engines_asked or (snapshot.swarm_known and snapshot.swarm_asked < since):
            return False
        self._refreshed = 0.0
        return True


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        task.get_loop().call_exception_handler({"message": "watching the swarm failed", "exception": error})
