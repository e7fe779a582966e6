"""To each subject its own module: what is seen of it, and how its goal is said."""

from collections.abc import Mapping

from tui.checks.model import Evidence
from tui.checks.sight import Blind, Sight
from tui.checks.subjects import (
    answers,
    cmd,
    containers,
    images,
    networks,
    nodes,
    ran,
    services,
    stacks,
    stored,
    swarm,
    tasks,
    web,
)
from tui.checks.wanted import Wanted
from tui.labs.model import CheckSpec, Expectation, Subject
from tui.swarm.snapshot import Snapshot

__all__ = ["filter_of", "goal_of", "look"]


def filter_of(spec: CheckSpec) -> Mapping[str, Expectation]:
    """The filter of a subject that takes one."""
    return spec.of if isinstance(spec.of, Mapping) else {}


def look(spec: CheckSpec, snapshot: Snapshot, evidence: Evidence) -> Sight | Blind:
    """What the check's subject shows of itself: in a snapshot or, if it is no matter of snapshots, in the evidence."""
    match spec.subject:
        case Subject.SWARM:
            return swarm.look(str(spec.of), snapshot)
        case Subject.NODE:
            return nodes.look(str(spec.of), snapshot)
        case Subject.NODES:
            return nodes.look_many(filter_of(spec), snapshot)
        case Subject.SERVICE:
            return services.look(str(spec.of), snapshot)
        case Subject.TASKS:
            return tasks.look(filter_of(spec), snapshot)
        case Subject.CONTAINER:
            return containers.look(filter_of(spec), snapshot)
        case Subject.WEB:
            return web.look(filter_of(spec), evidence)
        case Subject.RAN:
            return Blind("commands have no state of their own")
        case Subject.NETWORK:
            return networks.look(str(spec.of), snapshot)
        case Subject.SECRET | Subject.CONFIG:
            return stored.look(spec.subject, str(spec.of), snapshot)
        case Subject.STACK:
            return stacks.look(str(spec.of), snapshot)
        case Subject.IMAGE:
            return images.look(filter_of(spec), snapshot)
        case Subject.ANSWER:
            return answers.look(str(spec.of), evidence)
        case Subject.CMD:
            return cmd.look(filter_of(spec), evidence)


def goal_of(spec: CheckSpec, wanted: Mapping[str, Wanted]) -> str:
    """What the check asks for, in the program's own words."""
    match spec.subject:
        case Subject.SWARM:
            return swarm.goal(str(spec.of), wanted)
        case Subject.NODE:
            return nodes.goal(str(spec.of), wanted)
        case Subject.NODES:
            return nodes.count_goal(filter_of(spec), wanted)
        case Subject.SERVICE:
            return services.goal(str(spec.of), wanted)
        case Subject.TASKS:
            return tasks.goal(filter_of(spec), wanted)
        case Subject.CONTAINER:
            return containers.goal(filter_of(spec), wanted)
        case Subject.WEB:
            return web.goal(filter_of(spec), wanted)
        case Subject.RAN:
            return ran.goal(filter_of(spec), wanted)
        case Subject.NETWORK:
            return networks.goal(str(spec.of), wanted)
        case Subject.SECRET | Subject.CONFIG:
            return stored.goal(spec.subject, str(spec.of), wanted)
        case Subject.STACK:
            return stacks.goal(str(spec.of), wanted)
        case Subject.IMAGE:
            return images.goal(filter_of(spec), wanted)
        case Subject.ANSWER:
            return answers.goal(wanted)
        case Subject.CMD:
            return cmd.goal(filter_of(spec), wanted)
