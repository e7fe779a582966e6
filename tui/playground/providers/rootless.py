"""What the namespaces provider needs of a machine where the person is not root.

Everything that makes a swarm was found to work in a user namespace: networks between the nodes (vxlan), firewall
rules, overlay2 with its marks in the `user.` namespace of extended attributes (Linux 5.11), several engines beside one
another. What is missing is control groups, unless they are given to the person: nothing then limits a node's memory,
and a node cannot be paused.
"""

import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tui.playground.model import Remedy, Requirement
from tui.playground.providers.tools import look_up

__all__ = ["IDS_NEEDED", "WITHOUT_GROUPS", "rootless_requirements", "subordinate_ids", "why_not_allowed"]

IDS_NEEDED = 65_535
"""User and group ids that a node's accounts and its containers' accounts are numbered with, beside the person's own."""

WITHOUT_GROUPS = "not ours: memory is not limited, and a node cannot be paused"

_OLDEST_KERNEL = (5, 11)
_PROBE_SECONDS = 5.0
_AS_ROOT = "Or run it as root: sudo swarmtutor …"


def subordinate_ids(text: str, user: str, uid: int) -> int:
    """How many ids the text of /etc/subuid or /etc/subgid gives to a person (subuid(5))."""
    rows = [line.split(":") for line in text.splitlines()]
    return sum(int(row[2]) for row in rows if len(row) == 3 and row[0] in (user, str(uid)) and row[2].isdigit())


def why_not_allowed(settings: dict[str, str]) -> tuple[str, str]:
    """Why user namespaces cannot be made, and the mend, by the values of sysctl(8); empty if nothing says so."""
    forbidding = {
        "kernel.unprivileged_userns_clone": ("0", "1"),
        "kernel.apparmor_restrict_unprivileged_userns": ("1", "0"),
        "user.max_user_namespaces": ("0", "10000"),
    }
    for name, (forbids, allows) in forbidding.items():
        if settings.get(name) == forbids:
            return f"forbidden by {name}={forbids}", f"sudo sysctl -w {name}={allows}"
    return "", ""


def _settings() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in (
        "kernel.unprivileged_userns_clone",
        "kernel.apparmor_restrict_unprivileged_userns",
        "user.max_user_namespaces",
    ):
        path = Path("/proc/sys", *name.split("."))
        try:
            found[name] = path.read_text().strip()
        except OSError:
            continue
    return found


def _user_name() -> str:
    import pwd  # only where there are such users

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _namespaces_allowed() -> Requirement:
    """Asks the kernel: there are more ways to forbid it than there are settings to read."""
    reason, mend = why_not_allowed(_settings())
    unshare = look_up("unshare")
    allowed = False
    if unshare is not None and not reason:
        try:
            probe = subprocess.run(
                [unshare, "--user", "--map-root-user", "--net", "--mount", "ip", "link", "set", "lo", "up"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=_PROBE_SECONDS,
                env={"PATH": "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"},
                check=False,
            )
            allowed = probe.returncode == 0
            reason = probe.stderr.decode(errors="replace").strip()[-200:]
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = str(error)
    return Requirement(
        "user namespaces, as you are not root",
        allowed,
        "allowed" if allowed else reason or "unshare is not installed",
        f"{mend}. {_AS_ROOT}" if mend else _AS_ROOT,
    )


def _ids() -> Requirement:
    user = _user_name()
    counts: list[int] = []
    for name in ("/etc/subuid", "/etc/subgid"):
        try:
            counts.append(subordinate_ids(Path(name).read_text(), user, os.getuid()))
        except OSError:
            counts.append(0)
    least = min(counts)
    return Requirement(
        "ids for the accounts on nodes",
        least >= IDS_NEEDED,
        f"{least} in /etc/subuid and /etc/subgid",
        f"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}. {_AS_ROOT}",
    )


def _uidmap() -> Requirement:
    path = look_up("newuidmap")
    return Requirement(
        "the program newuidmap",
        path is not None,
        path or "not installed",
        "apt-get install --no-install-recommends uidmap",
        Remedy() if path else Remedy(packages=("uidmap",)),
    )


def _kernel() -> Requirement:
    release = platform.release()
    numbers = tuple(int(part) for part in release.split("-")[0].split(".")[:2] if part.isdigit())
    return Requirement(
        "Linux 5.11 or newer, for engines that are not root's",
        numbers >= _OLDEST_KERNEL,
        release,
        "Run it as root: sudo swarmtutor …",
    )


def rootless_requirements() -> Sequence[Requirement]:
    """What takes the place of being root, and what was found. Changes nothing."""
    return [
        _kernel(),
        _namespaces_allowed(),
        _uidmap(),
        _ids(),
        Requirement("control groups", True, WITHOUT_GROUPS),
    ]
