"""One learner in one lab, on live nodes: the lesson, and all that is done for the learner and takes its time."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from tui.clock import now
from tui.errors import ExitCode, UserError
from tui.labs.model import Break, CheckSpec, Command, Lab, Step
from tui.playground.model import Fault, Node, Playground
from tui.swarm.snapshot import Snapshot
from tui.terminal.engine import EngineFactory
from tui.tutor.account import Account
from tui.tutor.faults import act_sentence, due_undos, stray_faults
from tui.tutor.jump import jump_to
from tui.tutor.ladder import Rung
from tui.tutor.lesson import Lesson
from tui.tutor.live import LiveNodes
from tui.tutor.node_control import NodeControl
from tui.tutor.page import next_command
from tui.tutor.pages import Pages
from tui.tutor.perform import cause, run_commands
from tui.tutor.progress import ProgressFile
from tui.tutor.progress_record import HelpUsed
from tui.tutor.repair import mend
from tui.tutor.shells import ShellTap
from tui.tutor.stage import DOING_A_STEP, Doing
from tui.tutor.standing import bring_to_start, is_behind, is_pristine
from tui.tutor.views import LessonView, Readiness
from tui.tutor.watcher import Watcher

__all__ = ["LabSession"]

TYPING = 0.03
"""Seconds between two keys where a command is typed for somebody who watches."""
_FRESH_ANSWER = 30.0
"""Seconds within which nodes that were made just now must answer."""
SAVE_INTERVAL = 30.0
"""Seconds after which times and counts, which change without an act of the learner's, are saved."""


class LabSession(Lesson):
    """A lesson on live nodes. All methods belong to one event loop; none blocks.

    What takes long is a coroutine; one at a time (UserError, BUSY, for a second one), shown in the view as `doing`, and
    safe to cancel at any moment: `stop` does. `control` is power over the nodes as machines; without it they are
    neither made anew nor broken. `tap` is told what the shells write.
    """

    def __init__(
        self,
        lab: Lab,
        progress_file: ProgressFile | None,
        engine_factory: EngineFactory,
        *,
        control: NodeControl | None = None,
        observe: Callable[[Sequence[Node]], Watcher] | None = None,
        clock: Callable[[], float] = now,
        tap: ShellTap | None = None,
    ) -> None:
        self._live = LiveNodes(lab, engine_factory, self, control=control, observe=observe, clock=clock, tap=tap)
        super().__init__(lab, Account(lab, progress_file, clock), clock)
        self._here: int | None = None
        self._errand: asyncio.Task[object] | None = None
        self._mending: asyncio.Task[None] | None = None
        self._tick: asyncio.Task[None] | None = None
        self._saved = clock()
        self._unreachable: frozenset[str] = frozenset()
        self._pages = Pages()
        self._open_position()
        self._credit_reading()

    # -- as a Stage: what performing and jumping need --------------------------------------------------------------

    @property
    def playground(self) -> Playground:
        """The nodes. Raises RuntimeError while there are none."""
        return self._live.playground

    @property
    def control(self) -> NodeControl | None:
        """Power over the nodes as machines; None where nothing may be done to them."""
        return self._live.control

    @property
    def published(self) -> Mapping[int, str]:
        """The swarm's published ports, each with the address of this machine at which a browser reaches it."""
        return self._pages.addresses

    def now(self) -> float:
        """Seconds since the epoch, by the lesson's own clock."""
        return self._clock()

    def watch(self, specs: Sequence[CheckSpec]) -> None:
        """Ask the ports and run the commands that these checks look at, from now on, and no others."""
        self._live.watch(specs)

    def watch_step(self, step: Step) -> None:
        """The same for all checks of a step."""
        self._live.watch_step(step)

    # -- life ----------------------------------------------------------------------------------------------------

    async def connect(self, playground: Playground, *, fresh: bool) -> None:
        """Go live on these nodes, in place of those before. `fresh`: they were made just now.

        Commands count from the moment at which the shells open; steps are judged once every engine was asked. Raises
        UserError where the swarm that the lab begins with cannot be made.
        """
        await self._stop_all()
        opened = self._clock()
        self._pages = Pages(playground.nodes)
        first = await self._live.connect(playground)
        if fresh and not is_pristine(first):
            # On a busy machine an engine may have kept silent at the first look.
            with contextlib.suppress(TimeoutError):
                await self._live.seen(is_pristine, _FRESH_ANSWER)
            first = self.snapshot
        await self._look_for_faults()
        behind = is_behind(self.lab, self._account.progress, first, fresh=fresh)
        if behind and self.position == 0 and is_pristine(first):
            await bring_to_start(self)
            behind = is_behind(self.lab, self._account.progress, self.snapshot, fresh=False)
        self._here = None if behind else self.position
        self._readiness = Readiness.BEHIND if behind else Readiness.READY
        self._judge_of.open(self.judged_step, self.snapshot, opened)
        self._tick = asyncio.create_task(self._ticking(), name="lesson clock")
        self._watch()
        self._judge()
        self._undo_what_is_due()

    async def close(self) -> None:
        """Stop watching, end the shells, close the connections, save progress."""
        self._account.save()
        await self._stop_all()
        await self._live.disconnect()

    async def _stop_all(self) -> None:
        tasks = [
            task for task in (self._tick, self._mending, self._errand) if task and task is not asyncio.current_task()
        ]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._pages.close()
        self._tick = self._mending = None

    # -- the learner's acts --------------------------------------------------------------------------------------

    def go(self, index: int) -> bool:
        """Show the step of that index, if it is open; what the lesson broke until the step before is mended."""
        went = super().go(index)
        if went:
            self._undo_what_is_due()
        return went

    def insert_command(self) -> str | None:
        """Type the step's next command into its node's shell, without Enter. Returns that node's name.

        None if the next act is no command, a fact in it is not known yet, or its shell is not at a prompt.
        """
        position = self._next_act()
        act = None if position is None else self.step.acts[position]
        if position is None or not isinstance(act, Command) or self._doing is not None:
            return None
        shell = self.shells.get(act.node)
        text = next_command(act, self.facts)
        if text is None or shell is None or not shell.at_prompt:
            return None
        shell.insert(text)
        self._typed = position
        self._publish()
        return act.node

    def help(self) -> tuple[Rung, str]:
        """The next step of help: a hint is shown, or the command is typed (its node's name comes with it).

        For DO nothing has happened yet: the caller starts `do_for_me`.
        """
        rung = self.view.rung
        if rung is Rung.HINT:
            self.hint()
        elif rung is Rung.TYPE:
            node = self.insert_command()
            if node is None:
                return Rung.NONE, ""
            self._account.helped(self.step.id, HelpUsed.TYPED)
            self._account.save()
            self._publish()
            return Rung.TYPE, node
        return rung, ""

    def set_free(self, free: bool) -> None:
        """Put the lesson aside (`free`), or take it up again; then what it needs and is gone is offered for repair."""
        busy = self._doing is not None or self._readiness in (Readiness.STARTING, Readiness.CATCHING_UP)
        if busy or free == (self._readiness is Readiness.FREE):
            return
        if free:
            self._here, self._readiness = self._known_place, Readiness.FREE
        else:
            swarm = self._account.progress.swarm
            same = not swarm or self.snapshot.cluster_id == swarm
            self._readiness = Readiness.READY if same and self._here is not None else Readiness.BEHIND
            self._here = self._here if same else None
            if self._readiness is Readiness.READY and self._undone_before():
                self._readiness = Readiness.BEHIND
            self._mending = asyncio.create_task(self._undo_stray(), name="mending what free play broke")
        self._watch()
        self._judge()

    def _undone_before(self) -> bool:
        """Whether something that steps before left is no longer so. Where the step says what it needs, that decides."""
        step = self.judged_step
        if step is not None and step.requires:
            return False
        return any(line.undone for line in self.outline())

    def stop(self) -> bool:
        """Stop what is being done for the learner, half way; whether there was anything."""
        if self._errand is None or self._errand.done():
            return False
        self._errand.cancel()
        return True

    async def idle(self) -> None:
        """Wait until nothing is being done for the learner."""
        await self.until(lambda: self._doing is None and (self._mending is None or self._mending.done()))

    # -- what takes its time -------------------------------------------------------------------------------------

    async def do_for_me(self, typing: float = TYPING) -> None:
        """Type and run all that is left of the step on screen, visibly. Raises UserError if a command fails.

        `typing`: seconds between two keys.
        """
        step, first = self.step, self._next_act()
        if first is None:
            return
        self._account.helped(step.id, HelpUsed.DONE)
        self._account.save()
        async with self._doing_it(Doing(DOING_A_STEP, node=step.acts[first].node)):

            def say(text: str) -> None:
                self._now_doing(Doing(DOING_A_STEP, text, node=text.partition(":")[0]))

            await run_commands(step, self, first=first, typing=typing, say=say)
            breaks = {position for position, act in enumerate(step.acts) if isinstance(act, Break)}
            self._caused.setdefault(step.id, set()).update(breaks)

    async def do_next_break(self) -> bool:
        """Let happen to a node what the lesson says next. False if the next act is none of that kind.

        Raises UserError where the nodes may not be broken.
        """
        position = self._next_act()
        act = None if position is None else self.step.acts[position]
        if position is None or not isinstance(act, Break):
            return False
        async with self._doing_it(Doing(act_sentence(act.node, act.fault))):
            await cause(act, self)
            self._caused.setdefault(self.step.id, set()).add(position)
        return True

    async def catch_up(self) -> None:
        """Bring the nodes to the step that the learner is at. Raises UserError if a step before cannot be done."""
        if self._readiness is not Readiness.CATCHING_UP and self._live.connected:
            await self._bring(max(self.position, self._index), here=self._known_place)

    async def jump(self, step_id: str) -> None:
        """Bring the nodes to the beginning of that step, from any state, and show it.

        Steps before it that are not done count as passed over. Raises UserError for an unknown step, and if a step
        before cannot be done.
        """
        target = self._account.index_of(step_id)
        if target is None:
            known = ", ".join(step.id for step in self.lab.steps)
            raise UserError(f"There is no step “{step_id}”.", f"The steps: {known}.", exit_code=ExitCode.NOT_FOUND)
        here = self._known_place
        await self._bring(target, here=here if here is not None and here < target else None)

    async def reset_step(self) -> None:
        """Bring the nodes back to how the step on screen began."""
        await self._bring(self._index, here=None)

    async def mend(self) -> None:
        """Bring back what the open step lacks; where that failed before, bring the nodes anew to the step."""
        missing = self._judge_of.missing
        if missing is None:
            return
        if self._repair_failed or not (missing.by or missing.orders or missing.silent):
            await self._bring(self.position, here=self._known_place)
            return
        try:
            async with self._doing_it(Doing("Mending what this step builds on", missing.say)):
                await mend(missing, self, self.position, self._now_doing)
        except UserError:
            self._repair_failed = True
            self._publish()
            raise

    @property
    def _known_place(self) -> int | None:
        """The index of the step that the nodes are known to stand at; None where they may be anywhere."""
        return self.position if self._readiness is Readiness.READY else self._here

    async def _bring(self, target: int, *, here: int | None) -> None:
        title = self.lab.steps[min(target, len(self.lab.steps) - 1)].title

        def reached(index: int) -> None:
            self._here = index

        async with self._doing_it(Doing(f"Going to «{title}»"), bringing=True):
            account, overtaken = self._account, self._account.progress.overtaken
            try:
                overtaken = await jump_to(
                    self, target, here=here, overtaken=overtaken, tell=self._now_doing, reached=reached
                )
            except BaseException:
                self._here = self._here if here is not None else None
                raise
            account.passes_over(target)
            account.overtakes(overtaken)
            account.stands_at(target, self.snapshot.cluster_id)
            self._here = target
            self._index = min(target, len(self.lab.steps) - 1)
            account.shows(self.step.id)
            self._readiness = Readiness.READY
            self._open_position()
            self._credit_reading()
            account.save()

    @asynccontextmanager
    async def _doing_it(self, doing: Doing, *, bringing: bool = False) -> AsyncGenerator[None]:
        """While it lasts, this is what is done for the learner; `bringing`: steps are not judged meanwhile."""
        if self._doing is not None:
            raise UserError(f"Not now: {self._doing.title}.", "Wait for it, or stop it.", exit_code=ExitCode.BUSY)
        if self.reading_along:
            raise UserError("You are reading along: the lab is in another window.", exit_code=ExitCode.BUSY)
        if not self._live.connected:
            raise UserError("The nodes are not up yet.", exit_code=ExitCode.BUSY)
        self._doing, self._errand = doing, asyncio.current_task()
        if bringing:
            self._readiness = Readiness.CATCHING_UP
        self._publish()
        try:
            yield
        except asyncio.CancelledError:
            self._notify(self._stopped_sentence(bringing=bringing))
            raise
        finally:
            self._doing = self._errand = None
            if self._readiness is Readiness.CATCHING_UP:
                self._readiness = Readiness.BEHIND
            self._watch()
            await self._look_for_faults()
            self._judge()

    def _stopped_sentence(self, *, bringing: bool) -> str:
        if not bringing:
            return "Stopped."
        if self._here is None:
            return "Stopped. The nodes are on their way; you can go on with it at any time."
        title = self.lab.steps[min(self._here, len(self.lab.steps) - 1)].title
        return f"Stopped. The nodes are as far as «{title}»; you can go on with it at any time."

    def _now_doing(self, doing: Doing) -> None:
        self._doing = doing if doing.node or self._doing is None else replace(doing, node=self._doing.node)
        self._publish()

    # -- faults --------------------------------------------------------------------------------------------------

    async def _look_for_faults(self) -> None:
        """See what is wrong with the nodes on purpose."""
        if self._live.control is None:
            return
        try:
            self._standing = await self._live.control.faults()
        except UserError:
            return  # who cannot be asked now is asked again with the next change

    def _undo_what_is_due(self) -> None:
        """Mend, in the background, what the lesson broke until a step that now lies behind."""
        due = due_undos(self.lab, self._standing, self._index)
        if due and self._doing is None and not self.reading_along and self._live.connected:
            self._mending = asyncio.create_task(self._undo(due), name="mending what the lesson broke")

    async def _undo_stray(self) -> None:
        await self._look_for_faults()
        stray = stray_faults(self.lab, self._standing, self._index)
        if stray and self._doing is None and not self.reading_along:
            await self._undo(tuple((node, fault.undo) for node, fault in stray))

    async def _undo(self, due: Sequence[tuple[str, Fault]]) -> None:
        control = self._live.control
        if control is None:
            return
        try:
            async with self._doing_it(Doing(" and ".join(act_sentence(node, undo) for node, undo in due))):
                for node, undo in due:
                    await control.cause(node, undo)
        except UserError as error:
            self._notify(str(error))

    # -- looking -------------------------------------------------------------------------------------------------

    async def judged(self, timeout: float) -> LessonView:
        """The view after the swarm was looked at anew, from now on. Raises TimeoutError."""
        await self._live.look_anew(timeout)
        self._judge()
        return self.view

    def judge_from_now(self) -> None:
        """Judge the step that the nodes stand at as if it were opened now: what was run before no longer counts."""
        self._open_position()
        self._judge()

    def saw(self, snapshot: Snapshot) -> None:
        """The swarm was looked at again; who fell silent or came back may have been broken or mended elsewhere."""
        silent = frozenset(engine.node for engine in snapshot.engines.values() if not engine.reachable)
        if silent != self._unreachable and self._doing is None and self._readiness is not Readiness.STARTING:
            self._unreachable = silent
            if self._mending is None or self._mending.done():
                self._mending = asyncio.create_task(self._look_for_faults(), name="looking for faults")
        self._pages.follow(snapshot)
        super().saw(snapshot)

    async def _ticking(self) -> None:
        """What must hold or be gone for a while is told without anything else happening."""
        while True:
            await asyncio.sleep(0.25)
            if self._judge_of.due:
                self._judge()
            if self._clock() - self._saved > SAVE_INTERVAL:
                self._saved = self._clock()
                self._account.save()
