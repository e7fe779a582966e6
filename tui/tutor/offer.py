"""What the screen offers where no provider can work: the needs in plain words, and the mends for them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tui.playground.model import ProgressListener, Requirement
from tui.tutor.doctor import examine, ways_by_hand
from tui.tutor.machine import Machine, ThisMachine
from tui.tutor.mending import can_mend, carry_out, resolved
from tui.tutor.mends import Found, MendPlan, commands_of, plan_of, works

__all__ = ["HostMends", "Offer", "PlainNeed", "plain_needs"]

_PROGRAM = "the program "

_WORDS = {"namespaces": "Nodes made of this Linux itself", "containers": "Nodes that are containers"}
"""How a person who has not chosen a provider may think of it."""


@dataclass(frozen=True, slots=True)
class PlainNeed:
    """A line of the table. `mend`: what the person can do about it; empty if it is met or a program can bring it."""

    met: bool
    text: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What was found, and what can be done about it.

    `commands` are those that `HostMends.carry_out` comes to, empty where it can do nothing; `by_hand` are to be typed
    by the person, empty where that is not known.
    """

    found: Found
    plan: MendPlan
    commands: tuple[str, ...]
    by_hand: tuple[str, ...]

    @property
    def works(self) -> bool:
        """Whether a provider can work now."""
        return any(works(needs) for needs in self.found.values())

    @property
    def table(self) -> Sequence[tuple[str, Sequence[PlainNeed]]]:
        """The needs of every provider, in few lines."""
        return [(_WORDS.get(name, name), plain_needs(needs)) for name, needs in self.found.items()]


def plain_needs(needs: Sequence[Requirement]) -> list[PlainNeed]:
    """The needs in as few lines as they can be said in: what is missing first."""
    lines: list[PlainNeed] = []
    missing = [need.what.removeprefix(_PROGRAM) for need in needs if not need.met and need.what.startswith(_PROGRAM)]
    if missing:
        lines.append(PlainNeed(False, f"not installed: {', '.join(missing)}"))
    for need in needs:
        if not need.met and not need.what.startswith(_PROGRAM):
            lines.append(PlainNeed(False, f"{need.what}: {need.found}", "" if need.remedy else need.mend))
    met = [need.what.removeprefix(_PROGRAM) for need in needs if need.met]
    if met:
        lines.append(PlainNeed(True, ", ".join(met)))
    return lines


class HostMends:
    """The mends of this machine, for one provider or for whichever can work."""

    def __init__(
        self,
        provider: str | None = None,
        machine: Machine | None = None,
        look: Callable[[str | None], Found] = examine,
    ) -> None:
        self._provider = provider
        self._machine = machine or ThisMachine()
        self._look = look

    async def look(self) -> Offer:
        """Examine the machine. Changes nothing."""
        found = await asyncio.to_thread(self._look, self._provider)
        plan = await resolved(plan_of(found), self._machine)
        commands = commands_of(plan, lambda _package: False) if can_mend(self._machine) else ()
        return Offer(found, plan, commands, ways_by_hand(plan, self._machine))

    async def carry_out(self, offer: Offer, listener: ProgressListener) -> None:
        """Do what was offered. Raises UserError when it fails; cancelled, it stops where nothing is half done."""
        await carry_out(offer.plan, self._machine, listener)
