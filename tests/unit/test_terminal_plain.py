"""Raw output as a person would have read it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.terminal.plain import plain_text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"one\r\ntwo\r\n", "one\ntwo"),
        (b"one\ntwo", "one\ntwo"),
        (b"\x1b[1;31mred\x1b[0m and \x1b[38:2::1:2:3mmore\x1b[m", "red and more"),
        (b"10%\r20%\r100%\r\n", "100%"),
        (b"long line\rshort\x1b[K\r\n", "short"),
        (b"abc\b\bX", "aXc"),
        (b"a\tb", "a       b"),
        (b"\x1b]0;title\x07text\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\", "textlink"),
        (b"\x1bP1$r0m\x1b\\x\x1b(By\x1b=z", "xyz"),
        (b"\x1b]0;never ended", ""),
        (b"before\r\n\x1b[?1049h\x1b[Hfull\r\nscreen\x1b[?1049lafter", "before\nafter"),
        ("é 中 ✔".encode(), "é 中 ✔"),
        (b"a\xffb", "a\ufffdb"),
        (b"trailing   \r\n\r\n", "trailing"),
        (b"", ""),
        (b"bell\x07 and\x00 nul", "bell and nul"),
        (b"1\r\n2\r\n\x1b[2J\x1b[Hnew", "new"),
        (b"ab\x1b[5Gx\x1b[1Gy", "yb  x"),
    ],
)
def test_what_remains(raw: bytes, text: str) -> None:
    assert plain_text(raw, limit=100) == text


def test_progress_lines_that_are_drawn_again() -> None:
    first = b"overall progress: 0 out of 2 tasks\r\n1/2: preparing \r\n2/2: preparing \r\n"
    then = b"\x1b[3A\x1b[2K\roverall progress: 2 out of 2 tasks\r\n\x1b[2K1/2: running   \r\n\x1b[2K2/2: running   \r\n"
    assert plain_text(first + then + b"verify: Service pets converged \r\n", limit=1000).split("\n") == [
        "overall progress: 2 out of 2 tasks",
        "1/2: running",
        "2/2: running",
        "verify: Service pets converged",
    ]


def test_limit_keeps_the_end() -> None:
    assert plain_text(b"0123456789", limit=4) == "6789"


@given(
    st.lists(
        st.one_of(st.binary(max_size=8), st.sampled_from([b"\x1b[", b"\x1b[9999999B", b"\x1b[999999C", b"A", b"\r"]))
    ).map(b"".join)
)
@settings(max_examples=400, deadline=None)
def test_nothing_raises_and_no_control_character_remains(raw: bytes) -> None:
    text = plain_text(raw, limit=10_000)
    assert all(character == "\n" or character >= " " for character in text)
    assert not any("\x7f" <= character <= "\x9f" for character in text)
