"""The files in which a node differs from the machine that hosts it, written into the upper layer of its overlay.

Nothing private of the machine is to be seen in a node, and everything that a program needs: system folders show
through from below, all others are hidden or start out empty.
"""

import json
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from tui.playground.providers.plans import NodePlan, program_environment

__all__ = ["Account", "add_account", "agent_document", "daemon_document", "fill_upper"]

# Folders at the top that show through. Any other is the machine's own affair.
_SHOWN = {"bin", "etc", "gnu", "lib", "lib32", "lib64", "libx32", "nix", "opt", "sbin", "usr"}
_EMPTY = {
    "dev": 0o755,
    "home": 0o755,
    "media": 0o755,
    "mnt": 0o755,
    "proc": 0o555,
    "root": 0o700,
    "run": 0o755,
    "srv": 0o755,
    "sys": 0o555,
    "tmp": 0o1777,
    "var": 0o755,
    "var/cache": 0o755,
    "var/lib": 0o755,
    "var/lib/docker": 0o710,
    "var/log": 0o755,
    "var/mail": 0o755,
    "var/spool": 0o755,
    "var/tmp": 0o1777,
    "etc/docker": 0o755,
    "etc/ssh": 0o755,
    "etc/swarmtutor": 0o755,
}
# Folders and files of /etc that hold secrets.
_EMPTY_IF_THERE = (
    "etc/cron.d",
    "etc/letsencrypt",
    "etc/NetworkManager",
    "etc/openvpn",
    "etc/ssl/private",
    "etc/sudoers.d",
    "etc/wireguard",
    "etc/netplan",
    "etc/systemd/network",
)
_HIDDEN_FILES = ("etc/krb5.keytab", "etc/shadow-", "etc/gshadow-", "etc/passwd-", "etc/group-", "etc/mtab")
_OPAQUE = "trusted.overlay.opaque"


@dataclass(frozen=True, slots=True)
class Account:
    """The learner's account on a node."""

    uid: int
    gid: int
    passwd: str  # the whole file
    group: str
    shadow: str


def _first_free(taken: set[int], start: int, step: int) -> int:
    while start in taken:
        start += step
    return start


def add_account(passwd: str, group: str) -> Account:
    """User and group `docker`, added to the text of /etc/passwd and /etc/group. No account gets a password."""
    users = [line.split(":") for line in passwd.splitlines() if line.count(":") >= 6]
    groups = [line.split(":") for line in group.splitlines() if line.count(":") >= 3]
    users = [user for user in users if user[0] != "docker"]
    uid = _first_free({int(user[2]) for user in users if user[2].isdigit()}, 1000, 1)
    existing = next((fields for fields in groups if fields[0] == "docker"), None)
    if existing is None:
        gid = _first_free({int(fields[2]) for fields in groups if fields[2].isdigit()}, 990, -1)
        groups.append(["docker", "x", str(gid), ""])
    else:
        gid = int(existing[2])
        existing[3] = ""
    users.append(["docker", "x", str(uid), str(gid), "Learner", "/home/docker", "/bin/bash"])
    shadow = "".join(f"{user[0]}:*:19000:0:99999:7:::\n" for user in users)
    return Account(
        uid,
        gid,
        "".join(":".join(user) + "\n" for user in users),
        "".join(":".join(fields) + "\n" for fields in groups),
        shadow,
    )


def daemon_document(plan: NodePlan) -> dict[str, object]:
    """The engine's /etc/docker/daemon.json. The mirror makes pulls look as they do online, without a network."""
    registry = f"{plan.hub}:5000"
    return {
        "registry-mirrors": [f"http://{registry}"],
        "insecure-registries": [registry],
        "userland-proxy": False,
        "storage-driver": "overlay2",
        # Without any, the engine finds out by itself that it has to do without.
        **({"exec-opts": ["native.cgroupdriver=cgroupfs"]} if plan.groups else {}),
        "shutdown-timeout": 5,
    }


def agent_document(plan: NodePlan, dockerd: str) -> dict[str, object]:
    """What process number 1 of the node keeps running."""
    plain = {key: value for key, value in program_environment().items() if not key.startswith("PYTHON")}
    argv = [dockerd]
    if not plan.groups:  # only so does it go without
        argv.append("--rootless")
        plain["XDG_RUNTIME_DIR"] = "/run"
    forwarding = {
        "name": "forwarding",
        "argv": [plan.python, "-m", "tui.playground.forwarding", "/run/docker/netns"],
        "environment": program_environment(),
        "log": "/var/log/swarmtutor-forwarding.log",
    }
    return {
        "services": [
            {
                "name": "dockerd",
                "argv": argv,
                "environment": plain,
                "log": "/var/log/docker.log",
                "stop_seconds": 8,
            },
            {
                "name": "ssh",
                "argv": [plan.python, "-m", "tui.playground.node_ssh", "/etc/swarmtutor/ssh.json"],
                "environment": program_environment(),
                "log": "/var/log/swarmtutor-ssh.log",
                "stop_seconds": 2,
            },
            *([forwarding] if plan.forwarding else []),
        ]
    }


def _write(upper: Path, name: str, text: str, mode: int = 0o644, owner: tuple[int, int] = (0, 0)) -> None:
    path = upper / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    os.chown(path, *owner)


def _make_empty(upper: Path, name: str, mode: int) -> None:
    folder = upper / name
    folder.mkdir(exist_ok=True)
    folder.chmod(mode)
    if not name.startswith("var/"):  # /var is opaque itself
        os.setxattr(folder, _OPAQUE, b"y")


def _hide(upper: Path, name: str) -> None:
    """A device file 0/0 in the upper layer makes the name vanish (overlayfs, «whiteouts»)."""
    os.mknod(upper / name, stat.S_IFCHR, os.makedev(0, 0))


def _copy_the_public(upper: Path, below: Path) -> None:
    """For a node without an overlay: a copy of /etc, and links or folders to show the other system folders in.

    Files that only root may read are left out; they are the machine's secrets.
    """
    secret = {name for name in (*_EMPTY, *_EMPTY_IF_THERE, *_HIDDEN_FILES) if name.startswith("etc/")}

    def left_out(folder: str, names: list[str]) -> set[str]:
        paths = {name: Path(folder, name) for name in names}
        return {
            name
            for name, path in paths.items()
            if str(path.relative_to(below)) in secret
            or not (path.is_symlink() or os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)))
            or not (path.is_symlink() or path.is_dir() or path.is_file())
        }

    shutil.copytree(below / "etc", upper / "etc", symlinks=True, ignore=left_out)
    for name, mode in _EMPTY.items():
        (upper / name).mkdir(exist_ok=True)
        (upper / name).chmod(mode)
    for entry in os.scandir(below):
        if entry.name in _SHOWN and not (upper / entry.name).exists():
            if entry.is_symlink():
                (upper / entry.name).symlink_to((below / entry.name).readlink())
            elif entry.is_dir():
                (upper / entry.name).mkdir()
    _link_the_moved(upper)


def _link_the_moved(upper: Path) -> None:
    for name, target in (("var/run", "/run"), ("var/lock", "/run/lock"), ("etc/mtab", "/proc/self/mounts")):
        (upper / name).unlink(missing_ok=True)
        (upper / name).symlink_to(target)


def _hide_the_private(upper: Path, below: Path) -> None:
    (upper / "etc").mkdir()
    shutil.copystat(below / "etc", upper / "etc")
    for name, mode in _EMPTY.items():
        _make_empty(upper, name, mode)
    for name in _EMPTY_IF_THERE:
        if (below / name).is_dir() and not (below / name).is_symlink():
            for parent in reversed((upper / name).relative_to(upper).parents):
                if not (upper / parent).exists():
                    (upper / parent).mkdir()
                    shutil.copystat(below / parent, upper / parent)
            _make_empty(upper, name, 0o755)
    for name in _HIDDEN_FILES:
        if os.path.lexists(below / name):
            _hide(upper, name)
    for entry in os.scandir(below):
        if entry.name not in _SHOWN and entry.name not in _EMPTY:
            _hide(upper, entry.name)
    _link_the_moved(upper)


def _fill_home(upper: Path, below: Path, plan: NodePlan, account: Account, known_hosts: str) -> None:
    owner = (account.uid, account.gid)
    home = upper / "home/docker"
    home.mkdir()
    skeleton = below / "etc/skel"
    if skeleton.is_dir():
        shutil.copytree(skeleton, home, dirs_exist_ok=True, symlinks=True)
    (home / ".ssh").mkdir(mode=0o700)
    keys = Path(plan.keys)
    _write(home, ".ssh/id_ed25519", (keys / "learner").read_text(), 0o600)
    _write(home, ".ssh/id_ed25519.pub", (keys / "learner.pub").read_text())
    _write(home, ".ssh/known_hosts", known_hosts)
    for folder, _, files in os.walk(home):
        os.chown(folder, *owner)
        for name in files:
            os.chown(Path(folder) / name, *owner, follow_symlinks=False)
    home.chmod(0o755)


def _known_hosts(plan: NodePlan) -> str:
    addresses = dict(plan.peers)
    return "".join(f"{node},{addresses[node]} {key}\n" for node, key in plan.host_keys)


def _read(path: Path, default: str = "") -> str:
    return path.read_text() if path.exists() else default


def _hosts(plan: NodePlan) -> str:
    lines = ["127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback"]
    lines += [f"{address}\t{name}" for name, address in plan.peers]
    lines.append(f"{plan.hub}\tregistry")
    return "\n".join(lines) + "\n"


def fill_upper(upper: Path, plan: NodePlan, dockerd: str, rc_file: str, below: Path = Path("/")) -> Account:
    """Write all files of the node into the empty folder `upper`, which is to lie over `below`.

    A node of somebody who is not root has no overlay: there, `upper` is its root, and system folders are shown in it.
    """
    account = add_account((below / "etc/passwd").read_text(), (below / "etc/group").read_text())
    if plan.rootless:
        _copy_the_public(upper, below)
    else:
        _hide_the_private(upper, below)
    known_hosts = _known_hosts(plan)
    _write(upper, "etc/passwd", account.passwd)
    _write(upper, "etc/group", account.group)
    _write(upper, "etc/shadow", account.shadow, 0o600)
    _write(upper, "etc/gshadow", "", 0o600)
    _write(upper, "etc/hostname", plan.node + "\n")
    _write(upper, "etc/hosts", _hosts(plan))
    _write(upper, "etc/machine-id", os.urandom(16).hex() + "\n", 0o444)
    (upper / "etc/resolv.conf").unlink(missing_ok=True)
    _write(upper, "etc/resolv.conf", f"nameserver {plan.hub}\noptions timeout:1 attempts:1\n")
    # The machine may ask a directory service, which a node could only wait for.
    _write(upper, "etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n")
    _write(upper, "etc/docker/daemon.json", json.dumps(daemon_document(plan), indent=2) + "\n")
    _write(upper, "etc/ssh/ssh_config", "Host *\n    SendEnv LANG LC_*\n")
    _write(upper, "etc/ssh/ssh_known_hosts", known_hosts)
    _fill_home(upper, below, plan, account, known_hosts)
    _fill_agent(upper, plan, dockerd, rc_file)
    if bashrc := _read(below / "etc/bash.bashrc"):
        # A bash started by hand inside a shell reports its commands too.
        hook = "\n[ -r /etc/swarmtutor/bashrc ] && . /etc/swarmtutor/bashrc\n"
        _write(upper, "etc/bash.bashrc", bashrc + hook)
    return account


def _fill_agent(upper: Path, plan: NodePlan, dockerd: str, rc_file: str) -> None:
    keys = Path(plan.keys)
    client, learner = (keys / "client.pub").read_text(), (keys / "learner.pub").read_text()
    settings = {
        "addresses": [plan.address, "127.0.0.1"],
        "port": 22,
        "host_key": "/etc/swarmtutor/ssh/host_key",
        "accounts": {
            "docker": "/etc/swarmtutor/ssh/authorized_docker",
            "root": "/etc/swarmtutor/ssh/authorized_root",
        },
        "engine_sockets": ["/var/run/docker.sock", "/run/docker.sock"],
        "rc_file": "/etc/swarmtutor/bashrc",
    }
    (upper / "etc/swarmtutor/ssh").mkdir(mode=0o700)
    _write(upper, "etc/swarmtutor/ssh.json", json.dumps(settings, indent=1))
    _write(upper, "etc/swarmtutor/ssh/host_key", (keys / plan.node).read_text(), 0o600)
    _write(upper, "etc/swarmtutor/ssh/authorized_docker", client + learner, 0o600)
    _write(upper, "etc/swarmtutor/ssh/authorized_root", client, 0o600)
    _write(upper, "etc/swarmtutor/agent.json", json.dumps(agent_document(plan, dockerd), indent=1))
    _write(upper, "etc/swarmtutor/bashrc", rc_file)
