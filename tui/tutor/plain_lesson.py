"""A lesson without a screen: a typed line is understood and done, and what happens is told in sentences."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Coroutine, Generator, Sequence
from contextlib import contextmanager
from enum import Enum

from tui.checks.model import Outcome
from tui.errors import UserError
from tui.playground.model import NODE_NAMES, Fault, Progress
from tui.swarm.changes import Change, changes
from tui.swarm.snapshot import Snapshot
from tui.tutor.faults import act_sentence
from tui.tutor.plain_ears import Heard
from tui.tutor.plain_input import LineReader
from tui.tutor.plain_news import News
from tui.tutor.plain_page import page_lines
from tui.tutor.plain_prose import Line, ended
from tui.tutor.plain_speaker import Speaker
from tui.tutor.plain_swarm import MESHES
from tui.tutor.plain_talk import preparing_line
from tui.tutor.plain_words import word_of
from tui.tutor.session import LabSession
from tui.tutor.stage import Doing
from tui.tutor.views import LessonChanged, Notice, Readiness, SessionEvent, SnapshotChanged

__all__ = ["Farewell", "PlainLesson"]

_LOOK = 2.0
"""Seconds for the first look at what a step asks, before the step is read without it."""
_FIRST_PAGE = 3.0
"""Seconds for nodes that are up already; where they take longer, the first step is read meanwhile."""
_IDLE = 180.0
"""Seconds for what the lesson mends by itself between two steps."""
_KEPT_CHANGES = 300


class Farewell(Enum):
    """How a lesson was left."""

    LEFT = "left"  # by `quit`, or the input ended
    TAKE_DOWN = "down"  # and the nodes are to be removed


class PlainLesson:
    """One learner in one lab, at a terminal or behind a pipe. All belongs to one event loop.

    `heard`, `began` and `progressed` are told what the shells and the nodes do. What the words do is the subclass's.
    """

    def __init__(self, session: LabSession, speaker: Speaker, reader: LineReader) -> None:
        self._session = session
        self._speaker = speaker
        self._reader = reader
        self._news = News()
        self._alarm: asyncio.TimerHandle | None = None
        self._work: asyncio.Task[object] | None = None
        self._doing: Doing | None = None
        self._aloud = False  # what the shells say is for the learner
        self._held: list[str | Line] | None = None  # what waits while something else has the terminal
        self._phases: set[str] = set()
        self._section = 0
        self._swarm: Snapshot | None = None  # as it was last looked at
        self._changed: deque[Change] = deque(maxlen=_KEPT_CHANGES)
        self._farewell: Farewell | None = None

    # --- life -------------------------------------------------------------------------------------------------------

    async def run(self, preparing: asyncio.Task[None], begin: Sequence[str] = ()) -> Farewell:
        """Until the learner leaves, or the input ends. `preparing` makes the nodes and goes live on them.

        `begin`: lines that are obeyed first, once the nodes are up. Raises what `preparing` raises.
        """
        forget = self._session.subscribe(self._happened)
        try:
            await self._begin(preparing)
            if begin:
                await preparing
            for line in begin:
                await self._obey(line)
            while self._farewell is None:
                line = await self._next_line(preparing)
                if line is None:
                    break
                if line.strip():
                    await self._obey(line)
        finally:
            forget()
            if self._alarm is not None:
                self._alarm.cancel()
            self._speaker.leave_prompt()
        return self._farewell or Farewell.LEFT

    async def _begin(self, preparing: asyncio.Task[None]) -> None:
        lab = self._session.lab
        self._say(f"{ended(lab.title)} {ended(lab.summary)}", "Type `help` and Enter to hear what can be typed.")
        self._say(*self._session.notices)
        if self._session.reading_along:
            self._say(
                "You are reading along: this lab is open in another window. The lesson and the shells are as usual, "
                "but nothing is saved, and nodes are not broken or renewed."
            )
        await asyncio.wait({preparing}, timeout=_FIRST_PAGE if self._speaker.terminal else None)
        if preparing.done():
            preparing.result()
        else:
            self._say("The nodes are still being made. Here is the first step meanwhile.")
        await self._page()

    async def _next_line(self, preparing: asyncio.Task[None]) -> str | None:
        """The next line; meanwhile the nodes may come up, or fail to."""
        self._speaker.prompt()
        reading = asyncio.create_task(self._reader.next())
        try:
            if not preparing.done():
                await asyncio.wait({reading, preparing}, return_when=asyncio.FIRST_COMPLETED)
                if preparing.done():
                    preparing.result()
            line = await reading
        finally:
            reading.cancel()
        if line is not None:
            self._speaker.typed(line)
        return line

    async def _obey(self, line: str) -> None:
        """Do what the line asks for."""
        raise NotImplementedError

    # --- what happens -----------------------------------------------------------------------------------------------

    def heard(self, heard: Heard) -> None:
        """A command has ended in one of the lesson's shells."""
        if not self._aloud:
            return
        if heard.cut:
            self._say(f"This is the end of what it said; the beginning is too long. `shell {heard.node}` shows all.")
        self._say(*(Line(line, code=True) for line in heard.output.splitlines() if line.strip()))
        if heard.exit_status:
            self._say(f"This ended with exit status {heard.exit_status}: `{_first_line(heard.text)}`")
        elif not heard.output.strip():
            self._say(f"Nothing was printed by `{_first_line(heard.text)}`.")

    def began(self, node: str, text: str) -> None:
        """A command begins in one of the lesson's shells."""
        if self._aloud and self._session.view.doing is not None:
            self._session.look_at_node(node)
            self._say(Line(f"On {node}: {_first_line(text)}", code=True))

    def connected(self) -> None:
        """The nodes are up, and the session is live on them."""
        session = self._session
        mesh = f" Published ports are carried by {MESHES.get(session.mesh, session.mesh)}." if session.mesh else ""
        self._say(f"Your three nodes are up.{mesh}")

    def progressed(self, progress: Progress) -> None:
        """The nodes are being made."""
        self._say(preparing_line(progress, self._phases))

    def _happened(self, event: SessionEvent) -> None:
        match event:
            case LessonChanged(view=view):
                self._tell_doing(view.doing)
                self._tell_news()
            case SnapshotChanged(snapshot=snapshot):
                if self._swarm is not None:
                    self._changed.extend(changes(self._swarm, snapshot))
                self._swarm = snapshot
            case Notice(text=text):
                self._say(*text.splitlines())
            case _:
                pass

    def _tell_news(self) -> None:
        session = self._session
        lines = self._news.take(session.view, session.now(), busy=self._aloud)
        self._say(*lines)
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        due = self._news.due
        if due is not None:
            self._alarm = asyncio.get_running_loop().call_later(max(due - session.now(), 0.05), self._tell_news)

    def _tell_doing(self, doing: Doing | None) -> None:
        """What is done for the learner: what it is, then each part of it as it begins."""
        before, self._doing = self._doing, doing
        if doing is None:
            return
        if before is None or before.title != doing.title:
            self._say(ended(doing.title))
        if doing.now and (before is None or before.now != doing.now):
            node, _, what = doing.now.partition(": ")
            if what in set(Fault):
                self._say(ended(act_sentence(node, Fault(what))))
            elif not self._aloud:
                part = f"Part {doing.done + 1} of {doing.total}: " if doing.total else "Now: "
                ordered = any(f"{name}: " in doing.now for name in NODE_NAMES)  # a command, which has no full stop
                self._say(f"{part}{doing.now}" if ordered else ended(f"{part}{doing.now}"))

    # --- speaking ---------------------------------------------------------------------------------------------------

    def _say(self, *lines: str | Line) -> None:
        wanted = [line for line in lines if line != ""]
        if self._held is not None:
            self._held += wanted
        else:
            self._speaker.say_all(wanted)

    async def _page(self) -> None:
        """The step on screen, once what it asks was looked at."""
        session = self._session
        if session.view.readiness is Readiness.READY:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK):
                    await session.until(lambda: all(goal.outcome is not Outcome.UNKNOWN for goal in session.view.goals))
        view = session.view
        self._news.shown(view)
        self._say(*page_lines(view, section=self._section))
        self._section = view.section_number
        self._tell_news()

    # --- what takes its time ----------------------------------------------------------------------------------------

    def stop(self) -> bool:
        """Stop what is being done; whether there was anything."""
        if self._work is None or self._work.done():
            return False
        if not self._session.stop():
            self._say("Stopped.")
        self._work.cancel()
        return True

    async def _lasting(self, work: Coroutine[object, object, object], *, aloud: bool = False) -> bool:
        """Do something that takes its time, to its end or until it is stopped; whether it came to its end.

        What goes wrong is said. `aloud`: what commands print meanwhile is said too. At a terminal `stop` can be typed.
        """
        task = self._work = asyncio.ensure_future(work)
        ahead = asyncio.create_task(self._reader.look_ahead(self._meanwhile)) if self._speaker.terminal else None
        self._aloud = aloud
        try:
            await asyncio.wait({task})
        finally:
            self._aloud, self._work = False, None
            for each in (task, ahead):
                if each is not None:
                    each.cancel()
            await asyncio.gather(*(each for each in (task, ahead) if each is not None), return_exceptions=True)
            self._tell_news()
        if task.cancelled():
            return False
        error = task.exception()
        if isinstance(error, UserError):
            self._say(error.what, error.hint)
        elif error is not None:
            raise error
        return error is None

    def _meanwhile(self, line: str) -> bool:
        """A line that is typed while something is being done: only `stop` is for now."""
        stop = word_of("stop")
        return line.strip().lower() in (stop.name, stop.letter) and self.stop()

    async def _idle(self) -> None:
        """Wait until the lesson has mended what it mends by itself. Raises UserError where that takes too long."""
        try:
            async with asyncio.timeout(_IDLE):
                await self._session.idle()
        except TimeoutError:
            raise UserError("Something else is still being done; try again.") from None

    @contextmanager
    def _aside(self) -> Generator[list[str | Line]]:
        """While it lasts something else speaks, or has the terminal; what is held back is told afterwards."""
        held = self._held = list[str | Line]()
        try:
            yield held
        finally:
            self._held = None
            self._say(*held)


def _first_line(text: str) -> str:
    first, *more = text.splitlines() or [""]
    return f"{first} …" if more else first
