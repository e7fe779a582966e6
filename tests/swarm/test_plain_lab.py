"""A lab taken by lines of text on real nodes: its first steps by hand; all of it by its own commands (slow)."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from types import TracebackType

import pytest

from tests.app.test_plain_program import NOT_PLAIN
from tests.bench.pty_program import PtyProgram, plain
from tests.swarm.conftest import ignore_progress
from tui.labs.model import QuestionKind, Step
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir
from tui.playground.playground import SshPlayground
from tui.tutor.nodes import make_nodes, remove_nodes

pytestmark = [pytest.mark.engines, pytest.mark.timeout(1500)]

PATIENCE = 180.0

RUN = """
import sys
from pathlib import Path
from tui import cli
from tui.playground.playground import open_playground
from tui.tutor import nodes, plain_run

async def opened(name, listener, provider=None):
    return await open_playground(name), False

nodes.ensure_nodes = opened
plain_run.state_dir = lambda: Path(sys.argv[1])
sys.exit(cli.run(["run", sys.argv[3], "--plain", "--name", sys.argv[2]]))
"""
"""The learner's own files lie elsewhere, so that the test leaves nobody's progress behind; the nodes are the tests'."""


class Piped:
    """The program behind a pipe: lines go in, and all that it has said so far is `text`."""

    def __init__(self, state: Path, name: str, lab: str = "orchestration") -> None:
        self.text = ""
        self._process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(state), name, lab],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Piped":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait(30)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.text += line

    def type(self, *lines: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("".join(f"{line}\n" for line in lines))
        self._process.stdin.flush()

    def hears(self, line: str, patience: float = PATIENCE) -> None:
        """Wait until it has said that line."""
        deadline = time.monotonic() + patience
        while line not in self.text.splitlines():
            assert time.monotonic() < deadline, f"never said: {line}\n{self.text}"
            time.sleep(0.05)

    def ends(self, patience: float = PATIENCE) -> int:
        assert self._process.stdin is not None
        self._process.stdin.close()
        status = self._process.wait(patience)
        self._reader.join(30)
        return status


def _done(state: Path) -> list[str]:
    return json.loads((state / "progress" / "orchestration.json").read_text())["done"]


async def test_the_first_steps_are_taken_by_typed_lines(empty_swarm: SshPlayground, tmp_path: Path) -> None:
    # In a thread, so that the connections of the fixture stay alive meanwhile.
    await asyncio.to_thread(_first_steps, empty_swarm.name, tmp_path)


def _first_steps(name: str, state: Path) -> None:
    with Piped(state, name) as it:
        it.hears("Step 1 of 28. Three machines of your own.")
        it.type("node1 hostname", "node3 ssh node1 uname -n", "node3 uname -n")
        it.hears("Done: hostname was run on node3.")
        shell = [sys.executable, "-m", "tui", "shell", "node2", "--name", name]
        with PtyProgram(shell) as elsewhere:  # in another terminal
            elsewhere.until(lambda output: "node2:~$" in plain(bytes(output)), "its prompt", PATIENCE)
            elsewhere.write(b"hostname\r")
            it.hears("Done: hostname was run on node2.")
            elsewhere.write(b"exit\r")
        it.hears("Step 1 is done. `next` opens step 2.")
        it.type("next", "n", "hint", "do", "next")
        it.hears("Done: at least 1 container of swarmtutor/shell runs on node1.")
        it.hears("Step 4 of 28. One engine sees one machine.")
        it.type("answer 0", "$ docker ps", "type", "next", "next")
        it.hears("What the swarm says: 0.")
        it.hears("Your prediction: 0. That was right.")
        it.hears("Step 6 of 28. Start the swarm.")
        it.type("node1 docker swarm init", "next", "nodes")
        it.hears("Done: node1 is in a swarm, as manager.")
        it.hears("Step 7 of 28. Ask the engine about it.")
        assert it.ends() == 0, it.text
        assert "You leave at this place: Step 7 of 28. Ask the engine about it." in it.text.splitlines()
        assert NOT_PLAIN.findall(it.text) == []
    assert _done(state) == ["machines", "why", "run", "ps", "words", "init"]


def _typed(step: Step) -> list[str]:
    answers = {QuestionKind.NUMBER: "1", QuestionKind.CHOICE: "2", QuestionKind.NODE: "node2"}
    return [*(f"answer {answers[question.kind]}" for question in step.questions), "do", "next"]


@pytest.fixture
async def with_mesh() -> AsyncGenerator[str]:
    """A playground of its own, in which published ports are carried too."""
    name = f"pg-t{os.getpid()}p"
    await make_nodes(name, ignore_progress)
    try:
        yield name
    finally:
        await remove_nodes(name, ignore_progress, lambda _line: None)


@pytest.mark.slow
async def test_the_whole_lab_is_taken_by_typed_lines(with_mesh: str, tmp_path: Path) -> None:
    await asyncio.to_thread(_whole_lab, with_mesh, tmp_path)


def _whole_lab(name: str, state: Path) -> None:
    lab = load_lab_by_id("orchestration", content_dir())
    with Piped(state, name) as it:
        it.type(*(line for step in lab.steps for line in _typed(step)))
        assert it.ends(1200) == 0, it.text
        lines = it.text.splitlines()
        for number, step in enumerate(lab.steps, start=1):
            assert any(line.startswith(f"Step {number} of {len(lab.steps)}. {step.title}") for line in lines), it.text
        assert "You have reached the end of this lab: every step is done." in lines
        assert NOT_PLAIN.findall(it.text) == []
    assert _done(state) == [step.id for step in lab.steps]
