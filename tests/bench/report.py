"""The report: lines of text that fit 100 columns, and the same as JSON."""

import os
import platform
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from tests.bench.stats import Figure, Result, Row

__all__ = ["WIDTH", "as_json", "heading", "machine", "section", "unmeasured"]

WIDTH = 100
_LABEL = 42


def machine() -> str:
    """This machine, in a line: a figure says nothing without it."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} CPUs, {platform.system()} {platform.release()}, Python {platform.python_version()}{load}"


def heading() -> Iterator[str]:
    """The first lines of the report."""
    yield machine()
    yield f"{'':{_LABEL}}{'p50':>10}{'p95':>10}{'n':>4}  {'aim':<11}against"
    yield "─" * WIDTH


def section(figure: Figure, result: Result) -> Iterator[str]:
    """The lines of one figure."""
    yield f"{figure.name}: {figure.title}"
    for row in result.rows:
        yield _line(row).rstrip()[:WIDTH]
    for note in result.notes:
        yield from textwrap.wrap(note, WIDTH, initial_indent="  · ", subsequent_indent="    ")
    yield ""


def unmeasured(figure: Figure, reason: str) -> Iterator[str]:
    """The lines of a figure that could not be had."""
    yield f"{figure.name}: {figure.title}"
    yield from textwrap.wrap(f"could not be measured: {reason}", WIDTH, initial_indent="  ! ", subsequent_indent="    ")
    yield ""


def _line(row: Row) -> str:
    p50 = row.unit.show(row.p50)
    p95 = "" if row.p95 is None else row.unit.show(row.p95)
    aim = "" if row.aim is None else f"≤ {row.unit.show(row.aim).replace('.00', '').replace('.0', '')}"
    mark = "" if row.aim is None else "✔" if row.judged <= row.aim else "✘"
    against = row.baseline if row.ratio is None else f"{row.ratio:.1f} × {row.baseline}"
    return f"  {row.label:{_LABEL - 2}.{_LABEL - 2}}{p50:>10}{p95:>10}{row.count:>4}  {aim + ' ' + mark:<11}{against}"


def as_json(results: Mapping[str, Result | str]) -> dict[str, object]:
    """Everything, for programs: times in seconds, a figure that could not be measured as its reason."""
    return {
        "machine": machine(),
        "figures": {
            name: {"could_not_be_measured": result} if isinstance(result, str) else asdict(result)
            for name, result in results.items()
        },
    }
