"""One learner in one lab: which step is open, what is done, and what the nodes say about it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from tui.checks.evaluate import diagnose, evaluate_all, goal_targets
from tui.checks.facts import facts_of
from tui.checks.model import Evidence, Outcome, Verdict
from tui.checks.progress import GoalState, advance
from tui.labs.model import Lab, Step
from tui.playground.model import Node, Playground
from tui.swarm.observer import Observer
from tui.swarm.snapshot import Snapshot
from tui.terminal.command_log import CommandLog
from tui.terminal.engine import EngineFactory
from tui.tutor.page import lesson_blocks, next_command
from tui.tutor.perform import perform
from tui.tutor.prober import WebProber
from tui.tutor.progress import LearnerProgress, ProgressFile
from tui.tutor.shells import NodeShell
from tui.tutor.standing import first_look, is_behind, is_pristine
from tui.tutor.views import (
    LessonChanged,
    LessonView,
    Notice,
    Readiness,
    SessionEvent,
    ShellChanged,
    SnapshotChanged,
)
from tui.tutor.watcher import Watcher

__all__ = ["LabSession"]


class LabSession:
    """The lesson's state machine. All methods belong to one event loop; none blocks.

    A step is done once its goal was met while it was the furthest open one, and stays done. Going on is the
    learner's own act. `reset_nodes` makes the named nodes anew; without it, falling behind cannot be mended here.
    """

    def __init__(
        self,
        lab: Lab,
        progress_file: ProgressFile | None,
        engine_factory: EngineFactory,
        *,
        reset_nodes: Callable[[Sequence[str]], Awaitable[None]] | None = None,
        observe: Callable[[Sequence[Node]], Watcher] = Observer,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.lab = lab
        self.log = CommandLog()
        self._file = progress_file
        self._engine_factory = engine_factory
        self._reset_nodes = reset_nodes
        self._observe = observe
        self._clock = clock
        self._listeners: list[Callable[[SessionEvent], None]] = []
        self._playground: Playground | None = None
        self._observer: Watcher | None = None
        self._prober: WebProber | None = None
        self._shells: Mapping[str, NodeShell] = MappingProxyType({})
        self._readiness = Readiness.STARTING
        self._nothing = Snapshot(taken=clock())
        self._start = self._nothing
        self._opened = clock()
        self._goal = GoalState.of(())
        self._diagnosis = ""
        self._settled: dict[str, tuple[Verdict, ...]] = {}
        self._typed = 0
        self._log_seen = 0
        self._happened = asyncio.Event()
        self._tick: asyncio.Task[None] | None = None
        self._shown: LessonView | None = None
        self._notices: list[str] = []
        progress, notice = progress_file.load() if progress_file else (LearnerProgress(lab.id), "")
        if notice:
            self._notices.append(notice)
        ids = [step.id for step in lab.steps]
        self._progress = replace(progress, done=tuple(step for step in progress.done if step in ids))
        self._index = min(ids.index(progress.current) if progress.current in ids else 0, self.frontier)
        self._open_frontier()
        self._credit_reading()

    # -- what is known -------------------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        """The swarm as last seen."""
        return self._observer.snapshot if self._observer else self._nothing

    @property
    def shells(self) -> Mapping[str, NodeShell]:
        """The live shells by node name; empty until connected."""
        return self._shells

    @property
    def mesh(self) -> str:
        """What carries published ports: ipvs, nftables, or empty while not known."""
        return self._playground.mesh if self._playground else ""

    @property
    def facts(self) -> Mapping[str, str]:
        """The live facts that are known now, by name."""
        return facts_of(self.snapshot, self.mesh)

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences from before anybody could listen."""
        return tuple(self._notices)

    @property
    def frontier(self) -> int:
        """The index of the furthest step that may be opened: the first that is not done, or the last."""
        steps = self.lab.steps
        undone = (index for index, step in enumerate(steps) if step.id not in self._progress.done)
        return next(undone, len(steps) - 1)

    @property
    def step(self) -> Step:
        """The step on screen."""
        return self.lab.steps[self._index]

    @property
    def view(self) -> LessonView:
        """The step on screen, as it stands now."""
        step, section = self.step, self.lab.section_of(self.step)
        done = self.is_done(step)
        hints = step.hints[: self._progress.hints.get(step.id, 0)]
        return LessonView(
            lab_title=self.lab.title,
            section_title=section.title,
            section_number=self.lab.sections.index(section) + 1,
            step_id=step.id,
            step_title=step.title,
            index=self._index,
            total=len(self.lab.steps),
            frontier=self.frontier,
            intro="\n\n".join(prose.markdown for prose in section.intro) if step == section.steps[0] else "",
            blocks=lesson_blocks(step, self.facts, self._next_command()),
            goals=self._verdicts(step, done),
            diagnosis="" if done or self._index != self.frontier else self._diagnosis,
            hints=hints,
            hints_left=len(step.hints) - len(hints),
            done=done,
            readiness=self._readiness,
            finished=len(self._progress.done) == len(self.lab.steps),
        )

    def is_done(self, step: Step) -> bool:
        """Whether the step's goal was met (or, without a goal, it was read)."""
        return step.id in self._progress.done

    # -- life ----------------------------------------------------------------------------------------------------

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Call `listener` in the event loop on every change; returns how to stop it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def connect(self, playground: Playground, *, fresh: bool) -> None:
        """Go live on these nodes, in place of those before. `fresh`: they were made just now.

        Commands count from the moment at which the shells open; steps are judged once every engine was asked.
        """
        await self._disconnect()
        self._playground = playground
        self._opened = self._clock()
        self._prober = WebProber(playground, self._judge)
        self._observer = self._observe(playground.nodes)
        self._observer.subscribe(self._on_snapshot)
        self._shells = MappingProxyType(
            {node.name: NodeShell(node, self._engine_factory, self.log, self._on_shell) for node in playground.nodes}
        )
        await self._observer.start()
        first = self._start = await first_look(self._observer)
        behind = is_behind(self.lab, self._progress, first, fresh=fresh)
        self._readiness = Readiness.BEHIND if behind else Readiness.READY
        self._tick = asyncio.create_task(self._ticking(), name="lesson clock")
        self._watch_web()
        self._judge()

    async def close(self) -> None:
        """Stop watching, end the shells, close the connections, save progress."""
        self._save()
        await self._disconnect()

    async def _disconnect(self) -> None:
        tasks = [task for task in (self._tick,) if task]
        for task in tasks:
            task.cancel()
        closing = [shell.close() for shell in self._shells.values()]
        if self._prober:
            closing.append(self._prober.close())
        await asyncio.gather(*tasks, *closing, return_exceptions=True)
        if self._observer:
            await self._observer.stop()
        if self._playground:
            await self._playground.close()
        self._tick = self._prober = self._playground = None

    # -- the learner's acts --------------------------------------------------------------------------------------

    def next(self) -> bool:
        """Open the next step, if the open one is done."""
        return self.go(self._index + 1)

    def previous(self) -> bool:
        """Show the step before."""
        return self.go(self._index - 1)

    def go(self, index: int) -> bool:
        """Show the step of that index, if it is open."""
        if not 0 <= index <= self.frontier or index == self._index:
            return False
        self._index = index
        self._typed = 0
        self._progress = replace(self._progress, current=self.step.id)
        self._credit_reading()
        self._save()
        self._watch_web()
        self._judge()
        return True

    def hint(self) -> bool:
        """Show one more hint."""
        step = self.step
        used = self._progress.hints.get(step.id, 0)
        if used >= len(step.hints):
            return False
        hints = {**self._progress.hints, step.id: used + 1}
        self._progress = replace(self._progress, hints=MappingProxyType(hints))
        self._save()
        self._publish()
        return True

    def insert_command(self) -> str | None:
        """Type the step's next command into its node's shell, without Enter. Returns that node's name.

        None if the step has no command, a fact in it is not known yet, or its shell is not at a prompt.
        """
        position = self._next_command()
        if position is None:
            return None
        command = self.step.commands[position]
        shell = self._shells.get(command.node)
        text = next_command(command, self.facts)
        if text is None or shell is None or not shell.at_prompt:
            return None
        shell.insert(text)
        self._typed = position
        self._publish()
        return command.node

    async def catch_up(self) -> None:
        """From any state: make the nodes anew and bring them to the open step, by the lab's own commands.

        Raises UserError if a step before cannot be done; the nodes are then as far as it came.
        """
        if self._readiness is Readiness.CATCHING_UP or self._observer is None:
            return
        self._readiness = Readiness.CATCHING_UP
        self._publish()
        try:
            if self._reset_nodes and not is_pristine(self.snapshot):
                self._notify("Making the three nodes anew …")
                await self._reset_nodes(tuple(self._shells))
                await self._observer.wait_for(is_pristine, timeout=60.0)
            for step in self.lab.steps[: self.frontier]:
                await perform(step, self, self._clock, say=self._notify)
            self._progress = replace(self._progress, swarm=self.snapshot.cluster_id)
            self._save()
            self._readiness = Readiness.READY
            self._start, self._opened = self.snapshot, self._clock()
        finally:
            if self._readiness is Readiness.CATCHING_UP:
                self._readiness = Readiness.BEHIND
            self._judge()

    async def judged(self, timeout: float) -> LessonView:
        """The view after the swarm was looked at anew, from now on. Raises TimeoutError."""
        asked = self._clock()

        def looked(snapshot: Snapshot) -> bool:
            engines_asked = all(e.asked >= asked or not e.reachable for e in snapshot.engines.values())
            return engines_asked and (snapshot.swarm_asked >= asked or not snapshot.swarm_known)

        if self._observer is not None:
            self._observer.refresh()
            await self._observer.wait_for(looked, timeout)
        self._judge()
        return self.view

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is looked at after everything that happens."""
        while not condition():
            self._happened.clear()
            await self._happened.wait()

    # -- judging -------------------------------------------------------------------------------------------------

    def evidence(self, *, start: Snapshot, since: float) -> Evidence:
        """What checks may look at: the swarm now, and what was run and answered since a moment."""
        return Evidence(
            snapshot=self.snapshot,
            start=start,
            commands=self.log.since(since),
            web=self._prober.answers if self._prober else MappingProxyType({}),
        )

    def watch_web(self, step: Step) -> None:
        """Ask the ports that a step's goal looks at, from now on."""
        if self._prober:
            self._prober.watch(goal_targets(step.goal))

    def _judge(self) -> None:
        """Judge the furthest open step by what is known now; publish what changed."""
        self._happened.set()
        step = self.lab.steps[self.frontier]
        live = self._readiness in (Readiness.READY, Readiness.BEHIND)
        if live and step.goal and not self.is_done(step):
            evidence, facts = self.evidence(start=self._start, since=self._opened), self.facts
            verdicts = evaluate_all(step.goal, evidence, facts)
            self._goal = advance(self._goal, verdicts, self._clock())
            self._diagnosis = "" if self._goal.done else (diagnose(step, evidence, facts) or "")
            if self._goal.done:
                self._settle(step)
        self._publish()

    def _settle(self, step: Step) -> None:
        """Note a step as done and open the one behind it."""
        self._settled[step.id] = self._goal.verdicts
        swarm = self.snapshot.cluster_id
        self._progress = replace(self._progress, done=(*self._progress.done, step.id), swarm=swarm)
        self._readiness = Readiness.READY
        self._open_frontier()
        self._save()

    def _open_frontier(self) -> None:
        self._goal = GoalState.of(self.lab.steps[self.frontier].goal)
        self._diagnosis = ""
        self._start, self._opened = self.snapshot, self._clock()
        if self._prober:
            self._prober.forget()
        self._watch_web()

    def _credit_reading(self) -> None:
        """A step without a goal is done as soon as it is shown."""
        if not self.step.goal and not self.is_done(self.step):
            self._progress = replace(self._progress, done=(*self._progress.done, self.step.id))
            self._open_frontier()

    def _watch_web(self) -> None:
        """Ask only while the learner is at the step that wants to know."""
        step = self.lab.steps[self.frontier]
        if self._prober:
            here = self._index == self.frontier and not self.is_done(step)
            self._prober.watch(goal_targets(step.goal) if here else ())

    def _verdicts(self, step: Step, done: bool) -> tuple[Verdict, ...]:
        if not step.goal:
            return ()
        if not done and self._index == self.frontier and self._goal.verdicts:
            return self._goal.verdicts
        if done and step.id in self._settled:
            return self._settled[step.id]
        evidence = self.evidence(start=self._start, since=self._opened)
        verdicts = evaluate_all(step.goal, evidence, self.facts)
        if done:
            return tuple(replace(verdict, outcome=Outcome.PASS, seen="") for verdict in verdicts)
        if self._readiness is Readiness.STARTING:
            waiting = "the nodes are still being made"
            return tuple(replace(verdict, outcome=Outcome.UNKNOWN, seen=waiting) for verdict in verdicts)
        return verdicts

    def _next_command(self) -> int | None:
        """Which of the step's commands comes next: the first that has not succeeded since the step opened."""
        commands = self.step.commands
        if not commands:
            return None
        facts = self.facts
        ran = {(c.node, c.text.strip()) for c in self.log.since(self._opened) if c.exit_status == 0}
        for position, command in enumerate(commands):
            text = next_command(command, facts)
            if text is None or (command.node, text.strip()) not in ran:
                return position
        return None if self.is_done(self.step) else self._typed

    # -- telling -------------------------------------------------------------------------------------------------

    def _on_snapshot(self, snapshot: Snapshot) -> None:
        self._tell(SnapshotChanged(snapshot))
        self._judge()

    def _on_shell(self, node: str) -> None:
        self._tell(ShellChanged(node))
        if self.log.revision != self._log_seen:
            self._log_seen = self.log.revision
            self._judge()

    async def _ticking(self) -> None:
        """Goals that must hold for a while turn green without anything else happening."""
        while True:
            await asyncio.sleep(0.25)
            if self._goal.due is not None:
                self._judge()

    def _notify(self, text: str) -> None:
        self._tell(Notice(text))

    def _publish(self) -> None:
        view = self.view
        if view != self._shown:
            self._shown = view
            self._tell(LessonChanged(view))

    def _tell(self, event: SessionEvent) -> None:
        self._happened.set()
        for listener in tuple(self._listeners):
            listener(event)

    def _save(self) -> None:
        if self._file:
            self._file.save(self._progress)
