"""`swarmtutor shell NODE`: this terminal becomes a terminal of the node, until the shell ends."""

import asyncio
import os
import shutil
from collections.abc import Callable

from tui.clock import now
from tui.errors import ExitCode, UserError
from tui.playground.model import NODE_NAMES, NodeUnreachableError, Playground, Shell
from tui.playground.playground import open_playground
from tui.terminal.command_log import CommandLog
from tui.terminal.marks import CommandTracker
from tui.terminal.stripping import Stripper
from tui.tutor.elsewhere import TellingLog, listeners_folder
from tui.tutor.local_terminal import LocalTerminal, local_terminal

__all__ = ["attach_node", "attach_terminal"]


async def attach_terminal(playground_name: str, node_name: str) -> int:
    """Connect the standard input and output to a login shell on the node; returns an exit status.

    What is run there is told to a lesson that is being taken in another terminal. Raises UserError for an unknown node
    or playground, or a node that does not answer.
    """
    if node_name not in NODE_NAMES:
        raise UserError(
            f"There is no node “{node_name}”.", f"The nodes: {', '.join(NODE_NAMES)}.", exit_code=ExitCode.NOT_FOUND
        )
    playground = await open_playground(playground_name)
    try:
        log = TellingLog(listeners_folder(playground_name))
        await attach_node(playground, node_name, log)
    finally:
        await playground.close()
    return ExitCode.OK


async def attach_node(
    playground: Playground, node_name: str, log: CommandLog, heard: Callable[[], None] = lambda: None
) -> None:
    """The same in a playground that is connected already. Commands are noted in the log; `heard` is called after that.

    On a terminal that is called dumb, no escape sequence is shown. Raises UserError if the node does not answer.
    """
    node = playground.node(node_name)
    columns, rows = shutil.get_terminal_size()
    try:
        shell = await node.open_shell(columns, rows)
    except (NodeUnreachableError, TimeoutError) as error:
        raise UserError(
            f"{node.name} does not answer: {error}",
            _what_to_do(playground, node_name),
            exit_code=ExitCode.BROKEN,
        ) from error
    tracker = CommandTracker(node.name, log, clock=now)
    strip = Stripper().feed if os.environ.get("TERM") == "dumb" else bytes

    def show(data: bytes) -> bytes:
        tracker.feed(data)
        heard()
        return strip(data)

    terminal = local_terminal()
    try:
        with terminal.raw():
            await _relay(shell, terminal, show)
    finally:
        tracker.shell_ended()
        heard()


def _what_to_do(playground: Playground, node_name: str) -> str:
    """A node that does not answer can be made anew, unless it is a machine of somebody's own."""
    if playground.provider == "hosts":
        return "See `swarmtutor status`. It is a machine of yours: is it on, and does it let you in?"
    return f"See `swarmtutor status`; `swarmtutor reset {node_name} --name {playground.name}` makes it anew."


async def _relay(shell: Shell, terminal: LocalTerminal, show: Callable[[bytes], bytes] = bytes) -> None:
    def resized() -> None:
        shell.resize(*shutil.get_terminal_size())

    with terminal.listened_to(shell.write, resized):
        try:
            while data := await shell.read():
                # A terminal that is slow to draw must not stop the keyboard.
                await asyncio.to_thread(terminal.write, show(data))
        finally:
            await shell.close()
