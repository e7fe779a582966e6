"""Published ports answer on every node, from everywhere, where the kernel has no IPVS."""

import asyncio
import contextlib
import os
import shlex
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.swarm.swarm_steps import PATIENCE, done, form_swarm, until
from tui.playground.model import Node
from tui.playground.playground import SshPlayground
from tui.swarm.mesh import TABLE
from tui.swarm.mesh_setup import mesh_companion

pytestmark = [
    pytest.mark.engines,
    pytest.mark.skipif(Path("/proc/net/ip_vs").exists(), reason="this kernel has IPVS: the stand-in is not used"),
]

_PETS = "docker service create -d --name pets --stop-grace-period 1s -p 5000:5000"


async def start_keeper(name: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(*mesh_companion(name).argv, stderr=asyncio.subprocess.DEVNULL)


async def end(process: asyncio.subprocess.Process, number: signal.Signals = signal.SIGTERM) -> int:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
    return await asyncio.wait_for(process.wait(), PATIENCE)


@pytest.fixture
async def meshed(empty_swarm: SshPlayground, playground_name: str) -> AsyncGenerator[SshPlayground]:
    """A swarm of three, with the mesh kept by its own process."""
    keeper = await start_keeper(playground_name)
    try:
        await form_swarm(empty_swarm)
        yield empty_swarm
    finally:
        await end(keeper)


def _asking(targets: Sequence[str], times: int, port: int) -> str:
    """A shell command that asks each target so many times: a line "target answerer" for each answer."""
    return (
        f"for target in {' '.join(targets)}; do for turn in $(seq {times}); do"
        f' curl -sS -m 20 -o /dev/null -w "$target %header{{x-served-by}}\\n" http://$target:{port}/;'
        " done; done"
    )


def _heard(output: str) -> dict[str, list[str]]:
    """Who answered, in order, by target."""
    heard: dict[str, list[str]] = {}
    for line in output.splitlines():
        target, _, answerer = line.partition(" ")
        heard.setdefault(target, []).extend([answerer] if answerer else [])
    return heard


async def from_node(node: Node, targets: Sequence[str], times: int, port: int = 5000) -> dict[str, list[str]]:
    """Requests that a person makes on a node."""
    return _heard((await node.run(_asking(targets, times, port), timeout=PATIENCE)).stdout)


async def from_host(targets: Sequence[str], times: int, port: int = 5000) -> dict[str, list[str]]:
    """Requests from the machine on which the playground runs."""
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", _asking(targets, times, port)), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    output, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    return _heard(output.decode())


async def containers(playground: SshPlayground) -> set[str]:
    """The short ids of all running containers of the service."""
    command = "docker ps -q --filter label=com.docker.swarm.service.name=pets --filter status=running"
    found = await asyncio.gather(*(node.run(command, timeout=PATIENCE) for node in playground.nodes))
    return {id_ for ended in found for id_ in ended.stdout.split()}


async def answers_everywhere(playground: SshPlayground, replicas: int) -> None:
    """Wait until as many replicas run as wanted and each answers through each node; then ask from everywhere."""
    addresses = [node.address for node in playground.nodes]

    async def settled() -> bool:
        running = await containers(playground)
        heard = await from_host(addresses, 2 * replicas)
        return len(running) == replicas and all(set(heard.get(address, [])) == running for address in addresses)

    async def heard_on(asking: Node) -> bool:
        targets = [*addresses, "node1", "node2", "node3", "localhost"]
        running = await containers(playground)
        # Twice as many: where the rules are put in force anew in between, the turn begins anew with them.
        heard = await from_node(asking, targets, 2 * replicas)
        fetched = {(await asking.fetch(5000, timeout=20)).served_by for _ in range(2 * replicas)}
        everybody = {target: set(who) for target, who in heard.items()} == dict.fromkeys(targets, running)
        return everybody and fetched == running

    await until(settled, f"all of {replicas} replicas answer through every node", playground)
    for asking in playground.nodes:
        await until(partial(heard_on, asking), f"all of them answer {asking.name}", playground)


async def refused_everywhere(playground: SshPlayground) -> None:
    addresses = " ".join(node.address for node in playground.nodes)
    command = (
        f"for target in {addresses}; do curl -sS -m 20 -o /dev/null http://$target:5000/ 2>/dev/null; echo $?; done"
    )

    async def refused() -> bool:
        statuses = [(await node.run(command, timeout=PATIENCE)).stdout.split() for node in playground.nodes]
        # curl's 7: the connection was refused, at once.
        return statuses == [["7"] * 3] * 3

    await until(refused, "the port refuses on every node", playground)


async def leftovers(node: Node) -> str:
    """What of ours is left on a node."""
    sandbox = "nsenter --net=/run/docker/netns/ingress_sbox"
    command = (
        f"nft list table ip {TABLE} 2>/dev/null; {sandbox} nft list table ip {TABLE} 2>/dev/null;"
        " iptables -S DOCKER-USER | grep swarmtutor"
    )
    return (await node.run(command, as_root=True)).stdout


async def test_every_replica_answers_on_every_node_in_turn(meshed: SshPlayground) -> None:
    node1 = meshed.node("node1")
    await done(node1, f"{_PETS} --replicas 3 swarmtutor/pets:1.0")
    await answers_everywhere(meshed, 3)

    async def in_turn() -> bool:
        # Where the rules are put in force anew in between, the turn begins anew with them.
        turns = (await from_host([node1.address], 6))[node1.address]
        return len(set(turns)) == 3 and turns[:3] == turns[3:]

    await until(in_turn, "each answers when its turn comes", meshed)

    await done(node1, "docker service scale -d pets=5")
    await answers_everywhere(meshed, 5)
    await done(node1, "docker service scale -d pets=1")
    await answers_everywhere(meshed, 1)

    await done(node1, "docker service scale -d pets=0")
    await refused_everywhere(meshed)
    await done(node1, "docker service scale -d pets=2")
    await answers_everywhere(meshed, 2)

    await done(node1, "docker service rm pets")
    await refused_everywhere(meshed)

    async def clean() -> bool:
        return not any([await leftovers(node) for node in meshed.nodes])

    await until(clean, "the rules are gone with the service", meshed)


async def test_a_drained_node_still_serves(meshed: SshPlayground) -> None:
    node1 = meshed.node("node1")
    await done(node1, f"{_PETS} --replicas 3 swarmtutor/pets:1.0")
    await answers_everywhere(meshed, 3)
    await done(node1, "docker node update --availability drain node2")

    async def moved() -> bool:
        return not await done(meshed.node("node2"), "docker ps -q --filter status=running")

    await until(moved, "node2 is empty", meshed)
    await answers_everywhere(meshed, 3)


_UDP_SERVER = """\
import socket
door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
door.bind(("", 5353))
while True:
    door.sendto(socket.gethostname().encode(), door.recvfrom(99)[1])"""

_UDP_CLIENT = """\
import socket, sys
for target in sys.argv[1:]:
    for turn in range(2):
        call = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        call.settimeout(10)
        call.sendto(b"?", (target, 5353))
        print(target, call.recvfrom(99)[0].decode())"""


async def test_udp(meshed: SshPlayground) -> None:
    # The lab's images know no UDP: the node's own Python serves from inside the replica.
    await done(
        meshed.node("node1"),
        "docker service create -d --name echo --replicas 2 --stop-grace-period 1s -p 5353:5353/udp"
        " --mount type=bind,source=/,target=/host swarmtutor/shell:1.0"
        f" chroot /host python3 -uc {shlex.quote(_UDP_SERVER)}",
    )
    addresses = [node.address for node in meshed.nodes]
    client = f"python3 -c {shlex.quote(_UDP_CLIENT)} {' '.join(addresses)}"

    async def both_answered() -> bool:
        heard = _heard((await meshed.node("node3").run(client, timeout=PATIENCE)).stdout)
        return len(heard) == 3 and all(len(set(who)) == 2 for who in heard.values())

    await until(both_answered, "answers over UDP from both replicas through every node", meshed)


async def test_a_port_that_the_swarm_chose(meshed: SshPlayground) -> None:
    node1 = meshed.node("node1")
    await done(node1, "docker service create -d --name pets --stop-grace-period 1s -p 5000 swarmtutor/pets:1.0")
    port = int(await done(node1, "docker service inspect -f '{{ (index .Endpoint.Ports 0).PublishedPort }}' pets"))
    assert port >= 30000
    addresses = [node.address for node in meshed.nodes]

    async def served() -> bool:
        heard = await from_host(addresses, 1, port)
        return all(heard.get(address) for address in addresses)

    await until(served, "an answer on the port that the swarm chose", meshed)


async def test_it_returns_with_a_restarted_engine_and_a_new_keeper(
    empty_swarm: SshPlayground, playground_name: str
) -> None:
    keeper = await start_keeper(playground_name)
    try:
        await form_swarm(empty_swarm)
        node1, node2, _ = empty_swarm.nodes
        await done(node1, f"{_PETS} --replicas 3 swarmtutor/pets:1.0")
        await answers_everywhere(empty_swarm, 3)

        # A new engine makes a new ingress sandbox, without our rules.
        before = await done(node2, "pidof dockerd", as_root=True)
        await done(node2, f"kill -TERM {before}", as_root=True)

        async def restarted() -> bool:
            ended = await node2.run("pidof dockerd && docker version", as_root=True)
            return ended.exit_status == 0 and ended.stdout.split()[0] != before

        await until(restarted, "there is a new engine on node2", empty_swarm)
        await answers_everywhere(empty_swarm, 3)

        # Without its keeper the mesh goes on; a new keeper takes it over.
        assert await end(keeper, signal.SIGKILL) == -signal.SIGKILL

        async def answers() -> bool:
            return bool((await from_host([node1.address], 1))[node1.address])

        await until(answers, "an answer without the keeper", empty_swarm)
        await done(node1, "docker service scale -d pets=4")
        keeper = await start_keeper(playground_name)
        await answers_everywhere(empty_swarm, 4)
    finally:
        assert await end(keeper) == 0


def test_the_companion_is_this_program() -> None:
    companion = mesh_companion("lab")
    assert companion.name == "mesh"
    assert companion.mesh == "", "with IPVS there is no stand-in to keep, but engines to mend"
    assert companion.argv == (sys.executable, "-m", "tui.swarm.mesh_keeper", "lab")
    assert os.access(companion.argv[0], os.X_OK)
