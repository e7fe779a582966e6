"""The only door to the Engine API: docker-py over connections that the node opens, with a deadline and typed answers.

A client belongs to one thread (docker-py is not thread-safe). Importing docker takes half a second, so it happens
with the first call, in the thread that makes it.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol, TypeVar, cast

from tui.clock import now
from tui.playground.model import EngineDial
from tui.swarm.build import SwarmRows, build_engine, build_swarm
from tui.swarm.raw import RawObject, moment, number, strings, text
from tui.swarm.skew import correct_engine, correct_rows, steadied
from tui.swarm.snapshot import Engine, Extra

__all__ = ["DEADLINE", "SILENT", "EngineClient", "EngineError", "EngineEvent", "ErrorKind", "EventStream"]

T = TypeVar("T")

DEADLINE = 3.0
"""Seconds that one request may be silent. A manager without a leader would stay silent for 20."""

SILENT = "did not answer"
"""How the reason begins where somebody listens who says nothing."""

_QUIET_STREAM = 20.0
"""Seconds after which a silent event stream is opened again: no other sign tells a quiet engine from a dead line."""


class _Response(Protocol):
    """What is used of a requests.Response."""

    def iter_lines(self) -> Iterator[bytes]: ...
    def raise_for_status(self) -> None: ...


class _Api(Protocol):
    """What is used of docker.APIClient: its own annotations are partly missing."""

    base_url: str
    trust_env: bool

    @property
    def api_version(self) -> str: ...
    def info(self) -> RawObject: ...
    def containers(self, *, all: bool) -> Sequence[RawObject]: ...  # noqa: A002  # docker-py's name
    def nodes(self) -> Sequence[RawObject]: ...
    def services(self) -> Sequence[RawObject]: ...
    def tasks(self) -> Sequence[RawObject]: ...
    def inspect_swarm(self) -> RawObject: ...
    def images(self) -> Sequence[RawObject]: ...
    def networks(self) -> Sequence[RawObject]: ...
    def secrets(self) -> Sequence[RawObject]: ...
    def configs(self) -> Sequence[RawObject]: ...
    def get(self, url: str, *, params: dict[str, str], stream: bool, timeout: tuple[float, float]) -> _Response: ...
    def close(self) -> None: ...


_OF_SWARM: Mapping[Extra, Callable[[_Api], Sequence[RawObject]]] = MappingProxyType(
    {
        Extra.NETWORKS: lambda api: api.networks(),
        Extra.SECRETS: lambda api: api.secrets(),
        Extra.CONFIGS: lambda api: api.configs(),
    }
)
"""What a manager can be asked beside its nodes, services and tasks."""


class ErrorKind(StrEnum):
    """Why an engine gave no answer."""

    UNREACHABLE = "unreachable"  # nobody listens, or the connection broke
    TIMEOUT = "timeout"  # it listens but says nothing
    NOT_A_MANAGER = "not a manager"  # it answers, but not for the swarm
    OTHER_VERSION = "other version"  # another engine runs there now, which does not speak as the one before it did
    OTHER = "other"


class EngineError(Exception):
    """A request to an engine that failed. `text` is a sentence part for people: «did not answer within 3 s»."""

    def __init__(self, kind: ErrorKind, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """One message of `/events`: a hint of where to look, never the truth itself."""

    type: str  # container, node, service, network, daemon …
    action: str  # create, start, die, "health_status: healthy" …
    attributes: tuple[tuple[str, str], ...]
    time_nano: int

    def attribute(self, key: str) -> str:
        """The value of an attribute; empty where there is none."""
        return next((value for name, value in self.attributes if name == key), "")


class EventStream(Iterator[EngineEvent]):
    """The events of one engine. Iterating blocks; `close` from any thread ends it."""

    def __init__(self, lines: Iterator[bytes], close: Callable[[], None]) -> None:
        self._lines = lines
        self._close = close

    def __next__(self) -> EngineEvent:
        while True:
            line = _translated(lambda: next(self._lines, None))
            if line is None:
                raise StopIteration
            event = parse_event(line)
            if event is not None:
                return event

    def close(self) -> None:
        """End the stream: an iteration that waits in another thread ends with it. Idempotent."""
        try:
            self._close()
        except (OSError, AttributeError, ValueError):
            # The connection is gone already; docker-py then finds no socket to shut down.
            return


def parse_event(line: bytes) -> EngineEvent | None:
    """One line of `/events`; None for an empty line or nonsense."""
    try:
        raw = cast("object", json.loads(line))
    except ValueError:
        return None
    if not isinstance(raw, dict):
        return None
    event = cast("RawObject", raw)
    return EngineEvent(
        type=text(event, "Type"),
        action=text(event, "Action"),
        attributes=strings(event, "Actor", "Attributes"),
        time_nano=number(event, "timeNano"),
    )


class EngineClient:
    """A connection to one engine, for use in one thread. It is made with the first call, and again after a failure."""

    def __init__(self, dial: EngineDial, deadline: float = DEADLINE, extras: Collection[Extra] = ()) -> None:
        """`extras`: what is asked for beside what everybody needs, in every reading."""
        self._dial = dial
        self._deadline = deadline
        self._extras = frozenset(extras)
        self._api: _Api | None = None
        self._info: RawObject | None = None
        self._ahead = 0.0  # seconds by which the engine's clock is ahead of ours

    def local(self, node: str, address: str, *, with_info: bool = True) -> Engine:
        """What the engine says of itself and its containers. Raises EngineError.

        `/info` costs the engine ten times as much as the list of containers: without `with_info` the last answer
        to it is used again, if there is one. A manager that has just lost its quorum answers `/info` late or not at
        all, while it lists its containers: then the last answer is used too, and `swarm_error` says so.
        """
        containers = self._ask(lambda api: api.containers(all=True))
        images = self._ask(lambda api: api.images()) if Extra.IMAGES in self._extras else None
        trouble = ""
        if with_info or self._info is None:
            try:
                self._info = self._ask(lambda api: api.info())
                self._ahead = steadied(self._ahead, moment(self._info, "SystemTime"), now())
            except EngineError as error:
                if self._info is None or error.kind is not ErrorKind.TIMEOUT:
                    raise
                trouble = f"the engine {error.text} about its swarm"
        engine = build_engine(node, address, self._info, containers, now(), images)
        engine = correct_engine(engine, self._ahead)
        return replace(engine, swarm_error=trouble) if trouble else engine

    def swarm(self, *, with_tokens: bool) -> SwarmRows:
        """What the engine, being a manager, says of the swarm. Raises EngineError."""

        def ask(api: _Api) -> SwarmRows:
            more = {extra: ask_for(api) for extra, ask_for in _OF_SWARM.items() if extra in self._extras}
            swarm = api.inspect_swarm() if with_tokens else None
            return build_swarm(api.nodes(), api.services(), api.tasks(), swarm, more)

        return correct_rows(self._ask(ask), self._ahead)

    def events(self, since_nano: int = 0) -> EventStream:
        """Open the stream of events, from that moment on (0: from now). Raises EngineError.

        A stream that stays silent ends by itself after a while; open it again.
        """

        def open_stream(api: _Api) -> EventStream:
            from docker.types import CancellableStream

            since = f"{since_nano // 10**9}.{since_nano % 10**9:09d}" if since_nano else None
            response = api.get(
                f"{api.base_url}/v{api.api_version}/events",
                params={"since": since} if since else {},
                stream=True,
                timeout=(self._deadline, _QUIET_STREAM),
            )
            response.raise_for_status()
            lines = response.iter_lines()
            return EventStream(lines, CancellableStream(lines, cast("Any", response)).close)

        return self._ask(open_stream)

    def close(self) -> None:
        """Drop the connection. A later call makes a new one."""
        api, self._api = self._api, None
        if api is not None:
            api.close()

    def _ask(self, request: Callable[[_Api], T]) -> T:
        fresh = self._api is None
        try:
            return self._ask_once(request)
        except EngineError as error:
            # A kept connection may have died unnoticed, for instance when the engine was restarted or exchanged.
            if fresh or error.kind not in (ErrorKind.UNREACHABLE, ErrorKind.OTHER_VERSION):
                raise
        return self._ask_once(request)

    def _ask_once(self, request: Callable[[_Api], T]) -> T:
        try:
            return _translated(lambda: request(self._connected()), self._deadline)
        except EngineError as error:
            if error.kind in (ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT, ErrorKind.OTHER_VERSION):
                self.close()
            raise

    def _connected(self) -> _Api:
        if self._api is None:
            from tui.swarm.engine_http import DialledClient

            api = cast("_Api", DialledClient(self._dial, self._deadline))
            # No proxies and no .netrc on the way to a node; looking for them doubles the time of a request.
            api.trust_env = False
            self._api = api
        return self._api


def _translated(call: Callable[[], T], deadline: float = DEADLINE) -> T:
    """Run a call of docker-py, turning every failure of it into an EngineError."""
    from docker.errors import APIError, DockerException
    from requests.exceptions import HTTPError, RequestException, Timeout

    try:
        return call()
    except (APIError, HTTPError) as error:
        raise _from_answer(error) from error
    except (Timeout, TimeoutError) as error:
        raise EngineError(ErrorKind.TIMEOUT, f"{SILENT} within {deadline:g} s") from error
    except (RequestException, DockerException, OSError) as error:
        if _is_timeout(error):
            raise EngineError(ErrorKind.TIMEOUT, f"{SILENT} within {deadline:g} s") from error
        raise EngineError(ErrorKind.UNREACHABLE, "its engine does not answer") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # Half an answer, when the engine dies while it speaks; or a body that is no JSON.
        raise EngineError(ErrorKind.OTHER, f"its engine gave an answer that makes no sense ({error})") from error


def _is_timeout(error: BaseException) -> bool:
    """Whether a time-out hides in the chain: docker-py and requests wrap it differently from call to call."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, TimeoutError) or "timed out" in str(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _from_answer(error: Exception) -> EngineError:
    response = getattr(error, "response", None)
    status = cast("int", getattr(response, "status_code", 0) or 0)
    words = str(getattr(error, "explanation", "") or error).strip()
    if status == 400 and "client version" in (words + str(getattr(response, "text", ""))):
        # «client version 1.41 is too old. Minimum supported API version is 1.44 …», or too new: ask which it wants.
        return EngineError(ErrorKind.OTHER_VERSION, words)
    if status == 503 and "manager" in words:
        return EngineError(ErrorKind.NOT_A_MANAGER, words)
    if status >= 500 and "deadline exceeded" in words.lower():
        return EngineError(ErrorKind.TIMEOUT, words)
    return EngineError(ErrorKind.OTHER, words)
