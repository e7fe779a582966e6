"""Live facts: `{{ node1.ip }}` in a lab stands for a value that the swarm has now.

Docker's own templates (`{{.ID}}`, `{{json .}}`, `{{range .Items}}`) are none of ours: a fact is a dotted name of the
vocabulary and nothing else between the braces, which no Go template is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tui.playground.model import NODE_NAMES

__all__ = ["SECRET_FACTS", "Rendered", "known_facts", "placeholder", "render", "unknown_facts"]

SECRET_FACTS = frozenset({"token.worker", "token.manager"})
"""Facts that no screen shot and no export may hold."""

_FACT = re.compile(r"\{\{\s*([a-z][a-z0-9]*\.[a-z]+)\s*\}\}")
_LOOKS_LIKE_A_FACT = re.compile(r"\{\{\s*([A-Za-z][\w-]*(?:\.[\w.-]*)?)\s*\}\}")
_GO_WORDS = frozenset({"end", "else", "break", "continue", "nil", "true", "false", "println", "print", "printf"})


def known_facts() -> Mapping[str, str]:
    """Every fact's name, with the placeholder that stands for it while it has no value."""
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


@dataclass(frozen=True, slots=True)
class Rendered:
    """Text with its facts filled in. `missing` names the facts without a value; placeholders stand for them."""

    text: str
    missing: tuple[str, ...] = ()


def placeholder(fact: str) -> str:
    """What is shown for a fact without a value: `<node2 ID>`."""
    return _PLACEHOLDERS.get(fact, f"<{fact}>")


def render(text: str, facts: Mapping[str, str]) -> Rendered:
    """Fill in the facts. A known fact that `facts` lacks, or has empty, becomes its placeholder.

    Everything else between double braces stays as it is, byte for byte.
    """
    missing: list[str] = []

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if value := facts.get(name):
            return value
        if name not in _PLACEHOLDERS:
            return match[0]
        if name not in missing:
            missing.append(name)
        return placeholder(name)

    return Rendered(_FACT.sub(fill, text), tuple(missing))


def unknown_facts(text: str) -> tuple[tuple[int, str], ...]:
    """What looks like a fact and is none: (offset in the text, name)."""
    return tuple(
        (match.start(), match[1])
        for match in _LOOKS_LIKE_A_FACT.finditer(text)
        if match[1] not in _PLACEHOLDERS and match[1] not in _GO_WORDS
    )
