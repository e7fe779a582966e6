"""What a program inside its own namespaces gets from the machine around: ports, and pages shown."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tui.playground.forward import listen_here
from tui.playground.outside import Outside, attended, usual_listen

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no namespaces")


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def refuse(_port: int) -> socket.socket:
    raise OSError(errno.EADDRINUSE, "taken")


def nothing(_address: str) -> bool:
    return False


def test_a_port_is_made_outside_and_handed_in() -> None:
    with attended(nothing, lambda _port: listen_here(0)) as (_, variable):
        outside = Outside.here(variable)
        assert outside is not None
        for _ in range(3):
            with outside.listen(5000) as listener, socket.create_connection(("127.0.0.1", port_of(listener)), 30):
                listener.settimeout(30)
                visitor, _ = listener.accept()
                visitor.close()
        outside.close()


def test_a_port_that_is_taken_there_is_said_as_here() -> None:
    with attended(nothing, refuse) as (_, variable):
        outside = Outside.here(variable)
        assert outside is not None
        with pytest.raises(OSError, match="in use") as refused:
            outside.listen(5000)
        assert refused.value.errno == errno.EADDRINUSE
        with pytest.raises(OSError, match="error"):
            outside.listen(70_000)
        outside.close()


def test_only_pages_are_shown() -> None:
    shown: list[str] = []

    def show(address: str) -> bool:
        shown.append(address)
        return address.endswith("/")

    with attended(show) as (_, variable):
        outside = Outside.here(variable)
        assert outside is not None
        assert outside.show("http://127.0.0.1:5000/")
        assert not outside.show("http://127.0.0.1:5000/x")
        assert not outside.show("file:///etc/passwd")
        assert not outside.show("--help")
        assert shown == ["http://127.0.0.1:5000/", "http://127.0.0.1:5000/x"]
        outside.close()


@pytest.mark.parametrize("text", ["", "x", "-1", "99999", "0"])
def test_who_is_not_inside_opens_ports_here(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Outside.here({"SWARMTUTOR_OUTSIDE": text}) is None
    monkeypatch.delenv("SWARMTUTOR_OUTSIDE", raising=False)
    assert usual_listen() is listen_here


def test_once_nobody_attends_that_is_an_error_and_no_waiting() -> None:
    with attended(nothing) as (line, _):
        outside = Outside(os.dup(line))
    with pytest.raises(OSError):  # noqa: PT011  which one, the system says
        outside.listen(5000)
    assert not outside.show("http://127.0.0.1:5000/")
    outside.close()


INSIDE = """
import os
from tui.playground.outside import usual_listen

with usual_listen()(0) as listener:
    print(listener.getsockname()[1], flush=True)
    visitor, _ = listener.accept()
    visitor.sendall(os.environ["MARK"].encode())
    visitor.close()
"""


def test_another_process_gets_its_port_over_the_line_it_inherits() -> None:
    with attended(nothing) as (line, variable):
        inside = subprocess.Popen(
            [sys.executable, "-c", INSIDE],
            stdout=subprocess.PIPE,
            env={**os.environ, **variable, "MARK": "hello"},
            pass_fds=[line],
        )
        with inside:
            assert inside.stdout is not None
            port = int(inside.stdout.readline())
            with socket.create_connection(("127.0.0.1", port), 30) as visitor:
                assert visitor.recv(100) == b"hello"
        assert inside.returncode == 0
