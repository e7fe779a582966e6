"""A small process number 1: keeps its services running, collects ended children, stops in an orderly way.

It waits for signals and does nothing else, so that nothing in it can go wrong: whatever is clever runs in a child.
"""

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

__all__ = ["Reaper", "Service"]

_HANDLED = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_LONGEST_PAUSE = 5.0  # seconds between two starts of a service that keeps ending at once
_STEADY = 10.0  # a service that ran this many seconds starts anew without a pause


@dataclass(frozen=True, slots=True)
class Service:
    """A program to keep running. Its output goes to the file `log`, or where ours goes if that is empty."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    log: str = ""
    stop_seconds: float = 2.0  # how long it may take to end after SIGTERM


@dataclass(slots=True)
class _Slot:
    service: Service
    pid: int = 0
    started: float = 0.0
    start_at: float = 0.0
    pause: float = field(default=0.1)


def _say(text: str) -> None:
    with suppress(OSError):
        os.write(2, f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {text}\n".encode())


class Reaper:
    """Runs services until it is told to stop."""

    def __init__(self, services: Sequence[Service]) -> None:
        self._slots = [_Slot(service) for service in services]

    def run(self) -> int:
        """Keep the services running until SIGTERM, SIGINT or SIGHUP; then stop them all. Returns the exit status."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        while True:
            self._start_due()
            received = signal.sigtimedwait(_HANDLED, self._until_next_start())
            self._collect()
            if received is not None and received.si_signo != signal.SIGCHLD:
                self._stop_all()
                return 0

    def _until_next_start(self) -> float:
        due = [slot.start_at for slot in self._slots if not slot.pid]
        return max(0.0, min(due) - time.monotonic()) if due else 3600.0

    def _start_due(self) -> None:
        now = time.monotonic()
        for slot in self._slots:
            if not slot.pid and slot.start_at <= now:
                self._start(slot, now)

    def _start(self, slot: _Slot, now: float) -> None:
        service = slot.service
        actions: list[tuple[int, int, str, int, int] | tuple[int, int, int]] = [
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)
        ]
        if service.log:
            actions.append((os.POSIX_SPAWN_OPEN, 1, service.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640))
            actions.append((os.POSIX_SPAWN_DUP2, 1, 2))
        slot.started = now
        try:
            slot.pid = os.posix_spawn(
                service.argv[0],
                service.argv,
                dict(service.environment),
                file_actions=actions,
                setsid=True,
                setsigmask=(),
                setsigdef=(signal.SIGPIPE, *_HANDLED),
            )
        except OSError as error:
            _say(f"{service.name}: cannot be started: {error}")
            self._plan_restart(slot, now)

    def _plan_restart(self, slot: _Slot, now: float) -> None:
        slot.pid = 0
        steady = now - slot.started >= _STEADY
        slot.pause = 0.1 if steady else min(slot.pause * 2, _LONGEST_PAUSE)
        slot.start_at = now + slot.pause

    def _collect(self) -> None:
        """Take leave of every ended child, ours or adopted."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for slot in self._slots:
                if slot.pid == pid:
                    _say(f"{slot.service.name}: ended with {os.waitstatus_to_exitcode(status)}")
                    self._plan_restart(slot, time.monotonic())

    def _stop_all(self) -> None:
        """SIGTERM to all services, SIGKILL to those that take longer than they may."""
        begun = time.monotonic()
        for slot in self._slots:
            if slot.pid:
                with suppress(ProcessLookupError):
                    os.kill(slot.pid, signal.SIGTERM)
        while running := [slot for slot in self._slots if slot.pid]:
            for slot in running:
                if time.monotonic() - begun > slot.service.stop_seconds:
                    with suppress(ProcessLookupError):
                        os.kill(slot.pid, signal.SIGKILL)
            signal.sigtimedwait((signal.SIGCHLD,), 0.1)
            self._collect()
        sys.stderr.flush()
