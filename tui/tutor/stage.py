"""What performing steps needs: a lab, the nodes as they are now, and ways to act on them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tui.checks.model import Evidence
from tui.labs.model import CheckSpec, Lab, Step
from tui.playground.model import Playground
from tui.swarm.snapshot import Snapshot
from tui.tutor.node_control import NodeControl
from tui.tutor.shells import NodeShell

__all__ = ["DOING_A_STEP", "Doing", "Stage", "Tell"]

DOING_A_STEP = "Doing this step for you"
"""The title of what is done where the learner has asked for a step to be done."""


@dataclass(frozen=True, slots=True)
class Doing:
    """What is being done for the learner right now. `done` of `total` steps are behind; total 0: it is one act.

    `node`: in whose shell it is seen; empty where it is in none.
    """

    title: str  # «Going to “Drain a node”»
    now: str = ""  # «Start the swarm: docker swarm init»
    done: int = 0
    total: int = 0
    node: str = ""


Tell = Callable[[Doing], None]


class Stage(Protocol):
    """A lab on live nodes. `tui.tutor.live.LiveNodes` is one."""

    @property
    def lab(self) -> Lab:
        """What is played."""
        ...

    @property
    def facts(self) -> Mapping[str, str]:
        """The live facts known now."""
        ...

    @property
    def shells(self) -> Mapping[str, NodeShell]:
        """The live shells by node name."""
        ...

    @property
    def snapshot(self) -> Snapshot:
        """The swarm as last seen."""
        ...

    @property
    def playground(self) -> Playground:
        """The nodes. Raises RuntimeError while there are none."""
        ...

    @property
    def control(self) -> NodeControl | None:
        """Power over the nodes as machines; None where nothing may."""
        ...

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def evidence(self, *, start: Snapshot, since: float) -> Evidence:
        """What checks may look at."""
        ...

    def watch(self, specs: Sequence[CheckSpec]) -> None:
        """Ask the ports and run the commands that these checks look at, from now on, and no others."""
        ...

    def watch_step(self, step: Step) -> None:
        """The same for all checks of a step."""
        ...

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is looked at after everything that happens."""
        ...
