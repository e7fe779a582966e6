"""Commands beside the lesson's own - of other routes and of wrong ways - typed into the real shells."""

import asyncio
from collections.abc import Sequence

from tui.errors import UserError
from tui.labs.facts import render
from tui.labs.model import Order
from tui.terminal.command_log import RanCommand
from tui.tutor.perform import COMMAND_DEADLINE, FACT_DEADLINE, Stage

__all__ = ["filled", "run_orders"]


async def filled(order: Order, stage: Stage) -> str:
    """The command with its live facts; waits for one that is about to be known. Raises UserError."""
    try:
        async with asyncio.timeout(FACT_DEADLINE):
            await stage.until(lambda: not render(order.text, stage.facts).missing)
    except TimeoutError:
        raise UserError(f"{order.node}: «{order.text}» cannot be typed: what it names is not there.") from None
    return render(order.text, stage.facts).text


async def run_orders(orders: Sequence[Order], stage: Stage) -> None:
    """Type them one after the other, each to its end. Raises UserError for one that does not end as it should."""
    for order in orders:
        text = await filled(order, stage)
        try:
            ran = await stage.shells[order.node].run(text, COMMAND_DEADLINE)
        except TimeoutError:
            raise UserError(f"{order.node}: «{text}» did not end within {COMMAND_DEADLINE:.0f} s.") from None
        if (ran.exit_status != 0) != order.expect_fail:
            raise UserError(f"{order.node}: «{text}» ended with exit status {ran.exit_status}.", last_line(ran))


def last_line(ran: RanCommand) -> str:
    """The last that a command wrote: with an error, usually why."""
    return next((line.strip() for line in reversed(ran.output.splitlines()) if line.strip()), "")
