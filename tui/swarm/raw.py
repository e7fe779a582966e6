"""Reading raw Engine API answers without trusting their shape: what is missing or of another type counts as empty."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

__all__ = ["RawObject", "flag", "mapping", "moment", "number", "objects", "strings", "text", "texts"]

RawObject = Mapping[str, Any]
_NOTHING: RawObject = {}


def _at(source: RawObject, path: tuple[str, ...]) -> object:
    value: object = source
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = cast("object", value.get(key))
    return value


def mapping(source: RawObject, *path: str) -> RawObject:
    """The object at a path; an empty one where there is none."""
    value = _at(source, path)
    return cast("RawObject", value) if isinstance(value, Mapping) else _NOTHING


def objects(source: RawObject, *path: str) -> Sequence[RawObject]:
    """The list of objects at a path; members of another type are left out."""
    value = _at(source, path)
    if not isinstance(value, list):
        return ()
    return [cast("RawObject", item) for item in cast("list[object]", value) if isinstance(item, Mapping)]


def texts(source: RawObject, *path: str) -> Sequence[str]:
    """The list of strings at a path."""
    value = _at(source, path)
    if not isinstance(value, list):
        return ()
    return [item for item in cast("list[object]", value) if isinstance(item, str)]


def strings(source: RawObject, *path: str) -> tuple[tuple[str, str], ...]:
    """The labels at a path: pairs, sorted by key."""
    return tuple(sorted((key, value) for key, value in mapping(source, *path).items() if isinstance(value, str)))


def text(source: RawObject, *path: str) -> str:
    """The string at a path."""
    value = _at(source, path)
    return value if isinstance(value, str) else ""


def number(source: RawObject, *path: str) -> int:
    """The whole number at a path."""
    value = _at(source, path)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def flag(source: RawObject, *path: str) -> bool:
    """The boolean at a path."""
    return _at(source, path) is True


def moment(source: RawObject, *path: str) -> float:
    """The RFC 3339 time at a path in seconds since the epoch; 0 for the zero time of Go and for nonsense."""
    value = text(source, *path)
    if not value or value.startswith("0001-"):
        return 0.0
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return 0.0
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
