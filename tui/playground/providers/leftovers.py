"""Finding and removing all that a playground consists of, whole, half made or half dead."""

import asyncio
import os
import shutil
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tui.errors import UserError
from tui.paths import runtime_dir, state_dir
from tui.playground.kernel import unmount_lazily
from tui.playground.model import NODE_NAMES
from tui.playground.providers import cgroups, network
from tui.playground.record import PlaygroundPaths, identity, load_record

__all__ = ["Leftovers"]


def _starting(paths: PlaygroundPaths) -> set[int]:
    """Processes that were started to become part of the playground and are not in its control groups yet."""
    found: set[int] = set()
    marks = (b"tui.playground.providers.enter", bytes(paths.root) + b"/")
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            if all(mark in (entry / "cmdline").read_bytes() for mark in marks):
                found.add(int(entry.name))
    return found - {os.getpid()}


def _mounts_below(folder: Path) -> list[str]:
    inside = str(folder)
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [point for point in points if point == inside or point.startswith(inside + "/")]


def _remove_folder(folder: Path) -> None:
    for mount_point in reversed(_mounts_below(folder)):
        with suppress(OSError):
            unmount_lazily(mount_point)
    deadline = time.monotonic() + 5.0
    while folder.exists():
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            continue
        except OSError:
            # A process that has just been killed may still be letting go of its files.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


@dataclass(frozen=True, slots=True)
class Leftovers:
    """The traces of one playground on this machine."""

    name: str
    identity: str
    paths: PlaygroundPaths

    @staticmethod
    def of(name: str) -> "Leftovers":
        """The traces of the playground of that name."""
        return Leftovers(name, identity(name), PlaygroundPaths.of(name))

    def running(self, part: str) -> bool:
        """Whether any process of a node or of the `hub` is alive."""
        return cgroups.is_alive(cgroups.read_hierarchies(), f"{self.identity}/{part}")

    def is_made(self) -> bool:
        """Whether it was made to the end."""
        try:
            record = load_record(self.name)
        except UserError:
            return False
        return record is not None and record.state == "up"

    def is_up(self) -> bool:
        """Whether it was made to the end and every part of it is running."""
        return self.is_made() and all(map(self.running, (*NODE_NAMES, "hub")))

    def is_reparable(self) -> bool:
        """Whether it was made to the end, and only single nodes of it have died: those can be switched on again."""
        return self.is_made() and self.running("hub") and any(map(self.running, NODE_NAMES))

    def any_running(self) -> bool:
        """Whether any process of it is alive."""
        return cgroups.is_alive(cgroups.read_hierarchies(), self.identity)

    async def found(self) -> list[str]:
        """Everything that is there, in words: for `status`, and for tests that look for what was forgotten."""
        names = network.Names(self.identity)
        hierarchies = cgroups.read_hierarchies()
        seen = [str(path) for path in (self.paths.root, self.paths.runtime) if path.exists()]
        seen += [f"network namespace {entry}" for entry in names.all if (Path("/run/netns") / entry).exists()]
        seen += [str(folder) for hierarchy in hierarchies if (folder := hierarchy.mount_point / self.identity).exists()]
        seen += [f"process {pid}" for pid in sorted(_starting(self.paths))]
        if (Path("/sys/class/net") / names.host_link).exists():
            seen.append(f"link {names.host_link}")
        return seen

    async def exists(self) -> bool:
        """Whether there is any trace of it."""
        return bool(await self.found())

    def _kill(self, group: str) -> None:
        hierarchies = cgroups.read_hierarchies()
        for pid in _starting(self.paths):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        cgroups.kill_all(hierarchies, group)
        cgroups.remove(hierarchies, group)

    async def remove(self) -> None:
        """Remove every trace. Idempotent."""
        await asyncio.to_thread(self._kill, self.identity)
        await network.remove(network.Names(self.identity))
        await asyncio.to_thread(self._remove_files)

    def _remove_files(self) -> None:
        _remove_folder(self.paths.root)
        _remove_folder(self.paths.runtime)
        _remove_if_empty(state_dir() / "playgrounds")
        _remove_if_empty(state_dir())
        _remove_if_empty(runtime_dir())

    async def remove_node(self, node: str) -> None:
        """Take one node away: its processes and its files, and an empty control group for the next one."""
        hierarchies = cgroups.read_hierarchies()
        group = f"{self.identity}/{node}"
        await asyncio.to_thread(cgroups.kill_all, hierarchies, group)
        await asyncio.to_thread(cgroups.remove, hierarchies, group)
        cgroups.make_group(hierarchies, group)
        await asyncio.to_thread(_remove_folder, self.paths.node(node))
