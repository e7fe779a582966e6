"""Secrets taken out of what is exported: join tokens and unlock keys wherever they stand, and the lab's own. Pure.

A terminal's output may hold a token in pieces, with a line break or a control sequence between any two of its signs
(a shell that redraws a long line does that), so pieces are recognised as well as the whole.
"""

import re
from collections.abc import Iterable

__all__ = ["BLOT", "masked"]

BLOT = "•"
"""Stands in place of each hidden sign, so that columns stay where they are."""

_GAP = r"(?:\x1b\[[0-9;?]*[ -/]*[@-~]| ?\r\n?|\n)*"
"""What may stand between two signs of one word on a terminal: control sequences (ECMA-48, 5.4) and line breaks."""

_KINDS = {"SWMTKN-1-": 50 + 1 + 25, "SWMKEY-1-": 43}
"""How join tokens and unlock keys begin, and how many signs follow at most (moby/swarmkit: ca, manager/encryption)."""
_SHORTEST = 8  # signs of a lab's own secret; a shorter one would blot out innocent text


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """The text with each sign of a secret hidden; what merely says which kind of secret it is stays readable.

    `secrets` are values to hide besides tokens and keys; those shorter than eight signs hide only as whole words.
    """
    for tokens in _TOKENS:
        text = tokens.sub(lambda match: match[1] + _blotted(match[2]), text)
    for secret in sorted({secret for secret in secrets if secret.strip()}, key=len, reverse=True):
        text = _pattern_of(secret).sub(lambda match: _blotted(match[0]), text)
    return text


def _spread(word: str) -> str:
    return _GAP.join(re.escape(sign) for sign in word)


_TOKENS = tuple(
    re.compile(rf"({_spread(head)})((?:{_GAP}[0-9A-Za-z+/-]){{1,{length}}})") for head, length in _KINDS.items()
)
_HIDEABLE = re.compile(rf"({_GAP})([^\s])")


def _blotted(text: str) -> str:
    """Each visible sign replaced, what lies between them kept."""
    return _HIDEABLE.sub(lambda match: match[1] + BLOT, text)


def _pattern_of(secret: str) -> re.Pattern[str]:
    if len(secret) < _SHORTEST:
        return re.compile(rf"(?<!\w){_spread(secret)}(?!\w)")
    return re.compile(_spread(secret))
