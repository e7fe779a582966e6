"""What is wrong with the nodes of a playground on purpose: switched off, cut off, paused. Read from the kernel, so that
it is true whoever did it, and nothing has to be remembered across a crash."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from tui.errors import ExitCode, UserError
from tui.playground.model import NODE_NAMES, Fault
from tui.playground.providers import cgroups, network
from tui.playground.providers.node_root import has_disk
from tui.playground.record import PlaygroundPaths, identity

__all__ = ["cut_network", "describe", "pause", "power_off", "restore_network", "resume", "standing_faults"]

Faults = frozenset[Fault]  # of POWER_OFF, CUT_NETWORK and PAUSE


async def standing_faults(name: str) -> Mapping[str, Faults]:
    """What holds of each node now. A node that died by itself is as one that was switched off."""
    owner = identity(name)
    hierarchies = cgroups.read_hierarchies()
    names = network.Names(owner)
    down = await network.ports_down(names) if (Path("/run/netns") / names.hub).exists() else set[str]()
    found: dict[str, Faults] = {}
    for node in NODE_NAMES:
        faults: set[Fault] = set()
        if not cgroups.is_alive(hierarchies, f"{owner}/{node}"):
            faults.add(Fault.POWER_OFF)
        elif cgroups.is_frozen(hierarchies, f"{owner}/{node}"):
            faults.add(Fault.PAUSE)
        if node in down:
            faults.add(Fault.CUT_NETWORK)
        found[node] = frozenset(faults)
    return found


def describe(faults: Mapping[str, Faults]) -> str:
    """All of them in words: `node2 is powered off, node3 is paused`; empty where there is none."""
    return ", ".join(
        f"{node} is {' and '.join(fault.state for fault in Fault if fault in found)}"
        for node, found in faults.items()
        if found
    )


async def power_off(name: str, node: str, faults: Faults) -> str:
    """End everything of the node at once, as a pulled plug does. Its disk stays."""
    if Fault.POWER_OFF in faults:
        return f"{node} is already off."
    await asyncio.to_thread(cgroups.kill_all, cgroups.read_hierarchies(), f"{identity(name)}/{node}")
    kept = has_disk(PlaygroundPaths.of(name).node(node) / "disk")
    return f"{node} is off." if kept else f"{node} is off. Its disk was in memory and is lost."


async def cut_network(name: str, node: str, faults: Faults) -> str:
    """Take the node's cable out of the bridge."""
    if Fault.CUT_NETWORK in faults:
        return f"{node} is already cut off."
    await network.set_port(network.Names(identity(name)), node, up=False)
    return f"{node} is cut off: no other node and nobody from here reaches it."


async def restore_network(name: str, node: str, faults: Faults) -> str:
    """Put the cable in again."""
    if Fault.CUT_NETWORK not in faults:
        return f"{node} is not cut off."
    await network.set_port(network.Names(identity(name)), node, up=True)
    return f"{node} is connected again."


async def pause(name: str, node: str, faults: Faults) -> str:
    """Freeze every process of the node. Raises UserError for one that is off."""
    if Fault.PAUSE in faults:
        return f"{node} is already paused."
    if Fault.POWER_OFF in faults:
        raise UserError(
            f"{node} is off, and what is off cannot be paused.",
            f"First: swarmtutor fault {node} power-on --name {name}",
        )
    hierarchies = cgroups.read_hierarchies()
    if not cgroups.can_freeze(hierarchies):
        raise UserError(
            "This machine cannot pause a node: its control groups have no freezer.",
            "Cut its network instead: the others will miss it just the same.",
            exit_code=ExitCode.UNSUPPORTED,
        )
    await asyncio.to_thread(cgroups.freeze, hierarchies, f"{identity(name)}/{node}")
    return f"{node} is paused: every program on it stands still."


async def resume(name: str, node: str, faults: Faults) -> str:
    """Thaw the node."""
    if Fault.PAUSE not in faults:
        return f"{node} is not paused."
    await asyncio.to_thread(cgroups.thaw, cgroups.read_hierarchies(), f"{identity(name)}/{node}")
    return f"{node} goes on."
