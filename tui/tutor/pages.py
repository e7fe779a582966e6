"""The pages that the swarm publishes, at addresses of this machine, for as long as a lesson is live."""

import asyncio
from collections.abc import Mapping, Sequence

from tui.playground.forward import Forwards, PortNode, listen_here
from tui.playground.model import Node
from tui.playground.outside import usual_listen
from tui.swarm.snapshot import Snapshot

__all__ = ["Pages", "published_ports"]


def published_ports(snapshot: Snapshot) -> tuple[int, ...]:
    """The TCP ports that services publish, in the services' order, each once."""
    ports = (port for service in snapshot.services for port in service.ports)
    return tuple(dict.fromkeys(port.published for port in ports if port.protocol == "tcp" and port.published))


class Pages:
    """Follows the swarm: a port is reached here as long as a service publishes it. Belongs to one event loop."""

    def __init__(self, nodes: Sequence[Node] = ()) -> None:
        ways = [node for node in nodes if isinstance(node, PortNode)]
        self._forwards = Forwards(ways, usual_listen() if ways else listen_here)
        self._reachable = bool(ways)
        self._wanted: tuple[int, ...] = ()
        self._change: asyncio.Task[None] | None = None

    @property
    def addresses(self) -> Mapping[int, str]:
        """The address for each published port."""
        return self._forwards.addresses

    def follow(self, snapshot: Snapshot) -> None:
        """Reach what is published now."""
        wanted = published_ports(snapshot)
        if wanted != self._wanted and self._reachable:
            self._wanted = wanted
            self._change = asyncio.create_task(self._reach(self._change), name="reaching published ports")

    async def _reach(self, before: "asyncio.Task[None] | None") -> None:
        """One change after another; the last one counts."""
        if before is not None:
            await asyncio.wait([before])
        await self._forwards.keep(self._wanted)

    async def close(self) -> None:
        """Reach nothing any more."""
        self._reachable = False
        if self._change is not None:
            self._change.cancel()
            await asyncio.wait([self._change])
        await self._forwards.close()
