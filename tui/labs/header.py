"""The front matter of a lab: what stands between the two `---` lines at its top."""

import re
from dataclasses import dataclass

from tui.labs.checkspec import note_repeated
from tui.labs.facts import unknown_facts
from tui.labs.mistakes import MistakeList
from tui.labs.yamltree import YamlError, YList, YMap, YNode, YScalar, describe, read_yaml
from tui.playground.model import NODE_NAMES

__all__ = ["DIFFICULTIES", "ID", "START_STATES", "Header", "read_header", "split_front_matter"]

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""What the ids of labs and steps look like."""

DIFFICULTIES = ("beginner", "intermediate", "advanced")
START_STATES = ("no-swarm",)
START_STATES_LATER = ("one-manager-two-workers", "three-managers")

_IMAGE = re.compile(r"[a-z0-9]+([._/:-]+[A-Za-z0-9]+)*")
_REQUIRED = ("format", "id", "title", "summary", "difficulty", "minutes", "start")
_OPTIONAL = ("needs", "images")
_LATER = ("vars", "always")


@dataclass(frozen=True, slots=True)
class Header:
    """The front matter, with defaults for what is missing or wrong."""

    id: str = ""
    title: str = ""
    summary: str = ""
    difficulty: str = ""
    minutes: int = 0
    start: str = ""
    images: tuple[str, ...] = ()


def split_front_matter(lines: list[str], mistakes: MistakeList) -> tuple[str, list[str]]:
    """The YAML of the front matter, and the lines with it blanked, so that line numbers stay as they are."""
    if not lines or lines[0].rstrip() != "---":
        mistakes.add(1, "a lab begins with its front matter: a line `---`, then `format: 1`, `id: …`, and again `---`")
        return "", lines
    for index, line in enumerate(lines[1:], start=1):
        if line.rstrip() == "---":
            return "\n".join(lines[1:index]), [""] * (index + 1) + lines[index + 1 :]
    mistakes.add(1, "the front matter has no end: a second line `---` is missing")
    return "", [""] * len(lines)


def read_header(text: str, mistakes: MistakeList) -> Header:
    """Read the front matter and note every mistake in it."""
    try:
        root = read_yaml(text, first_line=2)
    except YamlError as error:
        mistakes.add(error.line, f"front matter: {error.message}")
        return Header()
    if not isinstance(root, YMap):
        mistakes.add(root.line, f"the front matter is a mapping (`id: …`), not {describe(root)}")
        return Header()
    note_repeated(root, mistakes)
    for key, _ in root.entries:
        if key.text in _LATER:
            mistakes.add(key.line, f"`{key.text}` is not supported yet")
        elif key.text not in (*_REQUIRED, *_OPTIONAL):
            mistakes.add_unknown(key.line, "unknown key in the front matter:", key.text, (*_REQUIRED, *_OPTIONAL))
    missing = [key for key in _REQUIRED if root.get(key) is None]
    if missing:
        mistakes.add(1, f"the front matter lacks {', '.join(f'`{key}`' for key in missing)}")
    _check_format(root.get("format"), mistakes)
    _check_needs(root.get("needs"), mistakes)
    lab_id = _text(root.get("id"), "id", mistakes)
    if lab_id and not ID.fullmatch(lab_id):
        node = root.get("id")
        mistakes.add(node.line if node else 1, f"the id `{lab_id}` must be small letters, digits and single hyphens")
    return Header(
        id=lab_id,
        title=_text(root.get("title"), "title", mistakes),
        summary=_text(root.get("summary"), "summary", mistakes),
        difficulty=_word(root.get("difficulty"), "difficulty", DIFFICULTIES, (), mistakes),
        minutes=_minutes(root.get("minutes"), mistakes),
        start=_word(root.get("start"), "start", START_STATES, START_STATES_LATER, mistakes),
        images=_images(root.get("images"), mistakes),
    )


def _text(node: YNode | None, key: str, mistakes: MistakeList) -> str:
    if node is None:
        return ""
    if not isinstance(node, YScalar) or not node.text.strip():
        mistakes.add(node.line, f"`{key}` must be text, not {describe(node)}")
        return ""
    if "{{" in node.text and unknown_facts(node.text):
        mistakes.add(node.line, f"`{key}` cannot hold a live fact: it is shown before there is a swarm")
    return node.text.strip()


def _word(node: YNode | None, key: str, valid: tuple[str, ...], later: tuple[str, ...], mistakes: MistakeList) -> str:
    text = _text(node, key, mistakes)
    if node is None or not text or text in valid:
        return text
    if text in later:
        mistakes.add(node.line, f"`{key}: {text}` is not supported yet; valid: {', '.join(valid)}")
    else:
        mistakes.add_unknown(node.line, f"`{key}` cannot be", text, valid)
    return text


def _whole(node: YNode) -> int | None:
    if isinstance(node, YScalar) and isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value
    return None


def _minutes(node: YNode | None, mistakes: MistakeList) -> int:
    if node is None:
        return 0
    minutes = _whole(node)
    if minutes is None or not 1 <= minutes <= 600:
        mistakes.add(node.line, f"`minutes` must be a whole number from 1 to 600, not {describe(node)}")
        return 0
    return minutes


def _check_format(node: YNode | None, mistakes: MistakeList) -> None:
    if node is not None and _whole(node) != 1:
        mistakes.add(node.line, f"`format` must be 1, the only format this version reads, not {describe(node)}")


def _check_needs(node: YNode | None, mistakes: MistakeList) -> None:
    if node is None:
        return
    if not isinstance(node, YMap):
        mistakes.add(node.line, f"`needs` must be a mapping (nodes, owned), not {describe(node)}")
        return
    note_repeated(node, mistakes)
    for key, value in node.entries:
        if key.text == "nodes":
            if (_whole(value) or 0) not in range(1, len(NODE_NAMES) + 1):
                mistakes.add(value.line, f"`nodes` must be 1 to {len(NODE_NAMES)}, not {describe(value)}")
        elif key.text == "owned":
            if not (isinstance(value, YScalar) and isinstance(value.value, bool)):
                mistakes.add(value.line, f"`owned` must be `true` or `false`, not {describe(value)}")
        else:
            mistakes.add_unknown(key.line, "unknown key in `needs`:", key.text, ("nodes", "owned"))


def _images(node: YNode | None, mistakes: MistakeList) -> tuple[str, ...]:
    if node is None:
        return ()
    if not isinstance(node, YList):
        mistakes.add(node.line, f"`images` must be a list of names such as `swarmtutor/pets:1.0`, not {describe(node)}")
        return ()
    images: list[str] = []
    for item in node.items:
        if isinstance(item, YScalar) and _IMAGE.fullmatch(item.text):
            images.append(item.text)
        else:
            mistakes.add(item.line, f"an image is a name such as `swarmtutor/pets:1.0`, not {describe(item)}")
    return tuple(images)
