"""Where things live: the state directory, the runtime directory, a person's own settings, the labs."""

import os
import tempfile
import warnings
from pathlib import Path

import platformdirs

__all__ = ["config_dir", "content_dir", "runtime_dir", "state_dir", "write_whole"]


def state_dir() -> Path:
    """The directory of everything that outlives the program: playgrounds, keys, progress.

    `SWARMTUTOR_STATE` overrides it. Root gets /var/lib/swarmtutor, because engines keep their data below it.
    """
    if override := os.environ.get("SWARMTUTOR_STATE"):
        return Path(override)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/swarmtutor")
    return Path(platformdirs.user_state_dir("swarmtutor", appauthor=False))


def runtime_dir() -> Path:
    """The directory of locks, which mean nothing any more once the machine was restarted."""
    if override := os.environ.get("SWARMTUTOR_RUNTIME"):
        return Path(override)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/run/swarmtutor")
    with warnings.catch_warnings():  # of a session without XDG_RUNTIME_DIR; there is a folder to fall back to
        warnings.simplefilter("ignore")
        return Path(platformdirs.user_runtime_dir("swarmtutor", appauthor=False))


def config_dir() -> Path:
    """The directory of what a person set for themselves: keys, look. `SWARMTUTOR_CONFIG` overrides it."""
    if override := os.environ.get("SWARMTUTOR_CONFIG"):
        return Path(override)
    return Path(platformdirs.user_config_dir("swarmtutor", appauthor=False))


def content_dir() -> Path:
    """The folder of the labs: beside the package in a checkout, inside the package in an installed wheel."""
    package = Path(__file__).resolve().parent
    shipped = package / "_content"
    return shipped if shipped.is_dir() else package.parent / "content"


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all, also when the power goes; readable by its owner alone. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
