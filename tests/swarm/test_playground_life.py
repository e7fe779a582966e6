"""A playground's life: made, refused, broken in every way, mended, replaced, and removed without a trace."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from functools import partial
from pathlib import Path

import pytest

from tests.swarm.swarm_steps import pinged
from tui.errors import ExitCode, UserError
from tui.paths import runtime_dir, state_dir
from tui.playground.model import NODE_NAMES, Companion, NodeUnreachableError, Progress, ProgressState
from tui.playground.playground import ensure_playground, list_playgrounds, open_playground, playground_status
from tui.playground.providers import cgroups
from tui.playground.providers.leftovers import Leftovers
from tui.playground.providers.namespaces import NamespacesProvider
from tui.playground.providers.network import Names, run_ip
from tui.playground.record import PlaygroundPaths, identity, load_record, save_record

pytestmark = pytest.mark.engines

PROVIDER = NamespacesProvider()


def ignore(progress: Progress) -> None:
    pass


def processes_of(name: str) -> list[str]:
    """Living processes that belong to the playground or know its name, found by other means than `down` uses."""
    marks = (identity(name).encode() + b"/", bytes(PlaygroundPaths.of(name).root))
    found: list[str] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            texts = [(entry / part).read_bytes() for part in ("cgroup", "cmdline", "mountinfo")]
            zombie = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
        if not zombie and any(mark in text for mark in marks for text in texts):
            found.append(f"{entry.name}: {texts[1].decode(errors='replace')}")
    return found


def traces_of(name: str) -> list[str]:
    """Everything on this machine that has to do with the playground."""
    names = Names(identity(name))
    found = processes_of(name)
    found += [
        line for line in Path("/proc/mounts").read_text().splitlines() if identity(name) in line or f"/{name}/" in line
    ]
    found += [entry.name for entry in Path("/run/netns").glob(f"{identity(name)}-*")]
    found += [entry.name for entry in Path("/sys/class/net").iterdir() if entry.name == names.host_link]
    # Walked, not globbed: groups of others come and go meanwhile.
    groups = (Path(top) / group for top, below, _ in os.walk("/sys/fs/cgroup") for group in below)
    found += [str(path) for path in groups if path.name.startswith(identity(name))]
    paths = PlaygroundPaths.of(name)
    found += [str(path) for path in (paths.root, paths.runtime, paths.lock) if path.exists()]
    subnet = subprocess.run(["ip", "route", "show", "dev", names.host_link], capture_output=True, text=True, timeout=60)
    return found + subnet.stdout.splitlines()


def folders() -> set[str]:
    """What is in our folders on this machine, but for the playgrounds of tests that run beside this one."""
    tops = (state_dir() / "playgrounds", runtime_dir())
    found = {str(path) for top in tops if top.is_dir() for path in top.iterdir()}
    others = re.compile(rf"pg-t(?!{os.getpid()}\D)\d+")
    return {path for path in found if not others.search(path)}


def firewall() -> str:
    rules = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, timeout=60, check=True)
    return rules.stdout


async def until(condition: Callable[[], bool], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        await asyncio.sleep(0.02)


@pytest.fixture
async def name() -> AsyncGenerator[str]:
    """The name of a playground of this test's own; nothing of it may be left when the test is over."""
    name = f"pg-t{os.getpid()}x"
    yield name
    await PROVIDER.down(name, ignore)
    assert traces_of(name) == []


def gone(name: str, part: str) -> bool:
    """Whether nothing of a node or of the hub runs any more."""
    return not Leftovers.of(name).running(part)


def first_process(name: str, part: str) -> int:
    """The id, on this machine, of process number 1 of a node or of the hub."""
    members = cgroups.processes(cgroups.read_hierarchies(), f"{identity(name)}/{part}")
    for pid in members:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:  # it has just ended
            continue
        numbers = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
        if len(numbers) == 2 and numbers[1] == "1":
            return pid
    raise AssertionError(f"{part} has no process number 1")


async def test_a_whole_life_leaves_nothing_behind(name: str) -> None:
    seen: list[Progress] = []
    rules, before = firewall(), folders()
    await PROVIDER.up(name, seen.append)
    done = [progress.phase for progress in seen if progress.state is ProgressState.DONE]
    assert done[0] == "network"
    assert set(done) == {"network", "nodes", "registry and images", "engines"}
    assert name in list_playgrounds()
    record = load_record(name)
    assert record is not None
    with pytest.raises(UserError) as caught:
        await PROVIDER.up(name, ignore)
    assert caught.value.exit_code == ExitCode.BUSY
    assert load_record(name) == record, "the refusal changed nothing"

    playground = await open_playground(name)
    try:
        assert await pinged(await playground.node("node1").engine_dial())
        started = await playground.node("node1").run("docker run -d --rm swarmtutor/shell:1.0 sleep 1000", timeout=90)
        assert started.exit_status == 0, started.stderr
    finally:
        await playground.close()
    assert firewall() == rules
    assert traces_of(name), "or the search finds nothing at all"

    await PROVIDER.down(name, ignore)
    assert traces_of(name) == []
    assert firewall() == rules
    assert folders() - before == set()
    await PROVIDER.down(name, ignore)
    with pytest.raises(UserError) as caught:
        await open_playground(name)
    assert caught.value.exit_code == ExitCode.NOT_FOUND
    assert (await playground_status(name)).state == "none"


async def link_address_of_hub(name: str) -> str:
    """As the nodes have to know it; by another one than it would have of its ports."""
    ports = json.loads((await run_ip("-n", Names(identity(name)).hub, "-j", "link", "show"))[1])
    addresses = {port["ifname"]: str(port["address"]) for port in ports}
    own = addresses.pop("lab")
    assert own not in addresses.values()
    return own


async def test_a_node_is_replaced_and_the_others_are_not(name: str) -> None:
    await PROVIDER.up(name, ignore)
    before = load_record(name)
    playground = await open_playground(name)
    first, second = playground.node("node1"), playground.node("node2")
    try:
        for node in (first, second):
            assert (await node.run("touch ~/mine; docker pull -q swarmtutor/shell:1.0", timeout=90)).exit_status == 0
        dial = await second.engine_dial()
        hub = await link_address_of_hub(name)
        await PROVIDER.reset(name, ["node2"], ignore)
        assert await link_address_of_hub(name) == hub, "or the other nodes would not find it for a while"
        deadline = time.monotonic() + 90
        while True:
            try:
                done = await second.run("ls ~; docker image ls -q; hostname")
                break
            except NodeUnreachableError:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)
        assert done.stdout == "node2\n"
        assert await second.engine_dial() == dial
        assert await pinged(dial)
        assert await second.engine_version()
        assert "mine" in (await first.run("ls ~; ssh -o BatchMode=yes node2 hostname")).stdout
        assert "node2" in (await first.run("ssh -o BatchMode=yes node2 hostname")).stdout
        assert load_record(name) == before
    finally:
        await playground.close()


async def test_reset_names_what_it_does_not_know(name: str) -> None:
    with pytest.raises(UserError) as caught:
        await PROVIDER.reset(name, ["node4"], ignore)
    assert "node4" in caught.value.what
    with pytest.raises(UserError) as caught:
        await PROVIDER.reset(name, ["node1"], ignore)
    assert caught.value.exit_code == ExitCode.NOT_FOUND


async def test_what_has_died_is_seen_and_mended_and_the_rest_stays(name: str) -> None:
    await PROVIDER.up(name, ignore)
    playground = await open_playground(name)
    try:
        assert (await playground.node("node1").run("touch ~/mine")).exit_status == 0
    finally:
        await playground.close()
    for part in ("node3", "hub"):
        os.kill(first_process(name, part), signal.SIGKILL)
        await until(partial(gone, name, part))
    status = await playground_status(name)
    assert status.state == "broken"
    assert [bool(node.engine) for node in status.nodes] == [True, True, False]
    assert status.nodes[2].problem

    mended, fresh = await ensure_playground(name, ignore)
    try:
        assert not fresh
        assert (await mended.node("node1").run("ls ~")).stdout == "mine\n"
        assert (await mended.node("node3").run("docker pull -q swarmtutor/shell:1.0", timeout=90)).exit_status == 0
    finally:
        await mended.close()
    assert (await playground_status(name)).state == "up"


@pytest.mark.parametrize("part", [*NODE_NAMES[:1], "hub"])
async def test_nothing_is_left_after_a_part_was_killed(name: str, part: str) -> None:
    await PROVIDER.up(name, ignore)
    os.kill(first_process(name, part), signal.SIGKILL)
    await PROVIDER.down(name, ignore)
    assert traces_of(name) == []


async def test_a_node_that_is_told_to_stop_stops_its_engine_first(name: str) -> None:
    await PROVIDER.up(name, ignore)
    pid = first_process(name, "node2")
    log = PlaygroundPaths.of(name).node("node2") / "disk/upper/var/log/docker.log"
    os.kill(pid, signal.SIGTERM)
    await until(partial(gone, name, "node2"))
    assert "Processing signal 'terminated'" in log.read_text()
    assert "Daemon shutdown complete" in log.read_text()


async def test_nothing_is_left_after_everything_was_killed_at_random(name: str) -> None:
    await PROVIDER.up(name, ignore)
    members = cgroups.processes(cgroups.read_hierarchies(), identity(name))
    for pid in sorted(members)[::2]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    await PROVIDER.down(name, ignore)
    assert traces_of(name) == []


async def test_a_dead_engine_comes_back(name: str) -> None:
    await PROVIDER.up(name, ignore)
    playground = await open_playground(name)
    node = playground.node("node1")
    try:
        assert (await node.run("pkill -9 -x dockerd", as_root=True)).exit_status == 0
        deadline = time.monotonic() + 90
        while True:
            try:
                assert await node.engine_version()
                break
            except NodeUnreachableError:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)
    finally:
        await playground.close()


MOMENTS = [
    ("network", ProgressState.RUNNING),
    ("network", ProgressState.DONE),
    ("nodes", ProgressState.RUNNING),
    ("registry and images", ProgressState.RUNNING),
    ("nodes", ProgressState.DONE),
    ("engines", ProgressState.RUNNING),
]


@pytest.mark.parametrize(("phase", "state"), MOMENTS)
async def test_up_that_is_cancelled_removes_what_it_made(name: str, phase: str, state: ProgressState) -> None:
    reached = asyncio.Event()

    def listen(progress: Progress) -> None:
        if (progress.phase, progress.state) == (phase, state):
            reached.set()

    making = asyncio.create_task(PROVIDER.up(name, listen))
    async with asyncio.timeout(120):
        await reached.wait()
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert traces_of(name) == []


@pytest.mark.parametrize(
    ("phase", "state", "after"),
    [*((*moment, "down") for moment in MOMENTS), (*MOMENTS[1], "up"), (*MOMENTS[-1], "up")],
)
async def test_up_that_is_killed_is_cleaned_up_after(name: str, phase: str, state: ProgressState, after: str) -> None:
    # In the middle of what begins then, by itself: whoever killed it from outside could come too late.
    code = (
        "import asyncio, os, sys, threading\n"
        "from tui.playground.providers.namespaces import NamespacesProvider\n"
        "def say(progress):\n"
        "    if f'{progress.phase}|{progress.state}' == sys.argv[2]:\n"
        "        threading.Timer(0.05, os.kill, (os.getpid(), 9)).start()\n"
        "asyncio.run(NamespacesProvider().up(sys.argv[1], say))\n"
    )
    making = await asyncio.create_subprocess_exec(sys.executable, "-c", code, name, f"{phase}|{state}")
    async with asyncio.timeout(120):
        assert await making.wait() == -signal.SIGKILL
    assert (await playground_status(name)).state in ("half made", "none")
    if after == "up":
        await PROVIDER.up(name, ignore)
        assert (await playground_status(name)).state == "up"
    await PROVIDER.down(name, ignore)
    assert traces_of(name) == []


async def test_a_second_maker_is_turned_away_and_changes_nothing(name: str) -> None:
    begun = asyncio.Event()
    making = asyncio.create_task(PROVIDER.up(name, lambda progress: begun.set()))
    await begun.wait()
    with pytest.raises(UserError) as caught:
        await PROVIDER.up(name, ignore)
    assert caught.value.exit_code == ExitCode.BUSY
    await making
    assert (await playground_status(name)).state == "up"


async def test_a_damaged_record_is_told_and_can_be_removed(name: str) -> None:
    await PROVIDER.up(name, ignore)
    PlaygroundPaths.of(name).record.write_text("{")
    with pytest.raises(UserError) as caught:
        await open_playground(name)
    assert caught.value.exit_code == ExitCode.BROKEN
    assert (await playground_status(name)).state == "broken"
    await PROVIDER.down(name, ignore)


async def test_a_record_that_was_never_finished_is_told(name: str) -> None:
    await PROVIDER.up(name, ignore)
    record = load_record(name)
    assert record is not None
    save_record(record.with_state("making"))
    with pytest.raises(UserError) as caught:
        await open_playground(name)
    assert caught.value.exit_code == ExitCode.BROKEN
    await PROVIDER.up(name, ignore)
    assert (await playground_status(name)).state == "up"


async def test_a_companion_runs_in_the_hub_and_is_started_again(name: str, tmp_path: Path) -> None:
    out = tmp_path / "companion"
    script = f"echo $WORD $(ip -4 -o address show lab | grep -c 10.) >> {out}"
    companion = Companion("writer", ("/bin/sh", "-c", script), (("WORD", "hello"),))
    await PROVIDER.up(name, ignore, [companion])
    await until(lambda: out.exists() and out.read_text().splitlines()[:2] == ["hello 1", "hello 1"])


async def test_two_playgrounds_live_side_by_side(name: str, playground_name: str) -> None:
    await PROVIDER.up(name, ignore)
    first, second = load_record(name), load_record(playground_name)
    assert first is not None
    assert second is not None
    assert first.subnet != second.subnet
    await PROVIDER.down(name, ignore)
    assert (await playground_status(playground_name)).state == "up"


def find_false(program: str) -> str:
    return "/bin/false"


async def test_a_failure_says_what_and_removes_what_was_made(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.playground.providers.namespaces.find_tool", find_false)
    monkeypatch.setattr("tui.playground.providers.namespaces.REGISTRY_SECONDS", 1.0)
    with pytest.raises(UserError) as caught:
        await PROVIDER.up(name, ignore)
    assert caught.value.exit_code == ExitCode.BROKEN
    assert "registry" in caught.value.what
    assert traces_of(name) == []
