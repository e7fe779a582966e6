"""A shell is brought to its prompt with as few Ctrl-C as that takes."""

import asyncio
from typing import cast

import pytest

from tests.local_shell import wait_until
from tui.playground.model import Node
from tui.terminal.bittty_engine import BitttyEngine
from tui.terminal.command_log import CommandLog
from tui.tutor.shells import INTERRUPT, NodeShell

PROMPT = b"\x1b]133;P;node=node1\x07\x1b]133;A\x07$ \x1b]133;B\x07"
BEGUN = b"\x1b]133;C;cmdline_url=sleep%20100\x07"
ENDED = b"^C\r\n\x1b]133;D;130\x07"


class SleepingShell:
    """A command runs from Enter on; the prompt comes back after so many Ctrl-C, once they are let through."""

    def __init__(self, ends_after: int) -> None:
        self.written = b""
        self._ends_after = ends_after
        self._output: asyncio.Queue[bytes] = asyncio.Queue()
        self._output.put_nowait(PROMPT)

    @property
    def interrupts(self) -> int:
        return self.written.count(INTERRUPT)

    async def read(self, limit: int = 16_384) -> bytes:
        return await self._output.get()

    def write(self, data: bytes) -> None:
        self.written += data
        if data == b"\r":
            self._output.put_nowait(BEGUN)
        if data == INTERRUPT and self.interrupts == self._ends_after:
            # The prompt is still to be drawn when whoever gave the command up goes on.
            asyncio.get_running_loop().call_later(0.05, self._output.put_nowait, ENDED + PROMPT)

    def resize(self, columns: int, rows: int) -> None: ...

    async def close(self) -> None:
        self._output.put_nowait(b"")


class SleepingNode:
    name = "node1"

    def __init__(self, *ends_after: int) -> None:
        self.shells = [SleepingShell(count) for count in ends_after]
        self.opened = 0

    async def open_shell(self, columns: int, rows: int) -> SleepingShell:
        self.opened += 1
        return self.shells[self.opened - 1]


@pytest.mark.parametrize(
    ("ends_after", "patience", "interrupts", "opened"),
    [([1], 60.0, 1, 1), ([2], 4.0, 2, 1), ([99, 99], 2.0, 2, 2)],
    ids=["one is enough", "the first came too early", "it does not care"],
)
async def test_a_command_that_was_given_up_gets_no_more_ctrl_c_than_it_takes(
    ends_after: list[int], patience: float, interrupts: int, opened: int
) -> None:
    node = SleepingNode(*ends_after)
    shell = NodeShell(cast("Node", node), BitttyEngine, CommandLog(), lambda node: None)
    try:
        running = asyncio.create_task(shell.run("sleep 100", 60.0))
        await wait_until(lambda: b"\r" in node.shells[0].written, "Enter")
        running.cancel()
        await asyncio.wait({running})
        await shell.free(patience)
        assert shell.at_prompt
        assert (node.shells[0].interrupts, node.opened) == (interrupts, opened)
    finally:
        await shell.close()
