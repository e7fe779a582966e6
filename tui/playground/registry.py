"""Handing images to a registry over its HTTP API (version 2), and the settings of the registry that we run."""

import http.client
import json
import threading
import time
from collections.abc import Sequence
from pathlib import PurePath
from urllib.parse import urlsplit

from tui.playground.images import Image

__all__ = ["RegistryError", "push_images", "registry_settings"]


class RegistryError(Exception):
    """The registry did not answer in time, or refused what it was given."""


def registry_settings(address: str, storage: PurePath) -> str:
    """The config.yml of docker-registry. JSON is YAML."""
    return json.dumps(
        {
            "version": "0.1",
            "log": {"accesslog": {"disabled": True}, "level": "warn"},
            "storage": {
                "filesystem": {"rootdirectory": str(storage)},
                "delete": {"enabled": True},
                "cache": {"blobdescriptor": "inmemory"},
            },
            "http": {"addr": f"{address}:5000", "secret": "one registry, one secret"},
        },
        indent=1,
    )


class _Client:
    """One kept connection to the registry."""

    def __init__(self, address: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(address, port, timeout=15.0)

    def close(self) -> None:
        self._connection.close()

    def request(
        self, method: str, target: str, body: bytes = b"", kind: str = ""
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        headers = {"Content-Type": kind} if kind else {}
        self._connection.request(method, target, body=body if method in ("POST", "PUT") else None, headers=headers)
        answer = self._connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def blob(self, name: str, digest: str, data: bytes) -> None:
        status, _, _ = self.request("HEAD", f"/v2/{name}/blobs/{digest}")
        if status == 200:
            return
        status, headers, text = self.request("POST", f"/v2/{name}/blobs/uploads/")
        if status != 202:
            raise RegistryError(f"upload of {name} refused: {status} {text[:200]!r}")
        parts = urlsplit(headers["Location"])
        query = f"{parts.query}&digest={digest}" if parts.query else f"digest={digest}"
        status, _, text = self.request("PUT", f"{parts.path}?{query}", data, "application/octet-stream")
        if status != 201:
            raise RegistryError(f"layer of {name} refused: {status} {text[:200]!r}")

    def push(self, image: Image) -> None:
        for layer in image.layers:
            self.blob(image.name, layer.digest, layer.compressed)
        self.blob(image.name, image.config_digest, image.config)
        target = f"/v2/{image.name}/manifests/{image.tag}"
        status, _, text = self.request("PUT", target, image.manifest, image.manifest_type)
        if status != 201:
            raise RegistryError(f"{image.reference} refused: {status} {text[:200]!r}")


def _wait_for_answer(address: str, port: int, deadline: float, stopped: threading.Event) -> None:
    while not stopped.is_set():
        client = _Client(address, port)
        try:
            status, _, _ = client.request("GET", "/v2/")
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() > deadline:
                raise RegistryError(f"no answer from the registry at {address}:{port}: {error}") from error
        else:
            if status == 200:
                return
            raise RegistryError(f"the registry at {address}:{port} answered {status}")
        finally:
            client.close()
        stopped.wait(0.02)


def push_images(
    address: str, port: int, images: Sequence[Image], *, timeout: float, stopped: threading.Event | None = None
) -> None:
    """Wait until the registry answers and hand the images to it. Blocks; call it in a thread.

    Raises RegistryError after `timeout` seconds, or when an image is refused. `stopped` ends the wait early.
    """
    stopped = stopped or threading.Event()
    _wait_for_answer(address, port, time.monotonic() + timeout, stopped)
    client = _Client(address, port)
    try:
        for image in images:
            if stopped.is_set():
                return
            client.push(image)
    except (OSError, http.client.HTTPException) as error:
        raise RegistryError(f"the registry at {address}:{port} broke off: {error}") from error
    finally:
        client.close()
