"""What an explanation looks at: the red goals with their facts filled in, and what was known when."""

from collections.abc import Mapping
from dataclasses import dataclass

from tui.checks.model import Evidence, Outcome, Verdict
from tui.labs.model import CheckSpec, Expectation, Subject
from tui.swarm.snapshot import Service, Snapshot, SwarmNode

__all__ = ["Red", "Scene", "expected"]


@dataclass(frozen=True, slots=True)
class Red:
    """One goal that is not met: the check with its facts filled in, and its verdict."""

    spec: CheckSpec
    verdict: Verdict

    @property
    def expect(self) -> Mapping[str, Expectation]:
        """What is wanted, by field."""
        return self.spec.expect if isinstance(self.spec.expect, Mapping) else {}

    @property
    def of(self) -> Mapping[str, Expectation]:
        """The filter of a subject that takes one."""
        return self.spec.of if isinstance(self.spec.of, Mapping) else {}

    @property
    def service(self) -> str:
        """The service that the goal is about; empty where it is about none."""
        if self.spec.subject is Subject.SERVICE:
            return str(self.spec.of)
        return str(self.of.get("service", "")) if self.spec.subject is Subject.TASKS else ""

    @property
    def node(self) -> str:
        """The node that the goal is about, by name or id; empty where it is about none."""
        if self.spec.subject in (Subject.NODE, Subject.SWARM):
            return str(self.spec.of)
        node = self.of.get("node", "")
        return node if isinstance(node, str) else ""


@dataclass(frozen=True, slots=True)
class Scene:
    """The red goals in their order, with all checks of the goal and what there is to look at."""

    reds: tuple[Red, ...]
    specs: tuple[CheckSpec, ...]
    evidence: Evidence

    @property
    def now(self) -> Snapshot:
        """The swarm now."""
        return self.evidence.snapshot

    @property
    def start(self) -> Snapshot:
        """The swarm as the step began."""
        return self.evidence.start

    def open(self, red: Red) -> bool:
        """Whether the goal could be looked at and is not met."""
        return red.verdict.outcome is Outcome.FAIL

    def service_then(self, service: Service) -> Service | None:
        """The same service as the step began."""
        return next((then for then in self.start.services if then.id == service.id), None)

    def node_then(self, node: SwarmNode) -> SwarmNode | None:
        """The same row as the step began."""
        return next((then for then in self.start.nodes if then.id == node.id), None)

    def images(self) -> tuple[str, ...]:
        """The images that the goal names, and those that are in use."""
        named: list[str] = []
        for spec in self.specs:
            for words in (spec.of, spec.expect):
                image = words.get("image") if isinstance(words, Mapping) else None
                if isinstance(image, str):
                    named.append(image)
        used = [service.image for service in self.now.services]
        used += [one.image for engine in self.now.engines.values() for one in engine.containers]
        return tuple(dict.fromkeys((*named, *used)))


def expected(value: Expectation) -> str | int | float | bool | None:
    """The one value that is wanted of a field; None where it is told by matchers."""
    return value if isinstance(value, (str, int, float, bool)) else None
