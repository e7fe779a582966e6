"""Questions to the person, at a terminal."""

import sys
from collections.abc import Callable

__all__ = ["Ask", "ask_in_terminal"]

Ask = Callable[[str], bool]
"""Puts a question to the person; whether the answer is yes. Everything else is a no."""


def ask_in_terminal() -> Ask | None:
    """How to ask here; None where nobody can answer."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    def ask(question: str) -> bool:
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    return ask
