"""Takes escape sequences out of a stream of bytes, for terminals that would show them as they are."""

import re

__all__ = ["Stripper"]

_SEQUENCE = re.compile(
    rb"""
      \x1b\[ [0-?]* [ -/]* [@-~]                                   # CSI
    | \x1b[PX\]^_] [^\x07\x1b\x18\x1a]* (?: \x07 | \x1b\\ | [\x18\x1a] )  # OSC, DCS and their kind
    | \x1b [ -/]* [0-OQ-WYZ\\`-~]                                  # all others
    """,
    re.VERBOSE,
)
_PARTIAL = re.compile(rb"\x1b(?: \[ [0-?]* [ -/]* | [PX\]^_] [^\x07\x1b\x18\x1a]* \x1b? | [ -/]* ) \Z", re.VERBOSE)
_LONGEST = 128 * 1024
"""Bytes after which what may be a sequence is no longer waited for."""


class Stripper:
    """Removes sequences however the stream is cut, and escapes that begin none; every other byte comes out as it is."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What is to be shown. Bytes that may be the beginning of a sequence come out, or vanish, later."""
        data = _SEQUENCE.sub(b"", self._held + data)
        partial = _PARTIAL.search(data)
        self._held = partial.group() if partial and len(partial.group()) <= _LONGEST else b""
        return data[: len(data) - len(self._held)].replace(b"\x1b", b"")
