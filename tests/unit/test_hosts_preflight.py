"""What is judged of a machine of somebody's own: pure judgements over what it says of itself."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tui.playground.card import Host
from tui.playground.model import Requirement
from tui.playground.providers.hosts_inventory import Inventory, inventory_of, put_back_tags
from tui.playground.providers.hosts_ports import PORTS, Heard, judge_ports, listener, parse_heard, sender
from tui.playground.providers.hosts_preflight import IPVS_MISSING, LOOK, Facts, judge, parse_facts
from tui.playground.providers.hosts_shell import rc_text, shell_command

HOST = Host("node2", "10.0.0.6", "docker")
SAID = """\
hostname=web-2
machine=x86_64
user=docker
route=10.0.0.1 51234 10.0.0.6 22
tool=bash
tool=python3
tool=base64
tool=curl
tool=docker
socket=yes
rights=yes
firewall=iptables
ipvs=yes
address=eth0 10.0.0.6
address=docker0 172.17.0.1
something else
"""
INFO: Mapping[str, Any] = {"LiveRestoreEnabled": False, "Swarm": {"LocalNodeState": "inactive"}, "SecurityOptions": []}
GOOD = replace(parse_facts(SAID), version="20.10.24+dfsg1", info=INFO)


def red(facts: Facts, leave: tuple[str, ...] = ()) -> dict[str, Requirement]:
    return {need.what: need for need in judge(HOST, facts, leave) if not need.met}


def advice(facts: Facts) -> dict[str, Requirement]:
    return {need.what: need for need in judge(HOST, facts) if need.met and need.mend}


def test_what_a_machine_says_is_read() -> None:
    assert (GOOD.hostname, GOOD.user, GOOD.address) == ("web-2", "docker", "10.0.0.6")
    assert GOOD.tools == {"bash", "python3", "base64", "curl", "docker"}
    assert (GOOD.socket, GOOD.rights, GOOD.ipvs, GOOD.gossip) == (True, True, True, False)
    assert parse_facts("") == Facts()
    assert parse_facts("route=::1 1 ::ffff:10.0.0.9 22").address == "10.0.0.9"


def test_the_question_can_be_asked_in_any_shell_and_is_answered(tmp_path: Path) -> None:
    for shell in ("sh", "bash"):
        asked = subprocess.run([shell, "-s"], input=LOOK, capture_output=True, text=True, timeout=60, check=False)
        assert asked.returncode == 0, asked.stderr
        facts = parse_facts(asked.stdout)
        assert facts.hostname == os.uname().nodename
        assert facts.machine == os.uname().machine
        assert "bash" in facts.tools


def test_a_machine_that_has_all_is_green_without_advice() -> None:
    assert red(GOOD) == {}
    assert advice(GOOD) == {}
    assert judge(HOST, GOOD)[0].what == "node2: signed in"


@pytest.mark.parametrize(
    ("facts", "what", "found", "mend"),
    [
        (replace(GOOD, version="19.03.15"), "node2: Docker Engine", "19.03.15", "20.10 or newer"),
        (replace(GOOD, version="", info={}, socket=False), "node2: Docker Engine", "does not run", "systemctl start"),
        (
            replace(GOOD, version="", info={}, socket=False, tools=frozenset()),
            "node2: Docker Engine",
            "not installed",
            "Nothing is installed from here",
        ),
        (
            replace(GOOD, version="", info={}, rights=False),
            "node2: right to use it",
            "docker may not use",
            "usermod -aG docker docker",
        ),
        (
            replace(GOOD, version="", info={}, refused="open failed"),
            "node2: Docker Engine",
            "open failed",
            "AllowStreamLocalForwarding",
        ),
        (replace(GOOD, info={**INFO, "LiveRestoreEnabled": True}), "node2: live-restore off", "is on", "daemon.json"),
        (replace(GOOD, firewalls=()), "node2: firewall for the engine", "neither", "iptables"),
        (
            replace(GOOD, info={**INFO, "SecurityOptions": ["name=seccomp", "name=rootless"]}),
            "node2: engine with root's rights",
            "rootless",
            "context use default",
        ),
    ],
)
def test_what_stands_in_the_way_is_one_red_line_with_its_mend(facts: Facts, what: str, found: str, mend: str) -> None:
    lines = red(facts)
    assert list(lines) == [what]
    assert found in lines[what].found
    assert mend in lines[what].mend


def test_the_engine_names_its_firewall_itself_where_it_can() -> None:
    facts = replace(GOOD, firewalls=(), info={**INFO, "FirewallBackend": {"Driver": "nftables"}})
    assert red(facts) == {}
    found = {need.what: need.found for need in judge(HOST, facts)}
    assert found["node2: firewall for the engine"] == "nftables"


def test_what_would_be_better_is_said_and_does_not_stop() -> None:
    assert advice(replace(GOOD, ipvs=False))["node2: IPVS"].found == IPVS_MISSING
    bare = advice(replace(GOOD, tools=frozenset({"docker", "bash", "base64"})))
    assert "curl not found" in bare["node2: bash and curl"].found
    several = advice(
        replace(GOOD, addresses=(("eth0", "10.0.0.6"), ("eth1", "192.168.0.6"), ("docker0", "172.17.0.1")))
    )
    assert "--advertise-addr 10.0.0.6" in several["node2: one address"].mend
    assert "172.17.0.1" not in several["node2: one address"].found


def test_a_swarm_that_is_there_is_described_and_left_only_with_leave() -> None:
    swarm = {
        "LocalNodeState": "active",
        "NodeID": "abc123",
        "ControlAvailable": True,
        "Nodes": 5,
        "Cluster": {"ID": "xyz"},
        "RemoteManagers": [{"Addr": "10.0.0.6:2377"}],
    }
    facts = replace(GOOD, info={**INFO, "Swarm": swarm})
    line = red(facts)["node2: in no swarm yet"]
    for part in ("a manager", "xyz", "with 5 nodes", "10.0.0.6:2377", "abc123"):
        assert part in line.found
    assert "docker swarm leave --force" in line.mend
    assert red(facts, ("other",)) != {}
    assert red(facts, ("abc123",)) == {}


# -- ports -------------------------------------------------------------------------------------------------------

NODES: tuple[str, ...] = ("node1", "node2", "node3")
ADDRESSES = {"node1": "10.0.0.5", "node2": "10.0.0.6", "node3": "10.0.0.7"}
TOOLS: dict[str, frozenset[str]] = dict.fromkeys(NODES, frozenset({"python3"}))


def all_heard() -> dict[str, Heard]:
    return {
        node: Heard(able=True, got=frozenset((port, other) for port in PORTS for other in NODES if other != node))
        for node in NODES
    }


def test_open_ports_are_a_green_line_each() -> None:
    needs = judge_ports(all_heard(), TOOLS, ADDRESSES)
    assert len(needs) == 12
    assert all(need.met and not need.mend for need in needs)
    assert needs[0].found == "node2 and node3 get through (management)"


def test_what_did_not_arrive_is_red_and_names_both_ends() -> None:
    heard = all_heard()
    heard["node2"] = replace(heard["node2"], got=heard["node2"].got - {("7946/udp", "node3")})
    (line,) = [need for need in judge_ports(heard, TOOLS, ADDRESSES) if not need.met]
    assert line.what == "node2: 7946/udp from the others"
    assert line.found == "nothing arrives from node3 (gossip)"
    assert "Open port 7946/udp of 10.0.0.6 for 10.0.0.7" in line.mend


def test_a_port_in_use_is_red_unless_the_swarms_own_engine_has_it() -> None:
    heard = all_heard() | {"node1": replace(all_heard()["node1"], taken=frozenset({"2377/tcp"}))}
    (line,) = [need for need in judge_ports(heard, TOOLS, ADDRESSES) if not need.met]
    assert line.found == "something else uses this port there"
    assert all(need.met for need in judge_ports(heard, TOOLS, ADDRESSES, frozenset({"node1"})))


def test_what_could_not_be_tried_is_said_and_is_not_red() -> None:
    heard = all_heard() | {"node1": Heard(able=False)}
    tools = TOOLS | {"node1": frozenset[str]()}
    needs = judge_ports(heard, tools, ADDRESSES)
    assert all(need.met for need in needs)
    assert needs[0].found == "could not be tried: that takes python3 or nc on node1"
    assert needs[2].found == "could not be tried: that takes python3 on node1"
    assert needs[4].found == "node3 gets through (management); not tried from node1"


def test_with_nc_alone_only_tcp_is_tried() -> None:
    tools = dict.fromkeys(NODES, frozenset({"nc"}))
    heard = {
        node: replace(one, got=frozenset(hit for hit in one.got if "tcp" in hit[0]))
        for node, one in all_heard().items()
    }
    needs = judge_ports(heard, tools, ADDRESSES)
    assert all(need.met for need in needs)
    assert ["could not be tried" in need.found for need in needs[:4]] == [False, False, True, True]


def test_lines_of_a_listener_are_read() -> None:
    lines = ["taken 2377/tcp", "ready", "got 7946/udp node3", "got 7946/udp node3", "got 4789/udp", ""]
    assert parse_heard(lines) == Heard(True, frozenset({"2377/tcp"}), frozenset({("7946/udp", "node3")}))
    assert not parse_heard([]).able


@pytest.mark.parametrize("tools", [{"python3"}, {"nc"}, {"nc", "nc-openbsd"}, {"busybox"}, {"bash", "nc"}])
def test_every_tool_makes_a_script_that_a_shell_can_read(tools: set[str]) -> None:
    for command in (
        listener(frozenset(tools)),
        sender(frozenset(tools), "node1", [("10.0.0.6", port) for port in PORTS]),
    ):
        assert command
        assert subprocess.run(["sh", "-n", "-c", command], timeout=60, check=False).returncode == 0


def test_without_a_tool_there_is_no_command() -> None:
    assert listener(frozenset({"bash"})) == ""
    assert sender(frozenset(), "node1", [("10.0.0.6", PORTS[0])]) == ""
    assert "/dev/udp/10.0.0.6/7946" in sender(frozenset({"bash"}), "node1", [("10.0.0.6", "7946/udp")])


# -- what was there, and the shell -------------------------------------------------------------------------------


def test_an_inventory_survives_its_file() -> None:
    held = Inventory(("a",), ("b",), ("c",), {"sha256:1": ("x:1", "y:1")})
    assert inventory_of(json.loads(json.dumps(held.to_document()))) == held


def test_a_tag_that_was_taken_over_goes_back_to_its_image() -> None:
    before = Inventory(images={"old": ("pets:1.0", "pets:mine"), "gone": ("other:1",)})
    now = Inventory(images={"old": ("pets:mine",), "new": ("pets:1.0",)})
    assert put_back_tags(before, now) == [("old", "pets:1.0")]
    assert put_back_tags(before, before) == []


def test_the_shell_is_one_command_for_any_login_shell() -> None:
    rc = rc_text("node2", "it's web-2", [("node1", "10.0.0.5"), ("node2", "10.0.0.6")])
    checked = subprocess.run(["bash", "-n"], input=rc, text=True, capture_output=True, timeout=60, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    command = shell_command("node2", rc)
    inner = command.removeprefix("exec sh -c '").removesuffix("'")
    assert "'" not in inner, "csh and fish take what is in single quotes as it is"
    assert len(command) < 32_768


def test_the_shell_names_its_node_and_says_where_it_is(tmp_path: Path) -> None:
    rc = rc_text("node2", "web-2", [("node1", "10.0.0.5"), ("node2", "10.0.0.6")])
    ran = subprocess.run(
        ["sh", "-c", shell_command("node2", rc)],
        input="echo $SWARMTUTOR_NODE; type curl; echo ${HISTFILE-none}\n",
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], "TERM": "dumb"},
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert "This is node2: web-2. For curl and ssh in this shell node1 is 10.0.0.5" in ran.stdout
    assert "--connect-to node1::10.0.0.5:" in ran.stdout
    assert "\nnone\n" in ran.stdout
    assert "node=node2" in ran.stdout
    assert list(tmp_path.iterdir()) == [], "nothing is written at home"


def test_without_bash_it_says_that_the_tutor_is_blind(tmp_path: Path) -> None:
    for program in ("sh", "echo"):
        (tmp_path / program).symlink_to(f"/bin/{program}")
    ran = subprocess.run(
        ["/bin/sh", "-c", shell_command("node2", "x")],
        input="echo here\n",
        env={"PATH": str(tmp_path), "SHELL": "/bin/sh"},
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert "There is no bash on this machine" in ran.stdout
    assert ran.stdout.endswith("here\n")
