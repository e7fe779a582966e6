"""The learner's own web requests, read out of what their shells write."""

from collections.abc import Sequence

import pytest

from tui.checks.model import WebTarget
from tui.playground.model import WebAnswer
from tui.terminal.marks import CommandEnded, CommandStarted, NodeNamed, Output, ShellEvent
from tui.tutor.web_requests import KEPT_REQUESTS, OwnRequest, RequestSpotter, pages_of

NOW = 1_700_000_000.0
NODES = {"node1": "node1", "10.77.0.11": "node1", "node2": "node2", "10.77.0.12": "node2"}
ONE, TWO = "0a1b2c3d4e5f", "f5e4d3c2b1a0"
PAGE = "  /\\_/\\\r\n ( o.o )\r\n\r\n  A cat.\r\n  served by {} on node2 · pets 1.0\r\n"


def asked(text: str, *written: str, status: int | None = 0, home: str = "node1") -> Sequence[OwnRequest]:
    """What is spotted of a command that writes this and ends so (None: it runs on)."""
    spotter = RequestSpotter(NODES)
    events: list[ShellEvent] = [CommandStarted(text), *(Output(each.encode()) for each in written)]
    spotter.take(home, [*events, *([] if status is None else [CommandEnded(status)])], NOW)
    return spotter.requests


@pytest.mark.parametrize(
    ("line", "pages"),
    [
        ("curl node1:5000", [WebTarget("node1", 5000)]),
        ("curl -s -m 3 http://10.77.0.12:5000/kind?x=1", [WebTarget("node2", 5000, "/kind?x=1")]),
        ("curl localhost:8080", [WebTarget("node1", 8080)]),
        ("ssh node2 curl localhost:8080", [WebTarget("node2", 8080)]),
        ("wget -qO- node2", [WebTarget("node2", 80)]),
        ("curl -s node1:5000 node2:5000", [WebTarget("node1", 5000), WebTarget("node2", 5000)]),
        ("while true; do sudo curl -s node2:5000 | tail -n 1; sleep 1; done", [WebTarget("node2", 5000)]),
        ("curl https://node1/", [WebTarget("node1", 443)]),
        ("curl example.org:5000", []),
        ("docker exec box curl localhost:5000", []),
        ("echo curl node1:5000", []),
        ("curl node1:99999", []),
        ("curl 'node1:5000", [WebTarget("node1", 5000)]),
        ("", []),
    ],
)
def test_the_pages_that_a_line_asks_for(line: str, pages: list[WebTarget]) -> None:
    assert list(pages_of(line, "node1", NODES)) == pages


def test_a_page_that_names_its_replica_is_one_request() -> None:
    (request,) = asked("curl node1:5000", PAGE.format(ONE))
    assert request == OwnRequest(NOW, WebTarget("node1", 5000), WebAnswer(200, served_by=ONE))


def test_a_loop_is_told_while_it_runs_whatever_the_pieces() -> None:
    text = "".join(PAGE.format(each) for each in (ONE, TWO, ONE))
    pieces = [text[start : start + 7] for start in range(0, len(text), 7)]
    loop = "while true; do curl -s node2:5000; done"
    requests = asked(loop, *pieces, status=None)
    assert [request.answer.served_by for request in requests] == [ONE, TWO, ONE]
    assert {request.target for request in requests} == {WebTarget("node2", 5000)}


def test_the_header_and_the_page_below_it_are_one_answer() -> None:
    head = "HTTP/1.1 200 OK\r\nX-Served-By: {}\r\n\r\n"
    both = asked("curl -i node1:5000", head.format(ONE) + PAGE.format(ONE))
    assert [request.answer.served_by for request in both] == [ONE]
    heads = asked("for i in 1 2; do curl -sI node1:5000; done", head.format(ONE) + head.format(ONE))
    assert len(heads) == 2
    mixed = asked("curl -I node1:5000; curl node1:5000", head.format(ONE), "HTTP/1.1 200 OK\r\n", PAGE.format(ONE))
    assert len(mixed) == 2


def test_colours_around_the_words_do_not_hide_them() -> None:
    (request,) = asked(
        "curl -s node1:5000 | grep served", f"  \x1b[01;31m\x1b[Kserved\x1b[m\x1b[K by {ONE} on node1\r\n"
    )
    assert request.answer.served_by == ONE


def test_several_pages_answer_in_the_order_in_which_they_are_asked() -> None:
    requests = asked("curl -s node1:5000 node2:5000", PAGE.format(ONE), PAGE.format(TWO))
    assert [(r.target.node, r.answer.served_by) for r in requests] == [("node1", ONE), ("node2", TWO)]


def test_a_refusal_is_a_failed_request_with_its_words() -> None:
    said = "curl: (7) Failed to connect to node1 port 5000 after 0 ms: Couldn't connect to server\r\n"
    (request,) = asked("curl node1:5000", said, status=7)
    assert request.answer.status == 0
    assert request.answer.error.startswith("Failed to connect to node1")


@pytest.mark.parametrize(
    ("status", "error"), [(7, "connection refused"), (6, "no machine of that name"), (3, "exit status 3")]
)
def test_a_silent_refusal_is_known_by_its_exit_status(status: int, error: str) -> None:
    (request,) = asked("curl -s node1:5000", status=status)
    assert request.answer == WebAnswer(0, error=error)


def test_what_a_page_without_a_name_said_counts_once() -> None:
    assert [request.answer for request in asked("curl node1:8080", "hello\r\n")] == [WebAnswer(200)]


@pytest.mark.parametrize(
    ("line", "status"), [("curl -s node1:5000 | tail -n 1", 0), ("curl node1:5000", 130), ("docker ps", 0)]
)
def test_what_cannot_be_known_is_not_told(line: str, status: int) -> None:
    assert asked(line, f"{ONE}   swarmtutor/pets:1.0\r\n", status=status) == ()


def test_the_node_is_that_of_the_shell_that_speaks() -> None:
    spotter = RequestSpotter(NODES)
    inner = [CommandStarted("ssh node2"), NodeNamed("node2"), CommandStarted("curl localhost:5000")]
    spotter.take("node1", [*inner, Output(PAGE.format(ONE).encode()), CommandEnded(0)], NOW)
    assert [request.target.node for request in spotter.requests] == ["node2"]


def test_shells_are_kept_apart_and_only_the_last_requests_are_kept() -> None:
    spotter = RequestSpotter(NODES)
    spotter.take("node1", [CommandStarted("curl localhost:5000")], NOW)
    spotter.take("node2", [CommandStarted("docker ps"), Output(PAGE.format(ONE).encode()), CommandEnded(0)], NOW)
    assert spotter.requests == ()
    for number in range(KEPT_REQUESTS + 50):
        spotter.take("node1", [Output(PAGE.format(ONE).encode())], NOW + number)
    assert len(spotter.requests) == KEPT_REQUESTS
    assert spotter.requests[-1].at == NOW + KEPT_REQUESTS + 49
    spotter.take("node1", [Output(b"x" * 1_000_000)], NOW)
    spotter.take("node1", [Output(b"\xff\x1b[\x00\r" * 100), CommandEnded(None)], NOW)
    assert len(spotter.requests) == KEPT_REQUESTS
