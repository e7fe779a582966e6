"""The look on the command line."""

import argparse

from tui.app.preferences import ForThisRun, Layout

__all__ = ["add_look_options", "look_of"]


def add_look_options(parser: argparse.ArgumentParser) -> None:
    """The options that say how this run looks. What is chosen in the program itself is kept for the next."""
    group = parser.add_argument_group("look", "for this run; what you choose in the program is kept for the next")
    group.add_argument("--theme", metavar="NAME", help="dark, light, contrast, ansi (your terminal's colours), nord …")
    group.add_argument("--layout", choices=[layout.value for layout in Layout], help="big is for a projector")
    group.add_argument("--no-motion", action="store_true", help="nothing scrolls smoothly or blinks")


def look_of(arguments: argparse.Namespace) -> ForThisRun:
    """What the options say; nothing where the command has none of them."""
    layout = getattr(arguments, "layout", None)
    motion = False if getattr(arguments, "no_motion", False) else None
    return ForThisRun(getattr(arguments, "theme", None), Layout(layout) if layout else None, motion)
