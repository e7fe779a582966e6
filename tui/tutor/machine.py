"""Running the system's own commands for `swarmtutor doctor`: their output line by line, and not ended half way."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from tui.errors import ExitCode, UserError
from tui.playground.providers.tools import look_up
from tui.tutor.mends import Manager

__all__ = ["Machine", "ThisMachine"]

_LOOK_SECONDS = 0.1  # between two looks at what a command has written
_KILL_SECONDS = 5.0  # that a command gets to end by itself

OnLine = Callable[[str], None]


class Machine(Protocol):
    """The machine that is mended; tests bring one of their own."""

    @property
    def root(self) -> bool:
        """Whether we may change it."""
        ...

    @property
    def manager(self) -> Manager | None:
        """Who installs its programs, if known."""
        ...

    async def run(self, command: Sequence[str], on_line: OnLine, *, seconds: float, unbroken: bool = False) -> int:
        """Run a command and hand over its output, both streams, as lines; returns its exit status.

        Cancelled, it ends the command, unless `unbroken`: then the command goes on to its end, whatever happens to us,
        and the cancellation is raised afterwards. Raises UserError when the command takes longer than `seconds`.
        """
        ...

    def read_setting(self, name: str) -> str:
        """The value of a name of sysctl(8); empty if the kernel has no such name."""
        ...


class ThisMachine:
    """The machine that we run on."""

    @property
    def root(self) -> bool:
        """Whether we may change it."""
        return hasattr(os, "geteuid") and os.geteuid() == 0

    @property
    def manager(self) -> Manager | None:
        """Who installs its programs, if known."""
        return next((manager for manager in Manager if look_up(manager.value)), None)

    async def run(self, command: Sequence[str], on_line: OnLine, *, seconds: float, unbroken: bool = False) -> int:
        """Run a command; see Machine."""
        path = look_up(command[0])
        if path is None:
            raise UserError(f"The program “{command[0]}” is not installed.", exit_code=ExitCode.UNSUPPORTED)
        # A file and not a pipe: a command that outlives us must be able to write on.
        with tempfile.TemporaryFile() as output:
            process = await asyncio.create_subprocess_exec(
                path,
                *command[1:],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=_environment(),
                start_new_session=True,
            )
            following = asyncio.ensure_future(_follow(process, output, on_line))
            try:
                async with asyncio.timeout(seconds):
                    return await asyncio.shield(following)
            except TimeoutError:
                if not unbroken:
                    await _end(process)
                raise UserError(
                    f"`{' '.join(command[:2])}` has not ended after {seconds:.0f} seconds.",
                    "It goes on in the background." if unbroken else "It was ended. Is the network slow?",
                    exit_code=ExitCode.BROKEN,
                ) from None
            except asyncio.CancelledError:
                if unbroken:
                    on_line("Stopping, once what has begun is finished …")
                    await _wait(following)
                else:
                    await _end(process)
                raise
            finally:
                following.cancel()

    def read_setting(self, name: str) -> str:
        """The value of a name of sysctl(8)."""
        with suppress(OSError):
            return Path("/proc/sys", *name.split(".")).read_text().strip()
        return ""


def _environment() -> Mapping[str, str]:
    path = os.environ.get("PATH", "")
    return {
        **os.environ,
        "PATH": f"{path}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
    }


async def _follow(process: asyncio.subprocess.Process, output: IO[bytes], on_line: OnLine) -> int:
    """Hand over what the command writes, until it has ended."""
    at = 0
    begun = b""
    ended = False
    while True:
        written = os.pread(output.fileno(), 1 << 16, at)
        if written:
            at += len(written)
            *lines, begun = (begun + written).split(b"\n")
            for each in lines:
                on_line(each.decode(errors="replace").rstrip("\r"))
        elif ended:
            break
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await process.wait()
            ended = process.returncode is not None
    if begun:
        on_line(begun.decode(errors="replace"))
    assert process.returncode is not None
    return process.returncode


async def _wait(following: "asyncio.Future[int]") -> None:
    """Wait to the end, also when cancelled once more."""
    while not following.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(following)


async def _end(process: asyncio.subprocess.Process) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(_KILL_SECONDS):
                await process.wait()
                return
