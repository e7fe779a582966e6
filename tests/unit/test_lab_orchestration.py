"""The lab as it stands in its file: what every step owes the learner, and which routes its patterns let through."""

import pytest

from tui.checks.evaluate import evaluate_all
from tui.checks.model import Evidence, Outcome
from tui.labs.facts import render
from tui.labs.lint import lint_lab
from tui.labs.model import Command, Lab, Step, Subject
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir
from tui.swarm.snapshot import Snapshot
from tui.terminal.command_log import RanCommand

LAB: Lab = load_lab_by_id("orchestration", content_dir())
WITH_GOAL = [step for step in LAB.steps if step.goal]
STANDS_ALONE = {"machines", "run", "init", "leave"}
"""Steps that can be begun whatever the nodes hold."""
FACTS = {"node1.ip": "10.77.0.11", "node2.ip": "10.77.0.12", "node3.ip": "10.77.0.13"}


def step(step_id: str) -> Step:
    return next(step for step in LAB.steps if step.id == step_id)


def ran_goals_met(step_id: str, *commands: tuple[str, str, int]) -> list[bool]:
    """Which of a step's `ran` goals are met by these commands: node, text, exit status."""
    log = tuple(
        RanCommand(node, text, float(at), exit_status, at + 0.5)
        for at, (node, text, exit_status) in enumerate(commands)
    )
    evidence = Evidence(Snapshot(taken=99.0), Snapshot(taken=0.0), log)
    specs = [spec for spec in step(step_id).goal if spec.subject is Subject.RAN]
    return [verdict.outcome is Outcome.PASS for verdict in evaluate_all(specs, evidence, FACTS)]


def test_the_lab_has_no_mistake() -> None:
    path = content_dir() / "orchestration" / "lab.md"
    assert lint_lab(path.read_text(), path) == ()


def test_the_lab_is_whole() -> None:
    assert len(LAB.steps) >= 20
    assert len(LAB.sections) >= 7
    asked = {spec.subject for step in WITH_GOAL for spec in step.goal}
    assert asked == {
        *(Subject.RAN, Subject.CONTAINER, Subject.SWARM, Subject.NODE, Subject.SERVICE, Subject.TASKS, Subject.WEB),
    }


@pytest.mark.parametrize("step", WITH_GOAL, ids=lambda step: step.id)
def test_a_step_with_a_goal_shows_how_and_helps(step: Step) -> None:
    assert step.commands
    assert len(step.hints) >= 2


@pytest.mark.parametrize("step", WITH_GOAL, ids=lambda step: step.id)
def test_a_step_with_a_goal_has_other_ways_and_names_mistakes(step: Step) -> None:
    """Each wrong way shows a sentence of its own, written for that mistake alone."""
    assert step.routes
    assert len(step.wrong) >= 2
    assert step.why
    shown = [
        [diagnosis.say for diagnosis in step.diagnoses if way.says.casefold() in diagnosis.say.casefold()]
        for way in step.wrong
    ]
    assert [len(sentences) for sentences in shown] == [1] * len(step.wrong)
    assert len({sentences[0] for sentences in shown}) == len(step.wrong)


@pytest.mark.parametrize("step", [step for step in WITH_GOAL if step.id not in STANDS_ALONE], ids=lambda step: step.id)
def test_what_a_step_builds_on_can_be_brought_back(step: Step) -> None:
    assert step.requires
    assert all(requirement.by or requirement.repair for requirement in step.requires)


@pytest.mark.parametrize("step", WITH_GOAL, ids=lambda step: step.id)
def test_other_ways_of_looking_count(step: Step) -> None:
    wanted = [spec for spec in step.goal if spec.subject is Subject.RAN]
    for route in step.routes:
        commands = [(order.node, render(order.text, FACTS).text, 0) for order in route.orders]
        assert ran_goals_met(step.id, *commands) == [True] * len(wanted), route.say


def test_questions_come_before_the_commands_that_answer_them() -> None:
    asked = [question.id for step in LAB.steps for question in step.questions]
    assert asked == ["ps", "six", "one", "drain", "active"]
    for each in LAB.steps:
        for question in each.questions:
            assert question.why
            assert isinstance(each.blocks[each.blocks.index(question) + 1], Command)


def test_every_step_tells_the_presenter_something() -> None:
    assert all(step.notes for step in LAB.steps)


@pytest.mark.parametrize("step", WITH_GOAL, ids=lambda step: step.id)
def test_looking_is_done_by_the_commands_that_are_shown(step: Step) -> None:
    """The reference commands satisfy every `ran` goal, and nothing run satisfies none."""
    wanted = [spec for spec in step.goal if spec.subject is Subject.RAN]
    shown = [(command.node, command.text, 0) for command in step.commands]
    assert ran_goals_met(step.id, *shown) == [True] * len(wanted)
    assert ran_goals_met(step.id) == [False] * len(wanted)
    assert ran_goals_met(step.id, *((node, text, 1) for node, text, _ in shown)) == [False] * len(wanted)


@pytest.mark.parametrize(
    "command",
    [
        "curl node1:5000",
        "curl -s http://node3:5000/?pet=owl | tail -n 3",
        "wget -qO- 10.77.0.12:5000",
        "ssh node2 curl -s node1:5000",
        "while sleep 1; do curl -s node2:5000; done",
        "sudo curl -I localhost:5000",
    ],
)
def test_any_way_of_fetching_the_page_counts(command: str) -> None:
    assert ran_goals_met("page", ("node2", command, 0)) == [True]


@pytest.mark.parametrize("command", ["curl node1", "curl node1:80", "echo node1:5000", "ping node1"])
def test_other_commands_do_not_fetch_the_page(command: str) -> None:
    assert ran_goals_met("page", ("node1", command, 0)) == [False]


@pytest.mark.parametrize(
    ("command", "met"),
    [
        ("curl node2:5000", [True, False]),
        ("curl http://10.77.0.13:5000/", [False, True]),
        ("for n in node2 node3; do curl -s node2:5000; curl -s node3:5000; done", [True, True]),
        ("curl node2:5000 node3:5000", [True, True]),
        ("curl node1:5000", [False, False]),
        ("for n in node2 node3; do curl -s $n:5000; done", [True, True]),
        ("for i in 2 3; do curl -s node${i}:5000; done", [True, True]),
    ],
)
def test_each_other_node_is_asked(command: str, met: list[bool]) -> None:
    assert ran_goals_met("any-node", ("node1", command, 0)) == met


@pytest.mark.parametrize(
    ("step_id", "node", "command"),
    [
        ("ps", "node2", "docker container ls -a"),
        ("info", "node1", "docker system info"),
        ("token", "node1", "docker swarm join-token -q worker"),
        ("node-ls", "node1", "watch -n 1 docker node ls"),
        ("service-ls", "node1", "docker service list"),
        ("service-ps", "node1", "docker service ps --no-trunc pets"),
        ("on-node2", "node1", "ssh node2 docker ps"),
        ("history", "node1", "sudo docker service ps pets | head"),
    ],
)
def test_other_spellings_of_looking_count(step_id: str, node: str, command: str) -> None:
    assert any(ran_goals_met(step_id, (node, command, 0)))
    assert not any(ran_goals_met(step_id, (node, command, 1)))


def test_looking_on_the_wrong_node_does_not_count() -> None:
    assert ran_goals_met("on-node2", ("node1", "docker ps", 0)) == [False]
    assert ran_goals_met("node-ls", ("node3", "docker node ls", 1)) == [False]
