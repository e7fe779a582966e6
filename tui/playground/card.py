"""The card: three machines of the learner's own, as a TOML file names them. Pure.

    user = "docker"               # for all three, where a node does not say otherwise; so are port, identity, jump
    identity = "~/.ssh/class"

    [node1]
    ssh = "10.0.0.5"              # required: host, user@host, user@host:port, or a name out of ~/.ssh/config
    address = "192.168.1.5"       # where the other two reach it; without it, where its SSH server is
    host_key = "SHA256:…"         # its host key's fingerprint, or the key itself; without it, known_hosts counts

What is not said here, `~/.ssh/config` may say.
"""

import ipaddress
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from tui.errors import ExitCode, UserError
from tui.playground.model import NODE_NAMES

__all__ = [
    "Card",
    "CardMistake",
    "Host",
    "Wanted",
    "card_of_nodes",
    "examine_card",
    "from_document",
    "read_card",
    "to_document",
]

_DEFAULTS = ("user", "port", "identity", "jump")
_KEYS = ("ssh", *_DEFAULTS, "address", "host_key")
_DESTINATION = re.compile(
    r"(?:(?P<user>[^@\s]+)@)?(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[^@\s:\[\]]+))(?::(?P<port>\d+))?"
)
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")
_PUBLIC_KEY = re.compile(r"(ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/]+=*( .*)?")
_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")


@dataclass(frozen=True, slots=True)
class Host:
    """One machine. What is empty (a port of 0) is left to `~/.ssh/config` and its defaults."""

    node: str  # node1, node2 or node3
    host: str  # a name, an address or an alias of ~/.ssh/config
    user: str = ""
    port: int = 0
    identity: str = ""  # file of the private key
    jump: str = ""  # as ProxyJump
    address: str = ""  # IPv4, where the others reach it; empty: where its SSH server was reached
    host_key: str = ""  # SHA256:… or a public key in OpenSSH form

    @property
    def destination(self) -> str:
        """As `ssh` takes it, without the port: docker@10.0.0.5."""
        return f"{self.user}@{self.host}" if self.user else self.host

    @property
    def shown(self) -> str:
        """The node with its destination, for sentences: node1 (docker@10.0.0.5)."""
        return f"{self.node} ({self.destination}{f':{self.port}' if self.port else ''})"


@dataclass(frozen=True, slots=True)
class Card:
    """Three machines, node1 to node3.

    `leave`: ids, in swarms that are there already, of the machines that may leave theirs: somebody was asked.
    """

    hosts: tuple[Host, ...]
    leave: tuple[str, ...] = ()

    def same_machines(self, other: "Card") -> bool:
        """Whether both lead to the same places."""
        return [(host.host, host.user, host.port, host.address) for host in self.hosts] == [
            (host.host, host.user, host.port, host.address) for host in other.hosts
        ]

    def leaving(self, ids: Sequence[str]) -> "Card":
        """The same, with leave to leave these swarms."""
        return replace(self, leave=tuple(ids))


Wanted = str | Card | None
"""Who shall make nodes that are not there: the name of a provider, a card, or whoever can."""


@dataclass(frozen=True, slots=True)
class CardMistake:
    """What is wrong in a card and where: line and column, both from 1; 0 for the file as a whole."""

    line: int
    column: int
    message: str

    def at(self, name: str) -> str:
        """As compilers say it: card.toml:3:1: unknown key …"""
        return f"{name}:{self.line}:{self.column}: {self.message}" if self.line else f"{name}: {self.message}"


class _Reading:
    """A card on its way from text to value, with the mistakes met."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self.mistakes: list[CardMistake] = []

    def wrong(self, table: str, key: str, message: str) -> None:
        self.mistakes.append(CardMistake(*self._place(table, key), message))

    def _place(self, table: str, key: str) -> tuple[int, int]:
        """Where a key of a table (empty: the file's head) stands; where the table begins, if it is not found."""
        current, begun = "", (0, 0)
        for number, line in enumerate(self._lines, start=1):
            if header := _HEADER.match(line):
                current = header[1].strip("\"'")
                if current == (table or key):
                    begun = (number, line.index("[") + 1)
            elif current == table and (found := re.match(rf"\s*[\"']?({re.escape(key)})[\"']?\s*[=.]", line)):
                return number, found.start(1) + 1
        return begun

    def unknown(self, table: str, key: str, known: Sequence[str]) -> None:
        near = get_close_matches(key, known, n=1, cutoff=0.6)
        rest = f"; did you mean `{near[0]}`?" if near else f"; known: {', '.join(known)}"
        self.wrong(table, key, f"unknown key `{key}`{rest}")

    def text(self, table: str, key: str, values: Mapping[str, Any]) -> str:
        value = values.get(key, "")
        if not isinstance(value, str):
            self.wrong(table, key, f"`{key}` must be a text in quotes, not {value!r}")
            return ""
        return value.strip()

    def port(self, table: str, values: Mapping[str, Any]) -> int:
        value = values.get("port", 0)
        if "port" in values and (not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 65535):
            self.wrong(table, "port", f"`port` must be a number from 1 to 65535, not {value!r}")
            return 0
        return int(value)


def _destination(text: str) -> tuple[str, str, int] | None:
    """User, host and port of user@host:port; None for nonsense."""
    match = _DESTINATION.fullmatch(text)
    if match is None or text.startswith("-") or int(match["port"] or 1) not in range(1, 65536):
        return None
    return match["user"] or "", match["six"] or match["host"], int(match["port"] or 0)


def _host(reading: _Reading, node: str, values: Mapping[str, Any], defaults: Mapping[str, Any]) -> Host | None:
    for key in values:
        if key not in _KEYS:
            reading.unknown(node, key, _KEYS)
    text = {key: reading.text(node, key, values) for key in _KEYS if key != "port"}
    own_port = reading.port(node, values)
    if not text["ssh"]:
        reading.wrong(node, "ssh" if "ssh" in values else "", f"[{node}] needs `ssh`: the machine, as user@host")
        return None
    parts = _destination(text["ssh"])
    if parts is None:
        reading.wrong(node, "ssh", f"“{text['ssh']}” is no host, user@host or user@host:port")
        return None
    user, host, port = parts
    if text["address"] and not _is_ipv4(text["address"]):
        reading.wrong(node, "address", f"“{text['address']}” is no IPv4 address such as 192.168.1.5")
    if text["host_key"] and not (_FINGERPRINT.fullmatch(text["host_key"]) or _PUBLIC_KEY.fullmatch(text["host_key"])):
        reading.wrong(node, "host_key", "`host_key` must be a fingerprint (SHA256:…) or a public key (ssh-ed25519 …)")
    return Host(
        node=node,
        host=host,
        user=user or text["user"] or str(defaults["user"]),
        port=port or own_port or int(defaults["port"]),
        identity=text["identity"] or str(defaults["identity"]),
        jump=text["jump"] or str(defaults["jump"]),
        address=text["address"],
        host_key=text["host_key"],
    )


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _of_syntax(error: tomllib.TOMLDecodeError) -> CardMistake:
    """The TOML parser's own complaint, which ends in: (at line 3, column 5)."""
    match = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
    message = re.sub(r"\s*\(at [^)]*\)", "", str(error))
    return CardMistake(int(match[1]) if match else 0, int(match[2]) if match else 0, message)


def examine_card(text: str) -> tuple[Card | None, tuple[CardMistake, ...]]:
    """The card and what is wrong with it; no card where anything is wrong."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, (_of_syntax(error),)
    reading = _Reading(text)
    known = (*_DEFAULTS, *NODE_NAMES)
    for key in document:
        if key not in known:
            reading.unknown("", key, known)
    defaults: dict[str, Any] = {key: reading.text("", key, document) for key in _DEFAULTS if key != "port"}
    defaults["port"] = reading.port("", document)
    hosts: list[Host] = []
    for node in NODE_NAMES:
        table = document.get(node)
        if table is None:
            reading.wrong("", node, f"[{node}] is missing: a card names three machines, {', '.join(NODE_NAMES)}")
        elif not isinstance(table, dict):
            reading.wrong("", node, f'`{node}` must be a table: [{node}], then ssh = "user@host"')
        elif host := _host(reading, node, cast("dict[str, Any]", table), defaults):
            hosts.append(host)
    for first, second in _twins(hosts):
        reading.wrong(second.node, "ssh", f"{second.node} is the same machine as {first.node}; three are needed")
    if reading.mistakes:
        return None, tuple(sorted(reading.mistakes, key=lambda mistake: (mistake.line, mistake.column)))
    return Card(tuple(hosts)), ()


def _twins(hosts: Sequence[Host]) -> list[tuple[Host, Host]]:
    return [
        (first, second)
        for position, second in enumerate(hosts)
        for first in hosts[:position]
        if (first.host, first.port or 22) == (second.host, second.port or 22)
    ]


def read_card(path: Path) -> Card:
    """The card in a file. Raises UserError, with every mistake, its line and its column."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(
            f"There is no card “{path}”.",
            'A card is a small file: [node1], then ssh = "user@host", and the same for node2 and node3.',
            exit_code=ExitCode.NOT_FOUND,
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as text: {error}", exit_code=ExitCode.BROKEN) from error
    card, mistakes = examine_card(text)
    if card is None:
        raise UserError(
            "\n".join(mistake.at(str(path)) for mistake in mistakes),
            f"Mend the card; `swarmtutor lint {path}` looks at it again.",
            exit_code=ExitCode.USAGE,
        )
    return card


def card_of_nodes(destinations: Sequence[str]) -> Card:
    """The card of three destinations, node1 first. Raises UserError (USAGE)."""
    if len(destinations) != len(NODE_NAMES):
        raise UserError(
            f"{len(destinations)} of three machines were named.",
            "Name all three: --node user@host --node user@host --node user@host",
            exit_code=ExitCode.USAGE,
        )
    hosts: list[Host] = []
    for node, text in zip(NODE_NAMES, destinations, strict=True):
        parts = _destination(text)
        if parts is None:
            raise UserError(
                f"“{text}” is no host, user@host or user@host:port.",
                "For more than that, write a card: swarmtutor up --card FILE",
                exit_code=ExitCode.USAGE,
            )
        user, host, port = parts
        hosts.append(Host(node, host, user, port))
    for first, second in _twins(hosts):
        raise UserError(
            f"{second.node} is the same machine as {first.node}: {second.destination}.",
            "Three machines are needed.",
            exit_code=ExitCode.USAGE,
        )
    return Card(tuple(hosts))


def to_document(card: Card) -> dict[str, Any]:
    """As it is written down beside a playground."""
    return asdict(card)


def from_document(document: Mapping[str, Any]) -> Card:
    """Back from there. Raises ValueError, KeyError or TypeError for anything else."""
    hosts = tuple(Host(**each) for each in document["hosts"])
    if [host.node for host in hosts] != list(NODE_NAMES):
        raise ValueError("not three machines")
    return Card(hosts, tuple(document["leave"]))
