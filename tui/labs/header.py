"""The front matter of a lab: what stands between the two `---` lines at its top."""

import re
from dataclasses import dataclass

from tui.labs.facts import FACT, fact_of, unknown_facts
from tui.labs.mistakes import MistakeList
from tui.labs.model import Invariant, Variable
from tui.labs.values import meant, note_keys, read_each, read_flag
from tui.labs.variables import read_invariant, read_variables
from tui.labs.yamltree import YamlError, YList, YMap, YNode, YScalar, describe, read_yaml
from tui.playground.model import NODE_NAMES

__all__ = [
    "DIFFICULTIES",
    "HEADER_KEYS",
    "ID",
    "REQUIRED_KEYS",
    "START_STATES",
    "Header",
    "read_header",
    "split_front_matter",
]

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""What the ids of labs and steps look like."""

DIFFICULTIES = ("beginner", "intermediate", "advanced")
START_STATES = ("no-swarm", "one-manager-two-workers", "three-managers")

_IMAGE = re.compile(r"[a-z0-9]+([._/:-]+[A-Za-z0-9]+)*")
REQUIRED_KEYS = ("format", "id", "title", "summary", "difficulty", "minutes", "start")
HEADER_KEYS = (*REQUIRED_KEYS, "needs", "images", "vars", "always")
_NEEDS = ("nodes", "owned")


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
    nodes: int = len(NODE_NAMES)
    owned: bool = False
    variables: tuple[Variable, ...] = ()
    always: tuple[Invariant, ...] = ()

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of the facts that this lab adds."""
        return tuple(fact_of(variable.name) for variable in self.variables)


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


def read_header(text: str, mistakes: MistakeList) -> Header | None:
    """Read the front matter and note every mistake in it. None where it cannot be read at all."""
    try:
        root = read_yaml(text, first_line=2)
    except YamlError as error:
        mistakes.add(error.line, f"front matter: {error.message}")
        return None
    if not isinstance(root, YMap):
        mistakes.add(root.line, f"the front matter is a mapping (`id: …`), not {describe(root)}")
        return None
    note_keys(root, "the front matter", HEADER_KEYS, mistakes)
    missing = [key for key in REQUIRED_KEYS if root.get(key) is None]
    if missing:
        mistakes.add(1, f"the front matter lacks {', '.join(f'`{key}`' for key in missing)}")
    _check_format(root.get("format"), mistakes)
    nodes, owned = _needs(root.get("needs"), mistakes)
    variables = read_variables(meant(root, "vars", HEADER_KEYS), mistakes)
    allowing = mistakes.allowing(*(fact_of(variable.name) for variable in variables))
    start = _word(root.get("start"), "start", START_STATES, mistakes)
    if start in START_STATES[1:] and nodes < len(NODE_NAMES):
        needs = root.get("needs")
        mistakes.add(
            needs.line if needs else 1, f"`start: {start}` takes {len(NODE_NAMES)} nodes, `needs` says {nodes}"
        )
    lab_id = _text(root.get("id"), "id", mistakes)
    if lab_id and not ID.fullmatch(lab_id):
        node = root.get("id")
        mistakes.add(node.line if node else 1, f"the id `{lab_id}` must be small letters, digits and single hyphens")
    return Header(
        id=lab_id,
        title=_text(root.get("title"), "title", mistakes),
        summary=_text(root.get("summary"), "summary", mistakes),
        difficulty=_word(root.get("difficulty"), "difficulty", DIFFICULTIES, mistakes),
        minutes=_minutes(root.get("minutes"), mistakes),
        start=start,
        images=_images(root.get("images"), mistakes),
        nodes=nodes,
        owned=owned,
        variables=variables,
        always=read_each(meant(root, "always", HEADER_KEYS), "always", read_invariant, allowing),
    )


def _text(node: YNode | None, key: str, mistakes: MistakeList) -> str:
    if node is None:
        return ""
    if not isinstance(node, YScalar) or not node.text.strip():
        mistakes.add(node.line, f"`{key}` must be text, not {describe(node)}")
        return ""
    if FACT.search(node.text) or unknown_facts(node.text):
        mistakes.add(node.line, f"`{key}` cannot hold a live fact: it is shown before there is a swarm")
    return node.text.strip()


def _word(node: YNode | None, key: str, valid: tuple[str, ...], mistakes: MistakeList) -> str:
    text = _text(node, key, mistakes)
    if node is not None and text and text not in valid:
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


def _needs(node: YNode | None, mistakes: MistakeList) -> tuple[int, bool]:
    """How many nodes, and whether they must be ours."""
    most = len(NODE_NAMES)
    if node is None:
        return most, False
    if not isinstance(node, YMap):
        mistakes.add(node.line, f"`needs` must be a mapping ({', '.join(_NEEDS)}), not {describe(node)}")
        return most, False
    note_keys(node, "`needs`", _NEEDS, mistakes)
    nodes = node.get("nodes")
    if nodes is not None and (_whole(nodes) or 0) not in range(1, most + 1):
        mistakes.add(nodes.line, f"`nodes` must be 1 to {most}, not {describe(nodes)}")
        nodes = None
    return (_whole(nodes) or most) if nodes is not None else most, read_flag(node.get("owned"), "`owned`", mistakes)


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
