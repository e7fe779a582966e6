"""The token that opens the page from other machines: made once, kept where nobody else can read it."""

import os
import secrets
import stat
import sys
from pathlib import Path

from tui.errors import ExitCode, UserError

__all__ = ["SHORTEST", "checked_token", "kept_token"]

SHORTEST = 16
"""Signs that a token must have at least: it guards shells, and nothing slows down who tries many."""

_MADE_BYTES = 24


def checked_token(token: str, where: str) -> str:
    """A token that a person chose. Raises UserError (USAGE) for one that is too easy to guess; never repeats it."""
    token = token.strip()
    if len(token) < SHORTEST or not token.isprintable() or not token.isascii():
        raise UserError(
            f"The token in {where} must have at least {SHORTEST} signs: letters, digits, punctuation.",
            "Leave it out, and a good one is made.",
            exit_code=ExitCode.USAGE,
        )
    return token


def kept_token(path: Path) -> str:
    """The token in that file; made, and written there for its owner alone, if there is no such file.

    Raises UserError: BROKEN where the file cannot be used, or others may read it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _read(path)
        token = secrets.token_urlsafe(_MADE_BYTES)
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(f"{token}\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The token cannot be kept in {path}: {error}", exit_code=ExitCode.BROKEN) from error
    return token


def _read(path: Path) -> str:
    mode = path.stat().st_mode
    if sys.platform != "win32" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UserError(
            f"Others may read the token in {path}.",
            f"chmod 600 {path}, or remove the file: a new token is made then.",
            exit_code=ExitCode.BROKEN,
        )
    return checked_token(path.read_text(encoding="utf-8"), str(path))
