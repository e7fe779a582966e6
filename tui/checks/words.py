"""Small pieces of sentences: numbers with their nouns, lists, and the daemon's words cut to a line."""

import re
from collections.abc import Iterable, Sequence

__all__ = ["clip", "complaint", "counted", "joined", "predicate", "said_of", "seconds", "several", "useful_line"]

_LONGEST = 160
_ERROR = re.compile(
    r"(error|unable|cannot|invalid|unknown|bash:|docker:|curl:|\"docker [^\"]*\" (requires|accepts)|\S+: )",
    re.IGNORECASE,
)
_HELP = re.compile(r"usage:|aliases:|options:|see '|run '|for more (help|information)", re.IGNORECASE)
"""Lines that Docker's command line puts behind every mistake."""


def joined(items: Iterable[str], last: str = "and") -> str:
    """Items as a list in a sentence: "node1, node2 and node3"."""
    words = list(items)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def counted(number: float, noun: str) -> str:
    """A number with its noun: "no task", "1 task", "6 tasks"."""
    return f"{number:g} {noun}" if number == 1 else f"{'no' if number == 0 else f'{number:g}'} {noun}s"


def clip(text: str) -> str:
    """Somebody else's words on one line, not too long, without the full stop that a sentence of ours puts."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"


def seconds(duration: float) -> str:
    """A time for reading: "3 s", "2 min"."""
    return f"{duration:.0f} s" if duration < 120 else f"{duration / 60:.0f} min"


def predicate(phrases: Sequence[str]) -> str:
    """Several things said of one subject; an `is` is said once: "is a worker, Ready and set to Drain"."""
    shortened: list[str] = []
    previous = ""
    for phrase in phrases:
        verb, _, rest = phrase.partition(" ")
        shortened.append(rest if verb == previous == "is" and not rest.startswith("not ") else phrase)
        previous = verb
    return joined(shortened)


def said_of(state: str) -> str:
    """A state as the CLI writes it: `ready` is "Ready"."""
    return state[:1].upper() + state[1:]


def several(manners: Iterable[tuple[str, str]], verb: str, noun: str) -> str:
    """What is wanted of several values: "has the service web", "has only the service web"."""
    words = {"": "", "only": "only ", "not": "nothing like "}
    return joined(f"{verb} {words[manner]}{noun} {said}".replace("  ", " ") for manner, said in manners)


def useful_line(output: str) -> str:
    """The line of a command's output that matters: of an error the one that begins it, otherwise the last."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and not _HELP.match(line.strip())]
    errors = [line for line in lines if _ERROR.match(line)]
    return errors[-1] if errors else lines[-1] if lines else ""


def complaint(output: str) -> str:
    """What a command said, for the end of a sentence: `: “Error response from daemon: …”`; empty if it said nothing."""
    line = useful_line(output)
    return f": “{clip(line)}”" if line else ""
