"""Commands outside the prose: `{node1: docker …}` in routes, wrong ways and repairs."""

from tui.labs.mistakes import MistakeList
from tui.labs.model import Order
from tui.labs.values import note_repeated, read_flag, read_text
from tui.labs.yamltree import YList, YMap, YNode, YScalar, describe
from tui.playground.model import NODE_NAMES

__all__ = ["read_orders"]

_FLAG = "expect-fail"


def read_orders(node: YNode | None, what: str, mistakes: MistakeList) -> tuple[Order, ...]:
    """One mapping of nodes to commands, or a list of such; in the order of the file. `what` is the key it stands at."""
    if node is None:
        return ()
    items = node.items if isinstance(node, YList) else (node,)
    orders = tuple(order for item in items for order in _of_mapping(item, what, mistakes))
    if not items:
        mistakes.add(node.line, f"`{what}` holds no command")
    return orders


def _of_mapping(node: YNode, what: str, mistakes: MistakeList) -> list[Order]:
    if not isinstance(node, YMap) or not node.entries:
        mistakes.add(
            node.line, f"`{what}` takes `{{{NODE_NAMES[0]}: command}}` or a list of such, not {describe(node)}"
        )
        return []
    note_repeated(node, mistakes)
    fails = read_flag(node.get(_FLAG), f"`{_FLAG}`", mistakes)
    orders: list[Order] = []
    for key, value in node.entries:
        if key.text == _FLAG:
            continue
        if key.text not in NODE_NAMES:
            mistakes.add_unknown(key.line, f"`{what}`: unknown node", key.text, (*NODE_NAMES, _FLAG))
            continue
        text = read_text(value, f"the command of {key.text}", mistakes) if _is_command(value, key, mistakes) else ""
        if text:
            orders.append(Order(key.text, text, key.line, fails))
    if node.get(_FLAG) is not None and len(node.entries) != 2:
        mistakes.add(node.line, f"`{_FLAG}` belongs to one command; write a list with each command on its own")
    return orders


def _is_command(node: YNode, key: YScalar, mistakes: MistakeList) -> bool:
    if isinstance(node, YList):
        mistakes.add(node.line, f"{key.text} takes one command, not a list; write a list of `{{{key.text}: command}}`")
        return False
    return True
