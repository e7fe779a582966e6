"""`swarmtutor walk --prove`: the runs that prove a lab, side by side on playgrounds of their own, and the report."""

import asyncio
import contextlib
import os
import signal
import string
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.errors import ExitCode, UserError
from tui.labs.facts import mask, secret_facts
from tui.labs.model import Lab, Step
from tui.playground.model import NodeUnreachableError, Progress, ProgressState
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.nodes import ensure_nodes, progress_line, remove_nodes, reset_nodes
from tui.tutor.playground_control import PlaygroundControl
from tui.tutor.proofs import (
    Jumps,
    Proof,
    ProofKey,
    ProofKind,
    ProofOutcome,
    Run,
    RunKind,
    expected_proofs,
    missing_proofs,
    plan_runs,
    warnings_of,
)
from tui.tutor.proofs_fingerprint import Fingerprint
from tui.tutor.prove import ProvingRun
from tui.tutor.recording import Frame, Recording, save
from tui.tutor.report import ProofReport, proof_line, summary_lines, table_lines
from tui.tutor.report_files import as_json, as_junit
from tui.tutor.session import LabSession

__all__ = ["ProveOptions", "default_jobs", "prove_lab"]

MOST_JOBS = 3
MEMORY_A_JOB = 1_500_000_000
"""Bytes that three engines and what they run need at most, with room."""

Write = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ProveOptions:
    """What is asked for on the command line. `only`: a step's id. `json`, `junit`: files, `-` the standard output.

    `record`: a file for what the checks saw.
    """

    name: str
    provider: str | None = None
    jobs: int = 0  # 0: as many as this machine can
    keep: bool = False
    only: str = ""
    jumps: Jumps = Jumps.EACH
    routes: bool = True
    strict: bool = False
    json: str = ""
    junit: str = ""
    record: str = ""


def default_jobs() -> int:
    """How many playgrounds this machine carries side by side: most of the time is waiting, so more than it has CPUs."""
    with contextlib.suppress(ValueError, OSError, AttributeError):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
        return max(1, min(MOST_JOBS, (os.cpu_count() or 1) + 1, memory // MEMORY_A_JOB))
    return 1


async def prove_lab(lab: Lab, options: ProveOptions, *, write: Write, out: Write) -> int:
    """Prove the lab; returns OK only if everything was proven.

    `write` takes the lines for people, `out` what is asked for on the standard output. The playgrounds are made for
    it and removed at the end, also on Ctrl-C and SIGTERM, unless they are to be kept. Raises UserError.
    """
    task = asyncio.current_task()
    if task is not None:
        with contextlib.suppress(NotImplementedError):  # Windows has no such signal
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    if options.only and options.only not in {step.id for step in lab.steps}:
        raise UserError(
            f"There is no step “{options.only}” in {lab.id}.",
            f"Its steps: {', '.join(step.id for step in lab.steps)}.",
            exit_code=ExitCode.NOT_FOUND,
        )
    if not 0 <= options.jobs <= len(string.ascii_lowercase):
        raise UserError(
            f"{options.jobs} playgrounds side by side cannot be made.",
            f"--jobs takes 1 to {len(string.ascii_lowercase)}; without it, as many as this machine carries.",
            exit_code=ExitCode.USAGE,
        )
    began = time.monotonic()
    runs = plan_runs(lab, only=options.only, jumps=options.jumps, routes=options.routes)
    prover = _Prover(lab, runs, options, write)
    await prover.go()
    report = prover.report(time.monotonic() - began)
    for line in (*table_lines(report), *summary_lines(report)):
        write(line)
    _save(options.json, as_json(report), out)
    _save(options.junit, as_junit(report), out)
    if options.record:
        save(Recording(lab.id, tuple(prover.frames)), Path(options.record))
    return ExitCode.OK if report.passed else ExitCode.FAILED


def _save(where: str, text: str, out: Write) -> None:
    if where == "-":
        out(text)
    elif where:
        try:
            Path(where).write_text(f"{text}\n", encoding="utf-8")
        except OSError as error:
            raise UserError(f"{where} cannot be written: {error.strerror}.", exit_code=ExitCode.BROKEN) from error


class _Prover:
    """Deals out the runs to playgrounds, and collects what they prove."""

    def __init__(self, lab: Lab, runs: Sequence[Run], options: ProveOptions, write: Write) -> None:
        self._lab = lab
        self._options = options
        self._write = write
        self._queue = list(runs)
        self._expected = expected_proofs(lab, runs)
        self._proofs: list[Proof] = []
        self.frames: list[Frame] = []
        self._states: dict[str, Fingerprint] = {}
        self._provider = self._mesh = ""
        self._only = options.only
        self._main_is_over = False
        self._moved = asyncio.Event()

    async def go(self) -> None:
        jobs = min(self._options.jobs or default_jobs(), len(self._queue))
        names = [f"{self._options.name}-{letter}" for letter in string.ascii_lowercase[:jobs]]
        try:
            async with asyncio.TaskGroup() as tasks:
                for name in names:
                    tasks.create_task(self._work(name))
        except ExceptionGroup as group:
            known = [error for error in group.exceptions if isinstance(error, UserError)]
            if len(known) < len(group.exceptions):
                raise
            raise known[0] from None  # what one playground cannot do, none can: said once

    def report(self, seconds: float) -> ProofReport:
        steps = [step for step in self._lab.steps if self._only in ("", step.id)]
        self._count(steps)
        proofs = [*self._proofs, *missing_proofs(self._expected, self._proofs)]
        return ProofReport(
            lab=self._lab,
            proofs=tuple(proofs),
            warnings=warnings_of(steps),
            seconds=seconds,
            provider=self._provider,
            mesh=self._mesh,
            strict=self._options.strict,
        )

    # -- what the runs tell ---------------------------------------------------------------------------------------

    def proved(self, proof: Proof) -> None:
        """See `tui.tutor.prove.Listener`."""
        self._proofs.append(proof)
        self._write(proof_line(proof, self._lab))

    def opened(self, step: Step, state: Fingerprint) -> None:
        """See `tui.tutor.prove.Listener`."""
        self._states[step.id] = state
        self._moved.set()

    def kept(self, frame: Frame) -> None:
        """See `tui.tutor.prove.Listener`."""
        self.frames.append(frame)

    async def came_to(self, steps: Sequence[Step]) -> None:
        """See `tui.tutor.prove.Listener`."""
        while not self._has_come_to(steps):
            self._moved.clear()
            await self._moved.wait()

    def _has_come_to(self, steps: Sequence[Step]) -> bool:
        return self._main_is_over or all(step.id in self._states for step in steps)

    def _count(self, steps: Sequence[Step]) -> None:
        walked = sum(step.id in self._states for step in steps)
        reason = "" if steps and walked == len(steps) else f"{walked} of {len(steps)} steps were run"
        outcome = ProofOutcome.FAILED if reason else ProofOutcome.PROVEN
        self.proved(Proof(ProofKey(ProofKind.COUNT), outcome, RunKind.MAIN, f"{walked} of {len(steps)}", reason=reason))

    # -- the playgrounds ------------------------------------------------------------------------------------------

    async def _work(self, name: str) -> None:
        """Take one run after another on the playground of that name, until none is left."""

        def progress(event: Progress) -> None:
            if event.state is ProgressState.FAILED:
                self._write(f"{name}: {progress_line(event)}")

        made = False
        try:
            while run := await self._next():
                await self._take(name, run, progress, used=made)
                made = True
        finally:
            if not self._options.keep:
                await _to_its_end(remove_nodes(name, progress, lambda _line: None))

    async def _next(self) -> Run | None:
        """The next run, None when all are dealt out. A jump waits for the state that it is compared with."""

        def ready() -> list[Run]:
            return [run for run in self._queue if run.kind is not RunKind.JUMP or self._has_come_to(run.groups[0])]

        while self._queue:
            if best := next(iter(ready()), None):
                self._queue.remove(best)
                return best
            self._moved.clear()
            await self._moved.wait()
        return None

    async def _take(self, name: str, run: Run, progress: Callable[[Progress], None], *, used: bool) -> None:
        playground, fresh = await ensure_nodes(name, progress, self._options.provider)
        self._provider, self._mesh = playground.provider, playground.mesh
        if used or not fresh:
            await playground.close()
            await reset_nodes(name, (), progress)
            playground, _ = await ensure_nodes(name, progress)

        session = LabSession(self._lab, None, BitttyEngine, control=PlaygroundControl(name, progress))
        try:
            await session.connect(playground, fresh=True)
            await ProvingRun(session, run, self, self._states).go()
        except (UserError, NodeUnreachableError, TimeoutError) as error:
            said = mask(" ".join(str(error).split()), session.facts, secret_facts(self._lab.variables))
            self._write(f"✘ the run “{run.name}” on {name} ended early: {said}")
        finally:
            await session.close()
            self._main_is_over = self._main_is_over or run.kind is RunKind.MAIN
            self._moved.set()


async def _to_its_end(work: Coroutine[object, object, object]) -> None:
    """Do it all, also when stopped meanwhile; then stop."""
    task = asyncio.ensure_future(work)
    stopped = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            stopped = True
            if task.cancelled():
                break
    if stopped:
        raise asyncio.CancelledError
