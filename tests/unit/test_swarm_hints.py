"""When to look again, whom to ask, and what counts as news."""

import json
from dataclasses import replace

import pytest

from tests.unit.swarm_samples import sample, sample_engine, sample_node, sample_service, sample_task, with_engine
from tui.swarm.build import SwarmRows
from tui.swarm.engine_client import EngineEvent, parse_event
from tui.swarm.freshness import same_but_times, same_rows, timeless_status
from tui.swarm.hints import Hint, converging, hint_of
from tui.swarm.managers import candidates, nobody_in_swarm, why_unknown
from tui.swarm.snapshot import Container, Engine, LocalState


def event(type_: str, action: str, **attributes: str) -> EngineEvent:
    return EngineEvent(type_, action, tuple(attributes.items()), 1)


@pytest.mark.parametrize(
    ("seen", "hint"),
    [
        (event("container", "start"), Hint(local=True)),
        (event("container", "health_status: healthy"), Hint(local=True)),
        (event("container", "exec_start: /bin/check"), Hint()),
        (event("container", "attach"), Hint()),
        (event("service", "update"), Hint(swarm=True)),
        (event("node", "update"), Hint(swarm=True, everyone=True)),
        (event("node", "update", **{"availability.new": "drain", "availability.old": "active"}), Hint(swarm=True)),
        (event("network", "create"), Hint(local=True, info=True, swarm=True)),
        (event("network", "connect"), Hint()),
        (event("secret", "create"), Hint(swarm=True)),
        (event("config", "remove"), Hint(swarm=True)),
        (event("image", "pull"), Hint(local=True)),
        (event("image", "save"), Hint()),
    ],
)
def test_events_are_hints(seen: EngineEvent, hint: Hint) -> None:
    assert hint_of(seen) == hint


def test_a_task_container_is_a_hint_for_the_swarm() -> None:
    seen = EngineEvent("container", "die", (("com.docker.swarm.task.id", "t1"),), 1)
    assert hint_of(seen) == Hint(local=True, swarm=True)


def test_events_are_parsed_with_and_without_the_old_keys() -> None:
    old = {"status": "start", "id": "c1", "from": "i", "Type": "container", "Action": "start", "timeNano": 7}
    new = {"Type": "container", "Action": "start", "Actor": {"ID": "c1", "Attributes": {"name": "x"}}, "timeNano": 7}
    for raw in (old, new):
        parsed = parse_event(json.dumps(raw).encode())
        assert parsed is not None
        assert (parsed.type, parsed.action, parsed.time_nano) == ("container", "start", 7)
    assert parse_event(b"") is None
    assert parse_event(b"[1]") is None
    assert parse_event(b"half a lin") is None


def rows_converge(**fields: object) -> bool:
    snapshot = sample(**fields)
    return converging(snapshot.nodes, snapshot.services, snapshot.tasks)


def test_a_settled_swarm_does_not_converge() -> None:
    assert not rows_converge()
    assert not rows_converge(tasks=(sample_task(1, 1, desired="shutdown", state="failed"),))
    assert not rows_converge(services=(sample_service(update_state="completed"),))


def test_a_busy_swarm_converges() -> None:
    assert rows_converge(tasks=(sample_task(1, 1, state="preparing"),))
    assert rows_converge(tasks=(sample_task(1, 1, desired="remove"),))
    assert rows_converge(services=(sample_service(update_state="updating"),))


def test_ghosts_on_a_dead_node_do_not_keep_it_busy() -> None:
    nodes = (sample_node(1), sample_node(2, state="down"))
    assert not rows_converge(nodes=nodes, tasks=(sample_task(1, 2, desired="shutdown", state="running"),))


def managers(**fields: object) -> dict[str, Engine]:
    return {f"node{i}": sample_engine(i, is_manager=True, cluster_id="swarm", **fields) for i in (1, 2, 3)}


def test_the_leader_is_asked_first_then_who_answered_last() -> None:
    nodes = (sample_node(1, leader=False), sample_node(2), sample_node(3, leader=True))
    assert list(candidates(managers(), nodes, "node2")) == ["node3", "node2", "node1"]
    assert list(candidates(managers(), (), "")) == ["node1", "node2", "node3"]


def test_who_cannot_answer_is_not_asked() -> None:
    engines = managers()
    engines["node1"] = sample_engine(1, is_manager=True, reachable=False)
    engines["node2"] = sample_engine(2, is_manager=True, state=LocalState.LOCKED)
    assert list(candidates(engines, (), "node1")) == ["node3"]
    assert list(candidates(sample(engines={}).engines, (), "")) == []


def test_of_two_swarms_the_first_nodes_is_shown() -> None:
    engines = managers()
    engines["node2"] = sample_engine(2, is_manager=True, cluster_id="other")
    assert list(candidates(engines, (), "node2")) == ["node1", "node3"]


def test_no_swarm_is_known_only_when_every_engine_said_so() -> None:
    out = {f"node{i}": sample_engine(i, state=LocalState.INACTIVE) for i in (1, 2, 3)}
    assert nobody_in_swarm(out.values())
    assert nobody_in_swarm([*out.values(), sample_engine(4, state=LocalState.INACTIVE, reachable=False)])
    assert not nobody_in_swarm([*out.values(), sample_engine(4, state=LocalState.INACTIVE, asked=0.0)])
    assert not nobody_in_swarm([*out.values(), sample_engine(4)])


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({1: {"reachable": False, "error": "powered off"}}, "node1, a manager, cannot be asked: powered off"),
        ({1: {"state": LocalState.LOCKED, "is_manager": False}}, "node1 is locked (docker swarm unlock)"),
        ({1: {"is_manager": False}, 2: {"state": LocalState.PENDING}}, "node2 is joining a swarm"),
        ({1: {"is_manager": False}, 2: {"swarm_error": "x509: expired"}}, "node2: x509: expired"),
        ({1: {"is_manager": False}}, "no manager of the swarm is among the nodes"),
        ({1: {"is_manager": False}, 3: {"error": "not asked yet", "reachable": False}}, "not asked yet"),
        ({1: {"is_manager": False}, 3: {"error": "cut off", "reachable": False}}, "node3 cannot be asked: cut off"),
    ],
)
def test_why_the_swarm_is_unknown(changed: dict[int, dict[str, object]], reason: str) -> None:
    engines = {f"node{i}": sample_engine(i, **changed.get(i, {})) for i in (1, 2, 3)}
    assert why_unknown(engines) == reason


def test_a_managers_own_words_explain_its_failure() -> None:
    engines = {"node1": sample_engine(1, swarm_error="The swarm does not have a leader"), "node2": sample_engine(2)}
    failures = {"node1": "did not answer within 3 s", "node2": "did not answer within 3 s"}
    assert why_unknown(engines, failures) == (
        "node1: The swarm does not have a leader; node2: did not answer within 3 s"
    )


@pytest.mark.parametrize(
    ("status", "timeless"),
    [
        ("Up 3 seconds", "Up"),
        ("Up 2 hours (healthy)", "Up (healthy)"),
        ("Up Less than a second (health: starting)", "Up (health: starting)"),
        ("Exited (137) 5 seconds ago", "Exited (137)"),
        ("Up 5 minutes (Paused)", "Up (Paused)"),
        ("", ""),
    ],
)
def test_a_status_without_its_age(status: str, timeless: str) -> None:
    assert timeless_status(status) == timeless


def test_times_are_no_news() -> None:
    container = Container("c", "n", "i", "", "running", "Up 1 second", 0.0)
    before = with_engine(sample(), sample_engine(2, containers=(container,)))
    older = replace(container, status="Up 2 seconds")
    after = replace(with_engine(before, sample_engine(2, asked=9.0, containers=(older,))), taken=200.0, swarm_asked=9.0)
    assert same_but_times(before, after)
    well = replace(container, status="Up 2 seconds (healthy)")
    assert not same_but_times(before, with_engine(before, sample_engine(2, containers=(well,))))
    assert not same_but_times(before, replace(before, manager_error="no answer"))


def test_rows_are_compared_without_tokens() -> None:
    assert same_rows(SwarmRows(), SwarmRows())
    assert same_rows(None, None)
    assert not same_rows(SwarmRows(), None)
    assert not same_rows(SwarmRows(nodes=(sample_node(1),)), SwarmRows())
