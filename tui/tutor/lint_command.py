"""`swarmtutor lint`: every mistake in labs, cards and the glossary, with its line."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tui.errors import ExitCode, UserError
from tui.labs.lint import lint_lab
from tui.labs.parse import find_labs
from tui.paths import content_dir
from tui.playground.card import examine_card

__all__ = ["lint_files"]


def lint_files(named: Sequence[str], write: Callable[[str], None]) -> int:
    """Check these labs (ids, folders or files) and cards, or all installed labs; returns an exit status.

    Raises UserError for what is not there, and for what is no text.
    """
    installed = {path.parent.name: path for path in find_labs(content_dir())}
    paths = [_path(name, installed) for name in named] if named else sorted(installed.values())
    if not paths:
        raise UserError(
            "There is no lab to check.", f"Labs live in {content_dir()}/<id>/lab.md.", exit_code=ExitCode.NOT_FOUND
        )
    cards = [path for path in paths if path.suffix == ".toml"]
    labs = [path for path in paths if path not in cards]
    mistakes = [mistake.at(str(path)) for path in cards for mistake in examine_card(_read(path))[1]]
    for path in labs:
        mistakes += [f"{mistake.path}:{mistake.line}: {mistake.message}" for mistake in lint_lab(_read(path), path)]
    for mistake in mistakes:
        write(mistake)
    counts = [(len(labs), "lab"), (len(cards), "card"), (len(mistakes), "mistake")]
    write(", ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in counts if n or word == "mistake"))
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
