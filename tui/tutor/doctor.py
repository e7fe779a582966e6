"""`swarmtutor doctor`: what each provider needs, what this machine has, and the mend for what is missing."""

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict

from tui.errors import ExitCode, UserError
from tui.playground.model import ProgressListener, Requirement
from tui.playground.providers import PROVIDERS, provider_named
from tui.tutor.changes import HostChanges, load_changes, undo_hint
from tui.tutor.machine import Machine, ThisMachine
from tui.tutor.mending import can_mend, carry_out, resolved, take_back, what_to_take_back
from tui.tutor.mends import Found, MendPlan, by_hand, commands_of, plan_of, works

__all__ = ["Ask", "examine", "fix", "report", "undo", "ways_by_hand"]

Write = Callable[[str], None]
Ask = Callable[[str], Awaitable[bool]]
"""Puts a question to the person; the answer is whether to go on."""


def examine(provider: str | None = None) -> dict[str, tuple[Requirement, ...]]:
    """The needs of every provider, in the order in which `auto` tries them, or of that one. Changes nothing."""
    found: dict[str, tuple[Requirement, ...]] = {}
    for name in PROVIDERS if provider in (None, "auto") else (provider,):
        assert name is not None
        try:
            found[name] = tuple(provider_named(name).requirements())
        except UserError as error:
            found[name] = (Requirement("this system", False, error.what, error.hint),)
    return found


def report(found: Found, *, as_json: bool, write: Write) -> int:
    """Print the table, or JSON. Returns OK if a provider can work here, else UNSUPPORTED."""
    working = [name for name, needs in found.items() if works(needs)]
    if as_json:
        providers = {
            name: {"works": name in working, "requirements": [asdict(need) for need in needs]}
            for name, needs in found.items()
        }
        auto = working[0] if working else None
        changed = asdict(load_changes())
        write(json.dumps({"auto": auto, "providers": providers, "changed_by_fix": changed}, indent=2))
        return ExitCode.OK if working else ExitCode.UNSUPPORTED
    for name, needs in found.items():
        write(f"{name}: {'can work here' if name in working else 'cannot work here'}")
        width = max((len(need.what) for need in needs), default=0)
        for need in needs:
            write(f"  {'✔' if need.met else '✘'} {need.what:{width}}  {need.found}")
            if not need.met and need.mend:
                write(f"    {need.mend}")
    write(f"auto takes: {working[0]}" if working else "No provider can work here yet; the lines above say what to do.")
    if not working and plan_of(found) and can_mend(ThisMachine()):
        write("`swarmtutor doctor --fix` does it, after asking.")
    if hint := undo_hint():
        write(hint)
    return ExitCode.OK if working else ExitCode.UNSUPPORTED


def ways_by_hand(plan: MendPlan, machine: Machine) -> tuple[str, ...]:
    """What a person can type so that a provider can work here; empty if that is not known."""
    return by_hand(plan, machine.manager, lambda _package: False)


async def fix(
    machine: Machine, *, ask: Ask | None, listener: ProgressListener, write: Write, look: Callable[[], Found] = examine
) -> None:
    """Do what can be done about what is missing, after asking; without anybody to `ask` nothing is asked.

    Says what it did not do, and why. Raises UserError when a part fails.
    """
    plan = await resolved(plan_of(look()), machine)
    for need in plan.left:
        write(f"Not to be mended from here: {need.what}: {need.found}. {need.mend}".rstrip())
    if not plan:
        write("There is nothing to install, load or set.")
        return
    if not can_mend(machine):
        write("This program installs only as root on Debian and Ubuntu. To type here:")
        _list(ways_by_hand(plan, machine) or ("(install a Docker Engine, 20.10 or newer, and start it)",), write)
        return
    write(f"To be done for `{plan.provider}`; no engine is started, and `swarmtutor doctor --undo` takes it back:")
    _list(commands_of(plan, lambda _package: False), write)
    if ask is not None and not await ask("Do it now?"):
        write("Nothing was changed.")
        return
    await carry_out(plan, machine, listener)


async def undo(machine: Machine, *, ask: Ask | None, listener: ProgressListener, write: Write) -> None:
    """Take back what `fix` has changed, after asking; without anybody to `ask` nothing is asked."""
    changes, commands = await what_to_take_back(machine)
    if not load_changes():
        write("There is nothing to take back: `doctor --fix` has changed nothing on this machine.")
        return
    if not machine.root:
        raise UserError("Only root can take it back.", "Run it with sudo.", exit_code=ExitCode.UNSUPPORTED)
    write("To be done:" if commands else "Nothing of it is left.")
    _list(commands, write)
    for text in _warnings(changes):
        write(text)
    if commands and ask is not None and not await ask("Do it now?"):
        write("Nothing was changed.")
        return
    await take_back(changes, machine, listener)


def _warnings(changes: HostChanges) -> Iterator[str]:
    if "docker.io" in changes.packages:
        yield "With docker.io goes what an engine of its own has kept in /var/lib/docker since: images and volumes."


def _list(commands: tuple[str, ...], write: Write) -> None:
    for command in commands:
        write(f"  {command}")
