"""Back-pressure: between two slices of a flood, keys are heard, and no more is read than is shown."""

import asyncio
from typing import cast

from tests.local_shell import wait_until
from tui.playground.model import Node
from tui.terminal.bittty_engine import BitttyEngine
from tui.terminal.command_log import CommandLog
from tui.tutor.shells import INTERRUPT, NodeShell

PROMPT = b"\r\n\x1b]133;A\x07$ \x1b]133;B\x07"


class FloodingShell:
    """Writes for as long as nobody presses Ctrl-C."""

    def __init__(self) -> None:
        self.reads = 0
        self.reads_when_interrupted: int | None = None
        self._prompted = False

    async def read(self, limit: int = 16_384) -> bytes:
        self.reads += 1
        if self.reads_when_interrupted is None:
            return b"y\r\n" * (limit // 3)
        if not self._prompted:
            self._prompted = True
            return PROMPT
        await asyncio.Event().wait()
        return b""

    def write(self, data: bytes) -> None:
        if INTERRUPT in data:
            self.reads_when_interrupted = self.reads

    def resize(self, columns: int, rows: int) -> None: ...

    async def close(self) -> None: ...


class FloodingNode:
    """Has that shell and nothing else: no more of a node is asked for here."""

    name = "node1"

    def __init__(self, shell: FloodingShell) -> None:
        self._shell = shell

    async def open_shell(self, columns: int, rows: int) -> FloodingShell:
        return self._shell


async def test_ctrl_c_is_heard_between_two_slices_of_a_flood() -> None:
    flooding = FloodingShell()
    news = 0

    def changed(node: str) -> None:
        nonlocal news
        news += 1

    shell = NodeShell(cast("Node", FloodingNode(flooding)), BitttyEngine, CommandLog(), changed)
    try:
        await wait_until(lambda: flooding.reads > 3, "a flood")
        # Every slice is shown before the next is read: what is not read holds the writer up.
        assert flooding.reads - news <= 2
        shell.write(INTERRUPT)
        assert flooding.reads_when_interrupted is not None
        await wait_until(lambda: shell.at_prompt, "the prompt")
        assert flooding.reads - flooding.reads_when_interrupted <= 2
    finally:
        await shell.close()
