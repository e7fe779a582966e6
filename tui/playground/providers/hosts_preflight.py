"""What a machine of the learner's own must have, judged by what it says of itself. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from tui.playground.card import Host
from tui.playground.model import Requirement

__all__ = ["IPVS_MISSING", "LOOK", "Facts", "judge", "missing_of", "parse_facts", "swarm_words"]

IPVS_MISSING = "not in its kernel: services run, but the ports that they publish answer nowhere"

_OLDEST = (20, 10)

# Asked of each machine, as the user who signs in; reads, and changes nothing.
LOOK = r"""
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
say() { printf '%s=%s\n' "$1" "$2"; }
has() { command -v "$1" >/dev/null 2>&1; }
say hostname "$(uname -n)"
say machine "$(uname -m)"
say user "$(id -un)"
say route "${SSH_CONNECTION-}"
for tool in bash python3 nc busybox base64 curl docker; do has $tool && say tool $tool; done
nc -h 2>&1 | grep -qi openbsd && say tool nc-openbsd
if [ -S /var/run/docker.sock ]; then
  say socket yes
  [ -r /var/run/docker.sock ] && [ -w /var/run/docker.sock ] && say rights yes
fi
for tool in iptables nft; do has $tool && say firewall $tool; done
if [ -e /proc/net/ip_vs ]; then say ipvs yes
elif grep -qs '/ip_vs\.ko' "/lib/modules/$(uname -r)/modules.dep" "/lib/modules/$(uname -r)/modules.builtin"; then
  say ipvs yes
fi
ip -4 -o addr show scope global up 2>/dev/null |
  while read -r _ link _ address _; do say address "$link ${address%/*}"; done
grep -qsE '^ *[0-9]+: [0-9A-F]+:1F0A [0-9A-F:]+ 0A ' /proc/net/tcp /proc/net/tcp6 && say gossip held
exit 0
"""


def _object(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object under a key; an empty one for anything else."""
    found = document.get(key)
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Facts:
    """What one machine says of itself. `version` and `info` are the engine's own answers; empty where it gave none."""

    hostname: str = ""
    machine: str = ""
    user: str = ""
    address: str = ""  # its own, at which its SSH server was reached
    tools: frozenset[str] = frozenset()
    socket: bool = False
    rights: bool = False
    firewalls: tuple[str, ...] = ()
    ipvs: bool = False
    addresses: tuple[tuple[str, str], ...] = ()  # link and address
    gossip: bool = False  # whether somebody listens at port 7946
    version: str = ""
    info: Mapping[str, Any] = field(default_factory=dict[str, Any])
    refused: str = ""  # why the engine's socket cannot be reached through SSH, where it cannot

    @property
    def swarm(self) -> Mapping[str, Any]:
        """The engine's account of its membership."""
        return _object(self.info, "Swarm")

    @property
    def in_swarm(self) -> bool:
        """Whether it is in a swarm, in whatever state."""
        return bool(self.info) and self.swarm.get("LocalNodeState", "inactive") != "inactive"


def parse_facts(text: str) -> Facts:
    """What LOOK printed; lines that it did not print are passed over."""
    said: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            said.setdefault(key, []).append(value.strip())
    route = said.get("route", [""])[0].split()
    pairs = [entry.split() for entry in said.get("address", [])]
    return Facts(
        hostname=said.get("hostname", [""])[0],
        machine=said.get("machine", [""])[0],
        user=said.get("user", [""])[0],
        address=route[2].removeprefix("::ffff:") if len(route) == 4 else "",
        tools=frozenset(said.get("tool", [])),
        socket="socket" in said,
        rights="rights" in said,
        firewalls=tuple(said.get("firewall", [])),
        ipvs="ipvs" in said,
        addresses=tuple((pair[0], pair[1]) for pair in pairs if len(pair) == 2),
        gossip="gossip" in said,
    )


def missing_of(needs: Sequence[Requirement]) -> list[Requirement]:
    """Those without which it cannot work."""
    return [need for need in needs if not need.met]


def judge(host: Host, facts: Facts, leave: Sequence[str] = ()) -> list[Requirement]:
    """Line by line what there is. What is met and has a mend works, and would work better.

    `leave`: ids, in their swarms, of machines that may leave them.
    """
    node = host.node
    needs = [
        Requirement(f"{node}: signed in", True, f"as {facts.user} on {facts.hostname}"),
        *_engine(node, facts),
    ]
    if not facts.info:
        return needs
    return [
        *needs,
        _swarm(host, facts, leave),
        _live_restore(node, facts),
        _firewall(node, facts),
        _ipvs(node, facts),
        _shell(node, facts),
        *_address(node, facts),
    ]


def _need(what: str, met: bool, found: str, mend: str = "") -> Requirement:
    """A line whose mend is of no use where it is met."""
    return Requirement(what, met, found, "" if met else mend)


def _engine(node: str, facts: Facts) -> list[Requirement]:
    what = f"{node}: Docker Engine"
    if facts.version:
        numbers = tuple(int(part) for part in re.findall(r"\d+", facts.version)[:2])
        rootless = any("rootless" in str(option) for option in facts.info.get("SecurityOptions") or ())
        return [
            _need(what, numbers >= _OLDEST, facts.version, "Update the engine there: 20.10 or newer is needed."),
            _need(f"{node}: right to use it", True, "yes"),
            _need(
                f"{node}: engine with root's rights",
                not rootless,
                "rootless: services cannot reach each other across machines" if rootless else "yes",
                "Use the engine that runs as root there (docker context use default).",
            ),
        ]
    if not facts.socket:
        absent = "docker" not in facts.tools
        return [
            _need(
                what,
                False,
                "not installed" if absent else "it does not run: /var/run/docker.sock is missing",
                "Nothing is installed from here. There: sudo apt-get install docker.io"
                if absent
                else "There: sudo systemctl start docker",
            )
        ]
    if not facts.rights:
        return [
            _need(what, True, "there is one"),
            _need(
                f"{node}: right to use it",
                False,
                f"{facts.user} may not use /var/run/docker.sock",
                f"There: sudo usermod -aG docker {facts.user}; the next SSH connection has the right.",
            ),
        ]
    return [
        _need(
            what,
            False,
            f"it cannot be reached through SSH: {facts.refused or 'no answer'}",
            "If it runs (docker version there), its sshd forbids it: AllowStreamLocalForwarding and AllowTcpForwarding "
            "must be yes in /etc/ssh/sshd_config.",
        )
    ]


def _swarm(host: Host, facts: Facts, leave: Sequence[str]) -> Requirement:
    what = f"{host.node}: in no swarm yet"
    if not facts.in_swarm:
        return Requirement(what, True, "yes")
    if facts.swarm.get("NodeID") in leave:
        return Requirement(what, True, f"{swarm_words(facts)}; it will be left")
    return Requirement(
        what,
        False,
        swarm_words(facts),
        f"Use another machine. Or, if nobody needs that swarm: `swarmtutor up` in a terminal asks whether {host.node} "
        "shall leave it; so does `docker swarm leave --force` there.",
    )


def swarm_words(facts: Facts) -> str:
    """Which swarm a machine is in, as far as it says."""
    swarm = facts.swarm
    known = str(_object(swarm, "Cluster").get("ID", ""))
    role = "manager" if swarm.get("ControlAvailable") else "worker"
    remote = cast("Sequence[Mapping[str, Any]]", swarm.get("RemoteManagers") or ())
    managers = [str(each.get("Addr", "")) for each in remote]
    parts = (
        f"it is a {role} in the swarm {known}" if known else f"it is a {role} in a swarm",
        f"with {swarm.get('Nodes')} nodes" if swarm.get("Nodes") else "",
        f"whose managers are at {', '.join(managers)}" if managers else "",
        f"and has the id {swarm.get('NodeID')} there",
    )
    return " ".join(part for part in parts if part)


def _live_restore(node: str, facts: Facts) -> Requirement:
    on = facts.info.get("LiveRestoreEnabled") is True
    return _need(
        f"{node}: live-restore off",
        not on,
        "it is on, which swarm mode does not allow" if on else "yes",
        'There: remove "live-restore" from /etc/docker/daemon.json, then sudo systemctl restart docker.',
    )


def _firewall(node: str, facts: Facts) -> Requirement:
    found = str(_object(facts.info, "FirewallBackend").get("Driver", "")) or ", ".join(facts.firewalls)
    return _need(
        f"{node}: firewall for the engine",
        bool(found),
        found or "neither iptables nor nft was found",
        "There: sudo apt-get install iptables",
    )


def _ipvs(node: str, facts: Facts) -> Requirement:
    what = f"{node}: IPVS"
    if facts.ipvs:
        return Requirement(what, True, "yes")
    return Requirement(
        what,
        True,
        IPVS_MISSING,
        "There: sudo modprobe ip_vs; where that fails, steps that fetch a page from a port stay red.",
    )


def _shell(node: str, facts: Facts) -> Requirement:
    what = f"{node}: bash and curl"
    if lacking := [tool for tool in ("bash", "base64", "curl") if tool not in facts.tools]:
        return Requirement(
            what,
            True,
            f"{' and '.join(lacking)} not found: some steps cannot be done there",
            f"There: sudo apt-get install {' '.join(lacking).replace('base64', 'coreutils')}",
        )
    return Requirement(what, True, "yes")


def _address(node: str, facts: Facts) -> list[Requirement]:
    """`docker swarm init` refuses to choose between addresses on several links."""
    real = [
        (link, address)
        for link, address in facts.addresses
        if not re.match(r"(docker|br-|veth|lo\b|virbr|cni|flannel)", link) and not link.startswith("docker_gwbridge")
    ]
    if len({link for link, _ in real}) <= 1:
        return []
    listed = ", ".join(f"{address} on {link}" for link, address in real)
    return [
        Requirement(
            f"{node}: one address",
            True,
            f"it has several: {listed}",
            f"If `docker swarm init` asks which to use, add: --advertise-addr {facts.address or real[0][1]}",
        )
    ]
