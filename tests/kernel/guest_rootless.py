"""Nodes of somebody who is not root on the other kernel: see test_kernels.py. Not for any other machine.

What a user namespace lacks of control groups of version 2 and of IPVS is looked at with them there. The stand-in for
IPVS is not: this kernel has no nftables for IPv4 (CONFIG_NF_TABLES_IPV4).
"""

import os
import subprocess
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.kernel.guest_disk import PLACE
from tests.kernel.guest_steps import PATIENCE, say
from tests.swarm.test_rootless import UID, Person
from tui.errors import ExitCode
from tui.playground.providers.rootless import WITHOUT_GROUPS

pytest_plugins = ("tests.swarm.test_rootless",)

SWARM = (
    "docker swarm init --advertise-addr eth0",
    "docker service create -d --no-healthcheck --name pets -p 5000:5000 swarmtutor/pets:1.0",
)
TASKS = "docker service ps -f desired-state=running --format '{{.CurrentState}}' pets"
ROOT_LOOKS = """
for process in $(pgrep -f tui.playground.node_agent); do
    if [ "$(nsenter --all --target=$process hostname)" = node1 ]; then
        exec nsenter --all --target=$process sh -c "$0"
    fi
done
"""


def root_on_node1(command: str) -> str:
    done = subprocess.run(
        ["sh", "-c", ROOT_LOOKS, command], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module", autouse=True)
def modules() -> Generator[None]:
    """Loads what the program would load itself if it were root's; homes are on the disk."""
    names = ("ip_vs", "ip_vs_rr", "xt_ipvs", "vxlan", "br_netfilter", "overlay", "ip_tables", "ip6_tables")
    subprocess.run(["modprobe", "-a", *names], check=True, timeout=PATIENCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(PLACE))
        yield


@pytest.fixture(scope="module", autouse=True)
def group() -> None:
    """We are in a control group that was handed over to the person, as a session's manager does (cgroups(7))."""
    theirs = Path("/sys/fs/cgroup/theirs")
    theirs.mkdir()
    for path in (theirs, *(theirs / f"cgroup.{name}" for name in ("procs", "threads", "subtree_control"))):
        os.chown(path, UID, UID)
    (theirs / "cgroup.procs").write_text(str(os.getpid()))


def test_three_engines_run_and_a_swarm_is_formed(person: Person) -> None:
    examined = person.run("doctor", timeout=PATIENCE)
    assert "namespaces: can work here" in examined.stdout, examined.stdout
    # The group is theirs, and is not taken: what is mounted begins with the machine's own, which nobody else may write.
    assert "control groups" in examined.stdout
    assert WITHOUT_GROUPS in examined.stdout
    made = person.run("up", "--name", "rootless", timeout=PATIENCE)
    say(made.stdout)
    assert made.returncode == ExitCode.OK, made.stdout + made.stderr
    # IPVS is there, and it is not what is relied on.
    assert Path("/proc/net/ip_vs").exists()
    assert "published ports: nftables" in person.run("status", timeout=PATIENCE).stdout
    for command in SWARM:
        done = person.on_node1(command)
        assert done.returncode == 0, done
    deadline = time.monotonic() + PATIENCE
    while "Running" not in (tasks := person.on_node1(TASKS).stdout):
        assert time.monotonic() < deadline, tasks
        time.sleep(2.0)


def test_a_kernel_shows_no_settings_of_ipvs_to_somebody_who_is_not_root(person: Person) -> None:
    """Which is why an engine does not program published ports there."""
    sandbox = "nsenter --net=/run/docker/netns/ingress_sbox"
    assert root_on_node1(f"{sandbox} ls -A /proc/sys/net/ipv4/vs; {sandbox} head -c 18 /proc/net/ip_vs") == (
        "IP Virtual Server "
    )


def test_nothing_of_it_is_left(person: Person) -> None:
    removed = person.run("down", "--name", "rootless", timeout=PATIENCE)
    assert "nothing of it is left" in removed.stdout, removed
    assert person.processes() == {}
