"""Commands that are run in `swarmtutor shell` in another terminal: told to the lesson that is being taken.

Whoever wants to know makes a file in the playground's folder, only for their own eyes; each such shell appends to every
file that is there, a line of JSON for each command that begins or ends. So nothing is kept while nobody listens.
"""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

from tui.playground.locks import take
from tui.playground.record import PlaygroundPaths
from tui.terminal.command_log import CommandLog, RanCommand

__all__ = ["TellingLog", "follow", "listeners_folder"]

_POLL = 0.2  # seconds between two looks at the file
_PIECE = 1 << 20


def listeners_folder(playground: str) -> Path:
    """Where those leave their files who want to know; it goes with the playground."""
    return PlaygroundPaths.of(playground).root / "listeners"


class TellingLog(CommandLog):
    """The commands of one shell, told to everybody who listens."""

    def __init__(self, folder: Path) -> None:
        super().__init__(limit=50)
        self._folder = folder
        self._ids: list[tuple[RanCommand, str]] = []

    def begin(self, command: RanCommand) -> None:
        """Note a command that starts now."""
        super().begin(command)
        number = secrets.token_hex(8)
        self._ids.append((command, number))
        self._tell({"id": number, "node": command.node, "text": command.text})

    def finish(self, command: RanCommand, *, exit_status: int, finished: float, output: str) -> RanCommand:
        """Note the end of a command that was begun."""
        done = super().finish(command, exit_status=exit_status, finished=finished, output=output)
        number = next((each for known, each in self._ids if known is command), "")
        self._ids = [pair for pair in self._ids if pair[0] is not command]
        self._tell({"id": number, "exit_status": exit_status, "output": output})
        return done

    def _tell(self, what: dict[str, object]) -> None:
        line = (json.dumps(what) + "\n").encode()
        for path in _files(self._folder):
            # Who does not listen any more is not written to, and a full disk is no reason to disturb a shell.
            with suppress(OSError):
                file = os.open(path, os.O_WRONLY | os.O_APPEND)
                try:
                    os.write(file, line)
                finally:
                    os.close(file)


def _files(folder: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(folder.glob("*.jsonl"))
    return []


class _Elsewhere:
    """Reads one file, and notes in a log what it tells of."""

    def __init__(self, file: int, log: CommandLog, clock: Callable[[], float]) -> None:
        self._file = file
        self._log = log
        self._clock = clock
        self._rest = b""
        self._running: dict[str, RanCommand] = {}

    def read(self) -> Iterator[str]:
        """The nodes on which something happened since the last call."""
        while data := os.read(self._file, _PIECE):
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                with suppress(ValueError, KeyError, TypeError):
                    yield self._note(cast("dict[str, object]", json.loads(line)))

    def _note(self, told: dict[str, object]) -> str:
        number, now = str(told["id"]), self._clock()
        if "text" in told:
            # By our own clock: the other program's may have been set since it began to count.
            command = RanCommand(str(told["node"]), str(told["text"]), now)
            self._running[number] = command
            self._log.begin(command)
            return command.node
        command = self._running.pop(number)
        status, output = told["exit_status"], str(told["output"])
        if not isinstance(status, int):
            raise TypeError(status)
        self._log.finish(command, exit_status=status, finished=now, output=output)
        return command.node


@contextmanager
def follow(folder: Path, log: CommandLog, clock: Callable[[], float], heard: Callable[[str], None]) -> Generator[None]:
    """Note in the log what is run in shells elsewhere, until the end; `heard` is told the node each time.

    Needs a running event loop. Where the folder cannot be written, nothing is heard.
    """
    opened = _open(folder)
    if opened is None:
        yield
        return
    path, file = opened
    elsewhere = _Elsewhere(file, log, clock)

    async def reading() -> None:
        while True:
            for node in elsewhere.read():
                heard(node)
            await asyncio.sleep(_POLL)

    task = asyncio.create_task(reading(), name="commands elsewhere")
    try:
        yield
    finally:
        task.cancel()
        os.close(file)
        with suppress(OSError):
            path.unlink()
        with suppress(OSError):  # others listen too
            folder.rmdir()


def _open(folder: Path) -> tuple[Path, int] | None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _forget_dead(folder)
        path = folder / f"{os.getpid()}-{secrets.token_hex(4)}.jsonl"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return None
    if sys.platform != "win32":
        take(file)
    return path, file


def _forget_dead(folder: Path) -> None:
    """Remove the files of listeners that were killed: nobody holds them any more."""
    if sys.platform == "win32":
        return
    for path in _files(folder):
        with suppress(OSError):
            file = os.open(path, os.O_RDWR)
            try:
                if take(file):
                    path.unlink()
            finally:
                os.close(file)
