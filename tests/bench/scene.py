"""Where it is measured: a playground of the bench's own, removed afterwards, and the programs that run on it."""

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from tests.bench.stats import CannotMeasureError
from tui.playground.model import Node, Playground, Progress
from tui.playground.playground import SshPlayground, list_playgrounds, open_playground
from tui.playground.providers import cgroups
from tui.playground.providers.namespaces import NamespacesProvider
from tui.playground.record import identity
from tui.tutor.nodes import make_nodes

__all__ = [
    "PATIENCE",
    "command",
    "done",
    "engine_socket",
    "form_swarm",
    "ignore_progress",
    "nodes_up",
    "on_nodes",
    "own_name",
    "remove",
    "require_nodes",
]

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds within which anything that is waited for happens, or the figure cannot be measured."""


def ignore_progress(progress: Progress) -> None:
    """A listener that does nothing."""


def command() -> list[str]:
    """How the program is started by a person: the installed command, or the package where there is none."""
    installed = Path(sys.executable).with_name("swarmtutor")
    return [str(installed)] if installed.exists() else [sys.executable, "-m", "tui"]


def require_nodes() -> None:
    """Raises CannotMeasureError where no playground can be made."""
    missing = [f"{need.what} ({need.found})" for need in NamespacesProvider().requirements() if not need.met]
    if missing:
        raise CannotMeasureError(f"no nodes can be made here; missing: {', '.join(missing)}")


def own_name(suffix: str) -> str:
    """The name of a playground of this run."""
    return f"bn-{os.getpid()}{suffix}"


def remove(name: str) -> None:
    """Remove a playground, whatever is left of it."""
    asyncio.run(NamespacesProvider().down(name, ignore_progress))


def _remove_stale() -> None:
    """Playgrounds of runs that were killed."""
    for name in list_playgrounds():
        match = re.fullmatch(r"bn-(\d+)[a-z]*", name)
        if match and not Path(f"/proc/{match[1]}").exists():
            remove(name)


@contextmanager
def nodes_up(suffix: str) -> Generator[str]:
    """The name of a fresh playground, mesh included; it is removed afterwards. Raises CannotMeasureError."""
    require_nodes()
    _remove_stale()
    name = own_name(suffix)
    try:
        asyncio.run(make_nodes(name, ignore_progress))
        yield name
    finally:
        remove(name)


def on_nodes(name: str, work: Callable[[SshPlayground], Awaitable[T]]) -> T:
    """Run something with connections to the nodes."""

    async def run() -> T:
        playground = await open_playground(name)
        try:
            return await work(playground)
        finally:
            await playground.close()

    return asyncio.run(run())


async def done(node: Node, line: str) -> str:
    """Run a command that must succeed; what it printed."""
    completed = await node.run(line, timeout=PATIENCE)
    if completed.exit_status:
        raise CannotMeasureError(f"{node.name}: «{line}»: {completed.stderr.strip() or completed.stdout.strip()}")
    return completed.stdout.strip()


async def form_swarm(playground: Playground) -> None:
    """node1 manages, node2 and node3 work."""
    first, *others = playground.nodes
    await done(first, "docker swarm init")
    token = await done(first, "docker swarm join-token -q worker")
    await asyncio.gather(*(done(node, f"docker swarm join --token {token} {first.address}:2377") for node in others))


def engine_socket(name: str, node: str) -> Path:
    """The node's own engine socket, seen from this machine: no SSH between."""
    group = f"{identity(name)}/{node}"
    for process in (Path(f"/proc/{pid}") for pid in cgroups.processes(cgroups.read_hierarchies(), group)):
        with suppress(OSError):  # it has ended
            path = process / "root/run/docker.sock"
            if (process / "comm").read_text() == "dockerd\n" and path.exists():
                return path
    raise CannotMeasureError(f"the engine of {node} has no socket")
