"""The signs that stand beside every colour, in two sets: for UTF-8 terminals, and for those without."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from tui.checks.model import Outcome

__all__ = ["ASCII", "UNICODE", "Signs", "signs_for"]


@dataclass(frozen=True, slots=True, eq=False)  # there are two sets: each is the same as itself alone
class Signs:
    """One sign for each thing that is told apart. Every one is one cell wide."""

    done: str
    not_yet: str
    unknown: str
    running: str
    starting: str
    stopped: str
    failed: str
    paused: str
    down: str
    pointer: str  # before the name of the node that a command is for
    focus: str  # at the left edge of the focused pane's title
    rule: str  # a vertical line beside quoted text
    history: str  # before a task that is no more
    dash: str
    dot: str  # between two facts on a line
    ellipsis: str
    bullet: str  # before an item of a list
    passed: str  # a step that was jumped over
    gone: str  # what left, before where it went
    came: str  # what came, before where it was
    track: str  # the line of the time that is kept
    handle: str  # the place on that line that is looked at

    def of(self, outcome: Outcome) -> str:
        """The sign of a check's answer."""
        return {Outcome.PASS: self.done, Outcome.FAIL: self.not_yet, Outcome.UNKNOWN: self.unknown}[outcome]


UNICODE = Signs(
    done="✔",
    not_yet="✘",
    unknown="?",
    running="●",
    starting="◌",
    stopped="○",
    failed="✖",
    paused="‖",
    down="⌁",
    pointer="▸",
    focus="▌",
    rule="▎",
    history="\\_",
    dash="—",
    dot="·",
    ellipsis="…",
    bullet="•",
    passed="»",
    gone="→",
    came="←",
    track="─",
    handle="┃",
)

ASCII = Signs(
    done="+",
    not_yet="-",
    unknown="?",
    running="*",
    starting="o",
    stopped=".",
    failed="x",
    paused="=",
    down="!",
    pointer=">",
    focus="#",
    rule="|",
    history="\\_",
    dash="-",
    dot="-",
    ellipsis="~",
    bullet="*",
    passed="~",
    gone=">",
    came="<",
    track="-",
    handle="|",
)


def signs_for(environment: Mapping[str, str] | None = None) -> Signs:
    """The set that this terminal can show: ASCII where the locale is not UTF-8, or on the kernel's console.

    `SWARMTUTOR_ASCII=1` asks for ASCII anywhere. Where no locale is set at all, UTF-8 is assumed: that is what
    today's terminals speak, and containers and SSH often pass no locale on.
    """
    env = os.environ if environment is None else environment
    if env.get("SWARMTUTOR_ASCII", "") not in ("", "0"):
        return ASCII
    if env.get("TERM", "") == "linux":
        return ASCII
    locale = next((env[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if env.get(name)), "")
    if locale and "utf" not in locale.lower():
        return ASCII
    return UNICODE
