"""What a lab's checks look at beyond what everybody needs, so that other labs cost the engines nothing. Pure."""

from collections.abc import Iterable, Mapping

from tui.labs.model import CheckSpec, Lab, Subject
from tui.labs.references import all_checks
from tui.swarm.snapshot import Extra

__all__ = ["extras_of", "extras_of_checks"]

_OF_SUBJECT = {
    Subject.NETWORK: Extra.NETWORKS,
    Subject.SECRET: Extra.SECRETS,
    Subject.CONFIG: Extra.CONFIGS,
    Subject.IMAGE: Extra.IMAGES,
}


def extras_of(lab: Lab) -> frozenset[Extra]:
    """What the engines must be asked for, for all checks of the lab."""
    return extras_of_checks(all_checks(lab))


def extras_of_checks(specs: Iterable[CheckSpec]) -> frozenset[Extra]:
    """What the engines must be asked for, for these checks."""
    wanted: set[Extra] = set()
    for spec in specs:
        if extra := _OF_SUBJECT.get(spec.subject):
            wanted.add(extra)
        if spec.subject is Subject.SERVICE and isinstance(spec.expect, Mapping) and "networks" in spec.expect:
            wanted.add(Extra.NETWORKS)  # a service knows its networks by their ids alone
    return frozenset(wanted)
