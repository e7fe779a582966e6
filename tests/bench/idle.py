"""What the program takes of a processor while nobody touches it: the real one, in a terminal, on nodes that run."""

import time

from tests.bench.processes import cpu_seconds
from tests.bench.pty_program import PtyProgram, plain
from tests.bench.scene import PATIENCE, command, done, form_swarm, nodes_up, on_nodes
from tests.bench.stats import Options, Result, Row, Unit
from tui.playground.playground import SshPlayground

__all__ = ["measure"]

AIM = 3.0
BASELINE = "watch -n1 true"
_PART = 10.0
_SETTLE = 15.0
_VIEWS = (("tables", b"d"), ("map", b"m"), ("events", b"w"), ("traffic (it asks three ports)", b"g"))


def measure(options: Options) -> Result:
    """Each view in front for a minute, with a service that runs; every ten seconds are a sample."""
    parts = options.rounds(6, 2)
    with nodes_up("i") as name:
        on_nodes(name, _pets)
        with PtyProgram([*command(), "run", "--name", name, "--restart"]) as program:
            program.until(lambda output: "HOSTNAME" in plain(bytes(output)), "the swarm on screen", PATIENCE)
            rows: list[Row] = []
            for view, key in _VIEWS:
                program.write(key)
                program.read_for(_SETTLE)
                aim = AIM if view == "tables" else None
                rows.append(Row.of(f"idle, {view}", Unit.PERCENT, _shares(program, parts), aim=aim))
        with PtyProgram(["watch", "-n1", "true"]) as watch:
            watch.read_for(2.0)
            rows.append(Row.of(f"baseline: {BASELINE}", Unit.PERCENT, _shares(watch, parts)))
    return Result(tuple(rows), ("of one processor: the program itself, not the engines that it asks once a second",))


async def _pets(playground: SshPlayground) -> None:
    await form_swarm(playground)
    create = "docker service create -q --name pets --replicas 3 -p 5000:5000 swarmtutor/pets:1.0"
    await done(playground.nodes[0], create)


def _shares(program: PtyProgram, parts: int) -> list[float]:
    shares: list[float] = []
    for _ in range(parts):
        before, begun = cpu_seconds(program.pid), time.monotonic()
        program.read_for(_PART)
        shares.append(100 * (cpu_seconds(program.pid) - before) / (time.monotonic() - begun))
        program.output.clear()
    return shares
