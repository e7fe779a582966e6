"""Steps of the shipped labs, broken in every way: nothing comes down, and what is accepted can be run."""

import random
import re
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.factories import NOW, evidence, no_swarm, ran, swarm
from tests.unit.lab_text import LAB
from tui.checks.evaluate import command_targets, diagnose, evaluate_all, goal_targets
from tui.checks.explain import explain
from tui.checks.extras import extras_of
from tui.checks.facts import facts_of
from tui.checks.model import Evidence, Outcome
from tui.checks.questions import judge
from tui.labs.facts import mask, secret_facts
from tui.labs.lint import lint_lab
from tui.labs.model import Break, Lab, Order, Step
from tui.labs.parse import find_labs, parse_lab
from tui.labs.references import checks_of_step
from tui.paths import content_dir
from tui.playground.model import NODE_NAMES
from tui.swarm.snapshot import Snapshot
from tui.tutor.page import aftermath, lesson_blocks, next_command, shown_facts

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
PATH = Path("lab.md")
FRONT = LAB.partition("# Begin")[0]
REFUSED = "Error response from daemon: This node is not a swarm manager."

_WORD = re.compile(r"[A-Za-z_][\w-]*")
_VALUES = ("true", "3", "{}", "[]", "x", "{{ it }}", "{{ var.pet }}", "start", "node2", "{gte: 2}", "[a, {b: c}]", "~")


def steps_of_shipped_labs() -> list[str]:
    """Each step as its text, from its heading to the next."""
    found: list[str] = []
    for path in find_labs(content_dir()):
        text = path.read_text(encoding="utf-8")
        found += re.findall(r"^## .*?(?=^##? |\Z)", text, re.MULTILINE | re.DOTALL)
    return [*found, *re.findall(r"^## .*?(?=^##? |\Z)", LAB, re.MULTILINE | re.DOTALL)]


STEPS = steps_of_shipped_labs()


def broken(text: str, chance: random.Random) -> str:
    """The text with one line dropped, doubled or moved, a word renamed or swapped with another, or a value replaced."""
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    words = [match.span() for match in _WORD.finditer(text)]
    kind = chance.randrange(6)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(chance.randrange(len(lines)), lines[at])
    elif kind == 2 and ": " in lines[at]:
        lines[at] = f"{lines[at].split(': ')[0]}: {chance.choice(_VALUES)}"
    elif kind in (3, 4) and len(words) > 1:
        (start, end), (other, last) = chance.choice(words), chance.choice(words)
        word = text[other:last] if kind == 3 else text[start:end][::-1]
        return text[:start] + word + text[end:]
    else:
        lines[at] = " " * chance.randrange(6) + lines[at].lstrip()
    return "\n".join(lines)


def run_dry(lab: Lab, now: Snapshot) -> None:
    """Everything that a runner does with a lab, short of typing its commands."""
    facts = facts_of(now, "ipvs", lab.variables)
    shown = shown_facts(lab, facts)
    asked = extras_of(lab)
    assert isinstance(asked, frozenset)
    looked = evidence(now, ran("docker service ls", exit_status=1, output=REFUSED))
    for step in lab.steps:
        judge_dry(step, looked, facts)
        lesson_blocks(step, shown, 0)
        after = aftermath(step, shown)
        assert len(after.routes) == len(step.routes)
        secret = secret_facts(lab.variables)
        hidden = mask(after.why, facts, secret)
        assert not any(facts.get(name, "") and facts[name] in hidden for name in secret)
        for order in orders_of(step):
            assert order.node in NODE_NAMES
            assert order.text.strip()
        for act in step.acts:
            assert act.node in NODE_NAMES
            assert isinstance(act, Break) or next_command(act, facts) != ""


def judge_dry(step: Step, looked: Evidence, facts: dict[str, str]) -> None:
    specs = tuple(checks_of_step(step))
    goal_targets(specs)
    command_targets(specs, facts)
    verdicts = evaluate_all(step.goal, looked, facts)
    assert all(verdict.goal for verdict in verdicts)
    assert all(verdict.seen for verdict in verdicts if verdict.outcome is not Outcome.PASS)
    evaluate_all(specs, looked, facts)
    diagnose(step, looked, facts)
    said = explain(step.goal, verdicts, looked, facts)
    assert "None" not in said
    for question in step.questions:
        for value in ("", "2", "node2", "x"):
            assert judge(question, value, looked, facts).value == value


def orders_of(step: Step) -> list[Order]:
    ways = [*(route.orders for route in step.routes), *(requirement.repair for requirement in step.requires)]
    ways += [way for wrong in step.wrong for way in (wrong.orders, wrong.undo)]
    return [order for way in ways for order in way]


SNAPSHOTS = (no_swarm(), swarm(), Snapshot(NOW), replace(swarm(), manager="", manager_error="no answer"))


@PATIENTLY
@given(st.integers(0, 2**32), st.integers(0, 4))
def test_what_is_accepted_can_be_run_and_nothing_else_comes_down(seed: int, edits: int) -> None:
    chance = random.Random(seed)
    step = chance.choice(STEPS)
    for _ in range(edits):
        step = broken(step, chance)
    text = f"{FRONT}# One\n\n{step}"
    mistakes = lint_lab(text, PATH)
    lab, of_form = parse_lab(text, PATH)
    assert set(of_form) <= set(mistakes)
    assert (lab is None) == bool(of_form)
    if lab is not None:
        for now in SNAPSHOTS:
            run_dry(lab, now)


def test_the_shipped_labs_can_be_run() -> None:
    paths = find_labs(content_dir())
    for path in paths:
        lab, mistakes = parse_lab(path.read_text(encoding="utf-8"), path)
        assert lab is not None, mistakes
        for now in SNAPSHOTS:
            run_dry(lab, now)
    assert len(STEPS) > 20


def test_breaking_does_break() -> None:
    chance = random.Random(1)
    outcomes = [bool(lint_lab(f"{FRONT}# One\n\n{broken(STEPS[0], chance)}", PATH)) for _ in range(30)]
    assert True in outcomes
    assert False in outcomes
