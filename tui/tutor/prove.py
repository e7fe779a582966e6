"""One run through a lab that proves something at every step: on live nodes, in the real shells."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Mapping, Sequence
from functools import partial
from typing import Protocol

from tui.checks.evaluate import evaluate_all
from tui.checks.model import Evidence, Outcome
from tui.clock import now
from tui.errors import UserError
from tui.labs.facts import mask, secret_facts
from tui.labs.model import Break, Question, QuestionKind, Route, Step
from tui.playground.model import NODE_NAMES
from tui.tutor.perform import cause, run_commands, run_orders, state_specs
from tui.tutor.proofs import Proof, ProofKey, ProofKind, ProofOutcome, Run, RunKind, can_change, jump_proof
from tui.tutor.proofs_fingerprint import Fingerprint, differences, fingerprint
from tui.tutor.prove_wrong import settled, try_wrong_way
from tui.tutor.recording import Frame, Moment
from tui.tutor.session import LabSession
from tui.tutor.views import PageQuestion
from tui.tutor.walk import look, reach, said_by, sentence

__all__ = ["HOLDS_FOR", "Listener", "ProvingRun"]

HOLDS_FOR = 5.0
"""Seconds after which a goal that was met must still be met."""
RECOVERS_IN = 5.0
"""Seconds for what cannot be looked at for a moment: a port that is asked anew."""
SETTLES_IN = 30.0
"""Seconds after a jump for what is still under way: tasks that end, containers that are being removed."""


class Listener(Protocol):
    """Whoever collects what is proven."""

    def proved(self, proof: Proof) -> None:
        """Something was proven, or not."""
        ...

    def opened(self, step: Step, state: Fingerprint) -> None:
        """The main run has come to a step; the nodes are in this state."""
        ...

    def kept(self, frame: Frame) -> None:
        """What the checks could look at, at a moment that proves something."""
        ...

    async def came_to(self, steps: Sequence[Step]) -> None:
        """Return once the main run has come to all these steps, or is over."""
        ...


class ProvingRun:
    """One run on the fresh nodes that a session is connected to.

    `states`: how the nodes were as each step of the main run was opened, by the step's id; what jumps must lead to.
    """

    def __init__(self, session: LabSession, run: Run, listener: Listener, states: Mapping[str, Fingerprint]) -> None:
        self._session = session
        self._run = run
        self._listener = listener
        self._states = states
        self._secret = secret_facts(session.lab.variables)
        self._start = session.snapshot
        self._since = now()

    async def go(self) -> None:
        """Take the run's steps in order, as far as it can go."""
        if self._run.kind is RunKind.JUMP:
            for group in self._run.groups:
                await self._arrive(group)
            return
        if self._run.jump_first:
            await self._session.jump(self._run.steps[0].id)
        for number, step in enumerate(self._run.steps):
            if number and self._session.step is not step and not self._session.next():
                return
            await self._session.idle()  # what the steps before broke is being mended
            self._start, self._since = self._session.snapshot, now()
            take = {RunKind.WRONG: self._wrong, RunKind.ROUTE: self._route}.get(self._run.kind, self._main)
            if not await take(step):
                return

    # -- the lab as it stands -------------------------------------------------------------------------------------

    async def _main(self, step: Step) -> bool:
        session = self._session
        await look(session)
        self._listener.opened(step, await settled(session))
        if step.goal and not step.already_true:
            self._keep(step, Moment.BEFORE)
            early = "its goal is met before its commands, so it proves nothing" if session.is_done(step) else ""
            self._say(ProofKind.RED, step, reason=early)
        for question in step.questions:
            session.answer(question.id, any_answer(question))
        if step.goal or step.acts:
            if not await self._proven(ProofKind.GREEN, step, self._by_its_commands(step)):
                return False
            if can_change(step.goal):
                await self._proven(ProofKind.HOLDS, step, self._still_met(step))
            else:
                self._keep(step, Moment.DONE)
        judged = {block.id for block in session.view.blocks if isinstance(block, PageQuestion) and block.seen}
        for nth, question in enumerate(step.questions, start=1):
            reason = "" if question.id in judged else "the answer could not be judged when the step was done"
            self._say(ProofKind.QUESTION, step, nth, what=question.ask, reason=reason)
        return True

    async def _by_its_commands(self, step: Step) -> None:
        await run_commands(step, self._session)
        await reach(self._session, step)

    async def _still_met(self, step: Step) -> None:
        """Judge the goal anew after some seconds: for the session it is done, whatever happens."""
        session = self._session
        session.watch(step.goal)
        await asyncio.sleep(HOLDS_FOR)
        await look(session)

        def not_met() -> tuple[bool, str]:
            """Whether a check cannot be looked at, and what is said of those that are not met."""
            verdicts = evaluate_all(step.goal, session.evidence(start=self._start, since=self._since), session.facts)
            said = "; ".join(sentence(verdict) for verdict in verdicts if verdict.outcome is not Outcome.PASS)
            return any(verdict.outcome is Outcome.UNKNOWN for verdict in verdicts), said

        try:
            async with asyncio.timeout(RECOVERS_IN):
                await session.until(lambda: not not_met()[0])
        except TimeoutError:
            pass  # it is said what could not be looked at
        if said := not_met()[1]:
            raise UserError(f"{HOLDS_FOR:g} seconds later it is met no more: {said}")
        self._keep(step, Moment.DONE)  # not before: ports and commands that were asked are forgotten once it is done

    # -- other ways -----------------------------------------------------------------------------------------------

    async def _route(self, step: Step) -> bool:
        await look(self._session)
        nth = self._run.nth
        if len(step.routes) < nth:
            return await self._go_on(step, ProofKind.ROUTE, nth, "after the other ways of the steps before")
        route = step.routes[nth - 1]
        if await self._proven(ProofKind.ROUTE, step, self._by_route(step, route), nth, named(route)):
            return True
        return await self._recover(step)

    async def _by_route(self, step: Step, route: Route) -> None:
        if self._session.is_done(step) and not step.already_true:
            raise UserError("its goal is met before the first of these commands.")
        for act in step.acts:
            if isinstance(act, Break):
                await cause(act, self._session)
        await run_orders(route.orders, self._session)
        await reach(self._session, step)

    async def _wrong(self, step: Step) -> bool:
        await look(self._session)
        for nth, way in enumerate(step.wrong, start=1):
            keep = partial(self._keep, step, Moment.WRONG, nth - 1)
            trying = try_wrong_way(self._session, step, way, self._start, keep)
            await self._proven(ProofKind.WRONG, step, trying, nth, f"«{way.says}»")
            if self._session.is_done(step):
                return await self._recover(step)
        return await self._go_on(step, ProofKind.WRONG, max(len(step.wrong), 1), "after the wrong ways")

    async def _go_on(self, step: Step, kind: ProofKind, nth: int, after: str) -> bool:
        """The step's own commands, which the main run proves: here they only lead on."""
        try:
            await run_commands(step, self._session, hurry=state_specs(step))
            await reach(self._session, step)
        except UserError as error:
            reason = f"{after}, the lab's own commands do not lead to the goal: {said_by(error)}"
            self._say(kind, step, nth, what="going on", reason=reason)
            return await self._recover(step)
        return True

    async def _recover(self, step: Step) -> bool:
        """After a way that led astray: bring the nodes to the step behind it. False where there is none."""
        steps = self._run.steps
        behind = steps[steps.index(step) + 1 :]
        if behind:
            await self._session.jump(behind[0].id)
        return bool(behind)

    # -- jumps ----------------------------------------------------------------------------------------------------

    async def _arrive(self, steps: Sequence[Step]) -> None:
        """Jump to where these steps begin, and compare with what was there as they were opened in the main run."""
        session, began = self._session, time.monotonic()
        try:
            await session.jump(steps[0].id)
            await look(session)
        except UserError as error:
            for step in steps:
                self._say(ProofKind.JUMP, step, reason=said_by(error), seconds=time.monotonic() - began)
            return
        await self._listener.came_to(steps)
        wanted = [self._states[step.id] for step in steps if step.id in self._states]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLES_IN):
                await session.until(
                    lambda: not any(differences(state, fingerprint(session.snapshot)) for state in wanted)
                )
        found, seconds = fingerprint(session.snapshot), time.monotonic() - began
        for step in steps:
            self._listener.proved(jump_proof(step, self._states.get(step.id), found, seconds, self._run.name))

    # -- telling --------------------------------------------------------------------------------------------------

    def _keep(self, step: Step, moment: Moment, wrong: int | None = None, evidence: Evidence | None = None) -> None:
        """Keep what the checks can look at now; of a wrong way, what they looked at as it was named."""
        session = self._session
        seen = evidence or session.evidence(start=self._start, since=self._since)
        self._listener.kept(Frame(step.id, moment, seen, dict(session.facts), wrong))

    async def _proven(
        self, kind: ProofKind, step: Step, trying: Coroutine[object, object, None], nth: int = 0, what: str = ""
    ) -> bool:
        began = time.monotonic()
        reason = ""
        try:
            await trying
        except UserError as error:
            reason = said_by(error)
        self._say(kind, step, nth, what=what, reason=reason, seconds=time.monotonic() - began)
        return not reason

    def _say(
        self, kind: ProofKind, step: Step, nth: int = 0, *, what: str = "", reason: str = "", seconds: float = 0.0
    ) -> None:
        outcome = ProofOutcome.FAILED if reason else ProofOutcome.PROVEN
        shown = mask(reason, self._session.facts, self._secret)
        self._listener.proved(Proof(ProofKey(kind, step.id, nth), outcome, self._run.name, what, seconds, shown))


def named(route: Route) -> str:
    """What a route is called: by its author, or by its first command."""
    return route.say or (f"{route.orders[0].node}: {route.orders[0].text}" if route.orders else "")


def any_answer(question: Question) -> str:
    """Some answer of the kind that is asked for; whether it is right does not matter."""
    return NODE_NAMES[0] if question.kind is QuestionKind.NODE else "1"
