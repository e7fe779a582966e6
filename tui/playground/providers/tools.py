"""The programs of the system that a playground needs."""

import os
import shutil

from tui.errors import ExitCode, UserError

__all__ = ["find_tool", "look_up"]

# Debian keeps dockerd and others where an ordinary PATH does not look.
_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


def look_up(program: str) -> str | None:
    """The path of a program, also where it lies outside PATH; None if it is not installed."""
    return shutil.which(program) or shutil.which(program, path=os.pathsep.join(_FOLDERS))


def find_tool(program: str, package: str = "") -> str:
    """The path of a program. Raises UserError naming the package that brings it."""
    path = look_up(program)
    if path is None:
        raise UserError(
            f"The program “{program}” is not installed.",
            f"Install it, on Debian and Ubuntu with: apt-get install {package or program}",
            exit_code=ExitCode.UNSUPPORTED,
        )
    return path
