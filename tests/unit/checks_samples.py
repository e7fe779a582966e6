"""Snapshots that several tests of checks look at."""

from dataclasses import replace

from tests.unit.factories import NOW, check, evidence, no_swarm, service, swarm, task, tasks, with_engine
from tui.checks.evaluate import evaluate
from tui.checks.facts import facts_of
from tui.checks.model import Outcome
from tui.swarm.snapshot import Snapshot

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN

PETS = service(replicas=6)
ONE = service(replicas=1)
SIX = tasks(PETS, "node1", "node2", "node3", "node1", "node2", "node3")
FOUR_OF_SIX = (
    *SIX[:4],
    task(PETS, 5, "node2", state="preparing"),
    task(PETS, 6, "node3", state="preparing"),
)
HUNG = replace(
    swarm([PETS], SIX), manager="", manager_error="node1, a manager, cannot be asked: timed out", swarm_asked=NOW - 12
)
OFF = with_engine(no_swarm(), "node3", reachable=False, error="no route to host")

LOST = f"the swarm cannot be asked: {HUNG.manager_error} (last seen 12 s ago)"
"""What is said of a check of the swarm that hangs."""

Row = tuple[str, Snapshot, Outcome, str, str]
"""A check as an author writes it, the swarm, and its verdict: outcome, goal, seen."""


def assert_verdict(yaml: str, snapshot: Snapshot, outcome: Outcome, goal: str, seen: str) -> None:
    verdict = evaluate(check(yaml), evidence(snapshot), facts_of(snapshot, "ipvs"))
    assert (verdict.outcome, verdict.goal, verdict.seen) == (outcome, goal, seen)
