"""A playground on machines of somebody's own: nodes of another playground play them, behind real OpenSSH servers."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.small_lab import front_matter
from tests.swarm.conftest import ignore_progress
from tests.swarm.hosts_servers import PORT, Servers, openssh_servers, revive, silence
from tests.swarm.swarm_steps import done, form_swarm
from tui.errors import ExitCode, UserError
from tui.labs.parse import load_lab
from tui.playground.card import Card, Host
from tui.playground.model import Fault, Node, NodeUnreachableError, Progress, ProgressState, Requirement
from tui.playground.playground import SshPlayground, cause_fault, open_playground, playground_status
from tui.playground.providers.hosts import HostsProvider, requirements_of
from tui.playground.providers.hosts_ssh import connect_host, own_known_hosts, remember_key
from tui.playground.record import PlaygroundPaths
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.hosts import introduce, offer_removal
from tui.tutor.session import LabSession
from tui.tutor.walk import walk

pytestmark = [pytest.mark.engines, pytest.mark.timeout(600)]

NAME = "mine"
TURNED = ("node2", "node3", "node1")
"""Who serves as node1, node2 and node3: machines are seldom called as the lesson calls them."""

LAB = (
    front_matter("tiny", title="A tiny lab")
    + """
# Only section

## Form it {#form}

```sh node1
docker swarm init
```

```sh node2
docker swarm join --token {{ token.worker }} {{ node1.ip }}:2377
```

```yaml step
goal:
  - {node: node1, expect: {role: manager, state: ready}, within: 60s}
  - {node: node2, expect: {role: worker, state: ready}, within: 60s}
hints: [Join it.]
```

## Serve {#serve}

```sh node1
docker service create --detach --name pets --replicas 2 swarmtutor/pets:1.0
```

```sh node1
docker node update --availability drain {{ node2.id }}
```

```yaml step
goal:
  - {service: pets, expect: {running: 2}, within: 90s}
  - {node: node2, expect: {availability: drain}}
  - {tasks: {service: pets, node: node1}, expect: {running: 2}, within: 60s}
hints: [Serve it.]
```
"""
)


@pytest.fixture
async def servers(
    empty_swarm: SshPlayground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Servers]:
    """The machines; with a state directory and a home directory of the test's own."""
    async with openssh_servers(empty_swarm.nodes, tmp_path) as started:
        # What a swarm pulled has no tag, and goes with the lab's image of the same name: no machine of somebody's own
        # pulls from our registry.
        for node in empty_swarm.nodes:
            await done(node, "docker images -aq | sort -u | xargs -r docker rmi -f")
        home = tmp_path / "home"
        (home / ".ssh").mkdir(parents=True)
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("SWARMTUTOR_STATE", str(tmp_path / "state"))
        monkeypatch.setenv("SWARMTUTOR_RUNTIME", str(tmp_path / "run"))
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
        yield started


async def holds(node: Node) -> dict[str, list[str]]:
    """What an engine holds, by kind."""
    listings = {
        "containers": "docker ps -aq --no-trunc",
        "networks": "docker network ls -q --no-trunc",
        "volumes": "docker volume ls -q",
        "images": "docker images -aq --no-trunc",
        "tags": "docker images --format '{{.Repository}}:{{.Tag}}'",
        "swarm": "docker info -f '{{.Swarm.LocalNodeState}}'",
        "home": "cd ~ && find . -type f | sort | xargs sha256sum",
    }
    return {kind: sorted((await done(node, command)).splitlines()) for kind, command in listings.items()}


def red(needs: list[Requirement]) -> dict[str, Requirement]:
    return {need.what: need for need in needs if not need.met}


async def looked_at(card: Card) -> dict[str, Requirement]:
    return red(list(await requirements_of(card)))


async def opened(servers: Servers, order: tuple[str, ...] = TURNED) -> SshPlayground:
    await HostsProvider(servers.card(order)).up(NAME, ignore_progress)
    return await open_playground(NAME)


async def test_a_lesson_goes_through_and_exactly_what_it_made_is_removed(servers: Servers, tmp_path: Path) -> None:
    node2 = next(node for node in servers.nodes if node.name == "node2")  # is node1 to the lesson
    await done(node2, "docker volume create precious && docker pull -q swarmtutor/shell:1.0")
    await done(node2, "docker run -d --name theirs -v precious:/data swarmtutor/shell:1.0 sleep infinity")
    await done(node2, "docker tag swarmtutor/shell:1.0 swarmtutor/pets:1.0")  # somebody's own, of the same name
    before = {node.name: await holds(node) for node in servers.nodes}
    try:
        playground = await opened(servers)
        path = tmp_path / "tiny" / "lab.md"
        path.parent.mkdir()
        path.write_text(LAB)
        session = LabSession(load_lab(path), None, BitttyEngine)
        try:
            await session.connect(playground, fresh=True)
            assert session.snapshot.engines["node1"].containers == (), "what was there before is none of the lesson's"
            result = await walk(session, lambda _step: None)
        finally:
            await session.close()
        assert [(step.step.id, step.reason) for step in result.steps] == [("form", ""), ("serve", "")]

        with pytest.raises(UserError) as refused:
            await cause_fault(NAME, "node2", Fault.POWER_OFF, ignore_progress)
        assert refused.value.exit_code is ExitCode.UNSUPPORTED
        assert "not broken on purpose" in refused.value.what

        await done(node2, "docker volume create scratch")
        said: list[str] = []
        questions: list[str] = []

        def no(question: str) -> bool:
            questions.append(question)
            return False

        assert not await offer_removal(NAME, ignore_progress, said.append, ask=no, yes=False, forget=False)
        assert (await playground_status(NAME)).state == "up"
        listed = "\n".join(said)
        for words in ("service pets", "volume scratch", "image swarmtutor/pets:1.0", "its place in the swarm (manager"):
            assert words in listed
        assert "precious" not in listed
        assert "theirs" not in listed
        assert len(questions) == 1
        assert await offer_removal(NAME, ignore_progress, said.append, ask=None, yes=True, forget=False)
        for node in servers.nodes:
            assert await holds(node) == before[node.name]
        assert not PlaygroundPaths.of(NAME).root.exists()
    finally:
        await node2.run("docker rm -f theirs; docker volume rm precious scratch; docker rmi -f swarmtutor/pets:1.0")


async def test_reset_leaves_the_swarm_and_keeps_the_images(servers: Servers) -> None:
    playground = await opened(servers)
    try:
        await form_swarm_of_learner(playground)
        node = playground.node("node1")
        await done(node, "docker run -d swarmtutor/shell:1.0 sleep infinity")
        await HostsProvider().reset(NAME, [each.name for each in playground.nodes], ignore_progress)
        for each in playground.nodes:
            held = await holds(each)
            assert (held["containers"], held["swarm"]) == ([], ["inactive"])
            assert "swarmtutor/shell:1.0" in held["tags"]
    finally:
        await playground.close()
        await HostsProvider().down(NAME, ignore_progress)


async def form_swarm_of_learner(playground: SshPlayground) -> None:
    first, *others = playground.nodes
    await done(first, "docker swarm init")
    token = await done(first, "docker swarm join-token -q worker")
    for node in others:
        await done(node, f"docker swarm join --token {token} {first.address}:2377")


async def test_an_unknown_host_key_is_shown_asked_about_and_remembered(servers: Servers, tmp_path: Path) -> None:
    card = servers.card(vouched=False)
    own = tmp_path / "home" / ".ssh" / "known_hosts"
    own.write_text("something that is no line of it\n")
    with pytest.raises(UserError) as refused:
        await introduce(card, NAME, accepted=(), ask=None, write=lambda _line: None)
    for fingerprint in servers.fingerprints.values():
        assert fingerprint in refused.value.what
        assert f"--accept-host-key {fingerprint}" in refused.value.hint
    assert not own_known_hosts().exists()

    questions: list[str] = []

    def yes_once(question: str) -> bool:
        questions.append(question)
        return len(questions) == 1

    said: list[str] = []
    with pytest.raises(UserError, match="not accepted"):
        await introduce(card, NAME, accepted=(), ask=yes_once, write=said.append)
    assert len(questions) == 2
    assert len(own_known_hosts().read_text().splitlines()) == 1
    accepted = servers.fingerprints.values()
    assert (await introduce(card, NAME, accepted=accepted, ask=None, write=said.append)).hosts == card.hosts
    assert len(own_known_hosts().read_text().splitlines()) == 3
    assert not await looked_at(card), "they are known now"
    assert own.read_text() == "something that is no line of it\n", "the user's own file is never written"


async def test_a_changed_host_key_is_refused_whoever_knew_it(servers: Servers, tmp_path: Path) -> None:
    other = (tmp_path / "key.pub").read_text().split()
    card = servers.card(vouched=False)
    remember_key(f"[{card.hosts[0].host}]:{PORT} {other[0]} {other[1]}")
    own = tmp_path / "home" / ".ssh" / "known_hosts"
    own.write_text(f"[{card.hosts[1].host}]:{PORT} {other[0]} {other[1]}\n")
    pinned = replace(card.hosts[2], host_key="SHA256:" + "A" * 43)
    lines = await looked_at(Card((*card.hosts[:2], pinned)))
    assert list(lines) == ["node1: signed in", "node2: signed in", "node3: signed in"]
    for need in lines.values():
        assert "another host key than the one that is known" in need.found
    with pytest.raises(UserError, match="another host key"):
        await HostsProvider(Card((*card.hosts[:2], pinned))).up(NAME, ignore_progress)
    assert not PlaygroundPaths.of(NAME).root.exists()


async def test_a_wrong_key_and_a_user_without_rights_are_told_apart(servers: Servers, tmp_path: Path) -> None:
    first, second, third = servers.card().hosts
    stranger = replace(first, identity=str(tmp_path / "stranger"))
    process = await asyncio.create_subprocess_exec("ssh-keygen", "-q", "-tecdsa", "-N", "", "-f", stranger.identity)
    assert await process.wait() == 0
    guest = replace(second, user="guest")
    dead = replace(third, port=1)
    lines = await looked_at(Card((stranger, guest, dead)))
    assert list(lines) == ["node1: signed in", "node2: right to use it", "node3: signed in"]
    assert "does not let you in" in lines["node1: signed in"].found
    assert "ssh-copy-id -p 2222 docker@" in lines["node1: signed in"].mend
    assert "guest may not use" in lines["node2: right to use it"].found
    assert "usermod -aG docker guest" in lines["node2: right to use it"].mend
    assert "cannot be reached: " in lines["node3: signed in"].found


async def test_a_machine_in_a_swarm_is_not_touched_without_leave(servers: Servers, empty_swarm: SshPlayground) -> None:
    await form_swarm(empty_swarm)
    member = await done(empty_swarm.node("node2"), "docker info -f '{{.Swarm.NodeID}}'")
    lines = await looked_at(servers.card())
    assert list(lines) == [f"{node}: in no swarm yet" for node in ("node1", "node2", "node3")]
    assert "manager in the swarm" in lines["node1: in no swarm yet"].found
    assert member in lines["node2: in no swarm yet"].found
    card = await introduce(servers.card(), NAME, accepted=(), ask=None, write=lambda _line: None)
    with pytest.raises(UserError) as refused:
        await HostsProvider(card).up(NAME, ignore_progress)
    assert member in refused.value.what
    assert await done(empty_swarm.node("node1"), "docker node ls -q | wc -l") == "3"

    questions: list[str] = []

    def yes(question: str) -> bool:
        questions.append(question)
        return True

    allowed = await introduce(servers.card(), NAME, accepted=(), ask=yes, write=lambda _line: None)
    assert questions == [f"Shall {node} leave that swarm?" for node in ("node1", "node2", "node3")]
    assert member in allowed.leave
    await HostsProvider(allowed).up(NAME, ignore_progress)
    for node in servers.nodes:
        assert (await holds(node))["swarm"] == ["inactive"]
    await HostsProvider().down(NAME, ignore_progress)


async def test_a_blocked_port_is_named_with_both_ends(servers: Servers) -> None:
    second, third = servers.nodes[1:]
    table = "table ip shut { chain in { type filter hook input priority -300; ip saddr %s udp dport 4789 drop; }; }"
    await done(second, f"nft '{table % third.address}'", as_root=True)
    blocker = await done(
        third,
        "nohup python3 -c 'import socket, time; s = socket.create_server((\"\", 7946)); time.sleep(600)' "
        ">/dev/null 2>&1 & echo $!",
    )
    try:
        await done(third, "until ss -Hltn sport = :7946 | grep -q .; do sleep 0.1; done")
        lines = await looked_at(servers.card())
    finally:
        await done(second, "nft delete table ip shut", as_root=True)
        await third.run(f"kill {blocker}")
    assert list(lines) == ["node2: 4789/udp from the others", "node3: 7946/tcp from the others"]
    blocked = lines["node2: 4789/udp from the others"]
    assert "nothing arrives from node3" in blocked.found
    assert third.address in blocked.mend
    assert second.address in blocked.mend
    assert "something else uses this port" in lines["node3: 7946/tcp from the others"].found


def ssh_servers(namespace: str) -> list[int]:
    """The ids, on this machine, of the OpenSSH servers in a namespace of processes."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "comm").read_text() == "sshd\n":
                found += [int(entry.name)] if os.readlink(entry / "ns/pid") == namespace else []
        except OSError:  # it has just ended
            continue
    return found


async def test_a_machine_that_dies_in_the_middle_loses_nothing(servers: Servers) -> None:
    third = servers.nodes[2]
    before = {node.name: await holds(node) for node in servers.nodes}
    processes = await done(third, "readlink /proc/1/ns/pid", as_root=True)

    def kill_it(progress: Progress) -> None:
        # From outside and on the spot, so that the images are never there before.
        if progress.phase == "images" and progress.state is ProgressState.RUNNING:
            for pid in ssh_servers(processes):
                os.kill(pid, signal.SIGKILL)

    with pytest.raises(UserError, match="node3"):
        await HostsProvider(servers.card()).up(NAME, kill_it)
    assert {node.name: await holds(node) for node in servers.nodes[:2]} == {
        node.name: before[node.name] for node in servers.nodes[:2]
    }
    assert (await playground_status(NAME)).state == "half made"
    with pytest.raises(UserError, match="node3") as left:
        await HostsProvider().down(NAME, ignore_progress)
    assert "--forget" in left.value.hint
    await revive(third)
    await HostsProvider().down(NAME, ignore_progress)
    assert await holds(third) == before["node3"]

    playground = await opened(servers, ("node1", "node2", "node3"))
    try:
        node = playground.node("node3")
        assert await done(node, "echo well") == "well"
        await silence(third)
        with pytest.raises(NodeUnreachableError, match="node3"):
            await node.run("true")
        status = await playground_status(NAME)
        assert status.state == "broken"
        assert [one.reachable for one in status.nodes] == [True, True, False]
        await revive(third)
        async with asyncio.timeout(90):
            while True:
                try:
                    assert await done(node, "echo back") == "back"
                    break
                except NodeUnreachableError:
                    await asyncio.sleep(0.1)
    finally:
        await playground.close()
        await HostsProvider().down(NAME, ignore_progress)


async def test_a_shell_reports_its_commands_and_leaves_no_file(servers: Servers) -> None:
    playground = await opened(servers)
    node = playground.node("node1")
    before = await holds(node)
    try:
        shell = await node.open_shell(100, 24)
        output = b""

        async def until(text: bytes) -> None:
            nonlocal output
            async with asyncio.timeout(90):
                while text not in output:
                    output += await shell.read()

        await until(b"\x1b]133;B")
        assert b"node=node1\x07" in output, "named as the lesson names it, not as the machine is called"
        shell.write(f"curl -s --http0.9 http://node2:{PORT} --output - | head -c 7; false\r".encode())
        await until(b"\x1b]133;D;1\x07")
        assert b"SSH-2.0" in output, "curl knows the lesson's names"
        shell.write(b"exit\r")
        while await shell.read():
            pass
        await shell.close()
        deadline = time.monotonic() + 90
        while (now := await holds(node)) != before:
            assert time.monotonic() < deadline, now
            await asyncio.sleep(0.1)
    finally:
        await playground.close()
        await HostsProvider().down(NAME, ignore_progress)


async def test_the_users_ssh_config_is_honoured_with_its_jump(servers: Servers, tmp_path: Path) -> None:
    one, two, _ = servers.nodes
    config = f"""\
Host bastion
    HostName {one.address}
Host behind
    HostName {two.address}
    ProxyJump bastion
Host *
    User docker
    Port {PORT}
    IdentityFile {servers.key}
"""
    (tmp_path / "home" / ".ssh" / "config").write_text(config)
    card = Card(tuple(Host(name, "behind") for name in ("node1", "node2", "node3")))
    said: list[str] = []
    await introduce(card, NAME, accepted=servers.fingerprints.values(), ask=None, write=said.append)
    connection = await connect_host(card.hosts[0])
    try:
        ended = await connection.run("echo $SSH_CONNECTION", check=True)
        client, _, server, port = str(ended.stdout).split()
        assert (client, server, port) == (one.address, two.address, str(PORT))
    finally:
        connection.close()
        await connection.wait_closed()


async def test_what_is_up_is_not_made_again_and_machines_are_not_shared(servers: Servers) -> None:
    await HostsProvider(servers.card()).up(NAME, ignore_progress)
    try:
        for name in (NAME, "another"):
            with pytest.raises(UserError) as refused:
                await HostsProvider(servers.card()).up(name, ignore_progress)
            assert refused.value.exit_code is ExitCode.BUSY
        document = json.loads((PlaygroundPaths.of(NAME).root / "before.json").read_text())
        assert sorted(document) == ["node1", "node2", "node3"]
    finally:
        await HostsProvider().down(NAME, ignore_progress)
