"""The work on machines of the learner's own: sign in, look, try the ports, bring the images."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tui.errors import ExitCode, UserError
from tui.paths import content_dir
from tui.playground.card import Card, Host
from tui.playground.images import Busybox, Image, build_images, own_busybox, write_load_archive
from tui.playground.link import first_line
from tui.playground.model import NodeUnreachableError, Requirement
from tui.playground.providers.hosts_engine import HostEngine, HostEngineError
from tui.playground.providers.hosts_ports import judge_ports, probe
from tui.playground.providers.hosts_preflight import LOOK, Facts, judge, parse_facts
from tui.playground.providers.hosts_ssh import HostRefusedError, connect_host
from tui.playground.providers.tasks import to_the_end

if TYPE_CHECKING:
    import asyncssh

__all__ = ["Machine", "addresses_of", "bring_images", "examine", "look", "open_machines", "unreachable"]

_LOOK_SECONDS = 20.0
_LOAD_SECONDS = 120.0
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}  # uname -m, and as images name it
_BUSYBOX = 'path=$(readlink -f "$(command -v busybox)") && cat "$path"'


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine that was signed in to."""

    host: Host
    connection: "asyncssh.SSHClientConnection"
    engine: HostEngine


@asynccontextmanager
async def open_machines(card: Card) -> AsyncGenerator[tuple[dict[str, Machine], dict[str, Exception]]]:
    """Sign in to all at once; those that were reached, and why the others were not."""
    reached: dict[str, Machine] = {}
    failed: dict[str, Exception] = {}

    async def one(host: Host) -> None:
        import asyncssh

        try:
            connection = await connect_host(host)
        except (OSError, asyncssh.Error, TimeoutError, NodeUnreachableError, ValueError) as error:
            failed[host.node] = error
        else:
            reached[host.node] = Machine(host, connection, HostEngine(host.node, connection))

    try:
        async with asyncio.TaskGroup() as group:
            for host in card.hosts:
                group.create_task(one(host))
        yield {host.node: reached[host.node] for host in card.hosts if host.node in reached}, failed
    finally:
        for machine in reached.values():
            machine.connection.abort()


def unreachable(host: Host, error: Exception) -> Requirement:
    """The line that says why there was no way in."""
    what = f"{host.node}: signed in"
    if isinstance(error, HostRefusedError):
        return Requirement(what, False, str(error), error.mend)
    reason = "no answer" if isinstance(error, TimeoutError) else first_line(error)
    return Requirement(
        what,
        False,
        f"{host.shown} cannot be reached: {reason}",
        f"Is it on, is the address right, does its SSH server run? Try: ssh {host.destination}",
    )


async def look(machine: Machine) -> Facts:
    """What one machine says of itself. Raises NodeUnreachableError if it breaks off."""
    import asyncssh

    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            ended = await machine.connection.run("sh -s", input=LOOK, check=False, encoding="utf-8", errors="replace")
    except (OSError, asyncssh.Error, TimeoutError) as error:
        raise NodeUnreachableError(f"{machine.host.node} broke off: {first_line(error)}") from error
    facts = parse_facts(str(ended.stdout or ""))
    if not facts.rights:
        return facts
    try:
        version = cast("Mapping[str, Any]", await machine.engine.read("/version"))
        info = cast("Mapping[str, Any]", await machine.engine.read("/info"))
    except HostEngineError as error:
        return replace(facts, refused=error.words)
    return replace(facts, version=str(version.get("Version", "")), info=info)


def addresses_of(card: Card, facts: Mapping[str, Facts]) -> dict[str, str]:
    """Where the machines reach each other: what the card says, else where their SSH servers were reached."""
    return {host.node: host.address or facts[host.node].address for host in card.hosts if host.node in facts}


async def examine(
    card: Card, machines: Mapping[str, Machine], failed: Mapping[str, Exception]
) -> tuple[list[Requirement], dict[str, Facts]]:
    """Every line about the machines of a card, and what those that were reached said. Changes nothing there."""
    needs: list[Requirement] = []
    facts: dict[str, Facts] = {}
    for host, found in zip(
        card.hosts,
        await asyncio.gather(*(_look_or_error(host, machines, failed) for host in card.hosts)),
        strict=True,
    ):
        if isinstance(found, Exception):
            needs.append(unreachable(host, found))
        else:
            facts[host.node] = found
            needs += judge(host, found, card.leave)
    addresses = addresses_of(card, facts)
    if twins := _twins(addresses):
        needs.append(twins)
    elif len(facts) == len(card.hosts):
        needs += await _ports(machines, facts, addresses)
    return needs, facts


async def _look_or_error(
    host: Host, machines: Mapping[str, Machine], failed: Mapping[str, Exception]
) -> Facts | Exception:
    if host.node in failed:
        return failed[host.node]
    try:
        return await look(machines[host.node])
    except NodeUnreachableError as error:
        return error


def _twins(addresses: Mapping[str, str]) -> Requirement | None:
    """The machines whose addresses do not tell them apart, as behind a translator of addresses."""
    for node, address in addresses.items():
        same = [other for other in addresses if addresses[other] == address]
        if not address or address.startswith("127.") or ":" in address or len(same) > 1:
            shown = f"{' and '.join(same)}: addresses for the others"
            return Requirement(
                shown,
                False,
                f"{address or 'none'} is not where the others reach {node}",
                'Say in the card where they do: address = "192.168.1.5"',
            )
    return None


async def _ports(
    machines: Mapping[str, Machine], facts: Mapping[str, Facts], addresses: Mapping[str, str]
) -> list[Requirement]:
    tools = {node: one.tools for node, one in facts.items()}
    heard = await probe({node: machine.connection for node, machine in machines.items()}, tools, addresses)
    return judge_ports(heard, tools, addresses, frozenset(node for node, one in facts.items() if one.in_swarm))


async def bring_images(machines: Mapping[str, Machine], facts: Mapping[str, Facts]) -> None:
    """Load the lab's images into every engine, each for its own kind of processor. Raises UserError."""
    kinds = {facts[node].machine: node for node in machines}
    with tempfile.TemporaryDirectory(prefix="swarmtutor-") as folder:
        archives: dict[str, bytes] = {}
        for kind, node in kinds.items():
            images = await _images_for(kind, machines[node])
            path = Path(folder) / f"{kind}.tar"
            await asyncio.to_thread(write_load_archive, images, path)
            archives[kind] = await asyncio.to_thread(path.read_bytes)
        # An engine may go on with what it was sent: to clear up before it is done would leave the rest behind.
        ended = await to_the_end(
            _all_loaded([(machine.engine, archives[facts[node].machine]) for node, machine in machines.items()])
        )
    for error in ended:
        if error is not None:
            raise error


async def _all_loaded(loads: Sequence[tuple[HostEngine, bytes]]) -> list[UserError | None]:
    """Load all at once, each to its end; why those failed that did."""
    return await asyncio.gather(*(_load(engine, archive) for engine, archive in loads))


async def _load(engine: HostEngine, archive: bytes) -> UserError | None:
    try:
        await engine.post("/images/load?quiet=1", archive, "application/x-tar", _LOAD_SECONDS)
    except HostEngineError as error:
        return UserError(
            f"The engine of {engine.node} does not take the lab's images: {error.words}",
            "Is there room on its disk? (df -h /var/lib/docker, there)",
            exit_code=ExitCode.BROKEN,
        )
    return None


async def _images_for(kind: str, machine: Machine) -> Sequence[Image]:
    """The lab's images for a kind of processor; busybox comes from here or, if it does not fit, from that machine."""
    architecture = _ARCHITECTURES.get(kind, kind)
    try:
        own = await asyncio.to_thread(own_busybox)
        if own.architecture == architecture:
            return await asyncio.to_thread(build_images, content_dir(), own)
    except (UserError, OSError):
        own = None
    return await asyncio.to_thread(build_images, content_dir(), await _busybox_of(machine, architecture))


async def _busybox_of(machine: Machine, architecture: str) -> Busybox:
    node = machine.host.node
    program = await machine.connection.run(_BUSYBOX, check=False, encoding=None, timeout=_LOAD_SECONDS)
    listed = await machine.connection.run("busybox --list", check=False, encoding="utf-8", timeout=_LOOK_SECONDS)
    data = program.stdout if isinstance(program.stdout, bytes) else b""
    if not data or any(loader in data[:4096] for loader in (b"/ld-linux", b"/ld-musl")):
        raise UserError(
            f"The lab's images are made of busybox, and neither this machine nor {node} has one that stands alone "
            f"({architecture}).",
            f"On {node}, or here if it is of the same kind: sudo apt-get install busybox-static",
            exit_code=ExitCode.UNSUPPORTED,
        )
    return Busybox(data, tuple(str(listed.stdout or "").split()), architecture)
