"""Mends an engine that left a swarm without letting go of the gossip port.

Engines before 28.2 give up closing their gossip when nobody confirms their departure within a second, as happens when
several nodes leave at about the same time (moby/moby#47859). They say nothing of it, and join the next swarm with an
overlay network that reaches no other node: published ports then answer from some replicas only. A new start of the
engine frees the port; outside a swarm and without running containers nobody misses anything meanwhile.
"""

import asyncio
import logging
from collections.abc import Sequence
from enum import StrEnum

from tui.playground.model import Node, NodeUnreachableError
from tui.swarm.bell import Bell
from tui.swarm.snapshot import LocalState, Snapshot

__all__ = ["GossipKeeper", "GossipState", "free_gossip", "leave_swarm"]

_log = logging.getLogger(__name__)

_DEADLINE = 40.0
_AGAIN = 5.0
_NOTHING_TO_DO = 3600.0

# Several may look after one node at a time; the lock is let go with the script.
# 1F0A is port 7946, state 0A is LISTEN (proc(5)).
_SCRIPT = """\
exec 9>/run/swarmtutor-gossip.lock
flock 9
listens() { grep -qE '^ *[0-9]+: [0-9A-F]+:1F0A [0-9A-F:]+ 0A ' /proc/net/tcp /proc/net/tcp6 2>/dev/null; }
for turn in 1 2 3 4 5 6 7 8; do
  listens || { echo free; exit; }
  [ "$(docker info -f '{{.Swarm.LocalNodeState}}' 2>/dev/null)" = inactive ] || { echo used; exit; }
  sleep 0.25
done
[ -z "$(docker ps -q)" ] || { echo busy; exit; }
kill -TERM $(pidof dockerd) || exit 1
for turn in $(seq 150); do
  sleep 0.1
  if ! listens && docker version >/dev/null 2>&1; then echo restarted; exit; fi
done
exit 1
"""


class GossipState(StrEnum):
    """What became of a node's gossip port."""

    FREE = "free"
    USED = "used"  # by an engine that is in a swarm, or about to be
    BUSY = "busy"  # held without need, but containers run that a restart would end
    RESTARTED = "restarted"  # it was held without need; the engine was started anew


async def free_gossip(node: Node) -> GossipState:
    """See to it that an engine outside any swarm does not hold the gossip port.

    Raises NodeUnreachableError, TimeoutError, and RuntimeError where the engine does not come back.
    """
    ended = await node.run("sh -s", stdin=_SCRIPT.encode(), timeout=_DEADLINE, as_root=True)
    try:
        return GossipState(ended.stdout.strip())
    except ValueError:
        raise RuntimeError(f"the engine could not be started anew: {ended.stderr.strip()}") from None


async def leave_swarm(nodes: Sequence[Node]) -> None:
    """Have the nodes leave whatever swarm they are in, fit to form another one at once.

    One after the other, the last named first (so that a manager named first can still confirm). Raises what
    `free_gossip` raises. A node in no swarm is left as it is.
    """
    for node in reversed(nodes):
        await node.run("docker swarm leave --force", timeout=_DEADLINE)
    await asyncio.gather(*(free_gossip(node) for node in nodes))


class GossipKeeper:
    """Does `free_gossip` on a node each time that its engine is seen to have left a swarm."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._bell = Bell(0.0)
        self._outside = False

    def follow(self, snapshot: Snapshot) -> None:
        """Look at what a new snapshot says of the node."""
        engine = snapshot.engines[self._node.name]
        outside = engine.reachable and engine.state is LocalState.INACTIVE
        if outside and not self._outside:
            self._bell.ring()
        self._outside = outside

    async def run(self) -> None:
        """Keep at it, for ever."""
        pause = _NOTHING_TO_DO
        while True:
            await self._bell.wait(pause)
            pause = await self._once() if self._outside else _NOTHING_TO_DO

    async def _once(self) -> float:
        try:
            state = await free_gossip(self._node)
        except (NodeUnreachableError, TimeoutError, RuntimeError) as error:
            _log.warning("%s: the gossip port could not be looked after: %s", self._node.name, error)
            return _AGAIN
        if state is GossipState.RESTARTED:
            _log.info("%s: the engine still held the gossip port of a swarm it had left; restarted", self._node.name)
        return _AGAIN if state is GossipState.BUSY else _NOTHING_TO_DO
