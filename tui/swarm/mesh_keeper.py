"""Keeps a playground's published ports answering: `python -m tui.swarm.mesh_keeper PLAYGROUND`.

It lives beside the playground for as long as that is up. On kernels without IPVS it keeps the stand-in of the routing
mesh in force; on all kernels it mends engines that left a swarm badly (see `tui.swarm.gossip`).
"""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Sequence

from tui.errors import ExitCode, UserError
from tui.playground.model import Node, NodeUnreachableError, Playground
from tui.swarm.bell import Bell
from tui.swarm.gossip import GossipKeeper
from tui.swarm.hints import Pace
from tui.swarm.mesh import NodeRules, desired
from tui.swarm.mesh_script import NO_SANDBOX, OK, apply_script
from tui.swarm.observer import Observer
from tui.swarm.snapshot import Snapshot

__all__ = ["KEEPER_PACE", "WATCH_PACE", "MeshKeeper", "main"]

_log = logging.getLogger(__name__)

KEEPER_PACE = Pace(poll=5.0, info=5.0, reporting=0.15, quick=0.15, patient=1.0, freshness=60.0)
"""Frugal: it runs in the background for hours. Events tell it what matters."""

WATCH_PACE = Pace(poll=15.0, info=15.0, reporting=5.0, quick=1.0, patient=5.0, freshness=60.0, deadline=30.0)
"""Where the kernel carries published ports there is nothing to keep but an eye on who has left a swarm.

Nobody waits for that: an engine that takes long to answer would only be asked twice.
"""

_VERIFY = 5.0
"""Seconds after which rules in force are looked at again: Docker may have made the sandbox anew."""

_NOTHING_TO_DO = 3600.0
_SCRIPT_DEADLINE = 8.0
_OPENING = 60.0
"""Seconds for which a playground that is still being made is waited for."""


class _NodeKeeper:
    """Brings one node in line, and again whenever something else is wanted or somebody doubts."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._bell = Bell(0.0)
        self._wanted: NodeRules | None = None
        self._failures = 0

    def want(self, rules: NodeRules | None, *, doubt: bool) -> None:
        """Have these rules in force from now on; None: leave the node alone, it cannot be reached."""
        if doubt or rules != self._wanted:
            self._wanted = rules
            self._bell.ring()

    async def run(self) -> None:
        """Keep at it, for ever."""
        while True:
            await self._bell.wait(await self._bring_in_line())

    async def _bring_in_line(self) -> float:
        """One attempt. Returns the seconds after which the next is due, unless something happens before."""
        rules = self._wanted
        if rules is None:
            return _NOTHING_TO_DO
        try:
            ended = await self._node.run(
                "sh -s", stdin=apply_script(rules).encode(), timeout=_SCRIPT_DEADLINE, as_root=True
            )
        except (NodeUnreachableError, TimeoutError) as error:
            return self._failed(str(error) or "no answer in time")
        said = ended.stdout.strip().rpartition("\n")[2]
        if ended.exit_status == 0 and said == OK:
            if self._failures:
                _log.info("%s: the rules are in force", self._node.name)
            self._failures = 0
            return _NOTHING_TO_DO if rules.empty else _VERIFY
        if said == NO_SANDBOX:
            return 0.5
        return self._failed(ended.stderr.strip() or f"exit status {ended.exit_status}")

    def _failed(self, why: str) -> float:
        self._failures += 1
        if self._failures in (1, 10, 100):
            _log.warning("%s: the rules could not be applied: %s", self._node.name, why)
        return min(0.25 * 2 ** min(self._failures, 5), 5.0)


class MeshKeeper:
    """Follows the swarm of a playground and keeps every node's published ports in line with it.

    `carry`: whether the stand-in is needed, because the kernel has no IPVS.
    """

    def __init__(self, nodes: Sequence[Node], *, carry: bool = True, pace: Pace = KEEPER_PACE) -> None:
        self._observer = Observer(nodes, pace)
        self._keepers = {node.name: _NodeKeeper(node) for node in nodes} if carry else {}
        self._gossip = [GossipKeeper(node) for node in nodes]
        self._before: Snapshot | None = None

    async def run(self) -> None:
        """Keep the mesh until cancelled. The rules stay: they go with the nodes or with the services."""
        self._observer.subscribe(self._follow)
        await self._observer.start()
        try:
            async with asyncio.TaskGroup() as group:
                for keeper in (*self._keepers.values(), *self._gossip):
                    group.create_task(keeper.run())
        finally:
            await self._observer.stop()

    def _follow(self, snapshot: Snapshot) -> None:
        before, self._before = self._before, snapshot
        for gossip in self._gossip:
            gossip.follow(snapshot)
        if not snapshot.swarm_asked:
            return
        rules = desired(snapshot)
        for name, keeper in self._keepers.items():
            now = snapshot.engines[name]
            then = before.engines[name] if before is not None else None
            # A node that was away, or changed its swarm, may have come back with nothing of ours.
            returned = then is None or (then.reachable, then.node_id) != (now.reachable, now.node_id)
            keeper.want(rules.get(name), doubt=returned)


async def _opened(name: str) -> Playground:
    from tui.playground.playground import open_playground

    clock = asyncio.get_running_loop().time
    until = clock() + _OPENING
    while True:
        try:
            return await open_playground(name)
        except UserError:
            if clock() > until:
                raise
        await asyncio.sleep(0.5)


async def _keep(name: str) -> None:
    playground = await _opened(name)
    try:
        carry = playground.mesh != "ipvs"
        await MeshKeeper(playground.nodes, carry=carry, pace=KEEPER_PACE if carry else WATCH_PACE).run()
    finally:
        await playground.close()


async def _until_told(name: str) -> None:
    keeping = asyncio.create_task(_keep(name))
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows ends processes without asking them
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, keeping.cancel)
    try:
        await keeping
    except asyncio.CancelledError:
        _log.info("told to stop")


def main(arguments: Sequence[str] | None = None) -> int:
    """Keep the published ports of the playground named by the only argument, until told to stop."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if len(words) != 1:
        sys.stderr.write("usage: python -m tui.swarm.mesh_keeper PLAYGROUND\n")
        return ExitCode.USAGE
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    try:
        asyncio.run(_until_told(words[0]))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main())
