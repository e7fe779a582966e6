"""The whole lab without a screen: what each step takes, and how much of that its commands take by themselves."""

import asyncio
import time
from dataclasses import replace

from tests.bench.scene import ignore_progress, own_name, remove, require_nodes
from tests.bench.stats import CannotMeasureError, Options, Result, Row, Unit
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.nodes import ensure_nodes
from tui.tutor.session import LabSession
from tui.tutor.walk import StepResult, walk

__all__ = ["measure"]

BASELINE = "commands alone"


def measure(options: Options) -> Result:
    """One walk, on nodes made for it: less there cannot be, whatever the options."""
    require_nodes()
    name = own_name("w")
    try:
        return asyncio.run(_walk(name))
    finally:
        remove(name)


async def _walk(name: str) -> Result:
    begun = time.monotonic()
    playground, fresh = await ensure_nodes(name, ignore_progress)
    made = time.monotonic() - begun
    session = LabSession(load_lab_by_id("orchestration", content_dir()), None, BitttyEngine)
    commands: list[float] = []

    def note(_step: StepResult) -> None:
        """A step is done: how long its commands ran."""
        ran = [c.finished - c.started for c in session.log.since(0.0) if c.finished is not None]
        commands.append(sum(ran) - sum(commands))

    try:
        await session.connect(playground, fresh=fresh)
        result = await walk(session, note)
        total = time.monotonic() - begun
    finally:
        await session.close()
    if not result.passed:
        last = result.steps[-1] if result.steps else None
        raise CannotMeasureError(f"the walk stopped at «{last.step.title if last else 'the start'}»")
    rows = [
        Row.of("nodes made, all steps walked", Unit.SECONDS, [total], baseline=(BASELINE, [sum(commands)])),
        Row.of("of it: nodes made", Unit.SECONDS, [made]),
    ]
    for step, alone in zip(result.steps, commands, strict=True):
        row = Row.of(f"{step.number:2} {step.step.title}", Unit.SECONDS, [step.seconds])
        rows.append(replace(row, baseline=f"commands {Unit.SECONDS.show(alone)}" if step.step.commands else ""))
    return Result(tuple(rows))
