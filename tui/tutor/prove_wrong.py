"""A mistake made on purpose: it must leave the goal red, and the learner must be told what it was."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from tui.checks.model import Evidence, Outcome
from tui.errors import UserError
from tui.labs.model import Order, Step, WrongWay
from tui.swarm.gossip import free_gossip
from tui.swarm.hints import converging
from tui.swarm.snapshot import Snapshot
from tui.tutor.judging import StepJudge
from tui.tutor.perform import free_shells, run_command, run_orders
from tui.tutor.proofs import can_change
from tui.tutor.proofs_fingerprint import Fingerprint, differences, fingerprint
from tui.tutor.session import LabSession
from tui.tutor.walk import look, sentence

__all__ = ["settled", "try_wrong_way"]

COMMAND_DEADLINE = 30.0
"""Seconds after which a wrong command that does not end by itself is ended with Ctrl-C, as a person would."""
MESSAGE_DEADLINE = 30.0
"""Seconds within which the message must be shown, after the last command was typed."""
MORE_PATIENCE = 7.0
"""Seconds for a command to end once its mistake was named: one that creates a service watches it for five."""
SETTLED_WITHIN = 45.0
UNCHANGED_FOR = 15.0
"""Seconds without a change after which the nodes count as settled, though something waits for what never comes."""
_ON_THE_WAY = ("created", "restarting", "removing")
"""States of a container that usually last for a moment."""
UNDONE_WITHIN = 45.0
"""Seconds for the nodes to be again what they were before the mistake."""
WATCHED_FOR = 1.0
"""Seconds for which the goal is seen to stay red, beyond those for which it would have to hold."""


class Learner:
    """Somebody who opens a step and errs: what the step says to that, and to nothing that was run before."""

    def __init__(self, session: LabSession, step: Step, start: Snapshot) -> None:
        self._session = session
        self._start = start
        self._since = session.now()
        self.evidence = session.evidence(start=start, since=self._since)  # as last looked at
        self._judge = StepJudge(session.lab)
        self._judge.open(step, start, self._since)

    def hears(self) -> str:
        """What is shown now: the red goals, each with what is so, and the diagnosis."""
        session = self._session
        self.evidence = session.evidence(start=self._start, since=self._since)
        self._judge.look(self.evidence, session.facts, session.now())
        red = [sentence(verdict) for verdict in self._judge.verdicts if verdict.outcome is not Outcome.PASS]
        return "; ".join([*red, self._judge.diagnosis] if self._judge.diagnosis else red)

    def is_told(self, fragment: str) -> bool:
        """Whether what is shown contains the fragment, in capitals or not."""
        return fragment.casefold() in self.hears().casefold()


async def try_wrong_way(
    session: LabSession, step: Step, way: WrongWay, start: Snapshot, keep: Callable[[Evidence], None]
) -> None:
    """Make the mistake, hear its message, see the goal stay red, and undo it. Raises UserError with what is amiss.

    `start`: the swarm as the step was opened. `keep` is given what there was to see when the message was heard.
    """
    if session.is_done(step):
        raise UserError("the goal is met already, so that no way to it can be wrong.")
    before = await settled(session)
    learner = Learner(session, step, start)
    if learner.is_told(way.says):
        raise UserError(f"“{way.says}” is shown before the mistake is made: {learner.hears()}")
    await _make(session, step, way, learner)
    keep(learner.evidence)
    if can_change(step.goal):
        await asyncio.sleep(max(spec.hold for spec in step.goal) + WATCHED_FOR)
    await look(session)
    if session.is_done(step):
        raise UserError("it leads to the goal, so it is not wrong.")
    if way.undo:
        await _undo(session, way, before)
        await look(session)
        if session.is_done(step):
            raise UserError("its `undo` leads to the goal.")


async def settled(session: LabSession) -> Fingerprint:
    """The state of the nodes once nothing is under way any more; where something never ends, once nothing changes."""

    def under_way() -> bool:
        snapshot = session.snapshot
        # A task that waits for its restart is where it is wanted, and yet not all replicas run.
        short = any(snapshot.running(service) != snapshot.wanted(service) for service in snapshot.services)
        moving = any(
            container.state in _ON_THE_WAY for engine in snapshot.engines.values() for container in engine.containers
        )
        return short or moving or converging(snapshot.nodes, snapshot.services, snapshot.tasks)

    def moves_on(state: Fingerprint) -> bool:
        return not under_way() or fingerprint(session.snapshot) != state

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLED_WITHIN):
            while under_way():
                state = fingerprint(session.snapshot)
                async with asyncio.timeout(UNCHANGED_FOR):
                    await session.until(partial(moves_on, state))
    return fingerprint(session.snapshot)


async def _make(session: LabSession, step: Step, way: WrongWay, learner: Learner) -> None:
    """Type the commands. Some never end by themselves, so the message is listened for meanwhile."""
    for order in way.orders[:-1]:
        await _type(session, order)
    told = asyncio.create_task(session.until(lambda: learner.is_told(way.says) or session.is_done(step)))
    typing = asyncio.create_task(_type(session, way.orders[-1], told))
    try:
        async with asyncio.timeout(MESSAGE_DEADLINE):
            await told
    except TimeoutError:
        raise UserError(f"“{way.says}” is not shown, but: {learner.hears() or 'nothing'}") from None
    finally:
        told.cancel()
        await asyncio.gather(typing, return_exceptions=True)
    typing.result()


async def _type(session: LabSession, order: Order, told: "asyncio.Task[None] | None" = None) -> None:
    """Type a command and see it end, however it does. Once `told`, it is not waited for much longer."""
    running = asyncio.create_task(run_command(order.node, order.text, session, expect_fail=None))
    try:
        if told is None:
            await asyncio.wait({running}, timeout=COMMAND_DEADLINE)
        else:
            await asyncio.wait({running, told}, timeout=COMMAND_DEADLINE, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({running}, timeout=MORE_PATIENCE)
    finally:
        running.cancel()  # the shell gets a Ctrl-C, if anything runs there
        await asyncio.gather(running, return_exceptions=True)
    if not running.cancelled():
        running.result()
    else:
        await free_shells(session)


async def _undo(session: LabSession, way: WrongWay, before: Fingerprint) -> None:
    await run_orders(way.undo, session, strict=False)
    await asyncio.gather(*(free_gossip(node) for node in session.playground.nodes))
    try:
        async with asyncio.timeout(UNDONE_WITHIN):
            await session.until(lambda: not differences(before, fingerprint(session.snapshot)))
    except TimeoutError:
        left = "; ".join(differences(before, fingerprint(session.snapshot)))
        raise UserError(f"its `undo` does not bring back what was: {left}") from None
