"""A playground of namespaces on another kernel, with real IPVS: `make test-kernel`, too slow for `make test`.

The kernel is Debian's `user-mode-linux`, an ordinary process. What it runs is in the modules `guest_…` beside this.

It needs a processor that has little else to do. Engines give each other up by clocks of their own, which nothing here
can change: a join after 20 s, a request to a manager's store after some more, a neighbour after a few.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2700)]

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
_MEMORY = "2560M"
_LAST_LINES = 60
_PLAIN = ("-p", "no:cacheprovider", "-o", "addopts=", "--timeout=0")
_ON_DISK = ("-p", "tests.kernel.guest_disk")
_PLUGINS = ("-p", "tests.kernel.guest_steps", "-p", "tests.kernel.guest_report")


def _die_with_parent() -> None:
    """In the child: end with the tests, also when they are killed, and take the kernel along."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def boot(control_groups: str, command: Sequence[str], *, seconds: float, kernel_words: Sequence[str] = ()) -> str:
    """Run a command on another kernel and return what its console said, which is passed on line by line as well.

    No word may have a blank in it. Ends the kernel, and nothing else, after that many seconds and at Ctrl-C.
    """
    kernel = shutil.which("linux.uml")
    if kernel is None:
        pytest.skip("the package user-mode-linux is not installed")
    if os.geteuid() != 0:
        pytest.skip("starting a kernel needs root")
    # One of its processes runs at a time, and they take turns at each system call: four times as fast on one processor.
    processor = max(os.sched_getaffinity(0))
    namespaces = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
    words = (*kernel_words, "init=/bin/sh", "--", str(_HERE / "init.sh"), control_groups, str(_ROOT), *command)
    process = subprocess.Popen(
        ["taskset", "--cpu-list", str(processor), *namespaces, "sh", str(_HERE / "boot.sh"), kernel, _MEMORY, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
        preexec_fn=_die_with_parent,
    )
    assert process.stdout is not None
    deadline = threading.Timer(seconds, process.kill)
    deadline.start()
    said: list[str] = []
    try:
        for line in process.stdout:
            said.append(line.rstrip() + "\n")
            sys.stdout.write(f"  {said[-1]}")
            sys.stdout.flush()
    finally:
        deadline.cancel()
        process.kill()
        process.stdout.read()  # to its end, which comes when every process of that kernel is gone
        process.wait()
    return "".join(said)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def try_there(control_groups: str, module: str, *words: str, seconds: float, kernel_words: Sequence[str] = ()) -> None:
    """Run tests on another kernel. What it said was passed on already; the end of it says what went wrong."""
    command = (sys.executable, "-m", "pytest", *_PLAIN, *_PLUGINS, "-x", "-s", "-v", f"tests/{module}", *words)
    said = boot(control_groups, command, seconds=seconds, kernel_words=kernel_words)
    if "\nexit status 0\n" not in said:
        how = (
            "its tests failed" if "\nexit status" in said else f"it was ended, or ended by itself, within {seconds:g} s"
        )
        load = f"{os.getloadavg()[1]:.0f} on {len(os.sched_getaffinity(0))} processors"
        last = "".join(said.splitlines(keepends=True)[-_LAST_LINES:])
        pytest.fail(f"On the other kernel: {how}. This machine's load: {load}. Its console:\n{last}", pytrace=False)


def test_a_kernel_that_is_ended_leaves_nothing() -> None:
    tunnels = ("ip", "-json", "link", "show", "type", "tun")
    before = subprocess.run(tunnels, capture_output=True, check=True, timeout=10).stdout
    assert "exit status" not in boot("v2", ("sleep", "600"), seconds=4)
    running = [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(_HERE / "init.sh") in _text(path)]
    assert running == []
    assert subprocess.run(tunnels, capture_output=True, check=True, timeout=10).stdout == before


def test_three_nodes_on_a_kernel_with_ipvs_and_control_groups_of_version_2() -> None:
    try_there("v2", "kernel/guest_machine.py", seconds=1800)


def test_a_lab_is_walked_to_its_end_with_ipvs() -> None:
    try_there("v2", "kernel/guest_lab.py", seconds=1800)


def test_nothing_of_the_machine_is_reached_from_a_node_with_control_groups_of_version_2() -> None:
    every, more = "tests/swarm/test_safety.py", "tests/swarm/test_safety_namespaces.py"
    left_out = (
        # This kernel has no nftables for IP (CONFIG_NF_TABLES_INET); guest_machine.py tries it with iptables.
        f"--deselect={every}::test_the_machine_s_firewall_is_another_one",
        # It makes groups of version 2 for itself, where there are others.
        f"--deselect={more}::test_neither_settings_nor_groups_are_at_hand_with_control_groups_of_version_2",
    )
    try_there("v2", "swarm/test_safety.py", more, *left_out, *_ON_DISK, seconds=2500)


def test_the_nodes_of_somebody_who_is_not_root() -> None:
    try_there("v2", "kernel/guest_rootless.py", *_ON_DISK, seconds=1500)


@pytest.mark.parametrize(
    ("control_groups", "kernel_words"),
    [
        pytest.param("leaf", (), id="inside a container"),
        pytest.param("hybrid", (), id="hybrid control groups"),
        pytest.param("v1", ("ipv6.disable=1",), id="version 1, without IPv6"),
    ],
)
def test_the_nodes_of_an_odd_machine(control_groups: str, kernel_words: tuple[str, ...]) -> None:
    try_there(control_groups, "kernel/guest_machine.py", "-k", "everywhere", seconds=900, kernel_words=kernel_words)
