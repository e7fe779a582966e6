"""What each key sends, against what xterm sends."""

import pytest

from tui.terminal.keys import encode_key, encode_paste, encode_wheel_as_arrows


@pytest.mark.parametrize(
    ("key", "character", "sent"),
    [
        ("a", "a", b"a"),
        ("A", "A", b"A"),
        ("é", "é", "é".encode()),
        ("space", " ", b" "),
        ("full_stop", ".", b"."),
        ("plus", "+", b"+"),
        ("enter", "\r", b"\r"),
        ("shift+enter", None, b"\r"),
        ("tab", "\t", b"\t"),
        ("shift+tab", None, b"\x1b[Z"),
        ("backspace", "\x7f", b"\x7f"),
        ("backspace", "\x08", b"\x7f"),
        ("ctrl+backspace", None, b"\x08"),
        ("alt+backspace", None, b"\x1b\x7f"),
        ("escape", "\x1b", b"\x1b"),
        ("ctrl+c", "\x03", b"\x03"),
        ("ctrl+c", None, b"\x03"),
        ("ctrl+q", "\x11", b"\x11"),
        ("ctrl+p", "\x10", b"\x10"),
        ("ctrl+j", "\n", b"\n"),
        ("ctrl+@", "\x00", b"\x00"),
        ("ctrl+space", None, b"\x00"),
        ("ctrl+backslash", "\x1c", b"\x1c"),
        ("ctrl+right_square_bracket", "\x1d", b"\x1d"),
        ("ctrl+circumflex_accent", "\x1e", b"\x1e"),
        ("ctrl+underscore", "\x1f", b"\x1f"),
        ("ctrl+slash", None, b"\x1f"),
        ("ctrl+left_square_bracket", None, b"\x1b"),
        ("ctrl+shift+a", None, b"\x01"),
        ("alt+a", "a", b"\x1ba"),
        ("alt+shift+a", "A", b"\x1bA"),
        ("alt+a", None, b"\x1ba"),
        ("alt+full_stop", None, b"\x1b."),
        ("alt+ctrl+a", None, b"\x1b\x01"),
        ("alt+enter", None, b"\x1b\r"),
        ("up", None, b"\x1b[A"),
        ("left", None, b"\x1b[D"),
        ("home", None, b"\x1b[H"),
        ("end", None, b"\x1b[F"),
        ("ctrl+right", None, b"\x1b[1;5C"),
        ("shift+up", None, b"\x1b[1;2A"),
        ("alt+left", None, b"\x1b[1;3D"),
        ("ctrl+shift+end", None, b"\x1b[1;6F"),
        ("insert", None, b"\x1b[2~"),
        ("delete", None, b"\x1b[3~"),
        ("ctrl+delete", None, b"\x1b[3;5~"),
        ("pageup", None, b"\x1b[5~"),
        ("pagedown", None, b"\x1b[6~"),
        ("f1", None, b"\x1bOP"),
        ("f4", None, b"\x1bOS"),
        ("shift+f1", None, b"\x1b[1;2P"),
        ("f5", None, b"\x1b[15~"),
        ("f12", None, b"\x1b[24~"),
        ("ctrl+f5", None, b"\x1b[15;5~"),
        ("f13", None, b"\x1b[1;2P"),
        ("left_shift", None, b""),
        ("super+a", None, b""),
        ("caps_lock", None, b""),
    ],
)
def test_key_is_sent_as_xterm_sends_it(key: str, character: str | None, sent: bytes) -> None:
    assert encode_key(key, character) == sent


@pytest.mark.parametrize(
    ("key", "sent"),
    [("up", b"\x1bOA"), ("end", b"\x1bOF"), ("ctrl+up", b"\x1b[1;5A"), ("delete", b"\x1b[3~")],
)
def test_only_plain_cursor_keys_know_the_application_mode(key: str, sent: bytes) -> None:
    assert encode_key(key, None, application_cursor=True) == sent


def test_lone_surrogate_sends_nothing() -> None:
    assert encode_key("x", "\udc80") == b""


def test_paste_turns_line_ends_into_carriage_returns() -> None:
    assert encode_paste("a\nb\r\nc\td", bracketed=False) == b"a\rb\rc\td"


def test_paste_cannot_end_its_bracket() -> None:
    assert encode_paste("x\x1b[201~rm -rf\x9b201~\x03", bracketed=True) == b"\x1b[200~x[201~rm -rf201~\x1b[201~"


def test_wheel_moves_the_cursor_by_lines() -> None:
    assert encode_wheel_as_arrows("scroll_up", application_cursor=True, lines=2) == b"\x1bOA\x1bOA"
    assert encode_wheel_as_arrows("down", application_cursor=True) == b""
