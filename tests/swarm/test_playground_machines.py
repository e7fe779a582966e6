"""Machines unlike this one: pure control groups of version 2, and a state directory that cannot carry an overlay.

Each is made in a mount namespace of the test's own, in which the playground is made, used and removed.
"""

import os
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
            done = await node.run(command, timeout=60, as_root=as_root)
            print(done.stdout.strip(), done.stderr.strip())
        await playground.close()
    finally:
        await provider.down(name, lambda progress: None)
    print("left:", await Leftovers.of(name).found())

asyncio.run(main(sys.argv[1]))
"""


def use(name: str, prepare: str, program: str = USE, **environment: str) -> list[str]:
    script = f'set -e\nmount --make-rprivate /\n{prepare}\nexec "$0" -c "$1" "$2"'
    done = subprocess.run(
        ["unshare", "-m", "bash", "-c", script, sys.executable, program, name],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("left: []\n"), done.stdout
    return done.stdout.splitlines()


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
