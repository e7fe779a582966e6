"""One lab left for another in the real program: the first one's place is kept, the second one begins at once."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.bench.pty_program import PtyProgram, plain
from tests.small_lab import front_matter

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals"),
    pytest.mark.timeout(300),
]

STEP = """
# Part

## {title} {{#read}}

Nothing to do here.
"""


def test_another_lab_is_taken_without_leaving_and_both_places_are_kept(tmp_path: Path) -> None:
    content, state, config = tmp_path / "content", tmp_path / "state", tmp_path / "config"
    for lab_id, title in (("small", "First of all"), ("zother", "Something else")):
        path = content / lab_id / "lab.md"
        path.parent.mkdir(parents=True)
        path.write_text(front_matter(lab_id, title=f"The lab {lab_id}") + STEP.format(title=title))
    config.mkdir()
    (config / "keys.toml").write_text('[app]\nlabs = "Ctrl-L"\n')
    environment = {
        "SWARMTUTOR_STATE": str(state),
        "SWARMTUTOR_RUNTIME": str(tmp_path / "run"),
        "SWARMTUTOR_CONFIG": str(config),
    }
    command = [sys.executable, "-m", "tests.app.run_without_nodes", str(content), "small"]

    def saved(lab_id: str) -> dict[str, Any]:
        path = state / "progress" / f"{lab_id}.json"
        return json.loads(path.read_text()) if path.exists() else {}

    with PtyProgram(command, environment) as it:

        def until_shown(text: str) -> None:
            it.until(lambda output: text in plain(bytes(output)), text, 120)

        def until_saved(lab_id: str, node: str) -> None:
            deadline = time.monotonic() + 120
            while saved(lab_id).get("node") != node:
                assert time.monotonic() < deadline, saved(lab_id)
                it.read_for(0.05)

        until_shown("First of all")
        until_shown("to the shell")  # the nodes are there
        it.write(b"2")
        until_shown("leaves the shell")
        until_saved("small", "node2")
        it.output.clear()
        it.write(b"\x1d\x0c")
        until_shown("The lab zother")
        it.output.clear()
        it.write(b"\x1b[B\r")
        until_shown("Something else")
        until_shown("to the shell")
        it.output.clear()
        it.write(b"3")
        until_shown("leaves the shell")
        until_saved("zother", "node3")
        assert saved("small")["node"] == "node2"
        it.write(b"\x1dq")
        until_shown("Leave the lab?")
