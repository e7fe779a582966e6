"""How a playground gets its routing mesh where the kernel has no IPVS."""

import sys

from tui.playground.model import Companion

__all__ = ["mesh_companion"]


def mesh_companion(playground: str) -> Companion:
    """The process that keeps the stand-in of the mesh in force for a playground of that name."""
    return Companion(name="mesh", argv=(sys.executable, "-m", "tui.swarm.mesh_keeper", playground), mesh="nftables")
