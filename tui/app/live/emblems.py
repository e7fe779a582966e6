"""How services are told apart at a glance: a colour, and always a letter beside it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from tui.app.paint import Role
from tui.swarm.snapshot import Service

__all__ = ["Emblem", "emblems"]

_HUES = (Role.HUE1, Role.HUE2, Role.HUE3, Role.HUE4, Role.HUE5, Role.HUE6)
_SPARE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True, slots=True)
class Emblem:
    """A service's name, the letter that stands for it, and its colour."""

    name: str
    letter: str
    role: Role


def emblems(services: Sequence[Service]) -> dict[str, Emblem]:
    """By service id: a letter of the service's own name if one is free. `#` where no sign is left."""
    found: dict[str, Emblem] = {}
    taken: set[str] = set()
    for number, service in enumerate(services):
        wanted = [sign for sign in service.name.upper() if sign in _SPARE]
        letter = next((sign for sign in (*wanted, *_SPARE) if sign not in taken), "#")
        taken.add(letter)
        found[service.id] = Emblem(service.name, letter, _HUES[number % len(_HUES)])
    return found
