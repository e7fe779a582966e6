"""`swarmtutor shell NODE`: this terminal becomes a terminal of the node, until the shell ends."""

import asyncio
import shutil

from tui.errors import ExitCode, UserError
from tui.playground.model import NODE_NAMES, NodeUnreachableError, Shell
from tui.playground.playground import open_playground
from tui.tutor.local_terminal import LocalTerminal, local_terminal

__all__ = ["attach_terminal"]


async def attach_terminal(playground_name: str, node_name: str) -> int:
    """Connect the standard input and output to a login shell on the node; returns an exit status.

    Raises UserError for an unknown node or playground, or a node that does not answer.
    """
    if node_name not in NODE_NAMES:
        raise UserError(
            f"There is no node “{node_name}”.", f"The nodes: {', '.join(NODE_NAMES)}.", exit_code=ExitCode.NOT_FOUND
        )
    playground = await open_playground(playground_name)
    try:
        columns, rows = shutil.get_terminal_size()
        try:
            shell = await playground.node(node_name).open_shell(columns, rows)
        except (NodeUnreachableError, TimeoutError) as error:
            raise UserError(
                f"{node_name} does not answer: {error}",
                f"See `swarmtutor status`; `swarmtutor reset {node_name}` makes it anew.",
                exit_code=ExitCode.BROKEN,
            ) from error
        terminal = local_terminal()
        with terminal.raw():
            await _relay(shell, terminal)
    finally:
        await playground.close()
    return ExitCode.OK


async def _relay(shell: Shell, terminal: LocalTerminal) -> None:
    def resized() -> None:
        shell.resize(*shutil.get_terminal_size())

    with terminal.listened_to(shell.write, resized):
        try:
            while data := await shell.read():
                # A terminal that is slow to draw must not stop the keyboard.
                await asyncio.to_thread(terminal.write, data)
        finally:
            await shell.close()
