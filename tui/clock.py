"""The time of day, by a clock that nobody can set: what is measured with it is right also when the machine's jumps."""

import time
from typing import Final

__all__ = ["now"]


def _counted() -> float:
    """Seconds from some moment on, those included in which the machine slept, where the system counts them."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if hasattr(time, "clock_gettime"):
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()


_OFFSET: Final = time.time() - _counted()


def now() -> float:
    """Seconds since 1970: the machine's clock when the program started, counted on from there."""
    return _counted() + _OFFSET
