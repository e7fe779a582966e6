"""The playground's network: a bridge in a namespace of its own, three nodes on it, and one link to this machine.

    this machine ── host link ──┐
    node1 ── eth0 ──────────────┤
    node2 ── eth0 ──────────────┼── bridge `lab`, in the hub's namespace
    node3 ── eth0 ──────────────┘

The bridge is not in this machine's own namespace because a firewall there (Docker's own, for one) also judges
the frames that a bridge passes on.
"""

import asyncio
import hashlib
import ipaddress
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui.errors import ExitCode, UserError
from tui.playground.model import NODE_NAMES

__all__ = [
    "Addresses",
    "Names",
    "build",
    "choose_subnet",
    "networks_in_use",
    "ports_down",
    "rebuild_node",
    "remove",
    "run_ip",
    "set_port",
    "used_networks",
]

Network = ipaddress.IPv4Network

_CANDIDATES = (
    *(f"10.{second}.{third}.0/24" for second in range(77, 100) for third in range(256)),
    *(f"172.31.{third}.0/24" for third in range(256)),
    *(f"192.168.{third}.0/24" for third in range(100, 250)),
    # Set aside for measuring network devices (RFC 2544): free even where a tunnel claims all private networks.
    *(f"198.18.{third}.0/24" for third in range(256)),
)


@dataclass(frozen=True, slots=True)
class Names:
    """What the parts of one playground's network are called on this machine."""

    identity: str

    @property
    def hub(self) -> str:
        """The network namespace of the bridge, the registry and the name server."""
        return f"{self.identity}-hub"

    def node(self, node: str) -> str:
        """The network namespace of a node."""
        return f"{self.identity}-{node}"

    @property
    def all(self) -> tuple[str, ...]:
        """Every namespace."""
        return (self.hub, *(self.node(node) for node in NODE_NAMES))

    @property
    def host_link(self) -> str:
        """The end of the link that is in this machine's own namespace. A link's name has 15 letters at most."""
        return "st-" + hashlib.sha256(self.identity.encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Who has which address in a playground's network."""

    subnet: Network

    @property
    def host(self) -> str:
        """This machine."""
        return str(self.subnet[1])

    @property
    def hub(self) -> str:
        """The registry and the name server."""
        return str(self.subnet[2])

    def node(self, node: str) -> str:
        """A node: .11, .12 and .13."""
        return str(self.subnet[11 + NODE_NAMES.index(node)])

    def hardware(self, part: str) -> str:
        """The link address of a node or of the hub.

        Always the same, so that nobody keeps a stale one after a node is replaced. A bridge by itself has the lowest
        one of its ports, and takes another one with them.
        """
        address = ipaddress.IPv4Address(self.hub if part == "hub" else self.node(part))
        return bytes([0x02, 0x53, *address.packed]).hex(":")


_EVERYWHERE = 8
"""A route with a shorter prefix leads to "everywhere else" and names no network that is in use: the default route, and
the two halves of it (0.0.0.0/1 and 128.0.0.0/1) that a VPN sets to be asked first. Ours, being longer, win over it."""


def choose_subnet(used: Iterable[Network]) -> Network:
    """The first candidate that overlaps none of the networks in use. Raises UserError if there is none."""
    taken = [network for network in used if network.prefixlen >= _EVERYWHERE]
    for candidate in map(Network, _CANDIDATES):
        if not any(candidate.overlaps(network) for network in taken):
            return candidate
    raise UserError(
        "No private network is free for the playground: this machine's routes cover all of them.",
        "Look at `ip route`; a VPN that claims every private address is the usual reason.",
        exit_code=ExitCode.BUSY,
    )


def used_networks(routes: Sequence[dict[str, Any]], addresses: Sequence[dict[str, Any]]) -> list[Network]:
    """The networks in the answers of `ip -j route show table all` and `ip -j address`. IPv6 is passed over."""
    texts = [str(route.get("dst", "")) for route in routes]
    for link in addresses:
        for info in link.get("addr_info", []):
            if info.get("family") == "inet":
                texts.append(f"{info['local']}/{info.get('prefixlen', 32)}")
    networks: list[Network] = []
    for text in texts:
        if text and text != "default" and ":" not in text:
            networks.append(Network(text, strict=False))
    return networks


async def run_ip(*arguments: str, stdin: str = "", timeout: float = 15.0) -> tuple[int, str, str]:
    """Run `ip` and return its exit status and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        "ip",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(timeout):
            stdout, stderr = await process.communicate(stdin.encode())
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    return process.returncode or 0, stdout.decode(errors="replace"), stderr.decode(errors="replace")


async def _batch(commands: Sequence[str], *arguments: str) -> None:
    status, _, stderr = await run_ip(*arguments, "-batch", "-", stdin="\n".join(commands) + "\n")
    if status != 0:
        raise UserError(
            f"The playground's network could not be made: {stderr.strip() or f'ip ended with {status}'}",
            "`swarmtutor doctor` looks at what this machine has.",
            exit_code=ExitCode.BROKEN,
        )


async def networks_in_use() -> list[Network]:
    """Every IPv4 network that this machine has a route or an address in."""
    (_, routes, _), (_, addresses, _) = await asyncio.gather(
        run_ip("-j", "-4", "route", "show", "table", "all"), run_ip("-j", "-4", "address")
    )
    return used_networks(json.loads(routes or "[]"), json.loads(addresses or "[]"))


def _node_links(names: Names, addresses: Addresses, node: str) -> str:
    return (
        f"link add eth0 netns {names.node(node)} address {addresses.hardware(node)} "
        f"type veth peer name {node} netns {names.hub}"
    )


def _in_hub(node: str) -> list[str]:
    return [f"link set {node} master lab", f"link set {node} up"]


def _in_node(addresses: Addresses, node: str) -> list[str]:
    return [
        "link set lo up",
        f"address add {addresses.node(node)}/{addresses.subnet.prefixlen} dev eth0",
        "link set eth0 up",
    ]


async def build(names: Names, addresses: Addresses) -> None:
    """Make the namespaces, the bridge and the links. Nothing of them may exist yet."""
    length = addresses.subnet.prefixlen
    await _batch(
        [
            *(f"netns add {namespace}" for namespace in names.all),
            *(_node_links(names, addresses, node) for node in NODE_NAMES),
            f"link add {names.host_link} type veth peer name host netns {names.hub}",
            f"address add {addresses.host}/{length} dev {names.host_link}",
            f"link set {names.host_link} alias {names.identity} up",
        ]
    )
    await asyncio.gather(
        _batch(
            [
                "link set lo up",
                f"link add lab address {addresses.hardware('hub')} type bridge forward_delay 0",
                "link set host master lab",
                "link set host up",
                *(command for node in NODE_NAMES for command in _in_hub(node)),
                f"address add {addresses.hub}/{length} dev lab",
                "link set lab up",
            ],
            "-n",
            names.hub,
        ),
        *(_batch(_in_node(addresses, node), "-n", names.node(node)) for node in NODE_NAMES),
    )


async def rebuild_node(names: Names, addresses: Addresses, node: str) -> None:
    """Replace a node's namespace and its link to the bridge by new ones."""
    await _delete_namespaces([names.node(node)])
    await run_ip("-n", names.hub, "link", "delete", node)  # gone with its peer, as a rule
    await _batch([f"netns add {names.node(node)}", _node_links(names, addresses, node)])
    await _batch(_in_hub(node), "-n", names.hub)
    await _batch(_in_node(addresses, node), "-n", names.node(node))


async def ports_down(names: Names) -> set[str]:
    """The nodes whose port on the bridge is switched off."""
    status, stdout, _ = await run_ip("-n", names.hub, "-j", "link", "show")
    links: list[dict[str, Any]] = json.loads(stdout or "[]") if status == 0 else []
    return {str(link["ifname"]) for link in links if "UP" not in link["flags"]} & set(NODE_NAMES)


async def set_port(names: Names, node: str, *, up: bool) -> None:
    """Switch a node's port on the bridge on or off; the node sees its cable plugged in or out."""
    status, _, stderr = await run_ip("-n", names.hub, "link", "set", node, "up" if up else "down")
    if status != 0:
        raise UserError(
            f"The port of {node} on the playground's bridge does not obey: {stderr.strip()}",
            f"A fresh node has a fresh port: swarmtutor reset {node}",
            exit_code=ExitCode.BROKEN,
        )


async def _delete_namespaces(namespaces: Iterable[str]) -> None:
    for namespace in namespaces:
        path = Path("/run/netns") / namespace
        if not path.exists():
            continue
        status, _, _ = await run_ip("netns", "delete", namespace)
        if status != 0:
            # `ip netns add` that was killed between making the file and mounting the namespace on it.
            path.unlink(missing_ok=True)


async def remove(names: Names) -> None:
    """Remove the network, whole or half made. Idempotent."""
    await run_ip("link", "delete", names.host_link)
    await _delete_namespaces(names.all)
