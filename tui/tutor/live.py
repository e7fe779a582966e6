"""The nodes that a lesson is connected to: what is seen of them, the shells on them, and what may be asked of them."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from tui.checks.evaluate import command_targets, goal_targets
from tui.checks.extras import extras_of
from tui.checks.facts import facts_of
from tui.checks.model import Answer, Evidence, WebTarget
from tui.labs.model import CheckSpec, Lab, Step, Subject
from tui.playground.model import Node, Playground, WebAnswer
from tui.swarm.snapshot import Snapshot
from tui.terminal.command_log import CommandLog
from tui.terminal.engine import EngineFactory
from tui.tutor.node_control import NodeControl
from tui.tutor.prober import CommandProber, WebProber
from tui.tutor.shells import NodeShell, ShellTap
from tui.tutor.standing import first_look
from tui.tutor.traffic import Traffic
from tui.tutor.watcher import Watcher

__all__ = ["LiveNodes", "NodesListener", "specs_of"]

Observe = Callable[[Sequence[Node]], Watcher]


class NodesListener(Protocol):
    """Whoever wants to know what happens on the nodes."""

    def saw(self, snapshot: Snapshot) -> None:
        """The swarm was looked at again."""
        ...

    def heard(self, node: str) -> None:
        """A node's shell wrote something, or its connection came or went."""
        ...

    def probed(self) -> None:
        """A port or a command that a check looks at has answered."""
        ...


class LiveNodes:
    """A Stage (see there) whose nodes come and go: `connect` and `disconnect`. All belongs to one event loop."""

    def __init__(
        self,
        lab: Lab,
        engine_factory: EngineFactory,
        listener: NodesListener,
        *,
        control: NodeControl | None,
        observe: Observe | None = None,
        clock: Callable[[], float],
        tap: ShellTap | None = None,
    ) -> None:
        self.log = CommandLog()
        self.traffic = Traffic(clock)
        self._tap = tap
        self.answers: Mapping[str, Answer] = MappingProxyType({})
        self._lab = lab
        self._engine_factory = engine_factory
        self._listener = listener
        self._control = control
        self._observe: Observe = observe or self._observer_for_lab
        self._clock = clock
        self._playground: Playground | None = None
        self._observer: Watcher | None = None
        self._prober: WebProber | None = None
        self._runner: CommandProber | None = None
        self._watched: tuple[CheckSpec, ...] = ()
        self._shells: Mapping[str, NodeShell] = MappingProxyType({})
        self._nothing = Snapshot(taken=clock())
        self._happened = asyncio.Event()

    # -- what is known -------------------------------------------------------------------------------------------

    @property
    def lab(self) -> Lab:
        """What is played."""
        return self._lab

    @property
    def control(self) -> NodeControl | None:
        """Power over the nodes as machines."""
        return self._control

    @property
    def connected(self) -> bool:
        """Whether there are nodes."""
        return self._observer is not None

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
        return facts_of(self.snapshot, self.mesh, self._lab.variables)

    @property
    def playground(self) -> Playground:
        """The nodes. Raises RuntimeError while there are none."""
        if self._playground is None:
            raise RuntimeError("there are no nodes yet")
        return self._playground

    @property
    def web(self) -> Mapping[WebTarget, Sequence[WebAnswer]]:
        """The last answers of the ports that the open step asks, oldest first."""
        return self._prober.answers if self._prober else MappingProxyType({})

    def now(self) -> float:
        """Seconds since the epoch, by the lesson's own clock."""
        return self._clock()

    def evidence(self, *, start: Snapshot, since: float) -> Evidence:
        """What checks may look at: the swarm now, and what was run and answered since a moment."""
        return Evidence(
            snapshot=self.snapshot,
            start=start,
            commands=self.log.since(since),
            web=self._prober.answers if self._prober else MappingProxyType({}),
            answers=self.answers,
            found=self._runner.found if self._runner else MappingProxyType({}),
        )

    # -- life ----------------------------------------------------------------------------------------------------

    async def connect(self, playground: Playground) -> Snapshot:
        """Go live on these nodes, in place of those before; returns the first whole look at them."""
        await self.disconnect()
        self._playground = playground
        self._prober = WebProber(playground, self._listener.probed)
        self._runner = CommandProber(playground, self._listener.probed)
        self.traffic.begin(playground)
        observer = self._observer = self._observe(playground.nodes)
        observer.subscribe(self._saw)
        self._shells = MappingProxyType(
            {
                node.name: NodeShell(
                    node,
                    self._engine_factory,
                    self.log,
                    self._listener.heard,
                    tap=self._tap,
                    reader=self.traffic.read,
                )
                for node in playground.nodes
            }
        )
        await observer.start()
        return await first_look(observer)

    def _observer_for_lab(self, nodes: Sequence[Node]) -> Watcher:
        # Only with nodes: the first page does not wait for it.
        from tui.swarm.observer import Observer

        return Observer(nodes, extras=extras_of(self._lab))

    async def disconnect(self) -> None:
        """End the shells and close the connections. The last snapshot is forgotten with them."""
        closing: list[Coroutine[object, object, None]] = [shell.close() for shell in self._shells.values()]
        closing.extend(prober.close() for prober in (self._prober, self._runner) if prober)
        closing.append(self.traffic.end())
        await asyncio.gather(*closing, return_exceptions=True)
        if self._observer:
            await self._observer.stop()
        if self._playground:
            await self._playground.close()
        self._playground = self._prober = self._runner = None

    async def look_anew(self, timeout: float) -> None:
        """Return once everything was looked at again, from now on. Raises TimeoutError after so many seconds."""
        asked = self._clock()

        def looked(snapshot: Snapshot) -> bool:
            engines_asked = all(e.asked >= asked or not e.reachable for e in snapshot.engines.values())
            return engines_asked and (snapshot.swarm_asked >= asked or not snapshot.swarm_known)

        if self._observer is not None:
            self._observer.refresh()
            await self._observer.wait_for(looked, timeout)

    async def seen(self, predicate: Callable[[Snapshot], bool], timeout: float) -> None:
        """Return once a snapshot satisfies the predicate. Raises TimeoutError."""
        if self._observer is not None:
            await self._observer.wait_for(predicate, timeout)

    # -- what checks want to know ---------------------------------------------------------------------------------

    def watch(self, specs: Sequence[CheckSpec]) -> None:
        """Ask the ports and run the commands that these checks look at, from now on, and no others."""
        self._watched = tuple(specs)
        if self._prober:
            self._prober.watch(goal_targets(specs))
        if self._runner:
            self._runner.watch(command_targets(specs, self.facts))

    def _saw(self, snapshot: Snapshot) -> None:
        """A command may name a fact that is known only now, or otherwise now."""
        if self._runner and any(spec.subject is Subject.CMD for spec in self._watched):
            self._runner.watch(command_targets(self._watched, self.facts))
        self._listener.saw(snapshot)

    def watch_step(self, step: Step) -> None:
        """Ask all that the checks of a step look at."""
        self.watch(specs_of(step))

    def forget_answers(self) -> None:
        """Drop what ports and commands answered so far: a new step begins."""
        for prober in (self._prober, self._runner):
            if prober:
                prober.forget()

    def happened(self) -> None:
        """Something did: let those who wait look again."""
        self._happened.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is looked at after everything that happens."""
        while not condition():
            self._happened.clear()
            await self._happened.wait()


def specs_of(step: Step) -> tuple[CheckSpec, ...]:
    """All checks that are judged while a step is open: its goal, its diagnoses, its requirements, its questions."""
    questions = [
        spec
        for question in step.questions
        for spec in (question.seen, *(choice.when for choice in question.choices))
        if spec is not None
    ]
    return (
        *step.goal,
        *(diagnosis.when for diagnosis in step.diagnoses),
        *(requirement.check for requirement in step.requires),
        *questions,
    )
