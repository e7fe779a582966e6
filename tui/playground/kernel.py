"""The few system calls that Python's library lacks: namespaces, mounts, capabilities. Linux only."""

import ctypes
import os
from enum import IntFlag
from functools import cache
from pathlib import Path

__all__ = [
    "Clone",
    "MountFlag",
    "drop_bounding_capability",
    "in_user_namespace",
    "mount",
    "pivot_root",
    "set_namespace",
    "unmount_lazily",
    "unshare",
]


class Clone(IntFlag):
    """Kinds of namespaces (clone(2))."""

    NEWNS = 0x00020000
    NEWCGROUP = 0x02000000
    NEWUTS = 0x04000000
    NEWIPC = 0x08000000
    NEWPID = 0x20000000
    NEWNET = 0x40000000


class MountFlag(IntFlag):
    """Flags of mount(2)."""

    NONE = 0
    RDONLY = 1
    NOSUID = 2
    NODEV = 4
    NOEXEC = 8
    REMOUNT = 32
    BIND = 4096
    REC = 16384
    PRIVATE = 1 << 18
    SLAVE = 1 << 19


def in_user_namespace(uid_map: str | None = None) -> bool:
    """Whether root here is not the machine's own (user_namespaces(7)). `uid_map`: the text of /proc/self/uid_map."""
    try:
        text = Path("/proc/self/uid_map").read_text() if uid_map is None else uid_map
    except OSError:
        return False
    return text.split() != ["0", "0", str(2**32 - 1)]


_MNT_DETACH = 2
_PR_CAPBSET_DROP = 24
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "armv7l": 218, "riscv64": 41, "ppc64le": 203, "s390x": 217}


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{os.strerror(error)} ({what})")


def unshare(kinds: Clone) -> None:
    """Give this process new namespaces of these kinds (of NEWPID: its children to come)."""
    _check(_libc().unshare(ctypes.c_int(kinds)), f"unshare {kinds!r}")


def set_namespace(path: Path, kind: Clone) -> None:
    """Enter the namespace that the file names."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc().setns(ctypes.c_int(descriptor), ctypes.c_int(kind)), f"setns {path}")
    finally:
        os.close(descriptor)


def mount(
    source: str | Path,
    target: str | Path,
    kind: str = "",
    flags: MountFlag = MountFlag.NONE,
    options: str = "",
) -> None:
    """mount(2). Raises OSError naming the target."""
    result = _libc().mount(
        str(source).encode(),
        str(target).encode(),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _check(result, f"mount {kind or source} on {target}")


def unmount_lazily(target: str | Path) -> None:
    """Take a mount and all below it out of sight at once; it goes when its last user does."""
    _check(_libc().umount2(str(target).encode(), ctypes.c_int(_MNT_DETACH)), f"umount {target}")


def pivot_root(new_root: Path, put_old: Path) -> None:
    """Make `new_root` (a mount point) the root of this mount namespace; the old one appears at `put_old`."""
    machine = os.uname().machine
    number = _PIVOT_ROOT.get(machine)
    if number is None:
        raise OSError(f"pivot_root is not known on {machine}")
    result = _libc().syscall(ctypes.c_long(number), str(new_root).encode(), str(put_old).encode())
    _check(result, f"pivot_root {new_root}")


def drop_bounding_capability(number: int) -> None:
    """Take a capability (capabilities(7)) out of reach of this process's programs to come, for good.

    One that is out of reach already, or that this kernel does not know, is no error.
    """
    _libc().prctl(ctypes.c_int(_PR_CAPBSET_DROP), ctypes.c_ulong(number), 0, 0, 0)
