"""Playgrounds of containers, on a Docker Engine that the test starts: made, used, mended, broken off and removed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.swarm.outer_engine import BASE, OuterEngine, outer_engine
from tui.errors import ExitCode, UserError
from tui.playground.connection import SshNode
from tui.playground.model import Fault, NodeUnreachableError, Progress, ProgressState
from tui.playground.playground import (
    PlaygroundStatus,
    SshPlayground,
    cause_fault,
    ensure_playground,
    open_playground,
    playground_status,
    remove_playground,
)
from tui.playground.providers import choose_provider
from tui.playground.providers.containers import ContainersProvider
from tui.swarm.mesh_setup import mesh_companion

pytestmark = [pytest.mark.engines, pytest.mark.timeout(900)]

NAME = f"cn-t{os.getpid()}"


def ignore(progress: Progress) -> None:
    """A listener that does nothing."""


@pytest.fixture(scope="module")
def outer() -> Iterator[OuterEngine]:
    with outer_engine() as engine:
        yield engine


@pytest.fixture(scope="module")
def made(outer: OuterEngine) -> Generator[OuterEngine]:
    """The engine, with a playground that is up, its image built and its ports carried."""

    async def up() -> None:
        heard: list[Progress] = []
        opened, fresh = await ensure_playground(NAME, heard.append, (mesh_companion(NAME),))
        await opened.close()
        assert fresh
        assert opened.provider == "containers"
        steps = [event.detail for event in heard if event.phase == "image of the nodes"]
        assert len(steps) > 3, "the building of the image shows how far it is"

    outer.call(up, timeout=500)
    yield outer
    outer.call(lambda: remove_playground(NAME, ignore))


async def said(node: SshNode, command: str, *, as_root: bool = False, timeout: float = 120) -> str:
    done = await node.run(command, timeout=timeout, as_root=as_root)
    assert done.exit_status == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


async def form_a_swarm(playground: SshPlayground) -> None:
    first, *others = playground.nodes
    await said(first, "docker swarm init")
    token = await said(first, "docker swarm join-token -q worker")
    for node in others:
        await said(node, f"docker swarm join --token {token} {first.address}")


async def until_served(playground: SshPlayground, port: int, seconds: float = 150) -> dict[str, set[str]]:
    """Ask every node's port until each has answered; who answered, for each node."""
    served: dict[str, set[str]] = {node.name: set() for node in playground.nodes}
    deadline = time.monotonic() + seconds
    while not all(served.values()):
        assert time.monotonic() < deadline, f"no answer from the port of some node: {served}"
        for node in playground.nodes:
            answer = await node.fetch(port)
            if answer.status == 200:
                served[node.name].add(answer.served_by)
        await asyncio.sleep(0.1)
    return served


async def a_service_answers_on_every_node() -> None:
    """Form a swarm, publish a service, and find it behind the port of every node."""
    playground = await open_playground(NAME)
    try:
        names = [await said(node, "hostname; id -un") for node in playground.nodes]
        assert names == [f"node{n}\ndocker" for n in (1, 2, 3)]
        await form_a_swarm(playground)
        await said(
            playground.node("node1"),
            "docker service create --quiet --name pets --replicas 2 --publish 5000:5000 swarmtutor/pets:1.0",
        )
        served = await until_served(playground, 5000)
        assert all(served.values())
    finally:
        await playground.close()


def test_a_service_answers_on_every_node(made: OuterEngine) -> None:
    made.call(a_service_answers_on_every_node, timeout=500)


def test_it_is_up_and_says_so(made: OuterEngine) -> None:
    status = made.call(lambda: playground_status(NAME))
    assert (status.state, status.provider) == ("up", "containers")
    assert all(node.engine and node.reachable for node in status.nodes)


def test_only_the_loopback_of_this_machine_leads_to_it(made: OuterEngine) -> None:
    containers = made.docker("ps", "-q").stdout.split()
    documents = json.loads(made.docker("inspect", *containers).stdout)
    bindings = [each for doc in documents for port in doc["HostConfig"]["PortBindings"].values() for each in port]
    assert len(bindings) == 4
    assert {binding["HostIp"] for binding in bindings} == {"127.0.0.1"}
    for document in documents:
        assert document["Config"]["Labels"]["org.swarmtutor.playground"] == NAME
        assert not document["HostConfig"]["Privileged"]


WITHOUT_POSIX = """
import asyncio, sys
from tests.without_posix import pretend
pretend()
from tui.playground.model import Fault
from tui.playground.playground import ensure_playground, playground_status, cause_fault
from tui.swarm.observer import Observer

async def main(name):
    playground, fresh = await ensure_playground(name, lambda progress: None)
    assert not fresh
    node = playground.node("node3")
    assert (await node.run("hostname", timeout=120)).stdout == "node3\\n"
    shell = await node.open_shell(80, 24)
    shell.write(b"exit 3\\r")
    while await shell.read():
        pass
    observer = Observer(playground.nodes)
    await observer.start()
    seen = await observer.wait_for(lambda s: all(e.reachable for e in s.engines.values()) and s.swarm_known, 120)
    before = len(seen.engines["node3"].containers)
    await node.run("docker run -d --name foreign swarmtutor/shell:1.0 sleep 600", timeout=120)
    await observer.wait_for(lambda s: len(s.engines["node3"].containers) > before, 120)
    await node.run("docker rm -f foreign", timeout=120)
    await observer.stop()
    await playground.close()
    assert (await playground_status(name)).state == "up"
    print(await cause_fault(name, "node3", Fault.PAUSE, lambda progress: None))
    print(await cause_fault(name, "node3", Fault.RESUME, lambda progress: None))

asyncio.run(main(sys.argv[1]))
"""


def test_a_client_without_posix_uses_it_all_the_same(made: OuterEngine) -> None:
    ended = made.run(sys.executable, "-c", WITHOUT_POSIX, NAME, timeout=400)
    assert ended.returncode == 0, ended.stdout
    assert "node3 goes on." in ended.stdout


def test_unknown_names_and_images_fail_before_any_time_out(made: OuterEngine) -> None:
    async def work() -> None:
        playground = await open_playground(NAME)
        try:
            node = playground.node("node2")
            # EAI_NONAME, and not EAI_AGAIN, which is said after a time-out.
            look_up = "perl -MSocket=getaddrinfo -e '($error) = getaddrinfo(q(example.com), 80); printf q(%d), $error'"
            assert await said(node, look_up) == "-2"
            for image in ("alpine", "ghcr.io/a/b:1"):
                done = await node.run(f"docker pull -q {image}", timeout=120)
                assert done.exit_status != 0
                assert "no such host" in done.stderr or "not found" in done.stderr, done.stderr
        finally:
            await playground.close()

    made.call(work)


def test_a_node_that_was_broken_is_replaced(made: OuterEngine) -> None:
    async def work() -> None:
        playground = await open_playground(NAME)
        try:
            node = playground.node("node3")
            await node.run("rm -rf --no-preserve-root / 2>/dev/null", timeout=120, as_root=True)
            began = await said(playground.node("node1"), "cat /proc/1/stat | cut -d' ' -f22", as_root=True)
            await ContainersProvider().reset(NAME, ["node3"], ignore)
            # The connection that was open finds its way to the new node by itself.
            deadline = time.monotonic() + 120
            while not await swarm_is_inactive(node):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.1)
            again = await said(playground.node("node1"), "cat /proc/1/stat | cut -d' ' -f22", as_root=True)
            assert again == began, "the other nodes are not touched"
        finally:
            await playground.close()

    made.call(work, timeout=500)


async def swarm_is_inactive(node: SshNode) -> bool:
    try:
        done = await node.run("docker info --format '{{.Swarm.LocalNodeState}}'", timeout=60)
    except (NodeUnreachableError, TimeoutError):
        return False
    return done.stdout.strip() == "inactive"


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 150) -> None:
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "the condition never held"
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("fault", "words"),
    [(Fault.POWER_OFF, "powered off"), (Fault.CUT_NETWORK, "cut off"), (Fault.PAUSE, "paused")],
)
def test_a_fault_is_seen_by_the_swarm_and_undone(made: OuterEngine, fault: Fault, words: str) -> None:
    async def work() -> None:
        playground = await open_playground(NAME)
        first, node = playground.node("node1"), playground.node("node2")

        async def member_is(state: str) -> bool:
            listed = await first.run("docker node ls --format '{{.Hostname}} {{.Status}}'", timeout=60)
            return f"node2 {state}" in listed.stdout

        async def serves() -> bool:
            return (await node.fetch(5000, timeout=20)).status == 200

        try:
            await eventually(lambda: member_is("Ready"))
            done = await cause_fault(NAME, "node2", fault, ignore)
            assert words.split()[-1] in done
            assert "already" in await cause_fault(NAME, "node2", fault, ignore)
            status = await playground_status(NAME)
            assert status.state == "broken"
            assert words in status.nodes[1].problem
            await eventually(lambda: member_is("Down"))
            await cause_fault(NAME, "node2", fault.undo, ignore)
            # The same member comes back, and its port is carried again.
            await eventually(lambda: member_is("Ready"))
            await eventually(serves)
            assert (await playground_status(NAME)).state == "up"
        finally:
            await playground.close()

    made.call(work, timeout=500)


def test_a_fault_is_undone_by_reset(made: OuterEngine) -> None:
    async def work() -> None:
        await cause_fault(NAME, "node3", Fault.PAUSE, ignore)
        await cause_fault(NAME, "node3", Fault.CUT_NETWORK, ignore)
        await ContainersProvider().reset(NAME, ["node3"], ignore)
        assert (await playground_status(NAME)).state == "up"

    made.call(work, timeout=500)


def test_what_died_comes_back_and_the_rest_stays(made: OuterEngine) -> None:
    identity = json.loads((made.folder / f"state/playgrounds/{NAME}/companions.json").read_text())
    assert identity, "a kernel without IPVS needs the companion that carries the ports"
    names = made.docker("ps", "--filter", "label=org.swarmtutor.role", "--format", "{{.Names}}").stdout.split()
    victims = [name for name in names if name.endswith(("-node2", "-hub"))]
    assert len(victims) == 2
    made.docker("kill", *victims)
    made.docker("rm", next(name for name in victims if name.endswith("-hub")))
    keeper = next(line for line in made.processes() if "container_companion" in line)
    pid = subprocess.run(["pgrep", "-f", keeper.strip()], capture_output=True, text=True, check=True, timeout=60)
    for each in pid.stdout.split():
        os.kill(int(each), signal.SIGKILL)
    deadline = time.monotonic() + 90
    while any("mesh_keeper" in line for line in made.processes()):
        assert time.monotonic() < deadline, "the companion outlived its keeper"
        time.sleep(0.05)

    async def work() -> None:
        assert (await playground_status(NAME)).state == "broken"
        opened, fresh = await ensure_playground(NAME, ignore, (mesh_companion(NAME),))
        await opened.close()
        assert not fresh
        assert (await playground_status(NAME)).state == "up"

    made.call(work, timeout=500)
    assert any("mesh_keeper" in line for line in made.processes())


def test_two_playgrounds_live_side_by_side(made: OuterEngine) -> None:
    async def work() -> None:
        second = f"{NAME}b"
        await ContainersProvider().up(second, ignore)
        try:
            one, other = [(await playground_status(name)) for name in (NAME, second)]
            assert (one.state, other.state) == ("up", "up")
            assert one.subnet != other.subnet
            with pytest.raises(UserError, match="up already") as refused:
                await ContainersProvider().up(second, ignore)
            assert refused.value.exit_code is ExitCode.BUSY
        finally:
            await ContainersProvider().down(second, ignore)
        assert (await playground_status(NAME)).state == "up"

    made.call(work, timeout=500)


def test_down_leaves_nothing_but_the_image(made: OuterEngine) -> None:
    made.call(lambda: remove_playground(NAME, ignore))
    assert made.parts() == []
    assert made.processes() == []
    assert not (made.folder / "state").exists()
    assert not (made.folder / "run").exists()
    kept = [name for name in made.images() if name not in (BASE, "<none>:<none>")]
    assert len(kept) == 1
    assert kept[0].startswith("swarmtutor-node:")
    made.call(lambda: remove_playground(NAME, ignore))  # once more does no harm


# From here on there is no playground, and the image is built.


@pytest.mark.parametrize("moment", ["… network", "… nodes", "… engines", "✔ engines"])
def test_what_a_killed_up_leaves_is_found_and_removed(made: OuterEngine, moment: str) -> None:
    up = subprocess.Popen(
        made.swarmtutor("up", "--name", NAME),
        env=os.environ | made.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert up.stdout is not None
    seen: list[str] = []
    for line in up.stdout:
        seen.append(line)
        if line.startswith(moment):
            break
    else:
        pytest.fail(f"“{moment}” never came: {''.join(seen)}")
    up.kill()
    up.wait(60)
    up.stdout.close()
    down = made.run(sys.executable, "-m", "tui", "down", "--name", NAME, timeout=500)
    assert down.returncode == 0, down.stdout
    assert made.parts() == []
    assert made.processes() == []
    assert not (made.folder / "state").exists()


def test_what_a_killed_build_leaves_is_found_and_removed(made: OuterEngine) -> None:
    made.add_base("killed:base")
    up = subprocess.Popen(
        made.swarmtutor("up", "--name", NAME),
        env=os.environ | made.environment | {"SWARMTUTOR_NODE_BASE": "killed:base"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert up.stdout is not None
    assert any("packages" in line for line in up.stdout)
    up.kill()
    up.wait(60)
    up.stdout.close()
    # The engine takes a moment to notice that nobody listens to its build any more.
    deadline = time.monotonic() + 120
    while True:
        down = made.run(sys.executable, "-m", "tui", "down", "--name", NAME, timeout=500)
        assert down.returncode == 0, down.stdout
        if not made.parts():
            break
        assert time.monotonic() < deadline, made.parts()
    assert not (made.folder / "state").exists()


def test_a_killed_down_is_finished_by_the_next(made: OuterEngine) -> None:
    made.call(lambda: ContainersProvider().up(NAME, ignore))
    down = subprocess.Popen(
        made.swarmtutor("down", "--name", NAME), env=os.environ | made.environment, stdout=subprocess.PIPE
    )
    deadline = time.monotonic() + 120
    whole = set(made.parts())
    while set(made.parts()) == whole:
        assert time.monotonic() < deadline, "nothing is removed"
    down.kill()
    down.communicate(timeout=60)
    made.call(lambda: remove_playground(NAME, ignore))
    assert made.parts() == []
    assert not (made.folder / "state").exists()


def test_a_cancelled_up_leaves_nothing(made: OuterEngine) -> None:
    async def work() -> None:
        reached = asyncio.Event()

        def hear(progress: Progress) -> None:
            if progress.phase == "engines" and progress.state is ProgressState.RUNNING:
                reached.set()

        up = asyncio.create_task(ContainersProvider().up(NAME, hear))
        await reached.wait()
        up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await up

    made.call(work)
    assert made.parts() == []
    assert not (made.folder / "state").exists()


def test_a_cancelled_build_leaves_nothing(made: OuterEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    made.add_base("cancelled:base")
    monkeypatch.setenv("SWARMTUTOR_NODE_BASE", "cancelled:base")

    async def work() -> None:
        reached = asyncio.Event()

        def hear(progress: Progress) -> None:
            if "packages" in progress.detail:
                reached.set()

        up = asyncio.create_task(ContainersProvider().up(NAME, hear))
        waiting = asyncio.create_task(reached.wait())
        await asyncio.wait([up, waiting], return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await up

    before = made.images()
    made.call(work)
    assert made.parts() == []
    assert len(made.images()) <= len(before)


def test_without_a_base_and_without_a_network_the_reason_is_told(
    made: OuterEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWARMTUTOR_NODE_BASE", "nobody/nothing:1")
    with pytest.raises(UserError, match="cannot be reached") as refused:
        made.call(lambda: ContainersProvider().up(NAME, ignore))
    assert "nobody/nothing:1" in refused.value.what
    assert refused.value.hint
    assert made.parts() == []


def test_a_playground_whose_engine_is_gone_is_broken_and_says_why(made: OuterEngine) -> None:
    made.call(lambda: ContainersProvider().up(NAME, ignore))

    async def ask() -> PlaygroundStatus:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DOCKER_HOST", f"unix://{made.folder}/none.sock")
            return await playground_status(NAME)

    status = made.call(ask)
    assert (status.state, status.provider) == ("broken", "containers")
    assert "No Docker Engine answers" in status.traces[0]
    made.call(lambda: remove_playground(NAME, ignore))
    assert made.parts() == []


def test_an_engine_that_is_not_there_is_a_requirement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    needs = ContainersProvider().requirements()
    assert [need.met for need in needs] == [False]
    assert needs[0].mend
    with pytest.raises(UserError) as refused:
        asyncio.run(choose_provider("containers").up(NAME, ignore))
    assert refused.value.exit_code is ExitCode.UNSUPPORTED


def test_with_control_groups_of_version_2() -> None:
    async def work() -> None:
        opened, _ = await ensure_playground(NAME, ignore, (mesh_companion(NAME),))
        await opened.close()
        await a_service_answers_on_every_node()
        playground = await open_playground(NAME)
        try:
            node = playground.node("node1")
            assert await said(node, "docker info --format '{{.CgroupVersion}}'") == "2"
            disk = "mknod /var/tmp/disk b $(cat /sys/class/block/*/dev | head -1 | tr : ' ') && head -c1 /var/tmp/disk"
            refused = await node.run(disk, as_root=True)
            assert "not permitted" in refused.stderr, refused
        finally:
            await playground.close()
        await ContainersProvider().reset(NAME, ["node2"], ignore)
        await remove_playground(NAME, ignore)

    with outer_engine(version_2=True) as engine:
        assert engine.docker("info", "--format", "{{.CgroupVersion}}").stdout.strip() == "2"
        engine.call(work, timeout=500)
        assert engine.parts() == []
        assert engine.processes() == []
