"""Who may drive the program from a browser. Pure: requests go in as values, refusals come out.

Behind the page are shells on machines where the learner is as good as root, so three doors are locked. Another
machine: without a token only this machine's own addresses are served. Another page in the same browser: a socket is
opened only for the page that we sent ourselves, by a ticket that stands in it and is good once; what a page of another
origin could send by itself (`Origin`, `Sec-Fetch-Site`) is looked at, too. A name that points here only for a moment
(DNS rebinding): a page is served under an address or a name of this machine, under no other.

The token travels as the password of HTTP Basic authentication, which browsers keep for exactly one origin. A cookie
would go to every port of the host name, and behind port 5000 may be a container of anybody's.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

__all__ = ["Asked", "Door", "Kind", "Refusal", "Tickets", "is_loopback", "splits_host"]

_TICKET_SECONDS = 120.0  # from sending the page until its script opens the socket
_MOST_TICKETS = 200


class Kind(StrEnum):
    """What a request is for."""

    PAGE = "page"
    SOCKET = "socket"
    FILE = "file"  # scripts, fonts, downloads


@dataclass(frozen=True, slots=True)
class Asked:
    """What counts of a request: the headers as they came, empty where they did not."""

    kind: Kind
    host: str
    method: str = "GET"
    origin: str = ""
    site: str = ""  # Sec-Fetch-Site
    destination: str = ""  # Sec-Fetch-Dest
    authorization: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered: the HTTP status, and a sentence."""

    status: int
    why: str


def splits_host(host: str) -> str:
    """The name or address of a `Host` header, without port and brackets, in small letters; empty if it is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises where it is no number
    except ValueError:
        return ""
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return ""
    return (parts.hostname or "").rstrip(".")


def is_loopback(name: str) -> bool:
    """Whether a name or address means this machine and cannot mean another."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


@dataclass(frozen=True, slots=True)
class Door:
    """Whom a server lets in. `token`: empty where none is asked for; then only this machine is served.

    `names`: what the machine is called, in small letters, beside its addresses; only with a token.
    """

    token: str = field(default="", repr=False)
    names: Collection[str] = ()

    def refuses(self, asked: Asked) -> Refusal | None:
        """Why a request is refused; None if it may pass."""
        if asked.method not in ("GET", "HEAD"):
            return Refusal(405, "Nothing can be sent here.")
        name = splits_host(asked.host)
        if not self._is_ours(name):
            known = "--known-as NAME lets a name in." if self.token else "Use http://127.0.0.1 or http://localhost."
            return Refusal(421, f"This is not served under the name {name[:80] or 'that was asked for'!r}. {known}")
        if asked.kind is Kind.SOCKET:
            # Its ticket proves that the page was sent, and for that the token was asked.
            same = urlsplit(asked.origin).netloc.lower() == asked.host.lower() and asked.origin.startswith("http")
            return None if same else Refusal(403, "Only our own page may open this.")
        if asked.kind is Kind.FILE and asked.site not in ("", "none", "same-origin"):
            return Refusal(403, "Only our own page may ask for this.")
        if asked.kind is Kind.PAGE and asked.destination not in ("", "document"):
            return Refusal(403, "This page stands alone, in no other page.")
        if self.token and not self._knows_token(asked.authorization):
            return Refusal(401, "The token is missing or wrong. It is the password; any name will do.")
        return None

    def _is_ours(self, name: str) -> bool:
        if not self.token:
            return is_loopback(name)
        try:
            ipaddress.ip_address(name)  # nobody can let an address point elsewhere
        except ValueError:
            return is_loopback(name) or name in self.names
        return True

    def _knows_token(self, authorization: str) -> bool:
        scheme, _, credentials = authorization.partition(" ")
        try:
            _, _, password = base64.b64decode(credentials, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return False
        # Digests are of one length, so that the comparison does not tell how long the token is either.
        given, wanted = (hashlib.sha256(text).digest() for text in (password, self.token.encode()))
        return hmac.compare_digest(given, wanted) and scheme.lower() == "basic"


class Tickets:
    """One for each page that was sent; each opens one socket, and soon."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock`: seconds, from any moment on."""
        self._clock = clock
        self._good: dict[bytes, float] = {}  # digests, with the moment until which each is good

    def issue(self) -> str:
        """A new one, which nobody can guess."""
        self._drop_stale()
        while len(self._good) >= _MOST_TICKETS:
            del self._good[next(iter(self._good))]
        ticket = secrets.token_urlsafe(24)
        self._good[_digest(ticket)] = self._clock() + _TICKET_SECONDS
        return ticket

    def take(self, ticket: str) -> bool:
        """Whether it is good; it no longer is afterwards."""
        self._drop_stale()
        return self._good.pop(_digest(ticket), None) is not None

    def _drop_stale(self) -> None:
        now = self._clock()
        self._good = {digest: until for digest, until in self._good.items() if until > now}


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
