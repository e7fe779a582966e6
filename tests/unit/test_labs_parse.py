"""A lab's file becomes a Lab, with every part where the author put it."""

from pathlib import Path

import pytest

from tests.unit.lab_text import LAB, lab_with, line_of
from tui.errors import ExitCode, UserError
from tui.labs.model import (
    Break,
    CheckSpec,
    Command,
    Demo,
    Invariant,
    Lab,
    Order,
    Prose,
    Question,
    QuestionKind,
    Requirement,
    Route,
    Subject,
    Variable,
    WrongWay,
)
from tui.labs.parse import find_labs, load_lab, load_lab_by_id, parse_lab
from tui.playground.model import Fault

PATH = Path("content/orchestration/lab.md")


def parsed(text: str) -> Lab:
    lab, mistakes = parse_lab(text, PATH)
    assert mistakes == ()
    assert lab is not None
    return lab


def test_the_front_matter_is_read() -> None:
    lab = parsed(LAB)
    assert (lab.id, lab.title, lab.difficulty, lab.minutes) == (
        "orchestration",
        "Docker: orchestration",
        "beginner",
        30,
    )
    assert (lab.start, lab.images, lab.path) == ("no-swarm", ("swarmtutor/pets:1.0",), PATH)


def test_sections_and_steps_stand_in_order() -> None:
    lab = parsed(LAB)
    assert [section.title for section in lab.sections] == ["Begin", "Maintain"]
    assert [step.id for step in lab.steps] == ["read", "drain", "break", "look"]
    assert lab.section_of(lab.steps[1]).intro == (Prose("What a node needs.", line_of("What a node")),)


def test_prose_keeps_the_text_of_its_author() -> None:
    (prose,) = parsed(LAB).steps[0].blocks
    assert prose == Prose(
        "Two\nlines.\n\n- a *list*\n- `docker ps --format '{{.ID}}'`\n\n```text\n## no heading\n```", line_of("Two")
    )


def test_commands_and_prose_alternate() -> None:
    blocks = parsed(LAB).steps[1].blocks
    assert blocks == (
        Prose("Take **node2** out.", line_of("Take")),
        Command("node1", "docker node update \\\n  --availability drain {{ node2.id }}", line_of("```sh node1")),
        Prose("And look.", line_of("And")),
        Command("node2", "docker ps", line_of("```sh node2"), optional=True, expect_fail=True),
    )
    assert parsed(LAB).steps[1].commands == (blocks[1], blocks[3])


def test_the_goal_of_a_step_is_read() -> None:
    step = parsed(LAB).steps[1]
    node, web, ran = step.goal
    assert (node.subject, node.of, node.expect) == (Subject.NODE, "node2", {"availability": "drain", "leader": False})
    assert (node.within, node.hold, node.say, node.line) == (120.0, 3.0, "node2 rests", line_of("  - {node"))
    assert (web.of, web.within, web.hold) == ({"node": "node1", "port": 5000}, 60.0, 0.0)
    assert web.expect == {"answered_by": {"gte": 2, "lte": 3}}
    assert (ran.of, ran.expect) == ({"command": ("docker ps", "docker info")}, {"exit": 0})
    assert step.diagnoses[0].when.expect == {"state": {"in": ("down", "unknown")}}
    assert step.diagnoses[0].say == "It is off: bring it back."
    assert step.hints == ("Think.", "Two words: `--availability` and one more.")
    assert (step.already_true, step.line) == (True, line_of("## Drain"))


def test_the_lab_has_values_and_conditions_of_its_own() -> None:
    lab = parsed(LAB)
    assert lab.owned
    assert lab.variables == (
        Variable("pet", "cat", line=line_of("  pet")),
        Variable("door", "{{ node1.ip }}:5000", secret=True, line=line_of("  door")),
    )
    line = line_of("  - {swarm")
    check = CheckSpec(Subject.SWARM, "node1", {"state": "active"}, line=line)
    assert lab.always == (Invariant(check, "The swarm is gone.", (Order("node1", "docker swarm init", line),), line),)


@pytest.mark.parametrize("start", ["no-swarm", "one-manager-two-workers", "three-managers"])
def test_a_lab_begins_in_a_named_state(start: str) -> None:
    assert parsed(LAB.replace("start: no-swarm", f"start: {start}")).start == start


def test_what_a_step_builds_on_is_read() -> None:
    by_step, by_orders, by_nothing = parsed(LAB).steps[2].requires
    line = line_of("  - {service: pets, expect: {exists")
    assert by_step == Requirement(
        CheckSpec(Subject.NODE, "node2", {"availability": "drain"}, line=line - 1), by="drain", line=line - 1
    )
    assert by_orders.repair == (
        Order("node1", "docker service ls", line),
        Order("node1", "x", line, expect_fail=True),
    )
    assert (by_nothing.by, by_nothing.repair, by_nothing.check.subject) == ("", (), Subject.NODES)


def test_other_ways_right_and_wrong_are_read() -> None:
    step = parsed(LAB).steps[2]
    solve, wrong = line_of("  - {say: the short"), line_of("  - {run: [{node1")
    orders = (Order("node1", "docker kill x", solve), Order("node2", "echo {{ var.pet }}", solve))
    assert step.routes == (Route(orders, "the short way", solve),)
    assert step.wrong == (
        WrongWay(
            (Order("node1", "docker node update --availability pause node2", wrong),),
            "paused",
            (Order("node1", "docker node ls", wrong),),
            wrong,
        ),
    )


def test_what_is_said_and_shown_around_a_step_is_read() -> None:
    step = parsed(LAB).steps[2]
    assert (step.why, step.notes) == ("Because **so**.", ("Ask the room first.\n\nThen wait.",))
    assert step.demo == Demo(skip=True, pause=2.0, speed=1.5)
    assert parsed(LAB).steps[1].demo == Demo()


def test_several_values_have_matchers_of_their_own() -> None:
    many, answer = parsed(LAB).steps[2].goal
    assert many.expect == {"running": {"changed": "start"}, "nodes": {"none": "node2"}}
    assert (answer.subject, answer.of, answer.expect) == (Subject.ANSWER, "left", {"given": True})


def test_questions_and_faults_stand_where_the_author_put_them() -> None:
    number, fault = parsed(LAB).steps[2].blocks
    line = line_of("id: left")
    assert number == Question(
        "left",
        "How many of six stay?",
        QuestionKind.NUMBER,
        line - 1,
        "Two were on node2.",
        CheckSpec(Subject.TASKS, {"service": "pets"}, {}, line=line + 3),
        "running",
    )
    assert fault == Break("node2", Fault.POWER_OFF, line_of("node: node2") - 1, "look")
    assert parsed(LAB).steps[2].acts == (fault,)


def test_a_question_asks_for_a_node_or_for_one_of_several_answers() -> None:
    node, choice, fault = parsed(LAB).steps[3].blocks
    assert isinstance(node, Question)
    assert isinstance(choice, Question)
    assert (node.id, node.kind) == ("look", QuestionKind.NODE)
    assert node.seen is not None
    assert (node.seen.of, node.seen.expect) == ("{{ it }}", {"leader": True})
    assert [(one.say, one.when.subject) for one in choice.choices] == [("nothing", Subject.WEB), ("a pet", Subject.CMD)]
    assert isinstance(fault, Break)
    assert (fault.fault, fault.until) == (Fault.POWER_ON, "")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(end: str) -> None:
    assert parsed("\ufeff" + LAB.replace("\n", end)) == parsed(LAB)


def test_commands_that_ran_have_no_exit_status_to_meet_unless_it_is_said() -> None:
    text = lab_with("- {ran: {command: docker ps}, expect: {count: {gte: 1}}}")
    assert parsed(text).steps[0].goal[0].expect == {"count": {"gte": 1}}


def test_text_that_looks_like_something_else_stays_text() -> None:
    text = lab_with("- {ran: {command: 'true', match: yes}, expect: {output: {match: 12}}}")
    spec = parsed(text).steps[0].goal[0]
    assert (spec.of, spec.expect) == ({"command": "true", "match": "yes"}, {"output": {"match": "12"}})


@pytest.mark.parametrize(
    ("written", "seconds"), [("60s", 60.0), ("2m", 120.0), ("500ms", 0.5), ("15", 15.0), ("1.5s", 1.5), ('"90s"', 90.0)]
)
def test_times_are_read(written: str, seconds: float) -> None:
    text = lab_with(f"- {{nodes: {{}}, expect: {{count: 3}}, within: {written}}}")
    assert parsed(text).steps[0].goal[0].within == seconds


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_lab_is_found_by_its_id(tmp_path: Path) -> None:
    path = write(tmp_path / "orchestration" / "lab.md", LAB)
    write(tmp_path / "images" / "Dockerfile", "")
    assert find_labs(tmp_path) == (path,)
    assert load_lab_by_id("orchestration", tmp_path).path == path


def test_an_unknown_lab_is_answered_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path / "orchestration" / "lab.md", LAB)
    write(tmp_path / "secrets" / "lab.md", LAB)
    with pytest.raises(UserError) as caught:
        load_lab_by_id("orchestra", tmp_path)
    assert caught.value.exit_code is ExitCode.NOT_FOUND
    assert caught.value.hint == "Did you mean orchestration? The labs: orchestration, secrets."


def test_a_folder_without_labs_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There are no labs in") as caught:
        load_lab_by_id("orchestration", tmp_path / "nowhere")
    assert caught.value.exit_code is ExitCode.NOT_FOUND


def test_a_lab_that_calls_itself_otherwise_is_broken(tmp_path: Path) -> None:
    write(tmp_path / "other" / "lab.md", LAB)
    with pytest.raises(UserError, match="calls itself “orchestration”") as caught:
        load_lab_by_id("other", tmp_path)
    assert caught.value.exit_code is ExitCode.BROKEN


def test_a_broken_lab_is_refused_with_its_mistakes(tmp_path: Path) -> None:
    path = write(
        tmp_path / "lab.md", LAB.replace("availability: drain,", "availability: drained,").replace("goal", "gaol")
    )
    with pytest.raises(UserError) as caught:
        load_lab(path)
    assert caught.value.exit_code is ExitCode.BROKEN
    assert f"{path}:{line_of('goal:')}: unknown key in a step: `gaol`; did you mean `goal`?" in caught.value.hint
    assert f"{path}:{line_of('  - {node')}: `availability` of `node` cannot be `drained`" in caught.value.hint


def test_many_mistakes_are_not_all_printed(tmp_path: Path) -> None:
    path = write(tmp_path / "lab.md", "\n".join(f"## Step {n}" for n in range(40)))
    with pytest.raises(UserError) as caught:
        load_lab(path)
    assert len(caught.value.hint.splitlines()) == 13
    assert "`swarmtutor lint" in caught.value.hint


@pytest.mark.parametrize("content", [b"\xff\xfe", b""])
def test_what_is_no_lab_is_broken(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UserError) as caught:
        load_lab(write(tmp_path / "lab.md", content))
    assert caught.value.exit_code is ExitCode.BROKEN


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load_lab(tmp_path / "lab.md")
    assert caught.value.exit_code is ExitCode.NOT_FOUND


def test_a_folder_in_place_of_a_file_is_broken(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read") as caught:
        load_lab(tmp_path)
    assert caught.value.exit_code is ExitCode.BROKEN
