"""One run through a lab that proves something at every step: on live nodes, in the real shells."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Protocol

from tui.checks.evaluate import evaluate_all
from tui.checks.model import Outcome
from tui.clock import now
from tui.errors import UserError
from tui.labs.facts import mask, secret_facts
from tui.labs.model import Route, Step
from tui.tutor.perform import run_commands
from tui.tutor.proofs import Proof, ProofKey, ProofKind, ProofOutcome, Run, RunKind, can_change
from tui.tutor.proofs_fingerprint import Fingerprint, fingerprint
from tui.tutor.prove_orders import run_orders
from tui.tutor.prove_wrong import try_wrong_way
from tui.tutor.session import LabSession
from tui.tutor.walk import look, reach, said_by, sentence

__all__ = ["HOLDS_FOR", "Listener", "ProvingRun"]

HOLDS_FOR = 5.0
"""Seconds after which a goal that was met must still be met."""
RECOVERS_IN = 5.0
"""Seconds for what cannot be looked at for a moment: a port that is asked anew."""


class Listener(Protocol):
    """Whoever collects what is proven."""

    def proved(self, proof: Proof) -> None:
        """Something was proven, or not."""
        ...

    def opened(self, step: Step, state: Fingerprint) -> None:
        """The main run has come to a step; the nodes are in this state."""
        ...


class ProvingRun:
    """One run on the fresh nodes that a session is connected to."""

    def __init__(self, session: LabSession, run: Run, listener: Listener) -> None:
        self._session = session
        self._run = run
        self._listener = listener
        self._secret = secret_facts(session.lab.variables)
        self._start = session.snapshot
        self._since = now()

    async def go(self) -> None:
        """Take the run's steps in order, as far as it can go."""
        for number, step in enumerate(self._run.steps):
            if number and not self._session.next():
                return
            self._start, self._since = self._session.snapshot, now()
            take = {RunKind.WRONG: self._wrong, RunKind.ROUTE: self._route}.get(self._run.kind, self._main)
            if not await take(step):
                return

    # -- the lab as it stands -------------------------------------------------------------------------------------

    async def _main(self, step: Step) -> bool:
        session = self._session
        await look(session)
        self._listener.opened(step, fingerprint(session.snapshot))
        if step.goal and not step.already_true:
            early = "its goal is met before its commands, so it proves nothing" if session.is_done(step) else ""
            self._say(ProofKind.RED, step, reason=early)
        if not step.goal and not step.acts:
            return True
        if not await self._proven(ProofKind.GREEN, step, self._by_its_commands(step)):
            return False
        if can_change(step.goal):
            await self._proven(ProofKind.HOLDS, step, self._still_met(step))
        return True

    async def _by_its_commands(self, step: Step) -> None:
        await run_commands(step, self._session)
        await reach(self._session, step)

    async def _still_met(self, step: Step) -> None:
        """Judge the goal anew after some seconds: for the session it is done, whatever happens."""
        session = self._session
        session.watch_web(step)
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

    # -- other ways -----------------------------------------------------------------------------------------------

    async def _route(self, step: Step) -> bool:
        await look(self._session)
        nth = self._run.nth
        if len(step.routes) < nth:
            reason = "after the other ways of the steps before, the lab's own commands fail"
            return await self._as_before(step, ProofKind.ROUTE, nth, reason)
        route = step.routes[nth - 1]
        return await self._proven(ProofKind.ROUTE, step, self._by_route(step, route), nth, named(route))

    async def _by_route(self, step: Step, route: Route) -> None:
        if self._session.is_done(step) and not step.already_true:
            raise UserError("its goal is met before the first of these commands.")
        await run_orders(route.orders, self._session)
        await reach(self._session, step)

    # -- wrong ways -----------------------------------------------------------------------------------------------

    async def _wrong(self, step: Step) -> bool:
        await look(self._session)
        for nth, way in enumerate(step.wrong, start=1):
            await self._proven(
                ProofKind.WRONG, step, try_wrong_way(self._session, step, way, self._start), nth, f"«{way.says}»"
            )
            if self._session.is_done(step):
                break
        reason = "after the wrong ways, the lab's own commands do not lead to the goal"
        return await self._as_before(step, ProofKind.WRONG, max(len(step.wrong), 1), reason)

    async def _as_before(self, step: Step, kind: ProofKind, nth: int, reason: str) -> bool:
        """The step's own commands, which the main run has proven: here they only lead on."""
        try:
            await self._by_its_commands(step)
        except UserError as error:
            self._say(kind, step, nth, what="going on", reason=f"{reason}: {said_by(error)}")
            return False
        return True

    # -- telling --------------------------------------------------------------------------------------------------

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
