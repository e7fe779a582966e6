"""The `yaml step` fence: what makes a step done, what is said of mistakes, and the hints."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tui.labs.checkspec import note_repeated, read_check, read_text
from tui.labs.mistakes import MistakeList, nearest
from tui.labs.model import CheckSpec, Diagnosis
from tui.labs.outline import Fence
from tui.labs.yamltree import YamlError, YList, YMap, YNode, YScalar, describe, read_yaml

__all__ = ["StepFence", "read_step_fence"]

_KEYS = ("already-true", "goal", "diagnose", "hints")
_LATER = ("requires", "solve", "wrong", "demo")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StepFence:
    """What stood in the fence, as far as it could be read."""

    goal: tuple[CheckSpec, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    hints: tuple[str, ...] = ()
    already_true: bool = False


def read_step_fence(fence: Fence, mistakes: MistakeList) -> StepFence:
    """Read the fence and note every mistake in it."""
    try:
        root = read_yaml(fence.text, fence.line)
    except YamlError as error:
        mistakes.add(error.line, error.message)
        return StepFence()
    if not isinstance(root, YMap):
        mistakes.add(root.line, f"a `yaml step` fence is a mapping ({', '.join(_KEYS)}), not {describe(root)}")
        return StepFence()
    note_repeated(root, mistakes)
    for key, _ in root.entries:
        if key.text in _LATER:
            mistakes.add(key.line, f"`{key.text}` is not supported yet")
        elif key.text not in _KEYS:
            mistakes.add_unknown(key.line, "unknown key in a step:", key.text, _KEYS)
    if not root.entries:
        mistakes.add(fence.line - 1, "this `yaml step` fence is empty")
    return StepFence(
        goal=_each(_meant(root, "goal"), "goal", read_check, mistakes),
        diagnoses=_each(_meant(root, "diagnose"), "diagnose", _read_diagnosis, mistakes),
        hints=tuple(hint for hint in _each(_meant(root, "hints"), "hints", _read_hint, mistakes) if hint),
        already_true=_read_flag(_meant(root, "already-true"), mistakes),
    )


def _meant(root: YMap, key: str) -> YNode | None:
    """The value of a key, misspelled or not, so that the mistakes below a misspelled key are found in the same run."""
    value = root.get(key)
    if value is not None:
        return value
    unknown = ((name.text, value) for name, value in root.entries if name.text not in (*_KEYS, *_LATER))
    return next((value for word, value in unknown if nearest(word, _KEYS) == key), None)


def _each(
    node: YNode | None, key: str, read: Callable[[YNode, MistakeList], T | None], mistakes: MistakeList
) -> tuple[T, ...]:
    if node is None:
        return ()
    if not isinstance(node, YList) or not node.items:
        mistakes.add(node.line, f"`{key}` must be a list (`- …`), not {describe(node)}")
        return ()
    values = [read(item, mistakes) for item in node.items]
    return tuple(value for value in values if value is not None)


def _read_hint(node: YNode, mistakes: MistakeList) -> str:
    return read_text(node, "a hint", mistakes)


def _read_flag(node: YNode | None, mistakes: MistakeList) -> bool:
    if node is None:
        return False
    if isinstance(node, YScalar) and isinstance(node.value, bool):
        return node.value
    mistakes.add(node.line, f"`already-true` must be `true` or `false`, not {describe(node)}")
    return False


def _read_diagnosis(node: YNode, mistakes: MistakeList) -> Diagnosis | None:
    when = node.get("when") if isinstance(node, YMap) else None
    say = node.get("say") if isinstance(node, YMap) else None
    if not isinstance(node, YMap) or when is None or say is None:
        mistakes.add(node.line, "a diagnosis is `{when: check, say: text}`; one of the two is missing")
        return None
    note_repeated(node, mistakes)
    for key, _ in node.entries:
        if key.text not in ("when", "say"):
            mistakes.add_unknown(key.line, "unknown key in a diagnosis:", key.text, ("when", "say"))
    check = read_check(when, mistakes, shown=False)
    text = read_text(say, "`say`", mistakes)
    return Diagnosis(check, text, node.line) if check is not None else None
