"""An engine that holds the gossip port of a swarm it has left is mended; any other is left alone."""

import asyncio

import pytest

from tests.swarm.swarm_steps import done, form_swarm, seen, until
from tui.playground.playground import SshPlayground
from tui.swarm.gossip import GossipKeeper, GossipState, free_gossip, leave_swarm
from tui.swarm.observer import Observer
from tui.swarm.snapshot import LocalState

pytestmark = pytest.mark.engines

# A stranger on the port stands for the engine's forgotten listener, which no command brings about at will.
_HOLD = "python3 -c 'import socket, time; s = socket.create_server((\"\", 7946)); time.sleep(600)'"


async def engine_pid(playground: SshPlayground, node: str) -> str:
    return await done(playground.node(node), "pidof dockerd", as_root=True)


async def test_an_engine_without_the_port_is_left_alone(empty_swarm: SshPlayground) -> None:
    node = empty_swarm.node("node1")
    await free_gossip(node)
    before = await engine_pid(empty_swarm, "node1")
    assert await free_gossip(node) is GossipState.FREE
    assert await engine_pid(empty_swarm, "node1") == before


async def test_an_engine_in_a_swarm_is_left_alone(empty_swarm: SshPlayground) -> None:
    await form_swarm(empty_swarm)
    await until(lambda: listens(empty_swarm, "node2"), "the engine's gossip is there", empty_swarm)
    before = await engine_pid(empty_swarm, "node2")
    assert await free_gossip(empty_swarm.node("node2")) is GossipState.USED
    assert await engine_pid(empty_swarm, "node2") == before


async def test_an_engine_with_containers_is_left_alone(empty_swarm: SshPlayground) -> None:
    node = empty_swarm.node("node3")
    await free_gossip(node)
    await done(node, "docker run -dt swarmtutor/shell:1.0 sleep infinity")
    held = asyncio.create_task(node.run(_HOLD, timeout=600, as_root=True))
    try:
        await until(lambda: listens(empty_swarm, "node3"), "the port is held", empty_swarm)
        assert await free_gossip(node) is GossipState.BUSY
    finally:
        await done(node, "pkill -f create_server", as_root=True)
        await asyncio.wait([held])


async def listens(playground: SshPlayground, node: str) -> bool:
    return bool(await done(playground.node(node), "ss -Hltn sport = :7946"))


async def test_nodes_that_leave_together_can_form_a_swarm_again(empty_swarm: SshPlayground) -> None:
    for _ in range(3):
        await form_swarm(empty_swarm)
        await leave_swarm(empty_swarm.nodes)
        for node in empty_swarm.nodes:
            assert await done(node, "docker info -f '{{.Swarm.LocalNodeState}}'") == "inactive"
            assert await done(node, "ss -Hltn sport = :7946") == ""


async def test_the_keeper_looks_after_nodes_that_left_by_themselves(empty_swarm: SshPlayground) -> None:
    await form_swarm(empty_swarm)
    observer = Observer(empty_swarm.nodes)
    keepers = [GossipKeeper(node) for node in empty_swarm.nodes]
    for keeper in keepers:
        observer.subscribe(keeper.follow)
    await observer.start()
    tasks = [asyncio.create_task(keeper.run()) for keeper in keepers]
    try:
        await seen(observer, lambda s: all(e.state is LocalState.ACTIVE for e in s.engines.values()))
        await asyncio.gather(*(done(node, "docker swarm leave --force") for node in empty_swarm.nodes))

        async def all_free() -> bool:
            ports = [await node.run("ss -Hltn sport = :7946") for node in empty_swarm.nodes]
            return not any(port.stdout for port in ports)

        await until(all_free, "every engine let go of the port", empty_swarm)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await observer.stop()
