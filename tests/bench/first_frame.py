"""From the start of `swarmtutor run` to its first page in a terminal, and what the time goes into."""

import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.processes import cpu_seconds
from tests.bench.pty_program import PtyProgram, plain
from tests.bench.scene import PATIENCE, command, nodes_up
from tests.bench.stats import CannotMeasureError, Options, Result, Row, Unit
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir

__all__ = ["measure"]

AIM = 1.5
BASELINE = "a one-word app"
_WORD = "baseline-is-painted"
_MINIMAL = f"""
from textual.app import App, ComposeResult
from textual.widgets import Static

class Minimal(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("{_WORD}")

Minimal().run()
"""
_SHOWN = 7


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds from the start to the first words, and how many of them a processor worked for the program."""

    seconds: float
    cpu: float


def measure(options: Options) -> Result:
    """The two programs in turn, each from its start to its first words on screen."""
    title = load_lab_by_id("orchestration", content_dir()).steps[0].title
    ours: list[Started] = []
    minimal: list[Started] = []
    bare: list[float] = []
    with nodes_up("f") as name:
        # The first start compiles the modules.
        _until_shown([*command(), "run", "--name", name, "--restart"], title)
        for _ in range(options.rounds(12, 3)):
            bare.append(_python_start())
            minimal.append(_until_shown([sys.executable, "-c", _MINIMAL], _WORD))
            ours.append(_until_shown([*command(), "run", "--name", name, "--restart"], title))
    return Result(
        (
            _row("start → first page painted", ours, minimal, lambda each: each.seconds, AIM),
            _row("CPU time until then", ours, minimal, lambda each: each.cpu, None),
            Row.of(f"baseline: {BASELINE}", Unit.SECONDS, [each.seconds for each in minimal]),
            Row.of("  its CPU time", Unit.SECONDS, [each.cpu for each in minimal]),
            Row.of("python -c pass", Unit.SECONDS, bare),
        ),
        (_imports(options),),
    )


def _python_start() -> float:
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True, timeout=PATIENCE)
    return time.monotonic() - begun


def _row(
    label: str, ours: list[Started], minimal: list[Started], value: Callable[[Started], float], aim: float | None
) -> Row:
    baseline = (BASELINE, list(map(value, minimal)))
    return Row.of(label, Unit.SECONDS, list(map(value, ours)), aim=aim, baseline=baseline)


def _until_shown(program: list[str], text: str) -> Started:
    wanted = "".join(text.split())
    with PtyProgram(program) as running:
        # Blanks may be cursor movements, so that words are looked for without them.
        shown = running.until(lambda output: wanted in "".join(plain(bytes(output)).split()), f"«{text}» on screen")
        return Started(shown - running.started, cpu_seconds(running.pid))


def _imports(options: Options) -> str:
    """Which packages the imports before the first frame take their time for."""
    runs = [_import_times() for _ in range(options.rounds(8, 2))]
    packages = {package for run in runs for package in run}
    least = {package: min(run.get(package, 0.0) for run in runs) for package in packages}
    total = sum(least.values())
    longest = sorted(least, key=lambda package: least[package], reverse=True)[:_SHOWN]
    parts = ", ".join(f"{package} {least[package] * 1000:.0f}" for package in longest)
    return f"imports before the first frame, in ms (the fastest of several): {total * 1000:.0f}, of them {parts}"


def _import_times() -> dict[str, float]:
    """Seconds that the modules of each package took for themselves."""
    code = "import tui.cli, tui.app.start, tui.app.screens.lab"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    times: dict[str, float] = defaultdict(float)
    for own, module in re.findall(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", done.stderr, re.MULTILINE):
        package = module.partition(".")[0]
        times["standard library" if package in sys.stdlib_module_names else package] += int(own) / 1e6
    if done.returncode or not times:
        raise CannotMeasureError(f"imports cannot be timed: {done.stderr.strip()[-200:]}")
    return times
