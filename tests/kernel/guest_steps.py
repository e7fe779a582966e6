"""How the tests on the other kernel do and see things, in their own time: pytest -p tests.kernel.guest_steps …"""

import asyncio
import re
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path

import pytest

from tui.playground.connection import SshNode
from tui.playground.model import Completed, Node, NodeUnreachableError, WebAnswer
from tui.playground.playground import SshPlayground, open_playground
from tui.swarm.build import SwarmRows
from tui.swarm.engine_client import EngineClient, EngineError

NAME = "other"
PATIENCE = 400.0
"""Seconds within which anything is done here: a `docker` command takes some of them on this kernel."""


def tutor(*words: str, within: float = PATIENCE, may_fail: bool = False) -> str:
    """Run `swarmtutor`, which must succeed, and pass on what it says."""
    argv = [sys.executable, "-m", "tui", *words]
    said: list[str] = []
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        deadline = threading.Timer(within, process.kill)
        deadline.start()
        for line in process.stdout:
            said.append(line)
            say(line.rstrip())
        ended = process.wait()
        deadline.cancel()
    assert may_fail or ended == 0, "".join(said)
    return "".join(said)


@pytest.fixture(scope="session", autouse=True)
def patience() -> Generator[None]:
    """What counts as silence elsewhere may be a node that works here."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_CONNECT_SECONDS", "_LOGIN_SECONDS", "_KEEPALIVE_SECONDS"):
            patch.setattr(f"tui.playground.link.{name}", 20.0)
        patch.setattr("tui.playground.engine_line._OPEN_SECONDS", 60.0)
        fetch, run = SshNode.fetch, SshNode.run

        async def fetch_patiently(node: SshNode, port: int, path: str = "/", *, timeout: float = 3.0) -> WebAnswer:
            return await fetch(node, port, path, timeout=10 * timeout)

        async def run_patiently(
            node: SshNode, command: str, *, stdin: bytes = b"", timeout: float = 10.0, as_root: bool = False
        ) -> Completed:
            return await run(node, command, stdin=stdin, timeout=max(timeout, 120.0), as_root=as_root)

        patch.setattr(SshNode, "fetch", fetch_patiently)
        patch.setattr(SshNode, "run", run_patiently)
        yield


def say(text: str) -> None:
    sys.stdout.write(f"{time.monotonic():5.0f} s  {text}\n")
    sys.stdout.flush()


async def run(node: Node, command: str, *, as_root: bool = False) -> Completed:
    """Run a command on a node, which has the time that it needs to let us in."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return await node.run(command, timeout=PATIENCE, as_root=as_root)
        except NodeUnreachableError as error:
            if "does not answer" not in str(error) or time.monotonic() > deadline:
                raise
        await asyncio.sleep(1.0)


async def done(node: Node, command: str, *, as_root: bool = False) -> str:
    completed = await run(node, command, as_root=as_root)
    assert completed.exit_status == 0, completed
    return completed.stdout.strip()


async def until(what: str, condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not await condition():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE:g} s"
        await asyncio.sleep(2.0)
    say(what)


def _output(*argv: str) -> list[str]:
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()


def _processes() -> set[str]:
    """Command lines of all processes but this look itself and those of the kernel, of which one is no thread of it."""
    listed = _output("ps", "-eo", "args=")
    return {line for line in listed if line[0] != "[" and not re.search(r"^ps |pytest|^bpfilter_umh", line)}


def machine() -> dict[str, set[str]]:
    """What a playground could leave behind, by its kind."""
    mounted = {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    return {
        "processes": _processes(),
        # The command `ip` mounts this folder upon itself when it makes the first namespace, and leaves it so.
        "mounts": mounted - {"/run/netns"},
        "links": {path.name for path in Path("/sys/class/net").iterdir()},
        "namespaces": set(_output("ip", "netns")),
        "groups": {str(path) for path in Path("/sys/fs/cgroup").glob("**/") if "swarmtutor" in str(path)},
        "rules": {line for line in _output("iptables-save") if line.startswith("-A") or " - [" in line},
        "files": {str(path) for top in ("/var/lib/swarmtutor", "/run/swarmtutor") for path in Path(top).glob("*")},
    }


@pytest.fixture(scope="module")
def made() -> Generator[dict[str, set[str]]]:
    """The playground is up; the value is how the machine was before it."""
    before = machine()
    tutor("up", "--name", NAME)
    yield before
    tutor("down", "--name", NAME)


@pytest.fixture
async def playground(made: object) -> AsyncGenerator[SshPlayground]:
    opened = await open_playground(NAME)
    try:
        yield opened
    finally:
        await opened.close()


async def swarm(node: Node) -> SwarmRows:
    """What a manager says of its swarm. Asked without the command `docker`, which takes seconds to start here."""
    deadline = time.monotonic() + PATIENCE
    while True:
        client = EngineClient(await node.engine_dial(), deadline=PATIENCE)
        try:
            return await asyncio.to_thread(client.swarm, with_tokens=False)
        except EngineError:
            if time.monotonic() > deadline:
                raise
        finally:
            client.close()
        await asyncio.sleep(1.0)


async def homes(node: Node) -> list[str]:
    """The names of the nodes on which tasks run."""
    rows = await swarm(node)
    names = {each.id: each.hostname for each in rows.nodes}
    return [names[task.node_id] for task in rows.tasks if (task.desired, task.state) == ("running", "running")]


async def answers(node: Node, times: int) -> set[str]:
    """Which replicas answer on a node's published port. A request that fails is none of them."""
    return {(await node.fetch(5000)).served_by for _ in range(times)} - {""}


async def served(playground: SshPlayground, replicas: int, *nodes: str) -> None:
    """Wait until so many replicas run, and each answers through each of the nodes."""

    async def all_run() -> bool:
        return len(await homes(playground.node("node1"))) == replicas

    await until(f"{replicas} of pets run", all_run)
    for name in nodes:

        async def all_answer(name: str = name) -> bool:
            heard = await answers(playground.node(name), replicas + 1)
            return len(heard) == replicas

        await until(f"{replicas} of pets answer on {name}", all_answer)
