"""The engine of a machine of the learner's own: its API, asked through the SSH connection, and nothing else of it."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import quote, urlencode

from tui.playground.http import HttpAnswer, parse_answer

if TYPE_CHECKING:
    import asyncssh

__all__ = ["HostEngine", "HostEngineError"]

_SOCKET = "/var/run/docker.sock"
_ASK_SECONDS = 20.0
_CHUNK = 262_144
_LARGEST = 64 * 1_048_576  # bytes of an answer: a machine may hold thousands of containers


class HostEngineError(Exception):
    """The engine refused, or could not be asked: `status` is that of HTTP, 0 where there was no answer."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


class _Opener(Protocol):
    async def open_unix_connection(
        self, path: str, *, encoding: None
    ) -> "tuple[asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]]": ...


class HostEngine:
    """One engine. Every call raises HostEngineError."""

    def __init__(self, node: str, connection: "asyncssh.SSHClientConnection") -> None:
        self.node = node
        self._connection = connection

    async def read(self, path: str, **parameters: str) -> Any:
        """The document at a path of the API."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        answer = await self._ask("GET", f"{path}{query}")
        try:
            return json.loads(answer.body)
        except ValueError as error:
            raise HostEngineError(0, f"it answers in a strange way: {error}") from error

    async def listing(self, path: str, **parameters: str) -> Sequence[Mapping[str, Any]]:
        """A list of objects at a path; `null` counts as an empty one."""
        return cast("Sequence[Mapping[str, Any]]", await self.read(path, **parameters) or [])

    async def post(self, path: str, body: bytes = b"", kind: str = "application/json", seconds: float = 60.0) -> None:
        """Have something done. What an answer says of a failure within counts as a refusal."""
        answer = await self._ask("POST", path, body, kind, seconds)
        for line in answer.body.splitlines():
            if '"error"' in line:
                try:
                    raise HostEngineError(answer.status, str(json.loads(line)["error"]))
                except (ValueError, KeyError, TypeError):
                    continue

    async def delete(self, path: str, *, forgiven: Sequence[int] = (404,)) -> None:
        """Remove something; that it is not there is forgiven."""
        try:
            await self._ask("DELETE", path)
        except HostEngineError as error:
            if error.status not in forgiven:
                raise

    @staticmethod
    def quoted(name: str) -> str:
        """A name as a part of a path."""
        return quote(name, safe="")

    async def _ask(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/json", seconds: float = _ASK_SECONDS
    ) -> HttpAnswer:
        import asyncssh

        try:
            async with asyncio.timeout(seconds):
                answer = await self._exchange(method, path, body, kind)
        except TimeoutError:
            raise HostEngineError(0, f"no answer within {seconds:.0f} s") from None
        except (OSError, asyncssh.Error, ValueError) as error:
            raise HostEngineError(0, str(error).strip() or type(error).__name__) from error
        if answer.status >= 400:
            raise HostEngineError(answer.status, _message(answer.body))
        return answer

    async def _exchange(self, method: str, path: str, body: bytes, kind: str) -> HttpAnswer:
        opener = cast("_Opener", self._connection)
        reader, writer = await opener.open_unix_connection(_SOCKET, encoding=None)
        try:
            head = f"{method} {path} HTTP/1.1\r\nHost: engine\r\nUser-Agent: swarmtutor\r\nConnection: close\r\n"
            if method == "POST":
                head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            writer.write(f"{head}\r\n".encode("ascii"))
            for begin in range(0, len(body), _CHUNK):
                writer.write(body[begin : begin + _CHUNK])
                await writer.drain()
            data = bytearray()
            while len(data) < _LARGEST and (part := await reader.read(65_536)):
                data += part
            return parse_answer(bytes(data))
        finally:
            writer.close()


def _message(body: str) -> str:
    try:
        return str(json.loads(body)["message"]).strip()
    except (ValueError, KeyError, TypeError):
        return body.strip() or "it refused without a word"
