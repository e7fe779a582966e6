"""What a lesson may do to the nodes as machines: make them anew, break them on purpose, mend them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from tui.playground.model import Fault

__all__ = ["Faults", "NodeControl"]

Faults = Mapping[str, Collection[Fault]]
"""What is wrong on purpose, by the node's name; a node with nothing wrong may be absent."""


class NodeControl(Protocol):
    """Power over the nodes of one playground. Every method raises UserError where it cannot be done."""

    async def renew(self, nodes: Sequence[str]) -> None:
        """Replace these nodes by fresh ones; what was wrong with them is gone."""
        ...

    async def cause(self, node: str, fault: Fault) -> str:
        """Let a fault happen, or undo it; returns what is so now, in a sentence."""
        ...

    async def faults(self) -> Faults:
        """What is wrong with the nodes on purpose, now."""
        ...

    async def revive(self) -> None:
        """Start again what has died: engines and nodes. Changes nothing where all is well; undoes all faults."""
        ...
