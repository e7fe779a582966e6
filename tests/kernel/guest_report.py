"""What a person needs to know when a test on the other kernel fails: pytest -p tests.kernel.guest_report …

The nodes are entered from the machine, so that it is told also where they do not answer.
"""

import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tui.playground.model import NODE_NAMES
from tui.playground.providers import cgroups
from tui.playground.record import identity, known_names

_SECONDS = 60.0
_LOG_LINES = 25

# The second is of managers only; a namespace is shown with what decides whether IPVS can balance in it.
_LOOKS = {
    "containers": "docker ps -a --no-trunc --format '{{.Names}} {{.Status}}'",
    "swarm": "docker node ls; for service in $(docker service ls -q); do docker service ps --no-trunc $service; done",
    "sandboxes": """
for sandbox in /run/docker/netns/*; do
    echo "$sandbox: ip_forward $(nsenter --net=$sandbox cat /proc/sys/net/ipv4/ip_forward)"
    case $sandbox in */ingress_sbox | */lb_*) nsenter --net=$sandbox cat /proc/net/ip_vs /proc/net/ip_vs_conn ;; esac
done""",
    "the engine's log": f"tail -n {_LOG_LINES} /var/log/docker.log | cut -c1-300",
    "the agent's log": "tail -n 5 /var/log/swarmtutor-*.log",
}
_MACHINE = (
    "uptime; free -m; ps -eo pid,stat,pcpu,rss,etime,args --sort=-pcpu | cut -c1-120 | head -n 20; dmesg | tail -n 15"
)


def _said(*argv: str) -> str:
    try:
        done = subprocess.run(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {_SECONDS:g} s"
    return done.stdout.strip()


def _first_process(name: str, node: str) -> int | None:
    """The node's process number 1, as this machine counts."""
    for pid in sorted(cgroups.processes(cgroups.read_hierarchies(), f"{identity(name)}/{node}")):
        with suppress(OSError):
            if b"tui.playground.node_agent" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
    return None


def report() -> Iterator[str]:
    """Line by line: the machine, then every node of every playground."""
    yield f"-- this machine\n{_said('sh', '-c', _MACHINE)}"
    for name in known_names():
        for node in NODE_NAMES:
            pid = _first_process(name, node)
            if pid is None:
                yield f"-- {node}: off"
                continue
            for what, script in _LOOKS.items():
                yield f"-- {node}: {what}\n{_said('nsenter', '--all', f'--target={pid}', 'sh', '-c', script)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell it at once, also of a failure in what a test needs: what comes next may hang until the kernel is ended."""
    outcome = yield
    if outcome.failed:
        sys.stdout.write(f"\n{outcome.longreprtext}\n")
        for part in report():
            sys.stdout.write(f"{part}\n")
            sys.stdout.flush()
    return outcome
