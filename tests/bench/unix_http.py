"""HTTP over a Unix socket with nothing but the standard library: the shortest way to an engine."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any

__all__ = ["EngineHttp"]


class EngineHttp(http.client.HTTPConnection):
    """One connection to an engine, kept open between requests."""

    def __init__(self, path: Path, timeout: float = 10.0) -> None:
        super().__init__("engine", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the Unix socket in place of a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))

    def json(self, path: str) -> Any:
        """The answer to a GET. Raises OSError, http.client.HTTPException, ValueError."""
        self.request("GET", path)
        return json.loads(self.getresponse().read())

    def answers(self) -> bool:
        """Whether `/_ping` is answered well."""
        try:
            self.request("GET", "/_ping")
            response = self.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return False
        return response.status == 200
