"""Hours of use leave nothing behind: every history is bounded, no timer and no task is forgotten."""

import asyncio
import gc
from collections import Counter, deque
from functools import _lru_cache_wrapper  # pyright: ignore[reportPrivateUsage]  # to find what is cached
from pathlib import Path
from typing import Any

import pytest
from textual.cache import FIFOCache, LRUCache
from textual.message_pump import MessagePump
from textual.timer import Timer
from textual.worker import Worker

from tests.long_life import SIZES, LongUse, long_use

ROUNDS = 15
SOME = ROUNDS // 3
"""What a round leaves behind is there ROUNDS times in the end, each time. Fewer, or more only once, is chance."""


def forget_what_is_only_faster() -> None:
    gc.unfreeze()
    for thing in gc.get_objects():
        if isinstance(thing, _lru_cache_wrapper):
            thing.cache_clear()
        elif isinstance(thing, LRUCache | FIFOCache):
            thing.clear()
    gc.collect()


def is_the_windows(container: Any) -> bool:
    """Rows, cells and regions of a window of any size, and the event loop's heap of timers, cancelled or not."""
    small = type(container) in (list, set) and len(container) <= max(width for width, _ in SIZES)
    return small or isinstance(next(iter(container), None), asyncio.TimerHandle)


async def rest(use: LongUse) -> list[Any]:
    """What is there for good, once the program rests and all is gone that is kept for some minutes."""
    for _ in range(ROUNDS):
        await use.round()
    await use.settle(later=3_600)
    use.app.lab.swarm_view.notify_style_update()
    forget_what_is_only_faster()
    return gc.get_objects()


def counted(things: list[object]) -> Counter[str]:
    """How many there are of each kind of ours and of the terminal's, of widgets, timers and workers, and of tasks.

    Not of what a layout is made of: that comes and goes with each one.
    """
    kept = [type(thing) for thing in things if is_ours(type(thing))]
    waiting = sum(1 for thing in things if isinstance(thing, asyncio.TimerHandle) and not thing.cancelled())
    kinds = Counter(f"{kind.__module__}.{kind.__qualname__}" for kind in kept)
    return Counter({**kinds, "timers that wait": waiting, "tasks": len(asyncio.all_tasks())})


def is_ours(kind: type) -> bool:
    return issubclass(kind, MessagePump | Timer | Worker) or str(kind.__module__).startswith(("tui.", "bittty."))


@pytest.mark.timeout(900)
async def test_what_is_kept_does_not_grow_with_the_hours(tmp_path: Path) -> None:
    async with long_use(tmp_path / "use", history_rows=300) as use:
        use.fill()
        first, second, things = counted(await rest(use)), counted(await rest(use)), await rest(use)
        third = counted(things)
        grown_twice = {
            kind: (first[kind], second[kind], count)
            for kind, count in third.items()
            if second[kind] - first[kind] > SOME and count - second[kind] > SOME
        }
        assert grown_twice == {}
        # From here on old things live on, because they are held here: only lengths can be compared.
        held = [thing for thing in things if type(thing) in (list, dict, set, deque) and thing is not things]
        lengths = [[len(thing) for thing in held]]
        for _ in range(2):
            await rest(use)
            lengths.append([len(thing) for thing in held])
        grown = [
            f"{type(each).__name__} from {one} to {two} to {three}: {str(each)[:200]}"
            for each, one, two, three in zip(held, *lengths, strict=True)
            if two - one > SOME and three - two > SOME and not is_the_windows(each)
        ]
        assert not grown, "\n".join(grown)
