"""Signing in to machines of the learner's own: `~/.ssh/config`, the agent, and host keys that somebody vouched for.

A host key counts that known_hosts files know: the user's own, the machine's, and one of ours in the state directory,
into which go those that the person said yes to. The user's own file is never written. What the card says of a host key
stands above all of them.
"""

import contextlib
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tui.paths import state_dir
from tui.playground.card import Host
from tui.playground.connection import Way
from tui.playground.link import Connect, first_line
from tui.playground.locks import hold_lock
from tui.playground.model import NodeUnreachableError

if TYPE_CHECKING:
    import asyncssh

__all__ = [
    "HostRefusedError",
    "UnknownHostKeyError",
    "connect_host",
    "connected",
    "own_known_hosts",
    "remember_key",
    "way_to",
]

_CONNECT_SECONDS = 10.0
_LOGIN_SECONDS = 15.0
_KEEPALIVE_SECONDS = 10  # three unanswered in a row, and the connection counts as broken
_SYSTEM_FILES = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
_USER_FILES = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")


class HostRefusedError(NodeUnreachableError):
    """There is no way in, and to try again is of no use until somebody has done something: `mend` says what."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.mend = mend


class UnknownHostKeyError(HostRefusedError):
    """Nobody has vouched for the host's key yet. `line` is for a known_hosts file."""

    def __init__(self, host: Host, where: str, fingerprint: str, kind: str, line: str) -> None:
        super().__init__(
            f"The host key of {host.shown} is not known: {kind} {fingerprint}",
            "If that machine tells the same (there: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), vouch for it:\n"
            f"--accept-host-key {fingerprint}\n"
            f'or in the card, at [{host.node}]: host_key = "{fingerprint}"',
        )
        self.node, self.where, self.fingerprint, self.kind, self.line = host.node, where, fingerprint, kind, line


def own_known_hosts() -> Path:
    """The file of the host keys that the person said yes to."""
    return state_dir() / "known_hosts"


def remember_key(line: str) -> None:
    """Add a line to that file."""
    path = own_known_hosts()
    path.parent.mkdir(parents=True, exist_ok=True)
    with hold_lock(path.with_suffix(".lock"), wait=5.0):
        known = path.read_text() if path.exists() else ""
        if line not in known.splitlines():
            path.write_text(f"{known}{line}\n")


def _lines(files: Sequence[str]) -> str:
    """What known_hosts files say, without the lines that cannot be understood: one such must not hide the others."""
    import asyncssh

    good: list[str] = []
    for name in files:
        with contextlib.suppress(OSError):
            for line in Path(name).expanduser().read_text(errors="replace").splitlines():
                with contextlib.suppress(ValueError, IndexError):
                    asyncssh.import_known_hosts(line)
                    good.append(line)
    return "\n".join(good)


@dataclass
class _Gate:
    """Who may be behind a host's address: asked by asyncssh for each connection."""

    host: Host
    pinned: bool  # whether the card names this machine's key (it does not name those of machines on the way)
    files: Sequence[str] = ()
    known: "tuple[asyncssh.SSHKey, ...]" = ()
    refusal: HostRefusedError | None = None

    def match(self, name: str, address: str, port: int | None) -> tuple[Sequence[Any], ...]:
        """The keys that are trusted for it, as asyncssh wants them."""
        import asyncssh

        text = _lines([*self.files, str(own_known_hosts())])
        found = cast("tuple[Sequence[Any], ...]", asyncssh.import_known_hosts(text).match(name, address, port))
        if self.pinned and self.host.host_key:
            pinned = () if self.host.host_key.startswith("SHA256:") else (self._pinned_key(),)
            found = (pinned, (), *found[2:])
        self.known = tuple(found[0])
        return found

    def _pinned_key(self) -> "asyncssh.SSHKey":
        import asyncssh

        try:
            return asyncssh.import_public_key(self.host.host_key)
        except asyncssh.KeyImportError as error:
            raise HostRefusedError(
                f"The host key of {self.host.shown} in the card is none: {error}",
                "Take it from that machine's /etc/ssh/ssh_host_ed25519_key.pub.",
            ) from error

    def validate(self, name: str, port: int, key: "asyncssh.SSHKey") -> bool:
        """A key that is not among the trusted ones."""
        fingerprint = key.get_fingerprint().rstrip("=")
        kind = key.get_algorithm()
        if self.pinned and self.host.host_key.rstrip("=") == fingerprint:
            return True
        if self.known or (self.pinned and self.host.host_key):
            self.refusal = _changed(self.host, f"{kind} {fingerprint}")
            return False
        public = " ".join(key.export_public_key().decode().split()[:2])
        where = name if port == 22 else f"[{name}]:{port}"
        self.refusal = UnknownHostKeyError(self.host, where, fingerprint, kind, f"{where} {public}")
        return False


def _changed(host: Host, seen: str) -> HostRefusedError:
    where = "the card" if host.host_key else f"known_hosts ({own_known_hosts()} or your own)"
    return HostRefusedError(
        f"{host.shown} shows another host key than the one that is known"
        + (f": {seen}. Either" if seen else ": either")
        + " the machine was set up anew, or something else answers in its place.",
        f"Ask whoever runs that machine. If it was set up anew, remove its old key from {where}, and try again.",
    )


def _client(gate: _Gate) -> "type[asyncssh.SSHClient]":
    import asyncssh

    class Client(asyncssh.SSHClient):
        def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
            del addr
            return gate.validate(host, port, key)

    return Client


async def connect_host(host: Host) -> "asyncssh.SSHClientConnection":
    """Sign in. Raises HostRefusedError (UnknownHostKeyError among them), OSError, TimeoutError, asyncssh.Error."""
    import asyncssh

    try:
        options = asyncssh.SSHClientConnectionOptions(host=host.host, config=(), **_named(host))
    except (OSError, asyncssh.Error, ValueError) as error:
        raise _of_files(host, error) from error
    jumps = host.jump or (options.tunnel if isinstance(options.tunnel, str) else "")
    way: asyncssh.SSHClientConnection | None = None
    for jump in (each.strip() for each in jumps.split(",") if jumps and jumps != "none"):
        user, _, place = jump.rpartition("@")
        name, _, port = place.partition(":")
        hop = Host(host.node, name, user, int(port or 0), host.identity)
        way = await _one(hop, way, pinned=False)
    return await _one(host, way, pinned=True)


def _named(host: Host) -> dict[str, Any]:
    """What the card says; the rest is left to ~/.ssh/config."""
    named: dict[str, Any] = {}
    if host.user:
        named["username"] = host.user
    if host.port:
        named["port"] = host.port
    if host.identity:
        named["client_keys"] = [str(Path(host.identity).expanduser())]
    return named


def _of_files(host: Host, error: Exception) -> HostRefusedError:
    import asyncssh

    if isinstance(error, asyncssh.KeyEncryptionError) or "passphrase" in str(error):
        return HostRefusedError(
            f"The key for {host.shown} is protected by a passphrase.",
            f"Give it to your agent first: ssh-add {host.identity or '~/.ssh/id_ed25519'}",
        )
    return HostRefusedError(
        f"What ~/.ssh/config or the card name for {host.shown} cannot be used: {first_line(error)}",
        f"`ssh -G {host.destination}` shows what is named.",
    )


async def _one(
    host: Host, way: "asyncssh.SSHClientConnection | None", *, pinned: bool
) -> "asyncssh.SSHClientConnection":
    """One connection, through another one if there is one on the way."""
    import asyncssh

    gate = _Gate(host, pinned, (*_USER_FILES, *_SYSTEM_FILES))
    try:
        connection = await asyncssh.connect(
            host.host,
            tunnel=way,
            known_hosts=gate.match,
            client_factory=_client(gate),
            preferred_auth="publickey",
            connect_timeout=_CONNECT_SECONDS,
            login_timeout=_LOGIN_SECONDS,
            keepalive_interval=_KEEPALIVE_SECONDS,
            keepalive_count_max=3,
            **_named(host),
        )
    except BaseException as error:
        if way is not None:
            way.abort()
        raise _told(host, gate, error) from error
    if way is not None:
        connection.set_tunnel(way)  # ends with it
    return connection


def _told(host: Host, gate: _Gate, error: BaseException) -> BaseException:
    """The error with its mend, if it is one that only a person can do something about."""
    import asyncssh

    if gate.refusal is not None:
        return gate.refusal
    if isinstance(error, asyncssh.KeyExchangeFailed) and gate.known:
        return _changed(host, "")
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return HostRefusedError(
            f"The host key of {host.shown} cannot be verified: {first_line(error)}",
            "Your known_hosts says that it is revoked, or its certificate is not good.",
        )
    if isinstance(error, asyncssh.PermissionDenied):
        return HostRefusedError(
            f"{host.shown} does not let you in with your keys.",
            f"Put your public key there: ssh-copy-id {f'-p {host.port} ' if host.port else ''}{host.destination}; or "
            "name another account (user) or key (identity) in the card. Passwords are not asked for.",
        )
    if isinstance(error, (asyncssh.KeyImportError, asyncssh.KeyEncryptionError)) or (
        isinstance(error, OSError) and error.filename is not None
    ):
        return _of_files(host, error)
    return error


def way_to(host: Host, shell: str, foreign: Collection[str]) -> Way:
    """How a node of a playground reaches its machine; `shell` is the command that opens a shell there.

    `foreign`: the containers that were there before.
    """

    async def connect() -> "asyncssh.SSHClientConnection":
        return await connect_host(host)

    return Way(cast("Connect", connect), None, shell, frozenset(foreign))


@asynccontextmanager
async def connected(host: Host) -> "AsyncGenerator[asyncssh.SSHClientConnection]":
    """A connection for a piece of work. Raises what connect_host raises."""
    connection = await connect_host(host)
    try:
        yield connection
    finally:
        connection.abort()
