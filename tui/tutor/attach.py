"""`swarmtutor shell NODE`: this terminal becomes a terminal of the node, until the shell ends."""

import asyncio
import os
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Generator
from contextlib import contextmanager

from tui.errors import ExitCode, UserError
from tui.playground.model import NODE_NAMES, NodeUnreachableError, Shell
from tui.playground.playground import open_playground

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
        with _raw_terminal(sys.stdin.fileno()):
            await _relay(shell, sys.stdin.fileno(), sys.stdout.fileno())
    finally:
        await playground.close()
    return ExitCode.OK


@contextmanager
def _raw_terminal(descriptor: int) -> Generator[None]:
    """Every key goes to the node; the terminal's own settings come back afterwards."""
    before = termios.tcgetattr(descriptor)
    tty.setraw(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


async def _relay(shell: Shell, keyboard: int, screen: int) -> None:
    loop = asyncio.get_running_loop()

    def typed() -> None:
        data = os.read(keyboard, 4096)
        if data:
            shell.write(data)
        else:
            loop.remove_reader(keyboard)

    def resized() -> None:
        columns, rows = shutil.get_terminal_size()
        shell.resize(columns, rows)

    loop.add_reader(keyboard, typed)
    loop.add_signal_handler(signal.SIGWINCH, resized)
    try:
        while data := await shell.read():
            # A terminal that is slow to draw must not stop the keyboard.
            await asyncio.to_thread(_write_all, screen, data)
    finally:
        loop.remove_signal_handler(signal.SIGWINCH)
        loop.remove_reader(keyboard)
        await shell.close()


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
