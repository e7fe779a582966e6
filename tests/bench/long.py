"""Eight hours of use in some minutes: whether memory stays flat, and whether what is done costs more and more."""

import subprocess
import sys
from collections.abc import Sequence

from tests.bench.long_use import LongUseTaken, Part
from tests.bench.stats import CannotMeasureError, Options, Result, Row, Unit
from tests.long_life import ROUND_SECONDS

__all__ = ["measure", "slope"]

HOURS = 8
BASELINE = "at first"
GROWTH_AIM = 1.0
_PATIENCE = 3_600.0


def measure(options: Options) -> Result:
    """One run: its first half is warm-up for memory, its first quarter the baseline for the processor."""
    rounds = options.rounds(int(HOURS * 3600 / ROUND_SECONDS), 60)
    taken = _taken(rounds)
    parts, count = taken.parts, sum(part.rounds for part in taken.parts)
    quarter = len(parts) // 4
    first, last = parts[:quarter], parts[-quarter:]
    settled = parts[len(parts) // 2 :]
    begun = [part.cpu for part in first]
    ended = [part.cpu for part in last]
    rows = (
        Row.of("memory growth in 1,000 rounds", Unit.MEGABYTES, [_growth(settled)], aim=GROWTH_AIM),
        Row.of("resident in the end", Unit.MEGABYTES, [parts[-1].rss], baseline=(BASELINE, [p.rss for p in first])),
        Row.of("CPU of a round, the last quarter", Unit.MILLISECONDS, ended, baseline=(BASELINE, begun)),
        Row.of("CPU of a round, the first quarter", Unit.MILLISECONDS, begun),
    )
    half, end = settled[0], parts[-1]
    hours = f"{count} rounds of {ROUND_SECONDS:g} s by the program's clock, {count * ROUND_SECONDS / 3600:.1f} hours"
    notes = (
        f"{hours}: in each a command of 24 lines ({taken.commands} in all), two changes of the swarm, another view; "
        "now and then another size, another page, the help, the past",
        "what is kept up to a number (rows, commands, changes) was full before the first round",
        f"growth: of the second half, by least squares; {half.objects} objects at its beginning, {end.objects} at its "
        f"end; {half.tasks} and {end.tasks} tasks",
    )
    return Result(rows, notes)


def slope(places: Sequence[float], values: Sequence[float]) -> float:
    """How much a value grows from one place to the next, by least squares."""
    middle, level = sum(places) / len(places), sum(values) / len(values)
    spread = sum((place - middle) ** 2 for place in places)
    return sum((p - middle) * (v - level) for p, v in zip(places, values, strict=True)) / spread if spread else 0.0


def _growth(parts: Sequence[Part]) -> float:
    """Megabytes in a thousand rounds."""
    place, places = 0, [0.0]
    for part in parts[1:]:
        place += part.rounds
        places.append(place)
    return 1_000 * slope(places, [part.rss for part in parts])


def _taken(rounds: int) -> LongUseTaken:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.long_use", str(rounds)],
        stdout=subprocess.PIPE,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    if done.returncode:
        raise CannotMeasureError("the program could not be used for long")
    return LongUseTaken.parse(done.stdout.splitlines()[-1])
