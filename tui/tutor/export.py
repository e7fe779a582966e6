"""`swarmtutor export`: what a learner did in a lab, as files to keep or to hand in. No secret is in them."""

from pathlib import Path

from tui.errors import ExitCode, UserError
from tui.labs.model import Lab
from tui.tutor.asciicast import masked_cast
from tui.tutor.chronicle import JOURNAL_FILE, session_folders
from tui.tutor.journal import Entry, read_entries
from tui.tutor.transcript import Story, story_of, transcript

__all__ = ["export", "written_story"]

TRANSCRIPT_FILE = "transcript.md"


def written_story(lab: Lab, state: Path) -> Story:
    """All sessions of a lab that were written down, as one story. Raises UserError (NOT_FOUND) if there is none."""
    entries: list[Entry] = []
    folders = session_folders(state, lab.id)
    for folder in folders:
        entries += read_entries(_text(folder / JOURNAL_FILE))
    if not entries:
        raise UserError(
            f"Nothing of the lab “{lab.id}” has been written down yet.",
            f"Take it first: swarmtutor run {lab.id}",
            exit_code=ExitCode.NOT_FOUND,
        )
    return story_of(lab, entries)


def export(lab: Lab, state: Path, target: Path) -> tuple[Path, ...]:
    """Write a transcript in Markdown and a cast of each shell into the folder; returns the files.

    Raises UserError: NOT_FOUND if nothing was written down, BUSY for a folder with something in it, FAILED where it
    cannot be written.
    """
    story = written_story(lab, state)
    secrets = [variable.value for variable in lab.variables if variable.secret and "{{" not in variable.value]
    try:
        if target.exists() and any(target.iterdir()):
            raise UserError(
                f"The folder {target} is not empty.", "Name another one with --to.", exit_code=ExitCode.BUSY
            )
        target.mkdir(parents=True, exist_ok=True)
        written = [target / TRANSCRIPT_FILE]
        written[0].write_text(transcript(story), encoding="utf-8")
        for number, folder in enumerate(session_folders(state, lab.id), start=1):
            for cast in sorted(folder.glob("*.cast")):
                path = target / f"session{number}-{cast.name}"
                try:
                    hidden = masked_cast(_text(cast), secrets)
                except ValueError:
                    continue  # cut off before its first line was whole
                path.write_text(hidden, encoding="utf-8")
                written.append(path)
    except OSError as error:
        raise UserError(f"The files cannot be written to {target}: {error.strerror}.") from error
    return tuple(written)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(
            f"What was written down cannot be read: {path}: {error.strerror}.", exit_code=ExitCode.BROKEN
        ) from error
