"""`swarmtutor keys`: the keys as they are now, and a file to change them. And the same as Markdown, for the docs."""

import json
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path

from tui.app.actions import ACTIONS, Action, key_names, keys_of
from tui.app.keymap import FILE, read_keymap, template
from tui.errors import ExitCode, UserError
from tui.paths import config_dir

__all__ = ["cheat_sheet", "main", "show_keys", "write_file"]


def show_keys(write: Callable[[str], None], *, as_json: bool) -> int:
    """Print every action with its keys. Raises UserError, with every mistake and its line, for a file that is wrong."""
    path = config_dir() / FILE
    keymap = read_keymap(path)
    if as_json:
        write(json.dumps({"file": str(path), "actions": [_record(action, keymap) for action in ACTIONS]}, indent=2))
        return ExitCode.OK
    rows = [(key_names(keys_of(action, keymap)) or "(none)", action) for action in ACTIONS]
    keys_width = max(len(keys) for keys, _ in rows)
    id_width = max(len(action.id) for action in ACTIONS)
    for keys, action in rows:
        mark = "*" if keys_of(action, keymap) != keys_of(action, {}) else " "
        write(f"{mark} {keys:<{keys_width}}  {action.id:<{id_width}}  {action.title}")
    write("")
    if path.exists():
        write(f"* changed in {path}")
    else:
        write(f"`swarmtutor keys --write` makes a file to change them: {path}")
    return ExitCode.OK


def _record(action: Action, keymap: Mapping[str, str]) -> dict[str, object]:
    usual = keys_of(action, {})
    keys = keys_of(action, keymap)
    return {"id": action.id, "keys": keys, "usual": usual, "title": action.title, "help": action.help}


def write_file(write: Callable[[str], None]) -> int:
    """Make the file, with every action as a comment. Raises UserError if it is there, or cannot be written."""
    path = config_dir() / FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(template())
    except FileExistsError:
        raise UserError(
            f"There is a file of your own keys already: {path}.",
            "Change that one; or move it away, and begin anew.",
            exit_code=ExitCode.BUSY,
        ) from None
    except OSError as error:
        raise UserError(
            f"The file of your keys cannot be written: {path}: {error.strerror}.",
            "Another folder for it: SWARMTUTOR_CONFIG.",
            exit_code=ExitCode.BROKEN,
        ) from error
    write(f"{path} lists all actions with their usual keys. Take the # from a line, and write your own keys.")
    return ExitCode.OK


def cheat_sheet() -> str:
    """All keys as Markdown, from the table of actions."""
    lines = [
        "# Keys",
        "",
        "<!-- Written by `make keys` from the table of actions; a test holds that it is up to date. -->",
        "",
        "No mouse and no F-key is needed: whatever an F-key does, another key does too. In the shell every key is the",
        "shell's, but for the F-keys and `Ctrl-]`; without F-keys, press `Ctrl-]` first, then the other key.",
        "`swarmtutor keys` lists the keys as they are now, `swarmtutor keys --write` makes a file to change them.",
    ]
    for area, actions in groupby(ACTIONS, key=lambda action: action.title.partition(": ")[0]):
        lines += ["", f"## {area.capitalize()}", "", "| key | does | id |", "| --- | --- | --- |"]
        for action in actions:
            keys = " ".join(f"`{key}`" for key in key_names(keys_of(action, {})).split())
            title = action.title.partition(": ")[2]
            lines.append(f"| {keys} | {title}. {action.help} | `{action.id}` |")
    return "\n".join(lines) + "\n"


def main(path: Path) -> None:
    """Write the cheat sheet."""
    path.write_text(cheat_sheet(), encoding="utf-8")


if __name__ == "__main__":
    import sys

    main(Path(sys.argv[1]))
