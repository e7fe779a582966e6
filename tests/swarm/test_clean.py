"""Killed at any moment, short of room, or broken twice over: the next command finds its way, and nothing is left."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from functools import partial

import pytest

from tests.swarm.conftest import ignore_progress
from tests.swarm.test_playground_life import first_process, gone, traces_of, until
from tests.swarm.test_playground_machines import use
from tui.playground.model import NODE_NAMES, Fault, Progress
from tui.playground.playground import cause_fault, ensure_playground, playground_status, remove_playground
from tui.playground.providers import cgroups, network
from tui.playground.providers.namespaces import NamespacesProvider
from tui.playground.providers.node_faults import standing_faults
from tui.playground.record import PlaygroundPaths, identity

pytestmark = pytest.mark.engines

PROVIDER = NamespacesProvider()


@pytest.fixture
async def name() -> AsyncGenerator[str]:
    """The name of a playground of this test's own; nothing of it may be left when the test is over."""
    name = f"pg-t{os.getpid()}c"
    yield name
    await PROVIDER.down(name, ignore_progress)
    assert traces_of(name) == []


KILLED = """
import asyncio, importlib, os, sys
from tui.playground.model import Fault
from tui.playground.providers.namespaces import NamespacesProvider

name, work, place, after = sys.argv[1:]
module, _, attribute = place.rpartition(".")
owner = importlib.import_module(module)
real = getattr(owner, attribute)

def die(*arguments, **named):
    if after:
        result = real(*arguments, **named)
        if asyncio.iscoroutine(result):
            async def wait():
                await result
                os.kill(os.getpid(), 9)
            return wait()
    os.kill(os.getpid(), 9)

setattr(owner, attribute, die)
provider, ignore = NamespacesProvider(), lambda progress: None
asyncio.run({
    "down": lambda: provider.down(name, ignore),
    "reset": lambda: provider.reset(name, ["node2"], ignore),
    "power-on": lambda: provider.fault(name, "node2", Fault.POWER_ON, ignore),
    "power-off": lambda: provider.fault(name, "node2", Fault.POWER_OFF, ignore),
    "pause": lambda: provider.fault(name, "node2", Fault.PAUSE, ignore),
}[work]())
"""

PARTS = "tui.playground.providers"


def kill_during(name: str, work: str, place: str, *, after: bool = False) -> None:
    """Let a program do the work and kill it there: when it comes to a function, or when that has done its part."""
    argv = [sys.executable, "-c", KILLED, name, work, f"{PARTS}.{place}", "after" if after else ""]
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == -signal.SIGKILL, ended


@pytest.mark.parametrize(
    ("place", "after", "then"),
    [
        ("cgroups.kill_all", False, "down"),
        ("cgroups.kill_all", True, "up"),
        ("cgroups.remove", True, "down"),
        ("network.remove", True, "up"),
        ("leftovers._remove_folder", True, "down"),
    ],
)
def test_down_that_is_killed_is_finished_by_the_next_one(name: str, place: str, after: bool, then: str) -> None:
    async def make() -> None:
        await PROVIDER.up(name, ignore_progress)
        await PROVIDER.fault(name, "node1", Fault.PAUSE, ignore_progress)
        await PROVIDER.fault(name, "node2", Fault.CUT_NETWORK, ignore_progress)

    async def go_on() -> None:
        assert (await playground_status(name)).state in ("broken", "half made", "none")
        if then == "up":
            await PROVIDER.up(name, ignore_progress)
            assert (await playground_status(name)).state == "up"
        await remove_playground(name, ignore_progress)
        assert traces_of(name) == []

    asyncio.run(make())
    kill_during(name, "down", place, after=after)
    asyncio.run(go_on())


@pytest.mark.parametrize(
    ("work", "place", "after"),
    [
        ("power-off", "cgroups.kill_all", True),
        ("pause", "cgroups.freeze", True),
        ("power-on", "network.rebuild_node", False),
        ("power-on", "network._delete_namespaces", True),
        ("power-on", "network.rebuild_node", True),
        ("power-on", "namespaces.wait_for_engine", False),
        ("reset", "leftovers._remove_folder", True),
        ("reset", "namespaces.write_plan", False),
    ],
)
def test_a_node_whose_change_was_killed_half_way_is_mended(name: str, work: str, place: str, after: bool) -> None:
    async def make() -> None:
        await PROVIDER.up(name, ignore_progress)
        if work == "power-on":
            await PROVIDER.fault(name, "node2", Fault.POWER_OFF, ignore_progress)

    async def mend() -> None:
        status = await playground_status(name)
        assert all(node.engine for node in status.nodes if node.name != "node2")
        mended, fresh = await ensure_playground(name, ignore_progress)
        assert not fresh
        await mended.close()
        await until_up(name)

    asyncio.run(make())
    kill_during(name, work, place, after=after)
    asyncio.run(mend())


async def until_up(name: str) -> None:
    async with asyncio.timeout(120):
        while (status := await playground_status(name)).state != "up":
            assert not any(node.faults for node in status.nodes), status
            await asyncio.sleep(0.1)


async def test_an_agent_that_is_killed_while_its_node_is_paused(name: str) -> None:
    await PROVIDER.up(name, ignore_progress)
    await PROVIDER.fault(name, "node2", Fault.PAUSE, ignore_progress)
    os.kill(first_process(name, "node2"), signal.SIGKILL)
    assert (await playground_status(name)).nodes[1].problem in ("paused", "powered off")
    await PROVIDER.fault(name, "node2", Fault.RESUME, ignore_progress)
    await until(partial(gone, name, "node2"))
    assert (await playground_status(name)).nodes[1].problem == "powered off"
    assert await cause_fault(name, "node2", Fault.POWER_ON, ignore_progress) == "node2 is on."
    assert (await playground_status(name)).state == "up"


async def test_parts_that_are_killed_while_nodes_are_paused_and_cut_off(name: str) -> None:
    await PROVIDER.up(name, ignore_progress)
    await PROVIDER.fault(name, "node1", Fault.PAUSE, ignore_progress)
    await PROVIDER.fault(name, "node3", Fault.CUT_NETWORK, ignore_progress)
    for part in ("node3", "hub"):
        os.kill(first_process(name, part), signal.SIGKILL)
        await until(partial(gone, name, part))
    mended, fresh = await ensure_playground(name, ignore_progress)
    try:
        assert not fresh
        assert not any((await standing_faults(name)).values())
        for node in NODE_NAMES:
            pulled = await mended.node(node).run("docker pull -q swarmtutor/shell:1.0", timeout=90)
            assert pulled.exit_status == 0, pulled
    finally:
        await mended.close()
    # Killed once more, and not mended this time.
    await PROVIDER.fault(name, "node2", Fault.PAUSE, ignore_progress)
    os.kill(first_process(name, "node2"), signal.SIGKILL)


async def test_what_happens_in_one_playground_does_not_in_the_other(name: str, playground_name: str) -> None:
    await PROVIDER.up(name, ignore_progress)
    for node, fault in zip(NODE_NAMES, (Fault.PAUSE, Fault.CUT_NETWORK, Fault.POWER_OFF), strict=True):
        await PROVIDER.fault(name, node, fault, ignore_progress)
    assert all((await standing_faults(name)).values())
    assert not any((await standing_faults(playground_name)).values())
    await PROVIDER.down(name, ignore_progress)
    assert (await playground_status(playground_name)).state == "up"


def restart_machine(name: str) -> None:
    """What is left of a playground when the machine was restarted: its files on the disk."""
    hierarchies, group = cgroups.read_hierarchies(), identity(name)
    cgroups.kill_all(hierarchies, group)
    cgroups.remove(hierarchies, group)
    asyncio.run(network.remove(network.Names(group)))
    shutil.rmtree(PlaygroundPaths.of(name).runtime, ignore_errors=True)


def test_after_a_restart_of_the_machine_nodes_are_made_anew_and_said_to_be_new(name: str) -> None:
    heard: list[Progress] = []

    async def again() -> None:
        status = await playground_status(name)
        assert (status.state, {node.problem.split(",")[0] for node in status.nodes}) == ("broken", {"stopped"})
        opened, fresh = await ensure_playground(name, heard.append)
        await opened.close()
        assert fresh
        await until_up(name)

    asyncio.run(PROVIDER.up(name, ignore_progress))
    restart_machine(name)
    asyncio.run(again())
    assert "the swarm on the old ones is gone" in heard[0].detail
    restart_machine(name)
    asyncio.run(remove_playground(name, ignore_progress))
    assert traces_of(name) == []


# -- short of something ------------------------------------------------------------------------------------------

FULL_DISK = """
import asyncio, os, sys
from tui.errors import UserError
from tui.paths import state_dir
from tui.playground.model import Fault
from tui.playground.playground import playground_status, remove_playground
from tui.playground.providers import requirements
from tui.playground.providers.leftovers import Leftovers
from tui.playground.providers.namespaces import NamespacesProvider

def ignore(progress):
    pass

def said(error):
    print("said:", error.what)

async def main(name):
    provider = NamespacesProvider()
    try:
        await provider.up(name, ignore)
    except UserError as error:
        said(error)
    print("half made:", await Leftovers.of(name).found())
    requirements.DISK_NEEDED = 0
    try:
        await provider.up(name, ignore)
        fill = state_dir() / "fill"
        with fill.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(65536))
            except OSError:
                pass
        for fault in (Fault.PAUSE, Fault.RESUME, Fault.CUT_NETWORK, Fault.RESTORE_NETWORK, Fault.POWER_OFF):
            await provider.fault(name, "node2", fault, ignore)
        await provider.reset(name, ["node2"], ignore)  # the old node's room is enough for the new one
        print("then:", (await playground_status(name)).state)
    except UserError as error:
        said(error)
    await remove_playground(name, ignore)
    print("left:", await Leftovers.of(name).found())

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("size", ["16k", "200k", "2m", "40m"])
def test_a_full_disk_is_said_and_leaves_nothing_half_made(size: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("full")
    lines = use(
        f"pg-t{os.getpid()}d",
        f"mkdir {folder}/state {folder}/run; mount -t tmpfs -o size={size} none {folder}/state",
        FULL_DISK,
        SWARMTUTOR_STATE=f"{folder}/state/s",
        SWARMTUTOR_RUNTIME=f"{folder}/run/st",
    )
    assert lines[0].startswith("said: This machine lacks 100 MB of disk at")
    assert lines[1] == "half made: []"
    if size == "40m":  # enough to make it; then the disk ran full
        assert lines[2] == "then: up"
    else:
        assert lines[2].startswith("said: The disk is full: "), lines


def test_a_machine_without_inotify_instances_is_told_the_mend() -> None:
    code = (
        "from tui.playground.providers.requirements import namespaces_requirements\n"
        "print([(need.found, need.mend) for need in namespaces_requirements() if need.what.startswith('inotify')])\n"
    )
    # A user namespace has a limit of its own, so that nobody else goes short.
    script = 'echo 3 > /proc/sys/user/max_inotify_instances && exec "$0" -c "$1"'
    ended = subprocess.run(
        ["unshare", "-U", "-r", "sh", "-c", script, sys.executable, code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if ended.returncode != 0:
        pytest.skip(f"no user namespace here: {ended.stderr.strip()}")
    assert ended.stdout.strip() == "[('3 left', 'sysctl -w fs.inotify.max_user_instances=1024')]"
