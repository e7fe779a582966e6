"""Killed at every step and started again, nothing is lost; two copies at once do not fight."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bench.pty_program import PtyProgram, plain
from tests.small_lab import front_matter

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals"),
    pytest.mark.timeout(900),
]

HEAD = (
    front_matter("small", title="A small lab")
    + """
# First
"""
)

STEP = """
## Title {number} {{#step{number}}}

```yaml predict
id: ask{number}
ask: Which one?
kind: choice
choices:
  - {{say: this, when: {{nodes: {{}}, expect: {{count: 0}}}}}}
  - {{say: that, when: {{nodes: {{}}, expect: {{count: 1}}}}}}
```

```yaml step
goal:
  - {{answer: ask{number}, expect: {{given: true}}, say: you said which one}}
hints: [Guess.]
```
"""

STEPS = 4
PATIENCE = 120.0


@pytest.fixture
def content(tmp_path: Path) -> Path:
    lab = tmp_path / "content" / "small" / "lab.md"
    lab.parent.mkdir(parents=True)
    lab.write_text(HEAD + "".join(STEP.format(number=number) for number in range(1, STEPS + 1)))
    return tmp_path / "content"


def program(content: Path) -> PtyProgram:
    state = content.parent / "state"
    command = [sys.executable, "-m", "tests.app.run_without_nodes", str(content), "small"]
    return PtyProgram(command, {"SWARMTUTOR_STATE": str(state), "SWARMTUTOR_RUNTIME": str(content.parent / "run")})


def saved(content: Path) -> dict[str, Any]:
    path = content.parent / "state" / "progress" / "small.json"
    return json.loads(path.read_text()) if path.exists() else {}


def until_saved(it: PtyProgram, content: Path, condition: Callable[[dict[str, Any]], bool]) -> None:
    """Keep reading the screen until the file on disk says so."""
    deadline = time.monotonic() + PATIENCE
    while not condition(saved(content)):
        assert time.monotonic() < deadline, json.dumps(saved(content))
        it.read_for(0.05)


def until_shown(it: PtyProgram, text: str) -> None:
    it.until(lambda output: text in plain(bytes(output)), text, PATIENCE)


def lived_through(content: Path, step: int) -> dict[str, Any]:
    """Start it, and kill it as soon as it shows the step; what it left on disk."""
    with program(content) as it:
        until_shown(it, f"Title {step}")
        until_shown(it, "node1")
    return {key: value for key, value in saved(content).items() if key not in ("saved", "seconds")}


def test_killed_at_every_step_nothing_is_lost(content: Path) -> None:
    for step in range(1, STEPS + 1):
        with program(content) as it:
            until_shown(it, f"Title {step}")
            it.write(b"h")
            until_saved(it, content, lambda record, step=step: record.get("hints", {}).get(f"step{step}") == 1)
            it.write(b"a2")
            until_saved(it, content, lambda record, step=step: f"step{step}" in record["done"])
            if step < STEPS:
                it.write(b"n")
                until_saved(it, content, lambda record, step=step: record["current"] == f"step{step + 1}")
        shown = min(step + 1, STEPS)
        before = {key: value for key, value in saved(content).items() if key not in ("saved", "seconds")}
        assert lived_through(content, shown) == before
        assert before["answers"][f"ask{step}"]["value"] == "2"
        assert before["helped"][f"step{step}"] == "hint"
        assert before["done"] == [f"step{number}" for number in range(1, step + 1)]


def test_a_second_copy_reads_along_or_leaves(content: Path) -> None:
    with program(content) as first:
        until_shown(first, "Title 1")
        first.write(b"h")
        until_saved(first, content, lambda record: record.get("hints") == {"step1": 1})
        with program(content) as second:
            until_shown(second, "open in another window")
            second.write(b"r")
            until_shown(second, "Reading along")
            second.write(b"a2")
            until_shown(second, "you said which one")
            second.read_for(0.5)
            assert saved(content)["done"] == []
        with program(content) as third:
            until_shown(third, "Leave, and go on there")
            third.drain(quiet=0.4, timeout=10.0)
            third.write(b"q")
            until_shown(third, "already runs the lab")
            _, status = os.waitpid(third.pid, 0)
            assert os.waitstatus_to_exitcode(status) == 5
        first.write(b"a1")
        until_saved(first, content, lambda record: record["done"] == ["step1"])
