"""The Docker Engine of this machine, for the provider `containers`: docker-py with deadlines and errors for people.

Every function blocks: call it in a thread. A client belongs to the thread that made it.
"""
# ruff: noqa: D102  # the methods of docker-py, described there

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import urlsplit

from tui.errors import ExitCode, UserError

if TYPE_CHECKING:
    from docker.errors import APIError

__all__ = ["CALL_SECONDS", "Api", "EngineRefusedError", "RawObject", "engine", "engine_is_local", "forgiving"]

RawObject = Mapping[str, Any]

CALL_SECONDS = 40.0  # that one request may be silent; an engine that starts containers is slow on a busy machine

_LOCAL_HOSTS = ("", "localhost", "127.0.0.1", "::1")


class Api(Protocol):
    """What is used of docker.APIClient, whose own annotations are partly missing."""

    base_url: str

    def version(self, api_version: bool = True) -> RawObject: ...
    def info(self) -> RawObject: ...
    def containers(self, *, all: bool, filters: Mapping[str, Any]) -> Sequence[RawObject]: ...  # noqa: A002
    def networks(self, *, filters: Mapping[str, Any] | None = None) -> Sequence[RawObject]: ...
    def volumes(self, filters: Mapping[str, Any]) -> RawObject: ...
    def images(self, name: str | None = None, *, filters: Mapping[str, Any] | None = None) -> Sequence[RawObject]: ...
    def inspect_network(self, net_id: str) -> RawObject: ...
    def inspect_image(self, image: str) -> RawObject: ...
    def inspect_container(self, container: str) -> RawObject: ...
    def create_network(
        self,
        name: str,
        *,
        driver: str,
        options: Mapping[str, str],
        ipam: Mapping[str, Any],
        labels: Mapping[str, str],
    ) -> RawObject: ...
    def create_volume(self, name: str, *, labels: Mapping[str, str]) -> RawObject: ...
    def create_container_from_config(self, config: Mapping[str, Any], name: str) -> RawObject: ...
    def put_archive(self, container: str, path: str, data: bytes) -> bool: ...
    def get_archive(self, container: str, path: str) -> tuple[Iterator[bytes], RawObject]: ...
    def start(self, container: str) -> None: ...
    def kill(self, container: str) -> None: ...
    def pause(self, container: str) -> None: ...
    def unpause(self, container: str) -> None: ...
    def connect_container_to_network(self, container: str, net_id: str, *, ipv4_address: str) -> None: ...
    def disconnect_container_from_network(self, container: str, net_id: str, *, force: bool) -> None: ...
    def logs(self, container: str, *, tail: int) -> bytes: ...
    def exec_create(self, container: str, cmd: Sequence[str]) -> RawObject: ...
    def exec_start(self, exec_id: str) -> bytes: ...
    def remove_container(self, container: str, *, v: bool, force: bool) -> None: ...
    def remove_network(self, net_id: str) -> None: ...
    def remove_volume(self, name: str, *, force: bool) -> None: ...
    def remove_image(self, image: str) -> None: ...
    def build(
        self,
        *,
        fileobj: Any,
        custom_context: bool,
        tag: str,
        rm: bool,
        forcerm: bool,
        buildargs: Mapping[str, str],
        decode: bool,
        timeout: float,
    ) -> Iterator[RawObject]: ...
    def close(self) -> None: ...


class EngineRefusedError(Exception):
    """The engine answered a request with a refusal. `status` is that of HTTP, the text its own words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


@contextmanager
def forgiving(*statuses: int) -> Generator[None]:
    """Pass over refusals with these HTTP statuses: 404 not there, 409 in use or just being removed."""
    from docker.errors import APIError

    try:
        yield
    except APIError as error:
        if _status(error) not in statuses:
            raise


def _status(error: "APIError") -> int:
    return error.response.status_code if error.response is not None else 0


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all that are packed into it: docker-py and requests hide the cause in arguments."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        waiting.extend(each for each in inner if isinstance(each, BaseException))


def _unreachable(error: BaseException) -> UserError:
    causes = list(_chain(error))
    if any(isinstance(cause, PermissionError) for cause in causes):
        return UserError(
            "There is a Docker Engine, but you may not use it.",
            "Join the group docker (sudo usermod -aG docker $USER), log out and in again.",
            exit_code=ExitCode.UNSUPPORTED,
        )
    if any(isinstance(cause, TimeoutError) or "timed out" in str(cause) for cause in causes):
        return UserError(
            "The Docker Engine does not answer.",
            "Restart Docker (Docker Desktop: its menu; Linux: sudo systemctl restart docker).",
            exit_code=ExitCode.BROKEN,
        )
    return UserError(
        "No Docker Engine answers on this machine.",
        "Start Docker Desktop, or on Linux: sudo systemctl start docker. Not installed yet? Debian and Ubuntu: "
        "sudo apt-get install docker.io",
        exit_code=ExitCode.UNSUPPORTED,
    )


def _client(timeout: float) -> Api:
    from docker import DockerClient

    # Honours DOCKER_HOST and, without it, the context that the `docker` command uses (Docker Desktop sets one).
    return cast("Api", DockerClient.from_env(timeout=cast("int", timeout)).api)


@contextmanager
def engine(timeout: float = CALL_SECONDS) -> Generator[Api]:
    """A client for a piece of work in this thread.

    Raises UserError when no engine can be used, and EngineRefusedError when it refuses what it is asked within.
    """
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    client: Api | None = None
    try:
        client = _client(timeout)
        yield client
    except APIError as error:
        raise EngineRefusedError(_status(error), str(error.explanation or error).strip()) from error
    except (DockerException, RequestException, OSError) as error:
        raise _unreachable(error) from error
    finally:
        if client is not None:
            client.close()


def engine_is_local(base_url: str) -> bool:
    """Whether ports that this engine publishes on 127.0.0.1 are published on this machine."""
    parts = urlsplit(base_url)
    if parts.scheme in ("http+unix", "unix", "npipe", "http+docker"):
        return parts.hostname != "ssh"
    return (parts.hostname or "") in _LOCAL_HOSTS
