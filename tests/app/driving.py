"""Driving the app in tests: start it on a fake session, wait for conditions, read the screen as text."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from textual.pilot import Pilot

from tests.app.fakes import FakeSession, prepare_well
from tui.app.app import Beginning, Prepare, SwarmtutorApp
from tui.app.preferences import ForThisRun, PreferencesFile
from tui.app.screens.lab import LabScreen
from tui.app.signs import Signs
from tui.tutor.offer import HostMends

__all__ = ["SIZES", "Driven", "driven"]

SIZES = [(80, 24), (120, 36), (200, 60)]


@dataclass
class Driven:
    """A running app and what drives it."""

    app: SwarmtutorApp
    pilot: Pilot[int]
    session: FakeSession

    @property
    def lab(self) -> LabScreen:
        return self.app.lab

    @property
    def screen_text(self) -> str:
        """What is on screen, as rows of text."""
        # Textual has no public way to read the screen as text.
        strips = self.app.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, condition: Callable[[], bool], what: str = "", deadline: float = 60.0) -> None:
        """Wait for a condition; fails with the screen if it does not come true in time."""
        end = time.monotonic() + deadline
        while not condition():
            assert time.monotonic() < end, f"never came true: {what}\n{self.screen_text}"
            await self.pilot.pause(0.01)

    async def until_seen(self, text: str) -> None:
        await self.until(lambda: text in self.screen_text, f"{text!r} on screen")

    async def until_gone(self, text: str) -> None:
        await self.until(lambda: text not in self.screen_text, f"{text!r} gone")


@asynccontextmanager
async def driven(
    size: tuple[int, int] = (120, 36),
    session: FakeSession | None = None,
    prepare: Prepare = prepare_well,
    *,
    live: bool = True,
    keymap: Mapping[str, str] | None = None,
    signs: Signs | None = None,
    mends: HostMends | None = None,
    begin: Beginning | None = None,
    preferences: PreferencesFile | None = None,
    look: ForThisRun | None = None,
) -> AsyncGenerator[Driven]:
    """The app on a fake session; with `live`, from the moment that the nodes are up."""
    chosen = session or FakeSession()
    app = SwarmtutorApp(
        chosen, prepare, keymap=keymap, signs=signs, mends=mends, begin=begin, preferences=preferences, look=look
    )
    async with app.run_test(size=size, notifications=True) as pilot:
        driven = Driven(app, pilot, chosen)
        if live:
            await driven.until(lambda: driven.lab.prepared, "the nodes are up")
            await pilot.pause()
        yield driven
