"""The playground's name server answers everything at once, also nonsense."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.playground.providers.dns import answer

HOSTS = {"node1": "10.77.0.11", "registry": "10.77.0.2"}
A, AAAA = 1, 28


def ask(name: str, kind: int = A, flags: int = 0x0100, extra: bytes = b"") -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return (
        struct.pack("!HHHHHH", 0x1234, flags, 1, 0, 0, 1 if extra else 0)
        + labels
        + b"\0"
        + struct.pack("!HH", kind, 1)
        + extra
    )


def take_apart(reply: bytes | None) -> tuple[int, int, bytes]:
    assert reply is not None
    ident, flags, _, answers, _, _ = struct.unpack_from("!HHHHHH", reply)
    assert ident == 0x1234
    assert flags & 0x8000, "marked as an answer"
    return flags & 0xF, answers, reply[-4:]


@pytest.mark.parametrize("name", ["node1", "NODE1", "Node1"])
def test_a_node_is_known_in_any_case(name: str) -> None:
    assert take_apart(answer(ask(name), HOSTS)) == (0, 1, bytes([10, 77, 0, 11]))


def test_anything_else_does_not_exist() -> None:
    assert take_apart(answer(ask("registry-1.docker.io"), HOSTS))[:2] == (3, 0)
    assert take_apart(answer(ask("node1.example"), HOSTS))[:2] == (3, 0)


def test_a_node_has_no_ipv6_address_but_exists() -> None:
    assert take_apart(answer(ask("node1", AAAA), HOSTS))[:2] == (0, 0)


def test_extensions_of_a_question_are_passed_over() -> None:
    extension = b"\0" + struct.pack("!HHIH", 41, 4096, 0, 0)
    assert take_apart(answer(ask("node1", extra=extension), HOSTS))[:2] == (0, 1)


def test_an_answer_gets_no_answer() -> None:
    assert answer(ask("node1", flags=0x8000), HOSTS) is None


def test_other_operations_are_refused() -> None:
    assert take_apart(answer(ask("node1", flags=0x2800), HOSTS))[:2] == (4, 0)


@given(st.binary(max_size=80))
def test_nonsense_never_breaks_it(message: bytes) -> None:
    reply = answer(message, HOSTS)
    assert reply is None or len(reply) >= 12


@given(st.binary(max_size=60))
def test_a_damaged_question_never_breaks_it(tail: bytes) -> None:
    assert answer(struct.pack("!HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0) + tail, HOSTS) is not None
