"""An answer is judged by what the swarm shows, and left open while it cannot be seen."""

from pathlib import Path

import pytest

from tests.unit.checks_samples import HUNG, PETS, SIX
from tests.unit.factories import evidence, swarm, with_node
from tui.checks.model import Answer
from tui.checks.questions import judge
from tui.labs.mistakes import MistakeList
from tui.labs.model import Question
from tui.labs.outline import Fence, FenceKind
from tui.labs.predictfence import read_question
from tui.swarm.snapshot import Snapshot

NOW = swarm([PETS], SIX)


def question(yaml: str) -> Question:
    mistakes = MistakeList(Path("lab.md"))
    made = read_question(Fence(yaml, 1, FenceKind.PREDICT), "step", mistakes)
    assert not mistakes.found, mistakes.found
    assert made is not None
    return made


HOW_MANY = question("""{ask: "How many?", kind: number, seen: {tasks: {service: pets, node: node2}}, field: running}""")
WHO = question("""{ask: "Who leads?", kind: node, seen: {node: '{{ it }}', expect: {leader: true}}}""")
WHERE = question(
    """{ask: "Where?", kind: node, seen: {tasks: {service: pets, node: '{{ it }}'}, expect: {running: {gte: 1}}}}"""
)
WHAT = question("""
ask: What is on?
kind: choice
choices:
  - {say: "2", when: {service: pets, expect: {running: 6}}}
  - {say: "none on {{ node2.ip }}", when: {tasks: {service: pets, node: node2}, expect: {running: 0}}}
  - {say: all is off, when: {web: {node: node1, port: 5000}, expect: {refused: true}}}
""")


@pytest.mark.parametrize(
    ("asked", "value", "now", "right", "seen"),
    [
        (HOW_MANY, "2", NOW, True, "2"),
        (HOW_MANY, " 2.0 ", NOW, True, "2"),
        (HOW_MANY, "3", NOW, False, "2"),
        (HOW_MANY, "two", NOW, False, "2"),
        (HOW_MANY, "2", HUNG, None, ""),
        (HOW_MANY, "2", swarm(), None, ""),
        (HOW_MANY, "2", Snapshot(0.0), None, ""),
        (WHO, "node1", NOW, True, "node1"),
        (WHO, "node2", NOW, False, "node1"),
        (WHO, "node9", NOW, False, "node1"),
        (WHO, "node1", with_node(NOW, "node1", leader=False), False, "no node"),
        (WHO, "node1", HUNG, None, ""),
        (WHERE, "node2", NOW, True, "node1, node2 and node3"),
        (WHERE, "node2", with_node(NOW, "node2", state="down"), False, "node1 and node3"),
        (WHAT, "2", NOW, True, "2"),  # what a choice says goes before its place in the list
        (WHAT, "1", NOW, True, "2"),
        (WHAT, "none on 10.77.0.2", NOW, False, "2"),
        (WHAT, "none on {{ node2.ip }}", NOW, False, "2"),
        (WHAT, "3", NOW, None, "2"),
        (WHAT, "9", NOW, False, "2"),
    ],
)
def test_an_answer_is_judged(asked: Question, value: str, now: Snapshot, right: bool | None, seen: str) -> None:
    assert judge(asked, value, evidence(now), {"node2.ip": "10.77.0.2"}) == Answer(value, right, seen)


def test_a_question_whose_fact_is_not_known_stays_open() -> None:
    asked = question("""{ask: "How many?", kind: number, seen: {tasks: {node: '{{ node2.id }}'}}, field: running}""")
    assert judge(asked, "2", evidence(NOW), {}) == Answer("2", None, "")
