"""Asks the nodes again and again for what a step's checks want to know: published ports, and commands' results."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Generic, TypeVar

from tui.checks.model import CommandTarget, Found, WebTarget
from tui.playground.model import NodeUnreachableError, Playground, WebAnswer

__all__ = ["CommandProber", "WebProber"]

KEPT_ANSWERS = 24
"""Answers kept a target: enough to see every one of a handful of replicas answer in turn."""
COMMAND_DEADLINE = 5.0
"""Seconds for one command of a check. One that takes longer has not been found out."""
_KEPT_OUTPUT = 4_000  # signs of a command's output: its end

T = TypeVar("T")


class _Prober(ABC, Generic[T]):
    """Asks each of its targets, one request at a time, with a pause of `interval` seconds between two.

    Only the playground's own nodes, and only while there are targets.
    """

    def __init__(self, playground: Playground, answered: Callable[[], None], interval: float) -> None:
        self._playground = playground
        self._answered = answered
        self._interval = interval
        self._tasks: dict[T, asyncio.Task[None]] = {}

    def watch(self, targets: Sequence[T]) -> None:
        """Ask these targets from now on, and no others; answers of targets that stay are kept."""
        for target in [t for t in self._tasks if t not in targets]:
            self._tasks.pop(target).cancel()
            self._drop(target)
        for target in targets:
            if target not in self._tasks:
                self._tasks[target] = asyncio.create_task(self._keep_asking(target), name=f"probe {target}")

    async def close(self) -> None:
        """Stop asking."""
        tasks = list(self._tasks.values())
        self.watch(())
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_asking(self, target: T) -> None:
        while True:
            if await self._ask(target):
                self._answered()
            await asyncio.sleep(self._interval)

    @abstractmethod
    async def _ask(self, target: T) -> bool:
        """Ask once; whether there is anything new."""

    @abstractmethod
    def _drop(self, target: T) -> None:
        """Forget what the target answered."""


class WebProber(_Prober[WebTarget]):
    """Sends one GET at a time to each target and keeps the last answers: the evidence of `web` checks."""

    def __init__(self, playground: Playground, answered: Callable[[], None], interval: float = 0.4) -> None:
        super().__init__(playground, answered, interval)
        self._answers: dict[WebTarget, deque[WebAnswer]] = {}

    @property
    def answers(self) -> Mapping[WebTarget, tuple[WebAnswer, ...]]:
        """The last answers of each target, oldest first."""
        return MappingProxyType({target: tuple(answers) for target, answers in self._answers.items()})

    def forget(self) -> None:
        """Drop the answers so far: a new step begins."""
        for answers in self._answers.values():
            answers.clear()

    async def _ask(self, target: WebTarget) -> bool:
        answers = self._answers.setdefault(target, deque(maxlen=KEPT_ANSWERS))
        answers.append(await self._playground.node(target.node).fetch(target.port, target.path, timeout=2.0))
        return True

    def _drop(self, target: WebTarget) -> None:
        self._answers.pop(target, None)


class CommandProber(_Prober[CommandTarget]):
    """Runs one command at a time for each target and keeps how it ended: the evidence of `cmd` checks."""

    def __init__(self, playground: Playground, answered: Callable[[], None], interval: float = 1.0) -> None:
        super().__init__(playground, answered, interval)
        self._found: dict[CommandTarget, Found] = {}

    @property
    def found(self) -> Mapping[CommandTarget, Found]:
        """How each command ended last; one that could not be run has no entry."""
        return MappingProxyType(dict(self._found))

    def forget(self) -> None:
        """Drop what was found so far: a new step begins."""
        self._found.clear()

    async def _ask(self, target: CommandTarget) -> bool:
        before = self._found.get(target)
        try:
            ended = await self._playground.node(target.node).run(target.command, timeout=COMMAND_DEADLINE)
        except (NodeUnreachableError, TimeoutError):
            return self._found.pop(target, None) is not None
        self._found[target] = Found(ended.exit_status, (ended.stdout + ended.stderr)[-_KEPT_OUTPUT:])
        return self._found[target] != before

    def _drop(self, target: CommandTarget) -> None:
        self._found.pop(target, None)
