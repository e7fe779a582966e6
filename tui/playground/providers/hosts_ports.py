"""Whether the machines reach each other where a swarm needs it: tried out, with what they have.

Each listens at the ports for some seconds while the others send it a word. Only what arrived counts as open. Tools are
python3 or nc (busybox has one too) to listen, and python3, bash or nc to send; for UDP not nc, of which many kinds
cannot do it or hear one caller only. Where there is no tool it is said.
"""

import asyncio
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.playground.model import Requirement

if TYPE_CHECKING:
    import asyncssh

__all__ = ["PORTS", "Heard", "can_listen", "can_send", "judge_ports", "listener", "parse_heard", "probe", "sender"]

PORTS = ("2377/tcp", "7946/tcp", "7946/udp", "4789/udp")
"""Management, gossip, and the data of overlay networks (docs.docker.com: «Open protocols and ports»)."""

_MEANS = {"2377/tcp": "management", "7946/tcp": "gossip", "7946/udp": "gossip", "4789/udp": "overlay networks"}
_SECONDS = 8  # for which a machine listens
_START_SECONDS = 6.0  # until it must have begun to

_LISTEN_PYTHON = """\
import select, socket, sys, time
end, heard = time.monotonic() + {seconds}, {{}}
for name in {ports!r}:
    port, kind = name.split("/")
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        one.bind(("", int(port)))
        if kind == "tcp":
            one.listen(8)
    except OSError:
        print("taken", name)
        continue
    heard[one] = name
print("ready", flush=True)
while time.monotonic() < end:
    for one in select.select([*heard, sys.stdin], [], [], 0.2)[0]:
        if one is sys.stdin:
            sys.exit()
        try:
            if heard[one].endswith("tcp"):
                caller = one.accept()[0]
                caller.settimeout(1)
                word = caller.recv(64)
                caller.close()
            else:
                word = one.recv(64)
        except OSError:
            continue
        print("got", heard[one], word.decode("ascii", "replace").strip(), flush=True)
"""

_SEND_PYTHON = """\
import socket, time
for turn in range(6):
    for address, name in {places!r}:
        port, kind = name.split("/")
        try:
            if kind == "tcp":
                one = socket.create_connection((address, int(port)), 1)
            else:
                one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                one.connect((address, int(port)))
            one.send({word!r})
            one.close()
        except OSError:
            pass
    time.sleep(0.2)
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one machine's listening brought. `able`: whether it could listen at all."""

    able: bool
    taken: frozenset[str] = frozenset()  # ports at which something else listens
    got: frozenset[tuple[str, str]] = field(
        default_factory=frozenset[tuple[str, str]]
    )  # port, and the node it was from


def _netcat(tools: frozenset[str]) -> str:
    return "nc" if "nc" in tools else "busybox nc" if "busybox" in tools else ""


def can_listen(tools: frozenset[str], port: str) -> bool:
    """Whether a machine with these tools can listen at a port."""
    return "python3" in tools or (port.endswith("tcp") and bool(_netcat(tools)))


def can_send(tools: frozenset[str], port: str) -> bool:
    """Whether a machine with these tools can send to a port."""
    return "python3" in tools or "bash" in tools or (port.endswith("tcp") and bool(_netcat(tools)))


def listener(tools: frozenset[str]) -> str:
    """The command that listens; empty where nothing can."""
    if "python3" in tools:
        return f"python3 -c {shlex.quote(_LISTEN_PYTHON.format(seconds=_SECONDS, ports=PORTS))}"
    nc = _netcat(tools)
    if not nc:
        return ""
    # One call of nc takes one caller, so it is called again and again.
    listen = "-l" if nc == "nc" and "nc-openbsd" in tools else "-l -p"
    parts = [
        f"( while [ $(date +%s) -lt $end ]; do timeout 1 {nc} "
        f"{listen} {name.split('/')[0]} </dev/null 2>/dev/null | while read -r word; do echo got {name} $word; done; "
        "done ) &"
        for name in PORTS
        if can_listen(tools, name)
    ]
    script = f"end=$(( $(date +%s) + {_SECONDS} ))\n" + "\n".join(parts) + "\nsleep 0.3; echo ready; wait"
    return f"sh -c {shlex.quote(script)}"


def sender(tools: frozenset[str], node: str, places: Sequence[tuple[str, str]]) -> str:
    """The command that sends this node's name to these places (address and port); empty where nothing can."""
    if "python3" in tools:
        code = _SEND_PYTHON.format(places=list(places), word=f"{node}\n".encode())
        return f"python3 -c {shlex.quote(code)}"
    lines: list[str] = []
    for address, name in places:
        port, kind = name.split("/")
        if "bash" in tools:
            call = f"timeout 1 bash -c 'echo {node} >/dev/{kind}/{address}/{port}'"
        elif can_send(tools, name):
            call = f"echo {node} | timeout 1 {_netcat(tools)} -w 1 {address} {port}"
        else:
            continue
        lines.append(f"( for turn in 1 2 3 4 5 6; do {call}; sleep 0.3; done ) >/dev/null 2>&1 &")
    if not lines:
        return ""
    script = "\n".join([*lines, "wait"])
    return f"sh -c {shlex.quote(script)}"


def parse_heard(lines: Sequence[str]) -> Heard:
    """What a listener printed."""
    words = [line.split() for line in lines]
    return Heard(
        any(entry[:1] == ["ready"] for entry in words),
        frozenset(entry[1] for entry in words if len(entry) == 2 and entry[0] == "taken"),
        frozenset((entry[1], entry[2]) for entry in words if len(entry) == 3 and entry[0] == "got"),
    )


def judge_ports(
    heard: Mapping[str, Heard],
    tools: Mapping[str, frozenset[str]],
    addresses: Mapping[str, str],
    in_swarm: frozenset[str] = frozenset(),
) -> list[Requirement]:
    """A line for each port of each machine. `in_swarm`: machines whose engine itself holds the ports."""
    needs: list[Requirement] = []
    for node, one in heard.items():
        others = [other for other in heard if other != node]
        for name in PORTS:
            hears = one.able and can_listen(tools[node], name)
            able = [other for other in others if hears and can_send(tools[other], name)]
            needs.append(_port(node, name, one, others, able, addresses, hears=hears, engine=node in in_swarm))
    return needs


def _port(
    node: str,
    name: str,
    heard: Heard,
    others: Sequence[str],
    able: Sequence[str],
    addresses: Mapping[str, str],
    *,
    hears: bool,
    engine: bool,
) -> Requirement:
    what = f"{node}: {name} from the others"
    port, kind = name.split("/")
    if name in heard.taken:
        if engine:
            return Requirement(what, True, "could not be tried: its engine uses it for the swarm it is in")
        mend = f"There: sudo ss -lnp{kind[0]} sport = :{port} names it."
        if port in ("7946", "4789"):
            mend += " If it is dockerd, left over from another swarm: sudo systemctl restart docker"
        return Requirement(what, False, "something else uses this port there", mend)
    if not able:
        lacking = " and ".join(others) if hears else node
        tools = "python3" if kind == "udp" else "python3 or nc"
        return Requirement(
            what, True, f"could not be tried: that takes {tools} on {lacking}", f"On {lacking}: install python3"
        )
    silent = [other for other in able if (name, other) not in heard.got]
    untried = [other for other in others if other not in able]
    if not silent:
        found = f"{' and '.join(able)} get{'s' * (len(able) == 1)} through ({_MEANS[name]})"
        return Requirement(what, True, found + (f"; not tried from {' and '.join(untried)}" if untried else ""))
    sources = " and ".join(addresses[other] for other in silent)
    return Requirement(
        what,
        False,
        f"nothing arrives from {' and '.join(silent)} ({_MEANS[name]})",
        f"Open port {name} of {addresses[node]} for {sources}: in the firewall there (sudo ufw allow {port}/{kind}), "
        "or in the network between them (a cloud's security group).",
    )


class _Listening:
    """A listener at work on one machine."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.ready = asyncio.Event()
        self.news = asyncio.Event()

    async def run(self, connection: "asyncssh.SSHClientConnection", command: str) -> None:
        """Collect what it prints until it ends."""
        process = await connection.create_process(command, encoding="utf-8", errors="replace")
        try:
            while line := await process.stdout.readline():
                self.lines.append(str(line).strip())
                self.news.set()
                if self.lines[-1] == "ready":
                    self.ready.set()
        finally:
            process.close()
            self.ready.set()


async def probe(
    connections: "Mapping[str, asyncssh.SSHClientConnection]",
    tools: Mapping[str, frozenset[str]],
    addresses: Mapping[str, str],
) -> dict[str, Heard]:
    """Have all listen, then all send to all others. Takes a second or two where all is open, else some."""
    listening = {node: _Listening() for node in connections}
    commands = {node: listener(tools[node]) for node in connections}
    tasks = [
        asyncio.create_task(listening[node].run(connection, commands[node]))
        for node, connection in connections.items()
        if commands[node]
    ]
    try:
        for node in connections:
            if commands[node]:
                async with asyncio.timeout(_START_SECONDS):
                    await listening[node].ready.wait()
        sending = [
            asyncio.create_task(_send(connections[node], sender(tools[node], node, _places(node, addresses))))
            for node in connections
        ]
        tasks += sending
        wanted = {(name, other) for name in PORTS for other in connections if can_send(tools[other], name)}

        def done() -> bool:
            return all(
                all(
                    name in one.taken or other == node or not can_listen(tools[node], name) or (name, other) in one.got
                    for name, other in wanted
                )
                for node, one in ((node, parse_heard(each.lines)) for node, each in listening.items())
            )

        while not done() and not all(task.done() for task in sending):
            await asyncio.wait(
                [task for task in sending if not task.done()], timeout=0.1, return_when=asyncio.FIRST_COMPLETED
            )
    except TimeoutError:
        pass  # that machine counts as one that cannot listen
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {node: parse_heard(each.lines) for node, each in listening.items()}


def _places(node: str, addresses: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(address, name) for other, address in addresses.items() if other != node for name in PORTS]


async def _send(connection: "asyncssh.SSHClientConnection", command: str) -> None:
    if command:
        async with asyncio.timeout(_SECONDS):
            await connection.run(command, check=False, encoding="utf-8", errors="replace")
