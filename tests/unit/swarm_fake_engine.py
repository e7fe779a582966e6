"""An engine made of recorded answers, on a real Unix socket: it can be slow, broken, silent or gone."""

import json
import queue
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any, cast

from tui.playground.model import EngineDial, NodeUnreachableError

_EVENT_PULSE = 0.05


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    engine: "FakeEngine"


class FakeEngine:
    """Answers `/info`, `/containers/json`, `/nodes` … from `answers`; a path that is missing there gives 503.

    `frozen` makes it accept requests and say nothing, like a stopped process; `silent_about` names single paths.
    """

    def __init__(self, socket: Path, answers: Mapping[str, Any]) -> None:
        self.socket = socket
        self.answers: dict[str, Any] = dict(answers)
        self.frozen = threading.Event()
        self.silent_about: set[str] = set()
        self.versions: tuple[str, str] = ("1.24", "1.41")  # of its interface, the oldest and the newest that it speaks
        self.overlaps = 0
        self.asked: list[str] = []
        self._busy = threading.Lock()
        self._streams: list[queue.SimpleQueue[bytes | None]] = []
        self._server: _Server | None = None

    def dial(self) -> socket.socket:
        """Open a connection to it."""
        line = socket.socket(socket.AF_UNIX)
        try:
            line.connect(str(self.socket))
        except OSError as error:
            line.close()
            raise ConnectionError(str(error)) from error
        return line

    def start(self) -> None:
        """Listen."""
        self.socket.unlink(missing_ok=True)
        self._server = _Server(str(self.socket), _Handler)
        self._server.engine = self
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Die: the socket refuses, the streams end."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
        self.socket.unlink(missing_ok=True)
        for stream in self._streams:
            stream.put(None)
        self._streams.clear()

    def emit(self, type_: str, action: str, **attributes: str) -> None:
        """Send an event to every stream that is open."""
        event = {"Type": type_, "Action": action, "Actor": {"Attributes": attributes}, "timeNano": time.time_ns()}
        for stream in self._streams:
            stream.put(json.dumps(event).encode() + b"\n")

    @property
    def streams(self) -> int:
        """How many event streams are open."""
        return len(self._streams)

    def opened(self) -> "queue.SimpleQueue[bytes | None]":
        """The queue of a new event stream."""
        stream: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._streams.append(stream)
        return stream

    def refusal(self, version: str) -> str:
        """Why it does not speak this version of its interface, in an engine's words; empty if it does."""
        oldest, newest = self.versions
        asked = tuple(map(int, version.split(".")))
        if asked < tuple(map(int, oldest.split("."))):
            return f"client version {version} is too old. Minimum supported API version is {oldest}, please upgrade"
        if asked > tuple(map(int, newest.split("."))):
            return f"client version {version} is too new. Maximum supported API version is {newest}"
        return ""

    def answer(self, path: str) -> tuple[int, Any]:
        """The status and body for a request."""
        alone = self._busy.acquire(blocking=False)
        try:
            self.overlaps += not alone
            self.asked.append(path)
            while self.frozen.is_set() or path in self.silent_about:
                time.sleep(_EVENT_PULSE)
            if path == "version":
                return 200, {"ApiVersion": self.versions[1], "MinAPIVersion": self.versions[0], "Version": "20.10"}
            if path not in self.answers:
                return 503, {"message": "This node is not a swarm manager."}
            found = self.answers[path]
            return cast("tuple[int, Any]", found) if isinstance(found, tuple) else (200, found)
        finally:
            if alone:
                self._busy.release()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        return "client"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name in http.server
        """Stay silent."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].split("/", 2)[2] if self.path.startswith("/v1") else self.path[1:]
        engine = cast("_Server", self.server).engine
        if self.path.startswith("/v1") and (refusal := engine.refusal(self.path.split("/")[1][1:])):
            self._send(400, json.dumps({"message": refusal}).encode())
            return
        if path == "events":
            self._stream(engine)
            return
        status, body = engine.answer(path.removesuffix("/json"))
        data = json.dumps(body).encode()
        with suppress(OSError):  # the client has given up
            self._send(status, data)

    def _send(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, engine: FakeEngine) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        stream = engine.opened()
        self.close_connection = True
        with suppress(OSError):  # the client has gone
            while (line := stream.get()) is not None:
                self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")


class FakeNode:
    """As much of a Node as the observer uses."""

    def __init__(self, name: str, address: str, engine: FakeEngine) -> None:
        self._name = name
        self._address = address
        self.engine = engine
        self.powered_off = ""

    @property
    def name(self) -> str:
        return self._name

    @property
    def address(self) -> str:
        return self._address

    async def engine_dial(self) -> EngineDial:
        if self.powered_off:
            raise NodeUnreachableError(f"{self._name}: {self.powered_off}")
        return self.engine.dial
