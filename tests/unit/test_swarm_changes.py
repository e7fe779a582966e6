"""What is different between two snapshots is said in words, once."""

from dataclasses import replace

import pytest

from tests.unit.swarm_samples import (
    recorded_snapshot,
    sample,
    sample_engine,
    sample_node,
    sample_service,
    sample_task,
    with_engine,
)
from tui.swarm.changes import Change, ChangeKind, changes
from tui.swarm.snapshot import Container, LocalState, Network, Snapshot, StoredItem


def said(before: Snapshot, after: Snapshot) -> list[str]:
    return [str(change) for change in changes(before, after)]


def container(**fields: object) -> Container:
    base = Container(id="c1", name="nifty", image="i", command="", state="running", status="Up 1 second", created=0.0)
    return replace(base, **fields)


def test_nothing_differs_between_equal_snapshots() -> None:
    snapshot = recorded_snapshot("swarm")
    assert changes(snapshot, replace(snapshot, taken=2000.0, swarm_asked=2000.0)) == ()


def test_the_first_reading_is_no_change() -> None:
    unknown = Snapshot(
        taken=0.0,
        engines={f"node{i}": sample_engine(i, asked=0.0, reachable=False) for i in (1, 2, 3)},
        manager_error="not asked yet",
    )
    assert changes(unknown, sample()) == ()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"state": "down"}, "node node2: ready → down"),
        ({"availability": "drain"}, "node node2: availability active → drain"),
        ({"role": "manager"}, "node node2: role worker → manager"),
        ({"reachability": "reachable"}, "node node2: manager none → reachable"),
        ({"labels": (("disk", "ssd"),)}, "node node2: labels none → disk=ssd"),
    ],
)
def test_a_node_changes(fields: dict[str, object], sentence: str) -> None:
    nodes = (sample_node(1), sample_node(2, **fields), sample_node(3))
    assert said(sample(), sample(nodes=nodes)) == [sentence]


def test_a_leader_changes() -> None:
    before = sample(nodes=(sample_node(1), sample_node(2, role="manager", reachability="reachable")))
    after = sample(
        nodes=(sample_node(1, leader=False, reachability="unreachable"), sample_node(2, role="manager", leader=True))
    )
    assert said(before, after) == [
        "node node1: manager leader → unreachable",
        "node node2: manager reachable → leader",
    ]


def test_nodes_come_and_go() -> None:
    two = sample(nodes=(sample_node(1), sample_node(2)))
    assert said(two, sample()) == ["node node3: joined as worker"]
    assert said(sample(), two) == ["node node3: removed (was ready)"]


def test_services_come_and_go() -> None:
    empty = sample(services=(), tasks=())
    created = sample(tasks=(), services=(sample_service(created=90.0),))
    assert said(empty, created) == ["service pets: created, 3 replicas of pets:1.0"]
    assert changes(empty, created)[0].at == 90.0
    assert said(created, empty) == ["service pets: removed (was 3 replicas of pets:1.0)"]


def test_a_service_is_scaled_and_updated() -> None:
    after = sample(services=(sample_service(replicas=6, image="pets:2.0", update_state="updating"),))
    assert said(sample(), after) == [
        "service pets: replicas 3 → 6",
        "service pets: image pets:1.0 → pets:2.0",
        "service pets: update none → updating",
    ]


def test_a_task_appears_runs_and_fails() -> None:
    none = sample(tasks=())
    new = sample(tasks=(sample_task(1, 2, state="new", node_id=""),))
    running = sample(tasks=(sample_task(1, 2, reported=99.5),))
    failed = sample(tasks=(sample_task(1, 2, state="failed", error="task: non-zero exit (3)"),))
    assert said(none, new) == ["task pets.1: new"]
    assert said(new, running) == ["task pets.1 on node2: new → running"]
    assert changes(new, running)[0].at == 99.5
    assert said(running, failed) == ["task pets.1 on node2: running → failed (task: non-zero exit (3))"]


def test_a_slot_moves_to_another_node() -> None:
    before = sample(tasks=(sample_task(1, 2),))
    after = sample(
        tasks=(
            sample_task(1, 2, desired="shutdown"),
            sample_task(1, 3, id="t9", state="assigned", created=50.0),
        )
    )
    found = changes(before, after)
    moved = next(change for change in found if change.what == "moved")
    assert (moved.subject, moved.before, moved.after, moved.node) == (
        "task pets.1",
        "node2",
        "node3 (assigned)",
        "node3",
    )
    assert "task pets.1 on node2: wanted running → shutdown" in [str(change) for change in found]


def test_old_history_leaves_silently_but_a_removed_replica_does_not() -> None:
    before = sample(tasks=(sample_task(1, 1), sample_task(2, 2, desired="shutdown", state="shutdown")))
    assert said(before, sample(tasks=(sample_task(1, 1),))) == []
    assert said(before, sample(tasks=(before.tasks[1],))) == ["task pets.1 on node1: removed (was running)"]


def test_an_engine_goes_and_returns() -> None:
    gone = with_engine(sample(), sample_engine(2, reachable=False, error="powered off"))
    assert said(sample(), gone) == ["engine node2: answers → unreachable (powered off)"]
    assert said(gone, sample()) == ["engine node2: unreachable → answers again"]


def test_what_an_engine_was_is_not_judged_while_it_is_silent() -> None:
    gone = with_engine(sample(), sample_engine(2, reachable=False, state=LocalState.INACTIVE, containers=()))
    before = with_engine(sample(), sample_engine(2, containers=(container(),)))
    assert said(before, gone) == ["engine node2: answers → unreachable ()"]


def test_an_engine_joins_and_leaves_a_swarm() -> None:
    out = with_engine(sample(), sample_engine(2, state=LocalState.INACTIVE, node_id=""))
    assert said(out, sample()) == ["swarm on node2: inactive → active, worker"]
    assert said(sample(), out) == ["swarm on node2: active, worker → inactive"]
    promoted = with_engine(sample(), sample_engine(2, is_manager=True))
    assert said(sample(), promoted) == ["swarm on node2: active, worker → active, manager"]


def test_containers_start_change_and_go() -> None:
    none = sample()
    up = with_engine(none, sample_engine(3, containers=(container(status="Up 1 second (health: starting)"),)))
    well = with_engine(none, sample_engine(3, containers=(container(status="Up 9 seconds (healthy)"),)))
    dead = with_engine(none, sample_engine(3, containers=(container(state="exited", status="Exited (0)"),)))
    assert said(none, up) == ["container nifty on node3: running"]
    assert said(up, well) == ["container nifty on node3: health health: starting → healthy"]
    assert said(well, dead) == ["container nifty on node3: running → exited"]
    assert said(dead, none) == ["container nifty on node3: removed (was exited)"]


def test_what_only_some_labs_look_at_comes_and_goes() -> None:
    back, here = Network("n1", "back", "overlay", "swarm"), Network("n2", "here", "bridge", "local")
    none = sample(networks=(), secrets=(), configs=())
    full = sample(networks=(back, here), secrets=(StoredItem("s1", "key"),), configs=(StoredItem("c1", "site"),))
    assert said(none, full) == ["network back: created, overlay", "secret key: stored", "config site: stored"]
    assert said(full, none) == [
        "network back: removed (was overlay)",
        "secret key: removed (was stored)",
        "config site: removed (was stored)",
    ]
    assert said(sample(), full) == said(full, sample()) == []


def test_images_come_and_go() -> None:
    bare = with_engine(sample(), sample_engine(3, images=()))
    full = with_engine(sample(), sample_engine(3, images=("sw/pets:1.0",)))
    assert said(bare, full) == ["image sw/pets:1.0 on node3: in its store"]
    assert said(full, bare) == ["image sw/pets:1.0 on node3: removed (was in its store)"]
    assert said(sample(), full) == []


def test_a_service_is_given_a_secret() -> None:
    after = sample(services=(sample_service(secrets=("key",)),))
    assert said(sample(), after) == ["service pets: secrets none → key"]


def test_ages_are_no_changes() -> None:
    young = with_engine(sample(), sample_engine(3, containers=(container(status="Up 1 second"),)))
    old = with_engine(sample(), sample_engine(3, asked=9.0, containers=(container(status="Up 5 minutes"),)))
    assert said(young, old) == []


def test_changes_come_in_the_order_of_their_times() -> None:
    before = sample(tasks=(sample_task(1, 1, state="starting"), sample_task(2, 2, state="starting")))
    after = sample(tasks=(sample_task(1, 1, reported=20.0), sample_task(2, 2, reported=10.0)))
    assert [change.at for change in changes(before, after)] == [10.0, 20.0]


def test_a_change_says_all_of_itself() -> None:
    change = changes(sample(), sample(services=(sample_service(replicas=1),)))[0]
    assert change == Change(ChangeKind.SERVICE, "service pets", "replicas", "3", "1", 100.0)
