"""Markdown as lines of text that can be read aloud: one line a paragraph or item, code as it stands. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["Line", "ended", "prose_lines"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of what is said. `code`: it stands exactly so, and is never wrapped."""

    text: str
    code: bool = False


def ended(text: str) -> str:
    """The text with a full stop, if it has no end of its own."""
    text = text.rstrip()
    return text if not text or text[-1] in ".!?:…" else f"{text}."


def prose_lines(markdown: str) -> list[Line]:
    """A line for each paragraph, list item and row of a table, and for each line of a code block.

    Emphasis is left out; code in a sentence keeps its backticks, so that it is heard and copied as what it is. The
    address of a link follows its text. Comments and other HTML are not shown.
    """
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    return list(_lines(tokens))


def _lines(tokens: Sequence[Token]) -> Iterator[Line]:
    lists: list[int] = []  # the number of the next item of each open list; 0 where items have none
    opened = ""  # what the first line of an item begins with
    heads: list[str] = []
    row: list[str] = []
    in_table = False
    for token in tokens:
        match token.type:
            case "bullet_list_open":
                lists.append(0)
            case "ordered_list_open":
                start = token.attrGet("start")
                lists.append(int(start) if start is not None else 1)
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                opened = f"{lists[-1]}. " if lists[-1] else "- "
                lists[-1] += bool(lists[-1])
            case "table_open":
                in_table, heads = True, []
            case "table_close":
                in_table = False
            case "tr_open":
                row = []
            case "tr_close" if not heads:
                heads = row
            case "tr_close":
                yield Line(ended("; ".join(_cell(head, cell) for head, cell in zip(heads, row, strict=False))))
            case "inline" if in_table:
                row.append(_inline(token.children or ()))
            case "inline":
                yield Line(f"{opened}{_inline(token.children or ())}")
                opened = ""
            case "fence" | "code_block":
                yield from (Line(line, code=True) for line in token.content.rstrip("\n").split("\n"))
            case _:
                pass


def _cell(head: str, cell: str) -> str:
    return f"{head}: {cell}" if head else cell


def _inline(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    links: list[tuple[str, int]] = []  # where each open link leads, and how many parts there were before it
    for token in tokens:
        match token.type:
            case "text":
                parts.append(token.content)
            case "code_inline":
                parts.append(f"`{token.content}`")
            case "softbreak" | "hardbreak":
                parts.append(" ")
            case "image":
                parts.append(token.content)
            case "link_open":
                links.append((str(token.attrGet("href") or ""), len(parts)))
            case "link_close":
                address, before = links.pop()
                if address and address != "".join(parts[before:]):
                    parts.append(f" ({address})")
            case _:
                pass
    return " ".join("".join(parts).split()) if "`" not in "".join(parts) else "".join(parts).strip()
