"""Asks published ports for their page while a step waits for an answer: the evidence of `web` checks."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from tui.checks.model import WebTarget
from tui.playground.model import Playground, WebAnswer

__all__ = ["WebProber"]

KEPT_ANSWERS = 24
"""Answers kept a target: enough to see every one of a handful of replicas answer in turn."""


class WebProber:
    """Sends one GET at a time to each target, every `interval` seconds, and keeps the last answers.

    Only from the playground's own network, only to its own nodes, and only while there are targets.
    """

    def __init__(self, playground: Playground, answered: Callable[[], None], interval: float = 0.4) -> None:
        self._playground = playground
        self._answered = answered
        self._interval = interval
        self._answers: dict[WebTarget, deque[WebAnswer]] = {}
        self._tasks: dict[WebTarget, asyncio.Task[None]] = {}

    @property
    def answers(self) -> Mapping[WebTarget, tuple[WebAnswer, ...]]:
        """The last answers of each target, oldest first."""
        return MappingProxyType({target: tuple(answers) for target, answers in self._answers.items()})

    def watch(self, targets: Sequence[WebTarget]) -> None:
        """Ask these targets from now on, and no others; answers of targets that stay are kept."""
        for target in [t for t in self._tasks if t not in targets]:
            self._tasks.pop(target).cancel()
            self._answers.pop(target, None)
        for target in targets:
            if target not in self._tasks:
                self._tasks[target] = asyncio.create_task(self._ask(target), name=f"probe {target.node}:{target.port}")

    def forget(self) -> None:
        """Drop the answers so far: a new step begins."""
        for answers in self._answers.values():
            answers.clear()

    async def close(self) -> None:
        """Stop asking."""
        tasks = list(self._tasks.values())
        self.watch(())
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, target: WebTarget) -> None:
        node = self._playground.node(target.node)
        answers = self._answers.setdefault(target, deque(maxlen=KEPT_ANSWERS))
        while True:
            answers.append(await node.fetch(target.port, target.path, timeout=2.0))
            self._answered()
            await asyncio.sleep(self._interval)
