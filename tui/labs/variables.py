"""`vars` and `always` of the front matter: the lab's own values, and what must hold from its first step to its last."""

import re
from dataclasses import replace

from tui.labs.checkspec import read_check
from tui.labs.mistakes import MistakeList
from tui.labs.model import Invariant, Variable
from tui.labs.orders import read_orders
from tui.labs.values import note_keys, note_repeated, read_flag, read_text
from tui.labs.yamltree import YMap, YNode, YScalar, describe

__all__ = ["INVARIANT_KEYS", "VARIABLE_KEYS", "read_invariant", "read_variables"]

INVARIANT_KEYS = ("say", "repair")
VARIABLE_KEYS = ("value", "secret")

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def read_variables(node: YNode | None, mistakes: MistakeList) -> tuple[Variable, ...]:
    """The variables in the order of the file. Their values may hold the facts that every lab has."""
    if node is None:
        return ()
    if not isinstance(node, YMap):
        mistakes.add(node.line, f"`vars` is a mapping (`name: value`), not {describe(node)}")
        return ()
    note_repeated(node, mistakes)
    return tuple(_variable(key, value, mistakes) for key, value in node.entries)


def _variable(key: YScalar, node: YNode, mistakes: MistakeList) -> Variable:
    what = f"the value of `{key.text}`"
    if not _NAME.fullmatch(key.text):
        mistakes.add(key.line, f"the name `{key.text}` of a variable must be small letters, digits and _")
    if not isinstance(node, YMap):
        return Variable(key.text, read_text(node, what, mistakes), line=key.line)
    note_keys(node, f"the variable `{key.text}`", VARIABLE_KEYS, mistakes)
    value = node.get("value")
    if value is None:
        mistakes.add(node.line, f"the variable `{key.text}` needs `value`")
    secret = read_flag(node.get("secret"), "`secret`", mistakes)
    return Variable(key.text, read_text(value, what, mistakes), secret, key.line)


def read_invariant(node: YNode, mistakes: MistakeList) -> Invariant | None:
    """One item of `always`: a check with `say` and `repair` beside it."""
    check = read_check(node, mistakes, shown=False, beside=INVARIANT_KEYS)
    if check is None or not isinstance(node, YMap):
        return None
    say, repair = node.get("say"), node.get("repair")
    for key, value in (("say", say), ("repair", repair)):
        if value is None:
            mistakes.add(node.line, f"what must always hold needs `{key}`")
    # The check keeps its own sentence of what is asked for; `say` is what is said when it does not hold.
    return Invariant(
        check=replace(check, say=""), say=check.say, repair=read_orders(repair, "repair", mistakes), line=node.line
    )
