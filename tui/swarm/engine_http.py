"""docker-py over lines that are opened by a function, in place of an address.

Importing docker-py takes half a second: import this module in the thread that uses it.
"""

from collections.abc import Mapping
from typing import Any, cast

from docker import APIClient
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from tui.playground.model import EngineDial

__all__ = ["DialledClient"]


class _Connection(HTTPConnection):
    def __init__(self, host: str, *, dial: EngineDial, timeout: Any = None, **options: Any) -> None:
        super().__init__(host, timeout=timeout, **options)
        self._dial = dial

    def connect(self) -> None:
        self.sock = self._dial()
        self.sock.settimeout(self.timeout)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection  # pyright: ignore[reportAssignmentType]  # urllib3 makes it with our own option too


class _Adapter(HTTPAdapter):
    def __init__(self, dial: EngineDial) -> None:
        super().__init__()
        self._pool = _Pool("engine", dial=dial)

    def get_connection_with_tls_context(
        self,
        request: PreparedRequest,
        verify: bool | str | None,
        proxies: Mapping[str, str] | None = None,
        cert: tuple[str, str] | str | None = None,
    ) -> HTTPConnectionPool:
        """The one pool, whatever the address."""
        del request, verify, proxies, cert
        return self._pool

    def request_url(self, request: PreparedRequest, proxies: Mapping[str, str] | None) -> str:
        """The path alone: there is no proxy on the way."""
        del proxies
        return request.path_url

    def close(self) -> None:
        """Close all lines."""
        self._pool.close()
        super().close()


class DialledClient(APIClient):
    """docker.APIClient for an engine to which `dial` opens a line."""

    def __init__(self, dial: EngineDial, timeout: float) -> None:
        self._adapter = _Adapter(dial)  # the library asks for the engine's version while it is made
        super().__init__(base_url="tcp://engine:2375", timeout=cast("int", timeout))

    def get_adapter(self, url: str) -> HTTPAdapter:
        """Ours, for every address."""
        del url
        return self._adapter

    def close(self) -> None:
        """Close all lines."""
        self._adapter.close()
        super().close()
