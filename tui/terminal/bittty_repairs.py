"""Where bittty is not xterm: the few functions of its board that are put right from outside."""

# The board is taken as Any, as in the engine that has it repaired.

import re
from collections.abc import Callable
from typing import Any

__all__ = ["repair", "safe_reply"]

_ORIGIN_MODE = 6
_REFUSED_SETTING = re.compile(r"(\x1bP0\$r)[^\x1b]*(\x1b\\)")


def repair(board: Any) -> None:
    """Put a fresh board right. References: DEC STD 070, and xterm's own behaviour.

    CUU, CUD, CNL, CPL, VPR and CUF stop at the margins that the cursor is within; setting or resetting the origin mode
    takes the cursor home; and positions are reported as they would be given, counted from the origin.
    """
    cursor, blitter, modes = board.cursor, board.blitter, board.modes

    def move_up(count: int) -> None:
        cursor.cancel_pending_wrap()
        cursor.y = max(blitter.scroll_top if cursor.y >= blitter.scroll_top else 0, cursor.y - count)

    def move_down(count: int) -> None:
        cursor.cancel_pending_wrap()
        last = blitter.scroll_bottom if cursor.y <= blitter.scroll_bottom else blitter.rows - 1
        cursor.y = min(last, cursor.y + count)

    def move_forward(count: int) -> None:
        cursor.cancel_pending_wrap()
        last = blitter.right_margin if cursor.x <= blitter.right_margin else board.width - 1
        cursor.x = min(last, cursor.x + count)

    cursor.move_up, cursor.move_down, cursor.move_forward = move_up, move_down, move_forward

    def homing(apply: Callable[[Any], None]) -> Callable[[Any], None]:
        def apply_and_go_home(operation: Any) -> None:
            apply(operation)
            parameters, _, private = operation.args
            if private and _ORIGIN_MODE in parameters:
                cursor.move_to(0, 0)

        return apply_and_go_home

    for name in ("DECSET", "DECRST"):
        board.registry[name] = homing(board.registry[name])

    def position() -> str:
        top, left = (blitter.scroll_top, blitter.left_margin) if modes.origin_mode else (0, 0)
        return f"{cursor.y - top + 1};{cursor.display_x - left + 1}"

    def report(_operation: object) -> None:
        board.host.write(f"\x1b[{position()}R")

    def report_with_page(_operation: object) -> None:
        board.host.write(f"\x1b[?{position()};1R")

    board.registry["CPR"], board.registry["DECXCPR"] = report, report_with_page


def safe_reply(answer: str) -> str:
    """An answer without words of the program's own choice: a refused setting is not said back to it."""
    return _REFUSED_SETTING.sub(r"\1\2", answer)
