"""`swarmtutor up` from nothing, a first pull, and `swarmtutor down`, beside one engine started by hand."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.bench.scene import PATIENCE, command, done, on_nodes, own_name, remove, require_nodes
from tests.bench.stats import CannotMeasureError, Options, Result, Row, Unit
from tests.bench.unix_http import EngineHttp
from tui.paths import state_dir
from tui.playground.playground import SshPlayground
from tui.playground.providers.tools import find_tool

__all__ = ["measure"]

AIM = 5.0
BARE = "a bare dockerd"
_POLL = 0.005


def measure(options: Options) -> Result:
    """Several rounds of each, in turn, so that all see the same machine."""
    require_nodes()
    bare: list[float] = []
    engines: list[float] = []
    ready: list[float] = []
    pulled: list[float] = []
    down: list[float] = []
    name = own_name("u")
    for _ in range(options.rounds(6, 2)):
        bare.append(_bare_engine())
        try:
            begun = time.monotonic()
            engines.append(_up(name, begun))
            ready.append(time.monotonic() - begun)
            on_nodes(name, _pull)
            pulled.append(time.monotonic() - begun)
            begun = time.monotonic()
            _run("down", "--name", name)
            down.append(time.monotonic() - begun)
        finally:
            remove(name)
    against = (BARE, bare)
    return Result(
        (
            Row.of("up → three engines answer", Unit.SECONDS, engines, aim=AIM, baseline=against),
            Row.of("up → command ends (registry filled too)", Unit.SECONDS, ready, aim=AIM, baseline=against),
            Row.of("up → pets:1.0 pulled on node1", Unit.SECONDS, pulled, baseline=against),
            Row.of("down", Unit.SECONDS, down, baseline=against),
            Row.of("baseline: a bare dockerd → /_ping", Unit.SECONDS, bare),
        )
    )


def _up(name: str, begun: float) -> float:
    """Make the nodes; seconds until the command says that the engines answer."""
    answered = 0.0
    with subprocess.Popen([*command(), "up", "--name", name], stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise CannotMeasureError("the output of `swarmtutor up` cannot be read")
        for line in process.stdout:
            if line.startswith("✔ engines"):
                answered = time.monotonic() - begun
    if process.returncode or not answered:
        raise CannotMeasureError(f"`swarmtutor up` ended with exit status {process.returncode}")
    return answered


async def _pull(playground: SshPlayground) -> None:
    await done(playground.node("node1"), "docker pull -q swarmtutor/pets:1.0")


def _run(*arguments: str) -> None:
    finished = subprocess.run([*command(), *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
    if finished.returncode:
        raise CannotMeasureError(f"`swarmtutor {' '.join(arguments)}`: {finished.stderr.strip()}")


def _bare_engine() -> float:
    """Seconds until one engine in namespaces of its own answers: the least that a node can cost here."""
    state_dir().mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bare-", dir=state_dir()))
    socket = folder / "docker.sock"
    inside = (
        "mount -t tmpfs none /run && ip link set lo up && "
        f"exec {find_tool('dockerd')} --data-root {folder}/data --exec-root /run/docker "
        f"--pidfile /run/docker.pid --host unix://{socket} --userland-proxy=false"
    )
    namespaces = ["--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--kill-child=KILL", "--mount-proc"]
    with (folder / "log").open("wb") as log:
        begun = time.monotonic()
        process = subprocess.Popen(
            ["unshare", *namespaces, "sh", "-c", inside], stdout=log, stderr=log, start_new_session=True
        )
    try:
        engine = EngineHttp(socket)
        while not engine.answers():
            if process.poll() is not None or time.monotonic() - begun > PATIENCE:
                tail = (folder / "log").read_text(errors="replace").strip().splitlines()[-1:]
                raise CannotMeasureError(f"a bare dockerd does not start: {''.join(tail)}")
            time.sleep(_POLL)
        engine.close()
        return time.monotonic() - begun
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=PATIENCE)
        _remove_folder(folder)


def _remove_folder(folder: Path) -> None:
    """The engine's own processes end a moment after their first one, and write until then."""
    deadline = time.monotonic() + PATIENCE
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(_POLL)
