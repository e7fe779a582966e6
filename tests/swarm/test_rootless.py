"""Nodes of somebody who is not root, for real: a throw-away account that this machine never hears of.

The account stands in copies of /etc/passwd and its kin, which are seen in a mount namespace of the test's own only.
"""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest

from tui.errors import ExitCode

pytestmark = [pytest.mark.engines, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
UID = 47_123
FIRST_ID = 1_710_000_000
# A shell between, because setpriv itself keeps root's rights until it hands over.
BECOME = ("setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "sh", "-c")
LINES = {
    "passwd": f"rootless-test:x:{UID}:{UID}::/tmp:/bin/sh\n",
    "group": f"rootless-test:x:{UID}:\n",
    "subuid": f"rootless-test:{FIRST_ID}:65536\n",
    "subgid": f"rootless-test:{FIRST_ID}:65536\n",
}


class Person:
    """Runs commands as the account, to which the checkout and its Python are shown wherever they are."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        os.chown(self.home, UID, UID)
        packages = Path(pytest.__file__).resolve().parent.parent
        self._shown = {ROOT: folder / "code", packages: folder / "packages"}
        python = Path(sys.executable).resolve()
        if not python.is_relative_to("/usr"):
            self._shown[Path(sys.base_prefix)] = folder / "python"
            python = folder / "python" / python.relative_to(Path(sys.base_prefix).resolve())
        self._python = str(python)
        for place in self._shown.values():
            place.mkdir()
        etc = folder / "etc"
        etc.mkdir()
        for name, line in LINES.items():
            before = Path("/etc", name)
            (etc / name).write_text((before.read_text() if before.exists() else "") + line)
            self._shown[etc / name] = before
        self._paths = os.pathsep.join((str(folder / "code"), str(folder / "packages")))

    def run(self, *arguments: str, timeout: float = 240.0) -> subprocess.CompletedProcess[str]:
        """One `swarmtutor` command."""
        return self.run_program(self._python, "-P", "-m", "tui", *arguments, timeout=timeout)

    def run_program(self, *command: str, timeout: float = 240.0) -> subprocess.CompletedProcess[str]:
        binds = "; ".join(
            f"[ -e {there} ] || : >{there}; mount --bind {shlex.quote(str(here))} {there}"
            for here, place in self._shown.items()
            for there in [shlex.quote(str(place))]
        )
        drop = f"exec {shlex.join([*BECOME, shlex.join(command)])}"
        return subprocess.run(
            ["unshare", "--mount", "sh", "-ec", f"{binds}; {drop}"],
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
                "HOME": str(self.home),
                "LANG": "C.UTF-8",
                "XDG_RUNTIME_DIR": str(self.home),
                "PYTHONPATH": self._paths,
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            cwd="/",
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def on_node1(self, command: str) -> subprocess.CompletedProcess[str]:
        """A command on node1, as its learner, from inside the person's namespaces."""
        code = (
            "import os, sys\n"
            "from tui.playground.providers.own_machine import run_inside\n"
            f"inside = {ON_NODE1!r}\n"
            "sys.exit(run_inside([sys.executable, '-P', '-c', inside, sys.argv[1]], os.environ))\n"
        )
        return self.run_program(self._python, "-P", "-c", code, command)

    def visit_inside(self) -> subprocess.CompletedProcess[str]:
        """Open a port from inside the person's namespaces, and visit it from outside of them."""
        return self.run_program(self._python, "-P", "-c", VISITOR)

    def end(self) -> None:
        """End whatever is left, of a test that failed or was killed."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def processes(self) -> dict[int, str]:
        """Whatever runs as the account, or as one of its nodes' accounts: ids and command lines."""
        found: dict[int, str] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    owner = entry.stat().st_uid
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue
                if (owner == UID or owner in range(FIRST_ID, FIRST_ID + 65_536)) and command:
                    found[int(entry.name)] = command
        return found


ON_NODE1 = """
import asyncio, sys
from tui.playground.playground import open_playground

async def main():
    playground = await open_playground("rootless")
    done = await playground.node("node1").run(sys.argv[1], timeout=200)
    sys.stdout.write(done.stdout + done.stderr)
    await playground.close()
    return done.exit_status

sys.exit(asyncio.run(main()))
"""


PORT_INSIDE = """
import sys
from pathlib import Path
from tui.playground.outside import usual_listen

with usual_listen()(0) as listener:
    Path(sys.argv[1]).write_text(f"{listener.getsockname()[1]}\\n")
    visitor, _ = listener.accept()
    visitor.sendall(b"from inside")
    visitor.close()
"""

VISITOR = f"""
import os, socket, sys, threading, time
from pathlib import Path
from tui.playground.providers.own_machine import run_inside

told = Path(os.environ["HOME"], "port")

def visit():
    deadline = time.monotonic() + 120
    while not (told.exists() and told.read_text().endswith("\\n")) and time.monotonic() < deadline:
        time.sleep(0.05)
    with socket.create_connection(("127.0.0.1", int(told.read_text())), 60) as line:
        print(line.recv(100).decode())

visitor = threading.Thread(target=visit)
visitor.start()
status = run_inside([sys.executable, "-P", "-c", {PORT_INSIDE!r}, str(told)], os.environ)
visitor.join()
sys.exit(status)
"""


@pytest.fixture(scope="module")
def person() -> Generator[Person]:
    if os.geteuid() != 0:
        pytest.skip("needs root, to become somebody else")
    if shutil.which("newuidmap") is None:
        pytest.skip("newuidmap is not installed (package uidmap)")
    # Not among pytest's own folders, which are for root's eyes only.
    with tempfile.TemporaryDirectory(prefix="rootless-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        somebody = Person(folder)
        somebody.end()
        yield somebody
        somebody.run("down", "--name", "rootless")
        somebody.end()


def test_three_nodes_form_a_swarm_whose_network_carries_and_nothing_is_left(person: Person) -> None:
    examined = person.run("doctor")
    assert "namespaces: can work here" in examined.stdout, examined.stdout
    made = person.run("up", "--name", "rootless")
    assert made.returncode == ExitCode.OK, made.stdout + made.stderr
    assert person.run("status").stdout.count("engine ") == 3
    swarm = person.on_node1(
        "docker swarm init --advertise-addr eth0 >/dev/null && token=$(docker swarm join-token -q worker)"
        " && for node in node2 node3; do ssh docker@$node docker swarm join --token $token node1:2377; done"
        " && docker service create -q --name pets --replicas 3 -p 5000:5000 swarmtutor/pets:1.0 >/dev/null"
        " && docker node ls --format '{{.Status}}'"
    )
    assert swarm.stdout.count("Ready") == 3, swarm.stdout + swarm.stderr
    asked = person.on_node1(
        "for try in $(seq 100); do"
        " for node in node1 node2 node3; do curl -s -m 5 -o /dev/null -w '%{http_code}\\n' http://$node:5000; done"
        " | grep -c 200 | grep -qx 3 && echo all three answer && exit; sleep 0.2; done; exit 1"
    )
    assert "all three answer" in asked.stdout, asked.stdout + asked.stderr
    removed = person.run("down", "--name", "rootless")
    assert "nothing of it is left" in removed.stdout
    assert person.processes() == {}
    assert [path for path in person.home.rglob("*") if "swarmtutor" in path.name] == []


def test_a_keeper_that_is_killed_takes_everything_with_it_and_the_files_can_be_removed(person: Person) -> None:
    made = person.run("up", "--name", "rootless")
    assert made.returncode == ExitCode.OK, made.stdout + made.stderr
    keeper = person.home / ".local/state/swarmtutor/keeper"
    os.kill(int(keeper.read_text().split()[0]), signal.SIGKILL)
    deadline = time.monotonic() + 90
    while person.processes():
        assert time.monotonic() < deadline, person.processes()
        time.sleep(0.1)
    assert person.run("status").returncode == ExitCode.BROKEN
    removed = person.run("down", "--name", "rootless")
    assert "nothing of it is left" in removed.stdout, removed.stdout + removed.stderr
    assert not keeper.parent.exists()


def test_what_is_published_inside_is_reached_from_the_persons_own_browser(person: Person) -> None:
    visited = person.visit_inside()
    assert visited.returncode == 0, visited.stdout + visited.stderr
    assert visited.stdout == "from inside\n"
    deadline = time.monotonic() + 90
    while person.processes():
        assert time.monotonic() < deadline, person.processes()
        time.sleep(0.1)
