"""How a playground stands, whichever provider made it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from tui.errors import ExitCode, UserError
from tui.playground.model import Fault, Progress, ProgressListener, ProgressState
from tui.playground.record import PlaygroundPaths, load_record

__all__ = ["Standing", "look_at", "tell_stopped"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is there of a playground."""

    up: bool  # made to the end, every part of it runs, and nothing is wrong with a node on purpose
    any_running: bool
    traces: tuple[str, ...]  # everything that is there, in words
    faults: Mapping[str, frozenset[Fault]] = field(default_factory=dict[str, frozenset[Fault]])  # of each node
    stopped: bool = False  # it was made to the end and nothing of it runs now, as after a restart of the machine
    startable: bool = False  # it is stopped, and its nodes are there with their disks


def tell_stopped(listener: ProgressListener, then: str) -> None:
    """Say that the playground was found stopped, and what follows from it."""
    detail = f"it had stopped, as with a restart of this machine; {then}"
    listener(Progress("the playground from before", ProgressState.DONE, detail))


async def look_at(name: str, provider: str) -> Standing:
    """How the playground of that name stands. Changes nothing. Raises UserError where nobody can be asked."""
    if provider == "hosts":
        return _hosts(name)
    if provider == "containers":
        return await asyncio.to_thread(_containers, name)
    return await _namespaces(name)


def _hosts(name: str) -> Standing:
    """As it is written down: the machines themselves are asked by whoever uses them."""
    record = load_record(name)
    made = record is not None and record.state == "up"
    traces = (f"what the lab has made on machines of yours, by {PlaygroundPaths.of(name).root}",) if record else ()
    return Standing(made, made, traces)


async def _namespaces(name: str) -> Standing:
    from tui.playground.providers.leftovers import Leftovers
    from tui.playground.providers.node_faults import standing_faults

    left = Leftovers.of(name)
    faults: Mapping[str, frozenset[Fault]] = await standing_faults(name) if left.any_running() else {}
    up = left.is_up() and not any(faults.values())
    running = left.any_running()
    return Standing(up, running, tuple(await left.found()), faults, stopped=left.is_made() and not running)


def _containers(name: str) -> Standing:
    from tui.playground.providers.container_engine import EngineRefusedError

    try:
        return _of_containers(name)
    except EngineRefusedError as error:
        raise UserError(f"The Docker Engine refuses: {error.words}", exit_code=ExitCode.BROKEN) from error


def _of_containers(name: str) -> Standing:
    from tui.playground.providers import container_faults, container_leftovers
    from tui.playground.providers.container_companion import companions_run

    found = container_leftovers.find(name)
    try:
        record = load_record(name)
    except UserError:
        record = None
    faults: Mapping[str, frozenset[Fault]] = container_faults.standing_faults(name) if found.running else {}
    made = record is not None and record.state == "up"
    up = made and found.whole and not any(faults.values()) and companions_run(name)
    stopped = made and not found.running
    return Standing(
        up,
        bool(found.running),
        (*found.described(), *container_leftovers.files(name)),
        faults,
        stopped,
        startable=stopped and found.has_nodes,
    )
