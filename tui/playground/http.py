"""The little of HTTP that is needed over a channel: one GET, one answer, the connection closed behind it."""

import http.client
import io
from dataclasses import dataclass

__all__ = ["HttpAnswer", "parse_answer", "request_bytes"]


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer: its status, the value of its `X-Served-By` header, and its body as text."""

    status: int
    served_by: str
    body: str


class _Received:
    """What http.client asks of a socket, over bytes that have come already."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BytesIO:
        del mode
        return io.BytesIO(self._data)


def request_bytes(host: str, path: str) -> bytes:
    """A GET request. Raises ValueError for a path that would break out of its line."""
    if not path.startswith("/") or any(character <= " " or character > "~" for character in path):
        raise ValueError(f"no path for a web request: {path!r}")
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: swarmtutor\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    ).encode("ascii")


def parse_answer(data: bytes) -> HttpAnswer:
    """Take an answer apart. Raises ValueError with the reason if it is none, or not whole."""
    response = http.client.HTTPResponse(_Received(data))  # type: ignore[arg-type]  # only makefile() is asked of it
    try:
        response.begin()
        body = response.read()
    except (http.client.HTTPException, OSError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
    return HttpAnswer(response.status, response.getheader("X-Served-By") or "", body.decode(errors="replace"))
