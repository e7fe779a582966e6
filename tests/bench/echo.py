"""From a key to its echo: the whole program in a terminal, beside a terminal that only relays over asyncssh."""

import random
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

from tests.bench.pty_program import PtyProgram, plain
from tests.bench.scene import PATIENCE, command, form_swarm, nodes_up, on_nodes
from tests.bench.stats import CannotMeasureError, Options, Result, Row, Unit, percentile
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir

__all__ = ["measure"]

AIM = 0.010
BASELINE = "plain asyncssh"
_PROMPT = "node1:~$"
_KEY = b"z"  # stands in no word on screen twice in a row
_LINE = 24  # keys on one command line
_CLEAR = b"\x05\x15"  # to the end of the line, and forget it
_ENTER_SHELL = b"\x1d"  # Ctrl-]


def measure(options: Options) -> Result:
    """Two terminals at a node's prompt, a key in one, then in the other; first in peace, then with a busy swarm."""
    count = options.rounds(240, 48)
    with nodes_up("e") as name:
        on_nodes(name, form_swarm)
        with PtyProgram([sys.executable, "-m", "tests.bench.relay", name, "node1"]) as relay, _app(name) as app:
            relay.until(lambda output: _PROMPT in plain(bytes(output)), "the prompt", PATIENCE)
            quiet = _keys(relay, app, count)
            with _busy(name):
                busy = _keys(relay, app, count)
    rows: list[Row] = []
    for label, (plain_echo, ours) in {"quiet swarm": quiet, "busy swarm": busy}.items():
        rows.append(Row.of(f"key → echo on screen, {label}", Unit.MILLISECONDS, ours, baseline=(BASELINE, plain_echo)))
        rows.append(Row.of(f"baseline: {BASELINE}, {label}", Unit.MILLISECONDS, plain_echo))
        rows.append(_overhead(f"overhead, {label}", plain_echo, ours))
    return Result(tuple(rows), ("overhead: the p50 and p95 of one minus those of the other",))


def _overhead(label: str, base: list[float], ours: list[float]) -> Row:
    p50, p95 = (percentile(ours, share) - percentile(base, share) for share in (0.5, 0.95))
    return Row(label, Unit.MILLISECONDS, p50, p95, len(ours), aim=AIM)


@contextmanager
def _app(name: str) -> Generator[PtyProgram]:
    """The program with its shell on node1 in front and the keyboard in it."""
    title = load_lab_by_id("orchestration", content_dir()).steps[0].title
    with PtyProgram([*command(), "run", "--name", name, "--restart"]) as app:
        app.until(lambda output: title.split()[0] in plain(bytes(output)), "the first page", PATIENCE)
        app.until(lambda output: _PROMPT in plain(bytes(output)), "the prompt", PATIENCE)
        app.write(_ENTER_SHELL)
        app.read_for(1.0)
        yield app


@contextmanager
def _busy(name: str) -> Generator[None]:
    """A swarm in which something changes all the time."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.churn", name], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            if process.stdout is None or process.stdout.readline() != "busy\n":
                raise CannotMeasureError("the swarm could not be kept busy")
            yield
        finally:
            process.kill()


def _keys(relay: PtyProgram, app: PtyProgram, count: int) -> tuple[list[float], list[float]]:
    """Seconds from key to echo, in the relay and in the program."""
    chance = random.Random(count)
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(count):
        if number % _LINE == 0:
            for terminal in (relay, app):
                terminal.write(_CLEAR + _KEY)
                terminal.read_for(0.5)
        for terminal, taken in zip((relay, app), times, strict=True):
            taken.append(_press(terminal, number % _LINE + 2, whole_line=terminal is app))
            # As far apart as the keys of somebody who types fast, and never in step with anybody's clock.
            for each in (relay, app):
                each.read_for(chance.uniform(0.02, 0.06))
    return times


def _press(terminal: PtyProgram, nth: int, *, whole_line: bool) -> float:
    """One key; the program paints its line anew, so that as many keys as were typed so far stand in it."""
    wanted = _KEY * nth if whole_line else _KEY
    terminal.output.clear()
    begun = time.monotonic()
    terminal.write(_KEY)
    return terminal.until(lambda output: wanted in output, "the echo of a key") - begun
