"""A bell that ends a wait early, once for a burst of rings."""

import asyncio

__all__ = ["Bell"]


class Bell:
    """Waits for a ring or for time to pass, whichever is first."""

    def __init__(self, settle: float) -> None:
        self._rung = asyncio.Event()
        self._settle = settle

    def ring(self) -> None:
        """End the present wait, or the next one if nobody waits."""
        self._rung.set()

    async def wait(self, seconds: float) -> bool:
        """Wait at most `seconds`. True if it was rung; then the burst has settled."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return False
        await asyncio.sleep(self._settle)
        self._rung.clear()
        return True
