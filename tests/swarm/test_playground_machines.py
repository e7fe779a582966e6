"""Machines unlike this one: pure control groups of version 2, a state directory that cannot carry an overlay, a host
with a firewall, an engine's network and the older iptables, and one whose networks are all taken.

Each is made in a mount namespace (and a network namespace) of the test's own, in which the playground is made, used
and removed.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.engines

USE = """
import asyncio, sys
from tui.playground.playground import open_playground
from tui.playground.providers.leftovers import Leftovers
from tui.playground.providers.namespaces import NamespacesProvider

async def main(name):
    provider = NamespacesProvider()
    await provider.up(name, lambda progress: None)
    try:
        playground = await open_playground(name)
        node = playground.node("node1")
        for command, as_root in (
            ("docker info --format '{{.CgroupVersion}} {{.Driver}}'", False),
            ("docker run --rm swarmtutor/shell:1.0 echo a container ran", False),
            ("stat -f -c %T /var/lib/docker", False),
            ("mknod /var/tmp/disk b $(cat /sys/class/block/*/dev | head -1 | tr : ' '); head -c1 /var/tmp/disk", True),
            ("docker swarm init >/dev/null && docker node ls --format '{{.Hostname}} {{.ManagerStatus}}'", False),
        ):
            done = await node.run(command, timeout=120, as_root=as_root)
            print(done.stdout.strip(), done.stderr.strip())
        await playground.close()
    finally:
        await provider.down(name, lambda progress: None)
    print("left:", await Leftovers.of(name).found())

asyncio.run(main(sys.argv[1]))
"""


def use(name: str, prepare: str, program: str = USE, *, network: bool = False, **environment: str) -> list[str]:
    script = f'set -e\nmount --make-rprivate /\n{prepare}\nexec "$0" -c "$1" "$2"'
    done = subprocess.run(
        ["unshare", "-m", *(["-n"] if network else []), "bash", "-c", script, sys.executable, program, name],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("left: []\n"), done.stdout
    return done.stdout.splitlines()


# The whole machine anew, on an overlay: what is installed and selected in it is so for its nodes as well.
OTHER_ROOT = """
mkdir -p {folder}/layers
mount -t tmpfs tmpfs {folder}/layers
mkdir {folder}/layers/upper {folder}/layers/work {folder}/layers/root
mount -t overlay overlay -o lowerdir=/,upperdir={folder}/layers/upper,workdir={folder}/layers/work {folder}/layers/root
cd {folder}/layers/root
for top in dev proc sys run; do mount --rbind /$top $top; done
mkdir -p mnt var/lib/swarmtutor
pivot_root . mnt
umount -l /mnt
mount -t tmpfs tmpfs /var/lib/swarmtutor
cd /
"""

# As an engine leaves it (FORWARD is to drop), on a machine whose own network lies where a playground would go first.
FIREWALLED = """
update-alternatives --set iptables $(command -v iptables-legacy) >/dev/null
ip link set lo up
sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
modprobe -q br_netfilter && sysctl -qw net.bridge.bridge-nf-call-iptables=1
ip link add docker0 type bridge
ip address add 172.17.0.1/16 dev docker0
ip link set docker0 up
ip link add lan type bridge
ip address add 10.77.0.9/24 dev lan
ip link set lan up
iptables -P FORWARD DROP
iptables -N DOCKER-USER
iptables -A FORWARD -j DOCKER-USER
iptables -A DOCKER-USER -j RETURN
"""

USE_FIREWALLED = """
import asyncio, subprocess, sys
from tui.playground.playground import open_playground
from tui.playground.providers.leftovers import Leftovers
from tui.playground.providers.namespaces import NamespacesProvider

def machine():
    words = (["iptables-save"], ["ip", "address"], ["ip", "route"])
    said = [subprocess.run(argv, capture_output=True, text=True, check=True).stdout for argv in words]
    lines = [line.partition(" [")[0] for text in said for line in text.splitlines()]  # without counters
    return [line for line in lines if not line.startswith("#") and "valid_lft" not in line]

async def main(name):
    provider, before = NamespacesProvider(), machine()
    await provider.up(name, lambda progress: None)
    try:
        playground = await open_playground(name)
        node1, node2, _ = playground.nodes
        print("address", node1.address)
        print("rules", [line for line in machine() if line.startswith("-") and line not in before])
        async def run(node, command):
            done = await node.run(command, timeout=120, as_root=True)
            print(done.stdout.strip(), done.stderr.strip())
            return done.stdout.strip()
        await run(node1, "iptables --version; iptables -S DOCKER-USER")
        await run(node1, "docker run --rm swarmtutor/shell:1.0 echo a container ran")
        await run(node1, "docker swarm init")
        token = await run(node1, "docker swarm join-token -q worker")
        await run(node2, f"docker swarm join --token {token} {node1.address}:2377")
        await playground.close()
    finally:
        await provider.down(name, lambda progress: None)
    print("changed", sorted(set(machine()) ^ set(before)))
    print("left:", await Leftovers.of(name).found())

asyncio.run(main(sys.argv[1]))
"""


def test_a_firewall_the_older_iptables_no_ipv6_and_a_network_where_ours_would_go(tmp_path: Path) -> None:
    if subprocess.run(["iptables-legacy", "-S"], capture_output=True, timeout=20, check=False).returncode != 0:
        pytest.skip("this kernel has no tables for the older iptables")
    prepare = OTHER_ROOT.format(folder=tmp_path) + FIREWALLED
    own = {"SWARMTUTOR_STATE": "/var/lib/swarmtutor", "SWARMTUTOR_RUNTIME": str(tmp_path / "run")}
    lines = use(f"pg-t{os.getpid()}f", prepare, USE_FIREWALLED, network=True, **own)
    said = "\n".join(lines)
    assert "address 10.77.1.11" in lines, said
    assert "rules []" in lines, said
    assert re.search(r"^iptables v\S+ \(legacy\)$", said, re.MULTILINE), said
    assert "-N DOCKER-USER" in said
    assert any(line.startswith("a container ran") for line in lines), said
    assert "This node joined a swarm as a worker." in said
    assert "changed []" in lines, said


TAKEN = """
ip link set lo up
for network in 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 198.18.0.0/15; do ip route add $network dev lo; done
"""

USE_TAKEN = """
import asyncio, sys
from tui.errors import UserError
from tui.playground.providers.leftovers import Leftovers
from tui.playground.providers.namespaces import NamespacesProvider

async def main(name):
    try:
        await NamespacesProvider().up(name, lambda progress: None)
    except UserError as error:
        print(int(error.exit_code), error.what)
    print("left:", await Leftovers.of(name).found())

asyncio.run(main(sys.argv[1]))
"""


def test_a_machine_whose_networks_are_all_taken_is_told_so() -> None:
    lines = use(f"pg-t{os.getpid()}n", TAKEN, USE_TAKEN, network=True)
    assert lines[0].startswith("5 No private network is free for the playground"), lines


def test_pure_control_groups_of_version_2() -> None:
    if "cgroup2" not in Path("/proc/filesystems").read_text():
        pytest.skip("this kernel has no control groups of version 2")
    prepare = "umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup"
    lines = use(f"pg-t{os.getpid()}v", prepare)
    assert lines[0].strip() == "2 overlay2"
    assert any(line.startswith("a container ran") for line in lines)
    assert any("Operation not permitted" in line for line in lines), "no disk can be opened"
    assert "node1 Leader" in lines[-2]


def test_a_state_directory_on_an_overlay(tmp_path: Path) -> None:
    # As inside a container, whose root is an overlay already and cannot be the upper layer of another one.
    for name in ("lower", "upper", "work", "state", "run"):
        (tmp_path / name).mkdir()
    options = f"lowerdir={tmp_path}/lower,upperdir={tmp_path}/upper,workdir={tmp_path}/work"
    lines = use(
        f"pg-t{os.getpid()}o",
        f"mount -t overlay overlay -o {options} {tmp_path}/state",
        SWARMTUTOR_STATE=f"{tmp_path}/state/of the tutor",
        SWARMTUTOR_RUNTIME=f"{tmp_path}/run/st",
    )
    assert any(line.startswith("a container ran") for line in lines)
    assert any(line.strip() == "tmpfs" for line in lines)
    assert "node1 Leader" in lines[-2]
