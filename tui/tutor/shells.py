"""The live shells, one on each node. They live outside any widget, so that switching never kills one."""

from tui.terminal.engine import TerminalEngine

__all__ = ["NodeShell"]


class NodeShell:
    """One login shell: bytes from the PTY go to the VT engine and the marks, keystrokes go back."""

    node: str
    engine: TerminalEngine

    @property
    def connected(self) -> bool:
        """Whether a shell is open on the node now."""
        raise NotImplementedError

    @property
    def trouble(self) -> str:
        """Why there is no shell now; empty while connected."""
        raise NotImplementedError

    def write(self, data: bytes) -> None:
        """Send keystrokes."""
        raise NotImplementedError

    def resize(self, columns: int, rows: int) -> None:
        """Give the engine and the PTY a new size in cells."""
        raise NotImplementedError
