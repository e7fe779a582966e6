"""What the tests of the observer and of the mesh do to a playground's nodes."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager

from tui.playground.model import EngineDial, Node, Playground
from tui.swarm.gossip import free_gossip
from tui.swarm.hints import Pace
from tui.swarm.observer import Observer
from tui.swarm.snapshot import Extra, Snapshot

PATIENCE = 90.0
"""Seconds within which a healthy machine does anything that is waited for here, however busy it is."""


async def done(node: Node, command: str, *, as_root: bool = False) -> str:
    """Run a command that must succeed; what it printed."""
    completed = await node.run(command, timeout=PATIENCE, as_root=as_root)
    assert completed.exit_status == 0, completed
    return completed.stdout.strip()


async def form_swarm(playground: Playground) -> None:
    """node1 manages, node2 and node3 work."""
    node1, node2, node3 = playground.nodes
    # The test before may have left its swarm badly.
    await asyncio.gather(*(free_gossip(node) for node in playground.nodes))
    await done(node1, "docker swarm init")
    token = await done(node1, "docker swarm join-token -q worker")
    join = f"docker swarm join --token {token} {node1.address}:2377"
    await asyncio.gather(done(node2, join), done(node3, join))
    # A member may do work a moment after it has joined; what is started before goes to the others, and stays there.
    await done(node1, "until [ $(docker node ls --format '{{.Status}}' | grep -c Ready) = 3 ]; do sleep 0.1; done")


async def pinged(dial: EngineDial) -> bool:
    """Whether the engine answers on a connection of its own."""

    def ping() -> bool:
        try:
            with dial() as line:
                line.settimeout(30.0)
                line.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b" 200 " in line.makefile("rb").readline()
        except OSError:
            return False

    return await asyncio.to_thread(ping)


@asynccontextmanager
async def observed(
    playground: Playground, pace: Pace | None = None, extras: Collection[Extra] = ()
) -> AsyncGenerator[Observer]:
    """An observer that has heard every engine once."""
    observer = Observer(playground.nodes, pace, extras)
    await observer.start()
    try:
        await observer.wait_for(lambda s: all(e.reachable for e in s.engines.values()), PATIENCE)
        yield observer
    finally:
        await observer.stop()


async def seen(observer: Observer, predicate: Callable[[Snapshot], bool]) -> Snapshot:
    """Wait until the snapshot shows it."""
    try:
        return await observer.wait_for(predicate, PATIENCE)
    except TimeoutError:
        raise AssertionError(f"not seen in {PATIENCE:g} s; last: {observer.snapshot}") from None


async def until(condition: Callable[[], Awaitable[bool]], what: str, playground: Playground) -> None:
    """Wait for something that has to be asked for."""
    deadline = time.monotonic() + PATIENCE
    while not await condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {PATIENCE:g} s\n{await _account(playground)}")
        await asyncio.sleep(0.1)


async def _account(playground: Playground) -> str:
    """What a person would look at first."""
    commands = {
        "node1": "docker node ls; docker service ls; docker service ps $(docker service ls -q)",
        "node2": "docker ps -a",
        "node3": "nft list table ip swarmtutor_mesh; nsenter --net=/run/docker/netns/ingress_sbox nft list ruleset",
    }
    said: list[str] = []
    for name, command in commands.items():
        ended = await playground.node(name).run(command, timeout=PATIENCE, as_root=True)
        said.append(f"{name}: {command}\n{ended.stdout}{ended.stderr}")
    return "\n".join(said)


def runs(snapshot: Snapshot, name: str) -> int:
    """How many tasks of a service run; -1 where the service does not exist."""
    service = snapshot.service(name)
    return -1 if service is None else snapshot.running(service)


def hosts(snapshot: Snapshot, name: str) -> set[str]:
    """The nodes on which tasks of a service run."""
    service = snapshot.service(name)
    if service is None:
        return set()
    return {snapshot.node_name(task.node_id) for task in snapshot.tasks_of(service) if snapshot.runs(task)}
