"""`swarmtutor doctor`: what each provider needs, what this machine has, and the mend for what is missing."""

import json
from collections.abc import Callable
from dataclasses import asdict

from tui.errors import ExitCode, UserError
from tui.playground.model import Requirement
from tui.playground.providers import PROVIDERS, provider_named

__all__ = ["examine", "report"]


def examine() -> dict[str, tuple[Requirement, ...]]:
    """The needs of every provider, in the order in which `auto` tries them. Changes nothing."""
    found: dict[str, tuple[Requirement, ...]] = {}
    for name in PROVIDERS:
        try:
            found[name] = tuple(provider_named(name).requirements())
        except UserError as error:
            found[name] = (Requirement("this system", False, error.what, error.hint),)
    return found


def report(found: dict[str, tuple[Requirement, ...]], *, as_json: bool, write: Callable[[str], None]) -> int:
    """Print the table, or JSON. Returns OK if a provider can work here, else UNSUPPORTED."""
    working = [name for name, needs in found.items() if all(need.met for need in needs)]
    if as_json:
        providers = {
            name: {"works": name in working, "requirements": [asdict(need) for need in needs]}
            for name, needs in found.items()
        }
        write(json.dumps({"auto": working[0] if working else None, "providers": providers}, indent=2))
        return ExitCode.OK if working else ExitCode.UNSUPPORTED
    for name, needs in found.items():
        write(f"{name}: {'can work here' if name in working else 'cannot work here'}")
        width = max((len(need.what) for need in needs), default=0)
        for need in needs:
            write(f"  {'✔' if need.met else '✘'} {need.what:{width}}  {need.found}")
            if not need.met and need.mend:
                write(f"    {need.mend}")
    write(f"auto takes: {working[0]}" if working else "No provider can work here yet; the lines above say what to do.")
    return ExitCode.OK if working else ExitCode.UNSUPPORTED
