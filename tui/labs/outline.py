"""The Markdown of a lab cut into headings, prose, commands, notes and `yaml` fences, each with its line.

Cut by the tokens of markdown-it-py, so that a `## ` inside a fence is no heading. Prose keeps the author's text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tui.labs.facts import FACT
from tui.labs.mistakes import MistakeList
from tui.labs.model import Command, Prose
from tui.playground.model import NODE_NAMES

__all__ = ["PROSE_FENCES", "Fence", "FenceKind", "Heading", "Note", "Part", "cut", "displayed_fences"]

PROSE_FENCES = ("text", "console", "json", "dockerfile", "toml", "ini", "http")
"""Fences that are shown as they are and never run."""

_SHELL_WORDS = ("sh", "shell", "bash")
_FLAGS = ("optional", "expect-fail")
_WIDEST_LEVEL = 2
_ANCHOR = re.compile(r"(?P<title>.*?)\s*\{\s*#(?P<id>[^}\s]*)\s*\}\s*")
_NOTE = re.compile(r"<!--\s*note:(?P<text>.*)-->", re.DOTALL)


class FenceKind(StrEnum):
    """What a `yaml` fence holds."""

    STEP = "step"
    PREDICT = "predict"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Heading:
    """A `#` or `##` heading; `id` is empty where it has none."""

    level: int
    title: str
    id: str
    line: int


@dataclass(frozen=True, slots=True)
class Fence:
    """A `yaml` fence: its text, and the line of its first line of text."""

    text: str
    line: int
    kind: FenceKind = FenceKind.STEP


@dataclass(frozen=True, slots=True)
class Note:
    """A speaker's note: `<!-- note: … -->`."""

    text: str
    line: int


Part = Heading | Prose | Command | Fence | Note


def cut(lines: Sequence[str], mistakes: MistakeList) -> tuple[Part, ...]:
    """The parts of the document in order. Notes what can be seen without looking into the `yaml` fences."""
    tokens = _tokens(lines)
    parts: list[Part] = []
    begin = 0  # of the prose that is being gathered

    def end_prose(until: int) -> None:
        first, last = begin, until
        while first < last and not lines[first].strip():
            first += 1
        while last > first and not lines[last - 1].strip():
            last -= 1
        if first < last:
            parts.append(Prose("\n".join(lines[first:last]), first + 1))

    for index, token in enumerate(tokens):
        if token.map is None:
            continue
        start, end = token.map
        part = _part(token, tokens, index, mistakes)
        if part is None:
            continue
        end_prose(start)
        begin = end
        if not isinstance(part, str):
            parts.append(part)
    end_prose(len(lines))
    return tuple(parts)


def displayed_fences(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The fences that a learner sees, commands and text: the line of the first line of text, and the text."""
    for token in _tokens(lines):
        if token.type == "fence" and token.map is not None and not token.info.startswith("yaml"):
            yield token.map[0] + 2, token.content


def _tokens(lines: Sequence[str]) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse("\n".join(lines))


def _part(token: Token, tokens: Sequence[Token], index: int, mistakes: MistakeList) -> Part | str | None:
    """What a token cuts out of the prose: a part, "" for what is dropped, None for what stays prose."""
    line = (token.map or [0, 0])[0] + 1
    if token.type == "heading_open" and token.level == 0 and len(token.tag) == 2 and int(token.tag[1]) <= _WIDEST_LEVEL:
        return _heading(int(token.tag[1]), tokens[index + 1], line, mistakes)
    if token.type == "fence":
        return _fence(token, line, mistakes)
    if token.type == "html_block":
        return _html(token, line, mistakes)
    if token.type == "inline":
        _check_inline(token, line, mistakes)
    return None


def _heading(level: int, inline: Token, line: int, mistakes: MistakeList) -> Heading:
    content = _plain_text(inline)
    match = _ANCHOR.fullmatch(content)
    title, anchor = (match["title"], match["id"]) if match else (content, "")
    if match and not anchor:
        mistakes.add(line, "the id in `{#…}` is empty")
    if not title.strip():
        mistakes.add(line, "a heading needs a title")
    if "{{" in title:
        mistakes.add(line, "a title cannot hold a live fact")
    return Heading(level, title.strip(), anchor, line)


def _plain_text(inline: Token) -> str:
    """The text of a heading without its marks of emphasis and code."""
    shown = ("text", "code_inline", "html_inline", "text_special")
    return " ".join("".join(child.content for child in inline.children or () if child.type in shown).split())


def _fence(token: Token, line: int, mistakes: MistakeList) -> Part | None:
    words = token.info.split()
    kind = words[0] if words else ""
    if kind == "sh" and len(words) > 1:
        return _command(token, words[1], words[2:], line, mistakes)
    if kind in _SHELL_WORDS:
        mistakes.add(
            line, f"on which node? ```` ```sh {NODE_NAMES[0]} ```` is a command, ```` ```text ```` is only shown"
        )
        return None
    if kind == "yaml":
        return _yaml(token, words[1:], line, mistakes)
    if kind not in PROSE_FENCES:
        what = f"unknown kind of fence `{kind}`" if kind else "a fence without a kind"
        valid = (f"sh {NODE_NAMES[0]}", *(f"yaml {word}" for word in FenceKind), *PROSE_FENCES)
        mistakes.add(line, f"{what}; valid: {', '.join(f'`{word}`' for word in valid)}")
    return None


def _command(token: Token, node: str, flags: Sequence[str], line: int, mistakes: MistakeList) -> Part | None:
    if token.level > 0:
        mistakes.add(line, "a command's fence must stand at the left margin, not inside a list or a quotation")
        return None
    if node not in NODE_NAMES:
        mistakes.add_unknown(line, "unknown node", node, NODE_NAMES)
    for flag in flags:
        if flag not in _FLAGS:
            mistakes.add_unknown(line, "unknown flag of a fence:", flag, _FLAGS)
    text = token.content.rstrip("\n")
    if not text.strip():
        mistakes.add(line, "this fence holds no command")
    for offset, row in enumerate(text.split("\n"), start=1):
        mistakes.add_unknown_facts(line + offset, row)
    return Command(node, text, line, optional="optional" in flags, expect_fail="expect-fail" in flags)


def _yaml(token: Token, words: Sequence[str], line: int, mistakes: MistakeList) -> Part | None:
    kind = words[0] if words else ""
    if kind not in tuple(FenceKind) or len(words) > 1:
        what = f"unknown kind of fence `{token.info.strip()}`;" if words else "a `yaml` fence of which kind?"
        kinds = ", ".join(f"`yaml {word}`" for word in FenceKind)
        mistakes.add(line, f"{what} there are {kinds}; to show YAML, call the fence `text`")
    elif token.level > 0:
        mistakes.add(line, f"a `yaml {kind}` fence must stand at the left margin, not inside a list or a quotation")
    else:
        return Fence(token.content, line + 1, FenceKind(kind))
    return None


def _html(token: Token, line: int, mistakes: MistakeList) -> Part | str | None:
    content = token.content.strip()
    if not (content.startswith("<!--") and content.endswith("-->") and content.count("-->") == 1):
        mistakes.add(line, "HTML is not shown in a lesson; write it as Markdown, or put backticks around `<…>`")
    elif note := _NOTE.fullmatch(content):
        return _note(note["text"].strip(), token.level, line, mistakes)
    return "" if token.level == 0 else None


def _note(text: str, level: int, line: int, mistakes: MistakeList) -> Part | None:
    if level > 0:
        mistakes.add(line, "a speaker's note must stand at the left margin, not inside a list or a quotation")
        return None
    if not text:
        mistakes.add(line, "this speaker's note is empty")
    mistakes.add_unknown_facts(line, text)
    return Note(text, line)


def _check_inline(token: Token, line: int, mistakes: MistakeList) -> None:
    row = line
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            row += 1
        elif child.type == "html_inline":
            mistakes.add(row, f"`{child.content}` would not be shown; put backticks around it")
        elif child.type == "text" and FACT.search(child.content):
            mistakes.add(row, "a live fact in the text needs backticks: its placeholder `<…>` would not be shown")
        if child.type in ("text", "code_inline"):
            mistakes.add_unknown_facts(row, child.content)
