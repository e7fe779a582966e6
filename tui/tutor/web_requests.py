"""The learner's own web requests, as their shells show them: `curl` and `wget` of a node's port, and who answered."""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tui.checks.commands import SimpleCommand, simple_commands
from tui.checks.model import WebTarget
from tui.playground.model import WebAnswer
from tui.terminal.marks import CommandEnded, CommandStarted, NodeNamed, Output, ShellEvent

__all__ = ["KEPT_REQUESTS", "OwnRequest", "RequestSpotter", "pages_of"]

KEPT_REQUESTS = 400
_LONGEST_LINE = 4_000
_CLIENTS = frozenset({"curl", "wget"})
_URL = re.compile(r"(?:(?P<scheme>https?)://)?(?P<host>[\w.-]+)(?::(?P<port>\d{1,5}))?(?P<path>[/?]\S*)?")
_HERE = frozenset({"localhost", "127.0.0.1", "0.0.0.0"})
_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;:?]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")
_LINE_END = re.compile(r"[\r\n]+")
_STATUS = re.compile(r"(?:< *)?HTTP/[\d.]+ \d{3}")
_HEADER = re.compile(r"(?:< *)?x-served-by: *([0-9a-f]{12})\b", re.IGNORECASE)
_BODY = re.compile(r"served by ([0-9a-f]{12})\b")
_COMPLAINT = re.compile(r"(?:curl|wget): (?:\(\d+\) )?(.+)")
_INTERRUPTED = 130
_REASONS = {6: "no machine of that name", 7: "connection refused", 28: "no answer in time", 52: "an empty answer"}
"""What curl's exit statuses mean (curl(1), EXIT CODES), where `-s` keeps it from saying so."""


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """A request that the learner made, `at` the moment when its answer was seen.

    The answer has the status 200 where a page came: what it really was, a shell does not tell.
    """

    at: float
    target: WebTarget
    answer: WebAnswer


@dataclass(slots=True)
class _Shell:
    """What is known of one shell: the node it is on, and the pages that the command which runs there asks for."""

    home: str
    node: str
    targets: tuple[WebTarget, ...] = ()
    alone: bool = False  # nothing but requests runs, so that the exit status is theirs
    answers: int = 0
    told: str = ""  # the replica that a header has just named: the page below it will say the same
    line: str = field(default="")


class RequestSpotter:
    """Reads along. Pages that name their replica (`served by`, `X-Served-By`) are told one by one, as they come."""

    def __init__(self, nodes: Mapping[str, str]) -> None:
        """`nodes`: the nodes' names by all names and addresses that they have."""
        self._nodes = dict(nodes)
        self._shells: dict[str, _Shell] = {}
        self._requests: deque[OwnRequest] = deque(maxlen=KEPT_REQUESTS)

    @property
    def requests(self) -> tuple[OwnRequest, ...]:
        """The last requests, oldest first."""
        return tuple(self._requests)

    def take(self, home: str, events: Sequence[ShellEvent], now: float) -> None:
        """Take what happened in the shell of the node `home`, in order."""
        shell = self._shells.setdefault(home, _Shell(home, home))
        for event in events:
            match event:
                case NodeNamed(node):
                    shell.node = node
                case CommandStarted(text):
                    self._begin(shell, text)
                case Output(data) if shell.targets:
                    self._read(shell, data, now)
                case CommandEnded(status):
                    self._end(shell, status or 0, now)
                case _:
                    pass

    def _begin(self, shell: _Shell, text: str) -> None:
        shell.targets = tuple(pages_of(text, shell.node, self._nodes))
        shell.alone = all(_is_request(command) for command in simple_commands(text)) if shell.targets else False
        shell.answers, shell.told, shell.line = 0, "", ""

    def _read(self, shell: _Shell, data: bytes, now: float) -> None:
        *lines, rest = _LINE_END.split(shell.line + data.decode(errors="replace"))
        shell.line = rest[-_LONGEST_LINE:]
        for line in lines:
            self._heed(shell, line, now)

    def _heed(self, shell: _Shell, line: str, now: float) -> None:
        said = _SEQUENCE.sub("", line)
        if _STATUS.match(said):
            shell.told = ""
        elif header := _HEADER.match(said):
            shell.told = header[1]
            self._note(shell, WebAnswer(200, served_by=header[1]), now)
        elif body := _BODY.search(said):
            if body[1] != shell.told:
                self._note(shell, WebAnswer(200, served_by=body[1]), now)
            shell.told = ""
        elif complaint := _COMPLAINT.match(said):
            self._note(shell, WebAnswer(0, error=complaint[1]), now)

    def _end(self, shell: _Shell, status: int, now: float) -> None:
        if shell.targets and shell.line:
            self._heed(shell, shell.line, now)
        if shell.targets and not shell.answers and shell.alone and status != _INTERRUPTED:
            failed = WebAnswer(0, error=_REASONS.get(status, f"exit status {status}"))
            for _ in shell.targets:
                self._note(shell, failed if status else WebAnswer(200), now)
        shell.targets, shell.line = (), ""

    def _note(self, shell: _Shell, answer: WebAnswer, now: float) -> None:
        """Several pages of one command answer in the order in which it asks for them, again and again in a loop."""
        target = shell.targets[shell.answers % len(shell.targets)]
        shell.answers += 1
        self._requests.append(OwnRequest(now, target, answer))


def _is_request(command: SimpleCommand) -> bool:
    return command.path[0] in _CLIENTS


def pages_of(text: str, node: str, nodes: Mapping[str, str]) -> Iterator[WebTarget]:
    """The pages of the nodes that a command line asks for, typed on `node`; of other machines' none."""
    for command in simple_commands(text):
        if not _is_request(command):
            continue
        here = nodes.get(command.node, command.node) or node
        for word in command.rest:
            url = None if word.startswith("-") else _URL.fullmatch(word)
            if url is None:
                continue
            name = here if url["host"] in _HERE else nodes.get(url["host"], "")
            port = int(url["port"] or (443 if url["scheme"] == "https" else 80))
            if name and 0 < port < 65_536:
                path = url["path"] or "/"
                yield WebTarget(name, port, path if path.startswith("/") else f"/{path}")
