"""The observer over engines made of recorded answers: fresh, honest about what it cannot ask, quick to stop."""

import asyncio
import copy
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest

from tests.unit.swarm_fake_engine import FakeEngine, FakeNode
from tests.unit.swarm_samples import recorded
from tui.clock import now
from tui.playground.model import Node
from tui.swarm.engine_client import EngineClient, EngineError, ErrorKind
from tui.swarm.hints import Pace
from tui.swarm.lane import Lane
from tui.swarm.observer import Observer
from tui.swarm.snapshot import LocalState, Snapshot

_SLOW = Pace(poll=30.0, info=30.0, freshness=30.0)
"""So slow that within a test only events and hints make it look."""

_INACTIVE: dict[str, Any] = {
    "info": {"ServerVersion": "20.10", "Swarm": {"LocalNodeState": "inactive"}},
    "containers": [],
}

_PATIENCE = 60.0


@pytest.fixture
def nodes() -> Generator[list[FakeNode]]:
    """Three nodes whose engines tell of a recorded swarm."""
    with TemporaryDirectory(prefix="sw-") as folder:
        made: list[FakeNode] = []
        for number, (name, answers) in enumerate(recorded("swarm").items(), start=1):
            engine = FakeEngine(Path(folder) / name, copy.deepcopy(answers))
            engine.start()
            made.append(FakeNode(name, f"10.0.9.{number}", engine))
        yield made
        for node in made:
            node.engine.frozen.clear()
            node.engine.silent_about.clear()
            node.engine.stop()


def watching(nodes: Sequence[FakeNode], pace: Pace | None = None) -> Observer:
    return Observer(cast("Sequence[Node]", nodes), pace)


@pytest.fixture
async def observer(nodes: list[FakeNode]) -> AsyncGenerator[Observer]:
    made = watching(nodes, Pace(deadline=30.0))
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def hasty(nodes: list[FakeNode]) -> AsyncGenerator[Observer]:
    """An observer that soon gives up an engine which says nothing."""
    made = watching(nodes, Pace(deadline=0.7))
    await made.start()
    yield made
    await made.stop()


def complete(snapshot: Snapshot) -> bool:
    return snapshot.swarm_known and all(engine.reachable for engine in snapshot.engines.values())


async def test_it_tells_what_the_engines_tell(observer: Observer) -> None:
    assert observer.snapshot.manager_error == "not asked yet"
    snapshot = await observer.wait_for(complete, _PATIENCE)
    assert list(snapshot.engines) == ["node1", "node2", "node3"]
    assert snapshot.manager == "node1"
    assert [node.hostname for node in snapshot.nodes] == ["node1", "node2", "node3"]
    assert snapshot.tokens is not None
    assert snapshot.cluster_id == snapshot.engines["node1"].cluster_id
    assert observer.snapshot is snapshot


async def test_events_make_it_look(nodes: list[FakeNode]) -> None:
    observer = watching(nodes, _SLOW)
    await observer.start()
    try:
        await observer.wait_for(complete, _PATIENCE)
        await until(lambda: all(node.engine.streams for node in nodes))
        nodes[1].engine.answers["containers"] = []
        nodes[1].engine.emit("container", "destroy")
        await observer.wait_for(lambda s: not s.engines["node2"].containers, _PATIENCE)
        nodes[0].engine.answers["services"] = []
        nodes[0].engine.emit("service", "remove")
        await observer.wait_for(lambda s: not s.services, _PATIENCE)
    finally:
        await observer.stop()


async def test_refresh_makes_it_look(nodes: list[FakeNode]) -> None:
    observer = watching(nodes, _SLOW)
    await observer.start()
    try:
        await observer.wait_for(complete, _PATIENCE)
        nodes[0].engine.answers["services"] = []
        nodes[2].engine.answers["containers"] = []
        observer.refresh()
        await observer.wait_for(lambda s: not s.services and not s.engines["node3"].containers, _PATIENCE)
    finally:
        await observer.stop()


async def test_a_swarm_that_converges_is_followed_without_events(nodes: list[FakeNode]) -> None:
    tasks = nodes[0].engine.answers["tasks"]
    running = next(t for t in tasks if t["Status"]["State"] == "running")
    running["Status"]["State"] = "starting"
    observer = watching(nodes, _SLOW)
    await observer.start()
    try:
        await observer.wait_for(lambda s: any(t.state == "starting" for t in s.tasks), _PATIENCE)
        running["Status"]["State"] = "running"
        await observer.wait_for(lambda s: bool(s.tasks) and all(t.state != "starting" for t in s.tasks), _PATIENCE)
    finally:
        await observer.stop()


async def test_a_node_that_is_gone_leaves_the_others_fresh(nodes: list[FakeNode], observer: Observer) -> None:
    before = await observer.wait_for(complete, _PATIENCE)
    nodes[1].powered_off = "powered off"
    nodes[1].engine.stop()
    gone = await observer.wait_for(lambda s: not s.engines["node2"].reachable and s.swarm_known, _PATIENCE)
    assert gone.engines["node2"].error
    assert gone.engines["node2"].containers == before.engines["node2"].containers
    explained = await observer.wait_for(lambda s: s.engines["node2"].error == "powered off", _PATIENCE)
    later = await observer.wait_for(lambda s: s.swarm_asked > explained.swarm_asked, _PATIENCE)
    assert later.engines["node1"].reachable
    nodes[1].powered_off = ""
    nodes[1].engine.start()
    await observer.wait_for(complete, _PATIENCE)


async def test_a_frozen_manager_keeps_the_last_truth_and_says_why(nodes: list[FakeNode], hasty: Observer) -> None:
    before = await hasty.wait_for(complete, _PATIENCE)
    nodes[0].engine.frozen.set()
    stale = await hasty.wait_for(
        lambda s: "did not answer within 0.7 s" in s.manager_error and s.engines["node2"].reachable, _PATIENCE
    )
    assert not stale.swarm_known
    assert (stale.manager, stale.nodes, stale.tasks) == ("", before.nodes, before.tasks)
    nodes[0].engine.frozen.clear()
    assert (await hasty.wait_for(complete, _PATIENCE)).manager == "node1"


async def test_a_manager_silent_about_its_swarm_still_lists_its_containers(
    nodes: list[FakeNode], hasty: Observer
) -> None:
    before = await hasty.wait_for(complete, _PATIENCE)
    engine = nodes[0].engine
    engine.silent_about.update({"info", "nodes"})
    silent = await hasty.wait_for(
        lambda s: bool(s.engines["node1"].swarm_error) and s.engines["node1"].reachable, _PATIENCE
    )
    assert silent.engines["node1"].node_id == before.engines["node1"].node_id
    engine.answers["containers"] = []
    await hasty.wait_for(lambda s: not s.engines["node1"].containers and s.engines["node1"].reachable, _PATIENCE)
    engine.silent_about.clear()
    await hasty.wait_for(lambda s: complete(s) and not s.engines["node1"].swarm_error, _PATIENCE)


async def test_it_stops_at_once_while_an_engine_hangs(nodes: list[FakeNode]) -> None:
    for node in nodes:
        node.engine.frozen.set()
    # Whoever waited for these requests would wait much longer than this test does.
    observer = watching(nodes, Pace(deadline=20 * _PATIENCE))
    await observer.start()
    await until(lambda: all(node.engine.asked for node in nodes))
    async with asyncio.timeout(_PATIENCE):
        await observer.stop()


async def test_its_threads_end(nodes: list[FakeNode]) -> None:
    before = set(threading.enumerate())
    observer = watching(nodes)
    await observer.start()
    await observer.wait_for(complete, _PATIENCE)
    await observer.stop()

    def ours() -> list[str]:
        names = [t.name for t in threading.enumerate() if t not in before]
        return [name for name in names if name.startswith(("engine of", "events of"))]

    await until(lambda: not ours())


async def test_requests_to_one_engine_never_overlap(nodes: list[FakeNode], observer: Observer) -> None:
    await observer.wait_for(complete, _PATIENCE)
    asked = len(nodes[0].engine.asked)
    for _ in range(20):
        observer.refresh()
        await asyncio.sleep(0.01)
    await until(lambda: len(nodes[0].engine.asked) > asked + 10)
    assert [node.engine.overlaps for node in nodes] == [0, 0, 0]


async def test_who_asks_for_a_look_gets_one_although_nothing_changed(nodes: list[FakeNode]) -> None:
    observer = watching(nodes, _SLOW)
    await observer.start()
    try:
        before = await observer.wait_for(complete, _PATIENCE)
        moment = now()
        observer.refresh()
        anew = await observer.wait_for(lambda s: s.swarm_asked >= moment, _PATIENCE)
        assert all(engine.asked >= moment for engine in anew.engines.values())
        assert (anew.nodes, anew.services, anew.tasks) == (before.nodes, before.services, before.tasks)
    finally:
        await observer.stop()


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
async def test_a_clock_that_is_set_stops_nothing(
    nodes: list[FakeNode], monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    observer = watching(nodes, _SLOW)
    await observer.start()
    try:
        before = await observer.wait_for(complete, _PATIENCE)
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + jump)
        moment = now()
        observer.refresh()
        anew = await observer.wait_for(lambda s: s.swarm_asked >= moment, _PATIENCE)
        assert 0 <= anew.taken - before.taken < _PATIENCE
    finally:
        await observer.stop()


@pytest.mark.parametrize("ahead", [-600.0, 0.0, 600.0])
async def test_what_an_engine_dates_by_another_clock_is_dated_by_ours(nodes: list[FakeNode], ahead: float) -> None:
    engine = nodes[0].engine
    engine_now = datetime.fromtimestamp(now() + ahead, UTC)
    engine.answers["info"] = engine.answers["info"] | {"SystemTime": engine_now.isoformat()}
    engine.answers["containers"] = [{"Id": "c1", "Names": ["/one"], "Created": int(now() + ahead - 60)}]
    engine.answers["tasks"] = [
        {"ID": "t1", "CreatedAt": engine_now.isoformat(), "Status": {"Timestamp": engine_now.isoformat()}}
    ]
    client = EngineClient(engine.dial)
    try:
        (container,) = client.local("node1", "10.77.0.11").containers
        assert abs(now() - 60 - container.created) < _PATIENCE
        (task,) = client.swarm(with_tokens=False).tasks
        assert abs(now() - task.created) < _PATIENCE
        assert abs(now() - task.reported) < _PATIENCE
        again = client.local("node1", "10.77.0.11")
        assert again.containers == (container,), "nothing seems to have changed"
    finally:
        client.close()


async def test_no_swarm_is_a_truth_of_its_own(nodes: list[FakeNode], observer: Observer) -> None:
    await observer.wait_for(complete, _PATIENCE)
    for node in nodes:
        node.engine.answers = dict(_INACTIVE)
    observer.refresh()
    none = await observer.wait_for(
        lambda s: all(e.state is LocalState.INACTIVE for e in s.engines.values()) and s.swarm_known, _PATIENCE
    )
    assert (none.manager, none.nodes, none.services, none.tasks, none.tokens) == ("", (), (), (), None)


async def test_membership_and_swarm_appear_together(nodes: list[FakeNode]) -> None:
    swarm = {node.name: node.engine.answers for node in nodes}
    for node in nodes:
        node.engine.answers = dict(_INACTIVE)
    observer = watching(nodes)
    seen: list[Snapshot] = []
    observer.subscribe(seen.append)
    await observer.start()
    try:
        await observer.wait_for(complete, _PATIENCE)
        nodes[0].engine.answers = swarm["node1"]
        observer.refresh()
        await observer.wait_for(lambda s: s.engines["node1"].is_manager, _PATIENCE)
        joined = [s for s in seen if s.engines["node1"].is_manager]
        assert all(s.nodes for s in joined if s.swarm_known)
    finally:
        await observer.stop()


async def test_another_manager_is_asked_when_one_refuses(nodes: list[FakeNode]) -> None:
    second = nodes[1].engine.answers
    first = nodes[0].engine.answers
    second["info"]["Swarm"] |= {"ControlAvailable": True, "Cluster": first["info"]["Swarm"]["Cluster"]}
    for path in ("nodes", "services", "tasks", "swarm"):
        second[path] = first[path]
        first[path] = (500, {"message": "rpc error: the swarm does not have a leader"})
    observer = watching(nodes)
    await observer.start()
    try:
        assert (await observer.wait_for(complete, _PATIENCE)).manager == "node2"
        second["nodes"] = (503, {"message": "This node is not a swarm manager."})
        second["info"]["Swarm"]["ControlAvailable"] = False
        lost = await observer.wait_for(lambda s: "does not have a leader" in s.manager_error, _PATIENCE)
        assert not lost.swarm_known
        assert lost.nodes
    finally:
        await observer.stop()


async def test_nothing_new_is_published_about_once_a_second(nodes: list[FakeNode]) -> None:
    observer = watching(nodes, Pace(poll=0.05, info=0.05, freshness=1.5))
    times: list[float] = []
    await observer.start()
    try:
        await observer.wait_for(complete, _PATIENCE)
        observer.subscribe(lambda snapshot: times.append(time.monotonic()))
        await until(lambda: len(times) >= 3)
        gaps = [later - earlier for earlier, later in pairwise(times)]
        # Readings come twenty times as often; a machine that stands still for a second shortens a gap by that.
        assert min(gaps) >= 0.5
        stamps = [engine.asked for engine in observer.snapshot.engines.values()]
        assert all(now() - stamp < _PATIENCE for stamp in stamps)
    finally:
        await observer.stop()


async def test_a_subscriber_that_fails_disturbs_nobody(nodes: list[FakeNode], observer: Observer) -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))

    def broken(snapshot: Snapshot) -> None:
        raise RuntimeError("a bug")

    unsubscribe = observer.subscribe(broken)
    await observer.wait_for(complete, _PATIENCE)
    await until(lambda: bool(told))
    assert str(told[0]["exception"]) == "a bug"
    unsubscribe()
    unsubscribe()


async def test_wait_for_ends_in_time_and_hands_on_what_the_predicate_raises(observer: Observer) -> None:
    with pytest.raises(TimeoutError):
        await observer.wait_for(lambda snapshot: False, 0.05)
    await observer.wait_for(complete, _PATIENCE)
    with pytest.raises(KeyError):
        await observer.wait_for(lambda snapshot: bool(snapshot.engines["node9"]), 1.0)


def test_a_client_says_what_went_wrong(nodes: list[FakeNode]) -> None:
    manager, worker = nodes[0].engine, nodes[1].engine
    patient, client = EngineClient(worker.dial), EngineClient(worker.dial, deadline=0.2)
    with pytest.raises(EngineError) as raised:
        patient.swarm(with_tokens=False)
    assert raised.value.kind is ErrorKind.NOT_A_MANAGER
    assert patient.local("node2", "10.0.9.2").reachable
    worker.frozen.set()
    with pytest.raises(EngineError) as raised:
        client.local("node2", "10.0.9.2")
    assert (raised.value.kind, raised.value.text) == (ErrorKind.TIMEOUT, "did not answer within 0.2 s")
    worker.frozen.clear()
    worker.stop()
    with pytest.raises(EngineError) as raised:
        client.local("node2", "10.0.9.2")
    assert raised.value.kind is ErrorKind.UNREACHABLE
    manager.answers["nodes"] = (500, {"message": "rpc error: code = DeadlineExceeded desc = context deadline exceeded"})
    with pytest.raises(EngineError) as raised:
        EngineClient(manager.dial).swarm(with_tokens=False)
    assert raised.value.kind is ErrorKind.TIMEOUT


@pytest.mark.parametrize("versions", [("1.24", "1.41"), ("1.24", "1.51"), ("1.44", "1.52"), ("1.44", "1.60")])
def test_a_client_speaks_as_the_engine_does(nodes: list[FakeNode], versions: tuple[str, str]) -> None:
    engine = nodes[0].engine
    engine.versions = versions
    client = EngineClient(engine.dial)
    assert client.local("node1", "10.0.9.1").reachable
    assert client.swarm(with_tokens=True).nodes
    client.events().close()


@pytest.mark.parametrize(("before", "after"), [("1.41", "1.52"), ("1.52", "1.41")])
def test_a_client_notices_that_the_engine_was_exchanged(nodes: list[FakeNode], before: str, after: str) -> None:
    engine = nodes[0].engine
    engine.versions = (before, before)
    client, listening = EngineClient(engine.dial), EngineClient(engine.dial)
    assert client.local("node1", "10.0.9.1").reachable
    listening.events().close()
    engine.versions = (after, after)
    assert client.local("node1", "10.0.9.1").reachable
    listening.events().close()


async def test_a_lane_does_one_thing_at_a_time_and_drops_what_came_too_late() -> None:
    lane = Lane("test")
    gate = threading.Event()
    done: list[int] = []
    with pytest.raises(TimeoutError):
        await lane.call(lambda: gate.wait(_PATIENCE), 0.05)
    with pytest.raises(TimeoutError):
        await lane.call(lambda: done.append(1), 0.05)
    gate.set()
    await lane.call(lambda: done.append(2), _PATIENCE)
    assert done == [2]
    lane.close(lambda: done.append(3))
    await until(lambda: not lane.alive)
    assert done == [2, 3]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that nobody announces."""
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)
