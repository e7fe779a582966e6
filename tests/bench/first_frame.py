"""From the start of `swarmtutor run` to its first page in a terminal, and what the time goes into."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import tui
from tests.bench.processes import cpu_seconds
from tests.bench.pty_program import PtyProgram, plain
from tests.bench.scene import PATIENCE, command, nodes_up
from tests.bench.stats import CannotMeasureError, Options, Result, Row, Unit
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir

__all__ = ["measure"]

AIM = 1.0
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
_COMPILED = "PYTHONPYCACHEPREFIX"


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds from the start to the first words, and how many of them a processor worked for the program."""

    seconds: float
    cpu: float


def measure(options: Options) -> Result:
    """The two programs in turn, each from its start to its first words on screen: warm, and with files to be read."""
    title = load_lab_by_id("orchestration", content_dir()).steps[0].title
    ours: list[Started] = []
    minimal: list[Started] = []
    bare: list[float] = []
    cold: list[Started] = []
    cold_minimal: list[Started] = []
    with nodes_up("f") as name, tempfile.TemporaryDirectory() as nothing:
        run = [*command(), "run", "--name", name, "--restart"]
        baseline = [sys.executable, "-c", _MINIMAL]
        first_minimal = _until_shown(baseline, _WORD, {_COMPILED: f"{nothing}/minimal"})
        first = _until_shown(run, title, {_COMPILED: f"{nothing}/ours"})
        _until_shown(run, title)  # compiles the modules for what follows
        for _ in range(options.rounds(12, 3)):
            bare.append(_python_start())
            minimal.append(_until_shown(baseline, _WORD))
            ours.append(_until_shown(run, title))
        for _ in range(options.rounds(6, 2)):
            _forget_files()
            cold_minimal.append(_until_shown(baseline, _WORD))
            _forget_files()
            cold.append(_until_shown(run, title))
    return Result(
        (
            _row("start → first page painted, warm", ours, minimal, lambda each: each.seconds, AIM),
            _row("  CPU time until then", ours, minimal, lambda each: each.cpu, None),
            _row("the same, cold: files not in memory", cold, cold_minimal, lambda each: each.seconds, AIM),
            _row("the very first: nothing compiled", [first], [first_minimal], lambda each: each.seconds, None),
            Row.of(f"baseline: {BASELINE}, warm", Unit.SECONDS, [each.seconds for each in minimal]),
            Row.of("  its CPU time", Unit.SECONDS, [each.cpu for each in minimal]),
            Row.of(f"baseline: {BASELINE}, cold", Unit.SECONDS, [each.seconds for each in cold_minimal]),
            Row.of("python -c pass", Unit.SECONDS, bare),
        ),
        (
            _imports(options),
            "cold: the kernel was told to forget the files of Python, of its packages and of the program; what other "
            "programs use at the time stays",
        ),
    )


def _forget_files() -> None:
    """Have the files that a start reads leave the kernel's memory, as after a restart of the machine."""
    folders = {sys.prefix, sys.base_prefix, str(content_dir()), str(Path(tui.__file__).parent)}
    folders.add(os.environ.get(_COMPILED, sys.prefix))
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                with contextlib.suppress(OSError), (Path(place) / name).open("rb") as file:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _python_start() -> float:
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True, timeout=PATIENCE)
    return time.monotonic() - begun


def _row(
    label: str, ours: list[Started], minimal: list[Started], value: Callable[[Started], float], aim: float | None
) -> Row:
    baseline = (BASELINE, list(map(value, minimal)))
    return Row.of(label, Unit.SECONDS, list(map(value, ours)), aim=aim, baseline=baseline)


def _until_shown(program: list[str], text: str, environment: Mapping[str, str] | None = None) -> Started:
    wanted = "".join(text.split())
    with PtyProgram(program, environment) as running:
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
