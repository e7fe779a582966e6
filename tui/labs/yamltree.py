"""YAML as a small typed tree in which every node knows its line.

Scalars follow YAML 1.2's core schema: only true, false, null and plain numbers are special, so `on`, `no` and
`5000:5000` stay text. Anchors, tags of one's own, and a second document are refused.
"""

import re
from dataclasses import dataclass
from typing import Any

import yaml

from tui.labs.model import Expectation, Scalar

__all__ = ["YList", "YMap", "YNode", "YScalar", "YamlError", "describe", "plain", "read_yaml"]

_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,18}|[0-9]{1,18}(\.[0-9]{0,18})?)([eE][-+]?[0-9]{1,2})?")
_TAGS = frozenset(
    "tag:yaml.org,2002:" + name
    for name in ("null", "bool", "int", "float", "str", "seq", "map", "timestamp", "merge", "value")
)  # of values written without a tag
_SURROGATE = re.compile("[\ud800-\udfff]")


class YamlError(Exception):
    """The text is not the YAML that labs are written in. `line` counts from 1 in the whole file."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class YScalar:
    """A single value; None for an empty one."""

    value: Scalar | None
    text: str  # as it stands in the file, without quotes
    line: int


@dataclass(frozen=True, slots=True)
class YList:
    """A sequence."""

    items: tuple["YNode", ...]
    line: int


@dataclass(frozen=True, slots=True)
class YMap:
    """A mapping with text keys, in the order of the file. `repeated` are keys that stood there before."""

    entries: tuple[tuple[YScalar, "YNode"], ...]
    line: int
    repeated: tuple[YScalar, ...] = ()

    def get(self, key: str) -> "YNode | None":
        """The value of a key, None where it is absent."""
        return next((value for name, value in self.entries if name.text == key), None)


YNode = YScalar | YList | YMap


class _Loader(yaml.SafeLoader):
    """A loader that refuses anchors: a lab is read from top to bottom."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        parser: Any = self  # the stubs leave these methods untyped
        if parser.check_event(yaml.AliasEvent):
            mark = parser.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="aliases are not used in labs", problem_mark=mark)
        compose: Any = super().compose_node
        return compose(parent, index)


def read_yaml(text: str, first_line: int) -> YNode:
    """Read one YAML document whose first line is `first_line` of the file. Raises YamlError."""
    try:
        root: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        raise YamlError(line, f"not valid YAML: {error.problem or error.context or 'unreadable'}") from None
    except yaml.YAMLError as error:
        raise YamlError(first_line, f"not valid YAML: {str(error).splitlines()[0]}") from None
    except (ValueError, OverflowError):  # from escapes and directives with impossible numbers
        raise YamlError(first_line, "not valid YAML: a number in it is out of range") from None
    except RecursionError:
        raise YamlError(first_line, "not readable: nested too deeply") from None
    if root is None:
        return YMap((), first_line)
    try:
        return _convert(root, first_line)
    except RecursionError:
        raise YamlError(first_line, "not readable: nested too deeply") from None


def _convert(node: yaml.Node, first_line: int) -> YNode:
    line = first_line + (node.start_mark.line if node.start_mark else 0)
    if str(node.tag) not in _TAGS:
        raise YamlError(line, f"tags such as `{node.tag}` are not used in labs")
    if isinstance(node, yaml.MappingNode):
        entries: list[tuple[YScalar, YNode]] = []
        repeated: list[YScalar] = []
        for key_node, value_node in node.value:
            key = _convert(key_node, first_line)
            if not isinstance(key, YScalar):
                raise YamlError(key.line, "a key must be a word; put quotes around a value that starts with `{{`")
            if any(key.text == known.text for known, _ in entries):
                repeated.append(key)
            else:
                entries.append((key, _convert(value_node, first_line)))
        return YMap(tuple(entries), line, tuple(repeated))
    if isinstance(node, yaml.SequenceNode):
        return YList(tuple(_convert(item, first_line) for item in node.value), line)
    text = _SURROGATE.sub("\ufffd", str(node.value))
    is_plain = getattr(node, "style", None) is None
    return YScalar(_core_value(text) if is_plain else text, text, line)


def _core_value(text: str) -> Scalar | None:
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def plain(node: YNode) -> Expectation:
    """The node as plain values."""
    if isinstance(node, YScalar):
        return node.value
    if isinstance(node, YList):
        return tuple(plain(item) for item in node.items)
    return {key.text: plain(value) for key, value in node.entries}


def describe(node: YNode) -> str:
    """What a node is, for a sentence about a wrong type."""
    if isinstance(node, YScalar):
        return f"`{node.text[:60]}`" if node.text else "nothing"
    return "a list" if isinstance(node, YList) else "a mapping"
