"""One learner in one lab: which step is open, what is done, and what the nodes say about it."""

from collections.abc import Callable, Mapping

from tui.labs.model import Lab
from tui.playground.model import Playground
from tui.swarm.snapshot import Snapshot
from tui.tutor.shells import NodeShell
from tui.tutor.views import LessonView, SessionEvent

__all__ = ["LabSession"]


class LabSession:
    """The contract, for the screens. All methods belong to one event loop; none blocks."""

    lab: Lab

    @property
    def view(self) -> LessonView:
        """The step on screen, as it stands now."""
        raise NotImplementedError

    @property
    def snapshot(self) -> Snapshot:
        """The swarm as last seen."""
        raise NotImplementedError

    @property
    def shells(self) -> Mapping[str, NodeShell]:
        """The live shells by node name; empty until connected."""
        raise NotImplementedError

    @property
    def mesh(self) -> str:
        """What carries published ports: ipvs, nftables, or empty while not known."""
        raise NotImplementedError

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Call `listener` in the event loop on every change; returns how to stop it."""
        raise NotImplementedError

    async def connect(self, playground: Playground, *, fresh: bool) -> None:
        """Go live on these nodes. `fresh`: they were made just now."""
        raise NotImplementedError

    async def close(self) -> None:
        """Stop watching, end the shells, close the connections, save progress. Within about a second."""
        raise NotImplementedError

    def next(self) -> bool:
        """Open the next step, if the open one is done."""
        raise NotImplementedError

    def previous(self) -> bool:
        """Show the step before."""
        raise NotImplementedError

    def hint(self) -> bool:
        """Show one more hint."""
        raise NotImplementedError

    def insert_command(self) -> str | None:
        """Type the step's next command into its node's shell, without Enter. Returns that node's name.

        None if the step has no command, a fact in it is not known yet, or its shell is not at a prompt.
        """
        raise NotImplementedError

    async def catch_up(self) -> None:
        """From any state: bring fresh nodes to the open step by running the commands of the steps before it."""
        raise NotImplementedError
