"""Writes down a learner's session while it runs: the journal, and a cast of each shell.

A folder each time the lab is opened, below the lab's own: `<state>/sessions/<lab>/<time>/`.
"""

import asyncio
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from tui.clock import now
from tui.labs.model import Lab
from tui.terminal.command_log import CommandLog, RanCommand
from tui.tutor.asciicast import CastRecorder
from tui.tutor.journal import Answered, Entry, Helped, Journal, Opened, Ran, StepDone, StepOpened
from tui.tutor.ladder import Rung
from tui.tutor.stage import DOING_A_STEP
from tui.tutor.views import LessonChanged, LessonView, PageQuestion, SessionEvent

__all__ = ["JOURNAL_FILE", "Chronicle", "session_folders", "sessions_folder"]

JOURNAL_FILE = "journal.jsonl"
_FLUSH_SECONDS = 1.0
_KEPT = 20  # sessions of one lab; the oldest go


class Told(Protocol):
    """What a chronicle needs of a session."""

    @property
    def lab(self) -> Lab:
        """What is taught."""
        ...

    @property
    def log(self) -> CommandLog:
        """What was run."""
        ...

    @property
    def view(self) -> LessonView:
        """The step on screen."""
        ...

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Call the listener on every change; returns how to stop it."""
        ...


def sessions_folder(state: Path, lab_id: str) -> Path:
    """Where the sessions of a lab are written down."""
    return state / "sessions" / lab_id


def session_folders(state: Path, lab_id: str) -> tuple[Path, ...]:
    """The sessions of a lab that were written down, oldest first."""
    folder = sessions_folder(state, lab_id)
    return tuple(sorted(path.parent for path in folder.glob(f"*/{JOURNAL_FILE}")))


class Chronicle:
    """Is told what the shells write (as a ShellTap), and follows a session from `start` to `stop`."""

    def __init__(self, state: Path, lab: Lab, clock: Callable[[], float] = now) -> None:
        self._clock = clock
        self._began = clock()
        stamp = datetime.fromtimestamp(self._began, UTC).strftime("%Y%m%d-%H%M%S-%f")
        self._all = sessions_folder(state, lab.id)
        self.folder = self._all / stamp
        self._journal = Journal(self.folder / JOURNAL_FILE)
        self._casts: dict[str, CastRecorder] = {}
        self._told: Told | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._flusher: asyncio.Task[None] | None = None
        self._shown: LessonView | None = None
        self._done: set[str] = set()
        self._finished: set[RanCommand] = set()
        self._questions: dict[str, tuple[str, bool | None]] = {}
        self._revision = 0

    @property
    def trouble(self) -> str:
        """Why something is not written down; empty while all is well."""
        return next((part.trouble for part in (self._journal, *self._casts.values()) if part.trouble), "")

    # -- a ShellTap ------------------------------------------------------------------------------------------------

    def wrote(self, node: str, data: bytes) -> None:
        """A node's shell wrote this."""
        self._cast(node).output(data, self._clock())

    def resized(self, node: str, columns: int, rows: int) -> None:
        """A node's shell has a new size in cells."""
        self._cast(node, columns, rows).resized(columns, rows, self._clock())

    # -- life ------------------------------------------------------------------------------------------------------

    def start(self, told: Told) -> None:
        """Follow this session from now on."""
        self._told = told
        self._revision = told.log.revision
        view = told.view
        self._done = {view.step_id} if view.done else set()
        self._questions = {question.id: (question.answer, question.right) for question in _questions(view)}
        self._add(Opened(self._clock(), told.lab.id, told.lab.title, len(told.lab.steps)))
        self._add(StepOpened(self._clock(), view.step_id, view.step_title))
        self._shown = view
        self._unsubscribe = told.subscribe(self._heard)
        self._flusher = asyncio.create_task(self._flushing(), name="writing down the shells")

    async def stop(self) -> None:
        """Write down what is left, and follow it no more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        if self._flusher is not None:
            self._flusher.cancel()
            await asyncio.gather(self._flusher, return_exceptions=True)
            self._flusher = None
        self._note_commands(ended=True)
        await asyncio.to_thread(self._flush)
        await asyncio.to_thread(self._forget_old)

    async def _flushing(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            await asyncio.to_thread(self._flush)

    def _flush(self) -> None:
        for cast in tuple(self._casts.values()):
            cast.flush()

    def _forget_old(self) -> None:
        folders = sorted(path for path in self._all.glob("*") if path.is_dir() and path != self.folder)
        for folder in folders[: max(0, len(folders) - _KEPT + 1)]:
            shutil.rmtree(folder, ignore_errors=True)

    def _cast(self, node: str, columns: int = 80, rows: int = 24) -> CastRecorder:
        if node not in self._casts:
            path = self.folder / f"{node}.cast"
            self._casts[node] = CastRecorder(path, columns=columns, rows=rows, began=self._began, title=node)
        return self._casts[node]

    # -- what happens ----------------------------------------------------------------------------------------------

    def _heard(self, event: SessionEvent) -> None:
        self._note_commands()
        if isinstance(event, LessonChanged):
            self._note_view(event.view)

    def _note_commands(self, *, ended: bool = False) -> None:
        told = self._told
        if told is None or (told.log.revision == self._revision and not ended):
            return
        self._revision = told.log.revision
        step = self._shown.step_id if self._shown is not None else ""
        ran = told.log.since(self._began)
        for command in ran:
            known = command in self._finished
            if not known and (command.exit_status is not None or ended):
                self._finished.add(command)
                self._add(_ran(command, step, self._clock()))
        self._finished &= set(ran)

    def _note_view(self, view: LessonView) -> None:
        before, self._shown = self._shown, view
        now = self._clock()
        if before is None or before.step_id != view.step_id:
            self._add(StepOpened(now, view.step_id, view.step_title))
        else:
            self._note_help(before, view)
        for question in _questions(view):
            answer = (question.answer, question.right)
            if question.answer and self._questions.get(question.id) != answer:
                self._questions[question.id] = answer
                self._add(_answered(question, view.step_id, now))
        if view.done and view.step_id not in self._done:
            self._done.add(view.step_id)
            if before is not None and before.step_id == view.step_id and not before.done:
                self._add(StepDone(now, view.step_id))

    def _note_help(self, before: LessonView, view: LessonView) -> None:
        now = self._clock()
        for number in range(len(before.hints) + 1, len(view.hints) + 1):
            self._add(Helped(now, view.step_id, f"hint {number}"))
        if before.rung is Rung.TYPE and view.rung is Rung.DO:
            self._add(Helped(now, view.step_id, "command typed"))
        if view.doing is not None and before.doing is None and view.doing.title == DOING_A_STEP:
            self._add(Helped(now, view.step_id, "done for me"))

    def _add(self, entry: Entry) -> None:
        self._journal.add(entry)


def _questions(view: LessonView) -> Iterable[PageQuestion]:
    return (block for block in view.blocks if isinstance(block, PageQuestion))


def _answered(question: PageQuestion, step: str, at: float) -> Answered:
    return Answered(at, step, question.id, question.ask, _in_words(question), question.right, question.seen)


def _in_words(question: PageQuestion) -> str:
    """The answer as the learner read it: a choice by its text, not by its number."""
    if question.choices and question.answer.isdigit() and 0 < int(question.answer) <= len(question.choices):
        return question.choices[int(question.answer) - 1]
    return question.answer


def _ran(command: RanCommand, step: str, now: float) -> Ran:
    finished = command.finished if command.finished is not None else now
    return Ran(
        command.started,
        step,
        command.node,
        command.text,
        command.exit_status,
        finished - command.started,
        command.output,
    )
