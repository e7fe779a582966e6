"""What a person likes to look at: theme, layout, sizes, motion. Kept in one small file from one run to the next.

The file is the program's own to write, and readable enough to be mended by hand. What cannot be read in it is said in
a sentence and never lost: a damaged file is kept under another name, and a name that is not known here stays in it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import cast

from tui.errors import ExitCode, UserError
from tui.paths import write_whole

__all__ = ["LARGEST_SHARE", "SMALLEST_SHARE", "ForThisRun", "Layout", "Preferences", "PreferencesFile", "parse"]

SMALLEST_SHARE, LARGEST_SHARE = 10.0, 90.0  # percent


class Layout(StrEnum):
    """How the panes share the window. Where it is narrow, all of them show one pane at a time."""

    PANES = "panes"  # lesson, live swarm and shell at once
    TABS = "tabs"  # one pane at a time, in any window
    BIG = "big"  # for a projector: the lesson with much air, beside it the shell or the swarm

    @property
    def following(self) -> "Layout":
        """The layout after this one, and after the last the first."""
        order = list(Layout)
        return order[(order.index(self) + 1) % len(order)]


@dataclass(frozen=True, slots=True)
class Preferences:
    """Shares are percentages of the window's width (the lesson's) and of the panes' height (the swarm's); None is what
    suits most windows. `motion`: things may move and blink. An empty theme is the usual one.
    """

    theme: str = ""
    layout: Layout = Layout.PANES
    lesson_share: float | None = None
    swarm_share: float | None = None
    motion: bool = True


@dataclass(frozen=True, slots=True)
class ForThisRun:
    """What the command line asks for: None where it says nothing. It holds until something else is chosen, and is not
    kept.
    """

    theme: str | None = None
    layout: Layout | None = None
    motion: bool | None = None


def parse(text: str) -> tuple[Preferences, Mapping[str, object], str]:
    """What a file says, all that stands in it by name, and a sentence about what in it means nothing (or empty).

    Raises ValueError, with what is wrong, for a text that is no such file at all.
    """
    loaded: object = json.loads(text)
    if not isinstance(loaded, dict):
        raise ValueError("not a table of names and values")  # noqa: TRY004  one error for all that is no such file
    stored = cast("dict[str, object]", loaded)
    known: dict[str, object] = {}
    wrong: list[str] = []
    for field in fields(Preferences):
        if field.name not in stored:
            continue
        try:
            known[field.name] = _value(field.name, stored[field.name])
        except ValueError as error:
            wrong.append(f"“{field.name}” is {json.dumps(stored[field.name], ensure_ascii=False)}, not {error}")
    found = replace(Preferences(), **known)  # type: ignore[arg-type]  # each was checked by its name
    return found, stored, "; ".join(wrong)


def _value(name: str, stored: object) -> object:
    """The value of that name. Raises ValueError with what it should have been."""
    match name:
        case "theme":
            if isinstance(stored, str):
                return stored
            raise ValueError("a name")
        case "layout":
            if isinstance(stored, str) and stored in list(Layout):
                return Layout(stored)
            raise ValueError(", ".join(Layout))
        case "motion":
            if isinstance(stored, bool):
                return stored
            raise ValueError("true or false")
        case _:
            if stored is None:
                return None
            number = isinstance(stored, int | float) and not isinstance(stored, bool)
            if number and SMALLEST_SHARE <= cast("float", stored) <= LARGEST_SHARE:
                return float(cast("float", stored))
            raise ValueError(f"a number from {SMALLEST_SHARE:.0f} to {LARGEST_SHARE:.0f}")


class PreferencesFile:
    """The file. It belongs to one copy of the program at a time only by chance: the last who writes is right."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stored: Mapping[str, object] = {}
        self._damaged = False

    def load(self) -> tuple[Preferences, str]:
        """The preferences, and a sentence if the file, or something in it, could not be read. Nothing is changed."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Preferences(), ""
        except OSError as error:
            return Preferences(), f"Your settings cannot be read: {self._path}: {error.strerror}."
        except UnicodeDecodeError:
            return self._broken("it is no text")
        try:
            found, self._stored, wrong = parse(text)
        except RecursionError:
            return self._broken("it goes too deep")
        except ValueError as error:
            return self._broken(str(error))
        return found, f"In your settings, {self._path}: {wrong}. The usual is taken for it." if wrong else ""

    def _broken(self, why: str) -> tuple[Preferences, str]:
        self._damaged = True
        sentence = (
            f"Your settings could not be read, so the usual ones are taken: {self._path}: {why}. The file is kept as "
            f"{self._aside().name} once you choose something else."
        )
        return Preferences(), sentence

    def _aside(self) -> Path:
        """A name beside the file that is free."""
        number = 1
        while True:
            aside = self._path.with_name(f"{self._path.name}.damaged{number if number > 1 else ''}")
            if not aside.exists():
                return aside
            number += 1

    def save(self, preferences: Preferences) -> None:
        """Write the file, whole or not at all; names in it that mean nothing here stay. Raises UserError."""
        known = {field.name: getattr(preferences, field.name) for field in fields(preferences)}
        text = json.dumps({**self._stored, **known}, indent=2, ensure_ascii=False) + "\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._damaged:
                self._path.replace(self._aside())
                self._damaged = False
            write_whole(self._path, text)
        except OSError as error:
            raise UserError(
                f"Your settings cannot be kept: {self._path}: {error.strerror}.",
                "They hold until you leave. Another folder for them: SWARMTUTOR_CONFIG.",
                exit_code=ExitCode.BROKEN,
            ) from error
