"""The snapshot tells the truth about real engines: while a swarm forms, works, drains, breaks and ends."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tests.swarm.swarm_steps import PATIENCE, done, form_swarm, hosts, observed, runs, seen
from tui.playground.model import Node, Progress
from tui.playground.playground import SshPlayground
from tui.playground.providers import choose_provider
from tui.swarm.changes import ChangeKind, changes
from tui.swarm.hints import Pace
from tui.swarm.snapshot import LocalState, Snapshot

pytestmark = pytest.mark.engines

_PETS = "docker service create -d --name pets --stop-grace-period 1s"


async def test_a_swarm_from_its_first_to_its_last_command(empty_swarm: SshPlayground) -> None:
    node1, node2, node3 = empty_swarm.nodes
    async with observed(empty_swarm) as observer:
        none = await seen(observer, lambda s: s.swarm_known)
        assert (none.nodes, none.services, none.tasks, none.manager) == ((), (), (), "")

        await done(node1, "docker swarm init")
        alone = await seen(observer, lambda s: s.manager == "node1" and len(s.nodes) == 1)
        assert alone.engines["node1"].is_manager
        assert alone.tokens is not None
        assert alone.tokens.worker == await done(node1, "docker swarm join-token -q worker")

        join = f"docker swarm join --token {alone.tokens.worker} {node1.address}:2377"
        await asyncio.gather(done(node2, join), done(node3, join))
        whole = await seen(observer, lambda s: [n.state for n in s.nodes] == ["ready"] * 3)
        assert [(n.hostname, n.role, n.leader) for n in whole.nodes] == [
            ("node1", "manager", True),
            ("node2", "worker", False),
            ("node3", "worker", False),
        ]
        await seen(observer, lambda s: all(e.state is LocalState.ACTIVE for e in s.engines.values()))

        await done(node1, f"{_PETS} --replicas 3 -p 5000:5000 swarmtutor/pets:1.0")
        running = await seen(observer, lambda s: runs(s, "pets") == 3)
        pets = running.service("pets")
        assert pets is not None
        assert (pets.image, pets.replicas, [p.published for p in pets.ports]) == ("swarmtutor/pets:1.0", 3, [5000])
        assert all(task.ingress_address for task in running.tasks_of(pets))
        await seen(observer, lambda s: [len(e.containers) for e in s.engines.values()] == [1, 1, 1])

        await done(node1, "docker service scale -d pets=5")
        await seen(observer, lambda s: runs(s, "pets") == 5)
        await done(node1, "docker service scale -d pets=2")
        await seen(observer, lambda s: runs(s, "pets") == 2 and sum(len(e.containers) for e in s.engines.values()) == 2)

        await done(node1, "docker service rm pets")
        await seen(observer, lambda s: s.service("pets") is None and not s.tasks)

        await asyncio.gather(*(done(node, "docker swarm leave --force") for node in empty_swarm.nodes))
        observer.refresh()
        ended = await seen(observer, lambda s: all(e.state is LocalState.INACTIVE for e in s.engines.values()))
        assert ended.swarm_known
        assert (ended.nodes, ended.tokens, ended.cluster_id) == ((), None, "")


async def test_draining_moves_the_tasks_and_activating_does_not(empty_swarm: SshPlayground) -> None:
    node1 = empty_swarm.node("node1")
    await form_swarm(empty_swarm)
    async with observed(empty_swarm) as observer:
        await done(node1, f"{_PETS} --replicas 3 swarmtutor/pets:1.0")
        before = await seen(
            observer, lambda s: runs(s, "pets") == 3 and hosts(s, "pets") == {"node1", "node2", "node3"}
        )

        await done(node1, "docker node update --availability drain node2")
        drained = await seen(
            observer,
            lambda s: runs(s, "pets") == 3 and hosts(s, "pets") == {"node1", "node3"} and _idle(s, "node2"),
        )
        row = drained.node("node2")
        assert row is not None
        assert (row.availability, row.state) == ("drain", "ready")
        found = changes(before, drained)
        assert [c.after for c in found if c.kind is ChangeKind.NODE and c.subject == "node node2"] == ["drain"]
        assert any(c.what == "moved" and c.before == "node2" for c in found)

        await done(node1, "docker node update --availability active node2")
        active = await seen(observer, lambda s: [n.availability for n in s.nodes] == ["active"] * 3)
        assert hosts(active, "pets") == {"node1", "node3"}


def _idle(snapshot: Snapshot, node: str) -> bool:
    return not any(container.state == "running" for container in snapshot.engines[node].containers)


async def test_promotion_is_seen_on_both_sides(empty_swarm: SshPlayground) -> None:
    node1 = empty_swarm.node("node1")
    await form_swarm(empty_swarm)
    async with observed(empty_swarm) as observer:
        await done(node1, "docker node promote node2")
        promoted = await seen(
            observer,
            lambda s: (
                s.engines["node2"].is_manager
                and any(n.hostname == "node2" and n.reachability for n in s.nodes)
                and s.manager == "node1"
            ),
        )
        assert promoted.swarm_known
        await done(node1, "docker node demote node2")
        await seen(observer, lambda s: not s.engines["node2"].is_manager)


async def test_containers_by_hand_are_seen_where_they_are(empty_swarm: SshPlayground) -> None:
    node2 = empty_swarm.node("node2")
    async with observed(empty_swarm) as observer:
        id_ = await done(node2, "docker run -dt --name byhand swarmtutor/shell:1.0 sleep infinity")
        found = await seen(observer, lambda s: [c.state for c in s.engines["node2"].containers] == ["running"])
        container = found.engines["node2"].containers[0]
        assert (container.id, container.name) == (id_, "byhand")
        assert (container.image, container.task_id) == ("swarmtutor/shell:1.0", "")
        assert not found.engines["node1"].containers
        await done(node2, "docker kill byhand")
        await seen(observer, lambda s: [c.state for c in s.engines["node2"].containers] == ["exited"])
        await done(node2, "docker rm byhand")
        await seen(observer, lambda s: not s.engines["node2"].containers)


async def test_why_a_task_cannot_run_is_told(empty_swarm: SshPlayground) -> None:
    node1 = empty_swarm.node("node1")
    await form_swarm(empty_swarm)
    async with observed(empty_swarm) as observer:
        await done(node1, f"{_PETS} --constraint node.labels.disk==ssd swarmtutor/pets:1.0")
        await seen(observer, lambda s: any("no suitable node" in t.error for t in s.tasks))
        await done(node1, "docker node update --label-add disk=ssd node3")
        labelled = await seen(observer, lambda s: hosts(s, "pets") == {"node3"})
        row = labelled.node("node3")
        assert row is not None
        assert row.labels == (("disk", "ssd"),)


@asynccontextmanager
async def no_engine(*nodes: Node) -> AsyncGenerator[None]:
    """Meanwhile their engines are killed again and again, because the nodes bring them back."""
    kill = "while :; do pkill -KILL -x dockerd; sleep 0.1; done"
    killing = [asyncio.create_task(node.run(kill, timeout=2 * PATIENCE, as_root=True)) for node in nodes]
    try:
        yield
    finally:
        for task in killing:
            task.cancel()
        await asyncio.wait(killing)


async def test_an_engine_that_dies_is_unreachable_until_it_is_back(empty_swarm: SshPlayground) -> None:
    node3 = empty_swarm.node("node3")
    await form_swarm(empty_swarm)
    async with observed(empty_swarm) as observer:
        before = await seen(observer, lambda s: s.swarm_known and len(s.nodes) == 3)
        async with no_engine(node3):
            dead = await seen(observer, lambda s: [e.reachable for e in s.engines.values()] == [True, True, False])
        assert dead.engines["node3"].error
        assert dead.engines["node3"].node_id == before.engines["node3"].node_id
        # The node brings its engine back; the same member of the same swarm answers again.
        await seen(
            observer,
            lambda s: (
                s.engines["node3"].reachable
                and s.engines["node3"].node_id == before.engines["node3"].node_id
                and len(s.nodes) == 3
            ),
        )


async def test_a_frozen_manager_leaves_the_last_truth_with_its_reason(empty_swarm: SshPlayground) -> None:
    node1 = empty_swarm.node("node1")
    await form_swarm(empty_swarm)
    await done(node1, f"{_PETS} swarmtutor/pets:1.0")
    # Whoever waited for the requests of the second one would wait much longer than this test does.
    async with observed(empty_swarm) as observer, observed(empty_swarm, Pace(deadline=10 * PATIENCE)) as patient:
        before = await seen(observer, lambda s: runs(s, "pets") == 1)
        await done(node1, "kill -STOP $(pidof dockerd)", as_root=True)
        try:
            stale = await seen(
                observer,
                lambda s: (
                    not s.swarm_known
                    and [e.reachable for e in s.engines.values()] == [False, True, True]
                    and "did not answer" in s.manager_error
                ),
            )
            assert "node1" in stale.manager_error
            assert stale.nodes == before.nodes
            assert stale.swarm_asked <= stale.taken - 1
            async with asyncio.timeout(PATIENCE):
                await observer.stop()
                await patient.stop()
        finally:
            await done(node1, "kill -CONT $(pidof dockerd)", as_root=True)
    async with observed(empty_swarm) as observer:
        await seen(observer, lambda s: s.swarm_known and runs(s, "pets") == 1)


async def test_a_node_replaced_by_a_fresh_one(empty_swarm: SshPlayground, playground_name: str) -> None:
    def ignore(progress: Progress) -> None:
        """Nobody looks."""

    node1 = empty_swarm.node("node1")
    await form_swarm(empty_swarm)
    # The engine's own wait for a node that is gone, shortened: three heartbeats.
    await done(node1, "docker swarm update --dispatcher-heartbeat 1s")
    async with observed(empty_swarm) as observer:
        await done(node1, f"{_PETS} --mode global swarmtutor/pets:1.0")
        before = await seen(observer, lambda s: runs(s, "pets") == 3)
        assert before.engines["node3"].node_id
        await choose_provider().reset(playground_name, ["node3"], ignore)
        fresh = await seen(
            observer,
            lambda s: s.engines["node3"].reachable and s.engines["node3"].state is LocalState.INACTIVE,
        )
        # The gap may be shorter than the time between two looks, so it is the fresh engine that must be seen.
        assert fresh.engines["node3"].containers == ()
        assert fresh.engines["node3"].node_id == ""
        # `docker service ls` would count the dead node's task; it does not run.
        down = await seen(
            observer,
            lambda s: (
                any(n.hostname == "node3" and n.state == "down" for n in s.nodes)
                and runs(s, "pets") == 2
                and any(not s.runs(task) for task in s.tasks)
            ),
        )
        assert down.engines["node3"].reachable


async def test_all_engines_die_and_come_back(empty_swarm: SshPlayground) -> None:
    async with observed(empty_swarm) as observer:
        await seen(observer, lambda s: s.swarm_known)
        lost: set[str] = set()
        observer.subscribe(lambda s: lost.update(e.node for e in s.engines.values() if not e.reachable))
        async with no_engine(*empty_swarm.nodes):
            await seen(observer, lambda s: len(lost) == 3)
        await seen(observer, lambda s: all(e.reachable for e in s.engines.values()) and s.swarm_known)
        assert observer.snapshot.nodes == ()
