"""What is written down about a playground, so that every program, also after a crash, finds its parts.

The names of everything outside the state directory (network namespaces, links, cgroups) follow from the
playground's name alone: a record that was never written or got lost does not hide them.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

from tui.errors import ExitCode, UserError
from tui.paths import runtime_dir, state_dir
from tui.playground.model import NODE_NAMES

__all__ = [
    "NodeRecord",
    "PlaygroundPaths",
    "PlaygroundRecord",
    "RecordState",
    "check_name",
    "identity",
    "known_names",
    "load_record",
    "save_record",
]

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?")

RecordState = str  # "making" until every engine has answered once, then "up"


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """How to reach one node: where its SSH server listens, and the host key that proves it is this node."""

    name: str
    address: str
    port: int
    host_key: str  # one public key in OpenSSH form, without a comment
    host: str = ""  # where its SSH server is reached from this machine, if not at the node's own address

    @property
    def reached_at(self) -> str:
        """The address to connect to from this machine."""
        return self.host or self.address


@dataclass(frozen=True, slots=True)
class PlaygroundRecord:
    """All that a client needs to know of a playground."""

    name: str
    provider: str
    state: RecordState
    subnet: str  # the network of the nodes, as 10.77.0.0/24
    hub: str  # address of the registry and the name server
    nodes: tuple[NodeRecord, ...]
    mesh: str  # what carries published ports: ipvs or nftables

    def with_state(self, state: RecordState) -> "PlaygroundRecord":
        """The same record in another state."""
        return replace(self, state=state)


@dataclass(frozen=True, slots=True)
class PlaygroundPaths:
    """The files of one playground."""

    root: Path
    runtime: Path

    @staticmethod
    def of(name: str) -> "PlaygroundPaths":
        """The paths of the playground of that name, whether it exists or not."""
        return PlaygroundPaths(state_dir() / "playgrounds" / name, runtime_dir() / name)

    @property
    def record(self) -> Path:
        """The record, as JSON."""
        return self.root / "playground.json"

    @property
    def client_key(self) -> Path:
        """The private key that opens every account of every node. Mode 0600."""
        return self.root / "keys" / "client"

    @property
    def keys(self) -> Path:
        """The folder of the keys."""
        return self.root / "keys"

    @property
    def logs(self) -> Path:
        """The folder of the logs, a file for each process that we keep running."""
        return self.root / "logs"

    @property
    def lock(self) -> Path:
        """Held by whoever makes, changes or removes this playground."""
        return self.runtime.with_name(self.runtime.name + ".lock")

    def node(self, node: str) -> Path:
        """The folder of one node's files."""
        return self.root / "nodes" / node

    def log(self, process: str) -> Path:
        """The log of one process."""
        return self.logs / f"{process}.log"


def check_name(name: str) -> str:
    """Return the name if it can name a playground. Raises UserError otherwise."""
    if not _NAME.fullmatch(name):
        raise UserError(
            f"“{name}” cannot name a playground.",
            "A name has 1 to 24 lower-case letters, digits and dashes, and neither starts nor ends with a dash.",
            exit_code=ExitCode.USAGE,
        )
    return name


def identity(name: str) -> str:
    """The playground's name on this machine, in namespaces and cgroups: `swarmtutor-<name>`.

    Another state directory than the usual one adds a few letters: two of them may hold playgrounds of one name.
    """
    if "SWARMTUTOR_STATE" not in os.environ:
        return f"swarmtutor-{name}"
    digest = hashlib.sha256(str(state_dir().resolve()).encode()).hexdigest()
    return f"swarmtutor-{name}-{digest[:4]}"


def save_record(record: PlaygroundRecord) -> None:
    """Write the record down in one piece: a reader sees the old one or the new one."""
    path = PlaygroundPaths.of(record.name).record
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(record), indent=1) + "\n")
    fresh.replace(path)


def _parse(data: Mapping[str, Any]) -> PlaygroundRecord:
    fields = dict(data)
    nodes = tuple(NodeRecord(**node) for node in cast("list[dict[str, Any]]", fields.pop("nodes")))
    if [node.name for node in nodes] != list(NODE_NAMES):
        raise ValueError("not three nodes")
    return PlaygroundRecord(nodes=nodes, **fields)


def load_record(name: str) -> PlaygroundRecord | None:
    """The record of a playground; None where there is none. Raises UserError (BROKEN) for a damaged one."""
    path = PlaygroundPaths.of(name).record
    try:
        text = path.read_text()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return _parse(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"The record of playground “{name}” is damaged: {path}",
            f"Remove the playground and make it anew: swarmtutor down --name {name}",
            exit_code=ExitCode.BROKEN,
        ) from error


def known_names() -> list[str]:
    """The names of all playgrounds that left a folder in the state directory, half made ones too."""
    folder = state_dir() / "playgrounds"
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
