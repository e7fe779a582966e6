"""A person's own keys: a TOML file that gives actions, by their ids, other keys than the usual ones.

    [lesson]
    next = ["n", "Right", "F8"]
    hint = "F6"
    free = []                      # no key at all

The file holds as a whole or not at all: with half of it, keys would do what nobody asked for.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from tui.app.actions import ACTIONS, Action, action_of, keys_of
from tui.app.key_names import file_name, is_printable, key_name, key_of
from tui.errors import ExitCode, UserError

__all__ = ["FILE", "KeyMistake", "load_keymap", "parse_keymap", "read_keymap", "template"]

FILE = "keys.toml"
"""The file's name, in the folder of what a person set for themselves."""

_ESSENTIAL = ("pane.shell", "app.help", "app.palette", "app.quit")
"""Actions that need a key: the way out of the shell and of the program, and the ways to all others."""

_SHELLS_OWN = frozenset(
    {"enter", "tab", "backspace", "escape", "up", "down", "left", "right", "home", "end", "delete", "ctrl+c", "ctrl+d"}
)
"""Keys without which a shell is of no use, so none of them can lead out of it."""

_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_PAIR = re.compile(r"\s*([\w.\"'\s-]+?)\s*=")
_NUMBERED = re.compile(r"\s*\(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True, order=True)
class KeyMistake:
    """What is wrong in a file of keys, what would be right, and in which line (from 1; 0: the file as a whole)."""

    line: int
    message: str

    def at(self, name: str) -> str:
        """As compilers say it: keys.toml:3: …"""
        return f"{name}:{self.line}: {self.message}" if self.line else f"{name}: {self.message}"


def parse_keymap(text: str) -> tuple[Mapping[str, str], tuple[KeyMistake, ...]]:
    """The keys that a file gives, by the ids of their actions, as Textual calls them; no keys if anything is wrong."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _NUMBERED.search(str(error))
        line = int(found[1]) if found else len(text.splitlines())
        return {}, (KeyMistake(line, re.sub(r"\s*\(at [^)]*\)", "", str(error))),)
    lines = _lines(text)
    mistakes: list[KeyMistake] = []
    keymap: dict[str, str] = {}
    known = {action.id for action in ACTIONS}
    for name, value in _flat(document):
        line = lines.get(name, lines.get(name.partition(".")[0], 0))
        if name not in known:
            mistakes.append(KeyMistake(line, _unknown(name)))
        elif (keys := _keys(value)) is None:
            mistakes.append(KeyMistake(line, f'`{name}` takes a key or a list of keys: "F6" or ["h", "F6"]'))
        else:
            read: list[str] = []
            for key in keys:
                try:
                    read.append(key_of(key))
                except ValueError as error:
                    mistakes.append(KeyMistake(line, f"`{name}`: {error}"))
            keymap[name] = ",".join(dict.fromkeys(read))
    if not mistakes:
        mistakes += [KeyMistake(lines.get(name, 0), message) for name, message in _unfit(keymap)]
    return ({}, tuple(sorted(mistakes))) if mistakes else (keymap, ())


def _flat(document: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    """Tables in tables as dotted names."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _flat(cast("Mapping[str, object]", value), f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _lines(text: str) -> dict[str, int]:
    """In which line each name stands."""
    table, found = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _bare(header[1])
            found.setdefault(table, number)
        elif pair := _PAIR.match(line):
            found.setdefault(f"{table}.{_bare(pair[1])}" if table else _bare(pair[1]), number)
    return found


def _bare(name: str) -> str:
    return re.sub(r"[\"'\s]", "", name)


def _keys(value: object) -> Sequence[str] | None:
    values = cast("list[object]", value) if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in values):
        return None
    return [each for each in cast("list[str]", values) if each.strip()]


def _unknown(name: str) -> str:
    ids = [action.id for action in ACTIONS]
    close = get_close_matches(name, ids, n=1, cutoff=0.5)
    area = name.partition(".")[0]
    same = [each for each in ids if each.startswith(f"{area}.")]
    areas = dict.fromkeys(f"[{each.partition('.')[0]}]" for each in ids)
    rest = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(same or areas)}"
    return f"there is no action `{name}`; {rest}"


def _unfit(keymap: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is wrong with keys that are all known: by the action in whose line it is to be said."""
    for name in _ESSENTIAL:
        if name in keymap and not keymap[name]:
            yield name, f"`{name}` needs a key; without one there is no way to it"
    for key in keys_of(action_of("pane.shell"), keymap):
        if is_printable(key) or key in _SHELLS_OWN:
            yield (
                "pane.shell",
                f"{key_name(key)} cannot leave the shell, which needs it; take one with Ctrl, or an F-key",
            )
    owners: dict[str, list[Action]] = {}
    for action in ACTIONS:
        for key in keys_of(action, keymap):
            owners.setdefault(key, []).append(action)
    for key, actions in owners.items():
        if len(actions) > 1:
            # Said of the last that was given the key; a usual key that another was given is that other's doing.
            here = next(action for action in reversed(actions) if action.id in keymap)
            other = next(action for action in actions if action is not here)
            yield here.id, _clash(key, other, keymap)


def _clash(key: str, other: Action, keymap: Mapping[str, str]) -> str:
    if other.id in keymap:
        return f"{key_name(key)} is given to `{other.id}` too; take another key for one of them"
    left = ", ".join(f'"{file_name(each)}"' for each in keys_of(other, keymap) if each != key)
    area, _, name = other.id.partition(".")
    free = f"write {name} = [{left}] below [{area}] to set it free" if left else f"give `{other.id}` another one, too"
    return f"{key_name(key)} is the usual key of `{other.id}`; {free}, or take another key here"


def read_keymap(path: Path) -> Mapping[str, str]:
    """The keys in a file; none where there is no file. Raises UserError, with every mistake and its line."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UserError(f"Your keys cannot be read: {path}: {why}.", exit_code=ExitCode.BROKEN) from error
    keymap, mistakes = parse_keymap(text)
    if mistakes:
        raise UserError(
            "\n".join(mistake.at(str(path)) for mistake in mistakes),
            "Mend the file, or remove it; until then the usual keys apply.",
            exit_code=ExitCode.BROKEN,
        )
    return keymap


def load_keymap(path: Path) -> tuple[Mapping[str, str], str]:
    """The keys for a run of the program: those in the file, or the usual ones and a sentence that says why."""
    try:
        return read_keymap(path), ""
    except UserError as error:
        first, *more = error.what.splitlines()
        stop = "" if first.endswith((".", "?")) else "."
        rest = f" And {len(more)} more: `swarmtutor keys` lists them." if more else ""
        return {}, f"Your own keys are not used, the usual ones are. {first}{stop}{rest}"


def template() -> str:
    """A file to begin with: every action with its usual keys, as comments."""
    lines = [
        "# Your own keys for Swarmtutor. Take the # from the line of an action and write the keys that you want:",
        '# one, as "F6", or several, as ["h", "F6"]; [] for none. They replace the usual ones.',
        "#",
        '# Keys are called as they stand on the keyboard: "n", "R", "?", "F8", "Ctrl-P", "Shift-Tab", "PgUp", "Left",',
        '# "Space", "Esc". `swarmtutor keys` lists all keys as they are now, and what is wrong in this file.',
    ]
    area = ""
    for action in sorted(ACTIONS, key=lambda each: each.id.partition(".")[0]):
        table, _, name = action.id.partition(".")
        if table != area:
            area = table
            lines += ["", f"[{table}]"]
        keys = ", ".join(f'"{file_name(key)}"' for key in keys_of(action, {}))
        lines += [f"# {name} = [{keys}]  # {action.title.partition(': ')[2]}"]
    return "\n".join(lines) + "\n"
