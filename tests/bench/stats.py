"""What is measured, as values: series of samples, the rows made of them, and what one figure reports."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["CannotMeasureError", "Figure", "Measure", "Options", "Result", "Row", "Unit", "percentile"]


class CannotMeasureError(Exception):
    """The figure cannot be had here; the text says why."""


class Unit(StrEnum):
    """What a figure counts. Times are kept in seconds, whatever they are shown in."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MEGABYTES = "MB"
    MB_PER_SECOND = "MB/s"
    PERCENT = "%"

    def show(self, value: float) -> str:
        """The value with its unit, in few characters."""
        scaled = value * 1000 if self is Unit.MILLISECONDS else value
        digits = 2 if abs(scaled) < 10 else 1 if abs(scaled) < 100 else 0
        return f"{scaled:.{digits}f} {self.value}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the samples lie, interpolated between neighbours."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report. `p95` is None where there is one value only.

    `aim` is the most that is wanted: of p95 where there is one. `ratio` compares p50 with that of `baseline`, which
    was measured in the same run; without a ratio, `baseline` says in words what to compare it with.
    """

    label: str
    unit: Unit
    p50: float
    p95: float | None
    count: int
    aim: float | None = None
    baseline: str = ""
    ratio: float | None = None

    @staticmethod
    def of(
        label: str,
        unit: Unit,
        samples: Sequence[float],
        *,
        aim: float | None = None,
        baseline: "tuple[str, Sequence[float]] | None" = None,
    ) -> "Row":
        """The row of a series of samples, and of the series it is compared with. Raises CannotMeasureError if empty."""
        if not samples:
            raise CannotMeasureError(f"{label}: no sample was taken")
        p50 = percentile(samples, 0.5)
        ratio = None
        if baseline and baseline[1] and (other := percentile(baseline[1], 0.5)) > 0:
            ratio = p50 / other
        p95 = percentile(samples, 0.95) if len(samples) > 1 else None
        return Row(label, unit, p50, p95, len(samples), aim, baseline[0] if baseline else "", ratio)

    @property
    def judged(self) -> float:
        """The value that is held against the aim."""
        return self.p50 if self.p95 is None else self.p95


@dataclass(frozen=True, slots=True)
class Result:
    """What one figure found: rows, and sentences that explain them."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure. `quick`: few samples, to see that everything can be measured."""

    quick: bool = False

    def rounds(self, full: int, quick: int) -> int:
        """How many rounds to take."""
        return quick if self.quick else full


Measure = Callable[[Options], Result]
"""Measures one figure. Raises CannotMeasureError."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that can be measured, by the name that picks it on the command line."""

    name: str
    title: str
    measure: Measure
