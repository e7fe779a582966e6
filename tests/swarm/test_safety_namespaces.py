"""What nodes of namespaces keep from the machine beyond what every node does (test_safety.py)."""

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.swarm.test_playground_machines import use
from tests.swarm.test_safety import SAME_VALUE, WITH_RIGHTS, container, refused
from tui.playground.playground import SshPlayground, open_playground
from tui.playground.providers import cgroups
from tui.playground.providers.plans import python_folders

pytestmark = pytest.mark.engines


@pytest.fixture
async def nodes(playground_name: str) -> AsyncGenerator[SshPlayground]:
    playground = await open_playground(playground_name)
    try:
        yield playground
    finally:
        await playground.close()


async def test_what_a_node_is_shown_of_the_machine_is_not_written(nodes: SshPlayground) -> None:
    file = f"written-by-{nodes.name}"
    # What a node is shown of Python and of this program stays as it is, whatever is mounted in which way.
    for folder in python_folders():
        if Path(folder).is_relative_to("/usr"):
            continue
        command = f"mount -o remount,rw {folder}; mount -o remount,bind,rw {folder}; echo harm > {folder}/{file}"
        await refused(nodes, command)
        assert not (Path(folder) / file).exists()


async def test_no_setting_of_the_machine_is_changed_through_another_mount(nodes: SshPlayground) -> None:
    if cgroups.read_hierarchies()[-1].version != 2:
        pytest.skip("without control groups of version 2 the kernel cannot keep the settings apart")
    await refused(nodes, f"mount -o remount,bind,rw /proc/sys; {SAME_VALUE.format('/proc/sys')}")
    own = "mkdir -p /mnt/p; mount -t proc proc /mnt/p; " + SAME_VALUE.format("/mnt/p/sys")
    await refused(nodes, own)
    await refused(nodes, container(WITH_RIGHTS, own), as_root=False)


ON_VERSION_2 = """
import asyncio, sys
from tui.playground.playground import open_playground
from tui.playground.providers.leftovers import Leftovers
from tui.playground.providers.namespaces import NamespacesProvider

async def main(name):
    provider = NamespacesProvider()
    await provider.up(name, lambda progress: None)
    try:
        playground = await open_playground(name)
        for command in sys.stdin.read().splitlines():
            ended = await playground.node("node2").run(command, as_root=True, timeout=30)
            print((ended.stdout + ended.stderr).strip().replace(chr(10), " "))
        await playground.close()
    finally:
        await provider.down(name, lambda progress: None)
    print("left:", await Leftovers.of(name).found())

asyncio.run(main(sys.argv[1]))
"""


def test_neither_settings_nor_groups_are_at_hand_with_control_groups_of_version_2() -> None:
    if "cgroup2" not in Path("/proc/filesystems").read_text():
        pytest.skip("this kernel has no control groups of version 2")
    tries = (
        "mkdir -p /mnt/p; mount -t proc proc /mnt/p; " + SAME_VALUE.format("/mnt/p/sys"),
        "mkdir -p /mnt/g; mount -t cgroup2 none /mnt/g; ls -d /mnt/g/*/",
        "docker run --rm --sysctl kernel.shmmax=1000000 swarmtutor/shell:1.0 cat /proc/sys/kernel/shmmax 2>/dev/null",
    )
    prepare = (
        "umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup; exec <<'END'\n" + "\n".join(tries) + "\nEND"
    )
    lines = use(f"pg-t{os.getpid()}w", prepare, ON_VERSION_2)
    assert "not permitted" in lines[0]
    assert set(lines[1].split()) <= {"/mnt/g/init/", "/mnt/g/docker/"}
    assert lines[2].endswith("1000000"), "what is a container's own it may set"
