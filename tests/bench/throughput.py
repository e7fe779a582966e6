"""How fast our terminal engine takes what a shell writes, beside the library it is built on."""

import importlib
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

from tests.bench.stats import Options, Result, Row, Unit
from tui.terminal.bittty_engine import BitttyEngine

__all__ = ["COLUMNS", "ROWS", "coloured", "filled", "log_lines", "measure"]

COLUMNS, ROWS = 120, 40
CHUNK = 4096
_WORDS = [
    "swarm",
    "node",
    "service",
    "task",
    "replica",
    "overlay",
    "ingress",
    "manager",
    "worker",
    "token",
    "drain",
    "active",
    "pets",
]


def measure(options: Options) -> Result:
    """MB/s for each kind of content; ours and the library's own, in turn."""
    size = options.rounds(256, 64) * 1024
    rows: list[Row] = []
    for kind, make in _KINDS.items():
        content = filled(make(random.Random(kind)), size)
        chunks = [content[start : start + CHUNK] for start in range(0, len(content), CHUNK)]
        ours: list[float] = []
        raw: list[float] = []
        for _ in range(options.rounds(7, 3)):
            raw.append(_speed(_library(), chunks))
            ours.append(_speed(BitttyEngine(COLUMNS, ROWS).feed, chunks))
        rows.append(Row.of(kind, Unit.MB_PER_SECOND, ours, baseline=("bittty alone", raw)))
    return Result(
        tuple(rows),
        ("the larger the faster: p95 is the fastest; ours keeps what scrolls off and counts widths by cluster, too",),
    )


def _library() -> Callable[[bytes], object]:
    """The library's own door for bytes."""
    # It has no type information, so that it is imported as a value.
    board: Any = importlib.import_module("bittty").Board(width=COLUMNS, height=ROWS)
    return cast("Callable[[bytes], object]", board.feed_host_data)


def _speed(feed: Callable[[bytes], object], chunks: list[bytes]) -> float:
    begun = time.perf_counter()
    for chunk in chunks:
        feed(chunk)
    return sum(map(len, chunks)) / 1e6 / (time.perf_counter() - begun)


def filled(lines: Iterator[str], size: int) -> bytes:
    """At least so many bytes of it."""
    content = bytearray()
    while len(content) < size:
        content += next(lines).encode()
    return bytes(content)


def _sentence(chance: random.Random, length: int) -> str:
    text = ""
    while len(text) < length:
        text += chance.choice(_WORDS) + " "
    return text[:length]


def _plain(chance: random.Random) -> Iterator[str]:
    while True:
        yield _sentence(chance, chance.randrange(20, COLUMNS)) + "\r\n"


def coloured(chance: random.Random) -> Iterator[str]:
    """Every word in another colour."""
    while True:
        words = _sentence(chance, 80).split()
        yield "".join(f"\x1b[{chance.choice((0, 1, 4))};3{chance.randrange(8)}m{w} " for w in words) + "\x1b[0m\r\n"


def _cursor(chance: random.Random) -> Iterator[str]:
    while True:
        place = f"\x1b[{chance.randrange(1, ROWS)};{chance.randrange(1, COLUMNS - 20)}H"
        yield place + _sentence(chance, 12) + "\x1b[K"


def _progress(chance: random.Random) -> Iterator[str]:
    """What `docker service create` draws: the same few lines over and over."""
    while True:
        for task in range(1, 7):
            yield f"\r\x1b[2K{task}/6: {chance.choice(('preparing', 'starting ', 'running  '))} [====>     ] \r\n"
        yield "\x1b[6A"


def log_lines(chance: random.Random) -> Iterator[str]:
    """What a service writes down of its requests."""
    while True:
        moment = f"2026-11-22T12:{chance.randrange(60):02}:{chance.randrange(60):02}Z"
        yield f"{moment} web.{chance.randrange(9)} GET /pets/{chance.randrange(10**6)} 200 {_sentence(chance, 30)}\r\n"


def _flood(chance: random.Random) -> Iterator[str]:
    """What `yes` writes."""
    while True:
        yield "y\r\n"


def _scroll(chance: random.Random) -> Iterator[str]:
    while True:
        yield f"{chance.randrange(10**6)}\r\n"


def _wide(chance: random.Random) -> Iterator[str]:
    while True:
        yield "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(COLUMNS // 2)) + "\r\n"


_KINDS: dict[str, Callable[[random.Random], Iterator[str]]] = {
    "plain text": _plain,
    "colours (SGR)": coloured,
    "cursor addressing": _cursor,
    "progress of docker service create": _progress,
    "short lines that scroll": _scroll,
    "yes": _flood,
    "a log": log_lines,
    "wide characters (CJK)": _wide,
}
