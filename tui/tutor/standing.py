"""Whether the nodes are where a lesson left them, when a session goes live on them."""

from tui.labs.model import Lab, Subject
from tui.swarm.managers import NOT_ASKED
from tui.swarm.snapshot import LocalState, Snapshot
from tui.tutor.progress import LearnerProgress
from tui.tutor.watcher import Watcher

__all__ = ["first_look", "is_behind", "is_pristine"]


async def first_look(watcher: Watcher) -> Snapshot:
    """The first snapshot in which every engine and the swarm have answered, or have been seen not to answer."""

    def looked(snapshot: Snapshot) -> bool:
        engines = snapshot.engines.values()
        return bool(engines) and NOT_ASKED not in {snapshot.manager_error, *(engine.error for engine in engines)}

    while True:
        try:
            return await watcher.wait_for(looked, timeout=60.0)
        except TimeoutError:
            # On a machine that is busy enough to take this long, a guess would be worse than waiting.
            continue


def is_pristine(snapshot: Snapshot) -> bool:
    """Whether all nodes answer, none is in a swarm, and none has a container."""
    engines = snapshot.engines.values()
    return bool(engines) and all(
        engine.reachable and engine.state is LocalState.INACTIVE and not engine.containers for engine in engines
    )


def is_behind(lab: Lab, progress: LearnerProgress, snapshot: Snapshot, *, fresh: bool) -> bool:
    """Whether the nodes are not in the state that the furthest open step builds on.

    That is: nodes made just now although steps before changed something, another swarm than the one in which the last
    step was done, or nodes that are not as the lab wants them for its beginning.
    """
    changed_something = any(
        step.id in progress.done and any(spec.subject is not Subject.RAN for spec in step.goal) for step in lab.steps
    )
    if not changed_something:
        return lab.start == "no-swarm" and not is_pristine(snapshot)
    if len(progress.done) == len(lab.steps):
        return False
    return fresh or (bool(progress.swarm) and snapshot.cluster_id != progress.swarm)
