"""The provider `hosts`: three machines of the learner's own, reached over SSH, as a card names them.

Nothing is installed there and nothing is broken on purpose (it is no FaultMaker). What each machine held is written
down before anything else is done: that is never touched, and whatever has come since goes at the end.
"""

import asyncio
import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from tui.errors import ExitCode, UserError
from tui.playground.card import Card, from_document, to_document
from tui.playground.connection import Way
from tui.playground.model import NODE_NAMES, Companion, ProgressListener, Requirement
from tui.playground.providers.hosts_engine import HostEngineError
from tui.playground.providers.hosts_inventory import (
    Inventory,
    Thing,
    clear,
    inventory_of,
    leave_swarm,
    made_since,
    take,
)
from tui.playground.providers.hosts_preflight import Facts
from tui.playground.providers.hosts_shell import rc_text, shell_command
from tui.playground.providers.hosts_ssh import way_to
from tui.playground.providers.hosts_work import (
    Machine,
    addresses_of,
    bring_images,
    examine,
    look,
    open_machines,
    unreachable,
)
from tui.playground.providers.phases import phase, working_on
from tui.playground.providers.tasks import to_the_end
from tui.playground.record import (
    NodeRecord,
    PlaygroundPaths,
    PlaygroundRecord,
    check_name,
    known_names,
    load_record,
    save_record,
)

__all__ = ["HostsProvider", "Made", "requirements_of", "saved_card", "ways"]

_NAME = "hosts"


@dataclass(frozen=True, slots=True)
class Made:
    """What the lab has made on the machines that answer, by node, and why the others do not."""

    things: Mapping[str, tuple[Thing, ...]]
    silent: Mapping[str, str]


def _card_file(name: str) -> str:
    return str(PlaygroundPaths.of(name).root / "card.json")


def _write(name: str, file: str, document: object) -> None:
    path = PlaygroundPaths.of(name).root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(document, indent=1) + "\n")
    fresh.replace(path)


def _read(name: str, file: str) -> Mapping[str, Any] | None:
    path = PlaygroundPaths.of(name).root / file
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise _damaged(name, str(path)) from error


def _damaged(name: str, path: str) -> UserError:
    return UserError(
        f"What was written down of playground “{name}” is damaged: {path}",
        f"Look at what the lab left on your machines (docker service ls, docker ps -a), then remove {path}.",
        exit_code=ExitCode.BROKEN,
    )


def saved_card(name: str) -> Card | None:
    """The card that the playground of that name was made from. Raises UserError (BROKEN) for a damaged one."""
    document = _read(name, "card.json")
    if document is None:
        return None
    try:
        return from_document(document)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(name, _card_file(name)) from error


def _inventories(name: str) -> dict[str, Inventory]:
    """What each machine held before. Raises UserError (BROKEN)."""
    try:
        return {node: inventory_of(each) for node, each in (_read(name, "before.json") or {}).items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(name, str(PlaygroundPaths.of(name).root / "before.json")) from error


def ways(record: PlaygroundRecord) -> list[Way]:
    """How the nodes of a playground are reached. Raises UserError (BROKEN) if its card is gone."""
    card = saved_card(record.name)
    if card is None:
        raise _damaged(record.name, _card_file(record.name))
    others = [(node.name, node.address) for node in record.nodes]
    before = _inventories(record.name)
    found: list[Way] = []
    for host, node in zip(card.hosts, record.nodes, strict=True):
        rc = rc_text(host.node, node.host, others)
        held = before[host.node].containers if host.node in before else ()
        found.append(way_to(host, shell_command(host.node, rc), held))
    return found


async def requirements_of(card: Card) -> Sequence[Requirement]:
    """Every line about a card's machines: what is needed there, and what was found. Changes nothing there."""
    async with open_machines(card) as (machines, failed):
        needs, _ = await examine(card, machines, failed)
    return needs


class HostsProvider:
    """Makes playgrounds out of a card; without one it works with those that were made before."""

    def __init__(self, card: Card | None = None) -> None:
        self._card = card

    @property
    def name(self) -> str:
        """The provider's name."""
        return _NAME

    def requirements(self) -> Sequence[Requirement]:
        """What is needed on this machine. What the others need, `requirements_of` asks them."""
        return [
            Requirement(
                "a card",
                self._card is not None,
                "read" if self._card else "none was given",
                "Name your machines: --card FILE, or --node user@host three times.",
            )
        ]

    async def up(self, name: str, listener: ProgressListener, companions: Sequence[Companion] = ()) -> None:
        """Make the playground; see Provider. Companions are for nodes that are ours."""
        del companions
        check_name(name)
        async with working_on(name, wait=2.0):
            card = self._card or saved_card(name)
            if card is None:
                raise _no_card()
            _check_free(name, card)
            before = _inventories(name)
            if (old := saved_card(name)) and not old.same_machines(card) and before:
                raise UserError(
                    f"Playground “{name}” was begun with other machines, and may have left something there.",
                    f"Clear up there first: swarmtutor down --name {name}",
                    exit_code=ExitCode.BUSY,
                )
            async with AsyncExitStack() as stack:
                async with phase(listener, "signing in", ", ".join(host.destination for host in card.hosts)):
                    machines, failed = await stack.enter_async_context(open_machines(card))
                await _Making(name, card, machines, listener).run(failed, before)

    async def down(self, name: str, listener: ProgressListener) -> None:
        """Remove what the lab has made, and all that is written down of it; see Provider.

        Raises UserError (BROKEN) where something could not be removed or a machine does not answer; what is written
        down then stays, so that it can be done later.
        """
        check_name(name)
        async with working_on(name, wait=5.0):
            root = PlaygroundPaths.of(name).root
            if not root.exists():
                return
            card = saved_card(name)
            if card is not None and _inventories(name):
                async with phase(listener, "removing what the lab made", name):
                    await _clear_all(name, card, NODE_NAMES, images=True)
            shutil.rmtree(root, ignore_errors=True)

    async def reset(self, name: str, nodes: Sequence[str], listener: ProgressListener) -> None:
        """Have machines leave their swarm and remove what the lab made there, but for its images."""
        check_name(name)
        if unknown := [node for node in nodes if node not in NODE_NAMES]:
            raise UserError(
                f"There is no node “{unknown[0]}”.",
                f"The nodes are {', '.join(NODE_NAMES)}.",
                exit_code=ExitCode.NOT_FOUND,
            )
        async with working_on(name, wait=5.0):
            card = _require(name)
            async with phase(listener, "removing what the lab made", ", ".join(nodes)):
                await _clear_all(name, card, nodes, images=False)

    async def mend(self, name: str, listener: ProgressListener, companions: Sequence[Companion] = ()) -> None:
        """There is nothing that we could bring back on machines that are not ours."""
        del name, listener, companions

    async def made(self, name: str) -> Made:
        """What the lab has made since the card was opened. Changes nothing. Raises UserError."""
        card = saved_card(check_name(name))
        before = _inventories(name)
        if card is None or not before:
            return Made({}, {})
        things: dict[str, tuple[Thing, ...]] = {}
        async with open_machines(card) as (machines, failed):
            silent = {
                host.node: unreachable(host, failed[host.node]).found for host in card.hosts if host.node in failed
            }
            for node, machine in machines.items():
                try:
                    things[node] = tuple(await made_since(machine.engine, before[node]))
                except HostEngineError as error:
                    silent[node] = f"the engine of {machine.host.shown} cannot be asked: {error.words}"
        return Made(things, silent)

    def forget(self, name: str) -> None:
        """Remove what is written down of it, whatever is left on the machines."""
        shutil.rmtree(PlaygroundPaths.of(check_name(name)).root, ignore_errors=True)


def _no_card() -> UserError:
    return UserError(
        "The provider hosts needs a card: which three machines?",
        "--card FILE, or --node user@host three times.",
        exit_code=ExitCode.USAGE,
    )


def _require(name: str) -> Card:
    """The card of a playground that is up."""
    record, card = load_record(name), saved_card(name)
    if record is None or record.state != "up" or card is None:
        raise UserError(
            f"There is no playground “{name}” that is up.",
            f"Make it: swarmtutor up --name {name} --card FILE",
            exit_code=ExitCode.NOT_FOUND,
        )
    return card


def _check_free(name: str, card: Card) -> None:
    """Refuse what is up already, and machines that another playground of ours has."""
    record = load_record(name)
    if record is not None and record.state == "up":
        raise UserError(
            f"Playground “{name}” is up already.",
            f"Use it as it is, or remove it first: swarmtutor down --name {name}",
            exit_code=ExitCode.BUSY,
        )
    for other in known_names():
        theirs = saved_card(other) if other != name else None
        for host in theirs.hosts if theirs else ():
            if any((mine.host, mine.port or 22) == (host.host, host.port or 22) for mine in card.hosts):
                raise UserError(
                    f"Playground “{other}” already uses {host.destination}.",
                    f"Use that one (--name {other}), or remove it first: swarmtutor down --name {other}",
                    exit_code=ExitCode.BUSY,
                )


class _Making:
    """The work of `up` on machines that were signed in to."""

    def __init__(self, name: str, card: Card, machines: Mapping[str, Machine], listener: ProgressListener) -> None:
        self._name, self._card, self._machines, self._listen = name, card, machines, listener

    async def run(self, failed: Mapping[str, Exception], before: dict[str, Inventory]) -> None:
        """Make all of it; whatever was brought is taken back when it fails."""
        async with phase(self._listen, "looking at the machines", "SSH, engine, ports between them"):
            facts = await self._examined(failed)
        await self._leave(facts)
        if not before:
            before = {node: await _taken(machine) for node, machine in self._machines.items()}
        record = self._record(facts)
        save_record(record)
        _write(self._name, "card.json", to_document(self._card))
        _write(self._name, "before.json", {node: each.to_document() for node, each in before.items()})
        try:
            async with phase(self._listen, "images", "to the three engines"):
                await bring_images(self._machines, facts)
        except BaseException:
            await to_the_end(self._undo(before))
            raise
        save_record(record.with_state("up"))

    async def _examined(self, failed: Mapping[str, Exception]) -> dict[str, Facts]:
        needs, facts = await examine(self._card, self._machines, failed)
        missing = [need for need in needs if not need.met]
        if missing:
            raise UserError(
                "The machines are not as a swarm needs them.\n"
                + "\n".join(f"{need.what}: {need.found}" for need in missing),
                "\n".join(dict.fromkeys(need.mend for need in missing if need.mend)),
                exit_code=ExitCode.UNSUPPORTED,
            )
        return facts

    async def _leave(self, facts: Mapping[str, Facts]) -> None:
        """Leave the swarms that somebody allowed to be left: workers first."""
        members = [self._machines[node] for node, one in facts.items() if one.in_swarm]
        members.sort(key=lambda machine: facts[machine.host.node].swarm.get("ControlAvailable") is True)
        for machine in members:
            async with phase(self._listen, "leaving the swarm it was in", machine.host.node):
                await _leave_one(machine)

    def _record(self, facts: Mapping[str, Facts]) -> PlaygroundRecord:
        addresses = addresses_of(self._card, facts)
        return PlaygroundRecord(
            name=self._name,
            provider=_NAME,
            state="making",
            subnet="",
            hub="",
            nodes=tuple(
                NodeRecord(host.node, addresses[host.node], host.port, "", facts[host.node].hostname)
                for host in self._card.hosts
            ),
            mesh="ipvs" if all(one.ipvs for one in facts.values()) else "none",
        )

    async def _undo(self, before: Mapping[str, Inventory]) -> None:
        problems: list[str] = []
        for node, machine in self._machines.items():
            try:
                problems += await clear(machine.engine, before[node])
            except HostEngineError as error:
                problems.append(f"{node}: {error.words}")
        if not problems:  # else `down` finds what is left by what is written down
            shutil.rmtree(PlaygroundPaths.of(self._name).root, ignore_errors=True)


async def _taken(machine: Machine) -> Inventory:
    try:
        return await take(machine.engine)
    except HostEngineError as error:
        raise UserError(
            f"The engine of {machine.host.shown} does not say what it holds: {error.words}",
            "Look there: docker info",
            exit_code=ExitCode.BROKEN,
        ) from error


async def _leave_one(machine: Machine) -> None:
    try:
        await leave_swarm(machine.engine)
    except HostEngineError as error:
        raise UserError(
            f"{machine.host.shown} does not leave its swarm: {error.words}",
            "There: docker swarm leave --force",
            exit_code=ExitCode.BROKEN,
        ) from error


async def _clear_all(name: str, card: Card, nodes: Sequence[str], *, images: bool) -> None:
    """Have these machines leave their swarm, the last first, and remove what is new there."""
    before = _inventories(name)
    problems: list[str] = []
    async with open_machines(card) as (machines, failed):
        wanted = [host for host in card.hosts if host.node in nodes]
        problems += [unreachable(host, failed[host.node]).found for host in wanted if host.node in failed]
        # One after the other: engines that leave at the same time may keep the gossip's port (moby/moby#47859).
        for host in reversed(wanted):
            if machine := machines.get(host.node):
                problems += await _clear_one(machine, before[host.node], images=images)
        if not images:
            problems += await _still_gossiping([machines[host.node] for host in wanted if host.node in machines])
    if problems:
        raise UserError(
            "Not everything could be removed.\n" + "\n".join(problems),
            f"Try again later: swarmtutor down --name {name}\nOr give it up: swarmtutor down --forget --name {name}"
            if images
            else "Look there, then try again.",
            exit_code=ExitCode.BROKEN,
        )


async def _clear_one(machine: Machine, before: Inventory, *, images: bool) -> list[str]:
    try:
        await leave_swarm(machine.engine)
        return await clear(machine.engine, before, images=images)
    except HostEngineError as error:
        return [f"{machine.host.shown}: {error.words}"]


async def _still_gossiping(machines: Sequence[Machine]) -> list[str]:
    """Engines that have left and hold the port all the same: the next swarm's overlay networks would be dead."""
    found = await asyncio.gather(*(look(machine) for machine in machines))
    return [
        f"{machine.host.shown} has left its swarm, but its engine still holds port 7946 (moby/moby#47859). "
        "There: sudo systemctl restart docker"
        for machine, facts in zip(machines, found, strict=True)
        if facts.gossip and not facts.in_swarm
    ]
