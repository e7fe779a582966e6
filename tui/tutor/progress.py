"""A learner's progress on disk: written atomically, readable, never overwritten when damaged or newer than we are."""

from datetime import UTC, datetime
from pathlib import Path

from tui.errors import ExitCode, UserError
from tui.paths import write_whole
from tui.tutor.progress_record import FORMAT, LearnerProgress, NewerFormatError, as_text, merge, parse

__all__ = ["ProgressFile"]


class ProgressFile:
    """The file of one lab's progress. With `read_only` it is never written: another copy of the program has it."""

    def __init__(self, path: Path, lab: str, *, read_only: bool = False) -> None:
        self.read_only = read_only
        self._path = path
        self._lab = lab
        self._saved: LearnerProgress | None = None
        self._text = ""  # of the file as we last read or wrote it

    def load(self) -> tuple[LearnerProgress, str]:
        """The progress, and a sentence for the learner if the file could not be read.

        A damaged file is set aside under another name, never overwritten. Raises UserError where the file may not
        be read at all, and for one that a newer program wrote.
        """
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return LearnerProgress(self._lab), ""
        except UnicodeDecodeError:
            return LearnerProgress(self._lab), self._set_aside()
        except OSError as error:
            raise UserError(
                f"Your progress cannot be read: {self._path}: {error.strerror}.",
                "Give yourself the right to read it, or choose another directory with SWARMTUTOR_STATE.",
                exit_code=ExitCode.BROKEN,
            ) from error
        try:
            progress = parse(text, self._lab)
        except NewerFormatError as error:
            raise self._too_new(error) from error
        if progress is None:
            return LearnerProgress(self._lab), self._set_aside()
        self._text = text
        return progress, ""

    def save(self, progress: LearnerProgress) -> LearnerProgress:
        """Write it, whole or not at all; returns what stands in the file now.

        If somebody else wrote the file since we last looked, both accounts are merged. Raises UserError where the
        directory cannot be written, and where a newer program has written the file.
        """
        if self.read_only or progress == self._saved:
            return progress
        try:
            progress = self._with_others(progress)
            text = as_text(progress, datetime.now(UTC).isoformat(timespec="seconds"))
            self._write(text)
        except OSError as error:
            raise UserError(
                f"Your progress cannot be saved: {self._path}: {error.strerror}.",
                "Make room, or choose another directory with SWARMTUTOR_STATE.",
                exit_code=ExitCode.BROKEN,
            ) from error
        self._saved, self._text = progress, text
        return progress

    def put_away(self) -> None:
        """Begin anew; the old file is kept under another name."""
        if self._path.exists():
            self._rename("before")

    def _with_others(self, progress: LearnerProgress) -> LearnerProgress:
        """Our progress, with what another copy of the program wrote meanwhile."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except (FileNotFoundError, UnicodeDecodeError):
            return progress
        if text == self._text:
            return progress
        try:
            theirs = parse(text, self._lab)
        except NewerFormatError as error:
            raise self._too_new(error) from error
        if theirs is None:
            self._rename("damaged")
            return progress
        return merge(progress, theirs)

    def _write(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(self._path, text)

    def _too_new(self, error: NewerFormatError) -> UserError:
        return UserError(
            f"Your progress was saved by a newer Swarmtutor: {self._path} has format {error.number}, "
            f"and this one reads up to {FORMAT}.",
            "Update Swarmtutor; or begin anew with --restart, which keeps the old file under another name.",
            exit_code=ExitCode.BROKEN,
        )

    def _rename(self, why: str) -> Path:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        aside = self._path.with_name(f"{self._path.name}.{why}-{stamp}")
        if not self.read_only:
            self._path.replace(aside)
        return aside

    def _set_aside(self) -> str:
        aside = self._rename("damaged")
        return f"Your progress file was damaged. It is kept as {aside}; the lab begins at its first step."
