"""Who may drive the program from a browser: addresses, names, origins, tickets, tokens; what a command line may ask."""

import base64
import json
import socket
import stat
import sys
from argparse import ArgumentParser
from pathlib import Path

import pytest

from tui.app.serve.command import Serving, serving_of
from tui.app.serve.guard import Asked, Door, Kind, Tickets, is_loopback, splits_host
from tui.app.serve.options import add_serve_options
from tui.app.serve.program import Keys, Ping, Sight, Size, understand
from tui.app.serve.token import SHORTEST, kept_token
from tui.cli import run
from tui.errors import ExitCode, UserError

TOKEN = "correct-horse-battery-staple"
HERE = "127.0.0.1:8000"


def basic(password: str, name: str = "anybody") -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def status(door: Door, asked: Asked) -> int:
    refusal = door.refuses(asked)
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST", "[::1]:8000", "127.8.9.1", "lab.localhost:1"]
)
def test_without_a_token_this_machine_is_served(host: str) -> None:
    assert status(Door(), Asked(Kind.PAGE, host)) == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example:8000",  # a name that points here for a moment
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example#127.0.0.1",
        "evil.example@127.0.0.1",
        "127.0.0.1:8000/evil.example",
        "192.168.1.7:8000",
        "0.0.0.0:8000",
        "[::1",
        "127.0.0.1:port",
        "::1",
    ],
)
@pytest.mark.parametrize("kind", Kind)
def test_without_a_token_nothing_is_served_under_any_other_name(host: str, kind: Kind) -> None:
    assert status(Door(), Asked(kind, host, origin=f"http://{host}")) == 421


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://127.0.0.1:8000", 200),
        ("https://127.0.0.1:8000", 200),  # a proxy in front of us speaks TLS
        ("", 403),
        ("null", 403),
        ("http://localhost:8000", 403),
        ("http://127.0.0.1:5000", 403),  # a page that a container serves
        ("http://127.0.0.1", 403),
        ("http://evil.example", 403),
        ("file://127.0.0.1:8000", 403),
        ("http://127.0.0.1:8000@evil.example", 403),
    ],
)
def test_only_our_own_page_may_open_the_socket(origin: str, expected: int) -> None:
    assert status(Door(), Asked(Kind.SOCKET, HERE, origin=origin)) == expected
    assert status(Door(TOKEN), Asked(Kind.SOCKET, HERE, origin=origin)) == expected


@pytest.mark.parametrize(
    ("site", "expected"), [("", 200), ("none", 200), ("same-origin", 200), ("same-site", 403), ("cross-site", 403)]
)
def test_downloads_are_for_our_own_page(site: str, expected: int) -> None:
    assert status(Door(), Asked(Kind.FILE, HERE, site=site)) == expected
    # A link from elsewhere leads to the page, and does nothing there.
    assert status(Door(), Asked(Kind.PAGE, HERE, site=site, destination="document")) == 200


@pytest.mark.parametrize("destination", ["iframe", "frame", "embed", "object", "script", "empty"])
def test_the_page_stands_in_no_other(destination: str) -> None:
    assert status(Door(), Asked(Kind.PAGE, HERE, destination=destination)) == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_is_sent_to_us(method: str) -> None:
    assert status(Door(), Asked(Kind.PAGE, HERE, method)) == 405


@pytest.mark.parametrize("kind", [Kind.PAGE, Kind.FILE])
@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (basic(TOKEN), 200),
        (basic(TOKEN, ""), 200),
        (basic(TOKEN).replace("Basic", "basic"), 200),
        ("", 401),
        (basic(""), 401),
        (basic(TOKEN + "x"), 401),
        (basic(TOKEN[:-1]), 401),
        (basic(TOKEN.upper()), 401),
        (basic("x", TOKEN), 401),
        (f"Bearer {TOKEN}", 401),
        (basic(TOKEN).replace("Basic", "Digest"), 401),
        ("Basic ünlesbar", 401),
        ("Basic", 401),
    ],
)
def test_the_token_opens_page_and_downloads(kind: Kind, authorization: str, expected: int) -> None:
    assert status(Door(TOKEN), Asked(kind, HERE, authorization=authorization)) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.168.1.7:8000", 200),
        ("[fe80::1]:8000", 200),
        ("class.example", 200),
        ("CLASS.example.:80", 200),
        ("other.example", 421),
        ("class.example.evil.example", 421),
    ],
)
def test_with_a_token_the_machine_has_its_addresses_and_names(host: str, expected: int) -> None:
    door = Door(TOKEN, ("class.example",))
    assert status(door, Asked(Kind.PAGE, host, authorization=basic(TOKEN))) == expected


def test_a_secret_is_in_no_repr() -> None:
    assert TOKEN not in repr(Door(TOKEN))
    assert TOKEN not in repr(Serving((), token=TOKEN))


def test_what_is_no_host_has_no_name() -> None:
    assert splits_host("a.example:80") == "a.example"
    assert splits_host("user@a.example") == ""
    assert not is_loopback("")


def test_a_ticket_opens_once_and_soon() -> None:
    moment = [0.0]
    tickets = Tickets(lambda: moment[0])
    first, second = tickets.issue(), tickets.issue()
    assert first != second
    assert len(first) >= 30
    assert not tickets.take(first[:-1])
    assert tickets.take(first)
    assert not tickets.take(first)
    moment[0] = 121
    assert not tickets.take(second)
    assert not tickets.take("")


def test_tickets_that_nobody_takes_do_not_pile_up() -> None:
    tickets = Tickets(lambda: 0.0)
    issued = [tickets.issue() for _ in range(1000)]
    assert tickets.take(issued[-1])
    assert sum(map(tickets.take, issued)) < 300


def test_a_token_is_made_once_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "serve.token"
    token = kept_token(path)
    assert len(token) >= SHORTEST
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert kept_token(path) == token
    path.chmod(0o640)
    with pytest.raises(UserError, match="Others may read") as refused:
        kept_token(path)
    assert token not in str(refused.value)


@pytest.mark.parametrize("text", ["", "short", "x" * (SHORTEST - 1), "ünlesbar" * 4, "a\tb" * 10])
def test_a_token_that_guards_nothing_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "token"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(UserError, match="at least"):
        kept_token(path)


def test_a_token_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be kept") as refused:
        kept_token(tmp_path / "file" / "token")
    assert refused.value.exit_code is ExitCode.BROKEN


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (["stdin", "ls\r"], Keys("ls\r")),
        (["resize", {"width": 120, "height": 40}], Size(120, 40)),
        (["resize", {"width": -5, "height": 10**9}], Size(2, 1000)),
        (["focus"], Sight(True)),
        (["blur"], Sight(False)),
        (["ping", "17"], Ping("17")),
        (["stdin", 5], None),
        (["stdin"], None),
        (["resize", {"width": "120", "height": 40}], None),
        (["rm", "-rf"], None),
        ({"stdin": "x"}, None),
        ("stdin", None),
        (None, None),
    ],
)
def test_what_a_browser_says_is_understood_or_dropped(message: object, said: object) -> None:
    assert understand(json.dumps(message)) == said


@pytest.mark.parametrize("text", ["", "[", "\x00", '["stdin", "' + "x" * 10, "[" * 100_000])
def test_what_is_no_message_is_dropped(text: str) -> None:
    assert understand(text) is None


# --- the command line ------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWARMTUTOR_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("SWARMTUTOR_TOKEN", raising=False)


def asked(*argv: str) -> Serving:
    parser = ArgumentParser()
    add_serve_options(parser)
    return serving_of(parser.parse_args(argv), ["program"])


def test_by_itself_it_is_for_this_machine_and_without_a_token() -> None:
    serving = asked()
    assert (serving.host, serving.port, serving.token, serving.names) == ("127.0.0.1", None, "", ())


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_a_loopback_address_needs_no_token(host: str) -> None:
    assert asked("--host", host).token == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "10.0.0.1", "2001:db8::1"])
def test_any_other_address_needs_a_token(host: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Without a token") as refused:
        asked("--host", host)
    assert refused.value.exit_code is ExitCode.USAGE
    assert "--token" in refused.value.hint
    serving = asked("--host", host, "--token", "--known-as", "Class.Example")
    assert serving.token == (tmp_path / "state" / "serve.token").read_text().strip()
    assert "class.example" in serving.names


def test_a_token_may_have_a_file_of_its_own_or_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.token"
    assert asked("--token", str(file)).token == file.read_text().strip()
    monkeypatch.setenv("SWARMTUTOR_TOKEN", TOKEN)
    assert asked().token == TOKEN
    monkeypatch.setenv("SWARMTUTOR_TOKEN", "short")
    with pytest.raises(UserError, match="SWARMTUTOR_TOKEN must have at least"):
        asked()


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--port", "70000"], "no port 70000"),
        (["--known-as", "class.example"], "goes with --token"),
        (["--host", "no such name"], "has no address"),
    ],
)
def test_a_wrong_command_line_is_explained(argv: list[str], says: str) -> None:
    with pytest.raises(UserError, match=says) as refused:
        asked(*argv)
    assert refused.value.exit_code is ExitCode.USAGE


def test_mistakes_are_said_before_anything_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "orchestratoin"]) is ExitCode.NOT_FOUND
    assert "orchestration" in capsys.readouterr().err
    assert run(["serve", "--host", "0.0.0.0"]) is ExitCode.USAGE
    assert "--token" in capsys.readouterr().err


def test_a_missing_package_is_named_with_the_way_to_get_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "tui.app.serve.site", raising=False)
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    assert run(["serve", "--port", "0"]) is ExitCode.UNSUPPORTED
    said = capsys.readouterr().err
    assert "textual_serve" in said
    assert "swarmtutor[serve]" in said


def test_a_port_that_is_taken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(["serve", "--port", str(port)]) is ExitCode.BUSY
    said = capsys.readouterr().err
    assert f"Port {port} of 127.0.0.1 cannot be opened" in said
    assert "Without --port" in said
