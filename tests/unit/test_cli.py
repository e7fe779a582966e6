"""The command line: what a person may get wrong is answered in a sentence, with an exit status to rely on."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tui.cli import run
from tui.errors import ExitCode

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory of the test's own."""
    monkeypatch.setenv("SWARMTUTOR_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("SWARMTUTOR_RUNTIME", str(tmp_path / "run"))
    return tmp_path


def _lab(folder: Path, text: str) -> Path:
    path = folder / "mine" / "lab.md"
    path.parent.mkdir()
    path.write_text(text)
    return path


def test_the_installed_labs_lint_clean(capsys: Captured) -> None:
    assert run(["lint"]) == ExitCode.OK
    assert "0 mistakes" in capsys.readouterr().out


def test_lint_names_file_and_line_of_a_mistake(tmp_path: Path, capsys: Captured) -> None:
    path = _lab(tmp_path, "---\nformat: 1\nid: mine\ntitel: Mine\n---\n")
    assert run(["lint", str(path)]) == ExitCode.FAILED
    out = capsys.readouterr().out
    assert f"{path}:4: " in out
    assert "title" in out


def test_lint_of_something_that_is_not_there_lists_the_labs(capsys: Captured) -> None:
    assert run(["lint", "orchestra"]) == ExitCode.NOT_FOUND
    assert "orchestration" in capsys.readouterr().err


def test_lint_of_a_file_that_is_no_text(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "lab.md"
    path.write_bytes(b"\xff\xfe\x00\x01")
    assert run(["lint", str(path)]) == ExitCode.BROKEN
    assert str(path) in capsys.readouterr().err


@pytest.mark.parametrize("command", [["walk", "orchestratoin"], ["run", "orchestratoin"]])
def test_an_unknown_lab_is_said_with_the_nearest_one(command: list[str], capsys: Captured) -> None:
    assert run(command) == ExitCode.NOT_FOUND
    err = capsys.readouterr().err
    assert "orchestratoin" in err
    assert "orchestration" in err


def test_labs_lists_every_lab_with_its_title(capsys: Captured) -> None:
    assert run(["labs"]) == ExitCode.OK
    assert "Docker Orchestration" in capsys.readouterr().out


def test_status_of_nothing_says_how_to_begin(capsys: Captured) -> None:
    assert run(["status"]) == ExitCode.NOT_FOUND
    assert "swarmtutor up" in capsys.readouterr().out


def test_status_as_json_is_an_empty_list(capsys: Captured) -> None:
    assert run(["status", "--json"]) == ExitCode.NOT_FOUND
    assert capsys.readouterr().out.strip() == "[]"


def test_doctor_says_for_each_provider_what_is_needed_and_found(capsys: Captured) -> None:
    status = run(["doctor"])
    out = capsys.readouterr().out
    assert re.search(r"^namespaces: can(not)? work here$", out, re.MULTILINE)
    assert re.search(r"^containers: can(not)? work here$", out, re.MULTILINE)
    assert re.search(r"^  [✔✘] root +\S", out, re.MULTILINE)
    assert status == (ExitCode.OK if "auto takes: " in out else ExitCode.UNSUPPORTED)


def test_doctor_as_json_agrees_with_its_exit_status(capsys: Captured) -> None:
    status = run(["doctor", "--json"])
    found = json.loads(capsys.readouterr().out)
    works = [name for name, provider in found["providers"].items() if provider["works"]]
    assert found["auto"] == (works[0] if works else None)
    assert status == (ExitCode.OK if works else ExitCode.UNSUPPORTED)
    for name, provider in found["providers"].items():
        assert provider["works"] == all(need["met"] for need in provider["requirements"]), name
        assert all(need["mend"] for need in provider["requirements"] if not need["met"]), name


def test_doctor_without_root_names_the_mend(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    run(["doctor"])
    out = capsys.readouterr().out
    assert "namespaces: cannot work here" in out
    assert "sudo" in out


def test_an_unknown_provider_is_a_usage_error(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        run(["up", "--provider", "magic"])
    assert caught.value.code == ExitCode.USAGE
    assert "namespaces" in capsys.readouterr().err


def test_a_shell_needs_a_terminal(capsys: Captured) -> None:
    assert run(["shell", "node1"]) == ExitCode.USAGE
    assert "terminal" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["Lab", "a b", "-x", "../up", "x" * 40, ""])
def test_a_name_that_cannot_name_a_playground(name: str, capsys: Captured) -> None:
    assert run(["reset", f"--name={name}"]) in (ExitCode.USAGE, ExitCode.UNSUPPORTED)
    assert capsys.readouterr().err.startswith("swarmtutor: ")


def test_an_unknown_command_is_a_usage_error(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        run(["fly"])
    assert caught.value.code == ExitCode.USAGE
    assert "fly" in capsys.readouterr().err


def test_a_closed_standard_input_is_no_traceback(own_state: Path) -> None:
    command = 'exec "$0" -m tui shell node1 <&-'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == ExitCode.USAGE, done.stderr
    assert "Traceback" not in done.stderr
    assert "needs a terminal" in done.stderr


def test_output_into_a_closed_pipe_is_no_traceback(own_state: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "tui", "labs"], stdout=closed, stderr=subprocess.PIPE, timeout=240, check=False
        )
    assert b"Traceback" not in done.stderr
    assert done.returncode == ExitCode.OK


@pytest.mark.parametrize("command", [["up"], ["down"], ["walk"], ["reset"]])
def test_without_root_it_says_what_is_missing(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert run(command) == ExitCode.UNSUPPORTED
    assert "root" in capsys.readouterr().err


def test_a_fault_that_there_is_none_of_names_those_that_there_are(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        run(["fault", "node2", "explode"])
    assert caught.value.code == ExitCode.USAGE
    assert "cut-network" in capsys.readouterr().err


def test_a_fault_needs_a_playground(capsys: Captured) -> None:
    assert run(["fault", "node2", "pause", "--name", "none"]) == ExitCode.NOT_FOUND
    assert "none" in capsys.readouterr().err


def test_a_walk_from_a_step_that_is_none_makes_no_nodes(capsys: Captured) -> None:
    assert run(["walk", "orchestration", "--from", "nosuch", "--provider", "containers"]) == ExitCode.NOT_FOUND
    said = capsys.readouterr()
    assert "no step “nosuch”" in said.err
    assert said.out == ""
