"""The contract of a playground: three nodes, each reached over one SSH connection, and their life.

Nothing above `tui.playground` knows how a node is made: a namespace here, a container, or a host elsewhere.
"""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

__all__ = [
    "NODE_NAMES",
    "Companion",
    "Completed",
    "EngineDial",
    "Fault",
    "FaultMaker",
    "Node",
    "NodeUnreachableError",
    "Playground",
    "Progress",
    "ProgressListener",
    "ProgressState",
    "Provider",
    "Remedy",
    "Requirement",
    "SharedNode",
    "Shell",
    "WebAnswer",
]

NODE_NAMES = ("node1", "node2", "node3")


class NodeUnreachableError(Exception):
    """The node does not answer: powered off, cut off, or its SSH server is gone. The text says which, if known."""


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended: its exit status (negative: killed by that signal) and what it wrote."""

    exit_status: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """The answer to one GET request made from inside the playground's network.

    `status` is 0 where no HTTP answer came; then `error` says why. `served_by` is the answer's `X-Served-By`
    header (the container that answered; empty where it has none), `seconds` the time the request took.
    """

    status: int
    body: str = ""
    served_by: str = ""
    error: str = ""
    seconds: float = 0.0


EngineDial = Callable[[], socket.socket]
"""Opens one connection to a node's engine. Blocks: call it in another thread than the event loop's.

Raises ConnectionError when nobody answers there now, TimeoutError after some seconds of silence.
"""


class Shell(Protocol):
    """One interactive login shell on a node, behind a PTY."""

    async def read(self, limit: int = 16_384) -> bytes:
        """The next bytes that the shell wrote; empty at its end. Not reading is the back-pressure."""
        ...

    def write(self, data: bytes) -> None:
        """Send keystrokes. Silently dropped once the shell has ended."""
        ...

    def resize(self, columns: int, rows: int) -> None:
        """Tell the PTY its new size in cells."""
        ...

    async def close(self) -> None:
        """End the shell (SIGHUP, as when a terminal window closes)."""
        ...


class Node(Protocol):
    """A machine of the playground, reached over one SSH connection that is re-made by itself when it breaks."""

    @property
    def name(self) -> str:
        """node1, node2 or node3."""
        ...

    @property
    def address(self) -> str:
        """The node's own IPv4 address on the playground's network."""
        ...

    async def run(self, command: str, *, stdin: bytes = b"", timeout: float = 60.0, as_root: bool = False) -> Completed:
        """Run a shell command without a terminal. Raises NodeUnreachableError; TimeoutError after `timeout` s."""
        ...

    async def open_shell(self, columns: int, rows: int) -> Shell:
        """Open a login shell of user `docker`. Raises NodeUnreachableError."""
        ...

    async def engine_dial(self) -> EngineDial:
        """What opens connections to the node's engine; it stays the same, and good, across reconnects.

        Raises NodeUnreachableError when the node cannot be reached now.
        """
        ...

    async def fetch(self, port: int, path: str = "/", *, timeout: float = 3.0) -> WebAnswer:
        """GET http://<address>:<port><path>, connecting from the node itself (direct-tcpip). Never raises."""
        ...

    async def close(self) -> None:
        """Close the connection and what runs over it."""
        ...


@runtime_checkable
class SharedNode(Protocol):
    """A node on a machine that serves others too: not every container there is the lesson's."""

    @property
    def foreign(self) -> frozenset[str]:
        """The ids of the containers that were there before the playground was."""
        ...


class Playground(Protocol):
    """Three nodes that are up. Closing it closes the connections; the machines go on running."""

    @property
    def name(self) -> str:
        """The playground's name: `lab` unless the person chose another."""
        ...

    @property
    def provider(self) -> str:
        """The provider's name, such as `namespaces`."""
        ...

    @property
    def nodes(self) -> Sequence[Node]:
        """node1, node2 and node3, in this order."""
        ...

    def node(self, name: str) -> Node:
        """The node of that name. Raises KeyError."""
        ...

    @property
    def mesh(self) -> str:
        """What carries published ports: `ipvs`, or `nftables` for the stand-in on kernels without IPVS."""
        ...

    async def close(self) -> None:
        """Close the connections of all nodes."""
        ...


class ProgressState(StrEnum):
    """Where a phase of work stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """One line of progress: what is happening now, and how long it took once done."""

    phase: str  # a few words that stay the same for a phase: "three engines", "images"
    state: ProgressState
    detail: str = ""
    seconds: float = 0.0


ProgressListener = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a program can do on this machine, as root, about something that is missing.

    `packages` are Debian's names; of several with `|` between them, the first that the distribution has. `modules` are
    of the kernel. `settings` are names and values of sysctl(8).
    """

    packages: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.packages or self.modules or self.settings)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a provider needs, whether it was found, and how to get it if not.

    `mend` is a sentence for the person; `remedy` what a program can do of it (empty: nothing). A requirement that is
    met may have a remedy too: it works, and would work better so.
    """

    what: str
    met: bool
    found: str
    mend: str = ""
    remedy: Remedy = Remedy()


@dataclass(frozen=True, slots=True)
class Companion:
    """A process of ours that lives and dies with the playground, restarted when it ends (the mesh stand-in).

    `mesh`: start it only where published ports are carried so (see `Playground.mesh`); empty: always.
    """

    name: str
    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = field(default=())
    mesh: str = ""


class Fault(StrEnum):
    """What can happen to a node, each with its undo: power off and on, network cut and restored, pause and resume."""

    POWER_OFF = "power-off"
    POWER_ON = "power-on"
    CUT_NETWORK = "cut-network"
    RESTORE_NETWORK = "restore-network"
    PAUSE = "pause"
    RESUME = "resume"

    @property
    def undo(self) -> "Fault":
        """What takes it back."""
        pairs = ((Fault.POWER_OFF, Fault.POWER_ON), (Fault.CUT_NETWORK, Fault.RESTORE_NETWORK))
        for one, other in (*pairs, (Fault.PAUSE, Fault.RESUME)):
            if self in (one, other):
                return other if self is one else one
        raise AssertionError(self)

    @property
    def state(self) -> str:
        """How a node is that it happened to, in words; empty for an undo, after which it is as before."""
        words = {Fault.POWER_OFF: "powered off", Fault.CUT_NETWORK: "cut off", Fault.PAUSE: "paused"}
        return words.get(self, "")


class Provider(Protocol):
    """How machines are made. One small protocol, one implementation for each kind of playground."""

    @property
    def name(self) -> str:
        """`namespaces`, `containers` or `hosts`."""
        ...

    def requirements(self) -> Sequence[Requirement]:
        """What this provider needs on this machine, and what was found. Changes nothing."""
        ...

    async def up(self, name: str, listener: ProgressListener, companions: Sequence[Companion] = ()) -> None:
        """Make the playground. Raises UserError (BUSY) if it is up already, UserError with the reason if it fails.

        Whatever was made is removed again when it fails or is cancelled.
        """
        ...

    async def down(self, name: str, listener: ProgressListener) -> None:
        """Remove the playground and every trace of it, also one that a crash left half made. Idempotent."""
        ...

    async def reset(self, name: str, nodes: Sequence[str], listener: ProgressListener) -> None:
        """Replace the named nodes by fresh ones with the same names and addresses."""
        ...


@runtime_checkable
class FaultMaker(Protocol):
    """A provider that owns its nodes, so that it may break them. Any other refuses every fault."""

    async def fault(self, name: str, node: str, fault: Fault, listener: ProgressListener) -> str:
        """Let the fault happen to the node; returns what is so now, in one sentence. Idempotent.

        Raises UserError: NOT_FOUND for an unknown playground or node, FAILED where it makes no sense (nothing that is
        off can be paused), BROKEN when a node does not come on again; it is off then.
        """
        ...
