"""`swarmtutor lint`: every mistake in labs, cards and the glossary, with its line."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tui.errors import ExitCode, UserError
from tui.labs.glossary import FILE as GLOSSARY
from tui.labs.glossary import parse_glossary
from tui.labs.lint import lint_lab
from tui.labs.parse import find_labs
from tui.paths import content_dir
from tui.playground.card import examine_card

__all__ = ["lint_files"]


def lint_files(named: Sequence[str], write: Callable[[str], None]) -> int:
    """Check these labs (ids, folders or files), cards and glossaries, or all that is installed; an exit status.

    Raises UserError for what is not there, and for what is no text.
    """
    installed = {path.parent.name: path for path in find_labs(content_dir())}
    paths = [_path(name, installed) for name in named] if named else sorted(installed.values())
    if not named and (content_dir() / GLOSSARY).is_file():
        paths.append(content_dir() / GLOSSARY)
    if not named and not installed:
        raise UserError(
            "There is no lab to check.", f"Labs live in {content_dir()}/<id>/lab.md.", exit_code=ExitCode.NOT_FOUND
        )
    cards = [path for path in paths if path.suffix == ".toml"]
    glossaries = [path for path in paths if path.name == GLOSSARY]
    labs = [path for path in paths if path not in (*cards, *glossaries)]
    mistakes = [mistake.at(str(path)) for path in cards for mistake in examine_card(_read(path))[1]]
    for path in labs:
        mistakes += map(str, lint_lab(_read(path), path))
    for path in glossaries:
        mistakes += map(str, parse_glossary(_read(path), path)[1])
    for mistake in mistakes:
        write(mistake)
    counts = [
        (len(labs), "lab", "labs"),
        (len(glossaries), "glossary", "glossaries"),
        (len(cards), "card", "cards"),
        (len(mistakes), "mistake", "mistakes"),
    ]
    write(", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts if n or one == "mistake"))
    return ExitCode.FAILED if mistakes else ExitCode.OK


def _path(name: str, installed: Mapping[str, Path]) -> Path:
    if name in installed:
        return installed[name]
    path = Path(name)
    if path.is_dir():
        path = path / "lab.md"
    if not path.is_file():
        raise UserError(
            f"There is no lab and no file “{name}”.",
            f"Labs here: {', '.join(sorted(installed)) or 'none'}.",
            exit_code=ExitCode.NOT_FOUND,
        )
    return path


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as text: {error}", exit_code=ExitCode.BROKEN) from error
