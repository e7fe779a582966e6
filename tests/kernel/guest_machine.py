"""What is done and looked at on the kernel under test, in this order. Not for any other machine: see test_kernels.py.

A test whose name ends with `everywhere` is done on odd machines as well.
"""

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path

import pytest

from tui.playground.model import Completed, Node, NodeUnreachableError
from tui.playground.playground import SshPlayground, open_playground
from tui.swarm.build import SwarmRows
from tui.swarm.engine_client import EngineClient, EngineError

NAME = "other"
PATIENCE = 400.0
"""Seconds within which anything is done here: a `docker` command takes some of them on this kernel."""

# The health check of these would take most of what this kernel can do.
PETS = "docker service create -d --no-healthcheck --name pets --stop-grace-period 1s -p 5000:5000 swarmtutor/pets:1.0"


def tutor(*words: str, within: float = PATIENCE, may_fail: bool = False) -> str:
    """Run `swarmtutor`, which must succeed, and pass on what it says."""
    argv = [sys.executable, "-m", "tui", *words]
    said: list[str] = []
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            say(line.rstrip())
        ended = process.wait(within)
    assert may_fail or ended == 0, "".join(said)
    return "".join(said)


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
    return {(await node.fetch(5000, timeout=20.0)).served_by for _ in range(times)} - {""}


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


async def test_the_kernel_carries_published_ports_everywhere(playground: SshPlayground) -> None:
    assert playground.mesh == "ipvs"
    # An engine that does not answer within seconds counts as broken there; on this kernel a busy one does not.
    assert "published ports: ipvs" in tutor("status", may_fail=True)


async def test_a_container_runs_everywhere(playground: SshPlayground) -> None:
    said = await done(playground.node("node1"), "docker run --rm swarmtutor/shell:1.0 echo it runs")
    assert said == "it runs"


async def test_no_disk_can_be_opened_everywhere(playground: SshPlayground) -> None:
    command = "mknod /var/tmp/disk b 98 0; head -c1 /var/tmp/disk"
    ended = await run(playground.node("node1"), command, as_root=True)
    assert "Operation not permitted" in ended.stderr


async def test_a_node_is_paused_and_goes_on_everywhere(playground: SshPlayground) -> None:
    tutor("fault", "node3", "pause", "--name", NAME)
    assert "paused" in tutor("status", may_fail=True)
    tutor("fault", "node3", "resume", "--name", NAME)
    assert await done(playground.node("node3"), "hostname") == "node3"


async def test_a_swarm_of_one_serves_everywhere(playground: SshPlayground) -> None:
    node1 = playground.node("node1")
    # Nobody is given up for lost because this kernel has no time for a sign of life.
    await done(node1, "docker swarm init --dispatcher-heartbeat 30s")
    await done(node1, PETS)
    await served(playground, 1, "node1")


async def test_the_kernel_balances(playground: SshPlayground) -> None:
    node1, *others = playground.nodes
    token = await done(node1, "docker swarm join-token -q worker")
    for node in others:
        await done(node, f"docker swarm join --token {token} {node1.address}:2377")
        say(f"{node.name} has joined")
    await done(node1, "docker service scale -d pets=3")
    await served(playground, 3, "node1", "node2", "node3")
    # The table of the kernel's own balancer, in the sandbox that published ports lead to.
    table = await done(node1, "nsenter --net=/run/docker/netns/ingress_sbox cat /proc/net/ip_vs", as_root=True)
    assert "FWM" in table, table
    assert table.count("->") == 4, table  # the heading, and three replicas
    assert "swarmtutor" not in await done(node1, "iptables-save", as_root=True)


async def test_a_drained_node_still_serves(playground: SshPlayground) -> None:
    node1 = playground.node("node1")
    await done(node1, "docker node update --availability drain node2")

    async def moved() -> bool:
        return "node2" not in await homes(node1)

    await until("node2 is empty", moved)
    await served(playground, 3, "node2")


async def test_a_node_that_loses_power_comes_back(playground: SshPlayground) -> None:
    node1 = playground.node("node1")
    tutor("fault", "node3", "power-off", "--name", NAME)

    async def is_(state: str) -> bool:
        return any((node.hostname, node.state) == ("node3", state) for node in (await swarm(node1)).nodes)

    await until("node3 is down", lambda: is_("down"))  # three heartbeats later
    tutor("fault", "node3", "power-on", "--name", NAME)
    await until("node3 is ready", lambda: is_("ready"))


async def test_a_node_whose_network_was_cut_comes_back(playground: SshPlayground) -> None:
    # Nobody listens on that port, and only a machine that is reached can say so.
    knock = "timeout 10 bash -c 'echo >/dev/tcp/node2/2375' 2>&1"

    async def reached() -> bool:
        return "refused" in (await run(playground.node("node1"), knock)).stdout

    assert await reached()
    tutor("fault", "node2", "cut-network", "--name", NAME)
    assert not await reached()
    tutor("fault", "node2", "restore-network", "--name", NAME)
    await until("node2 is reached again", reached)


async def test_a_node_is_replaced_by_a_fresh_one(playground: SshPlayground) -> None:
    tutor("reset", "node2", "--name", NAME)
    state = await done(playground.node("node2"), "docker info -f '{{.Swarm.LocalNodeState}}'")
    assert state == "inactive"


def test_nothing_is_left_everywhere(made: dict[str, set[str]]) -> None:
    tutor("down", "--name", NAME)
    after = machine()
    assert {kind: after[kind] - before for kind, before in made.items()} == {kind: set() for kind in made}
