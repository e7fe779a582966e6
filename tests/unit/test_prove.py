"""Proving a lab: what is planned, what counts as the same state, and what is reported. Without nodes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.factories import container, no_swarm, node, service, swarm, task, tasks, with_engine, with_node
from tui.errors import ExitCode, UserError
from tui.labs.model import (
    Break,
    CheckSpec,
    Command,
    Lab,
    Order,
    Prose,
    Question,
    QuestionKind,
    Route,
    Section,
    Step,
    Subject,
    WrongWay,
)
from tui.playground.model import Fault
from tui.tutor.proofs import (
    LONG_WRONG_RUN,
    Jumps,
    Proof,
    ProofKey,
    ProofKind,
    ProofOutcome,
    RunKind,
    expected_proofs,
    jump_proof,
    missing_proofs,
    plan_runs,
    warnings_of,
)
from tui.tutor.proofs_fingerprint import differences, fingerprint
from tui.tutor.prove_command import MOST_JOBS, ProveOptions, default_jobs, prove_lab
from tui.tutor.report import ProofReport, proof_line, summary_lines, table_lines
from tui.tutor.report_files import as_json, as_junit

RAN = CheckSpec(Subject.RAN, {"command": "docker info"}, {"exit": 0})
STATE = CheckSpec(Subject.SWARM, "node1", {"state": "active"})
DO = Command("node1", "docker info", 5)
ORDERS = (Order("node1", "docker swarm init"),)


def step(id_: str, *goal: CheckSpec, **changes: object) -> Step:
    return replace(Step(id_, id_.title(), (Prose("Text.", 3), DO), goal), **changes)  # pyright: ignore[reportArgumentType]  # checked by the dataclass's users


def lab(*steps: Step) -> Lab:
    return Lab("tiny", "A tiny lab", "", "beginner", 1, "no-swarm", (Section("One", (), steps),) if steps else ())


LOOK = step("look", RAN)
READ = Step("read", "Read", (Prose("Text.", 3),))
MAKE = step(
    "make",
    STATE,
    routes=(Route(ORDERS, "short"), Route(ORDERS)),
    wrong=(WrongWay(ORDERS, "no"), WrongWay(ORDERS, "not so")),
)
END = step("end", STATE, routes=(Route(ORDERS),))


def keys(kind: ProofKind, of: Sequence[ProofKey]) -> list[str]:
    return [key.step for key in of if key.kind is kind]


# -- what is planned ---------------------------------------------------------------------------------------------


def test_as_many_route_runs_as_the_step_with_most_routes_has() -> None:
    runs = plan_runs(lab(LOOK, MAKE, END))
    assert [run.nth for run in runs if run.kind is RunKind.ROUTE] == [1, 2]
    assert [run.kind for run in runs[:2]] == [RunKind.MAIN, RunKind.WRONG]
    assert all(len(run.steps) == 3 for run in runs if run.kind is not RunKind.JUMP)


def test_what_nothing_is_said_of_is_not_run() -> None:
    assert [run.kind for run in plan_runs(lab(LOOK, READ))] == [RunKind.MAIN, RunKind.JUMP]
    assert plan_runs(lab()) == ()


def test_jumps_and_routes_can_be_left_out() -> None:
    kinds = {run.kind for run in plan_runs(lab(MAKE), jumps=Jumps.NONE, routes=False)}
    assert kinds == {RunKind.MAIN, RunKind.WRONG}


def test_steps_with_only_looking_between_them_share_one_jump() -> None:
    runs = plan_runs(lab(LOOK, READ, MAKE, replace(LOOK, id="again"), END))
    groups = [[each.id for each in run.steps] for run in runs if run.kind is RunKind.JUMP]
    assert sorted(groups) == [["again", "end"], ["look", "read", "make"]]


def test_a_chain_of_jumps_comes_to_every_step_and_to_the_last_from_fresh_nodes() -> None:
    whole = lab(LOOK, MAKE, replace(LOOK, id="again"), END, replace(LOOK, id="last"))
    chain, last = (run for run in plan_runs(whole, jumps=Jumps.CHAIN) if run.kind is RunKind.JUMP)
    assert [[each.id for each in group] for group in chain.groups] == [["look", "make"], ["again", "end"]]
    assert [[each.id for each in group] for group in last.groups] == [["last"]]
    wanted = expected_proofs(whole, plan_runs(whole, jumps=Jumps.CHAIN))
    assert keys(ProofKind.JUMP, wanted) == ["look", "make", "again", "end", "last"]


def test_many_wrong_ways_are_made_side_by_side() -> None:
    ways = tuple(WrongWay(ORDERS, "no") for _ in range(LONG_WRONG_RUN))
    whole = lab(replace(MAKE, wrong=ways), END, step("other", STATE, wrong=ways[:1]))
    first, second = (run for run in plan_runs(whole) if run.kind is RunKind.WRONG)
    assert [each.id for each in first.steps] == ["make"]
    assert [each.id for each in second.steps] == ["end", "other"]
    assert (first.jump_first, second.jump_first) == (False, True)


def test_a_jump_past_the_end_of_a_fault_is_one_of_its_own() -> None:
    broken = step("broken", RAN)
    broken = replace(broken, blocks=(*broken.blocks, Break("node2", Fault.POWER_OFF, 7, until="still")))
    runs = plan_runs(lab(broken, step("still", RAN), step("mended", RAN)))
    groups = [[each.id for each in run.steps] for run in runs if run.kind is RunKind.JUMP]
    assert sorted(groups) == [["broken"], ["mended"], ["still"]]


def test_one_step_alone_is_jumped_to() -> None:
    runs = plan_runs(lab(LOOK, MAKE), only="make")
    assert {run.kind for run in runs} == {RunKind.MAIN, RunKind.WRONG, RunKind.ROUTE}
    assert all(run.jump_first and [each.id for each in run.steps] == ["make"] for run in runs)


def test_every_proof_is_expected_where_it_makes_sense() -> None:
    asked = Question("q", "How many?", QuestionKind.NUMBER, 9)
    asking = replace(LOOK, id="asking", blocks=(*LOOK.blocks, asked))
    met = step("met", STATE, already_true=True)
    whole = lab(READ, asking, MAKE, met)
    wanted = expected_proofs(whole, plan_runs(whole))
    assert keys(ProofKind.RED, wanted) == ["asking", "make"]
    assert keys(ProofKind.GREEN, wanted) == ["asking", "make", "met"]
    assert keys(ProofKind.HOLDS, wanted) == ["make", "met"]
    assert keys(ProofKind.QUESTION, wanted) == ["asking"]
    assert keys(ProofKind.ROUTE, wanted) == ["make", "make"]
    assert keys(ProofKind.WRONG, wanted) == ["make", "make"]
    assert keys(ProofKind.JUMP, wanted) == ["read", "asking", "make", "met"]
    assert keys(ProofKind.COUNT, wanted) == [""]
    assert len(set(wanted)) == len(wanted)


def test_what_was_not_tried_is_not_proven() -> None:
    wanted = expected_proofs(lab(LOOK), plan_runs(lab(LOOK), jumps=Jumps.NONE))
    red = Proof(ProofKey(ProofKind.RED, "look"), ProofOutcome.PROVEN)
    missing = missing_proofs(wanted, [red])
    assert {proof.key.kind for proof in missing} == {ProofKind.GREEN, ProofKind.COUNT}
    assert not any(proof.proven for proof in missing)


def test_steps_that_prove_too_little_are_named() -> None:
    one = replace(MAKE, id="one", wrong=MAKE.wrong[:1])
    found = warnings_of((READ, LOOK, MAKE, one))
    assert set(found) == {"look", "one"}
    assert "no other route" in found["look"]
    assert "only one wrong way" in found["one"]
    assert "route" not in found["one"]


# -- the same state ----------------------------------------------------------------------------------------------

PETS = service("pets", 3)


def test_what_chance_decides_makes_no_difference() -> None:
    one = swarm([PETS], tasks(PETS, "node1", "node2", "node3"))
    other_id = replace(PETS, id="y".ljust(25, "1"), created=5.0, version=77)
    two = swarm([other_id], tasks(other_id, "node3", "node3", "node2", id="z", created=1.0), taken=9.0)
    two = replace(two, cluster_id="another", manager="node2")
    assert differences(fingerprint(one), fingerprint(two)) == ()


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (swarm([replace(PETS, replicas=2)], tasks(PETS, "node1", "node2", "node3")), "2 wanted"),
        (swarm([PETS], tasks(PETS, "node1", "node2")), "2 running"),
        (swarm([replace(PETS, image="other:1")], tasks(PETS, "node1", "node2", "node3")), "other:1"),
        (swarm([replace(PETS, ports=())], tasks(PETS, "node1", "node2", "node3")), "service pets"),
        (swarm(), "service pets: none"),
        (no_swarm(), "in no swarm"),
    ],
)
def test_what_a_step_changes_makes_a_difference(changed: object, named: str) -> None:
    before = fingerprint(swarm([PETS], tasks(PETS, "node1", "node2", "node3")))
    found = differences(before, fingerprint(changed))  # pyright: ignore[reportArgumentType]  # a Snapshot, by the table
    assert any(named in sentence for sentence in found), found


def test_nodes_and_containers_make_a_difference() -> None:
    before = swarm()
    found = [
        differences(fingerprint(before), fingerprint(after))
        for after in (
            with_node(before, "node2", availability="drain"),
            with_node(before, "node2", role="manager", reachability="reachable"),
            with_node(before, "node2", state="down"),
            with_engine(before, "node2", reachable=False),
            with_engine(before, "node2", containers=(container(),)),
            replace(before, nodes=(*before.nodes, node("node2", id="old", state="down"))),
        )
    ]
    assert all(found), found
    assert found[0] == ("node2 in the list of nodes: worker, drain, ready, not worker, active, ready",)
    assert "containers started by hand on node2: 1 × swarmtutor/shell:1.0 running, not none" in found[4]


def test_a_services_own_containers_are_no_containers_by_hand() -> None:
    before = swarm([PETS], tasks(PETS, "node1"))
    after = with_engine(before, "node1", containers=(container(task_id=task(PETS, 1, "node1").id),))
    assert differences(fingerprint(before), fingerprint(after)) == ()


def test_a_swarm_that_cannot_be_asked_is_not_compared_by_what_was_last_known() -> None:
    silent = swarm([PETS], manager="", manager_error="no quorum")
    assert "service pets" not in fingerprint(silent)
    assert differences(fingerprint(silent), fingerprint(swarm([PETS])))


def test_a_jump_is_proven_only_by_arriving_where_the_main_run_was() -> None:
    here, there = fingerprint(swarm([PETS])), fingerprint(swarm())
    assert jump_proof(MAKE, here, here, 1.0, "jumps").proven
    elsewhere = jump_proof(MAKE, here, there, 1.0, "jumps")
    assert elsewhere.outcome is ProofOutcome.FAILED
    assert "service pets: none" in elsewhere.reason
    assert jump_proof(MAKE, None, there, 1.0, "jumps").outcome is ProofOutcome.NOT_TRIED


# -- the report --------------------------------------------------------------------------------------------------


def proof(kind: ProofKind, outcome: ProofOutcome = ProofOutcome.PROVEN, nth: int = 0, **changes: object) -> Proof:
    made = Proof(ProofKey(kind, "make", nth), outcome, "main", "", 1.25)
    return replace(made, **changes)  # pyright: ignore[reportArgumentType]  # checked by the dataclass's users


def report(*proofs: Proof, **changes: object) -> ProofReport:
    made = ProofReport(lab(LOOK, MAKE), proofs, {}, 12.5, "namespaces", "ipvs")
    return replace(made, **changes)  # pyright: ignore[reportArgumentType]  # checked by the dataclass's users


GOOD = proof(ProofKind.RED)
BAD = proof(ProofKind.WRONG, ProofOutcome.FAILED, 2, what="«no»", reason="“no” is not shown, but: <nothing> & more")
UNTRIED = proof(ProofKind.JUMP, ProofOutcome.NOT_TRIED)


def test_a_report_passes_only_if_all_is_proven_and_it_is_not_nothing() -> None:
    assert report(GOOD).passed
    assert not report().passed
    assert not report(GOOD, BAD).passed
    assert not report(GOOD, UNTRIED).passed
    assert report(GOOD, warnings={"look": "has no wrong way"}).passed
    assert not report(GOOD, warnings={"look": "has no wrong way"}, strict=True).passed


def test_the_text_says_what_failed_where_and_why() -> None:
    made = report(GOOD, BAD, UNTRIED, warnings={"look": "has no wrong way"})
    line = proof_line(BAD, made.lab)
    assert line.startswith("✘ main")
    assert " 2/2 make " in line
    assert "wrong way 2: «no»" in line
    assert "“no” is not shown" in line
    table = "\n".join(table_lines(made))
    assert " 2 make " in table
    assert " 1 look " not in table
    summary = "\n".join(summary_lines(made))
    assert "1 of 3 proofs" in summary
    assert "“no” is not shown" in summary
    assert "not tried: make" in summary
    assert "! look: has no wrong way" in summary
    assert max(map(len, table.splitlines())) <= 80


def test_the_table_counts_what_a_step_has_several_of() -> None:
    made = report(proof(ProofKind.WRONG, nth=1), BAD, proof(ProofKind.ROUTE, nth=1))
    row = next(line for line in table_lines(made) if " make " in line)
    assert "✘ 1/2" in row


def test_json_holds_every_proof_and_the_answer() -> None:
    value = json.loads(as_json(report(GOOD, BAD, UNTRIED)))
    assert value["passed"] is False
    assert value["counts"] == {"proven": 1, "failed": 1, "not tried": 1}
    assert [each["outcome"] for each in value["proofs"]] == ["proven", "failed", "not tried"]
    assert value["proofs"][1]["reason"] == BAD.reason
    assert value["proofs"][1]["step"] == "make"


def test_junit_has_a_case_for_each_proof() -> None:
    root = ElementTree.fromstring(as_junit(report(GOOD, BAD, UNTRIED)))
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    cases = suite.findall("testcase")
    assert [case.get("classname") for case in cases] == ["tiny.make"] * 3
    assert len({case.get("name") for case in cases}) == 3
    failure = cases[1].find("failure")
    assert failure is not None
    assert failure.get("message") == BAD.reason
    assert cases[2].find("error") is not None
    assert cases[0].get("time") == "1.250"


@given(st.text())
def test_junit_is_well_formed_whatever_a_command_wrote(text: str) -> None:
    root = ElementTree.fromstring(as_junit(report(replace(BAD, reason=text, what=text))))
    assert root.get("failures") == "1"


def test_strict_makes_a_case_of_each_warning() -> None:
    root = ElementTree.fromstring(as_junit(report(GOOD, warnings={"look": "has no wrong way"}, strict=True)))
    assert (root.get("tests"), root.get("failures")) == ("2", "1")


# -- the command, as far as it goes without nodes ----------------------------------------------------------------


async def test_a_lab_without_steps_is_not_proven(tmp_path: Path) -> None:
    lines: list[str] = []
    where = tmp_path / "proofs.json"
    options = ProveOptions("pg-none", json=str(where))
    assert await prove_lab(lab(), options, write=lines.append, out=lines.append) == ExitCode.FAILED
    value = json.loads(where.read_text())
    assert [(each["kind"], each["outcome"]) for each in value["proofs"]] == [("steps run", "failed")]
    assert any("0 of 0 steps" in line for line in lines)


async def test_an_unknown_step_is_said_with_those_that_there_are() -> None:
    with pytest.raises(UserError, match="no step “mak”") as caught:
        await prove_lab(lab(LOOK, MAKE), ProveOptions("pg-none", only="mak"), write=print, out=print)
    assert caught.value.exit_code == ExitCode.NOT_FOUND
    assert "make" in caught.value.hint


@pytest.mark.parametrize("jobs", [-1, 27])
async def test_an_impossible_number_of_jobs_is_refused(jobs: int) -> None:
    with pytest.raises(UserError, match="side by side") as caught:
        await prove_lab(lab(LOOK), ProveOptions("pg-none", jobs=jobs), write=print, out=print)
    assert caught.value.exit_code == ExitCode.USAGE


async def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    options = ProveOptions("pg-none", junit=str(tmp_path / "none" / "proofs.xml"))
    with pytest.raises(UserError, match="cannot be written"):
        await prove_lab(lab(), options, write=lambda _line: None, out=lambda _line: None)


def test_no_machine_is_asked_for_more_than_it_has() -> None:
    assert 1 <= default_jobs() <= MOST_JOBS
