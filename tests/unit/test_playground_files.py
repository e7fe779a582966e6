"""What a node's own files say, and the small parts that keep its processes, locks and records."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tui.errors import ExitCode, UserError
from tui.playground.http import parse_answer, request_bytes
from tui.playground.locks import LockHeldError, hold_lock
from tui.playground.providers.node_files import add_account, agent_document, daemon_document
from tui.playground.providers.plans import NodePlan
from tui.playground.record import (
    NodeRecord,
    PlaygroundPaths,
    PlaygroundRecord,
    check_name,
    identity,
    known_names,
    load_record,
    save_record,
)

PASSWD = "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\n"
GROUP = "root:x:0:\nstaff:x:990:ann\n"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWARMTUTOR_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("SWARMTUTOR_RUNTIME", str(tmp_path / "run"))


def make_record(name: str = "lab") -> PlaygroundRecord:
    nodes = tuple(NodeRecord(f"node{n}", f"10.77.0.1{n}", 22, "ssh-ed25519 AAAA") for n in (1, 2, 3))
    return PlaygroundRecord(name, "namespaces", "making", "10.77.0.0/24", "10.77.0.2", nodes, "ipvs")


class TestAccount:
    def test_the_learner_gets_the_usual_id_where_it_is_free(self) -> None:
        account = add_account(PASSWD, GROUP)
        assert (account.uid, account.gid) == (1000, 989), "990 is taken"
        assert f"docker:x:1000:{account.gid}:Learner:/home/docker:/bin/bash\n" in account.passwd
        assert f"docker:x:{account.gid}:\n" in account.group

    def test_an_id_that_is_taken_is_passed_over(self) -> None:
        assert add_account(PASSWD + "ann:x:1000:1000::/home/ann:/bin/sh\n", GROUP).uid == 1001

    def test_the_machine_s_own_docker_group_keeps_its_number_and_loses_its_members(self) -> None:
        account = add_account(PASSWD, GROUP + "docker:x:106:ann\n")
        assert account.gid == 106
        assert "docker:x:106:\n" in account.group

    def test_a_user_docker_of_the_machine_becomes_the_learner(self) -> None:
        account = add_account(PASSWD + "docker:x:1007:1007::/srv:/bin/false\n", GROUP)
        assert account.passwd.count("\ndocker:") == 1
        assert account.uid == 1000

    def test_nobody_has_a_password(self) -> None:
        shadow = add_account(PASSWD, GROUP).shadow
        assert [line.split(":")[1] for line in shadow.splitlines()] == ["*", "*", "*"]


def test_the_engine_pulls_through_the_playground_s_registry() -> None:
    plan = NodePlan("node1", "x", "x", "x", "x", "x", "10.77.0.11", "10.77.0.2", (), (), "x", (), "x")
    document = daemon_document(plan)
    assert document["registry-mirrors"] == ["http://10.77.0.2:5000"]
    assert document["userland-proxy"] is False


@pytest.mark.parametrize("forwarding", [False, True])
def test_a_node_makes_its_engine_s_namespaces_pass_packets_on_where_they_do_not(forwarding: bool) -> None:
    plan = NodePlan("node1", "x", "x", "x", "x", "x", "x", "x", (), (), "x", (), "x", forwarding=forwarding)
    document = json.dumps(agent_document(plan, "/usr/sbin/dockerd"))
    assert ("tui.playground.forwarding" in document) is forwarding


class TestRecord:
    def test_what_is_saved_is_read_again(self) -> None:
        save_record(make_record().with_state("up"))
        assert load_record("lab") == make_record().with_state("up")
        assert known_names() == ["lab"]

    def test_none_is_no_error(self) -> None:
        assert load_record("lab") is None
        assert known_names() == []

    @pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"nodes": []}', '{"nodes": 3}'])
    def test_a_damaged_one_is_said(self, text: str) -> None:
        save_record(make_record())
        PlaygroundPaths.of("lab").record.write_text(text)
        with pytest.raises(UserError) as caught:
            load_record("lab")
        assert caught.value.exit_code == ExitCode.BROKEN
        assert "damaged" in caught.value.what

    @pytest.mark.parametrize("name", ["", "-lab", "lab-", "Lab", "a/b", "..", "a b", "x" * 25])
    def test_impossible_names(self, name: str) -> None:
        with pytest.raises(UserError) as caught:
            check_name(name)
        assert caught.value.exit_code == ExitCode.USAGE

    def test_another_state_directory_gives_another_identity(self, monkeypatch: pytest.MonkeyPatch) -> None:
        first = identity("lab")
        monkeypatch.setenv("SWARMTUTOR_STATE", "/elsewhere")
        assert identity("lab") != first
        monkeypatch.delenv("SWARMTUTOR_STATE")
        assert identity("lab") == "swarmtutor-lab"


class TestLock:
    def test_a_second_holder_is_turned_away(self, tmp_path: Path) -> None:
        path = tmp_path / "locks" / "one.lock"
        with hold_lock(path), pytest.raises(LockHeldError), hold_lock(path):
            pass
        with hold_lock(path):
            pass
        assert not path.parent.exists(), "nothing stays behind"

    def test_one_who_waits_gets_it(self, tmp_path: Path) -> None:
        path = tmp_path / "one.lock"
        code = (
            "import sys, time; from pathlib import Path; from tui.playground.locks import hold_lock\n"
            "with hold_lock(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()\n"
        )
        holder = subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockHeldError), hold_lock(path):
            pass
        holder.kill()  # a lock ends with its holder, however that ends
        with hold_lock(path, wait=10):
            pass
        holder.communicate()


class TestHttp:
    def test_an_answer_is_taken_apart(self) -> None:
        answer = parse_answer(b"HTTP/1.1 200 OK\r\nX-Served-By: 0a1b\r\nContent-Length: 3\r\n\r\npet and more")
        assert (answer.status, answer.served_by, answer.body) == (200, "0a1b", "pet")

    def test_pieces_are_put_together(self) -> None:
        data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\npet\r\n0\r\n\r\n"
        assert parse_answer(data).body == "pet"

    @pytest.mark.parametrize(
        "data", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", b"\xff\xfe\0"]
    )
    def test_anything_else_is_an_error_with_a_reason(self, data: bytes) -> None:
        with pytest.raises(ValueError, match=r"\w"):
            parse_answer(data)

    @pytest.mark.parametrize("path", ["", "x", "/a b", "/a\r\nHost: evil", "/ä"])
    def test_a_path_cannot_break_out_of_its_line(self, path: str) -> None:
        with pytest.raises(ValueError, match="no path"):
            request_bytes("node1", path)


class TestReaper:
    """The node's process number 1, run here as an ordinary process."""

    def start(self, tmp_path: Path, script: str) -> "subprocess.Popen[bytes]":
        document = {
            "services": [
                {
                    "name": "service",
                    "argv": ["/bin/sh", "-c", script],
                    "environment": {"PATH": os.environ["PATH"]},
                    "log": str(tmp_path / "service.log"),
                    "stop_seconds": 0.3,
                }
            ]
        }
        (tmp_path / "agent.json").write_text(json.dumps(document))
        argv = [sys.executable, "-m", "tui.playground.node_agent", str(tmp_path / "agent.json")]
        return subprocess.Popen(argv, stderr=subprocess.DEVNULL)

    def wait_for_lines(self, path: Path, count: int) -> list[str]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            lines = path.read_text().splitlines() if path.exists() else []
            if len(lines) >= count:
                return lines
            time.sleep(0.01)
        raise AssertionError(f"{path} never had {count} lines")

    def test_a_service_that_ends_is_started_again(self, tmp_path: Path) -> None:
        agent = self.start(tmp_path, "echo run; exit 1")
        try:
            assert self.wait_for_lines(tmp_path / "service.log", 3)[:3] == ["run"] * 3
        finally:
            agent.terminate()
            assert agent.wait(60) == 0

    @pytest.mark.parametrize("script", ["echo up; exec sleep 1000", "trap '' TERM; echo up; while :; do sleep 1; done"])
    def test_it_stops_its_services_also_stubborn_ones(self, tmp_path: Path, script: str) -> None:
        agent = self.start(tmp_path, f"echo $$; {script}")
        lines = self.wait_for_lines(tmp_path / "service.log", 2)
        agent.send_signal(signal.SIGTERM)
        assert agent.wait(60) == 0
        assert not Path(f"/proc/{lines[0]}").exists()
