"""The work of making a playground of containers, or some of its parts."""

import asyncio
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from tui.errors import ExitCode, UserError
from tui.paths import content_dir
from tui.playground.connection import SshNode
from tui.playground.images import build_images
from tui.playground.locks import LockHeldError, hold_lock_async
from tui.playground.model import (
    NODE_NAMES,
    Companion,
    NodeUnreachableError,
    Progress,
    ProgressListener,
    ProgressState,
)
from tui.playground.providers import container_faults
from tui.playground.providers import container_leftovers as leftovers
from tui.playground.providers.container_build import NodeImage, build_image, build_lock, node_image
from tui.playground.providers.container_companion import plan_companions, start_companions
from tui.playground.providers.container_engine import engine
from tui.playground.providers.container_keys import make_key_pairs, public_key, read_keys
from tui.playground.providers.container_making import Maker, free_port
from tui.playground.providers.container_parts import REGISTRY_PORT, Names, hub_files, node_files
from tui.playground.providers.network import Addresses, Network, networks_in_use
from tui.playground.providers.phases import phase
from tui.playground.providers.tasks import to_the_end, together
from tui.playground.record import NodeRecord, PlaygroundPaths, PlaygroundRecord, identity, save_record
from tui.playground.registry import RegistryError, push_images

__all__ = ["Making", "in_thread"]

T = TypeVar("T")

_REGISTRY_SECONDS = 60.0  # until the registry must answer
_ENGINE_SECONDS = 120.0  # until a node's engine must answer: three at once on a laptop
_BUILD_WAIT = 1200.0  # for another program that builds the image right now
_LOOK_SECONDS = 1.0  # between two looks whether a node that does not answer runs at all
_SSH = 22


async def in_thread(work: Callable[[], T]) -> T:
    """Run a piece of work that must not be left half done, also when we are cancelled."""
    return await to_the_end(asyncio.to_thread(work))


async def _networks_of_this_machine() -> list[Network]:
    """Where this machine tells. The engine may run in a virtual machine with others; it knows its own."""
    if shutil.which("ip") is None:
        return []
    try:
        return await networks_in_use()
    except (OSError, ValueError, TimeoutError):
        return []


class Making:
    """The work of making one playground, or some of its parts."""

    def __init__(self, name: str, listener: ProgressListener) -> None:
        self._name = name
        self._listen = listener
        self._paths = PlaygroundPaths.of(name)
        self._image = node_image()
        self._maker = Maker(Names(name, identity(name)), self._image.tag)

    async def run(self, companions: Sequence[Companion]) -> None:
        """Make all of it."""
        # Written before anything is made, so that whoever comes after a crash knows which provider made it.
        save_record(PlaygroundRecord(self._name, "containers", "making", "", "", _unknown_nodes(), ""))
        await self._build()
        async with phase(self._listen, "network", "three nodes on one bridge"):
            record, mtu = await self._make_network()
        made: list[PlaygroundRecord] = []

        async def nodes() -> None:
            made.append(await self._make_nodes(record, NODE_NAMES, mtu))

        await together(nodes(), self._make_hub(record))
        record = made[0]
        record = replace(record, mesh=await asyncio.to_thread(self._maker.mesh))
        self._plan_companions(record, companions)
        save_record(record.with_state("up"))
        await in_thread(lambda: start_companions(self._name))

    async def replace(self, record: PlaygroundRecord, nodes: Sequence[str]) -> None:
        """Make some nodes anew, with the same names, addresses, ports and keys."""
        await self._build()
        mtu = await asyncio.to_thread(self._maker.own_mtu)
        await asyncio.to_thread(self._maker.learn_rights)
        async with phase(self._listen, "removing the old node", ", ".join(nodes)):
            await together(*(in_thread(lambda old=node: leftovers.remove_node(self._name, old)) for node in nodes))
        save_record(await self._make_nodes(record, nodes, mtu))

    async def power_on(self, record: PlaygroundRecord, node: str, *, cut: bool = False) -> str:
        """Switch a node on, with its own disk. `cut`: it stays cut off. Returns what is so now.

        Raises UserError (BROKEN) if it does not come on.
        """
        await in_thread(lambda: container_faults.start(self._name, node))
        if cut:
            return f"{node} is on, and cut off as before."
        async with phase(self._listen, "engines", node):
            await self._wait_for(next(entry for entry in record.nodes if entry.name == node))
        return f"{node} is on."

    async def replace_hub(self, record: PlaygroundRecord) -> None:
        """Make the registry and the name server anew."""
        await self._build()
        await in_thread(lambda: leftovers.remove_hub(self._name))
        await self._make_hub(record)

    async def accompany(self, record: PlaygroundRecord, companions: Sequence[Companion]) -> None:
        """Start the companions that this playground needs."""
        self._plan_companions(record, companions)
        await in_thread(lambda: start_companions(self._name))

    def _plan_companions(self, record: PlaygroundRecord, companions: Sequence[Companion]) -> None:
        plan_companions(self._name, [entry for entry in companions if entry.mesh in ("", record.mesh)])

    async def _build(self) -> None:
        """Build the image, if it is not there, while nobody else does."""
        with_image = await asyncio.to_thread(_has_image, self._image)
        if with_image:
            return
        try:
            async with (
                hold_lock_async(build_lock(), wait=_BUILD_WAIT),
                phase(self._listen, "image of the nodes", "once, some minutes"),
            ):
                await self._build_image()
        except LockHeldError:
            raise UserError(
                "Another program builds the image of the nodes and does not come to an end.",
                "End it, then try again.",
                exit_code=ExitCode.BUSY,
            ) from None

    async def _build_image(self) -> None:
        loop = asyncio.get_running_loop()
        stopped = threading.Event()

        def say(text: str) -> None:
            loop.call_soon_threadsafe(self._listen, Progress("image of the nodes", ProgressState.RUNNING, text))

        work = asyncio.ensure_future(asyncio.to_thread(build_image, self._image, say, stopped))
        try:
            await asyncio.shield(work)
        finally:
            stopped.set()
            await asyncio.wait([work])

    async def _make_network(self) -> tuple[PlaygroundRecord, int]:
        await in_thread(lambda: make_key_pairs(self._paths.keys))
        used = await _networks_of_this_machine()
        addresses, mtu = await in_thread(lambda: self._maker.network(used))
        record = self._record(addresses)
        save_record(record)
        return record, mtu

    def _record(self, addresses: Addresses) -> PlaygroundRecord:
        nodes = tuple(
            NodeRecord(node, addresses.node(node), free_port(), public_key(self._paths.keys, node), host="127.0.0.1")
            for node in NODE_NAMES
        )
        return PlaygroundRecord(
            name=self._name,
            provider="containers",
            state="making",
            subnet=str(addresses.subnet),
            hub=addresses.hub,
            nodes=nodes,
            mesh="",
        )

    async def _make_nodes(self, record: PlaygroundRecord, nodes: Sequence[str], mtu: int) -> PlaygroundRecord:
        """Make these nodes and wait for them; the record with the ports that lead to them."""
        keys = read_keys(self._paths.keys)

        def make(entry: NodeRecord) -> NodeRecord:
            files = node_files(record, entry.name, keys, mtu)
            ports = self._maker.part(entry.name, entry.address, {_SSH: entry.port}, files)
            return replace(entry, port=ports[_SSH])

        wanted = [entry for entry in record.nodes if entry.name in nodes]
        async with phase(self._listen, "nodes", ", ".join(nodes)):
            made = await together(*(in_thread(lambda one=entry: make(one)) for entry in wanted))
        async with phase(self._listen, "engines", ", ".join(nodes)):
            await together(*(self._wait_for(entry) for entry in made))
        fresh = {entry.name: entry for entry in made}
        return replace(record, nodes=tuple(fresh.get(entry.name, entry) for entry in record.nodes))

    async def _wait_for(self, entry: NodeRecord) -> None:
        """Wait until a node's SSH server and its engine answer."""
        now = time.monotonic()
        deadline, look_at = now + _ENGINE_SECONDS, now + _LOOK_SECONDS
        node = SshNode(entry, self._paths.client_key)
        greeted = False
        try:
            while True:
                reason = "no answer"
                try:
                    greeted = greeted or await _greets(entry)
                    if greeted:
                        await node.engine_version(timeout=5.0)
                        return
                except (NodeUnreachableError, OSError, TimeoutError) as error:
                    reason = str(error) or reason
                now = time.monotonic()
                if now > look_at:
                    await self._check_alive(entry.name, deadline, reason)
                    look_at = now + _LOOK_SECONDS
                await asyncio.sleep(0.05)
        finally:
            await node.close()

    async def _check_alive(self, part: str, deadline: float, reason: str) -> None:
        """Raises UserError if there is no point in waiting any longer."""
        ended = await asyncio.to_thread(self._maker.end_of, part)
        if not ended and time.monotonic() < deadline:
            return
        late = f"{part} did not answer within {_ENGINE_SECONDS:.0f} s: {reason}"
        raise UserError(
            f"{part} stopped: {ended}" if ended else late,
            f"What its engine says: docker exec {self._maker.names.part(part)} tail /var/log/docker.log",
            exit_code=ExitCode.BROKEN,
        )

    async def _make_hub(self, record: PlaygroundRecord) -> None:
        async with phase(self._listen, "registry and images"):
            ports = {REGISTRY_PORT: free_port()}
            published = await in_thread(lambda: self._maker.part("hub", record.hub, ports, hub_files(record)))
            stopped = threading.Event()

            def fill() -> None:
                images = build_images(content_dir(), self._maker.busybox())
                port = published[REGISTRY_PORT]
                push_images("127.0.0.1", port, images, timeout=_REGISTRY_SECONDS, stopped=stopped)

            try:
                await asyncio.to_thread(fill)
            except RegistryError as error:
                raise UserError(
                    f"The registry of the playground does not work: {error}",
                    f"What it says: docker exec {self._maker.names.part('hub')} tail /var/log/registry.log",
                    exit_code=ExitCode.BROKEN,
                ) from error
            finally:
                stopped.set()


def _unknown_nodes() -> tuple[NodeRecord, ...]:
    return tuple(NodeRecord(node, "", 0, "", host="127.0.0.1") for node in NODE_NAMES)


def _has_image(image: NodeImage) -> bool:
    with engine() as api:
        return bool(api.images(image.tag))


async def _greets(entry: NodeRecord) -> bool:
    """Whether a node's SSH server answers. The engine's forwarder listens before it does, and hangs up then."""
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(entry.reached_at, entry.port)
        try:
            return (await reader.readline()).startswith(b"SSH-2.0")
        finally:
            writer.close()
