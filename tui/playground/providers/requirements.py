"""What the namespaces provider needs of a machine."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from tui.playground.model import Requirement
from tui.playground.providers.cgroups import read_hierarchies
from tui.playground.providers.tools import look_up

__all__ = ["namespaces_requirements", "routing_mesh"]

_PACKAGES = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "ip": "iproute2",
    "iptables": "iptables",
    "nft": "nftables",
    "docker-registry": "docker-registry",
    "busybox": "busybox-static",
    "ssh-keygen": "openssh-client",
    "ssh": "openssh-client",
    "bash": "bash",
}


def routing_mesh() -> str:
    """What can carry published ports on this kernel: `ipvs`, or `nftables` where IPVS is missing."""
    return "ipvs" if Path("/proc/net/ip_vs").exists() else "nftables"


def _tool(program: str, package: str) -> Requirement:
    path = look_up(program)
    return Requirement(
        what=f"the program {program}",
        met=path is not None,
        found=path or "not installed",
        mend=f"apt-get install --no-install-recommends {package}",
    )


def _kernel_has(filesystem: str) -> bool:
    try:
        return any(line.split()[-1] == filesystem for line in Path("/proc/filesystems").read_text().splitlines())
    except FileNotFoundError:
        return False


def namespaces_requirements() -> Sequence[Requirement]:
    """Each thing that is needed, and what was found. Changes nothing."""
    system = platform.system()
    needs = [Requirement("Linux", system == "Linux", system, "Use a Linux machine, or the provider `containers`.")]
    if system != "Linux":
        return needs
    root = os.geteuid() == 0
    needs.append(
        Requirement("root", root, "root" if root else f"user id {os.geteuid()}", "Run it as root: sudo swarmtutor …")
    )
    groups = read_hierarchies()
    needs.append(
        Requirement(
            "control groups",
            bool(groups),
            f"version {groups[0].version}" if groups else "none mounted",
            "Mount them: mount -t cgroup2 cgroup2 /sys/fs/cgroup",
        )
    )
    overlay = _kernel_has("overlay") or (root and look_up("modprobe") is not None)
    needs.append(Requirement("overlayfs", overlay, "yes" if overlay else "no", "modprobe overlay"))
    needs.extend(_tool(program, package) for program, package in _PACKAGES.items())
    return needs
