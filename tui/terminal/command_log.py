"""What was run in a shell: the commands, in order, with their exit statuses."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

__all__ = ["CommandLog", "RanCommand"]


@dataclass(frozen=True, slots=True)
class RanCommand:
    """One command line that ran in a shell. `exit_status` and `finished` are None while it runs.

    Times are seconds since the epoch. `output` is the end of what it wrote, as plain text without escape sequences.
    """

    node: str  # on which node, as the shell itself says (after `ssh node2` that is node2)
    text: str
    started: float
    exit_status: int | None = None
    finished: float | None = None
    output: str = ""


class CommandLog:
    """The commands of one or several shells, oldest first, bounded in number."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._commands: list[RanCommand] = []
        self._revision = 0

    @property
    def revision(self) -> int:
        """Grows with every change, so that a reader can tell whether there is anything new."""
        return self._revision

    def __iter__(self) -> Iterator[RanCommand]:
        return iter(tuple(self._commands))

    def __len__(self) -> int:
        return len(self._commands)

    def since(self, moment: float) -> tuple[RanCommand, ...]:
        """The commands that started at or after `moment`."""
        return tuple(command for command in self._commands if command.started >= moment)

    def begin(self, command: RanCommand) -> None:
        """Note a command that starts now."""
        self._commands.append(command)
        self._revision += 1
        del self._commands[: -self._limit]

    def finish(self, command: RanCommand, *, exit_status: int, finished: float, output: str) -> RanCommand:
        """Note the end of a command that was begun, and return it as it is now known."""
        done = replace(command, exit_status=exit_status, finished=finished, output=output)
        self._revision += 1
        for index in range(len(self._commands) - 1, -1, -1):
            if self._commands[index] is command:
                self._commands[index] = done
                break
        return done
