"""`swarmtutor up`, `status`, `shell`, `reset` and `down`, as a person types them."""

import contextlib
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest

import tui
from tui.errors import ExitCode
from tui.paths import content_dir
from tui.playground.record import PlaygroundPaths

pytestmark = [pytest.mark.engines, pytest.mark.timeout(600)]

SWARMTUTOR = [sys.executable, "-m", "tui"]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SWARMTUTOR, *arguments], capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def name() -> Generator[str]:
    """A playground made by the command itself."""
    name = f"pg-t{os.getpid()}c"
    made = _run("up", "--name", name)
    assert made.returncode == ExitCode.OK, made.stderr
    for phase in ("network", "nodes", "engines", "registry and images"):
        assert re.search(rf"^✔ {phase}.*\(\d+\.\d s\)$", made.stdout, re.MULTILINE), made.stdout
    yield name
    _run("down", "--name", name)


def _plain(text: str) -> str:
    return re.sub(r"\x1b(\][^\x07]*\x07|\[[0-9;?]*[A-Za-z])|\r", "", text)


class Terminal:
    """A command in a pseudo-terminal of 100 columns and 30 rows."""

    def __init__(self, *arguments: str) -> None:
        self.seen = ""
        environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [*SWARMTUTOR, *arguments], stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.master, text.encode())

    def expect(self, pattern: str, seconds: float = 90.0) -> None:
        """Wait until what was written since the last call matches; escape sequences do not count."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, _plain(self.seen)):
            left = deadline - time.monotonic()
            assert left > 0, f"no {pattern!r} in {self.seen!r}"
            ready, _, _ = select.select([self.master], [], [], left)
            if ready:
                try:
                    self.seen += os.read(self.master, 65_536).decode(errors="replace")
                except OSError:
                    assert re.search(pattern, _plain(self.seen)), f"ended without {pattern!r}: {self.seen!r}"
        self.seen = ""

    def close(self) -> int:
        """Wait for its end; the exit status."""
        try:
            return self.process.wait(timeout=90)
        finally:
            self.process.kill()
            os.close(self.master)


def test_status_names_each_node_and_its_engine(name: str) -> None:
    listed = _run("status", "--json")
    (status,) = [entry for entry in json.loads(listed.stdout) if entry["name"] == name]
    assert status["state"] == "up"
    assert [node["name"] for node in status["nodes"]] == ["node1", "node2", "node3"]
    assert all(re.match(r"\d+\.\d+", node["engine"]) for node in status["nodes"])
    text = _run("status").stdout
    assert name in text
    assert status["nodes"][1]["address"] in text


def test_a_second_up_is_refused_and_harms_nothing(name: str) -> None:
    again = _run("up", "--name", name)
    assert again.returncode == ExitCode.BUSY
    assert f"“{name}” is up already" in again.stderr
    (status,) = [entry for entry in json.loads(_run("status", "--json").stdout) if entry["name"] == name]
    assert status["state"] == "up"


def test_a_shell_is_a_real_terminal_on_the_node(name: str) -> None:
    terminal = Terminal("shell", "--name", name, "node2")
    try:
        terminal.expect(r"node2\S*:~")
        terminal.type("id -un; tty; stty size\r")
        terminal.expect(r"docker\n/dev/pts/\d+\n30 100")
        terminal.type("cat\r")
        terminal.type("\x03")
        terminal.expect(r"\^C")
        terminal.type("ssh node3 hostname\r")
        terminal.expect(r"(?m)^node3\n[^\n]*node2\S*:~")
        terminal.type("exit 0\r")
        assert terminal.close() == ExitCode.OK
    finally:
        with contextlib.suppress(ProcessLookupError):
            terminal.process.kill()


def test_a_shell_on_an_unknown_node_lists_the_nodes(name: str) -> None:
    terminal = Terminal("shell", "--name", name, "node9")
    terminal.expect("node1, node2, node3")
    assert terminal.close() == ExitCode.NOT_FOUND


def test_reset_gives_a_node_without_its_containers(name: str) -> None:
    terminal = Terminal("shell", "--name", name, "node3")
    terminal.expect(r"node3\S*:~")
    terminal.type("docker run -d swarmtutor/shell:1.0 sleep infinity && touch ~/mine\r")
    terminal.expect(r"\b[0-9a-f]{64}\b")
    terminal.type("exit 0\r")
    terminal.close()
    done = _run("reset", "--name", name, "node3")
    assert done.returncode == ExitCode.OK, done.stderr
    terminal = Terminal("shell", "--name", name, "node3")
    terminal.expect(r"node3\S*:~")
    terminal.type("echo $(docker ps -aq | wc -l) $(ls ~ | wc -l) left\r")
    terminal.expect(r"(?m)^0 0 left")
    terminal.type("exit 0\r")
    terminal.close()


def test_down_leaves_no_playground_of_that_name(name: str) -> None:
    done = _run("down", "--name", name)
    assert done.returncode == ExitCode.OK, done.stderr
    assert name not in _run("status").stdout
    assert _run("down", "--name", name).returncode == ExitCode.OK


def test_a_checkout_below_tmp_makes_nodes_too(tmp_path: Path) -> None:
    """A node has a /tmp of its own; the program that runs in it must not vanish behind that."""
    package = Path(tui.__file__).parent
    shutil.copytree(package, tmp_path / "tui", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(content_dir(), tmp_path / "content")
    name = f"pg-t{os.getpid()}t"
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    try:
        made = subprocess.run(
            [*SWARMTUTOR, "up", "--name", name],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert made.returncode == ExitCode.OK, made.stderr
        plan = json.loads((PlaygroundPaths.of(name).node("node1") / "plan.json").read_text())
        assert plan["package_root"] == str(tmp_path)
    finally:
        _run("down", "--name", name)
