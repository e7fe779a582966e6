"""`swarmtutor run LAB --plain`: the lab, the learner's progress, the nodes, and a text to be read aloud."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Generator, Sequence

from tui.errors import ExitCode, UserError
from tui.labs.model import Lab
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir, state_dir
from tui.playground.card import Wanted
from tui.playground.locks import LockHeldError, hold_lock
from tui.playground.model import Progress
from tui.playground.record import known_names
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor import nodes
from tui.tutor.asking import ask_in_terminal
from tui.tutor.attach import attach_node
from tui.tutor.chronicle import Chronicle
from tui.tutor.elsewhere import follow, listeners_folder
from tui.tutor.export import written_story
from tui.tutor.plain_course import PlainCourse
from tui.tutor.plain_ears import Ears
from tui.tutor.plain_input import LineReader
from tui.tutor.plain_lesson import Farewell
from tui.tutor.plain_page import place
from tui.tutor.plain_speaker import Speaker
from tui.tutor.plain_talk import preparing_line
from tui.tutor.playground_control import PlaygroundControl
from tui.tutor.progress import ProgressFile
from tui.tutor.session import LabSession
from tui.tutor.transcript import summary_lines

__all__ = ["run_plain"]

_USUAL_NAME = "lab"
_CLOSE_TIMEOUT = 5.0
"""Seconds that the session gets to end its shells and connections."""


def run_plain(
    *,
    lab_id: str,
    playground_name: str,
    restart: bool,
    provider: Wanted = None,
    step_id: str = "",
    free: bool = False,
) -> int:
    """Take the lab by lines of text, from the standard input to the standard output; returns an exit status.

    `step_id`: bring the nodes to this step first. `free`: begin with the lesson put aside. While another copy of the
    program has this lab, it can only be read along. Raises UserError for an unknown or broken lab or step, and when the
    nodes could not be made; KeyboardInterrupt on Ctrl-C and SIGTERM, once all is put in order.
    """
    lab = load_lab_by_id(lab_id, content_dir())
    if step_id and step_id not in [step.id for step in lab.steps]:
        raise UserError(
            f"The lab “{lab.id}” has no step “{step_id}”.",
            f"Its steps: {', '.join(step.id for step in lab.steps)}.",
            exit_code=ExitCode.NOT_FOUND,
        )
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    speaker = Speaker(sys.stdout, terminal=terminal)
    begin = [f"go {step_id}"] if step_id else []
    begin += ["free"] if free else []
    progress = state_dir() / "progress" / f"{lab.id}.json"
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold_lock(progress.with_suffix(".lock")))
        except LockHeldError:
            file = ProgressFile(progress, lab.id, read_only=True)
            begin = []
        else:
            file = ProgressFile(progress, lab.id)
            if restart:
                file.put_away()
        return asyncio.run(_take(lab, file, playground_name, provider, speaker, begin))


async def _take(
    lab: Lab, file: ProgressFile, name: str, provider: Wanted, speaker: Speaker, begin: Sequence[str]
) -> int:
    chronicle = None if file.read_only else Chronicle(state_dir(), lab)
    ears = Ears(chronicle)
    session = LabSession(lab, file, BitttyEngine, control=PlaygroundControl(name), tap=ears)

    async def enter(node: str) -> None:
        await attach_node(session.playground, node, session.log, lambda: session.heard(node))

    reader = LineReader(sys.stdin.fileno())
    course = PlainCourse(session, speaker, reader, ears, enter=enter if speaker.terminal else None)
    listening = contextlib.ExitStack()

    async def prepare() -> None:
        playground, fresh = await nodes.ensure_nodes(name, course.progressed, provider)
        await session.connect(playground, fresh=fresh)
        listening.enter_context(follow(listeners_folder(name), session.log, session.now, session.heard))
        course.connected()

    farewell = None
    try:
        if chronicle is not None:
            chronicle.start(session)
        preparing = asyncio.create_task(prepare(), name="making the nodes")
        try:
            with _on_signals(course, speaker):
                farewell = await course.run(preparing, begin)
        except asyncio.CancelledError:
            farewell = None
        finally:
            preparing.cancel()
            await asyncio.gather(preparing, return_exceptions=True)
    finally:
        listening.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await session.close()
        if chronicle is not None:
            await chronicle.stop()
    _say_where(session, speaker)
    if farewell is Farewell.TAKE_DOWN:
        return await _take_down(name, speaker)
    _say_what_stays(lab, name, speaker)
    if farewell is None:
        raise KeyboardInterrupt
    return ExitCode.OK


@contextlib.contextmanager
def _on_signals(course: PlainCourse, speaker: Speaker) -> Generator[None]:
    """Ctrl-C at a terminal stops what is being done for the learner, otherwise the lesson; SIGTERM always does that."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # of a coroutine that runs

    def interrupted() -> None:
        speaker.break_line()  # the terminal has shown ^C
        if not (speaker.terminal and course.stop()):
            task.cancel()

    with contextlib.suppress(NotImplementedError):  # Windows has no such signals
        loop.add_signal_handler(signal.SIGINT, interrupted)
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGINT)
            loop.remove_signal_handler(signal.SIGTERM)


def _say_where(session: LabSession, speaker: Speaker) -> None:
    view = session.view
    kept = "Nothing was saved here, because this lab is open in another window." if view.reading_along else ""
    speaker.say(f"You leave at this place: {place(view)}", kept or "Your place is kept.")
    if view.finished and not view.reading_along:
        with contextlib.suppress(UserError):
            for sentence in summary_lines(written_story(session.lab, state_dir())):
                speaker.say(sentence)
        speaker.say(f"`swarmtutor export {session.lab.id}` writes down what you did.")


def _say_what_stays(lab: Lab, name: str, speaker: Speaker) -> None:
    if name in known_names():
        named = "" if name == _USUAL_NAME else f" --name {name}"
        speaker.say(
            f"Your three nodes go on running. `swarmtutor run {lab.id} --plain{named}` takes you back to your step, "
            f"and `swarmtutor down{named}` removes them."
        )


async def _take_down(name: str, speaker: Speaker) -> int:
    said: set[str] = set()

    def progress(progress: Progress) -> None:
        if line := preparing_line(progress, said, "removed"):
            speaker.say(line)

    return await nodes.remove_nodes(name, progress, speaker.say, ask=ask_in_terminal(), yes=False)
