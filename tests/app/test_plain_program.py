"""The real program without a screen: by a pipe, at a terminal, twice at once; the nodes alone are not there."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.app.test_killed import HEAD, STEP
from tests.bench.pty_program import PtyProgram

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals"),
    pytest.mark.timeout(300),
]

STEPS = 3
PATIENCE = 120.0
NOT_PLAIN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2500-\u259f\u2800-\u28ff]")
"""Control characters, escapes among them; boxes, blocks and the dots of spinners."""


@pytest.fixture
def content(tmp_path: Path) -> Path:
    lab = tmp_path / "content" / "small" / "lab.md"
    lab.parent.mkdir(parents=True)
    lab.write_text(HEAD + "".join(STEP.format(number=number) for number in range(1, STEPS + 1)))
    return tmp_path / "content"


def environment(content: Path) -> dict[str, str]:
    return {"SWARMTUTOR_STATE": str(content.parent / "state"), "SWARMTUTOR_RUNTIME": str(content.parent / "run")}


def command(content: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "tests.app.run_without_nodes", str(content), "small", *options]


def piped(content: Path, typed: str, *options: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command(content, "--plain", *options),
        input=typed,
        env={**os.environ, **environment(content)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert NOT_PLAIN.findall(done.stdout) == []
    assert "Traceback" not in done.stderr
    return done


def terminal(content: Path, *options: str, more: Mapping[str, str] | None = None) -> PtyProgram:
    return PtyProgram(command(content, *options), {**environment(content), **(more or {})})


def until_shown(it: PtyProgram, text: str) -> None:
    it.until(lambda output: text in output.decode(errors="replace").replace("\r\n", "\n"), text, PATIENCE)


def exit_status(it: PtyProgram) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(it.pid, 0)[1])


def saved(content: Path) -> dict[str, Any]:
    path = content.parent / "state" / "progress" / "small.json"
    return json.loads(path.read_text()) if path.exists() else {}


def test_a_lab_is_taken_through_a_pipe_and_gone_on_with_later(content: Path) -> None:
    first = piped(content, "hint\nanswer 2\nnext\nnext\nwords drain")
    assert first.returncode == 0, first.stderr
    lines = first.stdout.splitlines()
    for line in (
        "Step 1 of 3. Title 1.",
        "Question: Which one?",
        "Choice 2: that.",
        "> answer 2",
        "Your prediction: that.",
        "Done: you said which one.",
        "Step 1 is done. `next` opens step 2.",
        "Step 2 of 3. Title 2.",
        "The next step is still closed. Not yet: you said which one: it is not answered yet.",
        "> words drain",
        "You leave at this place: Step 2 of 3. Title 2.",
        "Your place is kept.",
    ):
        assert line in lines, first.stdout
    assert (saved(content)["done"], saved(content)["current"]) == (["step1"], "step2")
    second = piped(content, "")
    assert second.returncode == 0
    assert "Step 2 of 3. Title 2." in second.stdout.splitlines()
    assert saved(content)["current"] == "step2"


def test_at_a_terminal_ctrl_c_keeps_the_place(content: Path) -> None:
    with terminal(content, "--plain") as it:
        until_shown(it, "\n> ")
        it.write(b"answer 1\n")
        until_shown(it, "Step 1 is done. `next` opens step 2.\n> ")
        it.write(b"\x03")
        until_shown(it, "Your place is kept.")
        until_shown(it, "swarmtutor: stopped.")
        assert exit_status(it) == 130
        assert b"\x1b" not in it.output
    assert saved(content)["done"] == ["step1"]


def test_a_dumb_terminal_gets_lines_of_text_until_the_input_ends(content: Path) -> None:
    with terminal(content, more={"TERM": "dumb"}) as it:
        until_shown(it, "This terminal is a dumb one (TERM=dumb), so the lab comes as lines of text")
        until_shown(it, "\n> ")
        it.write(b"\x04")
        until_shown(it, "You leave at this place: Step 1 of 3. Title 1.")
        assert exit_status(it) == 0
        assert b"\x1b" not in it.output


def test_a_second_copy_reads_along_and_the_first_keeps_its_place_when_told_to_end(content: Path) -> None:
    with terminal(content, "--plain") as first:
        until_shown(first, "\n> ")
        second = piped(content, "answer 2\n")
        assert second.returncode == 0
        assert "You are reading along: this lab is open in another window." in second.stdout
        assert "Done: you said which one." in second.stdout.splitlines()
        assert "Nothing was saved here, because this lab is open in another window." in second.stdout
        assert saved(content).get("done", []) == []
        first.write(b"answer 1\n")
        until_shown(first, "Step 1 is done.")
        os.kill(first.pid, signal.SIGTERM)
        until_shown(first, "Your place is kept.")
        assert exit_status(first) == 130
    assert saved(content)["done"] == ["step1"]
