"""Every state of the screen, over the session that the tests use: to be looked at after a change of the look.

    python -m tests.screenshots --states FOLDER [--only WORD]

writes each state at three sizes and in five looks as a sheet: `quit-80x24.png` has that state in all looks.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image
from rich.terminal_theme import SVG_EXPORT_THEME, TerminalTheme

from tests.app.driving import Driven, driven
from tests.app.fakes import FakeSession, Preparing, engines_only, goal, pets_task, prepare_well, swarm_of_three
from tests.screenshots.pictures import LIGHT_TERMINAL, as_png, as_svg, drawn
from tui.app.app import Prepare
from tui.app.arrangement import Pane
from tui.app.preferences import ForThisRun, Layout
from tui.app.signs import ASCII, Signs
from tui.checks.model import Outcome, WebTarget
from tui.errors import UserError
from tui.labs.model import QuestionKind
from tui.playground.model import WebAnswer
from tui.tutor.stage import Doing
from tui.tutor.views import Aftermath, PageCommand, PageProse, PageQuestion, Readiness

__all__ = ["STATES", "take_states"]

SIZES = ((80, 24), (120, 40), (200, 60))

Play = Callable[[Driven], Awaitable[None]]


@dataclass(frozen=True)
class State:
    """A state of the screen: how to come to it."""

    play: Play
    session: Callable[[], FakeSession] = FakeSession
    prepare: Callable[[], Prepare] | None = None
    layout: Layout | None = None


@dataclass(frozen=True)
class Look:
    """A way of drawing it all."""

    theme: str
    no_color: bool = False
    terminal: TerminalTheme = SVG_EXPORT_THEME
    signs: Signs | None = None


LOOKS: Mapping[str, Look] = {
    "dark": Look("dark"),
    "light": Look("light"),
    "contrast": Look("contrast"),
    "ansi": Look("ansi"),
    "ansi on light": Look("ansi", terminal=LIGHT_TERMINAL),
    "no colour, ascii": Look("dark", no_color=True, signs=ASCII),
}


def keys(*pressed: str) -> Play:
    async def play(it: Driven) -> None:
        for key in pressed:
            await it.press(key)
            await it.pilot.pause()

    return play


def question(**changes: object) -> Callable[[], FakeSession]:
    def make() -> FakeSession:
        session = FakeSession()
        asked = PageQuestion(
            id="spread",
            kind=QuestionKind.CHOICE,
            ask="Six replicas, three nodes: where do they go?",
            choices=("All six on node1", "Two on each node", "As the manager likes, each time anew"),
        )
        asked = replace(asked, **changes)  # type: ignore[arg-type]  # names of PageQuestion's fields
        session.pages[0] = replace(session.pages[0], blocks=(asked, *session.pages[0].blocks))
        return session

    return make


async def drain(it: Driven) -> None:
    before = it.session.seen
    await it.press("m")
    moved = [replace(task, desired="shutdown") if task.slot in (3, 5) else task for task in before.tasks]
    it.session.look(
        swarm_of_three(
            *moved, pets_task(3, "node3", state="starting"), pets_task(5, "node1", state="preparing"), drained="node2"
        )
    )
    await it.pilot.pause()
    if it.lab.pane is not Pane.SWARM:
        await it.press("tab")


async def events(it: Driven) -> None:
    await drain(it)
    await it.press("w")


async def scrubbed(it: Driven) -> None:
    await drain(it)
    await it.press("comma", "comma")


async def traffic(it: Driven) -> None:
    await it.press("tab", "g")
    for second in range(4):
        for node in ("node1", "node2", "node3"):
            answer = WebAnswer(200, served_by=f"pets.{1 + second % 3}", seconds=0.004)
            it.session.requests.answers[WebTarget(node, 5000)] = (answer,)
        await asyncio.sleep(1.0)


async def shell(it: Driven) -> None:
    await it.press("t")
    it.session.known_shells["node1"].feed(
        b"\r\npets\r\noverall progress: 4 out of 6 tasks\r\n1/6: \x1b[32mrunning\x1b[0m   "
        b"[==================================================>]\r\n5/6: \x1b[33mpreparing\x1b[0m [=====>]\r\n"
        b"\x1b[31mimage could not be accessed\x1b[0m \x1b[7m reverse \x1b[0m \x1b[1mbold\x1b[0m \x1b[2mdim\x1b[0m\r\n"
    )


async def toasts(it: Driven) -> None:
    it.session.notice("The progress of this lab is saved every few seconds.")
    await it.press("n")


async def failed(it: Driven) -> None:
    await it.until_seen("could not be made")


def failing() -> Prepare:
    making = Preparing(UserError("The private network could not be made: no such device.", "Load the module “bridge”."))
    making.may_end.set()
    return making


def aftermath() -> FakeSession:
    session = FakeSession()
    done = tuple(replace(each, outcome=Outcome.PASS, seen="") for each in session.pages[0].goals)
    told = Aftermath(
        why="The manager compares the **desired state** with what runs, and starts what is missing.",
        commands=(PageCommand("node1", "docker service update --replicas 6 pets"),),
    )
    session.pages[0] = replace(session.pages[0], goals=done, done=True, frontier=1, aftermath=told)
    return session


def rich_text() -> FakeSession:
    session = FakeSession()
    text = (
        "# A heading\n\nText with **bold**, *italics*, `code` and [a link](https://docs.docker.com).\n\n"
        "> A quoted remark that goes on for a while, so that it is wrapped.\n\n"
        "```\n$ docker node ls\nID  HOSTNAME\n```\n\n"
        "1. first\n2. second\n   - nested\n\n| node | tasks |\n| --- | --- |\n| node1 | 2 |"
    )
    session.pages[0] = replace(session.pages[0], blocks=(PageProse(text),))
    return session


def trouble() -> FakeSession:
    session = FakeSession(
        snapshot=swarm_of_three(
            pets_task(1, "node1"),
            pets_task(2, "node3", state="rejected", desired="shutdown", error="No such image: swarmtutor/pets:9"),
            pets_task(3, "node2", state="failed", desired="shutdown", error="task: non-zero exit (137)"),
            pets_task(4, "", state="pending", error="no suitable node (scheduling constraints not satisfied)"),
            down="node2",
        )
    )
    met = (goal("the service asks for 6 replicas", Outcome.PASS), goal("6 run", Outcome.UNKNOWN, "node2 is silent"))
    session.pages[0] = replace(session.pages[0], diagnosis="node2 is down, not drained.", goals=met)
    return session


async def missing(it: Driven) -> None:
    it.session.change(readiness=Readiness.BEHIND)


async def doing(it: Driven) -> None:
    it.session.change(doing=Doing("Going to «Six pets»", "node1: docker swarm init", 3, 9, node="node1"))


STATES: Mapping[str, State] = {
    "lesson": State(keys()),
    "preparing": State(keys("tab"), prepare=Preparing),
    "failure": State(failed, prepare=failing),
    "swarm": State(keys("tab")),
    "no-swarm": State(keys("tab"), session=lambda: FakeSession(snapshot=engines_only())),
    "trouble": State(keys("tab"), session=trouble),
    "map": State(drain),
    "events": State(events),
    "scrubbed": State(scrubbed),
    "traffic": State(traffic),
    "shell": State(shell),
    "question": State(keys("a"), session=question()),
    "answered": State(
        keys(), session=question(answer="2", open=False, right=True, seen="two on each node", why="It spreads them.")
    ),
    "hints": State(keys("h", "h")),
    "rich": State(keys(), session=rich_text),
    "done": State(keys("e"), session=aftermath),
    "behind": State(missing),
    "doing": State(doing),
    "toasts": State(toasts),
    "help": State(keys("f1")),
    "steps": State(keys("s")),
    "themes": State(keys("ctrl+t")),
    "palette": State(keys("ctrl+p")),
    "jump": State(keys("j")),
    "words": State(keys("i")),
    "quit": State(keys("q")),
    "reading-along": State(keys(), session=lambda: _read_along()),
    "zoom": State(keys("tab", "f9")),
    "tabs": State(keys("tab"), layout=Layout.TABS),
    "big": State(keys(), layout=Layout.BIG),
    "big-shell": State(shell, layout=Layout.BIG),
    "big-swarm": State(keys("tab"), layout=Layout.BIG),
}


def _read_along() -> FakeSession:
    session = FakeSession()
    session.reads_along = True
    return session


async def _picture(state: State, look: Look, size: tuple[int, int]) -> Image.Image:
    if look.no_color:
        os.environ["NO_COLOR"] = "1"
    try:
        session = state.session()
        prepare = state.prepare() if state.prepare else prepare_well
        waits = state.prepare is None and not session.reads_along
        asked = ForThisRun(look.theme, state.layout)
        async with driven(size, session, prepare, live=waits, signs=look.signs, look=asked) as it:
            await it.pilot.pause()
            await state.play(it)
            await it.pilot.pause(0.2)
            svg = as_svg(it.app, look.terminal)
    finally:
        os.environ.pop("NO_COLOR", None)
    return drawn(svg, size[0] * 8)


async def take_states(folder: Path, only: str, say: Callable[[str], None]) -> None:
    """Write a sheet for each state and size whose name has `only` in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, state in STATES.items():
        for size in SIZES:
            sheet_name = f"{name}-{size[0]}x{size[1]}"
            if only not in sheet_name:
                continue
            say(sheet_name)
            pictures = [await _picture(state, look, size) for look in LOOKS.values()]
            wide, high = pictures[0].size
            columns = 3 if size[0] < 200 else 2
            rows = -(-len(pictures) // columns)
            sheet = Image.new("RGB", (columns * wide, rows * high))
            for number, picture in enumerate(pictures):
                sheet.paste(picture, (number % columns * wide, number // columns * high))
            as_png(sheet, folder / f"{sheet_name}.png")
