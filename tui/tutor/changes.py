"""What `swarmtutor doctor --fix` has changed on this machine, written down so that `doctor --undo` can take it back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

from tui.errors import ExitCode, UserError
from tui.paths import state_dir

__all__ = ["HostChanges", "changes_path", "load_changes", "save_changes", "undo_hint"]


@dataclass(frozen=True, slots=True)
class HostChanges:
    """What came in and went out. `settings` are names of sysctl(8) with the values that they had before."""

    packages: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()  # packages that made way
    modules: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.packages or self.replaced or self.modules or self.settings)

    def with_packages(self, new: tuple[str, ...], removed: tuple[str, ...]) -> "HostChanges":
        """These packages came in and went out as well."""
        return replace(self, packages=_both(self.packages, new), replaced=_both(self.replaced, removed))

    def with_module(self, module: str) -> "HostChanges":
        """This module was loaded as well."""
        return replace(self, modules=_both(self.modules, (module,)))

    def with_setting(self, name: str, before: str) -> "HostChanges":
        """This setting was changed as well; the first value that is known is the machine's own."""
        if name in dict(self.settings):
            return self
        return replace(self, settings=(*self.settings, (name, before)))


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def changes_path() -> Path:
    """Where they are written down."""
    return state_dir() / "host-changes.json"


def load_changes() -> HostChanges:
    """All changes so far; empty if nothing was changed. Raises UserError (BROKEN) for a damaged file."""
    path = changes_path()
    try:
        data = cast("Mapping[str, Any]", json.loads(path.read_text()))
        return HostChanges(
            tuple(map(str, data["packages"])),
            tuple(map(str, data["replaced"])),
            tuple(map(str, data["modules"])),
            tuple((str(name), str(value)) for name, value in data["settings"]),
        )
    except (FileNotFoundError, NotADirectoryError):
        return HostChanges()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"The note of what was changed on this machine cannot be read: {path}",
            "It is JSON; mend it, or remove it if nothing shall be taken back.",
            exit_code=ExitCode.BROKEN,
        ) from error


def save_changes(changes: HostChanges) -> None:
    """Write them down in one piece; nothing to note, no file."""
    path = changes_path()
    if not changes:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(changes), indent=1) + "\n")
    fresh.replace(path)


def undo_hint() -> str:
    """How to take back what `--fix` has changed on this machine; empty if it changed nothing."""
    changes = load_changes()
    if not changes:
        return ""
    parts = (
        f"{len(changes.packages)} packages were installed" if changes.packages else "",
        f"modules were loaded ({', '.join(changes.modules)})" if changes.modules else "",
        f"settings were changed ({', '.join(name for name, _ in changes.settings)})" if changes.settings else "",
    )
    return f"By `doctor --fix` {', '.join(part for part in parts if part)}: `swarmtutor doctor --undo` takes it back."
