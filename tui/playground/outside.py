"""What a program inside a person's own namespaces asks of the machine around them: a port, and a page shown there.

Inside there is a network of its own, which no browser of the person's reaches. A socket belongs to the network in which
it was made, so the one who waits outside makes it and hands it in.
"""

import contextlib
import errno
import json
import os
import socket
import threading
from collections.abc import Callable, Generator, Mapping
from typing import Any

from tui.playground.forward import Listen, listen_here

__all__ = ["Outside", "Show", "attended", "usual_listen"]

_VARIABLE = "SWARMTUTOR_OUTSIDE"  # the descriptor of the line to the one outside
_LARGEST = 8192
_PATIENCE = 20.0

Show = Callable[[str], bool]
"""Shows an address in the person's browser; whether that worked. Blocks for some seconds at most."""


@contextlib.contextmanager
def attended(show: Show, listen: Listen = listen_here) -> Generator[tuple[int, Mapping[str, str]]]:
    """While it lasts, requests are answered that come through the descriptor which is yielded, with its variable."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    threading.Thread(target=_attend, args=(ours, show, listen), name="outside", daemon=True).start()
    try:
        yield theirs.fileno(), {_VARIABLE: str(theirs.fileno())}
    finally:
        theirs.close()
        # It reads the end once nobody inside has the other side any more.
        with contextlib.suppress(OSError):
            ours.shutdown(socket.SHUT_RDWR)


def _attend(line: socket.socket, show: Show, listen: Listen) -> None:
    with line, contextlib.suppress(OSError):
        while request := line.recv(_LARGEST):
            _answer(line, request, show, listen)


def _answer(line: socket.socket, request: bytes, show: Show, listen: Listen) -> None:
    match _read(request):
        case {"listen": int(port)} if 0 <= port < 65536:
            try:
                with listen(port) as listener:
                    socket.send_fds(line, [b'{"errno": 0}'], [listener.fileno()])
            except OSError as error:
                line.send(json.dumps({"errno": error.errno or errno.EIO}).encode())
        case {"show": str(address)} if address.startswith(("http://", "https://")):
            line.send(json.dumps({"shown": show(address)}).encode())
        case _:
            line.send(b"{}")


def _read(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


class Outside:
    """The line to the one outside. For any thread."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)  # no program that we start shall use it
        self._line = socket.socket(fileno=os.dup(descriptor))
        self._line.settimeout(_PATIENCE)
        self._turn = threading.Lock()

    @classmethod
    def here(cls, environment: Mapping[str, str] = os.environ) -> "Outside | None":
        """The line, if this program runs inside; None where it does not, or nobody attends."""
        text = environment.get(_VARIABLE, "")
        if not text.isdigit():
            return None
        try:
            return cls(int(text))
        except OSError:
            return None

    def listen(self, port: int) -> socket.socket:
        """A port of the machine around; see Listen."""
        with self._turn:
            self._line.send(json.dumps({"listen": port}).encode())
            data, descriptors, _, _ = socket.recv_fds(self._line, _LARGEST, 1)
        if descriptors:
            return socket.socket(fileno=descriptors[0])
        match _read(data):
            case {"errno": int(number)} if number:
                raise OSError(number, os.strerror(number))
            case _:
                raise OSError(errno.EIO, os.strerror(errno.EIO))

    def show(self, address: str) -> bool:
        """Show an address in the person's browser; whether that worked."""
        try:
            with self._turn:
                self._line.send(json.dumps({"show": address}).encode())
                return self._line.recv(_LARGEST) == b'{"shown": true}'
        except OSError:
            return False

    def close(self) -> None:
        """Ask nothing any more."""
        self._line.close()


def usual_listen() -> Listen:
    """How ports of this machine are opened: of the machine around, where this program runs inside."""
    outside = Outside.here()
    return outside.listen if outside else listen_here
