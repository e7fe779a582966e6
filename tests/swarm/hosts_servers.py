"""Real OpenSSH servers in the nodes of a playground, which so serve as machines of somebody's own."""

import asyncio
import shlex
import shutil
import subprocess
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.swarm.swarm_steps import done
from tui.playground.card import Card, Host
from tui.playground.model import NODE_NAMES, Node

__all__ = ["PORT", "Servers", "openssh_servers", "revive", "silence"]

PORT = 2222
_FOLDER = "/etc/swarmtutor-test"
_CONFIG = f"""\
Port {PORT}
HostKey {_FOLDER}/host_key
AuthorizedKeysFile {_FOLDER}/authorized_%u
PidFile {_FOLDER}/pid
StrictModes no
UsePAM no
PasswordAuthentication no
"""
_START = f"""\
set -e
mkdir -p /run/sshd {_FOLDER}
cat >{_FOLDER}/config
[ -e {_FOLDER}/host_key ] || ssh-keygen -q -t ed25519 -N '' -f {_FOLDER}/host_key
id guest >/dev/null 2>&1 || useradd --no-create-home --home-dir /tmp --shell /bin/bash --password '*' guest
"$(command -v sshd || echo /usr/sbin/sshd)" -f {_FOLDER}/config
"""
_STOP = f"""\
pkill -x sshd
userdel guest 2>/dev/null
rm -rf {_FOLDER}
true
"""


@dataclass(frozen=True)
class Servers:
    """The servers: on which nodes, which key opens them (accounts `docker` and `guest`), and their fingerprints."""

    nodes: Sequence[Node]
    key: Path
    fingerprints: dict[str, str]  # by the name of the node that serves

    def card(self, order: Sequence[str] = NODE_NAMES, *, user: str = "docker", vouched: bool = True) -> Card:
        """A card: node1 is the first of `order`, and so on. `vouched`: the card names the host keys."""
        addresses = {node.name: node.address for node in self.nodes}
        return Card(
            tuple(
                Host(
                    name,
                    addresses[serving],
                    user,
                    PORT,
                    identity=str(self.key),
                    host_key=self.fingerprints[serving] if vouched else "",
                )
                for name, serving in zip(NODE_NAMES, order, strict=True)
            )
        )


async def revive(node: Node) -> None:
    """Start the server of a node, with the host key that it had."""
    await node.run(f"sh -c {shlex.quote(_START)}", stdin=_CONFIG.encode(), timeout=90, as_root=True)


async def silence(node: Node) -> None:
    """End the server of a node and every session of it, as when the machine dies."""
    await done(node, "pkill -KILL -x sshd; while pgrep -x sshd; do sleep 0.1; done", as_root=True)


@asynccontextmanager
async def openssh_servers(nodes: Sequence[Node], folder: Path) -> AsyncGenerator[Servers]:
    """Start one on each node; end them and remove their traces afterwards. Skips where OpenSSH is not installed."""
    if shutil.which("sshd", path="/usr/sbin:/usr/local/sbin") is None:
        pytest.skip("openssh-server is not installed")
    key = folder / "key"
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    await asyncio.to_thread(subprocess.run, words, check=True, timeout=90)
    public = key.with_suffix(".pub").read_bytes()
    fingerprints: dict[str, str] = {}
    try:
        for node in nodes:
            for account in ("docker", "guest"):
                target = f"{_FOLDER}/authorized_{account}"
                ended = await node.run(f"mkdir -p {_FOLDER}; cat >{target}", stdin=public, as_root=True)
                assert ended.exit_status == 0, ended
            await revive(node)
            told = await done(node, f"ssh-keygen -lf {_FOLDER}/host_key.pub", as_root=True)
            fingerprints[node.name] = told.split()[1]
        yield Servers(nodes, key, fingerprints)
    finally:
        for node in nodes:
            await node.run(_STOP, timeout=90, as_root=True)
