"""How a person leaves: the value that the app returns."""

from enum import IntEnum

__all__ = ["Leaving"]


class Leaving(IntEnum):
    """What was asked for on the way out."""

    KEEP_NODES = 0
    TAKE_DOWN = 1
    FAILED = 2  # the nodes could not be made; the app's `failure` says why
