"""The SSH server of a node that we make: shells, commands, and ways to the engine and to the node's own ports.

Usage: python -m tui.playground.node_ssh SSH.JSON, where the file holds the addresses and the port to listen on, the
host key, the accounts with their authorized keys, and the engine's sockets.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from tui.playground.node_session import Session

__all__ = ["Settings", "main", "read_settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the server is told."""

    addresses: tuple[str, ...]
    port: int
    host_key: Path
    accounts: Mapping[str, Path]  # account and file of the keys that open it
    engine_sockets: frozenset[str]
    rc_file: str


def read_settings(path: Path) -> Settings:
    """Read the settings file."""
    data = json.loads(path.read_text())
    return Settings(
        addresses=tuple(data["addresses"]),
        port=int(data["port"]),
        host_key=Path(data["host_key"]),
        accounts={name: Path(file) for name, file in data["accounts"].items()},
        engine_sockets=frozenset(data["engine_sockets"]),
        rc_file=data["rc_file"],
    )


class _Server(asyncssh.SSHServer):
    """One connection: who may come in, and what they may reach."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn

    def begin_auth(self, username: str) -> bool:
        keys = self._settings.accounts.get(username)
        if self._connection is not None and keys is not None:
            self._connection.set_authorized_keys(str(keys))
        return True

    def session_requested(self) -> asyncssh.SSHServerSession[bytes]:
        assert self._connection is not None
        peer = self._connection.get_extra_info("peername")
        own = self._connection.get_extra_info("sockname")
        route = (str(peer[0]), int(peer[1]), str(own[0]), int(own[1]))
        return Session(self._connection.get_extra_info("username"), route, self._settings.rc_file)

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        del dest_port, orig_host, orig_port
        return dest_host in (*self._settings.addresses, "localhost", socket.gethostname())

    def unix_connection_requested(self, dest_path: str) -> bool:
        return dest_path in self._settings.engine_sockets


async def _serve(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    host_key = asyncssh.read_private_key(str(settings.host_key))
    servers = [
        await asyncssh.create_server(
            lambda: _Server(settings),
            address,
            settings.port,
            server_host_keys=[host_key],
            encoding=None,
            line_editor=False,
            password_auth=False,
            kbdint_auth=False,
            gss_host=None,
            host_based_auth=False,
            keepalive_interval=15,
            login_timeout=10,
            agent_forwarding=False,
            x11_forwarding=False,
            compression_algs=None,
            reuse_address=True,
        )
        for address in settings.addresses
    ]
    await stopped.wait()
    for server in servers:
        server.close()


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM."""
    os.umask(0o022)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(read_settings(Path(arguments[0]))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
