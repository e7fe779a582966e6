"""The companions of a playground of containers: processes of ours on this machine that live as long as it does.

A keeper, detached from the program that made the playground, runs each of them, starts them again when they end, and
ends with the playground: when it is told to, or when the playground's record is gone. It listens on a port of the
loopback and obeys whoever knows its secret, so that no process is ever ended by a number that may be another's.

Usage: python -m tui.playground.providers.container_companion PLAYGROUND
"""

import contextlib
import json
import os
import secrets
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from tui.errors import UserError
from tui.playground.model import Companion
from tui.playground.providers.container_engine import EngineRefusedError
from tui.playground.providers.plans import program_environment
from tui.playground.record import PlaygroundPaths

__all__ = ["companions_run", "main", "plan_companions", "start_companions", "stop_companions"]

_CALL_SECONDS = 2.0
_START_SECONDS = 20.0  # until the keeper must answer
_STOP_SECONDS = 6.0
_LOOK_SECONDS = 0.5  # between two looks at the companions and at the record
_ASK_SECONDS = 60.0  # between two questions to the engine whether the playground is still there
_LONGEST_PAUSE = 5.0  # before a companion that keeps ending is started again
_STEADY_SECONDS = 10.0
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG (prctl(2))


def _plan(paths: PlaygroundPaths) -> Path:
    return paths.root / "companions.json"


def _door(paths: PlaygroundPaths) -> Path:
    """Where the keeper listens, and its secret."""
    return paths.root / "companions.door"


# The side of the provider


def plan_companions(name: str, companions: Sequence[Companion]) -> None:
    """Write down which companions the playground needs. From then on it is not whole without them."""
    if companions:
        plan = [
            {"name": entry.name, "argv": list(entry.argv), "environment": dict(entry.environment)}
            for entry in companions
        ]
        _plan(PlaygroundPaths.of(name)).write_text(json.dumps(plan), encoding="utf-8")


def start_companions(name: str) -> None:
    """Start the keeper of the companions that were planned, if there is any. Raises OSError if it does not start."""
    paths = PlaygroundPaths.of(name)
    if not _plan(paths).exists():
        return
    paths.logs.mkdir(parents=True, exist_ok=True)
    carried = {key: value for key, value in os.environ.items() if key.startswith(("SWARMTUTOR_", "DOCKER_"))}
    # Windows needs more of its environment than other systems do.
    environment: dict[str, str] = dict(os.environ) if sys.platform == "win32" else {}
    environment |= program_environment(**carried)
    if sys.platform == "win32":
        environment["PATH"] = os.environ.get("PATH", "")
    else:
        environment |= {
            key: os.environ[key] for key in ("HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME") if key in os.environ
        }
    with paths.log("companions").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, name],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd=paths.root.anchor,
            **_detached(),
        )
    deadline = time.monotonic() + _START_SECONDS
    while not companions_run(name):
        if process.poll() is not None or time.monotonic() > deadline:
            raise OSError(f"the companions did not start; their log is {paths.log('companions')}")
        time.sleep(0.05)


def _detached() -> dict[str, Any]:
    """How a process is started that outlives this one and its terminal."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _ask(paths: PlaygroundPaths, word: str) -> bool:
    """Say a word to the keeper; whether it answered. After `stop` this returns when it is gone."""
    try:
        door = json.loads(_door(paths).read_text(encoding="utf-8"))
        with socket.create_connection(("127.0.0.1", int(door["port"])), timeout=_CALL_SECONDS) as connection:
            connection.settimeout(_STOP_SECONDS)
            connection.sendall(f"{door['secret']} {word}\n".encode())
            return connection.makefile("rb").read().startswith(b"yes")
    except (OSError, ValueError, KeyError):
        return False


def companions_run(name: str) -> bool:
    """Whether the playground's keeper is alive, or none is needed."""
    paths = PlaygroundPaths.of(name)
    return not _plan(paths).exists() or _ask(paths, "alive")


def stop_companions(paths: PlaygroundPaths) -> None:
    """End the keeper and its companions. Returns when they are gone."""
    _ask(paths, "stop")
    _plan(paths).unlink(missing_ok=True)
    _door(paths).unlink(missing_ok=True)


# The keeper itself


class _Kept:
    """One companion, and when it is to be started."""

    def __init__(self, entry: dict[str, Any], log: Path) -> None:
        self._argv: list[str] = entry["argv"]
        self._environment = os.environ | entry["environment"]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._start_at = self._started = 0.0
        self._pause = 0.1

    def look(self) -> None:
        """Start it if it is due."""
        now = time.monotonic()
        if self._process is not None and self._process.poll() is not None:
            self._process = None
            steady = now - self._started >= _STEADY_SECONDS
            self._pause = 0.1 if steady else min(self._pause * 2, _LONGEST_PAUSE)
            self._start_at = now + self._pause
        if self._process is None and now >= self._start_at:
            self._started = now
            with self._log.open("ab") as log:
                self._process = self._start(log)

    def _start(self, log: IO[bytes]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self._argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=self._environment,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )

    def stop(self) -> None:
        """End it: asked first, then made to."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(2.0)


def _die_with_parent() -> None:
    """In the child: end with the keeper, also when that is killed (Linux only)."""
    import ctypes
    import signal

    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def _has_containers(name: str) -> bool:
    """Whether the playground has a container, as far as anybody can tell."""
    from tui.playground.providers.container_leftovers import find

    try:
        return bool(find(name).containers)
    except (UserError, EngineRefusedError):
        return True  # the engine may be on its way back


def _serve(server: socket.socket, secret: str, kept: Sequence[_Kept], name: str) -> None:
    """Look after the companions until told to stop, or until the playground is gone."""
    plan = _plan(PlaygroundPaths.of(name))
    ask_at = time.monotonic() + _ASK_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ)
        while plan.exists():
            for companion in kept:
                companion.look()
            if time.monotonic() > ask_at:
                if not _has_containers(name):
                    return
                ask_at = time.monotonic() + _ASK_SECONDS
            if not selector.select(_LOOK_SECONDS):
                continue
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(_CALL_SECONDS)
                    said = connection.recv(200).decode(errors="replace").split()
                    if said[:1] != [secret]:
                        continue
                    if said[1:] == ["stop"]:
                        for companion in kept:
                            companion.stop()
                        connection.sendall(b"yes\n")
                        return
                    connection.sendall(b"yes\n")


def main(arguments: Sequence[str]) -> int:
    """Keep the companions of a playground until it is gone."""
    paths = PlaygroundPaths.of(arguments[0])
    entries: list[dict[str, Any]] = json.loads(_plan(paths).read_text(encoding="utf-8"))
    kept = [_Kept(entry, paths.log(entry["name"])) for entry in entries]
    secret = secrets.token_hex(16)
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            fresh = _door(paths).with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_text(json.dumps({"port": server.getsockname()[1], "secret": secret}), encoding="utf-8")
            fresh.replace(_door(paths))
            _serve(server, secret, kept, arguments[0])
    finally:
        for companion in kept:
            companion.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
