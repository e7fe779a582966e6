"""A learner's progress through one lab, on disk: written atomically, readable, never overwritten when damaged."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from tui.errors import ExitCode, UserError

__all__ = ["LearnerProgress", "ProgressFile", "parse"]

FORMAT = 1


def _none_used() -> Mapping[str, int]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LearnerProgress:
    """How far a learner is. Step ids, not numbers, so that an edited lab does not shift anybody.

    `swarm` is the cluster id at the moment of the last step done: it tells whether the nodes are still the same.
    """

    lab: str
    current: str = ""
    done: tuple[str, ...] = ()
    hints: Mapping[str, int] = field(default_factory=_none_used)
    swarm: str = ""


class ProgressFile:
    """The file of one lab's progress."""

    def __init__(self, path: Path, lab: str) -> None:
        self._path = path
        self._lab = lab
        self._saved: LearnerProgress | None = None

    def load(self) -> tuple[LearnerProgress, str]:
        """The progress, and a sentence for the learner if the file could not be read.

        A damaged file is set aside under another name, never overwritten. Raises UserError where the file may not
        be read at all.
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
        progress = parse(text, self._lab)
        if progress is None:
            return LearnerProgress(self._lab), self._set_aside()
        return progress, ""

    def save(self, progress: LearnerProgress) -> None:
        """Write it, whole or not at all. Raises UserError where the directory cannot be written."""
        if progress == self._saved:
            return
        record = {
            "format": FORMAT,
            "lab": progress.lab,
            "current": progress.current,
            "done": list(progress.done),
            "hints": dict(progress.hints),
            "swarm": progress.swarm,
            "saved": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(record, file, indent=2)
                    file.write("\n")
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(name, self._path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise UserError(
                f"Your progress cannot be saved: {self._path}: {error.strerror}.",
                "Make room, or choose another directory with SWARMTUTOR_STATE.",
                exit_code=ExitCode.BROKEN,
            ) from error
        self._saved = progress

    def put_away(self) -> None:
        """Begin anew; the old file is kept under another name."""
        if self._path.exists():
            self._rename("before")

    def _rename(self, why: str) -> Path:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        aside = self._path.with_name(f"{self._path.name}.{why}-{stamp}")
        self._path.replace(aside)
        return aside

    def _set_aside(self) -> str:
        aside = self._rename("damaged")
        return f"Your progress file was damaged. It is kept as {aside}; the lab begins at its first step."


def parse(text: str, lab: str) -> LearnerProgress | None:
    """The progress in a file's text; None if it is not one of ours."""
    try:
        loaded: object = json.loads(text)
    except ValueError:
        return None
    if not isinstance(loaded, dict):
        return None
    record = cast("dict[str, Any]", loaded)
    current, done, hints, swarm = (record.get(key) for key in ("current", "done", "hints", "swarm"))
    if record.get("format") != FORMAT or record.get("lab") != lab:
        return None
    if not isinstance(current, str) or not isinstance(swarm, str):
        return None
    if not isinstance(done, list) or not all(isinstance(step, str) for step in cast("list[object]", done)):
        return None
    if not isinstance(hints, dict) or not all(
        isinstance(count, int) and count >= 0 for count in cast("dict[str, object]", hints).values()
    ):
        return None
    return LearnerProgress(
        lab=lab,
        current=current,
        done=tuple(cast("list[str]", done)),
        hints=MappingProxyType(cast("dict[str, int]", hints)),
        swarm=swarm,
    )
