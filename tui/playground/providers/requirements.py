"""What the namespaces provider needs of a machine."""

import ctypes
import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tui.paths import state_dir
from tui.playground.kernel import in_user_namespace
from tui.playground.model import Remedy, Requirement
from tui.playground.providers.cgroups import read_hierarchies
from tui.playground.providers.rootless import WITHOUT_GROUPS, rootless_requirements
from tui.playground.providers.tools import look_up

__all__ = ["free_megabytes", "namespaces_requirements", "routing_mesh"]

DISK_NEEDED = 100  # megabytes: three nodes with the images of a lab
_INOTIFY_NEEDED = 8  # an engine takes one for every log that is followed and for containers that it watches

_INOTIFY_SETTING = ("fs.inotify.max_user_instances", "1024")
_USEFUL_MODULES = {
    "vxlan": "overlay networks",
    "br_netfilter": "the firewall rules of networks",
    "ip_vs": "published ports; without it nftables carries them",
}
_PROBE_SECONDS = 5.0

_PACKAGES = {
    "dockerd": "docker.io",
    "docker": "docker-cli|docker.io",  # releases after Debian 12 have the command in a package of its own
    "ip": "iproute2",
    "iptables": "iptables",
    "nft": "nftables",
    "docker-registry": "docker-registry",
    "busybox": "busybox-static",
    "ssh-keygen": "openssh-client",
    "ssh": "openssh-client",
    "bash": "bash",
}


def routing_mesh(proc: Path = Path("/proc")) -> str:
    """What can carry published ports here: `ipvs`, or `nftables` where IPVS is missing or not to be had.

    In networks of somebody who is not root a kernel shows no settings of IPVS. An engine, which has to change
    `conntrack`, then leaves published ports without rules (service_linux.go: «Failed to write to …/vs/conntrack»).
    """
    there = (proc / "net/ip_vs").exists() and (proc / "sys/net/ipv4/vs/conntrack").exists()
    return "ipvs" if there else "nftables"


def _tool(program: str, package: str) -> Requirement:
    path = look_up(program)
    return Requirement(
        what=f"the program {program}",
        met=path is not None,
        found=path or "not installed",
        mend=f"apt-get install --no-install-recommends {package.split('|')[-1]}",
        remedy=Remedy() if path else Remedy(packages=(package,)),
    )


def _loaded(module: str) -> bool:
    """Whether the kernel has it at hand, built in or loaded."""
    if module == "br_netfilter" and Path("/proc/sys/net/bridge").is_dir():
        return True
    return Path("/sys/module", module).is_dir() or (module == "ip_vs" and Path("/proc/net/ip_vs").exists())


def _loadable(module: str) -> bool:
    modprobe = look_up("modprobe")
    if modprobe is None:
        return False
    try:
        probe = subprocess.run(
            [modprobe, "--dry-run", "--quiet", module],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.returncode == 0


def _modules() -> Requirement:
    """The modules that are loaded when nodes are made, as far as this kernel has them: worth knowing before."""
    waiting = [module for module in _USEFUL_MODULES if not _loaded(module)]
    loadable = tuple(module for module in waiting if _loadable(module))
    lacking = [module for module in waiting if module not in loadable]
    found = [f"to be loaded: {', '.join(loadable)}"] if loadable else []
    found += [f"no {module} ({_USEFUL_MODULES[module]})" for module in lacking]
    return Requirement(
        what="kernel modules",
        met=True,
        found="; ".join(found) or "loaded",
        mend=f"modprobe -a {' '.join(loadable)}" if loadable else "",
        remedy=Remedy(modules=loadable),
    )


def _kernel_has(filesystem: str) -> bool:
    try:
        return any(line.split()[-1] == filesystem for line in Path("/proc/filesystems").read_text().splitlines())
    except FileNotFoundError:
        return False


def _control_groups() -> Requirement:
    groups = read_hierarchies()
    within = in_user_namespace()
    without = WITHOUT_GROUPS if within else "none mounted"
    return Requirement(
        "control groups",
        bool(groups) or within,
        f"version {groups[0].version}" if groups else without,
        "Mount them: mount -t cgroup2 cgroup2 /sys/fs/cgroup",
    )


def free_megabytes() -> int:
    """How much room there is where the playgrounds are kept."""
    folder = state_dir().absolute()
    while not folder.exists():
        folder = folder.parent
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize // 1_000_000


def _disk() -> Requirement:
    free = free_megabytes()
    return Requirement(
        what=f"{DISK_NEEDED} MB of disk at {state_dir()}",
        met=free >= DISK_NEEDED,
        found=f"{free} MB free",
        mend="Make room there, or name another folder in the environment's SWARMTUTOR_STATE.",
    )


def _inotify() -> Requirement:
    """Whether files can be watched (inotify(7)): where many programs do, root's share is used up one day."""
    libc = ctypes.CDLL(None)
    opened: list[int] = []
    while len(opened) < _INOTIFY_NEEDED and (descriptor := int(libc.inotify_init1(os.O_CLOEXEC))) >= 0:
        opened.append(descriptor)
    for descriptor in opened:
        os.close(descriptor)
    return Requirement(
        what="inotify instances",
        met=len(opened) == _INOTIFY_NEEDED,
        found=f"{len(opened)} left" if len(opened) < _INOTIFY_NEEDED else "enough",
        mend=f"sysctl -w {'='.join(_INOTIFY_SETTING)}",
        remedy=Remedy() if len(opened) == _INOTIFY_NEEDED else Remedy(settings=(_INOTIFY_SETTING,)),
    )


def namespaces_requirements() -> Sequence[Requirement]:
    """Each thing that is needed, and what was found. Changes nothing."""
    system = platform.system()
    needs = [Requirement("Linux", system == "Linux", system, "Use a Linux machine, or the provider `containers`.")]
    if system != "Linux":
        return needs
    root = os.geteuid() == 0
    needs += [Requirement("root", True, "root"), _control_groups()] if root else rootless_requirements()
    overlay = _kernel_has("overlay") or (root and look_up("modprobe") is not None)
    remedy = Remedy(modules=("overlay",)) if _loadable("overlay") else Remedy()
    needs.append(
        Requirement(
            "overlayfs", overlay, "yes" if overlay else "no", "modprobe overlay", Remedy() if overlay else remedy
        )
    )
    needs += [_modules(), _disk(), _inotify()]
    needs.extend(_tool(program, package) for program, package in _PACKAGES.items())
    return needs
