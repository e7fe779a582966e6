"""Making single parts of a playground of containers. All functions block: call them in a thread."""

import io
import socket
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tui.errors import ExitCode, UserError
from tui.playground.images import Busybox
from tui.playground.model import NODE_NAMES
from tui.playground.providers.container_engine import Api, EngineRefusedError, RawObject, engine, forgiving
from tui.playground.providers.container_parts import LABEL, RIGHTS, File, Names, archive, container_document
from tui.playground.providers.memory import memory_for_nodes
from tui.playground.providers.network import Addresses, Network, choose_subnet

__all__ = ["Maker", "free_port"]

_TRIES = 20  # at a subnet or a port that somebody else took first
_DEFAULT_MTU = 1500
_MTU = "com.docker.network.driver.mtu"
_PORT_TAKEN = ("port is already allocated", "address already in use", "Ports are not available")
_NO_ROOM = "no space left on device"


def free_port() -> int:
    """A port of the loopback that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _refused(what: str, error: EngineRefusedError) -> UserError:
    if _NO_ROOM in error.words:
        return UserError(
            "The Docker Engine's disk is full.",
            "Make room (docker system df shows what takes it), or give Docker Desktop a larger disk in its settings.",
            exit_code=ExitCode.BROKEN,
        )
    return UserError(
        f"The Docker Engine does not make {what}: {error.words}",
        "`swarmtutor doctor` looks at what this machine has.",
        exit_code=ExitCode.BROKEN,
    )


def _mtu_of(network: RawObject) -> int:
    options: Mapping[str, str] = network.get("Options") or {}
    return int(options.get(_MTU, _DEFAULT_MTU))


def _subnets(networks: Iterable[RawObject]) -> list[Network]:
    """The IPv4 networks of the engine's networks."""
    found: list[Network] = []
    for network in networks:
        settings: RawObject = network.get("IPAM") or {}
        configs: Iterable[RawObject] = settings.get("Config") or ()
        texts = [str(config.get("Subnet") or "") for config in configs]
        found += [Network(text, strict=False) for text in texts if text and ":" not in text]
    return found


@dataclass(slots=True)
class Maker:
    """Makes the parts of one playground out of one image."""

    names: Names
    image: str
    _rights: int = field(default=0)  # the first of RIGHTS that has not been refused yet

    def network(self, used: Iterable[Network]) -> tuple[Addresses, int]:
        """Make the network, in a subnet that neither the engine nor `used` has; its addresses, and its MTU."""
        taken = list(used)
        with engine() as api:
            taken += _subnets(api.networks())
            mtu = self.mtu(api)
        for _ in range(_TRIES):
            addresses = Addresses(choose_subnet(taken))
            try:
                self._create_network(addresses, mtu)
            except EngineRefusedError as error:
                if "overlaps" not in error.words:
                    raise _refused("the network", error) from error
                taken.append(addresses.subnet)
            else:
                return addresses, mtu
        raise UserError(
            "The Docker Engine has no free subnet for the playground.",
            "`docker network prune` removes networks that nothing uses.",
            exit_code=ExitCode.BUSY,
        )

    def _create_network(self, addresses: Addresses, mtu: int) -> None:
        with engine() as api:
            api.create_network(
                self.names.network,
                driver="bridge",
                options={_MTU: str(mtu)},
                ipam={
                    "Driver": "default",
                    "Config": [{"Subnet": str(addresses.subnet), "Gateway": addresses.host}],
                },
                labels=self.names.labels("network"),
            )

    def mtu(self, api: Api) -> int:
        """The MTU of the default bridge: what surrounds the engine may need a smaller one than usual."""
        with forgiving(404):
            return _mtu_of(api.inspect_network("bridge"))
        return _DEFAULT_MTU

    def own_mtu(self) -> int:
        """The MTU of the playground's network."""
        with engine() as api:
            return _mtu_of(api.inspect_network(self.names.network))

    def part(self, part: str, address: str, ports: Mapping[int, int], files: Mapping[str, File]) -> Mapping[int, int]:
        """Make and start a node's or the hub's container.

        `ports`: its ports, and those of this machine's loopback that shall lead to them. Returns those that do: others
        where somebody was faster.
        """
        packed = archive(files)
        is_node = part in NODE_NAMES
        with engine() as api:
            memory = memory_for_nodes(int(api.info().get("MemTotal") or 0))
        if is_node:
            self._volume(part)
        for _ in range(_TRIES + len(RIGHTS)):
            index = self._rights
            document = container_document(
                self.names, self.image, part, address, ports, RIGHTS[index] if is_node else None, memory
            )
            try:
                self._start(part, document, packed)
            except EngineRefusedError as error:
                if any(sign in error.words for sign in _PORT_TAKEN):
                    ports = {inner: free_port() for inner in ports}
                elif is_node and _NO_ROOM not in error.words and index + 1 < len(RIGHTS):
                    self._rights = max(self._rights, index + 1)
                else:
                    raise _refused(part, error) from error
            else:
                return ports
        raise UserError(f"{part} could not be started: every port that was tried is taken.", exit_code=ExitCode.BUSY)

    def _volume(self, node: str) -> None:
        try:
            with engine() as api:
                api.create_volume(self.names.part(node), labels=self.names.labels("disk", node))
        except EngineRefusedError as error:
            raise _refused(f"a disk for {node}", error) from error

    def _start(self, part: str, document: Mapping[str, object], packed: bytes) -> None:
        name = self.names.part(part)
        with engine() as api:
            api.create_container_from_config(document, name)
            try:
                api.put_archive(name, "/", packed)
                api.start(name)
            except BaseException:
                with forgiving(404, 409):
                    api.remove_container(name, v=True, force=True)
                raise

    def learn_rights(self) -> None:
        """Start with the rights that the nodes of this playground were given, instead of trying them in turn."""
        with engine() as api:
            nodes = api.containers(all=True, filters=self.names.filters(role="node"))
        given = {node["Labels"].get(f"{LABEL}.rights") for node in nodes}
        self._rights = next((index for index, rights in enumerate(RIGHTS) if rights.name in given), 0)

    def end_of(self, part: str) -> str:
        """Why a part does not run: the last line of what it said. Empty while it runs."""
        try:
            with engine() as api:
                name = self.names.part(part)
                if api.inspect_container(name)["State"]["Running"]:
                    return ""
                lines = api.logs(name, tail=5).decode(errors="replace").strip().splitlines()
        except EngineRefusedError as error:
            return error.words
        return lines[-1] if lines else "it ended without a word"

    def run(self, part: str, *command: str) -> str:
        """What a command in a container writes."""
        with engine() as api:
            made = api.exec_create(self.names.part(part), command)
            return api.exec_start(made["Id"]).decode(errors="replace")

    def mesh(self) -> str:
        """What can carry published ports on the engine's kernel: `ipvs` or `nftables`; see `routing_mesh`."""
        # Asking the kernel for the family makes it load the module, if it has it.
        ask = "genl ctrl get name IPVS >/dev/null 2>&1"
        script = f"{ask}; [ ! -e /proc/net/ip_vs ] || [ ! -e /proc/sys/net/ipv4/vs/conntrack ] || echo ipvs"
        return "ipvs" if "ipvs" in self.run(NODE_NAMES[0], "sh", "-c", script) else "nftables"

    def busybox(self) -> Busybox:
        """The program that the lab's images are made of, for the engine's kind of processor."""
        applets = self.run("hub", "busybox", "--list").split()
        path = self.run("hub", "sh", "-c", 'readlink -f "$(command -v busybox)"').strip()
        with engine() as api:
            chunks, _ = api.get_archive(self.names.part("hub"), path)
            packed = b"".join(chunks)
            architecture = str(api.inspect_image(self.image)["Architecture"])
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            member = tar.extractfile(tar.getmembers()[0])
            assert member is not None
            return Busybox(member.read(), tuple(applets), architecture)
