"""`python -m tests.bench`: measures what the README promises and prints it; judges nothing by its exit status.

Exit status 0: everything was measured, fast or slow. 1: something could not be measured, and the report says why.
"""

import argparse
import json
import os
import shutil
import sys
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from tests.bench import (
    box,
    bring_up,
    change,
    echo,
    first_frame,
    flood,
    idle,
    life,
    long,
    memory,
    throughput,
    views,
    walking,
)
from tests.bench.pressure import Pressure
from tests.bench.report import as_json, heading, section, unmeasured
from tests.bench.stats import CannotMeasureError, Figure, Options, Result
from tui.errors import UserError
from tui.paths import state_dir
from tui.playground.playground import list_playgrounds

FIGURES = (
    Figure("up", "from nothing to three nodes, and back to nothing", bring_up.measure),
    Figure("life", "up, reset and down, beside three plain containers with an engine each", life.measure),
    Figure("change", "from a change in the swarm to the sign that turns green", change.measure),
    Figure("echo", "from a key to its echo on screen", echo.measure),
    Figure("flood", "from Ctrl-C to the prompt while output pours", flood.measure),
    Figure("box", "10 MB of output through the command box, on 120×40 cells", box.measure),
    Figure("first-frame", "from the start of the program to its first page", first_frame.measure),
    Figure("views", "from a look at the swarm to the rows of each live view, on 120×40 cells", views.measure),
    Figure("idle", "while nobody touches it", idle.measure),
    Figure("long", "eight hours of use, by a clock that runs ahead", long.measure),
    Figure("memory", "after the whole lab, taken with keys", memory.measure),
    Figure("walk", "the whole lab without a screen", walking.measure),
    Figure("vt", "the terminal's engine, in 4 kB pieces on 120×40 cells", throughput.measure),
)


def main(argv: Sequence[str]) -> int:
    """Measure what was asked for."""
    names = [figure.name for figure in FIGURES]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure; never judge.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure (default: all): {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="few samples")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file, too")
    arguments = parser.parse_args(argv)
    chosen: list[str] = arguments.names or names
    if unknown := sorted(set(chosen) - set(names)):
        parser.error(f"unknown: {', '.join(unknown)}; there are: {', '.join(names)}")
    # Progress and playgrounds of the person who measures are left alone.
    state = state_dir() / "bench"
    os.environ["SWARMTUTOR_STATE"] = str(state)
    # Programs start from compiled modules, as they do once installed, whatever this machine says of that.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(state / "compiled")
    options = Options(quick=arguments.quick)
    results: dict[str, Result | str] = {}
    _print(heading())
    for figure in FIGURES:
        if figure.name in chosen:
            results[figure.name] = _measured(figure, options)
    if not list_playgrounds():
        shutil.rmtree(state, ignore_errors=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(results), indent=1) + "\n")
    return 1 if any(isinstance(result, str) for result in results.values()) else 0


def _measured(figure: Figure, options: Options) -> Result | str:
    sys.stderr.write(f"measuring {figure.name} …\n")
    pressure = Pressure()
    try:
        result = figure.measure(options)
    except (CannotMeasureError, UserError, TimeoutError) as error:
        reason = str(error).replace("\n", " ") or "it took too long"
    except Exception as error:  # one figure that fails must not take the others with it
        traceback.print_exc()
        reason = f"{type(error).__name__}: {error}"
    else:
        result = replace(result, notes=(*result.notes, *filter(None, [pressure.told()])))
        _print(section(figure, result))
        return result
    _print(unmeasured(figure, reason))
    return reason


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
