"""The `yaml step` fence: what makes a step done, what it builds on, what is said of mistakes, other ways, and hints."""

from dataclasses import dataclass

from tui.labs.checkspec import read_check
from tui.labs.mistakes import MistakeList
from tui.labs.model import CheckSpec, Demo, Diagnosis, Requirement, Route, WrongWay
from tui.labs.orders import read_orders
from tui.labs.outline import Fence
from tui.labs.values import meant, note_keys, read_duration, read_each, read_flag, read_mapping, read_text
from tui.labs.yamltree import YMap, YNode, YScalar, describe

__all__ = [
    "DEMO_KEYS",
    "DIAGNOSIS_KEYS",
    "REQUIREMENT_KEYS",
    "ROUTE_KEYS",
    "STEP_KEYS",
    "WRONG_KEYS",
    "StepFence",
    "read_step_fence",
]

STEP_KEYS = ("already-true", "requires", "goal", "diagnose", "hints", "solve", "wrong", "why", "demo")
DIAGNOSIS_KEYS = ("when", "say")
REQUIREMENT_KEYS = ("by", "repair")
ROUTE_KEYS = ("say", "run")
WRONG_KEYS = ("run", "says", "undo")
DEMO_KEYS = ("skip", "pause", "speed")

_FASTEST = 20.0
_USUAL_DEMO = Demo()


@dataclass(frozen=True, slots=True)
class StepFence:
    """What stood in the fence, as far as it could be read."""

    goal: tuple[CheckSpec, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    hints: tuple[str, ...] = ()
    already_true: bool = False
    requires: tuple[Requirement, ...] = ()
    routes: tuple[Route, ...] = ()
    wrong: tuple[WrongWay, ...] = ()
    why: str = ""
    demo: Demo = _USUAL_DEMO


def read_step_fence(fence: Fence, mistakes: MistakeList) -> StepFence:
    """Read the fence and note every mistake in it."""
    root = read_mapping(fence.text, fence.line, "`yaml step`", STEP_KEYS, mistakes)
    if root is None:
        return StepFence()
    note_keys(root, "a step", STEP_KEYS, mistakes)

    def at(key: str) -> YNode | None:
        return meant(root, key, STEP_KEYS)

    return StepFence(
        goal=read_each(at("goal"), "goal", read_check, mistakes),
        diagnoses=read_each(at("diagnose"), "diagnose", _read_diagnosis, mistakes),
        hints=tuple(hint for hint in read_each(at("hints"), "hints", _read_hint, mistakes) if hint),
        already_true=read_flag(at("already-true"), "`already-true`", mistakes),
        requires=read_each(at("requires"), "requires", _read_requirement, mistakes),
        routes=read_each(at("solve"), "solve", _read_route, mistakes),
        wrong=read_each(at("wrong"), "wrong", _read_wrong, mistakes),
        why=read_text(at("why"), "`why`", mistakes),
        demo=_read_demo(at("demo"), mistakes),
    )


def _read_hint(node: YNode, mistakes: MistakeList) -> str:
    return read_text(node, "a hint", mistakes)


def _read_diagnosis(node: YNode, mistakes: MistakeList) -> Diagnosis | None:
    when = node.get("when") if isinstance(node, YMap) else None
    say = node.get("say") if isinstance(node, YMap) else None
    if not isinstance(node, YMap) or when is None or say is None:
        mistakes.add(node.line, "a diagnosis is `{when: check, say: text}`; one of the two is missing")
        return None
    note_keys(node, "a diagnosis", DIAGNOSIS_KEYS, mistakes)
    check = read_check(when, mistakes, shown=False)
    text = read_text(say, "`say`", mistakes)
    return Diagnosis(check, text, node.line) if check is not None else None


def _read_requirement(node: YNode, mistakes: MistakeList) -> Requirement | None:
    check = read_check(node, mistakes, beside=REQUIREMENT_KEYS)
    if check is None or not isinstance(node, YMap):
        return None
    by, repair = node.get("by"), node.get("repair")
    if by is not None and repair is not None:
        mistakes.add(repair.line, "a requirement is brought back `by` a step or by `repair`, not by both")
    return Requirement(check, read_text(by, "`by`", mistakes), read_orders(repair, "repair", mistakes), node.line)


def _read_route(node: YNode, mistakes: MistakeList) -> Route | None:
    if not isinstance(node, YMap) or node.get("run") is None:
        mistakes.add(node.line, "another way is `{say: text, run: {node1: command}}`; `run` is missing")
        return None
    note_keys(node, "`solve`", ROUTE_KEYS, mistakes)
    orders = read_orders(node.get("run"), "run", mistakes)
    return Route(orders, read_text(node.get("say"), "`say`", mistakes), node.line) if orders else None


def _read_wrong(node: YNode, mistakes: MistakeList) -> WrongWay | None:
    if not isinstance(node, YMap) or node.get("run") is None or node.get("says") is None:
        mistakes.add(
            node.line, "a wrong way is `{run: {node1: command}, says: part of what is shown then}`; one is missing"
        )
        return None
    note_keys(node, "`wrong`", WRONG_KEYS, mistakes)
    orders = read_orders(node.get("run"), "run", mistakes)
    says = read_text(node.get("says"), "`says`", mistakes)
    undo = read_orders(node.get("undo"), "undo", mistakes)
    return WrongWay(orders, says, undo, node.line) if orders else None


def _read_demo(node: YNode | None, mistakes: MistakeList) -> Demo:
    if node is None:
        return _USUAL_DEMO
    if not isinstance(node, YMap) or not node.entries:
        mistakes.add(node.line, f"`demo` is a mapping ({', '.join(DEMO_KEYS)}), not {describe(node)}")
        return _USUAL_DEMO
    note_keys(node, "`demo`", DEMO_KEYS, mistakes)
    pause, speed = node.get("pause"), node.get("speed")
    return Demo(
        skip=read_flag(node.get("skip"), "`skip`", mistakes),
        pause=read_duration(pause, "`pause`", mistakes) if pause is not None else None,
        speed=_read_speed(speed, mistakes) if speed is not None else 1.0,
    )


def _read_speed(node: YNode, mistakes: MistakeList) -> float:
    value = node.value if isinstance(node, YScalar) else None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= _FASTEST:
        return float(value)
    mistakes.add(node.line, f"`speed` must be a number above 0 and at most {_FASTEST:g}, not {describe(node)}")
    return 1.0
