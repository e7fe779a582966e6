"""Proofs on real nodes: each fails when it should, and says why; a lab that is right is proven."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.small_lab import front_matter
from tui.errors import ExitCode
from tui.labs.model import Lab, Step
from tui.labs.parse import load_lab
from tui.playground.model import Completed
from tui.playground.playground import SshPlayground, list_playgrounds, open_playground
from tui.swarm.gossip import leave_swarm
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor import prove, prove_wrong
from tui.tutor.playground_control import PlaygroundControl
from tui.tutor.proofs import Proof, ProofKind, ProofOutcome, Run, RunKind, plan_runs
from tui.tutor.proofs_fingerprint import Fingerprint
from tui.tutor.prove import ProvingRun
from tui.tutor.recording import Frame
from tui.tutor.session import LabSession

pytestmark = [pytest.mark.engines, pytest.mark.timeout(600)]

HEAD = (
    front_matter("tiny", title="A tiny lab")
    + """
# Only section

"""
)

# A container that one starts by hand: the quickest thing that a step can ask for.
SLEEPER = "container: {node: %s, image: swarmtutor/shell, task: false, state: running}"
RUNS = f"{{{SLEEPER % 'node1'}, expect: {{count: %s}}, within: %s}}"

START = f"""## Start one {{#start}}

```sh node1
docker run -dt swarmtutor/shell:1.0 sleep infinity
```

```yaml step
goal:
  - {RUNS % ("{gte: 1}", "60s")}
diagnose:
  - when: {{{SLEEPER % "node2"}, expect: {{count: {{gte: 1}}}}}}
    say: Your container runs on node2.
hints: [Start one.]
"""

STOP = f"""## Stop it {{#stop}}

```sh node1
docker rm -f $(docker ps -q)
```

```yaml step
goal:
  - {RUNS % ("0", "60s")}
hints: [Stop it.]
"""


class Collector:
    """Keeps what a run proves."""

    def __init__(self) -> None:
        self.proofs: list[Proof] = []
        self.states: dict[str, Fingerprint] = {}
        self.frames: list[Frame] = []

    def kept(self, frame: Frame) -> None:
        self.frames.append(frame)

    def proved(self, proof: Proof) -> None:
        self.proofs.append(proof)

    def opened(self, step: Step, state: Fingerprint) -> None:
        self.states[step.id] = state

    async def came_to(self, steps: Sequence[Step]) -> None:
        """The main run is over here, before the next one begins."""

    def of(self, kind: ProofKind, step: str, nth: int = 0) -> Proof:
        found = [each for each in self.proofs if (each.key.kind, each.key.step, each.key.nth) == (kind, step, nth)]
        assert len(found) == 1, [each.reason for each in found]
        return found[0]

    def failed(self) -> list[tuple[ProofKind, str, int]]:
        failed = [each.key for each in self.proofs if each.outcome is ProofOutcome.FAILED]
        return [(key.kind, key.step, key.nth) for key in failed]


def _lab(folder: Path, *steps: str) -> Lab:
    path = folder / "tiny" / "lab.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEAD + "\n".join(f"{step.rstrip()}\n```\n" for step in steps))
    return load_lab(path)


def _runs(lab: Lab, kind: RunKind) -> list[Run]:
    return [run for run in plan_runs(lab) if run.kind is kind]


async def _go(
    playground: SshPlayground, lab: Lab, runs: Sequence[Run], collector: Collector | None = None
) -> Collector:
    """Each run on nodes without a swarm and without a container."""
    collected = collector or Collector()
    for run in runs:
        await leave_swarm(playground.nodes)
        clear = "docker ps -aq | xargs -r docker rm -f"
        await asyncio.gather(*(node.run(clear, timeout=90) for node in playground.nodes))
        session = LabSession(lab, None, BitttyEngine, control=PlaygroundControl(playground.name))
        try:
            await session.connect(await open_playground(playground.name), fresh=True)
            await ProvingRun(session, run, collected, collected.states).go()
        finally:
            await session.close()
    return collected


class Spoiler(Collector):
    """Removes the container as soon as the goal was seen to be met."""

    def __init__(self, playground: SshPlayground) -> None:
        super().__init__()
        self._node1 = playground.node("node1")
        self.spoiling: asyncio.Task[Completed] | None = None

    def proved(self, proof: Proof) -> None:
        super().proved(proof)
        if (proof.key.kind, proof.key.step) == (ProofKind.GREEN, "start"):
            self.spoiling = asyncio.create_task(self._node1.run("docker rm -f $(docker ps -q)", timeout=60))


async def test_green_before_and_red_soon_after_are_no_proofs(
    empty_swarm: SshPlayground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prove, "HOLDS_FOR", 0.5)
    spoiler = Spoiler(empty_swarm)
    look = prove.look

    async def look_afterwards(session: LabSession) -> None:
        if spoiler.spoiling is not None:
            await spoiler.spoiling
        await look(session)

    monkeypatch.setattr(prove, "look", look_afterwards)
    lab = _lab(tmp_path, STOP.replace("docker rm -f $(docker ps -q)", "true"), START)
    got = await _go(empty_swarm, lab, _runs(lab, RunKind.MAIN), spoiler)
    assert got.failed() == [(ProofKind.RED, "stop", 0), (ProofKind.HOLDS, "start", 0)]
    assert "before its commands" in got.of(ProofKind.RED, "stop").reason
    assert "0.5 seconds later" in got.of(ProofKind.HOLDS, "start").reason
    assert got.of(ProofKind.RED, "start").proven
    assert got.of(ProofKind.GREEN, "start").proven


async def test_commands_that_do_not_lead_there_end_the_run(empty_swarm: SshPlayground, tmp_path: Path) -> None:
    lab = _lab(tmp_path, START.replace("sh node1", "sh node2").replace("60s", "8s"), STOP)
    got = await _go(empty_swarm, lab, _runs(lab, RunKind.MAIN))
    assert got.failed() == [(ProofKind.GREEN, "start", 0)]
    assert "Your container runs on node2" in got.of(ProofKind.GREEN, "start").reason
    assert list(got.states) == ["start"]


async def test_wrong_ways_must_stay_red_be_named_and_be_undone(
    empty_swarm: SshPlayground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prove_wrong, "MESSAGE_DEADLINE", 15.0)
    monkeypatch.setattr(prove_wrong, "UNDONE_WITHIN", 10.0)
    elsewhere = "docker run -dt swarmtutor/shell:1.0 sleep infinity"
    undo = "docker rm -f $(docker ps -q)"
    lab = _lab(
        tmp_path,
        START
        + f"""wrong:
  - {{run: [{{node2: {elsewhere}}}], says: RUNS ON node2, undo: [{{node2: {undo}}}]}}
  - {{run: [{{node1: "sleep 1000"}}], says: runs on node2}}
  - {{run: [{{node2: {elsewhere}}}], says: runs on node2, undo: [{{node2: "true"}}]}}
  - {{run: [{{node3: "true"}}], says: runs on node2}}
""",
        STOP
        + """wrong:
  - {run: [{node1: docker rm -f $(docker ps -q)}], says: gone}
""",
    )
    got = await _go(empty_swarm, lab, _runs(lab, RunKind.WRONG))
    assert got.of(ProofKind.WRONG, "start", 1).proven
    assert "is not shown, but" in got.of(ProofKind.WRONG, "start", 2).reason
    assert (
        "does not bring back what was: containers started by hand on node2"
        in got.of(ProofKind.WRONG, "start", 3).reason
    )
    assert "is shown before the mistake" in got.of(ProofKind.WRONG, "start", 4).reason
    assert "leads to the goal" in got.of(ProofKind.WRONG, "stop", 1).reason


async def test_a_route_must_lead_to_the_goal(empty_swarm: SshPlayground, tmp_path: Path) -> None:
    lab = _lab(
        tmp_path,
        START
        + """solve:
  - {say: with a name, run: [{node1: docker run -dt --name me swarmtutor/shell:1.0 sleep infinity}]}
""",
        STOP.replace("60s", "3s")
        + """solve:
  - {say: by asking, run: [{node1: docker ps}]}
""",
    )
    got = await _go(empty_swarm, lab, _runs(lab, RunKind.ROUTE))
    assert got.of(ProofKind.ROUTE, "start", 1).proven
    assert got.failed() == [(ProofKind.ROUTE, "stop", 1)]
    assert "not reached within 3 s" in got.of(ProofKind.ROUTE, "stop", 1).reason


async def test_a_jump_must_arrive_where_the_lab_was(
    empty_swarm: SshPlayground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prove, "HOLDS_FOR", 0.5)
    monkeypatch.setattr(prove, "SETTLES_IN", 8.0)
    # Its goal asks only for the command, so the jump passes it over, though the command leaves something behind.
    leaves = """## Leave one {#leave}

```sh node2
docker run -dt swarmtutor/shell:1.0 sleep infinity
```

```yaml step
goal:
  - {ran: {node: node2, command: docker run}, expect: {exit: 0}}
hints: [Start one.]
"""
    lab = _lab(tmp_path, START, leaves, STOP)
    got = await _go(empty_swarm, lab, _runs(lab, RunKind.MAIN))
    assert got.failed() == []
    await _go(empty_swarm, lab, _runs(lab, RunKind.JUMP), got)
    assert got.of(ProofKind.JUMP, "start").proven
    assert got.of(ProofKind.JUMP, "leave").proven
    assert "on node2: none, not 1 × swarmtutor/shell:1.0 running" in got.of(ProofKind.JUMP, "stop").reason


def _command(folder: Path, name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "tui", "walk", str(folder / "tiny"), "--prove", "--name", name, *arguments]


def _playgrounds_of(name: str) -> list[str]:
    return [each for each in list_playgrounds() if each.startswith(name)]


def test_a_lab_that_is_right_is_proven_side_by_side_and_leaves_nothing(tmp_path: Path) -> None:
    name = f"pg-t{os.getpid()}-p"
    solve = "solve:\n  - run: [{node1: docker run -dt --name me swarmtutor/shell:1.0 sleep infinity}]\n"
    _lab(tmp_path, START + solve, STOP)
    where = tmp_path / "proofs.json"
    done = subprocess.run(
        _command(tmp_path, name, "--jobs", "2", "--json", str(where)),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == ExitCode.OK, done.stdout + done.stderr
    value = json.loads(where.read_text())
    kinds = {kind: sum(each["kind"] == kind for each in value["proofs"]) for kind in ProofKind}
    assert kinds == {
        ProofKind.RED: 2,
        ProofKind.GREEN: 2,
        ProofKind.HOLDS: 2,
        ProofKind.QUESTION: 0,
        ProofKind.ROUTE: 1,
        ProofKind.WRONG: 0,
        ProofKind.JUMP: 2,
        ProofKind.COUNT: 1,
    }
    assert re.search(r"^A tiny lab: 10 of 10 proofs", done.stdout, re.MULTILINE)
    assert _playgrounds_of(name) == []


def test_a_proof_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    name = f"pg-t{os.getpid()}-q"
    _lab(tmp_path, START, STOP)
    with subprocess.Popen(_command(tmp_path, name, "--jobs", "2"), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert "red before" in first
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=150)
    assert process.returncode == ExitCode.INTERRUPTED
    assert _playgrounds_of(name) == []
