"""Single values of a lab's file: text, times, flags, lists, and the fields of checks. Every mistake is named."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from tui.labs.facts import FACT, IT
from tui.labs.mistakes import MistakeList, nearest
from tui.labs.model import Expectation
from tui.labs.vocabulary import Field, Kind
from tui.labs.yamltree import YamlError, YList, YMap, YNode, YScalar, describe, plain, read_yaml
from tui.playground.model import NODE_NAMES

__all__ = [
    "is_value",
    "meant",
    "note_keys",
    "note_repeated",
    "read_duration",
    "read_each",
    "read_flag",
    "read_mapping",
    "read_text",
    "typed",
]

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 3600.0

T = TypeVar("T")


def read_mapping(text: str, line: int, what: str, keys: tuple[str, ...], mistakes: MistakeList) -> YMap | None:
    """A fence's text as a mapping with these keys. None where it is none; other keys are noted."""
    try:
        root = read_yaml(text, line)
    except YamlError as error:
        mistakes.add(error.line, error.message)
        return None
    if not isinstance(root, YMap):
        mistakes.add(root.line, f"a {what} fence is a mapping ({', '.join(keys)}), not {describe(root)}")
        return None
    if not root.entries:
        mistakes.add(line - 1, f"this {what} fence is empty")
    return root


def note_repeated(node: YMap, mistakes: MistakeList) -> None:
    """Note the keys that stand in a mapping twice."""
    for key in node.repeated:
        mistakes.add(key.line, f"the key `{key.text}` stands here twice")


def note_keys(node: YMap, where: str, keys: tuple[str, ...], mistakes: MistakeList) -> None:
    """Note the keys of a mapping that are none of these, and those that stand there twice."""
    note_repeated(node, mistakes)
    for key, _ in node.entries:
        if key.text not in keys:
            mistakes.add_unknown(key.line, f"unknown key in {where}:", key.text, keys)


def meant(root: YMap, key: str, keys: tuple[str, ...]) -> YNode | None:
    """The value of a key, misspelled or not, so that the mistakes below a misspelled key are found in the same run."""
    value = root.get(key)
    if value is not None:
        return value
    unknown = ((name.text, value) for name, value in root.entries if name.text not in keys)
    return next((value for word, value in unknown if nearest(word, keys) == key), None)


def read_each(
    node: YNode | None, key: str, read: Callable[[YNode, MistakeList], T | None], mistakes: MistakeList
) -> tuple[T, ...]:
    """The items of a list, each read; those that cannot be read are left out. Nothing without the key."""
    if node is None:
        return ()
    if not isinstance(node, YList) or not node.items:
        mistakes.add(node.line, f"`{key}` must be a list (`- …`), not {describe(node)}")
        return ()
    values = [read(item, mistakes) for item in node.items]
    return tuple(value for value in values if value is not None)


def read_text(node: YNode | None, what: str, mistakes: MistakeList) -> str:
    """A non-empty text, as for `say` and hints; empty after a mistake, and without a node."""
    if node is None:
        return ""
    if not isinstance(node, YScalar) or not node.text.strip():
        mistakes.add(node.line, f"{what} must be text, not {describe(node)}; put quotes around it")
        return ""
    mistakes.add_unknown_facts(node.line, node.text)
    return node.text.strip()


def read_flag(node: YNode | None, what: str, mistakes: MistakeList) -> bool:
    """True or false; False after a mistake, and without a node."""
    if node is None:
        return False
    if isinstance(node, YScalar) and isinstance(node.value, bool):
        return node.value
    mistakes.add(node.line, f"{what} must be `true` or `false`, not {describe(node)}")
    return False


def read_duration(node: YNode, what: str, mistakes: MistakeList) -> float | None:
    """A time in seconds: `60s`, `2m`, `500ms` or a number. None after a mistake."""
    match = _DURATION.fullmatch(node.text) if isinstance(node, YScalar) and len(node.text) < 20 else None
    if match is None:
        mistakes.add(node.line, f"{what} must be a time such as `60s`, `2m` or `500ms`, not {describe(node)}")
        return None
    seconds = float(match[1]) * _UNITS[match[2] or "s"]
    if not 0 < seconds <= _LONGEST:
        mistakes.add(node.line, f"{what} must be more than 0 and at most an hour, not {describe(node)}")
        return None
    return seconds


def typed(node: YNode, kind: Kind) -> Expectation:
    """The value in its field's type: a text that looks like a number stays a text."""
    if isinstance(node, YScalar) and kind not in (Kind.NUMBER, Kind.BOOL):
        return node.text
    if isinstance(node, YList):
        return tuple(typed(item, kind) for item in node.items)
    return plain(node)


def is_value(node: YNode, what: str, field: Field, mistakes: MistakeList) -> bool:
    """Whether the node is a value of that field; notes why not."""
    many = {Kind.MACHINES: Kind.MACHINE, Kind.TEXTS: Kind.TEXT}
    if field.kind in many and isinstance(node, YList) and node.items:
        results = [is_value(item, what, Field(many[field.kind]), mistakes) for item in node.items]
        return all(results)
    if not isinstance(node, YScalar):
        mistakes.add(node.line, f"{what} must be {field.kind}, not {describe(node)}")
        return False
    mistakes.add_unknown_facts(node.line, node.text)
    problem = _PROBLEMS[field.kind](node, field)
    if problem == _UNKNOWN_WORD:
        mistakes.add_unknown(node.line, f"{what} cannot be", node.text, field.words or NODE_NAMES)
    elif problem:
        mistakes.add(node.line, f"{what} {problem}")
    return not problem


_UNKNOWN_WORD = "?"


def _number(node: YScalar, _: Field) -> str:
    is_number = isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
    return "" if is_number else f"must be a number, not {describe(node)}"


def _bool(node: YScalar, _: Field) -> str:
    return "" if isinstance(node.value, bool) else f"must be `true` or `false`, not {describe(node)}"


def _word(node: YScalar, field: Field) -> str:
    return "" if node.text in field.words else _UNKNOWN_WORD


def _text(node: YScalar, _: Field) -> str:
    return "" if node.value is not None else "must be text, not nothing"


def _machine(node: YScalar, _: Field) -> str:
    each = FACT.fullmatch(node.text)
    return "" if node.text in NODE_NAMES or (each and each[1] == IT) else _UNKNOWN_WORD


def _row(node: YScalar, field: Field) -> str:
    return "" if "{{" in node.text else _machine(node, field)


def _pattern(node: YScalar, _: Field) -> str:
    if not node.text:
        return "must be a regular expression, not nothing"
    try:
        re.compile(node.text)
    except (re.error, RecursionError, OverflowError) as error:
        return f"is not a valid regular expression: {error}"
    return ""


def _never(node: YScalar, field: Field) -> str:
    return f"must be {field.kind}, not {describe(node)}"


_PROBLEMS: Mapping[Kind, Callable[[YScalar, Field], str]] = {
    Kind.NUMBER: _number,
    Kind.BOOL: _bool,
    Kind.WORD: _word,
    Kind.TEXT: _text,
    Kind.TEXTS: _text,
    Kind.MACHINE: _machine,
    Kind.MACHINES: _machine,
    Kind.ROW: _row,
    Kind.PATTERN: _pattern,
    Kind.CLUSTER: _never,
}
