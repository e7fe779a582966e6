"""Shell-integration marks (OSC 133) in a shell's output: which command began, which ended, and how."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from tui.terminal.command_log import CommandLog, RanCommand
from tui.terminal.plain import plain_text

__all__ = [
    "CommandEnded",
    "CommandStarted",
    "CommandTracker",
    "NodeNamed",
    "Output",
    "PromptEnded",
    "PromptStarted",
    "ShellEvent",
    "ShellMarks",
]

_INTRODUCER = b"\x1b]133;"
_STRING_END = re.compile(rb"[\x07\x1b\x18\x1a]")
MARK_LIMIT = 128 * 1024
"""Bytes after which an unfinished mark is taken for ordinary output."""
OUTPUT_LIMIT = 4_000
"""Characters of a command's output that are kept."""
_RAW_LIMIT = 64 * 1024
LOST = 255
"""The exit status of a command whose shell went away: what ssh says of a broken connection."""
_LEAVES_THE_SHELL = re.compile(r"\s*(?:exit|logout)(?:\s+\d+)?\s*;?\s*")


@dataclass(frozen=True, slots=True)
class PromptStarted:
    """The prompt is about to be written (A)."""


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """The prompt is written: the shell waits for a command (B)."""


@dataclass(frozen=True, slots=True)
class CommandStarted:
    """A command line is about to run (C)."""

    text: str


@dataclass(frozen=True, slots=True)
class CommandEnded:
    """The command line is done (D); without a status if the shell told none."""

    exit_status: int | None


@dataclass(frozen=True, slots=True)
class NodeNamed:
    """The shell says on which node it runs (P;node=…)."""

    node: str


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes between two marks."""

    data: bytes


ShellEvent = PromptStarted | PromptEnded | CommandStarted | CommandEnded | NodeNamed | Output


def _parse(body: bytes) -> ShellEvent | None:
    kind, _, rest = body.partition(b";")
    options = {name: value for name, equals, value in (part.partition(b"=") for part in rest.split(b";")) if equals}
    match kind:
        case b"A":
            return PromptStarted()
        case b"B":
            return PromptEnded()
        case b"C":
            text = unquote_to_bytes(options.get(b"cmdline_url", b"")).decode("utf-8", errors="replace")
            return CommandStarted(text.strip())
        case b"D":
            status = rest.partition(b";")[0]
            return CommandEnded(int(status) if re.fullmatch(rb"[0-9]{1,5}", status) else None)
        case b"P" if b"node" in options:
            return NodeNamed(options[b"node"].decode("utf-8", errors="replace"))
        case _:
            return None


class ShellMarks:
    """Finds the marks in a stream of bytes, however it is cut into chunks. It changes no byte of the stream."""

    def __init__(self) -> None:
        self._held: bytes = b""

    def feed(self, data: bytes) -> list[ShellEvent]:
        """The marks that are complete now and the output between them, in the order of the stream.

        Bytes that may be the beginning of a mark come out with a later call, once it is known what they are.
        """
        events: list[ShellEvent] = []
        data = self._held + data
        self._held = b""
        position: int = 0
        while (start := data.find(_INTRODUCER, position)) >= 0:
            end = _end_of_string(data, start + len(_INTRODUCER))
            ending = data[end : end + 2]
            if ending in (b"", b"\x1b"):
                if len(data) - start > MARK_LIMIT:
                    break
                _add_output(events, data[position:start])
                self._held = data[start:]
                return events
            _add_output(events, data[position:start])
            terminator = 1 if ending[:1] == b"\x07" else 2 if ending == b"\x1b\\" else 0
            event = _parse(data[start + len(_INTRODUCER) : end]) if terminator else None
            if event is not None:
                events.append(event)
            position = end + terminator
        rest = data[position:]
        held = _partial_introducer(rest)
        self._held = rest[len(rest) - held :]
        _add_output(events, rest[: len(rest) - held])
        return events


def _end_of_string(data: bytes, start: int) -> int:
    """Where a control string ends: at its terminator, at what breaks it off, or at the end of the data."""
    found = _STRING_END.search(data, start)
    return found.start() if found else len(data)


def _partial_introducer(data: bytes) -> int:
    """How many bytes at the end of `data` may be the beginning of a mark."""
    for length in range(min(len(_INTRODUCER) - 1, len(data)), 0, -1):
        if _INTRODUCER.startswith(data[-length:]):
            return length
    return 0


def _add_output(events: list[ShellEvent], data: bytes) -> None:
    if data:
        events.append(Output(data))


@dataclass(slots=True)
class _Open:
    """A command that runs, and the end of what it wrote."""

    command: RanCommand
    raw: bytearray = field(default_factory=bytearray)
    is_cut: bool = False

    def write(self, data: bytes) -> None:
        self.raw += data
        if len(self.raw) > 2 * _RAW_LIMIT:
            del self.raw[:-_RAW_LIMIT]
            self.is_cut = True

    def output(self) -> str:
        raw = bytes(self.raw)
        if self.is_cut:  # never begin in the middle of a sequence
            raw = raw[raw.find(b"\n") + 1 :]
        return plain_text(raw, limit=OUTPUT_LIMIT)


class CommandTracker:
    """Turns one shell's output into entries of a `CommandLog`.

    A command that opens a shell elsewhere (`ssh node2`) stays open while that shell reports commands of its own;
    these are noted with the node that they ran on. When the outer shell says that its command ended, whatever the
    inner shell left unfinished has ended too, with the same status.

    Which shell a mark comes from is known by the node that it names (P) before or after the mark, at each prompt.
    """

    def __init__(self, node: str, log: CommandLog, *, clock: Callable[[], float]) -> None:
        self._home = node
        self._node = node
        self._log = log
        self._clock = clock
        self._marks = ShellMarks()
        self._open: list[_Open] = []
        self._ended: tuple[CommandEnded, float] | None = None
        self._named_since_output = False
        self._at_prompt = False
        self._finished_count = 0
        self._last_finished: RanCommand | None = None

    @property
    def node(self) -> str:
        """The node that the innermost shell runs on."""
        return self._node

    @property
    def at_prompt(self) -> bool:
        """Whether a shell waits for a command."""
        return self._at_prompt

    @property
    def running(self) -> RanCommand | None:
        """The innermost command that runs now."""
        return self._open[-1].command if self._open else None

    @property
    def finished_count(self) -> int:
        """How many commands have ended."""
        return self._finished_count

    @property
    def last_finished(self) -> RanCommand | None:
        """The command that ended last."""
        return self._last_finished

    def feed(self, data: bytes) -> list[ShellEvent]:
        """Take what the shell wrote, in any chunking; the events found in it, in order."""
        events = self._marks.feed(data)
        for event in events:
            self._take(event)
        return events

    def shell_ended(self) -> None:
        """The shell is gone: whatever ran in it has ended, and nothing waits for a command.

        Where that is what the one command was for (`exit`), it has done well.
        """
        self._settle()
        left = len(self._open) == 1 and _LEAVES_THE_SHELL.fullmatch(self._open[0].command.text)
        while self._open:
            self._finish(0 if left else LOST, self._clock())
        self._marks = ShellMarks()
        self._node = self._home
        self._at_prompt = False

    def _take(self, event: ShellEvent) -> None:
        match event:
            case Output(data):
                self._named_since_output = False
                for running in self._open:
                    running.write(data)
            case NodeNamed(node):
                self._node = node
                self._named_since_output = True
                self._settle(named=True)
            case CommandEnded():
                self._at_prompt = False
                self._settle()
                self._ended = (event, self._clock())
                if self._named_since_output:
                    self._settle(named=True)
            case PromptStarted():
                self._settle()
                self._at_prompt = False
            case PromptEnded():
                self._settle()
                self._at_prompt = True
            case CommandStarted(text):
                self._settle()
                self._at_prompt = False
                command = RanCommand(self._node, text, self._clock())
                self._log.begin(command)
                self._open.append(_Open(command))

    def _settle(self, *, named: bool = False) -> None:
        """Decide which command the last D ended; `named` says that the shell behind it has just named its node."""
        if self._ended is None:
            return
        (ended, moment), self._ended = self._ended, None
        commands = [running.command for running in self._open]
        depth = max((i for i, command in enumerate(commands) if command.node == self._node), default=None)
        if depth is None:
            if named or not commands:
                return  # an inner shell speaks of a command that it did not report
            depth = len(commands) - 1
        if depth > 0 and _LEAVES_THE_SHELL.fullmatch(commands[depth].text):
            depth -= 1  # `exit` reports no end of its own: it is the shell that it left which speaks
        self._node = commands[depth].node
        while len(self._open) > depth:
            self._finish(ended.exit_status or 0, moment)

    def _finish(self, status: int, moment: float) -> None:
        running = self._open.pop()
        self._last_finished = self._log.finish(
            running.command, exit_status=status, finished=moment, output=running.output()
        )
        self._finished_count += 1
