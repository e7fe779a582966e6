"""What the words of a lesson without a screen do."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from tui.checks.model import Outcome
from tui.errors import UserError
from tui.labs.glossary import load_glossary
from tui.labs.model import Command as StepCommand
from tui.labs.model import Subject
from tui.paths import content_dir
from tui.playground.model import NODE_NAMES
from tui.tutor.page import next_command
from tui.tutor.plain_ears import Ears
from tui.tutor.plain_glossary import term_lines, words_lines
from tui.tutor.plain_input import LineReader
from tui.tutor.plain_lesson import Farewell, PlainLesson
from tui.tutor.plain_page import aftermath_lines, goal_lines, outline_lines, place, prediction, standing_lines
from tui.tutor.plain_prose import Line, ended, prose_lines
from tui.tutor.plain_speaker import Speaker
from tui.tutor.plain_swarm import address_lines, change_lines, node_lines, service_lines, task_lines
from tui.tutor.plain_talk import (
    find_step,
    how_to_answer,
    next_act,
    read_answer,
    why_no_act,
    why_no_hint,
    why_no_why,
    why_not_next,
)
from tui.tutor.plain_words import Asked, Command, Front, Unknown, help_lines, understand, word_of
from tui.tutor.session import LabSession
from tui.tutor.shells import NodeShell
from tui.tutor.views import PageBreak, Readiness, StepState

__all__ = ["EnterShell", "PlainCourse"]

EnterShell = Callable[[str], Awaitable[None]]
"""Makes this terminal one of that node, until the shell ends. Raises UserError where the node does not answer."""

_COMMAND_DEADLINE = 600.0
_SHELL_OPENS = 20.0
_SILENT = 3.0
"""Seconds for the shell of a node whose engine does not answer either."""
_REMINDER = 10.0
"""Seconds after which it is said that a command is still running."""
_MARKS = 2.0
"""Seconds for what only the learner can bring about, such as a command that was run, to be seen."""
_LEARNERS_OWN = frozenset({Subject.RAN, Subject.ANSWER})
_END_OF_INPUT = b"\x04"


class PlainCourse(PlainLesson):
    """A lesson by words. `enter` opens a real shell in this terminal; None where there is no terminal."""

    def __init__(
        self, session: LabSession, speaker: Speaker, reader: LineReader, ears: Ears, *, enter: EnterShell | None = None
    ) -> None:
        super().__init__(session, speaker, reader)
        ears.tell(self.began, self.heard)
        self._ears = ears
        self._enter = enter
        self._words: Mapping[str, Callable[[str], Awaitable[None]]] = MappingProxyType(
            {
                "next": self._next,
                "back": self._back,
                "read": self._read,
                "goals": self._goals,
                "type": self._type,
                "do": self._do,
                "hint": self._hint,
                "answer": self._answer,
                "why": self._why,
                "mend": self._mend,
                "stop": self._stop_nothing,
                "steps": self._steps,
                "go": self._go,
                "reset": self._reset,
                "free": self._free,
                "nodes": self._nodes,
                "services": self._services,
                "tasks": self._tasks,
                "changes": self._changes,
                "words": self._explain,
                "shell": self._shell,
                "where": self._where,
                "help": self._help,
                "quit": self._quit,
            }
        )

    async def _obey(self, line: str) -> None:
        match understand(line):
            case None:
                pass
            case Asked(word, rest):
                await self._words[word.name](rest)
            case Command(node, text):
                if not node:  # so that it is heard where it runs
                    self._say(Line(f"On {self._front}: {text}", code=True))
                await self._command(node or self._front, text)
            case Front(node):
                self._session.look_at_node(node)
                self._say(f"{node} is in front now: `$ COMMAND` runs a command there, `shell` opens a shell on it.")
            case Unknown(sentence):
                self._say(sentence)

    @property
    def _front(self) -> str:
        return self._session.node or NODE_NAMES[0]

    # --- reading ----------------------------------------------------------------------------------------------------

    async def _next(self, _rest: str) -> None:
        session = self._session
        if not session.next():
            if not self._speaker.terminal:  # nobody can wait and look: the next word may be there already
                await self._lasting(self._reached())
            if not session.next():
                self._say(why_not_next(session.view))
                return
        await self._page()

    async def _back(self, _rest: str) -> None:
        if self._session.previous():
            await self._page()
        else:
            self._say("This is the first step.")

    async def _read(self, _rest: str) -> None:
        await self._page()

    async def _goals(self, _rest: str) -> None:
        view = self._session.view
        self._say(*(standing_lines(view) or goal_lines(view)))

    async def _hint(self, _rest: str) -> None:
        session = self._session
        if not session.hint():
            self._say(why_no_hint(session.view))
            return
        view = session.view
        number, total = len(view.hints), len(view.hints) + view.hints_left
        self._say(*(Line(f"Hint {number} of {total}: {line.text}", line.code) for line in prose_lines(view.hints[-1])))

    async def _answer(self, rest: str) -> None:
        session = self._session
        question = session.view.question
        if question is None:
            self._say("This step asks nothing that is still open.")
        elif not rest:
            self._say(ended(question.ask), how_to_answer(question))
        else:
            value = read_answer(question, rest)
            with self._aside() as news:
                taken = session.answer(question.id, value)
                said = prediction(replace(question, answer=value)) if taken else how_to_answer(question)
                if not any(said in (line.text if isinstance(line, Line) else line) for line in news):
                    news.insert(0, said)

    async def _why(self, _rest: str) -> None:
        view = self._session.view
        self._say(*(aftermath_lines(view.aftermath) if view.aftermath else [why_no_why(view)]))

    async def _steps(self, _rest: str) -> None:
        self._say(*outline_lines(self._session.outline()))

    async def _where(self, _rest: str) -> None:
        session = self._session
        view = session.view
        self._say(place(view), f"Section {view.section_number}: {ended(view.section_title)}")
        silent = [engine.node for engine in session.snapshot.engines.values() if not engine.reachable]
        if view.readiness is Readiness.STARTING:
            self._say("The nodes are still being made.")
        elif silent:
            self._say(f"Of the three nodes, {' and '.join(silent)} {'does' if len(silent) == 1 else 'do'} not answer.")
        else:
            self._say("All three nodes answer.")
        self._say(f"{self._front} is in front.", *standing_lines(view))

    async def _help(self, _rest: str) -> None:
        self._say(*(Line(text) for text in help_lines()))

    # --- the swarm --------------------------------------------------------------------------------------------------

    async def _nodes(self, _rest: str) -> None:
        self._say(*node_lines(self._session.snapshot, self._session.now()))

    async def _services(self, _rest: str) -> None:
        session = self._session
        services = service_lines(session.snapshot, session.mesh, session.now())
        self._say(*services, *address_lines(session.snapshot, session.published))

    async def _tasks(self, rest: str) -> None:
        self._say(*task_lines(self._session.snapshot, rest, self._session.now()))

    async def _changes(self, rest: str) -> None:
        self._say(*change_lines(self._changed, rest, self._session.now()))

    async def _explain(self, rest: str) -> None:
        try:
            terms = await asyncio.to_thread(load_glossary, content_dir())
        except UserError as error:
            self._say(error.what, error.hint)
            return
        self._say(*(term_lines(terms, rest) if rest else words_lines(terms, self._session.view)))

    # --- doing ------------------------------------------------------------------------------------------------------

    async def _type(self, _rest: str) -> None:
        if not await self._may_act():
            return
        session = self._session
        following = next_act(session.view)
        if following is None:
            self._say(why_no_act(session.view))
            return
        position, shown = following
        if isinstance(shown, PageBreak):
            await self._lasting(session.do_next_break())
            return
        act = session.step.acts[position]
        text = next_command(act, session.facts) if isinstance(act, StepCommand) else None
        if text is None:
            self._say(f"The command waits for what is not known yet: {', '.join(shown.missing)}.")
            return
        session.insert_command()  # so that it is known which one was typed last
        self._say(Line(f"On {shown.node}: {shown.text}", code=True))
        await self._command(shown.node, text)

    async def _do(self, _rest: str) -> None:
        if not await self._may_act():
            return
        session = self._session
        if next_act(session.view) is None:
            self._say(why_no_act(session.view))
            return
        if await self._lasting(session.do_for_me(typing=0.0), aloud=True):
            await self._lasting(self._reached())

    async def _may_act(self) -> bool:
        """Whether the step's own commands can be run now; says why not."""
        view = self._session.view
        if not self._session.shells:
            self._say("The nodes are not up yet.")
        elif view.readiness is Readiness.BEHIND:
            self._say(why_no_act(view))
        elif view.done and not view.again and view.goals:
            self._say(f"Step {view.index + 1} is done already.")
        else:
            return await self._lasting(self._idle())
        return False

    async def _reached(self) -> None:
        """Wait for the goals of this step, as long as they may take; what only the learner can do is not waited for."""
        session = self._session
        red = [
            spec
            for spec, goal in zip(session.step.goal, session.view.goals, strict=False)
            if goal.outcome is not Outcome.PASS
        ]
        if not red or session.view.readiness is not Readiness.READY:
            return
        own = any(spec.subject in _LEARNERS_OWN for spec in red)
        patience = _MARKS if own else max(spec.within + spec.hold for spec in red)
        step = session.step
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await session.until(lambda: session.is_done(step) or session.step is not step)

    async def _command(self, node: str, text: str) -> None:
        """Run a command on a node as the learner, and say what it says."""
        session = self._session
        if not session.shells:
            self._say("The nodes are not up yet, so nothing can be run on them.")
            return
        session.look_at_node(node)
        shell = session.shells[node]
        if not await self._lasting(self._to_prompt(shell)):
            return
        await self._lasting(self._run(shell, text), aloud=True)

    async def _to_prompt(self, shell: NodeShell) -> None:
        """Raises UserError where the shell does not come to its prompt."""
        await self._idle()
        engine = self._session.snapshot.engines.get(shell.node)
        silent = engine is not None and not engine.reachable
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SILENT if silent else _SHELL_OPENS):
                await self._session.until(lambda: shell.connected and not shell.opening)
        if not shell.connected:
            raise UserError(f"There is no shell on {shell.node} now: {ended(shell.trouble)}")
        try:
            await shell.free()
        except TimeoutError:
            raise UserError(f"The shell of {shell.node} does not come to its prompt.") from None

    async def _run(self, shell: NodeShell, text: str) -> None:
        running = asyncio.ensure_future(shell.run(text, _COMMAND_DEADLINE))
        inside = asyncio.ensure_future(self._session.until(lambda: bool(self._ears.away(shell.node))))
        try:
            reminded = False
            while not running.done():
                await asyncio.wait({running, inside}, timeout=_REMINDER, return_when=asyncio.FIRST_COMPLETED)
                if inside.done() and not running.done():
                    away = self._ears.away(shell.node) or "another node"
                    self._say(
                        f"That opened a shell on {away} inside the one of {shell.node}, and it is closed again. "
                        f"`{away} COMMAND` runs a command there, `shell {shell.node}` opens a shell to stay in."
                    )
                    shell.write(_END_OF_INPUT)
                    inside = asyncio.ensure_future(asyncio.Event().wait())
                elif not running.done() and not reminded:
                    reminded = True
                    how = "`stop` ends it." if self._speaker.terminal else ""
                    self._say(f"Still running on {shell.node}: `{text}`. {how}".rstrip())
            await running
        except TimeoutError:
            raise UserError(
                f"On {shell.node} `{text}` did not end within {_COMMAND_DEADLINE:.0f} seconds.",
                "It is no longer waited for.",
            ) from None
        finally:
            running.cancel()
            inside.cancel()
            await asyncio.gather(running, inside, return_exceptions=True)

    async def _shell(self, rest: str) -> None:
        node = rest.lower() or self._front
        if node.isdigit():
            node = f"node{node}"
        if node not in NODE_NAMES:
            self._say(f"There is no node `{rest}`. The nodes: {', '.join(NODE_NAMES)}.")
        elif self._enter is None:
            self._say(f"A shell needs a terminal, and there is none here. `{node} COMMAND` runs one command.")
        elif not self._session.shells:
            self._say("The nodes are not up yet, so there is no shell.")
        else:
            self._session.look_at_node(node)
            self._say(f"This is a shell on {node} now. `exit` brings you back to the lesson.")
            enter = self._enter
            with self._aside():
                try:
                    await enter(node)
                except UserError as error:
                    self._say(error.what, error.hint)
            self._say(f"The shell on {node} has ended; the lesson goes on.")
            self._tell_news()

    # --- the nodes as a whole ---------------------------------------------------------------------------------------

    async def _mend(self, _rest: str) -> None:
        session = self._session
        if session.view.readiness is Readiness.BEHIND:
            work = session.catch_up
        elif session.view.repair is not None:
            work = session.mend
        elif not session.shells:
            self._say("The nodes are not up yet.")
            return
        else:
            self._say("Nothing is missing: the nodes are where this step begins.")
            return
        if await self._lasting(self._idle()) and await self._lasting(work()):
            await self._page()

    async def _go(self, rest: str) -> None:
        session = self._session
        if not rest:
            self._say("`go` needs a step, by its number or its name: `go 3`. `steps` lists them all.")
            return
        line = find_step(session.outline(), rest)
        if line is None:
            self._say(f"There is no step `{rest}`. `steps` lists them all.")
            return
        if not line.here and not (line.state in (StepState.DONE, StepState.OPEN) and session.go(line.index)):
            if not session.shells:
                self._say("The nodes are not up yet, so they cannot be brought to that step.")
                return
            if not (await self._lasting(self._idle()) and await self._lasting(session.jump(line.id))):
                return
        await self._page()

    async def _reset(self, _rest: str) -> None:
        if not self._session.shells:
            self._say("The nodes are not up yet.")
        elif await self._lasting(self._idle()) and await self._lasting(self._session.reset_step()):
            await self._page()

    async def _free(self, _rest: str) -> None:
        session = self._session
        if not session.shells:
            self._say("The nodes are not up yet.")
            return
        was_free = session.view.readiness is Readiness.FREE
        session.set_free(not was_free)
        if was_free:
            await self._page()

    async def _stop_nothing(self, _rest: str) -> None:
        self._say("Nothing is being done for you now.")

    async def _quit(self, rest: str) -> None:
        if rest and rest.lower() != "down":
            self._say(f"{ended(word_of('quit').help)}")
            return
        if rest and self._session.reading_along:
            self._say("You are reading along: the nodes belong to the other window, and stay.")
        self._farewell = Farewell.TAKE_DOWN if rest and not self._session.reading_along else Farewell.LEFT
