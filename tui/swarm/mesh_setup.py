"""How a playground gets what keeps its published ports answering."""

import sys

from tui.playground.model import Companion

__all__ = ["mesh_companion"]


def mesh_companion(playground: str) -> Companion:
    """The process that looks after the published ports of a playground of that name. For every kernel: it does less
    where there is IPVS.
    """
    return Companion(name="mesh", argv=(sys.executable, "-m", "tui.swarm.mesh_keeper", playground))
