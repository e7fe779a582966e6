"""What playgrounds of containers are made of, without an engine."""

import io
import json
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tui.errors import ExitCode, UserError
from tui.playground.model import Companion
from tui.playground.providers import container_build, container_companion
from tui.playground.providers.container_build import NodeImage, node_image
from tui.playground.providers.container_engine import engine, engine_is_local
from tui.playground.providers.container_parts import (
    RIGHTS,
    Names,
    archive,
    container_document,
    hub_files,
    node_files,
)
from tui.playground.providers.memory import memory_for_nodes
from tui.playground.record import NodeRecord, PlaygroundPaths, PlaygroundRecord

NAMES = Names("lab", "swarmtutor-lab")
RECORD = PlaygroundRecord(
    name="lab",
    provider="containers",
    state="up",
    subnet="10.77.0.0/24",
    hub="10.77.0.2",
    nodes=tuple(
        NodeRecord(f"node{n}", f"10.77.0.1{n}", 50000 + n, f"ssh-ed25519 KEY{n}", host="127.0.0.1") for n in (1, 2, 3)
    ),
    mesh="nftables",
)
KEYS = {name: f"{name}\n" for name in ("client.pub", "learner", "learner.pub", "node1", "node2", "node3")}


def document(part: str, rights: int | None) -> dict[str, Any]:
    chosen = None if rights is None else RIGHTS[rights]
    return container_document(NAMES, "image:1", part, "10.77.0.11", {22: 50001}, chosen)


def test_ports_are_published_on_the_loopback_only() -> None:
    bindings = document("node1", 0)["HostConfig"]["PortBindings"]
    assert bindings == {"22/tcp": [{"HostIp": "127.0.0.1", "HostPort": "50001"}]}


def test_every_part_is_found_by_its_labels() -> None:
    node, hub = document("node1", 0)["Labels"], document("hub", None)["Labels"]
    assert node["org.swarmtutor.playground"] == hub["org.swarmtutor.playground"] == "lab"
    assert (node["org.swarmtutor.role"], node["org.swarmtutor.node"]) == ("node", "node1")
    assert hub["org.swarmtutor.role"] == "hub"
    assert NAMES.filters(node="node1") == {
        "label": ["org.swarmtutor.identity=swarmtutor-lab", "org.swarmtutor.node=node1"]
    }


def test_the_least_rights_are_tried_first() -> None:
    first, last = document("node1", 0)["HostConfig"], document("node1", len(RIGHTS) - 1)["HostConfig"]
    assert "Privileged" not in first
    assert {"SYS_MODULE", "SYS_RAWIO", "SYS_TIME", "SYS_BOOT", "ALL"}.isdisjoint(first["CapAdd"])
    assert "Devices" not in first
    assert last["Privileged"] is True
    assert "CapAdd" not in document("hub", None)["HostConfig"], "the registry and the name server need no right"


def test_a_node_s_disk_is_a_volume_and_its_address_is_fixed() -> None:
    made = document("node2", 0)
    assert made["Hostname"] == "node2"
    assert made["HostConfig"]["Binds"] == ["swarmtutor-lab-node2:/var/lib/docker"]
    endpoint = made["NetworkingConfig"]["EndpointsConfig"]["swarmtutor-lab"]
    assert endpoint == {"IPAMConfig": {"IPv4Address": "10.77.0.11"}}


def test_a_node_may_not_take_all_memory() -> None:
    gigabyte = 1 << 30
    assert memory_for_nodes(2 * gigabyte) == 1.5 * gigabyte
    assert memory_for_nodes(64 * gigabyte) == 63 * gigabyte
    assert memory_for_nodes(0) == 0, "an engine that does not say how much it has"
    limited = container_document(NAMES, "image:1", "node1", "10.77.0.11", {}, RIGHTS[0], gigabyte)
    assert limited["HostConfig"]["Memory"] == gigabyte


@pytest.mark.parametrize(("mtu", "expected"), [(1500, None), (1420, 1420)])
def test_a_smaller_mtu_reaches_the_engines_of_the_nodes(mtu: int, expected: int | None) -> None:
    daemon = json.loads(node_files(RECORD, "node1", KEYS, mtu)["etc/docker/daemon.json"].text)
    assert daemon.get("mtu") == expected
    assert daemon["registry-mirrors"] == ["http://10.77.0.2:5000"]
    assert "hosts" not in daemon, "the engine listens on its socket only"


def test_private_keys_are_private_and_the_learner_goes_no_further_than_the_node() -> None:
    files = node_files(RECORD, "node2", KEYS, 1500)
    assert files["etc/swarmtutor/ssh/host_key"].mode == 0o600
    assert files["home/docker/.ssh/id_ed25519"].mode == 0o600
    ours, learners = files["etc/swarmtutor/ssh/authorized_docker"].text.splitlines()
    assert ours == "client.pub"
    assert 'permitopen="10.77.0.12:*"' in learners
    assert "10.77.0.13" not in learners
    assert "learner" not in files["etc/swarmtutor/ssh/authorized_root"].text


def test_the_archive_holds_the_files_as_root_s() -> None:
    files = node_files(RECORD, "node1", KEYS, 1500)
    with tarfile.open(fileobj=io.BytesIO(archive(files))) as tar:
        members = {member.name: member for member in tar.getmembers()}
    assert members.keys() == files.keys()
    assert {(member.uid, member.gid) for member in members.values()} == {(0, 0)}


def test_the_name_server_knows_the_nodes_and_nothing_else() -> None:
    lines = hub_files(RECORD)["etc/swarmtutor/dnsmasq.conf"].text.splitlines()
    assert "host-record=node3,10.77.0.13" in lines
    assert "address=/#/" in lines
    assert "no-resolv" in lines


def test_the_image_is_another_one_when_anything_in_it_changes() -> None:
    image = node_image()
    assert NodeImage(image.base, image.files).tag == image.tag
    assert NodeImage("ubuntu:24.04", image.files).tag != image.tag
    for name in image.files:
        changed = dict(image.files) | {name: image.files[name] + b"\n"}
        assert NodeImage(image.base, changed).tag != image.tag, name
    assert image.context().read() == image.context().read()


def test_every_file_that_the_image_copies_is_in_its_context() -> None:
    image = node_image()
    copied = [
        word
        for line in image.files["Dockerfile"].decode().splitlines()
        if line.startswith("COPY ")
        for word in line.split()[1:-1]
    ]
    assert set(copied) == set(image.files) - {"Dockerfile"}


@pytest.mark.parametrize("name", ["install", "entrypoint", "login"])
def test_the_scripts_of_the_image_are_shell(name: str) -> None:
    checked = subprocess.run(
        ["bash", "-n"], input=node_image().files[name], capture_output=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        ("write /var/lib/docker/tmp/x: no space left on device", ExitCode.BROKEN, "disk is full"),
        (
            'Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host',
            ExitCode.UNSUPPORTED,
            "cannot be reached",
        ),
        ("pull access denied for nobody/nothing", ExitCode.NOT_FOUND, "no image"),
        ("Err:1 Temporary failure resolving 'mirror.example'", ExitCode.UNSUPPORTED, "no package mirror"),
        ("something else\nThe command returned a non-zero code: 2", ExitCode.BROKEN, "non-zero code: 2"),
    ],
)
def test_a_build_that_fails_says_why(words: str, code: ExitCode, expected: str) -> None:
    messages: Iterable[Mapping[str, Any]] = [{"stream": "Step 1/2 : FROM x"}, {"error": words}]
    heard: list[str] = []
    follow = container_build._follow  # pyright: ignore[reportPrivateUsage]  # the engine's stream is not to be had here
    with pytest.raises(UserError, match=expected) as failed:
        follow(messages, NodeImage("base:1", {}), heard.append, threading.Event())
    assert failed.value.exit_code is code
    assert failed.value.hint
    assert heard == ["1 of 2: base"]


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http+docker://localhost", True),
        ("http+docker://localnpipe", True),
        ("http+docker://ssh", False),
        ("http://127.0.0.1:2375", True),
        ("http://10.0.0.5:2375", False),
        ("https://docker.example:2376", False),
    ],
)
def test_an_engine_elsewhere_is_known_by_its_address(url: str, local: bool) -> None:
    assert engine_is_local(url) is local


def test_an_engine_that_may_not_be_used_is_told_from_one_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(UserError, match="No Docker Engine answers"), engine(2.0):
        pytest.fail("there is no engine")

    def refuse(timeout: float) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tui.playground.providers.container_engine._client", refuse)
    with pytest.raises(UserError, match="may not use it") as refused, engine(2.0):
        pytest.fail("there is no engine")
    assert "usermod" in refused.value.hint


# Companions


def until(condition: Any, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.02)


@pytest.fixture
def companion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterable[Path]:
    """A companion that writes a line whenever it starts, and then waits; the file of its lines."""
    monkeypatch.setenv("SWARMTUTOR_STATE", str(tmp_path / "state"))
    paths = PlaygroundPaths.of("cn-c")
    paths.root.mkdir(parents=True)
    lines = tmp_path / "lines"
    code = f"import os, sys, time\nwith open({str(lines)!r}, 'a') as f: f.write(f'{{os.getpid()}}\\n')\ntime.sleep(600)"
    container_companion.plan_companions("cn-c", [Companion("sleeper", (sys.executable, "-c", code))])
    assert not container_companion.companions_run("cn-c"), "a playground that needs it is not whole without it"
    container_companion.start_companions("cn-c")
    try:
        until(lambda: lines.exists() and lines.read_text())
        yield lines
    finally:
        container_companion.stop_companions(paths)


def alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux shows them")


@needs_proc
def test_a_companion_is_started_again_and_ends_when_told(companion: Path) -> None:
    first = companion.read_text().split()[0]
    subprocess.run(["kill", "-9", first], check=True, timeout=60)
    until(lambda: len(companion.read_text().split()) > 1)
    second = companion.read_text().split()[-1]
    assert container_companion.companions_run("cn-c")
    container_companion.stop_companions(PlaygroundPaths.of("cn-c"))
    assert not alive(second), "it is gone when stopping returns"


@needs_proc
def test_a_companion_ends_with_its_playground(companion: Path) -> None:
    pid = companion.read_text().split()[0]
    (PlaygroundPaths.of("cn-c").root / "companions.json").unlink()
    until(lambda: not alive(pid))


@needs_proc
def test_a_stranger_cannot_end_a_companion(companion: Path) -> None:
    door = PlaygroundPaths.of("cn-c").root / "companions.door"
    assert door.stat().st_mode & 0o077 == 0
    real = door.read_text()
    door.write_text(json.dumps(json.loads(real) | {"secret": "guessed"}))
    assert not container_companion.companions_run("cn-c")
    door.write_text(real)
    assert container_companion.companions_run("cn-c")
    assert alive(companion.read_text().split()[0])
