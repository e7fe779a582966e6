"""What was really run: a command line taken apart into simple commands in one canonical spelling.

Any route that a shell offers counts: `sudo docker ps`, `watch docker ps`, `docker container ls`, `ssh node2 docker ps`
are all `docker ps`. Hostile input (unclosed quotes, stray operators) is read as far as it goes; nothing raises.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from tui.checks.shell_words import split_commands

__all__ = ["SimpleCommand", "matches", "normalised", "simple_commands"]

_DEPTH = 4  # of commands in commands: sh -c "ssh node2 'docker ps'"
_KEYWORDS = frozenset({"do", "then", "else", "elif", "if", "while", "until", "!", "{", "}", "exec", "command", "nohup"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_CLUSTER = re.compile(r"-[A-Za-z]{2,}")
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh"})

# Programs that run another one: their own options that take an argument.
_WRAPPERS: dict[str, frozenset[str]] = {
    "sudo": frozenset({"-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U", "-r", "-t", "--user", "--group"}),
    "doas": frozenset({"-u", "-C"}),
    "env": frozenset({"-u", "-C", "-S", "--unset", "--chdir"}),
    "time": frozenset({"-f", "-o"}),
    "nice": frozenset({"-n"}),
    "timeout": frozenset({"-s", "-k", "--signal", "--kill-after"}),
    "watch": frozenset({"-n", "-q", "--interval", "--equexit"}),
    "xargs": frozenset({"-n", "-I", "-P", "-L", "-d", "-a", "-s", "-E"}),
}
_SSH_OPTIONS = frozenset("-" + letter for letter in "BbcDEeFIiJLlmOopQRSWw")

_DOCKER_GLOBAL = frozenset(
    {"-H", "--host", "-c", "--context", "--config", "-l", "--log-level", "--tlscacert", "--tlscert", "--tlskey"}
)
_MANAGEMENT = frozenset(
    {
        *("builder", "buildx", "checkpoint", "compose", "config", "container", "context", "image", "manifest"),
        *("network", "node", "plugin", "secret", "service", "stack", "swarm", "system", "trust", "volume"),
    }
)
_SAME_VERBS = {"list": "ls", "remove": "rm"}
_SHORT_FORMS: dict[tuple[str, str], str] = {
    ("container", "ls"): "ps",
    ("container", "ps"): "ps",
    ("image", "ls"): "images",
    ("image", "rm"): "rmi",
    ("system", "info"): "info",
    ("system", "events"): "events",
    **{("image", verb): verb for verb in ("build", "history", "import", "load", "pull", "push", "save", "tag")},
    **{
        ("container", verb): verb
        for verb in (
            *("attach", "commit", "cp", "create", "diff", "exec", "export", "kill", "logs", "pause", "port", "rename"),
            *("restart", "rm", "run", "start", "stats", "stop", "top", "unpause", "update", "wait"),
        )
    },
}


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    """One program with its arguments. `path` is what names it: ("docker", "service", "ps"), ("curl",)."""

    path: tuple[str, ...]
    rest: tuple[str, ...]
    node: str = ""  # where it ran if not in the shell it was typed into: `ssh node2 docker ps`
    watched: bool = False  # by `watch`, which runs it until it is stopped

    @property
    def text(self) -> str:
        """The canonical spelling."""
        return " ".join((*self.path, *self.rest))


@lru_cache(maxsize=2048)
def simple_commands(line: str) -> tuple[SimpleCommand, ...]:
    """The simple commands of a command line (which may span lines), in order."""
    return tuple(_read(line[:20_000], _DEPTH))


def normalised(line: str) -> str:
    """The whole line in canonical spelling, its simple commands joined by `; `."""
    return "; ".join(command.text for command in simple_commands(line))


def matches(wanted: str, command: SimpleCommand, name_of: Callable[[str], str] = str) -> bool:
    """Whether a command is the wanted one: the same program and sub-command, and every further word among its own.

    `name_of` turns the ID of something into its name, so that either may be typed.
    """
    pattern = next(iter(simple_commands(wanted)), None)
    if pattern is None or command.path[: len(pattern.path)] != pattern.path:
        return False
    if len(pattern.path) < len(command.path) and pattern.rest:
        return False
    if "--help" in command.rest and "--help" not in pattern.rest:  # reading about a command is not running it
        return False
    asked = Counter(name_of(piece) for piece in _pieces(pattern.rest))
    return not asked - Counter(name_of(piece) for piece in _pieces(command.rest))


def _pieces(words: tuple[str, ...]) -> list[str]:
    """Words with `--flag=value` and `-it` taken apart, so that either way of writing them is the same."""
    pieces: list[str] = []
    for word in words:
        if word.startswith("--") and "=" in word:
            pieces += word.split("=", 1)
        elif _CLUSTER.fullmatch(word):
            pieces += [f"-{letter}" for letter in word[1:]]
        else:
            pieces.append(word)
    return pieces


def _read(line: str, depth: int) -> list[SimpleCommand]:
    return [command for words in split_commands(line) for command in _simple(words, depth)]


def _simple(words: list[str], depth: int) -> list[SimpleCommand]:
    """What the words of one simple command run, with the programs around it taken off."""
    while words:
        program = words[0].rsplit("/", 1)[-1]
        if words[0] in _KEYWORDS or _ASSIGNMENT.match(words[0]):
            words = words[1:]
        elif program in _WRAPPERS and len(words) > 1:
            words = _without_options(words[1:], _WRAPPERS[program])
            if program == "timeout":
                words = words[1:]
            if program == "watch":
                return [replace(command, watched=True) for command in _nested(words, depth)]
        elif program in _SHELLS and (text := _shell_text(words)) is not None:
            return _nested([text], depth)
        elif program == "ssh":
            return _over_ssh(words, depth)
        elif program == "docker":
            return [_docker(words[1:])]
        else:
            return [SimpleCommand((program,), tuple(words[1:]))]
    return []


def _nested(words: list[str], depth: int) -> list[SimpleCommand]:
    return _read(" ".join(words), depth - 1) if depth > 0 else []


def _without_options(words: list[str], with_argument: frozenset[str]) -> list[str]:
    index = 0
    while index < len(words) and words[index].startswith("-") and words[index] != "-":
        if words[index] == "--":
            return words[index + 1 :]
        index += 2 if words[index] in with_argument else 1
    return words[index:]


def _shell_text(words: list[str]) -> str | None:
    """The text of `sh -c TEXT`; None for a shell that runs something else."""
    for index, word in enumerate(words[1:], start=1):
        if not word.startswith("-"):
            return None
        if not word.startswith("--") and word.endswith("c"):
            return words[index + 1] if index + 1 < len(words) else None
    return None


def _over_ssh(words: list[str], depth: int) -> list[SimpleCommand]:
    rest = _without_options(words[1:], _SSH_OPTIONS)
    if len(rest) < 2:
        return [SimpleCommand(("ssh",), tuple(words[1:]))]
    node = rest[0].rsplit("@", 1)[-1]
    return [replace(command, node=command.node or node) for command in _nested(rest[1:], depth)]


def _docker(words: list[str]) -> SimpleCommand:
    words = _without_options(words, _DOCKER_GLOBAL)
    if not words:
        return SimpleCommand(("docker",), ())
    if words[0] not in _MANAGEMENT or len(words) < 2 or words[1].startswith("-"):
        return SimpleCommand(("docker", words[0]), tuple(words[1:]))
    verb = _SAME_VERBS.get(words[1], words[1])
    if short := _SHORT_FORMS.get((words[0], verb)):
        return SimpleCommand(("docker", short), tuple(words[2:]))
    return SimpleCommand(("docker", words[0], verb), tuple(words[2:]))
