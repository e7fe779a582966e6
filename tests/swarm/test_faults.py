"""What happens to a node on purpose: the swarm sees it, the undo takes it back, and nothing of it outlives the node."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.swarm.conftest import ignore_progress
from tests.swarm.swarm_steps import done, form_swarm, hosts, observed, runs, seen
from tests.swarm.test_playground_life import processes_of, traces_of
from tests.swarm.test_playground_machines import use
from tui.errors import ExitCode, UserError
from tui.playground.forward import Forwards, listen_here
from tui.playground.model import NODE_NAMES, Completed, Fault, NodeUnreachableError
from tui.playground.playground import (
    SshPlayground,
    cause_fault,
    ensure_playground,
    open_playground,
    playground_status,
)
from tui.playground.providers import cgroups
from tui.playground.providers.leftovers import Leftovers
from tui.playground.providers.namespaces import NamespacesProvider
from tui.playground.providers.node_faults import standing_faults
from tui.playground.record import PlaygroundPaths, identity
from tui.swarm.snapshot import Snapshot

pytestmark = pytest.mark.engines

PROVIDER = NamespacesProvider()


@pytest.fixture(scope="module")
def broken_name() -> Generator[str]:
    """The name of a playground whose nodes are broken by these tests alone."""
    name = f"pg-t{os.getpid()}f"
    asyncio.run(PROVIDER.up(name, ignore_progress))
    try:
        yield name
    finally:
        asyncio.run(PROVIDER.down(name, ignore_progress))
    assert traces_of(name) == []


@pytest.fixture
async def nodes(broken_name: str) -> AsyncGenerator[SshPlayground]:
    """Its nodes, whole and in no swarm; whatever the test does to them is mended, and seen to be."""
    playground, _ = await ensure_playground(broken_name, ignore_progress)
    try:
        await asyncio.gather(
            *(answer(node.name, playground, "docker swarm leave -f; true") for node in playground.nodes)
        )
        yield playground
    finally:
        await playground.close()
    mended, _ = await ensure_playground(broken_name, ignore_progress)
    await mended.close()
    assert not any((await standing_faults(broken_name)).values())
    assert (await playground_status(broken_name)).state == "up"


async def cause(playground: SshPlayground, node: str, fault: Fault) -> str:
    return await cause_fault(playground.name, node, fault, ignore_progress)


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "the condition never held"
        await asyncio.sleep(0.05)


async def answer(name: str, playground: SshPlayground, command: str, seconds: float = 90.0) -> Completed:
    """Run a command on a node that may still be on its way back."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return await playground.node(name).run(command, timeout=60)
        except NodeUnreachableError:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)


def state_of(snapshot: Snapshot, name: str) -> str:
    node = next((node for node in snapshot.nodes if node.hostname == name), None)
    return node.state if node else ""


async def form_service(playground: SshPlayground) -> None:
    """A swarm with a service on each of its nodes, which misses a node after six seconds instead of fifteen."""
    node1 = playground.node("node1")
    await form_swarm(playground)
    await done(node1, "docker swarm update --dispatcher-heartbeat 2s")
    await done(node1, "docker service create -d --name pets --replicas 3 --stop-grace-period 1s swarmtutor/pets:1.0")


async def test_a_worker_whose_plug_is_pulled_comes_back_as_the_same_member(nodes: SshPlayground) -> None:
    await form_service(nodes)
    async with observed(nodes) as observer:
        before = await seen(observer, lambda s: runs(s, "pets") == 3 and hosts(s, "pets") == set(NODE_NAMES))
        await done(nodes.node("node3"), "echo kept > ~/mine")
        assert await cause(nodes, "node3", Fault.POWER_OFF) == "node3 is off."
        assert not Leftovers.of(nodes.name).running("node3")
        await seen(observer, lambda s: not s.engines["node3"].reachable and s.engines["node1"].reachable)
        await seen(observer, lambda s: state_of(s, "node3") == "down")
        await seen(observer, lambda s: runs(s, "pets") == 3 and hosts(s, "pets") == {"node1", "node2"})
        status = await playground_status(nodes.name)
        assert status.state == "broken"
        assert [node.problem for node in status.nodes] == ["", "", "powered off"]
        assert status.nodes[2].faults == (Fault.POWER_OFF,)

        assert await cause(nodes, "node3", Fault.POWER_ON) == "node3 is on."
        back = await seen(
            observer,
            lambda s: (
                s.engines["node3"].reachable
                and s.engines["node3"].node_id == before.engines["node3"].node_id
                and state_of(s, "node3") == "ready"
            ),
        )
        assert [node.id for node in back.nodes] == [node.id for node in before.nodes]
        assert (await answer("node3", nodes, "cat ~/mine; docker image ls -q swarmtutor/pets")).stdout.count("\n") == 2


async def test_a_node_that_is_cut_off_reaches_nobody_until_it_is_connected_again(nodes: SshPlayground) -> None:
    await form_service(nodes)
    async with observed(nodes) as observer:
        await seen(observer, lambda s: runs(s, "pets") == 3)
        assert "cut off" in await cause(nodes, "node2", Fault.CUT_NETWORK)
        await seen(observer, lambda s: not s.engines["node2"].reachable and state_of(s, "node2") == "down")
        tried = await nodes.node("node1").run("timeout 2 bash -c '</dev/tcp/node2/22'")
        assert tried.exit_status != 0
        # It runs on by itself: what a network that fails takes away is the company, not the work.
        assert Leftovers.of(nodes.name).running("node2")
        assert (await playground_status(nodes.name)).nodes[1].problem == "cut off"

        assert await cause(nodes, "node2", Fault.RESTORE_NETWORK) == "node2 is connected again."
        await seen(observer, lambda s: s.engines["node2"].reachable and state_of(s, "node2") == "ready")
        again = await nodes.node("node1").run("timeout 50 bash -c '</dev/tcp/node2/22'")
        assert again.exit_status == 0


async def test_a_node_that_is_paused_stands_still_and_goes_on(nodes: SshPlayground) -> None:
    await form_service(nodes)
    async with observed(nodes) as observer:
        await seen(observer, lambda s: runs(s, "pets") == 3)
        assert "paused" in await cause(nodes, "node2", Fault.PAUSE)
        await seen(observer, lambda s: not s.engines["node2"].reachable and state_of(s, "node2") == "down")
        assert (await playground_status(nodes.name)).nodes[1].problem == "paused"
        assert await cause(nodes, "node2", Fault.RESUME) == "node2 goes on."
        await seen(observer, lambda s: s.engines["node2"].reachable and state_of(s, "node2") == "ready")


async def test_every_fault_says_what_holds_already(nodes: SshPlayground) -> None:
    said = [
        await cause(nodes, "node3", fault)
        for fault in (Fault.POWER_ON, Fault.RESTORE_NETWORK, Fault.RESUME, *[Fault.CUT_NETWORK] * 2)
    ]
    said += [await cause(nodes, "node3", fault) for fault in (*[Fault.PAUSE] * 2, *[Fault.POWER_OFF] * 2)]
    assert said[:3] == ["node3 is already on.", "node3 is not cut off.", "node3 is not paused."]
    assert said[4::2] == ["node3 is already cut off.", "node3 is already paused.", "node3 is already off."]
    status = await playground_status(nodes.name)
    assert status.nodes[2].problem == "powered off and cut off"
    with pytest.raises(UserError) as caught:
        await cause(nodes, "node3", Fault.PAUSE)
    assert "off" in caught.value.what
    assert "power-on" in caught.value.hint
    with pytest.raises(UserError) as caught:
        await PROVIDER.up(nodes.name, ignore_progress)
    assert caught.value.exit_code == ExitCode.BUSY
    assert "node3 is powered off and cut off" in caught.value.what

    # The cable is out, whatever the power does.
    await cause(nodes, "node3", Fault.POWER_ON)
    assert (await standing_faults(nodes.name))["node3"] == {Fault.CUT_NETWORK}


async def test_an_unknown_node_or_playground_is_named(nodes: SshPlayground) -> None:
    for name, node, word in ((nodes.name, "node4", "node4"), ("ft-none", "node1", "ft-none")):
        with pytest.raises(UserError) as caught:
            await cause_fault(name, node, Fault.PAUSE, ignore_progress)
        assert caught.value.exit_code == ExitCode.NOT_FOUND
        assert word in caught.value.what


async def test_reset_undoes_whatever_was_done_to_a_node(nodes: SshPlayground) -> None:
    for node, fault in (("node1", Fault.PAUSE), ("node2", Fault.CUT_NETWORK), ("node3", Fault.POWER_OFF)):
        await cause(nodes, node, fault)
    await PROVIDER.reset(nodes.name, NODE_NAMES, ignore_progress)
    assert not any((await standing_faults(nodes.name)).values())
    assert (await playground_status(nodes.name)).state == "up"


async def test_a_node_that_cannot_come_on_again_says_so_and_harms_nothing_on_the_way(
    nodes: SshPlayground, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    await cause(nodes, "node2", Fault.POWER_OFF)
    # As its root could have left it: the place of a mount leads to a folder of the machine.
    upper = PlaygroundPaths.of(nodes.name).node("node2") / "disk/upper"
    (upper / "run").rmdir()
    (upper / "run").symlink_to(outside)
    with pytest.raises(UserError) as caught:
        await cause(nodes, "node2", Fault.POWER_ON)
    assert caught.value.exit_code == ExitCode.BROKEN
    assert "node2 does not come on again" in caught.value.what
    assert "swarmtutor reset node2" in caught.value.hint
    assert list(outside.iterdir()) == []
    assert (await standing_faults(nodes.name))["node2"] == {Fault.POWER_OFF}
    # What cannot be switched on is replaced by what mends.
    mended, _ = await ensure_playground(nodes.name, ignore_progress)
    try:
        assert (await mended.node("node2").run("hostname")).stdout == "node2\n"
    finally:
        await mended.close()


async def test_nothing_stays_frozen_or_cut_when_the_playground_goes() -> None:
    name = f"pg-t{os.getpid()}g"
    await PROVIDER.up(name, ignore_progress)
    try:
        playground = await open_playground(name)
        await done(playground.node("node1"), "docker run -d --name still swarmtutor/shell:1.0 sleep 4714")
        await done(playground.node("node1"), "docker pause still")
        await playground.close()
        await PROVIDER.fault(name, "node1", Fault.PAUSE, ignore_progress)
        await PROVIDER.fault(name, "node2", Fault.CUT_NETWORK, ignore_progress)
        await PROVIDER.fault(name, "node3", Fault.POWER_OFF, ignore_progress)
        assert cgroups.is_frozen(cgroups.read_hierarchies(), f"{identity(name)}/node1")
    finally:
        await PROVIDER.down(name, ignore_progress)
    assert processes_of(name) == []
    assert traces_of(name) == []


class Elsewhere:
    """A provider whose nodes are not its own."""

    name = "hosts"


async def test_nodes_that_are_not_ours_are_not_broken(nodes: SshPlayground, monkeypatch: pytest.MonkeyPatch) -> None:
    def find_elsewhere(name: str) -> Elsewhere:
        return Elsewhere()

    monkeypatch.setattr("tui.playground.playground.provider_of", find_elsewhere)
    with pytest.raises(UserError) as caught:
        await cause(nodes, "node1", Fault.POWER_OFF)
    assert caught.value.exit_code == ExitCode.UNSUPPORTED
    assert "hosts" in caught.value.what
    assert Leftovers.of(nodes.name).running("node1")


FAULTS_ON_VERSION_2 = """
import asyncio, sys
from tui.playground.model import Fault
from tui.playground.playground import cause_fault, playground_status
from tui.playground.providers.leftovers import Leftovers
from tui.playground.providers.namespaces import NamespacesProvider

async def main(name):
    provider = NamespacesProvider()
    await provider.up(name, lambda progress: None)
    try:
        for fault in (Fault.PAUSE, Fault.RESUME, Fault.PAUSE, Fault.POWER_OFF, Fault.POWER_ON, Fault.PAUSE):
            print(await cause_fault(name, "node2", fault, lambda progress: None))
            print([node.problem or "well" for node in (await playground_status(name)).nodes])
    finally:
        await provider.down(name, lambda progress: None)
    print("left:", await Leftovers.of(name).found())

asyncio.run(main(sys.argv[1]))
"""


def test_faults_with_control_groups_of_version_2() -> None:
    if "cgroup2" not in Path("/proc/filesystems").read_text():
        pytest.skip("this kernel has no control groups of version 2")
    prepare = "umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup"
    lines = use(f"pg-t{os.getpid()}h", prepare, FAULTS_ON_VERSION_2)
    states = ["paused", "well", "paused", "powered off", "well", "paused"]
    assert lines[1:-1:2] == [str(["well", state, "well"]) for state in states]


async def test_a_page_is_led_through_a_node_that_is_there(nodes: SshPlayground) -> None:
    """One after the other loses the network, freezes, loses power: what is forwarded goes on through the third."""
    page = "mkdir -p ~/page; hostname > ~/page/index.html; busybox httpd -p 5600 -h ~/page"
    await asyncio.gather(*(done(node, page) for node in nodes.nodes))
    forwards = Forwards(nodes.nodes, lambda _port: listen_here(0))
    await forwards.keep([5600])

    async def page_of() -> str:
        def fetch() -> str:
            try:
                with urlopen(forwards.addresses[5600], timeout=60) as answer:
                    return str(answer.read().decode().strip())
            except HTTPError as error:
                return str(error)

        return await asyncio.to_thread(fetch)

    async def comes_through(*names: str) -> None:
        async def condition() -> bool:
            return await page_of() in names

        await eventually(condition)

    try:
        await comes_through("node1")
        await cause(nodes, "node1", Fault.PAUSE)
        await comes_through("node2", "node3")
        await cause(nodes, "node2", Fault.CUT_NETWORK)
        await cause(nodes, "node1", Fault.RESUME)
        await cause(nodes, "node3", Fault.POWER_OFF)
        await comes_through("node1")
    finally:
        await forwards.close()


DISK_IN_MEMORY = """
import asyncio, sys
from tui.playground.model import Fault
from tui.playground.playground import cause_fault, playground_status
from tui.playground.providers.leftovers import Leftovers
from tui.playground.providers.namespaces import NamespacesProvider

async def main(name):
    provider = NamespacesProvider()
    await provider.up(name, lambda progress: None)
    try:
        for fault in (Fault.POWER_OFF, Fault.POWER_ON):
            print(await cause_fault(name, "node2", fault, lambda progress: None))
        print((await playground_status(name)).state)
    finally:
        await provider.down(name, lambda progress: None)
    print("left:", await Leftovers.of(name).found())

asyncio.run(main(sys.argv[1]))
"""


def test_a_disk_in_memory_is_said_to_be_lost(tmp_path: Path) -> None:
    # As inside a container, whose root is an overlay already and cannot be the upper layer of another one.
    for folder in ("lower", "upper", "work", "state", "run"):
        (tmp_path / folder).mkdir()
    options = f"lowerdir={tmp_path}/lower,upperdir={tmp_path}/upper,workdir={tmp_path}/work"
    lines = use(
        f"pg-t{os.getpid()}i",
        f"mount -t overlay overlay -o {options} {tmp_path}/state",
        DISK_IN_MEMORY,
        SWARMTUTOR_STATE=f"{tmp_path}/state/s",
        SWARMTUTOR_RUNTIME=f"{tmp_path}/run/st",
    )
    assert lines[0] == "node2 is off. Its disk was in memory and is lost."
    assert lines[1] == "node2 is on, and empty: its disk is gone."
    assert lines[2] == "up"
