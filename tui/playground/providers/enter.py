"""Enters the namespaces of a node or of the hub and becomes its process number 1.

Usage: python -m tui.playground.providers.enter node|hub PLAN.JSON LOG

What it has to say to its caller goes to standard output: first `pid N` (as this machine counts), then nothing, or
`error …` when it failed. Standard output closes when process number 1 is running.
"""

import json
import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tui.playground.forwarding import SETTING
from tui.playground.kernel import Clone, MountFlag, drop_bounding_capability, mount, set_namespace, unshare
from tui.playground.providers.cgroups import Hierarchy, join, read_hierarchies
from tui.playground.providers.node_root import enter_root
from tui.playground.providers.plans import HubPlan, NodePlan, program_environment
from tui.playground.providers.tools import find_tool

__all__ = ["main"]

# capabilities(7) that reach beyond the node: reading files by handle, files that nobody can remove, kernel modules, raw
# I/O, accounting, reboot, priority over all other programs, the clock, audit, mandatory access control, the kernel's
# log, wake-ups, checkpointing.
_DROPPED = (2, 9, 16, 17, 20, 22, 23, 25, 30, 32, 33, 34, 35, 36, 37, 38, 40)


def _exec_agent(python: str, document: str, log: int) -> None:
    os.dup2(log, 1)
    os.dup2(log, 2)
    argv = [python, "-m", "tui.playground.node_agent", document]
    os.execve(python, argv, program_environment())


def _node(data: dict[str, Any], hierarchies: Sequence[Hierarchy], log: int) -> None:
    pairs = {key: tuple(tuple(pair) for pair in data.pop(key)) for key in ("peers", "host_keys")}
    plan = NodePlan(python_folders=tuple(data.pop("python_folders")), **pairs, **data)
    rc_file = (Path(__file__).resolve().parent.parent / "bashrc").read_text()
    enter_root(plan, hierarchies, find_tool("dockerd"), rc_file)
    socket.sethostname(plan.node)
    for capability in _DROPPED:
        drop_bounding_capability(capability)
    _exec_agent(plan.python, "/etc/swarmtutor/agent.json", log)


def _hub(plan: HubPlan, document: str, log: int) -> None:
    unshare(Clone.NEWNS)
    # Unmounting a disk on the machine must reach us, or we would keep it busy.
    mount("none", "/", "", MountFlag.REC | MountFlag.SLAVE)
    mount("proc", "/proc", "proc", MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC)
    socket.sethostname(plan.network)
    _exec_agent(sys.executable, document, log)


def _become_first(first: Callable[[int], None], log_path: str) -> int:
    """Fork into the new process namespace; the parent tells the child's process id and is done."""
    child = os.fork()
    if child:
        os.write(1, f"pid {child}\n".encode())
        return 0
    try:
        os.umask(0o022)
        os.setsid()
        log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        unshare(Clone.NEWCGROUP)
        first(log)
    except BaseException as error:  # whatever it was, the caller must hear of it: this process has no other voice
        os.write(1, f"error {type(error).__name__}: {error}\n".encode())
    os._exit(1)


def main(arguments: Sequence[str]) -> int:
    """Run; returns in the parent only."""
    kind, plan_path, log_path = arguments
    data: dict[str, Any] = json.loads(Path(plan_path).read_text())
    hierarchies = read_hierarchies()
    join(hierarchies, data["group"])
    set_namespace(Path("/run/netns") / data["network"], Clone.NEWNET)
    unshare(Clone.NEWUTS | Clone.NEWIPC | Clone.NEWPID)
    if kind == "node":
        # Nothing was set in this namespace yet: what is to be found is what every new one comes with.
        data["forwarding"] = data["forwarding"] and SETTING.read_text().strip() == "0"
        return _become_first(lambda log: _node(data, hierarchies, log), log_path)
    plan = HubPlan(data["identity"], data["network"], data["group"], tuple(data["services"]))
    return _become_first(lambda log: _hub(plan, plan_path, log), log_path)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as error:
        sys.stdout.write(f"error {error}\n")
        sys.exit(1)
