"""The keys of a playground of containers, made without any program of the system's."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from tui.playground.model import NODE_NAMES

if TYPE_CHECKING:
    from asyncssh import SSHKey

__all__ = ["make_key_pairs", "public_key", "read_keys"]


class _Asyncssh(Protocol):
    """What is used of the module, with the types that it leaves open."""

    def generate_private_key(self, alg_name: str, *, comment: str) -> "SSHKey": ...


def make_key_pairs(folder: Path) -> None:
    """Make the keys in `folder`: ours, the learner's, and each node's host key. Those that are there stay."""
    import asyncssh

    generate = cast("_Asyncssh", asyncssh).generate_private_key
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name in ("client", "learner", *NODE_NAMES):
        private = folder / name
        if not private.exists():
            key = generate("ssh-ed25519", comment=f"swarmtutor-{name}")
            private.touch(mode=0o600)
            private.write_bytes(key.export_private_key())
            (folder / f"{name}.pub").write_bytes(key.export_public_key())


def public_key(folder: Path, name: str) -> str:
    """A public key: type and key, without the comment."""
    return " ".join((folder / f"{name}.pub").read_text().split()[:2])


def read_keys(folder: Path) -> Mapping[str, str]:
    """File name to text, of all keys."""
    return {path.name: path.read_text() for path in folder.iterdir()}
