"""The live shells, one on each node. They live outside any widget, so that switching never kills one."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Protocol

from tui.clock import now
from tui.playground.model import Node, NodeUnreachableError, Shell
from tui.terminal.command_log import CommandLog, RanCommand
from tui.terminal.engine import EngineFactory, TerminalEngine
from tui.terminal.marks import CommandTracker, ShellEvent

__all__ = ["INTERRUPT", "NodeShell", "ShellReader", "ShellTap"]

FIRST_RETRY = 0.3
LAST_RETRY = 3.0
INTERRUPT = b"\x03"
READING_PAUSE = 0.4
"""Seconds for which a command that was typed for somebody stands at the prompt before Enter."""
CLEAR_INPUT_LINE = b"\x05\x15"
"""Ctrl-E Ctrl-U: what stands at the prompt goes to readline's kill ring, from where Ctrl-Y brings it back."""


class ShellTap(Protocol):
    """Whoever writes down what shells show."""

    def wrote(self, node: str, data: bytes) -> None:
        """A node's shell wrote this."""
        ...

    def resized(self, node: str, columns: int, rows: int) -> None:
        """A node's shell has a new size in cells."""
        ...


ShellReader = Callable[[str, Sequence[ShellEvent]], None]
"""Reads what happens in the shell of a node: commands that begin and end, and what they write."""


class NodeShell:
    """One login shell: bytes from the PTY go to the VT engine and the marks, keystrokes go back.

    When the shell ends or the node goes away, a new one is opened as soon as the node answers.
    """

    def __init__(
        self,
        node: Node,
        engine_factory: EngineFactory,
        log: CommandLog,
        changed: Callable[[str], None],
        *,
        columns: int = 80,
        rows: int = 24,
        tap: ShellTap | None = None,
        reader: ShellReader | None = None,
    ) -> None:
        self.node = node.name
        self._tap = tap
        self._reader = reader
        self.engine: TerminalEngine = engine_factory(columns, rows)
        self._machine = node
        self._tracker = CommandTracker(node.name, log, clock=now)
        self._changed = changed
        self._shell: Shell | None = None
        self._trouble = "the shell is being opened"
        self._prompted = False
        self._interrupted = False  # a command that was given up got its Ctrl-C, and may still be ending
        self._moved = asyncio.Condition()
        self._pump = asyncio.create_task(self._run(), name=f"shell of {node.name}")

    @property
    def connected(self) -> bool:
        """Whether a shell is open on the node now."""
        return self._shell is not None

    @property
    def trouble(self) -> str:
        """Why there is no shell now; empty while connected."""
        return "" if self.connected else self._trouble

    @property
    def opening(self) -> bool:
        """Whether the shell has yet to show its first prompt."""
        return not self._prompted

    @property
    def at_prompt(self) -> bool:
        """Whether the node's own shell waits for a command, and not one that was opened elsewhere from it."""
        return self.connected and self._tracker.at_prompt and self._tracker.node == self.node

    def write(self, data: bytes) -> None:
        """Send keystrokes; dropped while there is no shell."""
        if self._shell is not None:
            self._shell.write(data)

    def resize(self, columns: int, rows: int) -> None:
        """Give the engine and the PTY a new size in cells."""
        self.engine.resize(columns, rows)
        if self._tap is not None:
            self._tap.resized(self.node, columns, rows)
        if self._shell is not None:
            self._shell.resize(columns, rows)

    def insert(self, text: str) -> None:
        """Put a command at the prompt, in place of what stands there, without running it."""
        typed = self.engine.encode_paste(text) if "\n" in text else text.encode()
        self.write(CLEAR_INPUT_LINE + typed)

    async def run(self, text: str, timeout: float, *, typing: float = 0.0) -> RanCommand:
        """Type a command, press Enter, and wait for it to end; when cancelled meanwhile, press Ctrl-C.

        `typing`: seconds between two keys, for somebody who watches; 0: all at once. Raises TimeoutError if the shell
        is not at a prompt, or the command not done, within `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            await self._until(lambda: self.at_prompt)
            self._interrupted = False
            before = self._tracker.finished_count
            try:
                await self._type(text, typing)
                self.write(b"\r")
                await self._until(lambda: self._tracker.finished_count > before and self.at_prompt)
            except asyncio.CancelledError:
                self._interrupted = True
                self.write(INTERRUPT)
                raise
        done = self._tracker.last_finished
        if done is None:
            raise RuntimeError("a command was counted as finished, but none is known")
        return done

    async def free(self, patience: float = 2.0) -> None:
        """Get it to a prompt: what runs there is interrupted, and if it does not care, a new shell is opened.

        A command that got its Ctrl-C already gets no second one while it may still be ending: readline keeps a Ctrl-C
        that comes while the prompt is drawn, and drops the first letter of the next command for it. Raises TimeoutError
        after some ten times the patience (in seconds): the node does not answer.
        """
        for _ in range(2):
            if not self.at_prompt:
                if not self._interrupted:
                    self.write(INTERRUPT)
                self._interrupted = False
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(patience):
                        await self._until(lambda: self.at_prompt)
        if not self.at_prompt:
            if self._shell is not None:
                await self._shell.close()
            async with asyncio.timeout(8 * patience):
                await self._until(lambda: self.at_prompt)

    async def close(self) -> None:
        """End the shell."""
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)

    async def _type(self, text: str, typing: float) -> None:
        if typing <= 0 or "\n" in text:
            self.insert(text)
            return
        self.write(CLEAR_INPUT_LINE)
        for key in text:
            self.write(key.encode())
            await asyncio.sleep(typing)
        await asyncio.sleep(READING_PAUSE)

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with self._moved:
            await self._moved.wait_for(condition)

    async def _announce(self) -> None:
        self._changed(self.node)
        async with self._moved:
            self._moved.notify_all()

    async def _run(self) -> None:
        wait = FIRST_RETRY
        while True:
            try:
                shell = await self._machine.open_shell(self.engine.columns, self.engine.rows)
            except (NodeUnreachableError, TimeoutError) as error:
                self._trouble = str(error) or f"{self.node} does not answer"
                await self._announce()
                await asyncio.sleep(wait)
                wait = min(wait * 2, LAST_RETRY)
                continue
            wait = FIRST_RETRY
            self._shell = shell
            try:
                await self._pump_bytes(shell)
            finally:
                self._shell, self._prompted = None, False
                self._tracker.shell_ended()
                await shell.close()
            self._trouble = "the shell ended; a new one is being opened"
            self.engine.feed(b"\x1bc")
            await self._announce()

    async def _pump_bytes(self, shell: Shell) -> None:
        while data := await shell.read():
            self.engine.feed(data)
            if self._tap is not None:
                self._tap.wrote(self.node, data)
            events = self._tracker.feed(data)
            if self._reader is not None:
                self._reader(self.node, events)
            self._prompted = self._prompted or self._tracker.at_prompt
            if replies := self.engine.take_replies():
                shell.write(replies)
            await self._announce()
            # One slice at a time: the screen and the keyboard get their turn between two slices of a flood.
            await asyncio.sleep(0)
