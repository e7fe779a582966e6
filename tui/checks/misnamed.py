"""A name that was probably meant to be another."""

import difflib
from collections.abc import Iterable

from tui.checks.images import same_image

__all__ = ["near_image", "near_name"]

_NAME_CUTOFF = 0.6
_IMAGE_CUTOFF = 0.75  # names of images are long, so that more of one must agree


def near_name(name: str, others: Iterable[str]) -> str:
    """The one of the others that looks like the name and is not it; empty where none does."""
    close = difflib.get_close_matches(name[:80], [other for other in others if other != name], 1, _NAME_CUTOFF)
    return close[0] if close else ""


def near_image(image: str, others: Iterable[str]) -> str:
    """The one of the other images that looks like it and is another; empty where none does."""
    different = [other for other in others if not same_image(other, image)]
    close = difflib.get_close_matches(image[:120], different, 1, _IMAGE_CUTOFF)
    return close[0] if close else ""
