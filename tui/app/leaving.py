"""How a person leaves: the value that the app returns."""

from enum import IntEnum

__all__ = ["Leaving"]


class Leaving(IntEnum):
    """What was asked for on the way out."""

    KEEP_NODES = 0
    TAKE_DOWN = 1
    OTHER_LAB = 4  # another lab is to be taken; the app's `other_lab` says which
    BUSY = 3  # another copy of the program has the lab, and it was not to be read along
    FAILED = 2  # the nodes could not be made; the app's `failure` says why
