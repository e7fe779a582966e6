"""What one refresh of each live view costs: from a new snapshot to the rows on screen."""

import asyncio
import gc
import time
from dataclasses import replace

from textual.app import App, ComposeResult

from tests.bench.stats import Options, Result, Row, Unit
from tests.unit.factories import large_swarm
from tui.app.live.views import LiveViews, View
from tui.app.paint import Line
from tui.app.swarm_lines import Look
from tui.app.themes import DARK
from tui.app.widgets.swarm_view import SwarmView
from tui.checks.model import WebTarget
from tui.playground.model import WebAnswer
from tui.swarm.snapshot import Snapshot

__all__ = ["measure"]

AIM = 0.016
_SIZES = ((3, 9), (30, 300), (100, 1000))
_REPLICAS = 6


class _Pane(App[None]):
    """The live pane alone, in a window of 120×40."""

    CSS_PATH = "../../tui/app/app.tcss"

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.live = LiveViews()
        self.snapshot = snapshot
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        """Nothing else."""
        yield SwarmView(self._lines)

    def _lines(self, width: int, height: int) -> list[Line]:
        return self.live.lines(self.snapshot, Look(width, self.snapshot.taken, height))


def measure(options: Options) -> Result:
    """Each view at three sizes, a snapshot of new values each time, in which some tasks changed."""
    rows = [row for nodes, tasks in _SIZES for row in asyncio.run(_measured(nodes, tasks, options.rounds(60, 8)))]
    return Result(tuple(rows), ("CPU time: keeping the snapshot, making the lines, comparing them, rows in sight.",))


async def _measured(nodes: int, tasks: int, rounds: int) -> list[Row]:
    app = _Pane(large_swarm(nodes, tasks))
    rows: list[Row] = []
    async with app.run_test(size=(120, 40)) as pilot:
        pane = app.query_one(SwarmView)
        number = 0
        for view in View:
            app.live.view = view
            samples: list[float] = []
            for _ in range(rounds):
                number += 1
                snapshot = _turned(large_swarm(nodes, tasks), number)
                answers = tuple(WebAnswer(200, served_by=f"replica{each}") for each in range(_REPLICAS))
                await pilot.pause()
                gc.collect()
                start = time.process_time()
                app.snapshot = snapshot
                app.live.saw(snapshot)
                app.live.asked({WebTarget("host1", 5000): answers}, snapshot.taken)
                pane.update()
                for y in range(pane.size.height):
                    pane.render_line(y)
                samples.append(time.process_time() - start)
            aim = AIM if nodes == _SIZES[-1][0] else None
            rows.append(Row.of(f"{view}, {nodes} nodes, {tasks} tasks", Unit.MILLISECONDS, samples, aim=aim))
    return rows


def _turned(snapshot: Snapshot, number: int) -> Snapshot:
    """A second later: every twentieth task is in another state than the time before."""
    state = "running" if number % 2 else "starting"
    tasks = tuple(replace(t, state=state) if n % 20 == 0 else t for n, t in enumerate(snapshot.tasks))
    return replace(snapshot, taken=snapshot.taken + number, tasks=tasks)
