"""Checks of services and their tasks, with their sentences."""

from dataclasses import replace

import pytest

from tests.unit.checks_samples import (
    FAIL,
    FOUR_OF_SIX,
    HUNG,
    LOST,
    OFF,
    ONE,
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
    no_swarm,
    node,
    service,
    swarm,
    task,
    tasks,
    with_node,
)
from tui.checks.evaluate import evaluate
from tui.checks.model import Evidence, Outcome
from tui.swarm.snapshot import Snapshot

NO_PETS = "there is no service named pets"

SERVICES: list[Row] = [
    ("{service: pets, expect: {running: 6}}", swarm([PETS], SIX), PASS, "6 tasks of pets run", ""),
    (
        "{service: pets, expect: {running: 6}}",
        swarm([PETS], FOUR_OF_SIX),
        FAIL,
        "6 tasks of pets run",
        "4 run, 2 are preparing on node2 and node3",
    ),
    (
        "{service: pets, expect: {running: 6}}",
        with_node(swarm([PETS], SIX), "node3", state="down"),
        FAIL,
        "6 tasks of pets run",
        "4 run, 2 are on node3, which is Down",
    ),
    (
        "{service: pets, expect: {running: 1}}",
        swarm(
            [ONE],
            [
                task(
                    ONE,
                    1,
                    "",
                    state="pending",
                    error="no suitable node (scheduling constraints not satisfied on 3 nodes)",
                )
            ],
        ),
        FAIL,
        "1 task of pets runs",
        "none runs, 1 is pending; “no suitable node (scheduling constraints not satisfied on 3 nodes)”",
    ),
    (
        "{service: pets, expect: {running: 1}}",
        swarm(
            [ONE],
            [
                task(ONE, 1, "node2", id="new", desired="ready", state="ready", created=NOW),
                task(ONE, 1, "node1", id="old", desired="shutdown", state="rejected", error="No such image: petz:1.0"),
            ],
        ),
        FAIL,
        "1 task of pets runs",
        "none runs, 1 is waiting to start on node2; “No such image: petz:1.0”",
    ),
    ("{service: pets, expect: {running: {gte: 1}}}", swarm([PETS]), FAIL, "at least 1 task of pets runs", "none runs"),
    (
        "{service: pets, expect: {running: 0}}",
        swarm([ONE], tasks(ONE, "node1")),
        FAIL,
        "no task of pets runs",
        "1 runs",
    ),
    ("{service: pets, expect: {exists: true}}", swarm(), FAIL, "the service pets exists", NO_PETS),
    (
        "{service: pet, expect: {exists: true}}",
        swarm([PETS]),
        FAIL,
        "the service pet exists",
        "there is no service named pet; docker service ls lists pets",
    ),
    ("{service: pets, expect: {exists: false}}", swarm([PETS]), FAIL, "the service pets is gone", "it still exists"),
    ("{service: pets, expect: {exists: false}}", swarm([service("pets2")]), PASS, "the service pets is gone", ""),
    ("{service: pets, expect: {exists: false}}", no_swarm(), PASS, "the service pets is gone", ""),
    ("{service: pets, expect: {exists: false}}", HUNG, UNKNOWN, "the service pets is gone", LOST),
    (
        "{service: pets, expect: {exists: false}}",
        OFF,
        UNKNOWN,
        "the service pets is gone",
        "no manager to ask, and node3 does not answer",
    ),
    (
        "{service: pets, expect: {exists: false}}",
        Snapshot(NOW),
        UNKNOWN,
        "the service pets is gone",
        "nothing is known of the nodes yet",
    ),
    (
        "{service: pets, expect: {replicas: 6}}",
        swarm([ONE]),
        FAIL,
        "the service pets asks for 6 replicas",
        "it asks for 1",
    ),
    (
        "{service: pets, expect: {replicas: 6}}",
        swarm([service(replicas=None)]),
        FAIL,
        "the service pets asks for 6 replicas",
        "it is global and has no number of replicas",
    ),
    (
        "{service: pets, expect: {image: swarmtutor/pets}}",
        swarm([PETS]),
        PASS,
        "the service pets uses swarmtutor/pets",
        "",
    ),
    (
        '{service: pets, expect: {exists: true, image: {match: "^swarmtutor/pets:2"}, port: 5000}}',
        swarm([PETS]),
        FAIL,
        "the service pets uses an image that begins with “swarmtutor/pets:2” and publishes port 5000",
        "it uses swarmtutor/pets:1.0",
    ),
    (
        "{service: pets, expect: {port: 5000}}",
        swarm([service(ports=())]),
        FAIL,
        "the service pets publishes port 5000",
        "it publishes no port",
    ),
    (
        "{service: pets, expect: {port: {not: 5000}}}",
        swarm([service(ports=())]),
        PASS,
        "the service pets publishes port anything but 5000",
        "",
    ),
    ("{service: pets, expect: {mode: global}}", swarm([PETS]), FAIL, "the service pets is global", "it is replicated"),
    (
        "{service: pets, expect: {update: completed}}",
        swarm([service(update_state="paused", update_message="update paused due to failure")]),
        FAIL,
        "the service pets has completed its update",
        "it has a paused update: update paused due to failure",
    ),
    (
        "{service: pets, expect: {update: completed}}",
        swarm([PETS]),
        FAIL,
        "the service pets has completed its update",
        "it was not updated yet",
    ),
    (
        "{service: pets, expect: {replicas: 6}, say: six were asked for}",
        swarm([ONE]),
        FAIL,
        "six were asked for",
        "it asks for 1",
    ),
]

DRAINED = [task(ONE, 1, "node3"), task(ONE, 1, "node2", desired="shutdown", state="shutdown", created=NOW - 20)]

TASKS: list[Row] = [
    (
        "{tasks: {service: pets, node: node2}, expect: {running: 0}}",
        swarm([PETS], SIX),
        FAIL,
        "no task of pets runs on node2",
        "2 run",
    ),
    (
        "{tasks: {service: pets, node: node2}, expect: {running: 0}}",
        swarm([ONE], DRAINED),
        PASS,
        "no task of pets runs on node2",
        "",
    ),
    (
        "{tasks: {service: pets, node: node2}, expect: {running: {gte: 1}}}",
        swarm([ONE], DRAINED),
        FAIL,
        "at least 1 task of pets runs on node2",
        "none runs there, but on node3",
    ),
    (
        "{tasks: {service: pets, node: node2}, expect: {history: {gte: 1}}}",
        swarm([ONE], DRAINED),
        PASS,
        "docker service ps lists at least 1 task of pets on node2",
        "",
    ),
    (
        "{tasks: {service: pets, node: node2}, expect: {running: 0}}",
        swarm(),
        FAIL,
        "no task of pets runs on node2",
        NO_PETS,
    ),
    (
        "{tasks: {service: pets, node: node3}, expect: {running: 0}}",
        replace(swarm([ONE], DRAINED), nodes=(node("node1"),)),
        FAIL,
        "no task of pets runs on node3",
        "docker node ls does not list node3",
    ),
    ("{tasks: {}, expect: {running: 0}}", swarm(), PASS, "no task runs", ""),
    ("{tasks: {}, expect: {running: 0}}", HUNG, UNKNOWN, "no task runs", LOST),
    (
        "{tasks: {service: pets}, expect: {preparing: 0}}",
        swarm([PETS], FOUR_OF_SIX),
        FAIL,
        "no task of pets is preparing",
        "4 run, 2 are preparing on node2 and node3",
    ),
    (
        "{tasks: {service: pets}, expect: {failed: {gte: 1}}}",
        swarm([ONE], [task(ONE, 1, "node1", desired="shutdown", state="failed", error="task: non-zero exit (1)")]),
        PASS,
        "at least 1 task of pets has failed",
        "",
    ),
]


@pytest.mark.parametrize(("yaml", "snapshot", "outcome", "goal", "seen"), [*SERVICES, *TASKS])
def test_a_check_of_services_says_what_it_wants_and_what_it_sees(
    yaml: str, snapshot: Snapshot, outcome: Outcome, goal: str, seen: str
) -> None:
    assert_verdict(yaml, snapshot, outcome, goal, seen)


def compared_to_start(start: Snapshot, now: Snapshot) -> Evidence:
    return evidence(now, start=start)


SAME = "{service: pets, expect: {running: {same_as: start}}}"


def test_same_as_start_compares_with_the_first_snapshot() -> None:
    three = swarm([PETS], SIX[:3])
    kept = evaluate(check(SAME), compared_to_start(three, three), {})
    assert (kept.outcome, kept.goal) == (PASS, "3 tasks of pets run, as before")
    lost = evaluate(check(SAME), compared_to_start(three, swarm([PETS], SIX[:2])), {})
    assert (lost.outcome, lost.seen) == (FAIL, "2 run")


def test_same_as_start_is_unknown_where_the_start_was_not_seen() -> None:
    blind = evaluate(check(SAME), compared_to_start(HUNG, swarm([PETS], SIX)), {})
    assert (blind.outcome, blind.seen) == (UNKNOWN, f"as the step began, {LOST}")
    nothing = evaluate(check(SAME), compared_to_start(swarm(), swarm([PETS], SIX)), {})
    assert (nothing.outcome, nothing.seen) == (UNKNOWN, "there was nothing to compare with as the step began")


def test_names_are_compared_exactly() -> None:
    names = swarm([service("pets-2"), service("mypets")])
    assert evaluate(check("{service: pets, expect: {exists: true}}"), evidence(names), {}).outcome is FAIL
    assert evaluate(check("{service: pets-2, expect: {exists: true}}"), evidence(names), {}).outcome is PASS
