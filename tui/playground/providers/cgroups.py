"""Control groups of a playground: one folder per playground, below it one per node and one for the hub.

They serve two ends: an engine needs a subtree of its own, and whoever is in it belongs to the playground, so that
nothing of it can outlive `down`, not even a process whose parents are gone.

Where somebody who is not root has nodes, there are none: a playground's processes are then found by the network
namespaces of its parts. (What a node's containers run ends with the node's process number 1.)

Version 1 has a tree per controller, version 2 a single one. A machine with version 1 controllers and a version 2
tree without any beside them counts as version 1; its version 2 tree comes last, and a node has a group there too: it
would else be in the machine's own, and whoever mounts it would have the machine's groups at hand.
"""

import errno
import os
import signal
import time
from collections.abc import Iterable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from tui.playground.kernel import in_user_namespace
from tui.playground.model import NODE_NAMES
from tui.playground.providers import devices, sysctls

__all__ = [
    "Hierarchy",
    "can_freeze",
    "confine",
    "freeze",
    "is_alive",
    "is_frozen",
    "join",
    "kill_all",
    "limit_memory",
    "make_group",
    "parse_hierarchies",
    "processes",
    "read_hierarchies",
    "remove",
    "thaw",
]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """One mounted tree of control groups."""

    mount_point: Path
    version: int
    controllers: tuple[str, ...] = ()  # version 1: `cpu`, `cpuacct`, or `name=systemd`; version 2: empty

    @property
    def folder(self) -> str:
        """What the mount point is called below /sys/fs/cgroup."""
        return self.mount_point.name if self.version == 1 else ""


def _unescape(field: str) -> str:
    return field.encode().decode("unicode_escape")


def parse_hierarchies(mountinfo: str) -> list[Hierarchy]:
    """The trees to use, out of the text of /proc/self/mountinfo (proc(5))."""
    first: dict[tuple[str, ...], Hierarchy] = {}
    unified: Hierarchy | None = None
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        mounted, described = left.split(), right.split()
        if len(mounted) < 5 or len(described) < 3 or mounted[3] != "/":
            continue
        mount_point = Path(_unescape(mounted[4]))
        if described[0] == "cgroup2":
            unified = unified or Hierarchy(mount_point, 2)
        elif described[0] == "cgroup":
            plain = {"rw", "ro", "xattr", "clone_children"}
            options = [option for option in described[2].split(",") if option not in plain]
            controllers = tuple(option for option in options if not option.startswith("release_agent="))
            first.setdefault(controllers, Hierarchy(mount_point, 1, controllers))
    if any("memory" in hierarchy.controllers or "devices" in hierarchy.controllers for hierarchy in first.values()):
        return [*first.values(), *([unified] if unified else [])]
    return [unified] if unified else []


def read_hierarchies() -> list[Hierarchy]:
    """The trees of control groups that this machine has mounted; empty where there are none for us."""
    found = parse_hierarchies(Path("/proc/self/mountinfo").read_text())
    if found and in_user_namespace() and not os.access(found[0].mount_point, os.W_OK):
        return []
    if len(found) > 1 and found[-1].version == 2 and not os.access(found[-1].mount_point, os.W_OK):
        del found[-1]
    return found


def _copy_cpuset(folder: Path) -> None:
    """A version 1 cpuset starts with no processors and no memory, and nobody may enter it until it has both."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        if not (folder / name).read_text().strip():
            (folder / name).write_text((folder.parent / name).read_text())


def _enable_for_children(folder: Path) -> None:
    """Hand the controllers on. One that cannot be is left out: an engine needs groups, and controllers for limits only.

    So it is in a container's topmost group, which has processes in it ("no internal processes", cgroups(7)), and with
    `cpu` where processes with real-time priority are in other groups.
    """
    wanted = (folder / "cgroup.controllers").read_text().split()
    enabled = (folder / "cgroup.subtree_control").read_text().split()
    for controller in wanted:
        if controller not in enabled:
            with suppress(OSError):
                (folder / "cgroup.subtree_control").write_text(f"+{controller}")


def make_group(hierarchies: Sequence[Hierarchy], path: str) -> None:
    """Make the group `path` (such as `swarmtutor-lab/node1`) in every tree, with what controllers there are for it."""
    for hierarchy in hierarchies:
        folder = hierarchy.mount_point
        for part in Path(path).parts:
            if hierarchy.version == 2:
                _enable_for_children(folder)
            folder = folder / part
            folder.mkdir(exist_ok=True)
            if "cpuset" in hierarchy.controllers:
                _copy_cpuset(folder)


def confine(hierarchies: Sequence[Hierarchy], path: str) -> None:
    """Let the processes of the group, which has no groups below it yet, open harmless devices only.

    Of the kernel's settings they may change their own only, where the kernel can tell them apart.

    The group of the whole playground is the one to confine: a node sees its own group and could free itself.
    """
    for hierarchy in hierarchies:
        folder = hierarchy.mount_point / path
        if hierarchy.version == 2:
            with suppress(OSError) if hierarchies[0].version == 1 else nullcontext():
                devices.attach_filter(folder)
            with suppress(OSError):  # kernels before 5.2
                sysctls.attach_filter(folder)
        elif "devices" in hierarchy.controllers:
            (folder / "devices.deny").write_text("a")
            for rule in devices.device_rules():
                (folder / "devices.allow").write_text(rule)


def limit_memory(hierarchies: Iterable[Hierarchy], path: str, most: int) -> None:
    """Let the processes of the group have `most` bytes of memory together: one of them is ended when they want more.

    Where the kernel cannot limit memory nothing happens.
    """
    for hierarchy in hierarchies:
        if hierarchy.version == 2:
            file = "memory.max"
        elif "memory" in hierarchy.controllers:
            file = "memory.limit_in_bytes"
        else:
            continue
        with suppress(OSError):
            _write(hierarchy.mount_point / path / file, str(most))


def join(hierarchies: Iterable[Hierarchy], path: str) -> None:
    """Move this process into the group."""
    for hierarchy in hierarchies:
        (hierarchy.mount_point / path / "cgroup.procs").write_text("0")


def processes(hierarchies: Iterable[Hierarchy], path: str) -> set[int]:
    """The ids of all processes in the group and below it."""
    found: set[int] = set()
    if not (trees := list(hierarchies)):
        return _processes_in_networks(path)
    for hierarchy in trees:
        for folder, _, _ in os.walk(hierarchy.mount_point / path):
            with suppress(OSError):  # the group went away while we looked
                found.update(int(line) for line in (Path(folder) / "cgroup.procs").read_text().split())
    return found - {0}


def _processes_in_networks(path: str) -> set[int]:
    """The same where there are no groups: `identity/node1` is in the network namespace `identity-node1`."""
    parts = [path] if "/" in path else [f"{path}/{part}" for part in (*NODE_NAMES, "hub")]
    spaces: set[tuple[int, int]] = set()
    for part in parts:
        with suppress(OSError):
            space = Path("/run/netns", part.replace("/", "-")).stat()
            spaces.add((space.st_dev, space.st_ino))
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # it has ended, or is not ours
                space = (entry / "ns/net").stat()
                if (space.st_dev, space.st_ino) in spaces:
                    found.add(int(entry.name))
    return found - {os.getpid()}


def _switch(hierarchy: Hierarchy) -> tuple[str, str, str]:
    """The file that freezes a group, what to write to freeze it, and what to thaw it."""
    return ("cgroup.freeze", "1", "0") if hierarchy.version == 2 else ("freezer.state", "FROZEN", "THAWED")


def _freezers(hierarchies: Iterable[Hierarchy]) -> list[Hierarchy]:
    """The tree whose groups can be frozen, if there is one."""
    found = [hierarchy for hierarchy in hierarchies if hierarchy.version == 2 or "freezer" in hierarchy.controllers]
    return found[:1]


def _write(file: Path, text: str) -> None:
    with file.open("r+") as opened:  # which makes no file where there is none
        opened.write(text)


def can_freeze(hierarchies: Sequence[Hierarchy]) -> bool:
    """Whether groups can be frozen on this machine at all."""
    return bool(_freezers(hierarchies))


def is_frozen(hierarchies: Sequence[Hierarchy], path: str) -> bool:
    """Whether the group itself was frozen, or is being frozen."""
    for hierarchy in _freezers(hierarchies):
        name = "cgroup.freeze" if hierarchy.version == 2 else "freezer.self_freezing"
        with suppress(OSError):
            if (hierarchy.mount_point / path / name).read_text().strip() == "1":
                return True
    return False


def _all_frozen(hierarchy: Hierarchy, folder: Path) -> bool:
    if hierarchy.version == 2:
        return "frozen 1" in (folder / "cgroup.events").read_text()
    return (folder / "freezer.state").read_text().strip() == "FROZEN"


def freeze(hierarchies: Sequence[Hierarchy], path: str, *, timeout: float = 30.0) -> None:
    """Stop every process of the group where it is. Raises TimeoutError after `timeout` s; nothing is frozen then."""
    deadline = time.monotonic() + timeout
    for hierarchy in _freezers(hierarchies):
        folder = hierarchy.mount_point / path
        name, frozen, _ = _switch(hierarchy)
        _write(folder / name, frozen)
        while not _all_frozen(hierarchy, folder):
            if time.monotonic() > deadline:
                thaw(hierarchies, path)
                raise TimeoutError(f"processes that cannot be stopped in {folder}")
            time.sleep(0.01)


def thaw(hierarchies: Sequence[Hierarchy], path: str) -> None:
    """Let the processes of a frozen group go on. Groups below it that were frozen by themselves stay so."""
    for hierarchy in _freezers(hierarchies):
        name, _, thawed = _switch(hierarchy)
        _write(hierarchy.mount_point / path / name, thawed)


def _thaw_all(hierarchies: Sequence[Hierarchy], path: str) -> None:
    """Thaw the group and all below it, also containers that were paused: no signal ends what is frozen (version 1)."""
    for hierarchy in _freezers(hierarchies):
        name, _, thawed = _switch(hierarchy)
        for folder, _, _ in os.walk(hierarchy.mount_point / path):
            with suppress(OSError):  # the group went away while we looked
                _write(Path(folder) / name, thawed)


def _zombie(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] in "ZX"


def is_alive(hierarchies: Iterable[Hierarchy], path: str) -> bool:
    """Whether any process of the group, or below it, has not ended: one that only waits to be collected has."""
    return not all(_zombie(pid) for pid in processes(hierarchies, path))


def kill_all(hierarchies: Sequence[Hierarchy], path: str, *, timeout: float = 30.0) -> None:
    """End every process of the group at once and wait until none is left. Raises TimeoutError after `timeout` s."""
    deadline = time.monotonic() + timeout
    while True:
        alive = {pid for pid in processes(hierarchies, path) if not _zombie(pid)}
        if not alive:
            return
        for pid in alive:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _thaw_all(hierarchies, path)
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes that do not end: {sorted(alive)}")
        time.sleep(0.01)


def _remove_tree(top: Path, deadline: float) -> None:
    for folder, _, _ in os.walk(top, topdown=False):
        while True:
            try:
                Path(folder).rmdir()
            except FileNotFoundError:
                break
            except OSError as error:
                # The kernel lets go of the last process of a group a moment after that process is gone.
                if error.errno not in (errno.EBUSY, errno.ENOTEMPTY) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                break


def remove(hierarchies: Iterable[Hierarchy], path: str, *, timeout: float = 30.0) -> None:
    """Remove the group with all groups below it, from every tree. One that is not there is no error."""
    deadline = time.monotonic() + timeout
    for hierarchy in hierarchies:
        _remove_tree(hierarchy.mount_point / path, deadline)
