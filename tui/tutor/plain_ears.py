"""Hears what commands say in the live shells: each command as it begins, and all that it wrote once it has ended."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tui.terminal.marks import CommandEnded, CommandStarted, NodeNamed, Output, PromptEnded, ShellEvent, ShellMarks
from tui.terminal.plain import plain_text
from tui.tutor.shells import ShellTap

__all__ = ["Ears", "Heard"]

_RAW_LIMIT = 256 * 1024
_TEXT_LIMIT = 200_000
_MOST_LINES = 1_000  # as many as `plain_text` keeps


@dataclass(frozen=True, slots=True)
class Heard:
    """A command that has ended. `output`: what it wrote, as a person would have read it; `cut`: not from its start."""

    node: str
    text: str
    exit_status: int | None
    output: str
    cut: bool = False


@dataclass(slots=True)
class _Running:
    text: str
    raw: bytearray = field(default_factory=bytearray)
    cut: bool = False

    def write(self, data: bytes) -> None:
        self.raw += data
        if len(self.raw) > 2 * _RAW_LIMIT:
            del self.raw[:-_RAW_LIMIT]
            self.cut = True


class _Ear:
    """One node's shell, and those that were opened from it, the innermost last."""

    def __init__(self, node: str) -> None:
        self.node = node
        self.named = node
        self.marks = ShellMarks()
        self.running: list[_Running] = []
        self.prompted = ""  # which node's shell has shown its prompt last


class Ears:
    """A ShellTap. `also` is another one, which hears the same."""

    def __init__(self, also: ShellTap | None = None) -> None:
        self._begun: Callable[[str, str], None] = lambda _node, _text: None
        self._ended: Callable[[Heard], None] = lambda _heard: None
        self._also = also
        self._ears: dict[str, _Ear] = {}

    def tell(self, begun: Callable[[str, str], None], ended: Callable[[Heard], None]) -> None:
        """From now on tell `begun` of each command (its node, its text), and `ended` of each one that is done."""
        self._begun, self._ended = begun, ended

    def away(self, node: str) -> str:
        """Which node's shell waits for a command inside of this node's (after `ssh node2`); empty if its own does."""
        ear = self._ears.get(node)
        return ear.prompted if ear is not None and ear.prompted not in ("", node) else ""

    def wrote(self, node: str, data: bytes) -> None:
        """A node's shell wrote this."""
        if self._also is not None:
            self._also.wrote(node, data)
        ear = self._ears.setdefault(node, _Ear(node))
        for event in ear.marks.feed(data):
            self._take(ear, event)

    def resized(self, node: str, columns: int, rows: int) -> None:
        """A node's shell has a new size in cells."""
        if self._also is not None:
            self._also.resized(node, columns, rows)

    def _take(self, ear: _Ear, event: ShellEvent) -> None:
        match event:
            case Output(data):
                for running in ear.running:
                    running.write(data)
            case NodeNamed(node):
                ear.named = node
            case CommandStarted(text):
                ear.running.append(_Running(text))
                self._begun(ear.named, text)
            case CommandEnded(status) if ear.running:
                self._end(ear, status)
            case PromptEnded():
                ear.prompted = ear.named
                while ear.running and ear.named == ear.node:  # of a shell inside, which said nothing more
                    self._end(ear, None)
            case _:
                pass

    def _end(self, ear: _Ear, status: int | None) -> None:
        running = ear.running.pop()
        raw = bytes(running.raw)
        if running.cut:  # never begin in the middle of a sequence
            raw = raw[raw.find(b"\n") + 1 :]
        output = plain_text(raw, limit=_TEXT_LIMIT)
        cut = running.cut or len(output) >= _TEXT_LIMIT or raw.count(b"\n") > _MOST_LINES
        self._ended(Heard(ear.named, running.text, status, output, cut))
