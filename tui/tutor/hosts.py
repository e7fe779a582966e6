"""What the commands say and ask about machines of the learner's own: host keys, swarms that are there, what is left."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from pathlib import Path

from tui.errors import ExitCode, UserError
from tui.playground.card import Card, card_of_nodes, read_card
from tui.playground.model import ProgressListener, Requirement
from tui.playground.providers import HOSTS
from tui.playground.providers.hosts import HostsProvider, Made, requirements_of
from tui.playground.providers.hosts_preflight import swarm_words
from tui.playground.providers.hosts_ssh import UnknownHostKeyError, own_known_hosts, remember_key
from tui.playground.providers.hosts_work import Machine, look, open_machines
from tui.playground.record import load_record
from tui.tutor.asking import Ask

__all__ = ["chosen_card", "introduce", "offer_removal", "report_card"]

Write = Callable[[str], None]


def chosen_card(file: str | None, nodes: Sequence[str], provider: str | None) -> Card:
    """The card that a command line names: in a file, or by three machines. Raises UserError."""
    if file and nodes:
        raise UserError(
            "--card and --node are two ways to say the same.", "Give one of them.", exit_code=ExitCode.USAGE
        )
    if provider not in (None, "auto", HOSTS):
        raise UserError(
            f"A card is for the provider {HOSTS}, not for {provider}.",
            "Leave --provider out.",
            exit_code=ExitCode.USAGE,
        )
    return read_card(Path(file)) if file else card_of_nodes(nodes)


async def introduce(card: Card, name: str, *, accepted: Collection[str], ask: Ask | None, write: Write) -> Card:
    """Settle with the person what must be settled before anything is done on the machines.

    Host keys that nobody has vouched for are accepted, asked about, or refused; for machines that are in a swarm the
    person says whether they may leave it. Returns the card with that leave. Raises UserError.
    """
    record = load_record(name)
    if record is not None and record.state == "up":
        return card
    asked: set[str] = set()
    vouched = {entry.rstrip("=") for entry in accepted}
    while True:
        async with open_machines(card) as (machines, failed):
            refused = [failed.get(host.node) for host in card.hosts]
            fresh = [error for error in refused if isinstance(error, UnknownHostKeyError) and error.line not in asked]
            if not fresh:
                return card.leaving(await _to_leave(machines, ask, write))
        if ask is None and (unknown := [error for error in fresh if error.fingerprint not in vouched]):
            what = "\n".join(f"{error}." for error in unknown)
            raise UserError(what, "\n".join(error.mend for error in unknown), exit_code=ExitCode.UNSUPPORTED)
        for error in fresh:
            _accept(error, vouched, ask, write)
            asked.add(error.line)


def _accept(error: UnknownHostKeyError, vouched: Collection[str], ask: Ask | None, write: Write) -> None:
    """Remember a host key that somebody vouched for before or does now; else raise UserError."""
    if error.fingerprint in vouched:
        remember_key(error.line)
        write(f"{error.node}: host key {error.fingerprint} accepted; remembered in {own_known_hosts()}.")
        return
    write(f"{error.where} shows a host key that nobody has vouched for yet:")
    write(f"  {error.kind} {error.fingerprint}")
    write("There, ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub tells the right one.")
    if ask is None or not ask(f"Is that {error.node}'s key?"):
        raise UserError(
            f"The host key of {error.node} was not accepted, so nothing was done.", exit_code=ExitCode.FAILED
        )
    remember_key(error.line)
    write(f"Remembered in {own_known_hosts()}.")


async def _to_leave(machines: dict[str, Machine], ask: Ask | None, write: Write) -> list[str]:
    """The ids, in swarms that are there, of machines that may leave them. Without anybody to ask none may."""
    leave: list[str] = []
    for machine in machines.values() if ask is not None else ():
        facts = await look(machine)
        if not facts.in_swarm:
            continue
        write(f"{machine.host.shown}: {swarm_words(facts)}.")
        write("A machine that leaves its swarm loses the services that run there, a last manager the whole swarm.")
        if ask is not None and ask(f"Shall {machine.host.node} leave that swarm?"):
            leave.append(str(facts.swarm.get("NodeID", "")))
    return leave


# -- looking -----------------------------------------------------------------------------------------------------


async def report_card(card: Card, *, accepted: Collection[str], as_json: bool, write: Write) -> int:
    """Print what is needed on a card's machines and what was found; OK if they can be used."""
    needs = await requirements_of(card)
    if accepted:
        async with open_machines(card) as (_, failed):
            unknown = [error for error in failed.values() if isinstance(error, UnknownHostKeyError)]
        for error in unknown:
            if error.fingerprint in {entry.rstrip("=") for entry in accepted}:
                remember_key(error.line)
        if unknown:
            needs = await requirements_of(card)
    works = all(need.met for need in needs)
    if as_json:
        document = {"works": works, "requirements": [asdict(need) for need in needs]}
        write(json.dumps({"providers": {HOSTS: document}}, indent=2))
    else:
        write(f"{HOSTS}: these machines {'can be used' if works else 'cannot be used yet'}")
        _table(needs, write)
    return ExitCode.OK if works else ExitCode.UNSUPPORTED


def _table(needs: Sequence[Requirement], write: Write) -> None:
    width = max((len(need.what) for need in needs), default=0)
    for need in needs:
        sign = "✘" if not need.met else "!" if need.mend else "✔"
        write(f"  {sign} {need.what:{width}}  {need.found}")
        for line in need.mend.splitlines() if sign != "✔" else ():
            write(f"    {line}")


# -- taking back -------------------------------------------------------------------------------------------------


async def offer_removal(
    name: str, listener: ProgressListener, write: Write, *, ask: Ask | None, yes: bool, forget: bool
) -> bool:
    """List what the lab has made on the machines, and remove it if the person agrees; whether it was removed.

    `yes`: nobody is asked. `forget`: what cannot be reached or removed is left there. Raises UserError.
    """
    provider = HostsProvider()
    made = await provider.made(name)
    for line in describe_made(made):
        write(line)
    if any(made.things.values()) and not yes:
        if ask is None:
            raise UserError(
                "There is no terminal to ask at, so nothing was removed.",
                "With --yes nothing is asked.",
                exit_code=ExitCode.USAGE,
            )
        if not ask("Remove all of it? What was there before stays."):
            write("Nothing was removed.")
            return False
    try:
        await provider.down(name, listener)
    except UserError as error:
        if not forget:
            raise
        write(f"{error.what}\nThis is left there.")
        provider.forget(name)
    return True


_PLURALS = {"membership": "", "task": "containers of services"}


def describe_made(made: Made) -> list[str]:
    """What the lab has made, a line a machine and kind."""
    lines: list[str] = []
    for node, things in made.things.items():
        kinds = dict.fromkeys(thing.kind for thing in things)
        lines += [
            f"  {node}: {_PLURALS.get(kind, kind)}{' ' if _PLURALS.get(kind, kind) else ''}"
            + ", ".join(sorted({thing.words for thing in things if thing.kind == kind}))
            for kind in kinds
        ]
    if lines:
        lines.insert(0, "Made on your machines since this playground was made:")
    elif not made.silent:
        lines.append("Nothing was made on your machines since this playground was made.")
    lines += [f"  {node}: {why}; what was made there is not known" for node, why in made.silent.items()]
    return lines
