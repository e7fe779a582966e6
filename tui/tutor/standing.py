"""Whether the nodes are where a lesson left them, or where it begins; and how that beginning is made."""

import asyncio
import contextlib
from collections.abc import Mapping

from tui.errors import ExitCode, UserError
from tui.labs.model import Lab
from tui.playground.model import NODE_NAMES, Node, NodeUnreachableError
from tui.swarm.engine_client import SILENT
from tui.swarm.managers import NOT_ASKED
from tui.swarm.snapshot import LocalState, Snapshot
from tui.tutor.perform import state_specs
from tui.tutor.progress_record import LearnerProgress
from tui.tutor.stage import Stage
from tui.tutor.watcher import Watcher

__all__ = ["bring_to_start", "first_look", "is_at_start", "is_behind", "is_pristine"]

_MANAGERS: Mapping[str, tuple[str, ...]] = {
    "one-manager-two-workers": NODE_NAMES[:1],
    "three-managers": NODE_NAMES,
}
"""Who is a manager in each named state of the nodes that has a swarm."""

_DEADLINE = 60.0
_SECOND_CHANCE = 10.0


async def first_look(watcher: Watcher) -> Snapshot:
    """The first snapshot in which every engine and the swarm have answered, or have been seen not to answer.

    One that kept silent is given a second chance: on a busy machine it may only be slow, and what the swarm is would be
    taken for what it is not.
    """

    def looked(snapshot: Snapshot) -> bool:
        engines = snapshot.engines.values()
        return bool(engines) and NOT_ASKED not in {snapshot.manager_error, *(engine.error for engine in engines)}

    while True:
        try:
            first = await watcher.wait_for(looked, timeout=60.0)
            break
        except TimeoutError:
            # On a machine that is busy enough to take this long, a guess would be worse than waiting.
            continue
    if _is_silent(first):
        with contextlib.suppress(TimeoutError):
            return await watcher.wait_for(lambda snapshot: not _is_silent(snapshot), timeout=_SECOND_CHANCE)
    return watcher.snapshot


def _is_silent(snapshot: Snapshot) -> bool:
    """Whether somebody listens who does not answer, as opposed to nobody being there."""
    return any(SILENT in said for said in (snapshot.manager_error, *(each.error for each in snapshot.engines.values())))


def is_pristine(snapshot: Snapshot) -> bool:
    """Whether all nodes answer, none is in a swarm, and none has a container."""
    engines = snapshot.engines.values()
    return bool(engines) and all(
        engine.reachable and engine.state is LocalState.INACTIVE and not engine.containers for engine in engines
    )


def is_at_start(start: str, snapshot: Snapshot) -> bool:
    """Whether the nodes are as a lab with that `start` wants them for its beginning, with nothing else on them."""
    if start not in _MANAGERS:
        return is_pristine(snapshot)
    engines = snapshot.engines
    managers = {name for name, engine in engines.items() if engine.is_manager}
    return (
        bool(engines)
        and managers == set(_MANAGERS[start])
        and all(e.reachable and e.state is LocalState.ACTIVE and not e.containers for e in engines.values())
        and len(snapshot.nodes) == len(engines)
        and all(node.state == "ready" and node.availability == "active" for node in snapshot.nodes)
        and not snapshot.services
    )


async def bring_to_start(stage: Stage) -> None:
    """From untouched nodes: bring about the swarm that the lab begins with, if it begins with one.

    It is no work of the learner's, so nothing of it is typed. Raises UserError where it cannot be done.
    """
    start = stage.lab.start
    if start not in _MANAGERS or is_at_start(start, stage.snapshot):
        return
    first, *others = stage.playground.nodes
    await _done(first, f"docker swarm init --advertise-addr {first.address}")
    for node in others:
        role = "manager" if node.name in _MANAGERS[start] else "worker"
        token = await _done(first, f"docker swarm join-token -q {role}")
        await _done(node, f"docker swarm join --token {token} {first.address}:2377")
    try:
        async with asyncio.timeout(_DEADLINE):
            await stage.until(lambda: is_at_start(start, stage.snapshot))
    except TimeoutError:
        raise UserError(
            f"The nodes did not form the swarm that the lab begins with within {_DEADLINE:.0f} s.",
            "Reset them with `swarmtutor reset`, and try again.",
            exit_code=ExitCode.BROKEN,
        ) from None


async def _done(node: Node, command: str) -> str:
    try:
        ended = await node.run(command, timeout=_DEADLINE)
    except (NodeUnreachableError, TimeoutError) as error:
        raise UserError(f"{node.name} does not answer: {error}", exit_code=ExitCode.BROKEN) from error
    if ended.exit_status != 0:
        raise UserError(f"{node.name}: «{command}» failed: {ended.stderr.strip()}", exit_code=ExitCode.BROKEN)
    return ended.stdout.strip()


def is_behind(lab: Lab, progress: LearnerProgress, snapshot: Snapshot, *, fresh: bool) -> bool:
    """Whether the nodes are not in the state that the step they shall stand at builds on.

    That is: nodes made just now although steps before changed something, another swarm than the one in which the last
    step was done, or nodes that are not as the lab wants them for its beginning.
    """
    behind = {*progress.done, *progress.passed}
    if not any(step.id in behind and state_specs(step) for step in lab.steps):
        return not is_at_start(lab.start, snapshot)
    if all(step.id in behind for step in lab.steps) and not progress.at:
        return False
    return fresh or (bool(progress.swarm) and snapshot.cluster_id != progress.swarm)
