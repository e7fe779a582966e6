"""How much memory processes have, as the kernel counts it."""

import os
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from tui.playground.providers import cgroups

__all__ = ["Memory", "cpu_seconds", "memory_of", "memory_of_group"]

_PARTS = (
    ("tui.playground.node_agent", "agent (process 1)"),
    ("tui.playground.node_ssh", "SSH server"),
    ("tui.swarm.mesh_keeper", "mesh keeper"),
    ("tui.playground.providers.dns", "name server"),
    ("docker-registry", "registry"),
    ("dockerd", "dockerd"),
    ("containerd-shim", "containerd-shim"),
    ("containerd", "containerd"),
)


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes (10^6 bytes): resident, its proportional share of what is shared, and the most ever resident."""

    rss: float
    pss: float
    peak: float


def memory_of(pid: int) -> Memory:
    """The memory of one process. Raises OSError."""
    folder = Path(f"/proc/{pid}")
    return Memory(
        rss=_field(folder / "status", "VmRSS"),
        pss=_field(folder / "smaps_rollup", "Pss"),
        peak=_field(folder / "status", "VmHWM"),
    )


def memory_of_group(group: str) -> dict[str, Memory]:
    """The memory of the processes of a control group, those of one kind added up."""
    found: dict[str, list[Memory]] = defaultdict(list)
    for pid in cgroups.processes(cgroups.read_hierarchies(), group):
        try:
            found[_part(pid)].append(memory_of(pid))
        except OSError:  # it has ended
            continue
    return {
        part: Memory(sum(m.rss for m in each), sum(m.pss for m in each), sum(m.peak for m in each))
        for part, each in found.items()
    }


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used, its threads included. Raises OSError."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _part(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    head = " ".join(words[:4])
    return next((part for mark, part in _PARTS if mark in head), "shells and containers")


def _field(path: Path, name: str) -> float:
    match = re.search(rf"^{name}:\s+(\d+) kB", path.read_text(), re.MULTILINE)
    return int(match[1]) * 1024 / 1e6 if match else 0.0
