"""What the program and its helpers keep in memory once the whole lab was taken."""

import subprocess
import sys
from collections import defaultdict

from tests.bench.lab_by_keys import LabTaken
from tests.bench.processes import Memory, memory_of, memory_of_group
from tests.bench.pty_program import PtyProgram
from tests.bench.scene import PATIENCE, nodes_up
from tests.bench.stats import CannotMeasureError, Options, Result, Row, Unit
from tui.playground.model import NODE_NAMES
from tui.playground.record import identity

__all__ = ["measure"]

AIM = 150.0
BASELINE = "an empty app"
_LAB_SECONDS = 600.0
_MINIMAL = "from textual.app import App\nApp().run()\n"


def measure(options: Options) -> Result:
    """The app as its own process, then the processes of the playground, part by part."""
    with nodes_up("m") as name:
        empty = _empty_app()
        lab = _take_lab(name, steps=options.rounds(1000, 4))
        parts: dict[str, list[Memory]] = defaultdict(list)
        for group in (*NODE_NAMES, "hub"):
            for part, memory in memory_of_group(f"{identity(name)}/{group}").items():
                parts[part].append(memory)
    rows = [
        Row.of(
            "the program after the lab, resident",
            Unit.MEGABYTES,
            [lab.after.rss],
            aim=AIM,
            baseline=(BASELINE, [empty.rss]),
        ),
        Row.of("  its proportional share (PSS)", Unit.MEGABYTES, [lab.after.pss], baseline=(BASELINE, [empty.pss])),
        Row.of("  its highest", Unit.MEGABYTES, [lab.after.peak]),
        Row.of("  before the first step", Unit.MEGABYTES, [lab.start.rss]),
        Row.of(f"baseline: {BASELINE}, resident", Unit.MEGABYTES, [empty.rss]),
    ]
    rows += [
        Row.of(f"{part}, resident", Unit.MEGABYTES, [memory.rss for memory in found], aim=None)
        for part, found in sorted(parts.items())
    ]
    total = sum(memory.pss for found in parts.values() for memory in found)
    notes = (
        f"{lab.steps} steps were taken with keys, in a window of 120×40",
        f"all processes of the three nodes together, proportional share: {total:.0f} MB",
    )
    return Result(tuple(rows), notes)


def _empty_app() -> Memory:
    with PtyProgram([sys.executable, "-c", _MINIMAL]) as app:
        app.until(lambda output: b"\x1b[?1049h" in output, "the first frame", PATIENCE)
        app.read_for(1.5)
        return memory_of(app.pid)


def _take_lab(name: str, *, steps: int) -> LabTaken:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.lab_by_keys", name, str(steps)],
        stdout=subprocess.PIPE,
        text=True,
        timeout=_LAB_SECONDS,
        check=False,
    )
    if done.returncode:
        raise CannotMeasureError("the lab could not be taken with keys")
    return LabTaken.parse(done.stdout.splitlines()[-1])
