"""How busy the machine was while something was measured: what else ran on it explains many a slow figure."""

import re
import time
from pathlib import Path

__all__ = ["Pressure"]

_FILE = Path("/proc/pressure/cpu")


class Pressure:
    """From its making to `told`, in which part of the time something that could run had to wait for a processor."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._waited = _waited()

    def told(self) -> str:
        """A sentence; empty where the kernel does not count it."""
        now = _waited()
        if now is None or self._waited is None:
            return ""
        share = (now - self._waited) / max(time.monotonic() - self._begun, 1e-6)
        return f"processors were short during {share:.0%} of the time, by our own doing or by that of others"


def _waited() -> float | None:
    """Seconds since the start of the machine in which something waited (Documentation/accounting/psi)."""
    try:
        match = re.search(r"^some .*total=(\d+)$", _FILE.read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(match[1]) / 1e6 if match else None
