"""A playground that is up: finding it, opening it, asking how it is."""

import asyncio
import os
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.errors import ExitCode, UserError
from tui.playground.card import Card, Wanted
from tui.playground.connection import SshNode, Way
from tui.playground.model import Companion, Fault, FaultMaker, NodeUnreachableError, ProgressListener, Provider
from tui.playground.providers import HOSTS, choose_provider, provider_named
from tui.playground.providers.standing import look_at
from tui.playground.record import PlaygroundPaths, PlaygroundRecord, check_name, known_names, load_record

if TYPE_CHECKING:
    from tui.playground.providers import AnyProvider

__all__ = [
    "NodeStatus",
    "PlaygroundStatus",
    "SshPlayground",
    "cause_fault",
    "ensure_playground",
    "list_playgrounds",
    "open_playground",
    "playground_status",
    "provider_of",
    "remove_playground",
]


_STOPPED = "stopped, as with a restart of this machine"


class SshPlayground:
    """Three nodes over SSH; see Playground."""

    def __init__(self, record: PlaygroundRecord) -> None:
        self._record = record
        key = PlaygroundPaths.of(record.name).client_key
        ways = _ways(record)
        self._nodes = tuple(SshNode(node, key, way) for node, way in zip(record.nodes, ways, strict=True))

    @property
    def name(self) -> str:
        """The playground's name."""
        return self._record.name

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self._record.provider

    @property
    def nodes(self) -> Sequence[SshNode]:
        """node1, node2 and node3."""
        return self._nodes

    def node(self, name: str) -> SshNode:
        """The node of that name. Raises KeyError."""
        for node in self._nodes:
            if node.name == name:
                return node
        raise KeyError(name)

    @property
    def mesh(self) -> str:
        """What carries published ports: `ipvs` or `nftables`."""
        return self._record.mesh

    async def close(self) -> None:
        """Close the connections of all nodes. The machines go on running."""
        await asyncio.gather(*(node.close() for node in self._nodes))


def _ways(record: PlaygroundRecord) -> Sequence[Way | None]:
    """How the nodes are reached, where it is not by keys of ours."""
    if record.provider != HOSTS:
        return [None] * len(record.nodes)
    from tui.playground.providers.hosts import ways

    return ways(record)


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """How one node is. `engine` is its engine's version, empty where it does not answer; then `problem` says why.

    `faults`: what is wrong with it on purpose.
    """

    name: str
    address: str
    reachable: bool
    engine: str
    problem: str = ""
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaygroundStatus:
    """How a playground is. `state` is `up`, `broken` (a part is gone), `half made`, or `none`."""

    name: str
    state: str
    provider: str = ""
    subnet: str = ""
    mesh: str = ""
    nodes: tuple[NodeStatus, ...] = ()
    traces: tuple[str, ...] = ()  # what is left on this machine, where the playground is not up


def list_playgrounds() -> list[str]:
    """The names of the playgrounds on this machine, half made ones too."""
    return known_names()


def _require(name: str) -> PlaygroundRecord:
    record = load_record(check_name(name))
    if record is None:
        raise UserError(
            f"There is no playground “{name}”.", f"Make it: swarmtutor up --name {name}", exit_code=ExitCode.NOT_FOUND
        )
    if record.state != "up":
        raise UserError(
            f"Playground “{name}” was never finished.",
            f"If nobody is making it right now: swarmtutor up --name {name} makes it anew.",
            exit_code=ExitCode.BROKEN,
        )
    return record


async def open_playground(name: str) -> SshPlayground:
    """Connect to a playground that is up. Returns at once; connections are made behind it.

    Raises UserError: NOT_FOUND where there is none, BROKEN where it is half made or its record is damaged.
    """
    playground = SshPlayground(_require(name))
    for node in playground.nodes:
        node.start()
    return playground


def provider_of(name: str, wanted: Wanted = None) -> "AnyProvider":
    """The provider that made the playground of that name; where there is none, the one that would make it.

    `wanted`: the name of the provider to use, or a card of three machines. Raises UserError (BUSY) if another one made
    the playground.
    """
    record = load_record(check_name(name))
    if record is None:
        return choose_provider(wanted)
    if record.provider == HOSTS and isinstance(wanted, Card):
        from tui.playground.providers.hosts import saved_card

        if record.state == "up" and (saved := saved_card(name)) and not saved.same_machines(wanted):
            raise UserError(
                f"Playground “{name}” has other machines: {', '.join(host.destination for host in saved.hosts)}.",
                f"Use it without a card, remove it (swarmtutor down --name {name}), or choose another --name.",
                exit_code=ExitCode.BUSY,
            )
        return choose_provider(wanted)
    if wanted not in (None, "auto", record.provider):
        raise UserError(
            f"Playground “{name}” was made by the provider {record.provider}.",
            f"Remove it first: swarmtutor down --name {name}",
            exit_code=ExitCode.BUSY,
        )
    return provider_named(record.provider)


async def ensure_playground(
    name: str, listener: ProgressListener, companions: Sequence[Companion] = (), provider: Wanted = None
) -> tuple[SshPlayground, bool]:
    """Open the playground, making it if there is none and replacing what of it has died.

    One that has stopped as a whole, as with a restart of the machine, is started again where its nodes still have
    their disks, and made anew where they have not; the listener is told which.

    The flag says whether nodes were made just now, so that nothing of a swarm can be left on them. `provider`: who
    shall make it, where there is none yet.
    """
    maker = provider_of(name, provider)
    standing = await look_at(name, maker.name)
    record = load_record(name)
    fresh = record is None or record.state != "up" or not (standing.any_running or standing.startable)
    if fresh:
        await maker.up(name, listener, companions)
    elif not standing.up:
        await maker.mend(name, listener, companions)
    return await open_playground(name), fresh


async def remove_playground(name: str, listener: ProgressListener) -> None:
    """Remove the playground and every trace of it, whichever provider made it. Idempotent."""
    await _remover(name).down(name, listener)


def _remover(name: str) -> "AnyProvider":
    """Who removes it. Removing needs less than making: no room on the disk, for one."""
    try:
        record = load_record(check_name(name))
    except UserError as error:
        if error.exit_code is not ExitCode.BROKEN:
            raise
        record = None  # it is damaged
    if record is not None:
        return provider_named(record.provider)
    try:
        return choose_provider()
    except UserError:
        if sys.platform != "linux" or os.geteuid() != 0:
            raise
        return provider_named("namespaces")


async def cause_fault(name: str, node: str, fault: Fault, listener: ProgressListener) -> str:
    """Let a fault happen to a node, or undo it; returns what is so now, in one sentence. See FaultMaker.

    Raises UserError (UNSUPPORTED) where the nodes are not the playground's own.
    """
    return await _fault_maker(provider_of(_require(name).name)).fault(name, node, fault, listener)


def _fault_maker(provider: Provider) -> FaultMaker:
    if not isinstance(provider, FaultMaker):
        raise UserError(
            f"Nodes of the provider {provider.name} are not broken on purpose.",
            "Faults happen only to nodes that Swarmtutor has made itself.",
            exit_code=ExitCode.UNSUPPORTED,
        )
    return provider


async def _ask(node: SshNode, faults: Collection[Fault]) -> NodeStatus:
    if faults:
        standing = tuple(fault for fault in Fault if fault in faults)
        words = " and ".join(fault.state for fault in standing)
        return NodeStatus(node.name, node.address, False, "", words, standing)
    try:
        return NodeStatus(node.name, node.address, True, await node.engine_version(timeout=5.0))
    except NodeUnreachableError as error:
        problem = str(error)
    try:
        reachable = (await node.run("true", timeout=3.0)).exit_status == 0
    except (NodeUnreachableError, TimeoutError):
        reachable = False
    return NodeStatus(node.name, node.address, reachable, "", problem)


async def playground_status(name: str) -> PlaygroundStatus:
    """How the playground of that name is. Changes nothing. Raises UserError for an impossible name only."""
    check_name(name)
    try:
        record = load_record(name)
    except UserError as error:
        return PlaygroundStatus(name, "broken", traces=(error.what, *await _traces(name, "")))
    if record is None or record.state != "up":
        traces = await _traces(name, record.provider if record else "")
        return PlaygroundStatus(name, "half made" if traces else "none", traces=traces)
    try:
        standing = await look_at(name, record.provider)
    except UserError as error:  # the engine of its containers is gone, or not for us
        return PlaygroundStatus(name, "broken", record.provider, record.subnet, record.mesh, traces=(error.what,))
    if standing.stopped:
        stopped = tuple(NodeStatus(node.name, node.address, False, "", _STOPPED) for node in record.nodes)
        return PlaygroundStatus(name, "broken", record.provider, record.subnet, record.mesh, stopped)
    playground = SshPlayground(record)
    try:
        asked = (_ask(node, standing.faults.get(node.name, ())) for node in playground.nodes)
        nodes = tuple(await asyncio.gather(*asked))
    finally:
        await playground.close()
    up = standing.up and all(node.engine for node in nodes)
    return PlaygroundStatus(name, "up" if up else "broken", record.provider, record.subnet, record.mesh, nodes)


async def _traces(name: str, provider: str) -> tuple[str, ...]:
    """What is left of it; without a provider's name, as far as the one that works here knows."""
    try:
        return (await look_at(name, provider or choose_provider().name)).traces
    except UserError:
        return ()
