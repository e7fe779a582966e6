"""The keys of a playground: a host key for each node, one for us, one for the learner's way from node to node."""

import subprocess
from pathlib import Path

from tui.playground.model import NODE_NAMES
from tui.playground.providers.tools import find_tool

__all__ = ["host_key_of", "make_keys"]

_SECONDS = 20.0


def make_keys(folder: Path) -> None:
    """Make the keys in `folder`; those that are there stay. Blocks for some milliseconds."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    program = find_tool("ssh-keygen", "openssh-client")
    running: list[subprocess.Popen[bytes]] = []
    for name in ("client", "learner", *NODE_NAMES):
        if not (folder / name).exists():
            argv = [program, "-q", "-t", "ed25519", "-N", "", "-C", f"swarmtutor-{name}", "-f", str(folder / name)]
            running.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
    for process in running:
        if process.wait(_SECONDS) != 0:
            raise OSError(f"ssh-keygen ended with {process.returncode}")


def host_key_of(folder: Path, node: str) -> str:
    """A node's public host key: type and key, without the comment."""
    return " ".join((folder / f"{node}.pub").read_text().split()[:2])
