"""What a node is to those who use it: commands, shells, pulls, pages, and nothing of the machine behind it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.swarm.swarm_steps import pinged
from tui.playground.connection import SshNode
from tui.playground.model import NODE_NAMES, Completed, NodeUnreachableError, Shell
from tui.playground.playground import SshPlayground, open_playground, playground_status
from tui.playground.providers.plans import python_folders

pytestmark = pytest.mark.engines

PROMPT_END = b"\x1b]133;B\x07"


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "the condition never held"
        await asyncio.sleep(0.05)


class Terminal:
    """A shell whose output is read piece by piece, each up to an expected text."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.unread = b""

    async def until(self, wanted: bytes, seconds: float = 90.0) -> bytes:
        async with asyncio.timeout(seconds):
            while wanted not in self.unread:
                part = await self.shell.read()
                assert part, f"the shell ended; it had said {self.unread!r}"
                self.unread += part
        seen, found, self.unread = self.unread.partition(wanted)
        return seen + found

    async def type(self, line: str) -> bytes:
        """Type a line and return all up to the end of the next prompt."""
        self.shell.write(line.encode() + b"\n")
        return await self.until(PROMPT_END)


@asynccontextmanager
async def terminal(node: SshNode, columns: int = 80, rows: int = 24) -> AsyncGenerator[Terminal]:
    opened = Terminal(await node.open_shell(columns, rows))
    try:
        yield opened
    finally:
        await opened.shell.close()


async def answers(node: SshNode) -> bool:
    try:
        return (await node.run("true")).exit_status == 0
    except (NodeUnreachableError, TimeoutError):
        return False


async def test_three_engines_answer(playground: SshPlayground) -> None:
    assert [node.name for node in playground.nodes] == list(NODE_NAMES)
    versions = await asyncio.gather(*(node.engine_version() for node in playground.nodes))
    assert all(versions)
    status = await playground_status(playground.name)
    assert status.state == "up"
    assert [node.engine for node in status.nodes] == versions


async def test_commands_have_input_output_and_an_end(playground: SshPlayground) -> None:
    node = playground.node("node2")
    assert await node.run("id -un; hostname; cat", stdin=b"in") == Completed(0, "docker\nnode2\nin", "")
    assert await node.run("echo wrong >&2; exit 3") == Completed(3, "", "wrong\n")
    assert (await node.run("kill -9 $$")).exit_status == -9
    assert (await node.run("id -un", as_root=True)).stdout == "root\n"
    assert (await node.run("head -c 3000000 /dev/zero | tr '\\0' x", timeout=90)).stdout == "x" * 3_000_000


async def test_a_command_that_takes_too_long_is_ended_on_the_node(playground: SshPlayground) -> None:
    node = playground.node("node1")
    with pytest.raises(TimeoutError):
        await node.run("exec sleep 4711", timeout=0.3)

    async def gone() -> bool:
        return (await node.run("pgrep -xf 'sleep 4711'")).exit_status == 1

    await until(gone)


async def test_a_background_process_does_not_hold_a_command_back(playground: SshPlayground) -> None:
    done = await playground.node("node1").run("sleep 471.1 & echo started", timeout=90)
    assert done.stdout == "started\n"
    assert (await playground.node("node1").run("pkill -xf 'sleep 471.1'")).exit_status == 0


async def test_init_and_join_need_no_flag(empty_swarm: SshPlayground) -> None:
    first, *others = empty_swarm.nodes
    assert (await first.run("docker swarm init", timeout=90)).exit_status == 0
    token = (await first.run("docker swarm join-token -q worker")).stdout.strip()
    for node in others:
        joined = await node.run(f"docker swarm join --token {token} {first.address}:2377", timeout=90)
        assert joined.exit_status == 0, joined.stderr

    async def ready() -> bool:
        return (await first.run("docker node ls --format '{{.Hostname}} {{.Status}}'")).stdout.count("Ready") == 3

    await until(ready)


async def test_an_image_comes_from_the_registry_and_runs(playground: SshPlayground) -> None:
    node = playground.node("node3")
    pulled = await node.run("docker pull swarmtutor/shell:1.0", timeout=90)
    assert pulled.exit_status == 0, pulled.stderr
    assert "Digest: sha256:" in pulled.stdout
    ran = await node.run("docker run --rm swarmtutor/shell:1.0 hostname", timeout=90)
    assert ran.exit_status == 0, ran.stderr


@pytest.mark.parametrize("image", ["swarmtutor/nothing:1.0", "alpine", "swarmtutor/shell:9", "ghcr.io/a/b:1"])
async def test_an_unknown_image_fails_before_any_time_out(playground: SshPlayground, image: str) -> None:
    done = await playground.node("node1").run(f"docker pull {image}", timeout=90)
    assert done.exit_status != 0
    # A name server that stays silent would be told as a time-out.
    assert "no such host" in done.stderr or "not found" in done.stderr, done.stderr


async def test_unknown_names_do_not_exist_at_once(playground: SshPlayground) -> None:
    node = playground.node("node1")
    assert "Could not resolve" in (await node.run("curl -sS http://example.com/")).stderr
    # EAI_NONAME, and not EAI_AGAIN, which is said after a time-out.
    look_up = "perl -MSocket=getaddrinfo -e '($error) = getaddrinfo(q(example.com), 80); printf q(%d), $error'"
    assert (await node.run(look_up)).stdout == "-2"
    assert (await node.run("getent hosts node3 registry")).stdout.split()[1::2] == ["node3", "registry"]
    # Refused, long before the two minutes after which a silent network is given up.
    assert (await node.run("curl -sS http://192.0.2.77/")).exit_status == 7


async def test_a_container_asks_for_names_as_its_node_does(playground: SshPlayground) -> None:
    node = playground.node("node2")
    command = "docker run --rm swarmtutor/shell:1.0 nslookup"
    known = await node.run(f"{command} node3", timeout=90)
    assert playground.node("node3").address in known.stdout, known.stderr
    unknown = await node.run(f"{command} example.com", timeout=90)
    assert "NXDOMAIN" in unknown.stdout, unknown.stderr


async def test_the_learner_goes_from_node_to_node_without_a_password(playground: SshPlayground) -> None:
    done = await playground.node("node1").run("ssh -o BatchMode=yes node2 'hostname; id -un; ssh node3 hostname'")
    assert done == Completed(0, "node2\ndocker\nnode3\n", "")


async def test_the_learner_s_key_opens_no_root_account(playground: SshPlayground) -> None:
    done = await playground.node("node1").run("ssh -o BatchMode=yes root@node2 id")
    assert done.exit_status == 255
    assert "Permission denied" in done.stderr


async def test_the_learner_s_key_reaches_no_other_host_through_a_node(playground: SshPlayground) -> None:
    command = "ssh -o BatchMode=yes -W node3:22 node2 </dev/null"
    assert (await playground.node("node1").run(command)).exit_status != 0


async def test_a_shell_is_a_login_shell_on_a_terminal(playground: SshPlayground) -> None:
    async with terminal(playground.node("node1"), 100, 30) as shell:
        greeting = await shell.until(PROMPT_END)
        assert b"ssh node2" in greeting
        assert b"133;P;node=node1" in greeting
        said = await shell.type(
            'stty size; echo $USER:$HOME:$PWD:$TERM; tty -s && test -n "$SSH_TTY" && echo term""inal'
        )
        for expected in (b"30 100", b"docker:/home/docker:/home/docker:xterm-256color", b"terminal\r\n"):
            assert expected in said
        shell.shell.resize(90, 20)
        shell.shell.write(b"stty size\n")
        await shell.until(b"20 90")


async def test_a_nested_shell_tells_on_which_node_it_is(playground: SshPlayground) -> None:
    async with terminal(playground.node("node1")) as shell:
        await shell.until(PROMPT_END)
        assert b"133;P;node=node2" in await shell.type("ssh node2")
        back = await shell.type("exit 4")
        assert b"133;D;4" in back
        assert b"133;P;node=node1" in back


async def test_completion_for_docker_is_there_where_its_package_is(playground: SshPlayground) -> None:
    if not Path("/usr/share/bash-completion/completions/docker").exists():
        pytest.skip("the completion of docker is not installed")
    async with terminal(playground.node("node1")) as shell:
        await shell.until(PROMPT_END)
        shell.shell.write(b"docker node upd\t")
        await shell.until(b"docker node update")


async def test_closing_a_shell_hangs_up_what_runs_in_it(playground: SshPlayground) -> None:
    node = playground.node("node1")

    async def running() -> int:
        return int((await node.run("pgrep -cf '^sleep 471[23]'")).stdout)

    async def both() -> bool:
        return await running() == 2

    async def none() -> bool:
        return await running() == 0

    async with terminal(node) as shell:
        await shell.until(PROMPT_END)
        shell.shell.write(b"sleep 4712 & sleep 4713\n")
        await until(both)
    await until(none)


async def test_a_shell_that_ends_is_at_its_end(playground: SshPlayground) -> None:
    async with terminal(playground.node("node1")) as shell:
        await shell.until(PROMPT_END)
        shell.shell.write(b"exit\n")
        async with asyncio.timeout(90):
            while await shell.shell.read():
                pass
        shell.shell.write(b"into the void")
        shell.shell.resize(10, 10)


async def test_ctrl_c_ends_a_flood(playground: SshPlayground) -> None:
    async with terminal(playground.node("node1")) as shell:
        await shell.until(PROMPT_END)
        shell.shell.write(b"yes flood\n")
        await shell.until(b"flood\r\nflood\r\n")
        shell.shell.write(b"\x03")
        assert b"133;D;130" in await shell.until(PROMPT_END)


async def test_pages_are_fetched_from_the_node_itself(playground: SshPlayground) -> None:
    node = playground.node("node1")
    server = "printf 'HTTP/1.0 200 OK\\r\\nX-Served-By: me\\r\\n\\r\\nhello'"
    listening = asyncio.create_task(node.run(f"{server} | busybox nc -l -p 8099", timeout=200))

    async def fetched() -> bool:
        answer = await node.fetch(8099, timeout=60)
        return (answer.status, answer.body, answer.served_by) == (200, "hello", "me")

    await until(fetched)
    await listening
    refused = await node.fetch(8099, "/nothing", timeout=60)
    assert (refused.status, refused.error) == (0, "connection refused")


async def test_the_way_to_the_engine_stays_the_same_when_the_ssh_server_dies(playground: SshPlayground) -> None:
    node = playground.node("node2")
    dial = await node.engine_dial()

    async def ping() -> bool:
        return await pinged(dial)

    assert await ping()
    # The server's process and those of its sessions are one; the agent starts a new one.
    with pytest.raises((NodeUnreachableError, TimeoutError)):
        await node.run("kill -9 $(pgrep -of tui.playground.node_ssh)", as_root=True, timeout=60)

    async def back() -> bool:
        return await answers(node) and await ping()

    await until(back)
    assert await node.engine_dial() == dial


async def test_a_node_that_is_away_fails_at_once(playground_name: str) -> None:
    opened = await open_playground(playground_name)
    await opened.close()
    with pytest.raises(NodeUnreachableError):
        await opened.node("node1").run("true", timeout=5)


async def test_the_machine_behind_a_node_stays_private(playground: SshPlayground) -> None:
    node = playground.node("node1")
    shown = (await node.run("ls -A / /root /home /mnt /srv /var/lib", as_root=True)).stdout.split()
    assert "home" in shown
    python = {part for folder in python_folders() for part in Path(folder).parts}
    assert set((await node.run("ls -A /root", as_root=True)).stdout.split()) <= python
    assert "swarmtutor" not in (await node.run("ls /var/lib", as_root=True)).stdout.split()
    assert ":$" not in (await node.run("cat /etc/shadow", as_root=True)).stdout
    assert (await node.run("ls /etc/ssh", as_root=True)).stdout.split() == ["ssh_config", "ssh_known_hosts"]


@pytest.mark.parametrize(
    "harm",
    [
        "echo s > /proc/sysrq-trigger",
        "echo 1 > /proc/sys/kernel/panic",
        "echo 1 > /sys/kernel/mm/ksm/run",
        "date -s 2001-01-01",
    ],
)
async def test_root_on_a_node_cannot_harm_the_machine(playground: SshPlayground, harm: str) -> None:
    assert (await playground.node("node1").run(harm, as_root=True)).exit_status != 0


async def test_what_is_written_on_a_node_is_not_written_on_the_machine(playground: SshPlayground) -> None:
    name = f"/usr/local/bin/written-by-{playground.name}"
    await playground.node("node1").run(f"touch {name}", as_root=True)
    assert (await playground.node("node1").run(f"test -e {name}")).exit_status == 0
    assert not Path(name).exists()
    assert (await playground.node("node2").run(f"test -e {name}")).exit_status == 1


async def test_the_disks_of_the_machine_cannot_be_opened(playground: SshPlayground) -> None:
    command = "mknod /var/tmp/disk b $(cat /sys/class/block/*/dev | head -1 | tr : ' ') && head -c1 /var/tmp/disk"
    done = await playground.node("node1").run(command, as_root=True)
    assert done.exit_status != 0
    assert "not permitted" in done.stderr, done.stderr
