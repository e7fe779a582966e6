"""From a key to its echo: the whole program in a terminal, beside plain ssh and beside ssh in tmux."""

import random
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager

from tests.bench.pty_program import PtyProgram, plain
from tests.bench.rivals import PLAIN, TMUX, plain_ssh, tmux_with_ssh
from tests.bench.scene import PATIENCE, command, form_swarm, nodes_up, on_nodes
from tests.bench.stats import CannotMeasureError, Options, Result, Row, Unit, percentile
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir

__all__ = ["PROMPT", "measure", "program_on"]

AIM = 0.005
PROMPT = "node1:~$"
_OURS = "the program"
_KEY = b"z"  # stands in no word on screen twice in a row
_LINE = 24  # keys on one command line
_CLEAR = b"\x05\x15"  # to the end of the line, and forget it
_ENTER_SHELL = b"\x1d"  # Ctrl-]


def measure(options: Options) -> Result:
    """Three terminals at a node's prompt, a key in each in turn; first in peace, then with a busy swarm."""
    count = options.rounds(240, 48)
    with nodes_up("e") as name, ExitStack() as stack:
        on_nodes(name, form_swarm)
        terminals = {
            PLAIN: stack.enter_context(plain_ssh(name, "node1")),
            TMUX: stack.enter_context(tmux_with_ssh(name, "node1")),
        }
        for label, terminal in terminals.items():
            terminal.until(lambda output: PROMPT in plain(bytes(output)), f"the prompt in {label}", PATIENCE)
        terminals[_OURS] = stack.enter_context(program_on(name))
        quiet = _keys(terminals, count)
        with _busy(name):
            busy = _keys(terminals, count)
    rows: list[Row] = []
    for label, times in {"quiet swarm": quiet, "busy swarm": busy}.items():
        ours = times[_OURS]
        rows.append(Row.of(f"key → echo on screen, {label}", Unit.MILLISECONDS, ours, baseline=(PLAIN, times[PLAIN])))
        rows.extend(Row.of(f"baseline: {each}, {label}", Unit.MILLISECONDS, times[each]) for each in (PLAIN, TMUX))
        rows.append(_overhead(f"more than {PLAIN}, {label}", times[PLAIN], ours, AIM))
        rows.append(_overhead(f"more than {TMUX}, {label}", times[TMUX], ours, None))
    return Result(tuple(rows), ("more than: the p50 and p95 of one minus those of the other",))


def _overhead(label: str, base: list[float], ours: list[float], aim: float | None) -> Row:
    p50, p95 = (percentile(ours, share) - percentile(base, share) for share in (0.5, 0.95))
    return Row(label, Unit.MILLISECONDS, p50, p95, len(ours), aim=aim)


@contextmanager
def program_on(name: str) -> Generator[PtyProgram]:
    """The program with its shell on node1 in front and the keyboard in it."""
    title = load_lab_by_id("orchestration", content_dir()).steps[0].title
    with PtyProgram([*command(), "run", "--name", name, "--restart"]) as app:
        app.until(lambda output: title.split()[0] in plain(bytes(output)), "the first page", PATIENCE)
        app.until(lambda output: PROMPT in plain(bytes(output)), "the prompt", PATIENCE)
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


def _keys(terminals: Mapping[str, PtyProgram], count: int) -> dict[str, list[float]]:
    """Seconds from key to echo, in each terminal."""
    chance = random.Random(count)
    times: dict[str, list[float]] = {label: [] for label in terminals}
    for number in range(count):
        if number % _LINE == 0:
            for terminal in terminals.values():
                terminal.write(_CLEAR + _KEY)
                terminal.read_for(0.5)
        for label, terminal in terminals.items():
            times[label].append(_press(terminal, number % _LINE + 2, whole_line=label == _OURS))
            # As far apart as the keys of somebody who types fast, and never in step with anybody's clock.
            for each in terminals.values():
                each.read_for(chance.uniform(0.01, 0.04))
    return times


def _press(terminal: PtyProgram, nth: int, *, whole_line: bool) -> float:
    """One key; the program paints its line anew, so that as many keys as were typed so far stand in it."""
    wanted = _KEY * nth if whole_line else _KEY
    terminal.output.clear()
    begun = time.monotonic()
    terminal.write(_KEY)
    return terminal.until(lambda output: wanted in output, "the echo of a key") - begun
