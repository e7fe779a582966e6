"""Why a goal is red, where no author has foreseen it: from the swarm as it is, and from the last command. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from tui.checks.evaluate import fill
from tui.checks.failed_commands import command_trouble
from tui.checks.model import Evidence, Outcome, Verdict
from tui.checks.node_troubles import node_deviation, node_trouble, swarm_trouble
from tui.checks.scene import Red, Scene
from tui.checks.service_troubles import service_deviation, service_trouble
from tui.labs.model import CheckSpec

__all__ = ["explain"]


def explain(
    specs: Sequence[CheckSpec], verdicts: Sequence[Verdict], evidence: Evidence, facts: Mapping[str, str]
) -> str:
    """One or two sentences on why the goal (`specs`, judged as `verdicts`) is red; empty if there is nothing to say.

    The most telling first: that nobody can be asked, what the last command said, what keeps nodes and tasks from what
    is wanted of them, and then what was done since the step began and leads elsewhere. That something was merely not
    done yet is no trouble.
    """
    filled = tuple(fill(spec, facts) or spec for spec in specs)
    reds = tuple(
        Red(spec, verdict)
        for spec, verdict in zip(filled, verdicts, strict=False)
        if verdict.outcome is not Outcome.PASS
    )
    if not reds:
        return ""
    scene = Scene(reds, filled, evidence)
    return next((sentence for sentence in _sentences(scene) if sentence), "")


def _sentences(scene: Scene) -> Iterator[str]:
    yield swarm_trouble(scene)
    yield command_trouble(scene)
    of_one: tuple[Callable[[Red, Scene], str], ...] = (node_trouble, service_trouble, node_deviation, service_deviation)
    for look in of_one:
        for red in scene.reds:
            yield look(red, scene)
