"""A flood of output in the shell: how soon Ctrl-C is felt in it, beside plain ssh and beside ssh in tmux."""

import time
from contextlib import ExitStack

from tests.bench.echo import PROMPT, program_on
from tests.bench.pty_program import PtyProgram, plain
from tests.bench.rivals import PLAIN, TMUX, plain_ssh, tmux_with_ssh
from tests.bench.scene import PATIENCE, nodes_up
from tests.bench.stats import Options, Result, Row, Unit

__all__ = ["measure"]

AIM = 0.2
_OURS = "the program"
_INTERRUPT = b"\x03"
_FLOODS = {"yes": "yes", "a log": "yes 2026-11-22T12:00:00Z web.3 GET /pets/4711 200 a line as logs have them"}
_PROMPT = "$ "


def measure(options: Options) -> Result:
    """Start a flood, let it run, press Ctrl-C: until the prompt is back on screen."""
    rounds = options.rounds(12, 3)
    with nodes_up("f") as name, ExitStack() as stack:
        terminals = {
            PLAIN: stack.enter_context(plain_ssh(name, "node1")),
            TMUX: stack.enter_context(tmux_with_ssh(name, "node1")),
        }
        for label, terminal in terminals.items():
            terminal.until(lambda output: PROMPT in plain(bytes(output)), f"the prompt in {label}", PATIENCE)
        terminals[_OURS] = stack.enter_context(program_on(name))
        rows: list[Row] = []
        for flood, line in _FLOODS.items():
            times = {label: [_felt(terminal, line) for _ in range(rounds)] for label, terminal in terminals.items()}
            ours = times[_OURS]
            rows.append(
                Row.of(
                    f"Ctrl-C → prompt, during {flood}", Unit.MILLISECONDS, ours, aim=AIM, baseline=(PLAIN, times[PLAIN])
                )
            )
            rows.extend(Row.of(f"baseline: {each}, {flood}", Unit.MILLISECONDS, times[each]) for each in (PLAIN, TMUX))
    return Result(tuple(rows))


def _felt(terminal: PtyProgram, line: str) -> float:
    """Seconds from Ctrl-C to the prompt."""
    terminal.write(b"\x05\x15 " + line.encode() + b"\r")
    terminal.read_for(1.5)
    terminal.output.clear()
    begun = time.monotonic()
    terminal.write(_INTERRUPT)
    felt = terminal.until(lambda output: PROMPT in plain(bytes(output[-4096:])), "the prompt after Ctrl-C") - begun
    terminal.read_for(0.5)
    return felt
