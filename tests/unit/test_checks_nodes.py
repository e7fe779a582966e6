"""Checks of engines and of rows of `docker node ls`, with their sentences."""

from dataclasses import replace

import pytest

from tests.unit.checks_samples import (
    FAIL,
    HUNG,
    LOST,
    OFF,
    PASS,
    PETS,
    SIX,
    UNKNOWN,
    Row,
    assert_verdict,
)
from tests.unit.factories import (
    NOW,
    check,
    evidence,
    member,
    no_swarm,
    node,
    swarm,
    with_engine,
    with_node,
)
from tui.checks.evaluate import evaluate
from tui.checks.model import Outcome
from tui.swarm.snapshot import LocalState, Snapshot

SWARM: list[Row] = [
    ("{swarm: node1, expect: {state: active}}", swarm(), PASS, "node1 is in a swarm", ""),
    ("{swarm: node1, expect: {state: active}}", no_swarm(), FAIL, "node1 is in a swarm", "it is in no swarm"),
    ("{swarm: node1, expect: {state: inactive}}", swarm(), FAIL, "node1 is in no swarm", "it is in a swarm"),
    (
        "{swarm: node1, expect: {state: active, role: manager}}",
        no_swarm(),
        FAIL,
        "node1 is in a swarm, as manager",
        "it is in no swarm",
    ),
    ("{swarm: node2, expect: {role: manager}}", swarm(), FAIL, "node2 is a manager", "it is a worker"),
    (
        "{swarm: node3, expect: {state: active}}",
        OFF,
        UNKNOWN,
        "node3 is in a swarm",
        "node3 does not answer: no route to host",
    ),
    (
        "{swarm: node2, expect: {state: active}}",
        with_engine(no_swarm(), "node2", state=LocalState.ERROR, swarm_error="rpc error: invalid join token"),
        FAIL,
        "node2 is in a swarm",
        "it has trouble with its swarm: rpc error: invalid join token",
    ),
    (
        "{swarm: node2, expect: {cluster: {same_as_node: node1}}}",
        swarm(),
        PASS,
        "node2 is in the same swarm as node1",
        "",
    ),
    (
        "{swarm: node2, expect: {cluster: {same_as_node: node1}}}",
        with_engine(swarm(), "node2", is_manager=True, cluster_id="another", node_id="x"),
        FAIL,
        "node2 is in the same swarm as node1",
        "node2 is in another swarm",
    ),
    (
        "{swarm: node2, expect: {cluster: {same_as_node: node1}}}",
        with_engine(swarm(), "node2", node_id="of-an-older-swarm"),
        FAIL,
        "node2 is in the same swarm as node1",
        "node2 is in another swarm",
    ),
    (
        "{swarm: node2, expect: {cluster: {same_as_node: node1}}}",
        HUNG,
        UNKNOWN,
        "node2 is in the same swarm as node1",
        "the swarm cannot be asked who its members are",
    ),
]

NODES: list[Row] = [
    (
        "{node: node2, expect: {availability: drain, state: ready}}",
        swarm(),
        FAIL,
        "node2 is set to Drain and Ready",
        "it is Active",
    ),
    (
        "{node: node2, expect: {availability: drain}}",
        with_node(swarm(), "node2", availability="drain"),
        PASS,
        "node2 is set to Drain",
        "",
    ),
    (
        "{node: node2, expect: {state: ready}}",
        with_node(swarm(), "node2", state="down", message="heartbeat failure"),
        FAIL,
        "node2 is Ready",
        "it is Down: heartbeat failure",
    ),
    (
        "{node: node2, expect: {role: worker, state: ready}}",
        no_swarm(),
        FAIL,
        "node2 is a worker and Ready",
        "there is no swarm yet",
    ),
    (
        "{node: node3, expect: {exists: true}}",
        replace(swarm(), nodes=(node("node1"), node("node2"))),
        FAIL,
        "node3 is in the list of nodes",
        "docker node ls lists only node1 and node2",
    ),
    (
        "{node: node3, expect: {exists: false}}",
        with_node(swarm(), "node3", state="down"),
        FAIL,
        "node3 is not in the list of nodes",
        "it is still listed, as Down",
    ),
    ("{node: node3, expect: {exists: false}}", HUNG, UNKNOWN, "node3 is not in the list of nodes", LOST),
    ("{node: node2, expect: {leader: true}}", swarm(), FAIL, "node2 is the leader", "the leader is node1"),
    ("{node: node2, expect: {running: 0}}", swarm([PETS], SIX), FAIL, "node2 runs no task", "it runs 2 tasks"),
    (
        '{node: "{{ node2.id }}", expect: {state: {not: down}}}',
        swarm(),
        PASS,
        "node2 is anything but Down",
        "",
    ),
    (
        '{node: "{{ node2.id }}", expect: {state: ready}}',
        no_swarm(),
        FAIL,
        "node2 is Ready",
        "node2 ID is not known yet",
    ),
    (
        "{node: node1, expect: {availability: {in: [drain, pause]}}}",
        swarm(),
        FAIL,
        "node1 is set to Drain or Pause",
        "it is Active",
    ),
    ("{nodes: {}, expect: {count: 3}}", swarm(), PASS, "the swarm has 3 nodes", ""),
    (
        "{nodes: {role: worker, state: ready}, expect: {count: 2}}",
        with_node(swarm(), "node3", state="down"),
        FAIL,
        "the swarm has 2 Ready workers",
        "it has 1: node2",
    ),
    (
        "{nodes: {role: worker}, expect: {count: {gte: 1}}}",
        no_swarm(),
        FAIL,
        "the swarm has at least 1 worker",
        "there is no swarm yet",
    ),
    ("{nodes: {}, expect: {count: 3}}", HUNG, UNKNOWN, "the swarm has 3 nodes", LOST),
]


@pytest.mark.parametrize(("yaml", "snapshot", "outcome", "goal", "seen"), [*SWARM, *NODES])
def test_a_check_of_nodes_says_what_it_wants_and_what_it_sees(
    yaml: str, snapshot: Snapshot, outcome: Outcome, goal: str, seen: str
) -> None:
    assert_verdict(yaml, snapshot, outcome, goal, seen)


def test_a_machine_that_joined_again_is_judged_by_its_new_row() -> None:
    old = node("node2", id="old-row", state="down", created=NOW - 900)
    again = replace(swarm(), nodes=(old, *swarm().nodes))
    assert evaluate(check("{node: node2, expect: {state: ready}}"), evidence(again), {}).outcome is PASS


def test_a_member_without_a_manager_in_reach_leaves_the_swarm_unknown() -> None:
    orphaned = no_swarm(engines={"node2": member("node2")})
    verdict = evaluate(check("{service: pets, expect: {exists: false}}"), evidence(orphaned), {})
    assert (verdict.outcome, verdict.seen) == (UNKNOWN, "there is no manager to ask")
