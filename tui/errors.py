"""Errors that a person reads: what happened, what was expected, what to do next."""

from enum import IntEnum

__all__ = ["ExitCode", "UserError"]


class ExitCode(IntEnum):
    """Exit statuses of the `swarmtutor` command; scripts may rely on them."""

    OK = 0
    FAILED = 1  # the work was done and its answer is no: a step that did not pass, a lint finding
    USAGE = 2  # the command line itself is wrong
    NOT_FOUND = 3  # an unknown lab, node or playground
    UNSUPPORTED = 4  # this machine lacks something: root, an engine, a tool
    BUSY = 5  # somebody else holds it: a playground already up, a second copy of the program
    BROKEN = 6  # it is there but does not work: an engine that does not answer, a damaged file
    INTERRUPTED = 130  # Ctrl-C


class UserError(Exception):
    """Something that a person can cause or mend. Shown as text, never as a traceback.

    `what` says what happened (one sentence), `hint` what to do about it (may be empty).
    """

    def __init__(self, what: str, hint: str = "", *, exit_code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.what}\n{self.hint}" if self.hint else self.what
