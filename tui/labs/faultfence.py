"""The `yaml fault` fence: the lesson breaks a node itself, and mends it again."""

from tui.labs.mistakes import MistakeList
from tui.labs.model import Break
from tui.labs.outline import Fence
from tui.labs.values import is_value, meant, note_keys, read_mapping, read_text
from tui.labs.vocabulary import Field, Kind
from tui.labs.yamltree import YMap, YScalar
from tui.playground.model import Fault

__all__ = ["FAULT_KEYS", "UNDOING", "read_fault"]

FAULT_KEYS = ("node", "fault", "until")
UNDOING = (Fault.POWER_ON, Fault.RESTORE_NETWORK, Fault.RESUME)
"""Faults that take another back."""


def read_fault(fence: Fence, mistakes: MistakeList) -> Break | None:
    """Read the fence and note every mistake in it. None where it names no node or no fault."""
    root = read_mapping(fence.text, fence.line, "`yaml fault`", FAULT_KEYS, mistakes)
    if root is None:
        return None
    note_keys(root, "a fault", FAULT_KEYS, mistakes)
    node = _word(root, "node", Field(Kind.MACHINE), fence.line - 1, mistakes)
    fault = _word(root, "fault", Field(Kind.WORD, tuple(Fault)), fence.line - 1, mistakes)
    until = root.get("until")
    step = read_text(until, "`until`", mistakes)
    if not node or not fault:
        return None
    if until is not None and Fault(fault) in UNDOING:
        mistakes.add(until.line, f"`until` means nothing here: {fault} takes a fault back")
    return Break(node, Fault(fault), fence.line - 1, step)


def _word(root: YMap, key: str, field: Field, line: int, mistakes: MistakeList) -> str:
    node = meant(root, key, FAULT_KEYS)
    if node is None:
        mistakes.add(line, f"a fault needs `{key}`")
        return ""
    return node.text if is_value(node, f"`{key}` of a fault", field, mistakes) and isinstance(node, YScalar) else ""
