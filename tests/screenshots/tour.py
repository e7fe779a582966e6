"""A walk through the real lab on real nodes, with a camera: the pictures of the README and the docs."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from textual.pilot import Pilot

from tests.screenshots.pictures import as_svg
from tui.app.app import SwarmtutorApp
from tui.app.preferences import Layout
from tui.checks.model import Outcome
from tui.errors import UserError
from tui.tutor.perform import run_command, run_commands
from tui.tutor.session import LabSession
from tui.tutor.views import Readiness

__all__ = ["WIDE", "Shot", "Tour"]

WIDE = (120, 36)
PATIENCE = 180.0
TYPING = 0.03  # seconds a key, in the film
BETWEEN_FRAMES = 0.6
LONGEST_FRAME, LAST_FRAME = 1.4, 4.0  # seconds

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame of the film: what was seen, and for how many seconds."""

    svg: str
    seconds: float


@dataclass
class Tour:
    """Takes the lab on real nodes; `pictures` has what was photographed by name, `film` what happened in between."""

    app: SwarmtutorApp
    pilot: Pilot[int]
    session: LabSession
    say: Say
    pictures: dict[str, str] = field(default_factory=dict[str, str])
    film: list[Shot] = field(default_factory=list[Shot])

    async def go(self) -> None:
        """From the first step to the one after the drain. Raises UserError where the lab does not do what it should."""
        await self.until(lambda: self.app.lab.prepared or self.app.failure is not None, "the nodes are up")
        if self.app.failure is not None:
            raise self.app.failure
        await self.until(lambda: self.session.view.readiness is Readiness.READY, "the first step is ready")
        await self.to("init")
        async with self.filming():
            await self.step()
        await self.to("join")
        async with self.filming():
            await self.step()
        await self.to("create")
        await self.step()
        await self.to("six")
        await self.photograph("question", "a")
        await self.press("escape")
        async with self.filming():
            await self.scale()
        await self.photograph_at("narrow", (80, 24))
        await self.photograph_in("light", "swarmtutor-light")
        await self.photograph_in("contrast", "swarmtutor-contrast")
        await self.photograph_big()
        await self.to("any-node")
        await self.press("g")
        await self.step()
        await self.until(lambda: "answered" in self.app.lab.swarm_view.text.lower(), "somebody answers")
        await asyncio.sleep(6)  # so that the last half minute has something to show
        await self.photograph("traffic")
        await self.press("m")
        await self.to("drain")
        async with self.filming():
            await self.step(photograph="map")
        await self.press("w")
        await self.photograph("events")
        await self.press("d")
        await self.to("active")
        await self.broken()

    # --- on the way -------------------------------------------------------------------------------------------------

    async def to(self, step_id: str) -> None:
        """Do the steps before that one, each by its own commands."""
        while self.session.step.id != step_id:
            self.say(f"  {self.session.view.index + 1} {self.session.step.title}")
            if not self.session.is_done(self.session.step):
                await run_commands(self.session.step, self.session)
            await self.turn()

    async def turn(self) -> None:
        """To the next step, once this one is done."""
        await self.until(lambda: self.session.is_done(self.session.step), f"“{self.session.step.title}” is done")
        if not self.session.next():
            raise UserError(f"Nothing comes after “{self.session.step.title}”.")
        await self.until(lambda: self.session.view.readiness is Readiness.READY, "the next step is ready")
        await self.pilot.pause(0.2)

    async def step(self, photograph: str = "") -> None:
        """Do this step in sight: its commands are typed into the shell in front, key by key."""
        self.say(f"  {self.session.view.index + 1} {self.session.step.title}")
        for command in self.session.step.commands:
            self.app.lab.node = command.node
            await run_command(command.node, command.text, self.session, typing=TYPING)
            if photograph:
                await self.until(lambda: "←" in self.app.lab.swarm_view.text, "something came from elsewhere")
                await self.photograph(photograph)
        await self.until(lambda: self.session.is_done(self.session.step), "it is done")
        await asyncio.sleep(1)

    async def scale(self) -> None:
        """The step that scales: photographed while the swarm is at it."""
        self.say(f"  {self.session.view.index + 1} {self.session.step.title}")
        command = self.session.step.commands[0]
        self.app.lab.node = command.node
        doing = asyncio.create_task(run_command(command.node, command.text, self.session, typing=TYPING))
        try:
            await self.until(self.is_scaling, "several replicas run, and not all")
            await self.photograph("lab")
        finally:
            await doing
        await self.until(lambda: self.session.is_done(self.session.step), "it is done")
        await asyncio.sleep(1)

    def is_scaling(self) -> bool:
        """Whether several replicas are asked for and most of them run."""
        snapshot = self.session.snapshot
        return any(snapshot.wanted(service) > 1 < snapshot.running(service) for service in snapshot.services)

    async def broken(self) -> None:
        """Somebody removes the service; the lesson says what is missing, and how it is mended."""
        await run_command("node1", "docker service rm pets", self.session)
        await self.until(lambda: self.session.view.repair is not None, "the lesson offers to mend it")
        await self.photograph("mend")

    # --- the camera -------------------------------------------------------------------------------------------------

    async def press(self, *keys: str) -> None:
        """As somebody at the keyboard would."""
        await self.pilot.press(*keys)
        await self.pilot.pause(0.2)

    async def photograph(self, name: str, *keys: str) -> None:
        """What is seen once these keys are pressed."""
        await self.press(*keys)
        self.say(f"{name}.svg")
        self.pictures[name] = as_svg(self.app)

    async def photograph_at(self, name: str, size: tuple[int, int]) -> None:
        """In a window of that size."""
        await self.pilot.resize_terminal(*size)
        await self.pilot.pause(0.5)
        await self.photograph(name)
        await self.pilot.resize_terminal(*WIDE)
        await self.pilot.pause(0.5)

    async def photograph_in(self, name: str, theme: str) -> None:
        """In another look."""
        before, self.app.theme = self.app.theme, theme
        await self.pilot.pause(0.5)
        await self.photograph(name)
        self.app.theme = before
        await self.pilot.pause(0.5)

    async def photograph_big(self) -> None:
        """As on a projector."""
        self.app.prefer(layout=Layout.BIG)
        await self.photograph_at("big", (100, 30))
        self.app.prefer(layout=Layout.PANES)
        await self.pilot.pause(0.5)

    @asynccontextmanager
    async def filming(self) -> AsyncGenerator[None]:
        """A frame whenever something else is seen."""
        camera = asyncio.create_task(self._film())
        try:
            yield
        finally:
            camera.cancel()
            await asyncio.gather(camera, return_exceptions=True)

    async def _film(self) -> None:
        while True:
            svg, at = as_svg(self.app), time.monotonic()
            await asyncio.sleep(BETWEEN_FRAMES)
            seconds = time.monotonic() - at
            if self.film and self.film[-1].svg == svg:
                self.film[-1] = Shot(svg, min(self.film[-1].seconds + seconds, LONGEST_FRAME))
            else:
                self.film.append(Shot(svg, min(seconds, LONGEST_FRAME)))

    def frames(self) -> Sequence[Shot]:
        """The film, with time to look at how it ends."""
        return [*self.film[:-1], *(Shot(last.svg, LAST_FRAME) for last in self.film[-1:])]

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition. Raises UserError if it does not come true in time."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                red = [goal.seen for goal in self.session.view.goals if goal.outcome is not Outcome.PASS]
                raise UserError(f"No picture: this did not come true within {PATIENCE:.0f} s: {what}.", str(red))
            await self.pilot.pause(0.05)
