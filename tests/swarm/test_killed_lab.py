"""The real program on real nodes, killed at once and started again: the same step, answers, hints and shell."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.bench.pty_program import PtyProgram, plain
from tui.playground.playground import SshPlayground

pytestmark = [pytest.mark.engines, pytest.mark.timeout(700)]

PATIENCE = 150.0

RUN = """
import sys
from pathlib import Path
from tui import cli
from tui.app import start
from tui.playground.playground import open_playground
from tui.tutor import nodes

async def opened(name, listener, provider=None):
    return await open_playground(name), False

nodes.ensure_nodes = opened
start.state_dir = lambda: Path(sys.argv[1])
sys.exit(cli.run(["run", "orchestration", "--name", sys.argv[2]]))
"""
"""The learner's own files lie elsewhere, so that the test leaves nobody's progress behind; the nodes are the tests'."""


def _program(state: Path, name: str) -> PtyProgram:
    return PtyProgram([sys.executable, "-c", RUN, str(state), name])


def _saved(state: Path) -> dict[str, Any]:
    path = state / "progress" / "orchestration.json"
    return json.loads(path.read_text()) if path.exists() else {}


def _until_saved(it: PtyProgram, state: Path, **wanted: object) -> None:
    deadline = time.monotonic() + PATIENCE
    while not all(_saved(state).get(key) == value for key, value in wanted.items()):
        assert time.monotonic() < deadline, json.dumps(_saved(state))
        it.read_for(0.05)


async def test_killed_on_real_nodes_it_comes_back_where_it_was(empty_swarm: SshPlayground, tmp_path: Path) -> None:
    # In a thread, so that the connections of the fixture stay alive meanwhile.
    await asyncio.to_thread(_killed_and_started_again, tmp_path, empty_swarm.name)


def _killed_and_started_again(tmp_path: Path, name: str) -> None:
    with _program(tmp_path, name) as it:
        it.until(lambda output: "node1:~$" in plain(bytes(output)), "the shells are open", PATIENCE)
        it.write(b"h")
        _until_saved(it, tmp_path, hints={"machines": 1})
        for key, node in ((b"\x1bOR", "node2"), (b"\x1bOQ", "node1"), (b"\x1bOS", "node3")):  # F3, F2, F4
            it.write(key)
            _until_saved(it, tmp_path, node=node)
            it.write(b"hostname\r")
        _until_saved(it, tmp_path, done=["machines"], node="node3")
    before = {key: value for key, value in _saved(tmp_path).items() if key not in ("saved", "seconds")}
    with _program(tmp_path, name) as it:
        it.until(lambda output: "node3:~$" in plain(bytes(output)), "the shell of node3 is in front", PATIENCE)
        it.until(lambda output: "opens the next step" in plain(bytes(output)), "the step is done", PATIENCE)
    assert {key: value for key, value in _saved(tmp_path).items() if key not in ("saved", "seconds")} == before
