"""The state of the nodes in words that two runs of one lab share: no id, no time, no address, no chance. Pure."""

from collections import Counter
from collections.abc import Mapping

from tui.swarm.snapshot import Container, Engine, LocalState, PublishedPort, Service, Snapshot, SwarmNode

__all__ = ["Fingerprint", "differences", "fingerprint"]

Fingerprint = Mapping[str, str]
"""What is the case, by what it is about: «service pets» -> «swarmtutor/pets:1.0, 3 replicas, 3 running …»."""


def fingerprint(snapshot: Snapshot) -> Fingerprint:
    """What counts of a snapshot. Where each task runs does not: the manager may choose differently each time.

    Neither does who leads among several managers.
    """
    facts: dict[str, str] = {}
    for name, engine in snapshot.engines.items():
        facts[f"the engine of {name}"] = _membership(engine)
        if engine.reachable and (containers := _containers(engine.containers)):
            facts[f"containers started by hand on {name}"] = containers
    if not snapshot.swarm_known:
        facts["the swarm"] = "no manager can be asked"
        return facts
    for name in sorted({node.hostname for node in snapshot.nodes}):
        rows = sorted(_row(node) for node in snapshot.nodes if node.hostname == name)
        facts[f"{name} in the list of nodes"] = "; and ".join(rows)
    for service in snapshot.services:
        facts[f"service {service.name}"] = _service(service, snapshot)
    return facts


def differences(wanted: Fingerprint, found: Fingerprint) -> tuple[str, ...]:
    """What is not as it should be, each in words; empty where the two agree."""
    subjects = [*wanted, *(subject for subject in found if subject not in wanted)]
    return tuple(
        f"{subject}: {found.get(subject, 'none')}, not {wanted.get(subject, 'none')}"
        for subject in subjects
        if wanted.get(subject) != found.get(subject)
    )


def _membership(engine: Engine) -> str:
    if not engine.reachable:
        return "does not answer"
    if engine.state is LocalState.ACTIVE:
        return "in the swarm as manager" if engine.is_manager else "in the swarm as worker"
    return "in no swarm" if engine.state is LocalState.INACTIVE else engine.state.value


def _containers(containers: tuple[Container, ...]) -> str:
    counted = Counter(f"{c.image} {c.state}" for c in containers if not c.task_id)
    return ", ".join(f"{count} × {what}" for what, count in sorted(counted.items()))


def _row(node: SwarmNode) -> str:
    words = [node.role, node.availability, node.state]
    if node.role == "manager":
        words.append(node.reachability)
    return ", ".join([*words, *_labels(node.labels)])


def _service(service: Service, snapshot: Snapshot) -> str:
    wanted = service.mode if service.replicas is None else f"{service.mode}, {service.replicas} wanted"
    running = f"{snapshot.running(service)} running"
    ports = [_port(port) for port in sorted(service.ports, key=lambda port: (port.published, port.protocol))]
    return ", ".join([service.image, wanted, running, *ports, *_labels(service.labels)])


def _port(port: PublishedPort) -> str:
    return f"port {port.published} to {port.target}/{port.protocol} ({port.mode})"


def _labels(labels: tuple[tuple[str, str], ...]) -> list[str]:
    return [f"label {name}={value}" for name, value in sorted(labels)]
