"""Holding, diagnoses, web targets, facts from a snapshot, and that words and evaluators agree."""

from dataclasses import replace

import pytest

from tests.unit.factories import NOW, check, container, evidence, no_swarm, node, node_id, ran, swarm, with_engine
from tui.checks.evaluate import diagnose, evaluate, evaluate_all, goal_targets
from tui.checks.facts import facts_of
from tui.checks.model import Outcome, Verdict, WebTarget
from tui.checks.progress import GoalState, advance
from tui.labs.model import CheckSpec, Diagnosis, Step, Subject, Variable
from tui.labs.vocabulary import SUBJECTS, Field, Kind
from tui.swarm.snapshot import LocalState, Snapshot
from tui.terminal.command_log import RanCommand

GREEN = Verdict(Outcome.PASS, "3 tasks run")
RED = Verdict(Outcome.FAIL, "3 tasks run", "2 run")
DARK = Verdict(Outcome.UNKNOWN, "3 tasks run", "timed out")
HELD = check("{service: pets, expect: {running: 3}, for: 3s}")
ONCE = check("{service: pets, expect: {exists: true}}")


def test_a_goal_is_not_done_before_it_was_looked_at() -> None:
    assert not GoalState.of([ONCE]).done


def test_a_step_without_a_goal_is_done() -> None:
    assert GoalState.of([]).done
    assert advance(GoalState.of([]), [], NOW).done


def test_a_check_without_a_hold_counts_at_once() -> None:
    state = advance(GoalState.of([ONCE]), [GREEN], NOW)
    assert state.done
    assert state.due is None


def test_a_check_counts_after_it_has_held() -> None:
    state = advance(GoalState.of([HELD, ONCE]), [GREEN, GREEN], NOW)
    assert [v.outcome for v in state.verdicts] == [Outcome.FAIL, Outcome.PASS]
    assert state.verdicts[0].seen == "holds for 0 of 3 s"
    assert state.due == NOW + 3
    state = advance(state, [GREEN, GREEN], NOW + 1.2)
    assert state.verdicts[0].seen == "holds for 1 of 3 s"
    state = advance(state, [GREEN, GREEN], NOW + 3)
    assert state.done
    assert state.verdicts == (GREEN, GREEN)


@pytest.mark.parametrize("interruption", [RED, DARK])
def test_an_interruption_begins_the_time_anew(interruption: Verdict) -> None:
    state = advance(GoalState.of([HELD]), [GREEN], NOW)
    state = advance(state, [interruption], NOW + 2)
    assert (state.verdicts, state.due) == ((interruption,), None)
    state = advance(state, [GREEN], NOW + 4)
    assert not state.done
    assert advance(state, [GREEN], NOW + 7).done


def test_a_goal_that_is_lost_again_is_not_done() -> None:
    state = advance(GoalState.of([ONCE]), [GREEN], NOW)
    assert not advance(state, [RED], NOW + 1).done


def step_with(*diagnoses: tuple[str, str]) -> Step:
    made = tuple(Diagnosis(check(when), say) for when, say in diagnoses)
    return Step("drain", "Drain", (), goal=(ONCE,), diagnoses=made)


def test_the_first_diagnosis_that_fits_is_said_with_its_facts() -> None:
    step = step_with(
        ("{node: node2, expect: {availability: drain}}", "drained"),
        ("{node: node2, expect: {availability: active}}", "tell node1 at {{ node1.ip }} about `{{.ID}}`"),
        ("{node: node2, expect: {state: ready}}", "too late"),
    )
    assert diagnose(step, evidence(swarm()), facts_of(swarm(), "ipvs")) == "tell node1 at 10.77.0.1 about `{{.ID}}`"


def test_no_diagnosis_is_made_of_what_cannot_be_seen() -> None:
    hung = replace(swarm(), manager="", manager_error="timed out")
    step = step_with(("{node: node2, expect: {state: ready}}", "it is ready"))
    assert diagnose(step, evidence(hung), {}) is None


REFUSED = ran("docker service create pets:1.0", on="node2", exit_status=1, output="not a swarm manager")


@pytest.mark.parametrize(
    ("later", "said"),
    [
        ([], "only a manager"),
        ([ran("docker service ls")], "only a manager"),
        ([ran("docker service create pets:1.0")], None),
        ([ran("sudo docker service create pets:1.0", exit_status=None)], None),
        ([ran("docker service create pets:1.0"), REFUSED], "only a manager"),
    ],
)
def test_a_command_that_was_tried_again_is_not_spoken_of_any_more(later: list[RanCommand], said: str | None) -> None:
    step = step_with(("{ran: {node: node2, command: docker service create}, expect: {exit: 1}}", "only a manager"))
    assert diagnose(step, evidence(swarm(), REFUSED, *later), {}) == said


def test_web_targets_are_asked_for_once_each() -> None:
    specs = [
        check("{web: {node: node1, port: 5000}, expect: {status: 200}}"),
        check("{web: {node: node1, port: 5000, path: /}, expect: {answered_by: 1}}"),
        check("{web: {node: node2, port: 5000, path: /pet}, expect: {status: 200}}"),
        ONCE,
    ]
    assert goal_targets(specs) == (WebTarget("node1", 5000), WebTarget("node2", 5000, "/pet"))


def test_facts_come_from_the_engines_and_the_manager() -> None:
    newest = container(id="f" * 64, created=NOW)
    of_task = container(id="e" * 64, created=NOW + 1, task_id="t")
    seen = with_engine(swarm(), "node1", containers=(container(), newest, of_task))
    facts = facts_of(seen, "nftables")
    assert facts["node1.container"] == "f" * 12
    assert facts["node2.ip"] == "10.77.0.2"
    assert facts["node2.id"] == node_id("node2")
    assert facts["token.worker"] == "SWMTKN-1-worker"
    assert facts["playground.mesh"] == "nftables"
    assert "node2.container" not in facts


def test_a_variable_has_a_value_once_its_facts_have() -> None:
    variables = (Variable("pet", "cat"), Variable("page", "{{ node1.ip }}:5000"), Variable("key", "{{ token.worker }}"))
    facts = facts_of(no_swarm(), "", variables)
    assert (facts["var.pet"], facts["var.page"]) == ("cat", "10.77.0.1:5000")
    assert "var.key" not in facts
    assert facts_of(swarm(), "", variables)["var.key"] == "SWMTKN-1-worker"


def test_without_a_swarm_there_are_addresses_only() -> None:
    assert facts_of(no_swarm(), "") == {"node1.ip": "10.77.0.1", "node2.ip": "10.77.0.2", "node3.ip": "10.77.0.3"}


def test_a_node_that_left_keeps_the_id_of_its_row() -> None:
    left = with_engine(swarm(), "node2", state=LocalState.INACTIVE, node_id="")
    assert facts_of(left, "")["node2.id"] == node("node2").id


EXAMPLES = {
    Kind.NUMBER: "1",
    Kind.BOOL: "true",
    Kind.TEXT: "x",
    Kind.TEXTS: "docker ps",
    Kind.MACHINE: "node1",
    Kind.MACHINES: "[node1, node2]",
    Kind.ROW: "node1",
    Kind.PATTERN: "x",
    Kind.CLUSTER: "{same_as_node: node2}",
}


def example(field: Field) -> str:
    return field.words[0] if field.words else EXAMPLES[field.kind]


def specs_of_every_field() -> list[CheckSpec]:
    specs: list[CheckSpec] = []
    for subject, words in SUBJECTS.items():
        pairs = ", ".join(f"{key}: {example(field)}" for key, field in words.of.items())
        of = example(words.argument) if words.argument else f"{{{pairs}}}"
        say = ", say: it is so" if subject is Subject.CMD else ""
        for name, field in words.fields.items():
            specs.append(check(f"{{{subject}: {of}, expect: {{{name}: {example(field)}}}{say}}}"))
    return specs


@pytest.mark.parametrize("spec", specs_of_every_field(), ids=lambda s: f"{s.subject}-{next(iter(s.expect))}")
@pytest.mark.parametrize("now", [swarm(), no_swarm()], ids=["swarm", "no swarm"])
def test_every_field_of_the_language_has_a_goal_and_a_sentence(spec: CheckSpec, now: Snapshot) -> None:
    verdict = evaluate(spec, evidence(now, ran("docker info", exit_status=1)), {})
    assert verdict.goal
    assert verdict.outcome is Outcome.PASS or verdict.seen
    assert "None" not in verdict.goal + verdict.seen


def test_every_subject_is_in_the_language() -> None:
    assert set(SUBJECTS) == set(Subject)


def test_several_checks_are_judged_in_their_order() -> None:
    verdicts = evaluate_all([ONCE, check("{nodes: {}, expect: {count: 3}}")], evidence(swarm()), {})
    assert [verdict.outcome for verdict in verdicts] == [Outcome.FAIL, Outcome.PASS]
