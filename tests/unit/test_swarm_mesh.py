"""The rules that carry published ports where the kernel has no IPVS."""

import shutil
import subprocess
from dataclasses import replace

import pytest

from tests.unit.swarm_samples import (
    recorded_snapshot,
    sample,
    sample_engine,
    sample_node,
    sample_service,
    sample_task,
    with_engine,
)
from tui.swarm.mesh import Route, desired, routes, rules_for
from tui.swarm.mesh_script import apply_script
from tui.swarm.snapshot import LocalState, PublishedPort

_THREE = Route("tcp", 5000, 80, ("10.0.0.11", "10.0.0.12", "10.0.0.13"))


def test_a_published_port_leads_to_every_running_replica() -> None:
    assert routes(sample()) == (_THREE,)


def test_a_real_swarm_has_a_route_for_each_port() -> None:
    found = routes(recorded_snapshot("swarm"))
    assert [(route.protocol, route.published, len(route.targets)) for route in found] == [
        ("tcp", 5000, 2),
        ("udp", 5353, 2),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "starting"},
        {"state": "failed"},
        {"desired": "shutdown"},
        {"desired": "remove"},
        {"ingress_address": ""},
    ],
)
def test_a_replica_that_does_not_run_gets_no_request(fields: dict[str, str]) -> None:
    tasks = (sample_task(1, 1), sample_task(2, 2, **fields))
    assert routes(sample(tasks=tasks)) == (replace(_THREE, targets=("10.0.0.11",)),)


def test_a_replica_on_a_lost_node_gets_no_request() -> None:
    down = sample(nodes=(sample_node(1), sample_node(2, state="down"), sample_node(3)))
    assert routes(down)[0].targets == ("10.0.0.11", "10.0.0.13")
    silent = with_engine(sample(), sample_engine(2, reachable=False))
    assert routes(silent)[0].targets == ("10.0.0.11", "10.0.0.13")


def test_a_port_without_replica_or_in_host_mode_has_no_route() -> None:
    assert routes(sample(tasks=())) == ()
    host = sample(services=(sample_service(ports=(PublishedPort(5000, 80, "tcp", "host"),)),))
    assert routes(host) == ()
    unpublished = sample(services=(sample_service(ports=()),))
    assert routes(unpublished) == ()


def test_members_carry_and_others_do_not() -> None:
    snapshot = with_engine(sample(), sample_engine(3, state=LocalState.INACTIVE, node_id=""))
    rules = desired(snapshot)
    assert not rules["node1"].empty
    assert not rules["node2"].empty
    assert rules["node3"].empty


def test_an_unreachable_node_is_left_alone() -> None:
    snapshot = with_engine(sample(), sample_engine(3, reachable=False))
    assert set(desired(snapshot)) == {"node1", "node2"}


def test_routes_stay_while_no_manager_answers() -> None:
    assert desired(sample(manager="", manager_error="the quorum is lost")) == desired(sample())


def test_the_mark_follows_the_routes() -> None:
    one, other = rules_for([_THREE]), rules_for([replace(_THREE, published=5001)])
    assert one.mark != other.mark
    assert one == rules_for([_THREE])
    assert one.mark in one.node
    assert one.mark in one.sandbox


def test_rules_take_turns() -> None:
    rules = rules_for([_THREE, Route("udp", 53, 5353, ("10.0.0.11",))])
    turns = "numgen inc mod 3 map { 0 : 10.0.0.11, 1 : 10.0.0.12, 2 : 10.0.0.13 } : 80"
    assert f"tcp dport 5000 dnat to {turns}" in rules.sandbox
    assert "udp dport 53 dnat to numgen inc mod 1 map { 0 : 10.0.0.11 } : 5353" in rules.sandbox
    assert rules.node.count("fib daddr type local tcp dport 5000 dnat to $sandbox") == 2


@pytest.mark.parametrize("wanted", [(), (_THREE,)])
def test_the_script_is_sound_shell(wanted: tuple[Route, ...]) -> None:
    script = apply_script(rules_for(wanted))
    checked = subprocess.run(["sh", "-n"], input=script, text=True, capture_output=True, timeout=60, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("nft") is None, reason="nft is not installed")
def test_nft_accepts_the_rules() -> None:
    rules = rules_for([_THREE, Route("udp", 53, 5353, ("10.0.0.11",))])
    unshared = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*unshared, "true"], capture_output=True, timeout=60, check=False).returncode != 0:
        unshared = ["unshare", "--net"]
        if subprocess.run([*unshared, "true"], capture_output=True, timeout=60, check=False).returncode != 0:
            pytest.skip("no right to make a network namespace")
    for text in (rules.node, rules.sandbox, rules_for(()).node):
        ended = subprocess.run(
            [*unshared, "nft", "-D", "sandbox=172.18.0.2", "-f", "-"],
            input=text,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, "")
