"""What will happen on this machine, and how far it is."""

from collections.abc import Sequence

from tui.app.paint import Line, Role, Span, cells, hang, inline, line, text_of
from tui.app.signs import Signs
from tui.app.widgets.painted import LinesWidget
from tui.playground.model import Progress, ProgressState

__all__ = ["PreparingPanel"]

_PROMISE = (
    "Three small machines, node1 to node3, are being made on this computer, on a private network of their own.",
    "Nothing else here is changed, and `swarmtutor down` takes all of it away again.",
    "The first page of the lesson can be read meanwhile.",
)


class PreparingPanel(LinesWidget, can_focus=True):
    """The promise, and a line for each phase."""

    def __init__(
        self,
        signs: Signs,
        *,
        promise: Sequence[str] = _PROMISE,
        id: str | None = None,  # noqa: A002  Textual's own word
    ) -> None:
        super().__init__(id=id)
        self._signs = signs
        self._promise = promise
        self._phases: dict[str, Progress] = {}

    def clear(self) -> None:
        """Begin again."""
        self._phases.clear()
        self.refresh(layout=True)

    def add(self, progress: Progress) -> None:
        """A phase began, went on or ended."""
        self._phases[progress.phase] = progress
        self.refresh(layout=True)

    @property
    def summary(self) -> str:
        """Where it stands, in a few words."""
        running = [p for p in self._phases.values() if p.state is ProgressState.RUNNING]
        return f"{running[-1].phase} {self._signs.ellipsis}" if running else f"starting {self._signs.ellipsis}"

    def lines(self, width: int) -> list[Line]:
        """The promise and the phases."""
        lines: list[Line] = []
        for paragraph in self._promise:
            lines.extend(hang((), inline(paragraph), min(width, 76)))
            lines.append(())
        return [*lines, *(self._phase(progress, width) for progress in self._phases.values())]

    def _phase(self, progress: Progress, width: int) -> Line:
        sign, role = {
            ProgressState.RUNNING: (self._signs.starting, Role.PENDING),
            ProgressState.DONE: (self._signs.done, Role.OK),
            ProgressState.FAILED: (self._signs.not_yet, Role.BAD),
        }[progress.state]
        left = line(Span(f"{sign} ", role), progress.phase, Span(f"  {progress.detail}".rstrip(), Role.MUTED))
        if progress.state is not ProgressState.DONE:
            return left
        seconds = f"{progress.seconds:.1f} s"
        gap = max(min(width, 60) - cells(text_of(left)) - len(seconds), 2)
        return line(*left, " " * gap, Span(seconds, Role.MUTED))
