"""A Docker Engine that a test starts for itself, for playgrounds of containers.

It lives in mount, process and network namespaces of its own, so that the machine's firewall, links and mounts are not
touched, and killing its first process ends all that it ever started. What is to reach the ports that it publishes on
the loopback has to run in its network namespace: `run` does that for programs, `call` for coroutines.
"""

import asyncio
import ctypes
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import platformdirs
import pytest

from tui.playground.kernel import Clone, set_namespace
from tui.playground.providers import cgroups

__all__ = ["BASE", "OuterEngine", "base_archive", "outer_engine"]

T = TypeVar("T")

BASE = "debian:12-slim"
_ROOT = Path(__file__).resolve().parents[2]
_INSTALL = _ROOT / "tui/playground/providers/container_image/install"
_SCRIPT = """\
set -e
ip link set lo up
mount -t tmpfs tmpfs /run
if [ {version} = 2 ]; then
    umount -R /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
exec dockerd --data-root {folder}/data --exec-root /run/outer --pidfile /run/outer.pid \\
    --host unix://{folder}/docker.sock --cgroup-parent /{group} --exec-opt native.cgroupdriver=cgroupfs \\
    >{folder}/dockerd.log 2>&1
"""


def base_archive() -> Path:
    """A Debian with the packages of a node, as an archive, kept outside the checkout. Skips where none can be made."""
    if shutil.which("mmdebstrap") is None:
        pytest.skip("mmdebstrap is not installed")
    listed = re.search(r"packages='([^']*)'", _INSTALL.read_text())
    assert listed, "the list of packages is not where it was"
    packages = ",".join(sorted(listed[1].split()))
    key = hashlib.sha256(packages.encode()).hexdigest()[:12]
    folder = Path(platformdirs.user_cache_dir("swarmtutor-tests", appauthor=False))
    archive = folder / f"base-{key}.tar"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("base-*.tar"):
            old.unlink()
        fresh = folder / f"fresh-{os.getpid()}.tar"
        command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", "bookworm", str(fresh)]
        try:
            made = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
            if re.search(r"Could not resolve|Temporary failure|Could not connect|Failed to fetch", made.stderr):
                pytest.skip("no base image can be made: no package mirror is in reach")
            assert made.returncode == 0, made.stderr[-2000:]
            fresh.rename(archive)
        finally:
            fresh.unlink(missing_ok=True)
    return archive


def _die_with_parent() -> None:
    """In the child: end with the tests, also when they are killed, and take the engine along."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class OuterEngine:
    """The engine. Stop it when done. `version_2`: it sees control groups of version 2, whatever the machine has."""

    def __init__(self, *, version_2: bool = False) -> None:
        self._version = 2 if version_2 else 0
        # Not in a folder for temporary files, which may be in memory: its engine keeps overlays here.
        self.folder = Path(tempfile.mkdtemp(prefix="swarmtutor-outer-", dir="/var/tmp"))
        self.group = self.folder.name
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to use this engine for playgrounds, which are kept apart from all others."""
        return {
            "DOCKER_HOST": f"unix://{self.folder}/docker.sock",
            "SWARMTUTOR_PROVIDER": "containers",
            "SWARMTUTOR_STATE": str(self.folder / "state"),
            "SWARMTUTOR_RUNTIME": str(self.folder / "run"),
        }

    def start(self) -> None:
        """Start it and wait until it answers."""
        script = _SCRIPT.format(folder=self.folder, group=self.group, version=self._version)
        self._process = subprocess.Popen(
            ["unshare", "-m", "-p", "-n", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        deadline = time.monotonic() + 120
        while self.docker("version", check=False).returncode != 0:
            log = self.folder / "dockerd.log"
            said = log.read_text()[-2000:] if log.exists() else ""
            assert self._process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.1)

    def restart(self) -> None:
        """End it with all its containers, as the power does, and start it again: it remembers all that it held."""
        self._end()
        self.start()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
        hierarchies = cgroups.read_hierarchies()
        cgroups.kill_all(hierarchies, self.group)
        cgroups.remove(hierarchies, self.group)

    def import_base(self, archive: Path) -> None:
        """Give it the base image."""
        self.docker("import", str(archive), BASE, timeout=400)

    def add_base(self, name: str) -> None:
        """Give it another base image, for which nothing is built yet."""
        container = self.docker("create", BASE, "true").stdout.strip()
        self.docker("commit", "--change", f"LABEL base={name}", container, name)
        self.docker("rm", container)

    def stop(self) -> None:
        """End it with all its containers, and remove its traces."""
        self._end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def docker(self, *words: str, check: bool = True, timeout: float = 120) -> "subprocess.CompletedProcess[str]":
        """Run the `docker` command on it."""
        environment = os.environ | self.environment
        argv = ["docker", *words]
        return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=timeout, check=check)

    def parts(self) -> list[str]:
        """Everything that it holds, but for images and its own networks."""
        listings = (
            ("container", "container", "ls", "--all", "--format", "{{.Names}}"),
            ("volume", "volume", "ls", "--format", "{{.Name}}"),
            ("network", "network", "ls", "--filter", "type=custom", "--format", "{{.Name}}"),
        )
        return [f"{kind} {name}" for kind, *words in listings for name in self.docker(*words).stdout.split()]

    def images(self) -> list[str]:
        """The names of its images."""
        return self.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").stdout.split()

    def processes(self) -> list[str]:
        """Processes of this machine that belong to its playgrounds: they carry its state directory with them."""
        mark = str(self.folder / "state").encode()
        found: list[str] = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    if mark in (entry / "environ").read_bytes():
                        found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
                except OSError:
                    continue
        return found

    def _first_process(self) -> int:
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return int(children.read_text().split()[0])

    def inside(self, *argv: str) -> list[str]:
        """The command line that runs a program in its network namespace."""
        return ["nsenter", "-t", str(self._first_process()), "-n", *argv]

    def swarmtutor(self, *words: str) -> list[str]:
        """The command line of a `swarmtutor` that can reach the nodes."""
        return self.inside(sys.executable, "-m", "tui", *words)

    def run(
        self, *argv: str, timeout: float, environment: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program in its network namespace, in the folder of the project."""
        return subprocess.run(
            self.inside(*argv),
            env=os.environ | self.environment | dict(environment or {}),
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )

    def call(self, work: Callable[[], Awaitable[T]], timeout: float = 300.0) -> T:
        """Run a coroutine in its network namespace: in a thread of its own, whose own threads are there as well."""
        results: list[T] = []
        errors: list[BaseException] = []

        async def limited() -> T:
            async with asyncio.timeout(timeout):
                return await work()

        def enter() -> None:
            try:
                set_namespace(Path(f"/proc/{self._first_process()}/ns/net"), Clone.NEWNET)
                results.append(asyncio.run(limited()))
            except BaseException as error:
                errors.append(error)

        with pytest.MonkeyPatch.context() as patch:
            for key, value in self.environment.items():
                patch.setenv(key, value)
            thread = threading.Thread(target=enter)
            thread.start()
            thread.join(timeout + 30)
        if errors:
            raise errors[0]
        return results[0]


@contextmanager
def outer_engine(*, version_2: bool = False) -> Generator[OuterEngine]:
    """An engine that is up, with the base image."""
    archive = base_archive()
    engine = OuterEngine(version_2=version_2)
    try:
        engine.start()
        engine.import_base(archive)
        yield engine
    finally:
        engine.stop()
