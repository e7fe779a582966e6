"""The web requests to the nodes, for somebody who looks on: the learner's own, and those made to be looked at."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from tui.checks.model import WebTarget
from tui.playground.model import Playground, WebAnswer
from tui.terminal.marks import ShellEvent
from tui.tutor.prober import WebProber
from tui.tutor.web_requests import OwnRequest, RequestSpotter

__all__ = ["Traffic"]

VISIT_INTERVAL = 1.0
"""Seconds between two requests for the same page."""


class Traffic:
    """Belongs to one event loop. No check ever sees what is answered here."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._visitor: WebProber | None = None
        self._spotter: RequestSpotter | None = None

    @property
    def visited(self) -> Mapping[WebTarget, Sequence[WebAnswer]]:
        """The last answers of the pages that are asked because of `visit`, oldest first."""
        return self._visitor.answers if self._visitor else MappingProxyType({})

    @property
    def own(self) -> Sequence[OwnRequest]:
        """The last requests that the learner made in a shell, oldest first."""
        return self._spotter.requests if self._spotter else ()

    def visit(self, pages: Sequence[WebTarget]) -> None:
        """Ask these pages, from now on and no others, once a second each."""
        if self._visitor:
            self._visitor.watch(pages)

    def begin(self, playground: Playground) -> None:
        """From now on these are the nodes."""
        self._visitor = WebProber(playground, _nobody_waits, VISIT_INTERVAL)
        names = {name: node.name for node in playground.nodes for name in (node.name, node.address)}
        self._spotter = RequestSpotter(names)

    async def end(self) -> None:
        """Ask nothing any more, and forget what was answered."""
        visitor, self._visitor, self._spotter = self._visitor, None, None
        if visitor:
            await visitor.close()

    def read(self, node: str, events: Sequence[ShellEvent]) -> None:
        """Something happened in the shell of a node."""
        if self._spotter:
            self._spotter.take(node, events, self._clock())


def _nobody_waits() -> None:
    """Those who look on look again by themselves."""
