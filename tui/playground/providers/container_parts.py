"""What the parts of a playground of containers are called, and how the engine is asked for each of them. Pure."""

import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from tui.playground.record import PlaygroundRecord
from tui.playground.registry import registry_settings

__all__ = [
    "IMAGE_LABEL",
    "LABEL",
    "REGISTRY_PORT",
    "RIGHTS",
    "File",
    "Names",
    "Rights",
    "archive",
    "container_document",
    "hub_files",
    "node_files",
]

LABEL = "org.swarmtutor"
IMAGE_LABEL = f"{LABEL}.image"
"""Carried by the image and so by every container made from it, also while it is being built."""

REGISTRY_PORT = 5000

_LOOPBACK = "127.0.0.1"

# What an engine needs beyond the rights of every container (capabilities(7)). Missing on purpose: kernel modules, raw
# I/O, the clock, reboot, reading files by handle, files that nobody can remove, priority over all other programs,
# mandatory access control, the kernel's log.
_CAPABILITIES = (
    "SYS_ADMIN",
    "NET_ADMIN",
    "NET_BROADCAST",
    "SYS_PTRACE",
    "SYS_TTY_CONFIG",
    "IPC_LOCK",
    "IPC_OWNER",
    "LEASE",
)


@dataclass(frozen=True, slots=True)
class Rights:
    """One set of rights to try for a node. An engine refuses those that it does not have itself."""

    name: str
    document: Mapping[str, Any]


def _narrow(*more: str) -> Mapping[str, Any]:
    return {
        "CapAdd": [*_CAPABILITIES, *more],
        "SecurityOpt": ["seccomp=unconfined", "apparmor=unconfined", "label=disable"],
    }


RIGHTS = (
    # The devices of a node of this kind are those of every container: no disk of the machine can be opened.
    Rights("narrow", _narrow("SYS_RESOURCE")),
    # The engine may itself live in a container or a small virtual machine that lacks this one.
    Rights("narrower", _narrow()),
    Rights("privileged", {"Privileged": True}),
)


@dataclass(frozen=True, slots=True)
class Names:
    """Names and labels of one playground's parts. They are found by label; the names are for people."""

    playground: str
    identity: str  # unique on this machine, also where two state directories hold playgrounds of one name

    def part(self, part: str) -> str:
        """The name of a node's or the hub's container and volume."""
        return f"{self.identity}-{part}"

    @property
    def network(self) -> str:
        """The name of the network."""
        return self.identity

    def labels(self, role: str, node: str = "") -> dict[str, str]:
        """The labels of a part."""
        labels = {
            f"{LABEL}.playground": self.playground,
            f"{LABEL}.identity": self.identity,
            f"{LABEL}.role": role,
        }
        return labels | ({f"{LABEL}.node": node} if node else {})

    def filters(self, **more: str) -> dict[str, list[str]]:
        """What the engine is asked for to find the parts, all or those with a label: `role`, `node`."""
        wanted = {"identity": self.identity} | more
        return {"label": [f"{LABEL}.{key}={value}" for key, value in wanted.items()]}


def container_document(
    names: Names,
    image: str,
    part: str,
    address: str,
    ports: Mapping[int, int],
    rights: Rights | None,
    memory: int = 0,
) -> dict[str, Any]:
    """The body of a request to create the container of a node, or of the hub (`rights` is None).

    `ports`: ports of the container, and the ports of this machine's loopback that lead to them. `memory`: the most
    that it may have, in bytes (0: as much as there is).
    """
    host: dict[str, Any] = {
        "NetworkMode": names.network,
        "PortBindings": {
            f"{inner}/tcp": [{"HostIp": _LOOPBACK, "HostPort": str(port)}] for inner, port in ports.items()
        },
        "Memory": memory,
        "Tmpfs": {"/run": "exec,mode=755"},
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
    }
    if rights is not None:
        host |= {
            "Binds": [f"{names.part(part)}:/var/lib/docker"],
            "CgroupnsMode": "private",
            "UsernsMode": "host",
            **rights.document,
        }
    return {
        "Image": image,
        "Hostname": part,
        "Cmd": ["node" if rights else "hub"],
        "Labels": names.labels("node", part) | {f"{LABEL}.rights": rights.name} if rights else names.labels("hub"),
        "ExposedPorts": {f"{inner}/tcp": {} for inner in ports},
        "StopTimeout": 10,
        "HostConfig": host,
        "NetworkingConfig": {"EndpointsConfig": {names.network: {"IPAMConfig": {"IPv4Address": address}}}},
    }


@dataclass(frozen=True, slots=True)
class File:
    """One file to be copied into a container. The entrypoint hands the learner what lies in his home."""

    text: str
    mode: int = 0o644


def archive(files: Mapping[str, File]) -> bytes:
    """A tar archive of these files, named from the root, all of them owned by root."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, file in files.items():
            data = file.text.encode()
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), file.mode
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def _daemon(hub: str, mtu: int) -> Mapping[str, object]:
    registry = f"{hub}:{REGISTRY_PORT}"
    document: dict[str, object] = {
        "registry-mirrors": [f"http://{registry}"],
        "insecure-registries": [registry],
        "userland-proxy": False,
        "exec-opts": ["native.cgroupdriver=cgroupfs"],
        "shutdown-timeout": 5,
    }
    return document | ({"mtu": mtu} if mtu != 1500 else {})


def _hosts(record: PlaygroundRecord) -> str:
    lines = ["127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback"]
    lines += [f"{node.address}\t{node.name}" for node in record.nodes]
    lines.append(f"{record.hub}\tregistry")
    return "\n".join(lines) + "\n"


def _learner_key(node: str, address: str, key: str) -> str:
    """The line that lets the learner in from another node, and through this node only to its own ports."""
    own = ",".join(f'permitopen="{host}:*"' for host in (node, address, "localhost", "127.0.0.1"))
    return f"{own} {key}"


def node_files(record: PlaygroundRecord, node: str, keys: Mapping[str, str], mtu: int) -> dict[str, File]:
    """The files in which one node differs from the image.

    `keys`: file name to text of the playground's keys (`client.pub`, `learner`, `learner.pub`, and each node's).
    """
    addresses = {entry.name: entry.address for entry in record.nodes}
    known = "".join(f"{entry.name},{entry.address} {entry.host_key}\n" for entry in record.nodes)
    return {
        "etc/docker/daemon.json": File(json.dumps(_daemon(record.hub, mtu), indent=2) + "\n"),
        "etc/swarmtutor/hosts": File(_hosts(record)),
        "etc/swarmtutor/resolv.conf": File(f"nameserver {record.hub}\noptions timeout:1 attempts:1\n"),
        "etc/swarmtutor/ssh/host_key": File(keys[node], 0o600),
        "etc/swarmtutor/ssh/authorized_docker": File(
            keys["client.pub"] + _learner_key(node, addresses[node], keys["learner.pub"])
        ),
        "etc/swarmtutor/ssh/authorized_root": File(keys["client.pub"], 0o600),
        "etc/ssh/ssh_config": File("Host *\n    SendEnv LANG LC_*\n"),
        "etc/ssh/ssh_known_hosts": File(known),
        "home/docker/.ssh/id_ed25519": File(keys["learner"], 0o600),
        "home/docker/.ssh/id_ed25519.pub": File(keys["learner.pub"]),
        "home/docker/.ssh/known_hosts": File(known),
    }


def hub_files(record: PlaygroundRecord) -> dict[str, File]:
    """The settings of the registry, and of a name server that knows the nodes and says no to all else at once."""
    names = [f"host-record={node.name},{node.address}" for node in record.nodes]
    dns = [
        "no-resolv",
        "no-hosts",
        "user=root",
        "bind-interfaces",
        f"listen-address={record.hub}",
        *names,
        f"host-record=registry,{record.hub}",
        "address=/#/",
    ]
    return {
        "etc/swarmtutor/dnsmasq.conf": File("\n".join(dns) + "\n"),
        "etc/swarmtutor/registry.yml": File(
            registry_settings(record.hub, PurePosixPath("/var/lib/swarmtutor/registry"))
        ),
    }
