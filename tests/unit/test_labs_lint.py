"""Every mistake is named with its line and the word that was meant, and none brings the reader down."""

import random
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.factories import NOW, evidence, no_swarm, ran, swarm
from tests.unit.lab_text import FRONT, LAB, lab_with, line_of
from tui.checks.evaluate import evaluate_all
from tui.checks.model import Outcome
from tui.labs.lint import lint_lab
from tui.labs.mistakes import Mistake
from tui.labs.parse import parse_lab
from tui.swarm.snapshot import Snapshot

PATIENTLY = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50
)  # the machine may be busy
PATH = Path("lab.md")
CASES: dict[str, list[dict[str, str]]] = yaml.safe_load(
    (Path(__file__).parent / "data" / "lab_mistakes.yaml").read_text(encoding="utf-8")
)
GOAL = "- {service: pets, expect: {running: 3}}"


def said(text: str) -> list[str]:
    return [f"{mistake.line}: {mistake.message}" for mistake in lint_lab(text, PATH)]


def sentences(text: str) -> list[str]:
    return [mistake.message for mistake in lint_lab(text, PATH)]


def test_a_good_lab_has_no_mistakes() -> None:
    assert said(LAB) == []
    assert said(lab_with(GOAL)) == []


def test_a_mistake_reads_as_compilers_write_them() -> None:
    assert str(Mistake(Path("a/lab.md"), 3, "no")) == "a/lab.md:3: no"


@pytest.mark.parametrize("case", CASES["front matter"], ids=lambda case: case["says"])
def test_mistakes_of_the_front_matter(case: dict[str, str]) -> None:
    assert f"{case['line']}: {case['says']}" in said(LAB.replace(case["old"], case["new"], 1))


@pytest.mark.parametrize("case", CASES["text"], ids=lambda case: case["says"])
def test_mistakes_of_the_text(case: dict[str, str]) -> None:
    text = LAB.replace(case["old"], case["new"], 1)
    assert text != LAB
    assert f"{line_of(case['at']) + int(case.get('below', 0))}: {case['says']}" in said(text)


def test_a_wide_line_of_a_fence_is_named() -> None:
    assert said(LAB.replace("{{ node2.id }}", "x" * 58, 1)) == [
        f"{line_of('  --avail')}: this line takes 81 columns; a fence may take 80"
    ]
    assert said(LAB.replace("{{ node2.id }}", "日" * 29, 1)) == [
        f"{line_of('  --avail')}: this line takes 81 columns; a fence may take 80"
    ]


@pytest.mark.parametrize("case", CASES["check"], ids=lambda case: case["says"])
def test_mistakes_of_a_check(case: dict[str, str]) -> None:
    assert case["says"] in sentences(lab_with(case["goal"]))


def test_a_check_that_is_nested_too_deeply_is_a_mistake() -> None:
    assert "not readable: nested too deeply" in sentences(lab_with("- " + "[" * 1500))


@pytest.mark.parametrize("case", CASES["step"], ids=lambda case: case["says"])
def test_mistakes_of_a_step(case: dict[str, str]) -> None:
    assert case["says"] in sentences(lab_with(GOAL, more=case["fence"]))


@pytest.mark.parametrize("case", CASES["question"], ids=lambda case: case["says"])
def test_mistakes_of_a_question(case: dict[str, str]) -> None:
    assert case["says"] in sentences(lab_with(GOAL, text=f"```yaml predict\n{case['fence']}\n```"))


@pytest.mark.parametrize("case", CASES["fault"], ids=lambda case: case["says"])
def test_mistakes_of_a_fault(case: dict[str, str]) -> None:
    assert case["says"] in sentences(lab_with(GOAL, text=f"```yaml fault\n{case['fence']}\n```"))


@pytest.mark.parametrize("case", CASES["lesson"], ids=lambda case: case["says"])
def test_mistakes_of_the_lesson_as_a_whole(case: dict[str, str]) -> None:
    text = LAB.replace(case["old"], case["new"], 1)
    assert text != LAB
    assert case["says"] in sentences(text)


@pytest.mark.parametrize(
    ("ways", "mistake"),
    [
        ("solve: [{run: {node1: docker service scale pets=3}}]", "this other way is the visible one; leave it out"),
        (
            "wrong: [{run: {node1: docker service scale pets=3}, says: x}]",
            "this wrong way is the one that the lesson shows",
        ),
    ],
)
def test_a_way_that_is_the_visible_one_is_a_mistake(ways: str, mistake: str) -> None:
    assert mistake in sentences(lab_with(GOAL, text=COMMAND, more=f"hints: [Think.]\n{ways}"))


COMMAND = "```sh node1\ndocker service   scale pets=3\n```"
HINT = "hint 1 of the step `Do` contains the solution: `docker service scale pets=3`"


@pytest.mark.parametrize(
    ("hint", "given_away"),
    [
        ("Run `docker service scale pets=3`.", True),
        ("Run docker service  scale pets=3, then wait.", True),
        ("Type `docker service scale pets=3 --detach` here", True),
        ("`docker service scale --help` knows.", False),
        ("`docker service scale` and a number", False),
        ("`docker service scale pets=30`", False),
        ("Scale it.", False),
    ],
)
def test_a_hint_must_not_contain_the_solution(hint: str, given_away: bool) -> None:
    found = sentences(lab_with(GOAL, text=COMMAND, more=f'hints: ["{hint}"]'))
    assert found == ([HINT] if given_away else [])


def test_a_hint_is_named_by_its_own_line() -> None:
    text = lab_with(GOAL, text=COMMAND, more='hints:\n  - Think.\n  - "`docker service scale pets=3` does it."')
    (mistake,) = lint_lab(text, PATH)
    assert text.split("\n")[mistake.line - 1].startswith('  - "`docker service scale')


def test_the_solution_with_a_fact_is_known_by_its_placeholder() -> None:
    text = "```sh node1\ndocker node promote {{ node2.id }}\n```"
    (message,) = sentences(lab_with(GOAL, text=text, more='hints: ["`docker node promote <node2 ID>`"]'))
    assert message.endswith("contains the solution: `docker node promote {{ node2.id }}`")


def test_naming_a_look_gives_away_only_where_looking_is_the_step() -> None:
    look, hints = "```sh node1\ndocker ps\n```", 'hints: ["Find it with `docker ps`."]'
    assert sentences(lab_with(GOAL, text=look, more=hints)) == []
    (message,) = sentences(lab_with("- {ran: {command: docker ps}}", text=look, more=hints))
    assert message == "hint 1 of the step `Do` contains the solution: `docker ps`"


def test_help_without_a_goal_is_a_mistake() -> None:
    text = f"{FRONT}# One\n\n## Do {{#do}}\n\nDo.\n\n```yaml step\nhints: [Think.]\n```\n"
    assert sentences(text) == ["the step `Do` has `hints` and no goal"]


def test_a_step_without_text_is_a_mistake() -> None:
    assert sentences(lab_with(GOAL, text="")) == ["the step `Do` has no text"]


@pytest.mark.parametrize("text", ["", "# One", "---\n", "---\n---\n", FRONT, f"{FRONT}# One\n\nHello.\n"])
def test_a_lab_without_steps_is_a_mistake(text: str) -> None:
    assert any(message.startswith("a lab without steps") for message in sentences(text))


def test_all_mistakes_are_found_in_one_run_and_in_order() -> None:
    broken = LAB.replace("minutes: 30", "minutes: x").replace("sh node1", "sh node9").replace("leader", "leeder", 1)
    found = lint_lab(broken, PATH)
    assert [mistake.line for mistake in found] == [7, line_of("```sh node1"), line_of("  - {node")]


FRAGMENTS = (
    *(
        "---\n",
        "# ",
        "## ",
        "{#",
        "}",
        "```",
        "```sh node1\n",
        "```yaml step\n",
        "{{ ",
        " }}",
        "goal:\n",
        "  - ",
        "- {",
    ),
    *(
        "expect: ",
        "{",
        "[",
        "]",
        ": ",
        ",",
        "&a ",
        "*a",
        "!!x ",
        '"',
        "'",
        "\\",
        "\t",
        "\r",
        "\x00",
        "\ud800",
        "\u2028",
    ),
    *("0x", "1e999", "~", "|", ">", "<!--", "-->", "<", "node2", "ran: ", "match: (", "\U0001f408", "%YAML 9.9\n"),
)


def mutated(text: str, seed: int, edits: int) -> str:
    """The text with some pieces cut out, doubled, or put in."""
    chance = random.Random(seed)
    for _ in range(edits):
        at = chance.randrange(len(text) + 1)
        upto = min(len(text), at + chance.choice((0, 1, 3, 20, 200)))
        kind = chance.randrange(3)
        piece = "" if kind == 0 else text[at:upto] * 2 if kind == 1 else chance.choice(FRAGMENTS)
        text = text[:at] + piece + text[upto:]
    return text


@PATIENTLY
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_no_mutation_of_a_lab_brings_the_reader_down(seed: int, edits: int) -> None:
    text = mutated(LAB, seed, edits)
    lab, mistakes = parse_lab(text, PATH)
    assert (lab is None) == bool(mistakes)
    found = lint_lab(text, PATH)
    assert set(mistakes) <= set(found)
    last = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")) + 1
    assert all(1 <= mistake.line <= last and mistake.message for mistake in found)


@PATIENTLY
@given(st.text(max_size=300))
def test_no_text_brings_the_reader_down(text: str) -> None:
    assert lint_lab(text, PATH)


@PATIENTLY
@given(st.text(alphabet="goal: -{}[]\"'\n|>&*!%@#,?1e.nodserv", max_size=200))
def test_no_step_fence_brings_the_reader_down(yaml: str) -> None:
    text = f"{FRONT}# One\n\n## Do {{#do}}\n\nDo.\n\n````yaml step\n{yaml}\n````\n"
    assert all(mistake.line >= 1 for mistake in lint_lab(text, PATH))


@PATIENTLY
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_whatever_is_accepted_can_be_judged(seed: int, edits: int) -> None:
    lab, _ = parse_lab(mutated(LAB, seed, edits), PATH)
    for step in lab.steps if lab else ():
        for seen in (swarm(), no_swarm(), Snapshot(NOW)):
            verdicts = evaluate_all(step.goal, evidence(seen, ran("docker ps")), {})
            assert all(verdict.goal for verdict in verdicts)
            assert all(verdict.seen for verdict in verdicts if verdict.outcome is not Outcome.PASS)
