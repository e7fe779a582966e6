"""The private folder of one program's forwarded sockets, and the removal of those whose program is gone."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from tui.playground.locks import hold_lock, take
from tui.playground.record import PlaygroundPaths

__all__ = ["SocketFolder"]


class SocketFolder:
    """A folder with mode 0700 below the playground's runtime folder, held by a lock as long as we live.

    A lock, not the process id in its name, tells whether the owner is alive: programs in other process namespaces
    count differently.
    """

    def __init__(self, name: str) -> None:
        runtime = PlaygroundPaths.of(name).runtime
        with hold_lock(runtime.with_name(f"{name}.sockets.lock"), wait=5.0):
            runtime.mkdir(parents=True, exist_ok=True)
            runtime.chmod(0o700)
            _sweep(runtime)
            self.path = Path(tempfile.mkdtemp(prefix=f"c{os.getpid()}-", dir=runtime))
            self._lock = os.open(self.path / "alive", os.O_RDWR | os.O_CREAT, 0o600)
            take(self._lock)

    def remove(self) -> None:
        """Remove the folder and all in it."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        shutil.rmtree(self.path, ignore_errors=True)


def _sweep(runtime: Path) -> None:
    for folder in runtime.glob("c*-*"):
        with contextlib.suppress(OSError):
            descriptor = os.open(folder / "alive", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if take(descriptor):
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
