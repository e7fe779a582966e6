"""What keeps a session's snapshot fresh."""

from collections.abc import Callable
from typing import Protocol

from tui.swarm.snapshot import Snapshot

__all__ = ["Watcher"]


class Watcher(Protocol):
    """What keeps the snapshot fresh: `tui.swarm.observer.Observer`, or a recording in a test."""

    @property
    def snapshot(self) -> Snapshot:
        """The swarm as last seen."""
        ...

    async def start(self) -> None:
        """Begin to look."""
        ...

    async def stop(self) -> None:
        """Look no more."""
        ...

    def subscribe(self, callback: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Call back with every new snapshot; returns how to stop it."""
        ...

    def refresh(self) -> None:
        """Look now."""
        ...

    async def wait_for(self, predicate: Callable[[Snapshot], bool], timeout: float) -> Snapshot:
        """The first snapshot that satisfies the predicate. Raises TimeoutError."""
        ...
