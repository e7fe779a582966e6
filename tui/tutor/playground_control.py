"""Power over the nodes of a playground of ours: made anew, broken on purpose, mended."""

from collections.abc import Sequence

from tui.playground.model import Fault, Progress, ProgressListener
from tui.playground.playground import cause_fault, ensure_playground, provider_of
from tui.playground.providers.standing import look_at
from tui.swarm.mesh_setup import mesh_companion
from tui.tutor.node_control import Faults

__all__ = ["PlaygroundControl"]


def _unheard(progress: Progress) -> None:
    """Nobody listens."""


class PlaygroundControl:
    """Power over the nodes of the playground of that name."""

    def __init__(self, name: str, listener: ProgressListener = _unheard) -> None:
        self._name = name
        self._listener = listener

    async def renew(self, nodes: Sequence[str]) -> None:
        """See NodeControl."""
        await provider_of(self._name).reset(self._name, tuple(nodes), self._listener)

    async def cause(self, node: str, fault: Fault) -> str:
        """See NodeControl. Refused (UNSUPPORTED) where the nodes are not ours."""
        return await cause_fault(self._name, node, fault, self._listener)

    async def faults(self) -> Faults:
        """See NodeControl."""
        standing = await look_at(self._name, provider_of(self._name).name)
        return {node: faults for node, faults in standing.faults.items() if faults}

    async def revive(self) -> None:
        """See NodeControl."""
        playground, _ = await ensure_playground(self._name, self._listener, (mesh_companion(self._name),))
        await playground.close()
