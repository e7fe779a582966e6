"""Checks of containers, of web answers and of commands that ran, with their sentences."""

from dataclasses import replace

import pytest

from tests.unit.checks_samples import (
    FAIL,
    OFF,
    PASS,
    UNKNOWN,
    Row,
    assert_verdict,
)
from tests.unit.factories import check, container, evidence, ran, service, swarm, with_engine
from tui.checks.evaluate import evaluate
from tui.checks.facts import facts_of
from tui.checks.model import Outcome, WebTarget
from tui.playground.model import WebAnswer
from tui.swarm.snapshot import Container, Snapshot
from tui.terminal.command_log import RanCommand

SHELL = container(name="bold_bell")
OF_TASK = container("swarmtutor/pets:1.0@sha256:beef", name="pets.1.x", task_id="t1")


def on_node1(*found: Container) -> Snapshot:
    return with_engine(swarm(), "node1", containers=found)


BY_HAND = "{container: {node: node1, image: swarmtutor/shell, task: false, state: running}, expect: {count: %s}}"
CONTAINERS: list[Row] = [
    (BY_HAND % "1", on_node1(SHELL, OF_TASK), PASS, "1 container of swarmtutor/shell runs on node1", ""),
    (BY_HAND % "1", on_node1(OF_TASK), FAIL, "1 container of swarmtutor/shell runs on node1", "there is none on node1"),
    (
        BY_HAND % "{gte: 1}",
        on_node1(replace(SHELL, state="exited")),
        FAIL,
        "at least 1 container of swarmtutor/shell runs on node1",
        "there is none on node1, but bold_bell is exited",
    ),
    (BY_HAND % "0", on_node1(SHELL), FAIL, "no container of swarmtutor/shell runs on node1", "there is 1: bold_bell"),
    (
        BY_HAND % "0",
        with_engine(on_node1(), "node1", reachable=False, error="timed out"),
        UNKNOWN,
        "no container of swarmtutor/shell runs on node1",
        "node1 does not answer: timed out",
    ),
    (
        "{container: {node: node1, image: 'swarmtutor/pets:1.0'}, expect: {running: 1}}",
        on_node1(OF_TASK),
        PASS,
        "1 container of swarmtutor/pets:1.0 runs on node1",
        "",
    ),
    (
        "{container: {node: node1, image: 'swarmtutor/pets:2.0'}, expect: {count: 1}}",
        on_node1(OF_TASK),
        FAIL,
        "1 container of swarmtutor/pets:2.0 is there on node1",
        "there is none on node1",
    ),
    (
        "{container: {image: swarmtutor/shell}, expect: {count: 1}}",
        OFF,
        UNKNOWN,
        "1 container of swarmtutor/shell is there",
        "node3 does not answer: no route to host",
    ),
    (
        "{container: {image: swarmtutor/she}, expect: {count: 0}}",
        on_node1(SHELL),
        PASS,
        "no container of swarmtutor/she is there",
        "",
    ),
]


@pytest.mark.parametrize(("yaml", "snapshot", "outcome", "goal", "seen"), CONTAINERS)
def test_a_check_of_containers_says_what_it_wants_and_what_it_sees(
    yaml: str, snapshot: Snapshot, outcome: Outcome, goal: str, seen: str
) -> None:
    assert_verdict(yaml, snapshot, outcome, goal, seen)


PAGE = WebTarget("node2", 5000)
WEB_PETS = "{web: {node: node2, port: 5000}, expect: %s}"


def answers(*served_by: str, status: int = 200, error: str = "") -> tuple[WebAnswer, ...]:
    return tuple(WebAnswer(status, "a cat" if status else "", name, error) for name in served_by)


@pytest.mark.parametrize(
    ("expect", "given", "outcome", "goal", "seen"),
    [
        ("{status: 200}", answers("a"), PASS, "http://node2:5000 answers", ""),
        ("{status: 200}", (), UNKNOWN, "http://node2:5000 answers", "not asked yet"),
        (
            "{status: 200}",
            answers("", status=0, error="connection refused"),
            FAIL,
            "http://node2:5000 answers",
            "no answer: connection refused",
        ),
        (
            "{status: 200}",
            answers("a", status=404),
            FAIL,
            "http://node2:5000 answers",
            "the last answer has status 404",
        ),
        ("{body: {match: cat}}", answers("a"), PASS, "http://node2:5000 shows something with “cat”", ""),
        (
            "{body: {match: dog}}",
            answers("a"),
            FAIL,
            "http://node2:5000 shows something with “dog”",
            "it shows “a cat”",
        ),
        (
            "{answered_by: {gte: 3}}",
            answers("a", "b", "c"),
            PASS,
            "at least 3 replicas answer at http://node2:5000",
            "",
        ),
        (
            "{answered_by: {gte: 3}}",
            answers("a", "b", "a"),
            FAIL,
            "at least 3 replicas answer at http://node2:5000",
            "2 replicas answered the last 3 requests",
        ),
        (
            "{answered_by: 1}",
            (*answers("a", "b"), *answers(*"c" * 12)),
            PASS,
            "1 replica answers at http://node2:5000",
            "",
        ),
        (
            "{refused: true}",
            answers("", status=0, error="connection refused"),
            PASS,
            "nothing answers at http://node2:5000",
            "",
        ),
        ("{refused: true}", answers("a"), FAIL, "nothing answers at http://node2:5000", "status 200"),
    ],
)
def test_a_check_of_the_web_judges_the_last_answers(
    expect: str, given: tuple[WebAnswer, ...], outcome: Outcome, goal: str, seen: str
) -> None:
    verdict = evaluate(check(WEB_PETS % expect), evidence(swarm(), web={PAGE: given}), {})
    assert (verdict.outcome, verdict.goal, verdict.seen) == (outcome, goal, seen)


def test_a_page_of_a_node_that_does_not_answer_is_unknown_and_not_refused() -> None:
    gone = with_engine(swarm(), "node2", reachable=False, error="powered off")
    seen = evidence(gone, web={PAGE: answers("", status=0, error="unreachable")})
    verdict = evaluate(check(WEB_PETS % "{refused: true}"), seen, {})
    assert (verdict.outcome, verdict.seen) == (UNKNOWN, "node2 does not answer: powered off")


LS = "{ran: {node: node1, command: docker node ls}%s}"
REFUSED = "Error response from daemon: This node is not a swarm manager."


@pytest.mark.parametrize(
    ("yaml", "commands", "outcome", "goal", "seen"),
    [
        (LS % "", [ran("docker node ls")], PASS, "docker node ls was run on node1", ""),
        (LS % "", [ran("sudo docker node list -q | head")], PASS, "docker node ls was run on node1", ""),
        (LS % "", [], FAIL, "docker node ls was run on node1", "not yet"),
        (
            LS % "",
            [ran("docker node ls", "node2")],
            FAIL,
            "docker node ls was run on node1",
            "not there yet, only on node2",
        ),
        (LS % "", [ran("ssh node1 docker node ls", "node2")], PASS, "docker node ls was run on node1", ""),
        (
            LS % "",
            [ran("docker node ls", exit_status=1, output=REFUSED + "\n")],
            FAIL,
            "docker node ls was run on node1",
            f"it ended with status 1: “{REFUSED}”",
        ),
        (
            LS % "",
            [ran("docker node ls", exit_status=None)],
            FAIL,
            "docker node ls was run on node1",
            "it is still running",
        ),
        (LS % "", [ran("watch docker node ls", exit_status=None)], PASS, "docker node ls was run on node1", ""),
        (LS % "", [ran("docker node ls --help")], FAIL, "docker node ls was run on node1", "not yet"),
        (
            LS % ", expect: {count: {gte: 2}}",
            [ran("docker node ls")],
            FAIL,
            "docker node ls was run on node1 at least 2 times",
            "it was run 1 time",
        ),
        (
            LS % ", expect: {count: {gte: 1}}",
            [ran("docker node ls", exit_status=1)],
            PASS,
            "docker node ls was run on node1",
            "",
        ),
        (
            LS % ", expect: {exit: {not: 0}}",
            [ran("docker node ls")],
            FAIL,
            "docker node ls was run on node1 and failed",
            "it ended with status 0",
        ),
        (
            LS % ", expect: {output: {match: Drain}}",
            [ran("docker node ls", output="node2 Active")],
            FAIL,
            "docker node ls was run on node1",
            "its output is not the one that is waited for: “node2 Active”",
        ),
        (
            "{ran: {command: [docker ps, docker service ps pets]}}",
            [ran("docker service ps --no-trunc pets", "node3")],
            PASS,
            "docker ps was run",
            "",
        ),
        (
            "{ran: {node: [node2, node3], command: docker ps}}",
            [ran("docker ps")],
            FAIL,
            "docker ps was run on node2 or node3",
            "not there yet, only on node1",
        ),
        (
            '{ran: {match: "curl.*:5000"}, say: the page was fetched}',
            [ran("for n in node1 node2; do curl -s $n:5000; done")],
            PASS,
            "the page was fetched",
            "",
        ),
    ],
)
def test_a_check_of_commands_accepts_every_way_of_running_it(
    yaml: str, commands: list[RanCommand], outcome: Outcome, goal: str, seen: str
) -> None:
    verdict = evaluate(check(yaml), replace(evidence(swarm()), commands=tuple(commands)), {})
    assert (verdict.outcome, verdict.goal, verdict.seen) == (outcome, goal, seen)


@pytest.mark.parametrize(
    ("typed", "counts"),
    [
        ("docker service ps pets", True),
        ("docker service ps xpets000", True),
        ("docker service ps pet", False),
        ("docker service ps other", False),
        ("docker service ps pe", False),
    ],
)
def test_an_id_is_as_good_as_a_name(typed: str, counts: bool) -> None:
    seen = evidence(swarm([service(), service("other")]), ran(typed))
    verdict = evaluate(check("{ran: {command: docker service ps pets}}"), seen, {})
    assert (verdict.outcome is PASS) is counts


def test_a_fact_in_a_command_is_met_by_the_name_too() -> None:
    spec = check('{ran: {command: "docker node inspect {{ node2.id }}"}}')
    now = swarm()
    verdict = evaluate(spec, evidence(now, ran("docker node inspect --pretty node2")), facts_of(now, "ipvs"))
    assert (verdict.outcome, verdict.goal) == (PASS, "docker node inspect node2 was run")


def test_a_command_that_must_not_run_is_said_so() -> None:
    spec = check("{ran: {command: docker ps}, expect: {count: 0}}")
    assert evaluate(spec, evidence(swarm()), {}).goal == "docker ps was not run"
    assert evaluate(spec, evidence(swarm(), ran("docker ps")), {}).seen == "it was run 1 time"
