"""A node's own root: an overlay of the machine's, with private /dev, /proc, /sys, /run and /tmp.

Runs inside the node's new mount namespace, as process number 1 of the node.
"""

import errno
import os
import shutil
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tui.playground.kernel import Clone, MountFlag, mount, pivot_root, unmount_lazily, unshare
from tui.playground.providers.cgroups import Hierarchy, parse_hierarchies
from tui.playground.providers.node_files import fill_upper
from tui.playground.providers.plans import NodePlan

__all__ = ["enter_root", "has_disk"]

_DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
_SYSTEM = ("/usr", "/opt", "/nix", "/gnu", "/etc")
_SYSTEM_TOPS = {"bin", "gnu", "lib", "lib32", "lib64", "libx32", "nix", "opt", "sbin", "usr"}
# Parts of /proc through which root could change or stop the whole machine.
_PROC_READ_ONLY = ("sys", "sysrq-trigger", "irq", "bus", "acpi", "scsi", "fs")
_PROC_WRITABLE = ("sys/net",)
_PROC_HIDDEN = ("kcore", "kmsg", "keys", "timer_list", "sched_debug")


def has_disk(folder: Path) -> bool:
    """Whether the folder of a node holds its disk. A disk in memory, which goes with the node, is not seen there."""
    upper = folder / "upper"
    return upper.is_dir() and any(upper.iterdir())


def _inside(root: Path, name: str) -> Path:
    """A path in the node. Its disk may be one that somebody has worked on: no link there may lead out of it."""
    path = root / name.lstrip("/")
    if not path.resolve().is_relative_to(root.resolve()):
        raise OSError(errno.ELOOP, f"/{name.lstrip('/')} leads out of the node")
    return path


def _escape(path: Path) -> str:
    """A path as overlay's mount options want it."""
    text = str(path)
    for letter in "\\:,":
        text = text.replace(letter, "\\" + letter)
    return text


def _mount_overlay(folder: Path) -> None:
    options = f"lowerdir=/,upperdir={_escape(folder / 'upper')},workdir={_escape(folder / 'work')}"
    deadline = time.monotonic() + 5.0
    while True:
        try:
            return mount("overlay", folder / "root", "overlay", MountFlag.NONE, options)
        except OSError as error:
            # A node that was switched off a moment ago lets go of its disk after its last process is gone.
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _lay(folder: Path, plan: NodePlan, dockerd: str, rc_file: str) -> None:
    for name in ("upper", "work", "root", "docker"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if not any((folder / "upper").iterdir()):
        (folder / "upper").chmod(0o755)
        fill_upper(folder / "upper", plan, dockerd, rc_file)
    if plan.rootless:
        mount(folder / "upper", folder / "root", "", MountFlag.BIND)
    else:
        _mount_overlay(folder)


def _make_overlay(plan: NodePlan, dockerd: str, rc_file: str) -> Path:
    """Mount the overlay, or for somebody who is not root what stands for it, and return its path.

    A filesystem that cannot carry one is covered with one in memory.

    A disk that a node has worked on is taken as it is, or not at all.
    """
    folder = Path(plan.folder)
    used = has_disk(folder)
    try:
        _lay(folder, plan, dockerd, rc_file)
    except OSError:
        if used:
            raise
        for name in ("upper", "work", "root", "docker"):
            shutil.rmtree(folder / name, ignore_errors=True)
        mount("swarmtutor", folder, "tmpfs", MountFlag.NOSUID, "mode=700")
        _lay(folder, plan, dockerd, rc_file)
    return folder / "root"


def _show(source: Path, target: Path, empty: Path) -> None:
    """Let a folder of the machine be seen, and only seen.

    An overlay without an upper layer has nothing to write to; a bind that is read-only root could make writable.
    """
    target.mkdir(parents=True, exist_ok=True)
    empty.mkdir(exist_ok=True)
    mount(
        "overlay",
        target,
        "overlay",
        MountFlag.RDONLY | MountFlag.NOSUID | MountFlag.NODEV,
        f"lowerdir={_escape(source)}:{_escape(empty)}",
    )


def _show_as_they_are(root: Path) -> None:
    """Let the machine's system folders be seen in a node of somebody who is not root, and so cannot write to them."""
    for entry in root.iterdir():
        source = Path("/", entry.name)
        if entry.name in _SYSTEM_TOPS and not entry.is_symlink() and source.is_dir():
            mount(source, entry, "", MountFlag.BIND | MountFlag.REC)


def _shown(path: Path) -> bool:
    return path.is_dir() and any(path.iterdir())


def _show_system_mounts(root: Path, empty: Path) -> None:
    """System folders that are file systems of their own: an overlay of `/` shows them empty."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount_point = line.split()[4]
        if any(mount_point == top or mount_point.startswith(top + "/") for top in _SYSTEM):
            source = Path(mount_point)
            in_node = _inside(root, mount_point)
            if source.is_dir() and not _shown(in_node):
                _show(source, in_node, empty)


def _make_dev(dev: Path, *, rootless: bool) -> None:
    mount("swarmtutor", dev, "tmpfs", MountFlag.NOSUID, "mode=755,size=64k")
    for name, (major, minor) in _DEVICES.items():
        if rootless:
            (dev / name).touch()
            mount(Path("/dev", name), dev / name, "", MountFlag.BIND)
        else:
            os.mknod(dev / name, stat.S_IFCHR | 0o666, os.makedev(major, minor))
            (dev / name).chmod(0o666)
    for name in ("pts", "shm", "mqueue"):
        (dev / name).mkdir()
    options = "newinstance,ptmxmode=666,mode=620,gid=5"
    mount("devpts", dev / "pts", "devpts", MountFlag.NOSUID | MountFlag.NOEXEC, options)
    mount("shm", dev / "shm", "tmpfs", MountFlag.NOSUID | MountFlag.NODEV, "mode=1777,size=64m")
    with suppress(OSError):  # a kernel without message queues
        mount("mqueue", dev / "mqueue", "mqueue", MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC)
    links = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
    for name, target in links.items():
        (dev / name).symlink_to(target)


def _make_proc(proc: Path, dev: Path) -> None:
    mount("proc", proc, "proc", MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC)
    for name in _PROC_WRITABLE:
        mount(proc / name, proc / name, "", MountFlag.BIND)
    for name in _PROC_READ_ONLY:
        path = proc / name
        if path.exists():
            mount(path, path, "", MountFlag.BIND | MountFlag.REC)
            mount("none", path, "", MountFlag.BIND | MountFlag.REMOUNT | MountFlag.RDONLY)
    for name in _PROC_HIDDEN:
        if (proc / name).is_file():
            mount(dev / "null", proc / name, "", MountFlag.BIND)


def _make_sys(sys_folder: Path) -> None:
    mount("sysfs", sys_folder, "sysfs", MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC)
    mount("none", sys_folder, "", MountFlag.BIND | MountFlag.REMOUNT | MountFlag.RDONLY)


def _make_cgroups_v1(folder: Path, hierarchies: Sequence[Hierarchy]) -> None:
    mount("swarmtutor", folder, "tmpfs", MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC, "mode=755")
    for hierarchy in hierarchies:
        if hierarchy.version == 2:  # an engine would take it for more than it is
            continue
        target = folder / hierarchy.folder
        target.mkdir(exist_ok=True)
        named = any(controller.startswith("name=") for controller in hierarchy.controllers)
        mount(
            "cgroup", target, "cgroup", MountFlag.NONE, ",".join((("none",) if named else ()) + hierarchy.controllers)
        )
        for controller in hierarchy.controllers:
            link = folder / controller
            if "=" not in controller and not link.exists():
                link.symlink_to(hierarchy.folder)


def _make_cgroups_v2(folder: Path) -> None:
    """One tree. Its processes must sit in a leaf before controllers can be given to the groups beside it."""
    mount("cgroup2", folder, "cgroup2", MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC)
    (folder / "init").mkdir(exist_ok=True)
    (folder / "init/cgroup.procs").write_text("0")
    deadline = time.monotonic() + 5.0
    for controller in (folder / "cgroup.controllers").read_text().split():
        while True:
            try:
                (folder / "cgroup.subtree_control").write_text(f"+{controller}")
                break
            except OSError as error:
                if error.errno != errno.EBUSY:  # this machine has it and does not hand it on
                    break
                # The process that made our namespaces is in the same group until it has ended.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.005)


def _make_foreign_cgroups(folder: Path) -> None:
    """Groups that are not ours to change: the engine's runtime finds that out by itself, and does without."""
    machine = parse_hierarchies(Path("/proc/self/mountinfo").read_text())
    if machine and machine[0].version == 1:
        _make_cgroups_v1(folder, machine)
    else:
        mount("cgroup2", folder, "cgroup2", MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC)


def _make_private_mounts(root: Path, plan: NodePlan, hierarchies: Sequence[Hierarchy]) -> None:
    empty = Path(plan.folder) / "empty"
    if plan.rootless:
        _show_as_they_are(root)
    else:
        _show_system_mounts(root, empty)
    engine = _inside(root, "var/lib/docker")
    engine.mkdir(parents=True, exist_ok=True)
    mount(Path(plan.folder) / "docker", engine, "", MountFlag.BIND)
    run, tmp, dev, proc, system = (_inside(root, name) for name in ("run", "tmp", "dev", "proc", "sys"))
    mount("swarmtutor", run, "tmpfs", MountFlag.NOSUID | MountFlag.NODEV, "mode=755")
    mount("swarmtutor", tmp, "tmpfs", MountFlag.NOSUID | MountFlag.NODEV, "mode=1777")
    # After these two, which would hide a checkout that lives in /tmp or /run.
    for folder in plan.python_folders:
        in_node = _inside(root, folder)
        if not _shown(in_node):
            if plan.rootless:
                in_node.mkdir(parents=True, exist_ok=True)
                mount(folder, in_node, "", MountFlag.BIND | MountFlag.REC)
            else:
                _show(Path(folder), in_node, empty)
    (run / "lock").mkdir()
    _make_dev(dev, rootless=plan.rootless)
    _make_proc(proc, dev)
    _make_sys(system)
    if not hierarchies:
        _make_foreign_cgroups(system / "fs/cgroup")
    elif hierarchies[0].version == 1:
        _make_cgroups_v1(system / "fs/cgroup", hierarchies)
    else:
        _make_cgroups_v2(system / "fs/cgroup")


def enter_root(plan: NodePlan, hierarchies: Sequence[Hierarchy], dockerd: str, rc_file: str) -> None:
    """Make the node's root and go there; nothing of the machine's own tree is in reach afterwards."""
    unshare(Clone.NEWNS)
    mount("none", "/", "", MountFlag.REC | MountFlag.PRIVATE)
    root = _make_overlay(plan, dockerd, rc_file)
    _make_private_mounts(root, plan, hierarchies)
    os.chdir(root)
    # The old root comes to lie upon the new one (pivot_root(2)), so that no folder is needed for it.
    pivot_root(Path(), Path())
    unmount_lazily(".")
    os.chdir("/")
