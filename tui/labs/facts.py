"""Live facts: `{{ node1.ip }}` in a lab stands for a value that the swarm has now, `{{ var.NAME }}` for the lab's own.

Docker's own templates (`{{.ID}}`, `{{json .}}`, `{{range .Items}}`) are none of ours: a fact is a dotted name of the
vocabulary and nothing else between the braces, which no Go template is.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from tui.labs.model import Variable
from tui.playground.model import NODE_NAMES

__all__ = [
    "FACT",
    "IT",
    "SECRET_FACTS",
    "Rendered",
    "fact_of",
    "known_facts",
    "mask",
    "placeholder",
    "render",
    "secret_facts",
    "unknown_facts",
]

SECRET_FACTS = frozenset({"token.worker", "token.manager"})
"""Facts of every lab that no screen shot and no export may hold."""

IT = "it"
"""In the check of a question: each node in turn."""

FACT = re.compile(r"\{\{\s*([a-z][a-z0-9]*\.[a-z][a-z0-9_]*|it)\s*\}\}")
"""What stands for a fact, known or not; its first group is the name."""

_LOOKS_LIKE_A_FACT = re.compile(r"\{\{\s*([A-Za-z][\w-]*(?:\.[\w.-]*)?)\s*\}\}")
_GO_WORDS = frozenset({"end", "else", "break", "continue", "nil", "true", "false", "println", "print", "printf"})
_VARIABLE = "var."


def known_facts() -> Mapping[str, str]:
    """Every fact's name that all labs have, with the placeholder that stands for it while it has no value."""
    facts: dict[str, str] = {}
    for node in NODE_NAMES:
        facts[f"{node}.ip"] = f"<{node} IP>"
        facts[f"{node}.id"] = f"<{node} ID>"
        facts[f"{node}.container"] = "<container ID>"
    facts["token.worker"] = "<worker token>"
    facts["token.manager"] = "<manager token>"
    facts["playground.mesh"] = "<mesh>"
    return facts


_PLACEHOLDERS = known_facts()


def fact_of(variable: str) -> str:
    """The fact's name of a variable of the lab: `var.NAME`."""
    return f"{_VARIABLE}{variable}"


def secret_facts(variables: Iterable[Variable]) -> frozenset[str]:
    """The names of all facts that no screen shot and no export of a lab with these variables may hold."""
    return SECRET_FACTS | {fact_of(variable.name) for variable in variables if variable.secret}


@dataclass(frozen=True, slots=True)
class Rendered:
    """Text with its facts filled in. `missing` names the facts without a value; placeholders stand for them."""

    text: str
    missing: tuple[str, ...] = ()


def placeholder(fact: str) -> str:
    """What is shown for a fact without a value: `<node2 ID>`."""
    return _PLACEHOLDERS.get(fact, f"<{fact.removeprefix(_VARIABLE)}>")


def render(text: str, facts: Mapping[str, str]) -> Rendered:
    """Fill in the facts. A known fact that `facts` lacks, or has empty, becomes its placeholder.

    Everything else between double braces stays as it is, byte for byte.
    """
    missing: list[str] = []

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if value := facts.get(name):
            return value
        if name not in _PLACEHOLDERS and name != IT and not name.startswith(_VARIABLE):
            return match[0]
        if name not in missing:
            missing.append(name)
        return placeholder(name)

    return Rendered(FACT.sub(fill, text), tuple(missing))


def mask(text: str, facts: Mapping[str, str], secret: Iterable[str]) -> str:
    """Any text with the values of the secret facts replaced by their placeholders: what may be shown and exported.

    A longer value goes first, so that one that begins another leaves nothing of it behind.
    """
    values = {facts[name]: placeholder(name) for name in secret if facts.get(name)}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, values[value])
    return text


def unknown_facts(text: str, known: Collection[str] = _PLACEHOLDERS) -> tuple[tuple[int, str], ...]:
    """What looks like a fact and is none of the known: (offset in the text, name)."""
    return tuple(
        (match.start(), match[1])
        for match in _LOOKS_LIKE_A_FACT.finditer(text)
        if match[1] not in known and match[1] not in _GO_WORDS
    )
