"""Raw answers of the Engine API become the values of the snapshot, whatever is missing from them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.swarm_samples import recorded, recorded_snapshot
from tui.swarm.build import (
    build_container,
    build_engine,
    build_images,
    build_node,
    build_service,
    build_swarm,
    build_task,
)
from tui.swarm.raw import moment
from tui.swarm.snapshot import Extra, JoinTokens, LocalState, Network, PublishedPort, StoredItem


def test_engines_of_a_real_swarm() -> None:
    snapshot = recorded_snapshot("swarm")
    manager, worker = snapshot.engines["node1"], snapshot.engines["node2"]
    assert manager.version == "20.10.24+dfsg1"
    assert (manager.state, manager.is_manager) == (LocalState.ACTIVE, True)
    assert (worker.state, worker.is_manager) == (LocalState.ACTIVE, False)
    assert manager.cluster_id
    assert not worker.cluster_id
    assert manager.node_address == "10.99.7.11"
    row = snapshot.node("node2")
    assert row is not None
    assert snapshot.engine_of(row) == worker


def test_nodes_of_a_real_swarm() -> None:
    snapshot = recorded_snapshot("swarm")
    assert [(n.hostname, n.role, n.availability, n.state) for n in snapshot.nodes] == [
        ("node1", "manager", "active", "ready"),
        ("node2", "worker", "drain", "ready"),
        ("node3", "worker", "active", "ready"),
    ]
    leader = snapshot.nodes[0]
    assert (leader.leader, leader.reachability, leader.address) == (True, "reachable", "10.99.7.11")
    assert (snapshot.nodes[1].leader, snapshot.nodes[1].reachability) == (False, "")


def test_services_of_a_real_swarm() -> None:
    snapshot = recorded_snapshot("swarm")
    by_name = {service.name: service for service in snapshot.services}
    assert list(by_name) == sorted(by_name)
    pets = by_name["pets"]
    assert (pets.mode, pets.replicas, pets.image, pets.force_update) == ("replicated", 2, "sw/web:1.0", 1)
    assert pets.ports == (PublishedPort(5000, 5000), PublishedPort(5353, 5353, "udp"))
    assert pets.update_state in ("updating", "completed")
    assert (by_name["glob"].mode, by_name["glob"].replicas) == ("global", None)
    assert (by_name["job"].mode, by_name["job"].replicas) == ("replicated-job", 2)
    assert by_name["glob"].labels == (("a", "b"),)
    assert by_name["bad"].update_state == ""


def test_tasks_of_a_real_swarm() -> None:
    snapshot = recorded_snapshot("swarm")
    pets, bad, nowhere = (snapshot.service(name) for name in ("pets", "bad", "nowhere"))
    assert pets is not None
    assert bad is not None
    assert nowhere is not None
    assert snapshot.running(pets) == snapshot.wanted(pets) == 2
    live = [task for task in snapshot.tasks_of(pets) if snapshot.runs(task)]
    assert all(task.ingress_address.startswith("10.0.0.") for task in live)
    assert {snapshot.node_name(task.node_id) for task in live} == {"node1", "node3"}
    assert snapshot.tasks_of(bad)[0].error == "No such image: nosuch/image:9"
    pending = snapshot.tasks_of(nowhere)[0]
    assert (pending.state, pending.node_id) == ("pending", "")
    assert "no suitable node" in pending.error


def test_containers_know_their_task() -> None:
    snapshot = recorded_snapshot("swarm")
    containers = snapshot.engines["node1"].containers
    byhand = next(c for c in containers if c.name == "byhand")
    assert (byhand.state, byhand.task_id, byhand.service_name) == ("running", "", "")
    replica = next(c for c in containers if c.service_name == "pets" and c.state == "running")
    assert replica.task_id in {task.id for task in snapshot.tasks}
    assert replica.id in {task.container_id for task in snapshot.tasks}


def test_tokens_are_read_and_never_shown() -> None:
    snapshot = recorded_snapshot("swarm")
    assert snapshot.tokens == JoinTokens("SWMTKN-1-masked-worker", "SWMTKN-1-masked-manager")
    assert "SWMTKN" not in repr(snapshot)
    assert "SWMTKN" not in repr(snapshot.tokens)


def test_an_engine_outside_any_swarm() -> None:
    engine = build_engine("node1", "10.0.0.1", {"Swarm": {"NodeID": "", "LocalNodeState": "inactive"}}, [], 5.0)
    assert (engine.state, engine.node_id, engine.is_manager) == (LocalState.INACTIVE, "", False)
    assert (engine.reachable, engine.asked) == (True, 5.0)


def test_images_lose_their_digest() -> None:
    spec = {"Spec": {"TaskTemplate": {"ContainerSpec": {"Image": "pets:1.0@sha256:0123"}}}}
    assert build_service(spec).image == "pets:1.0"
    assert build_task({"Spec": {"ContainerSpec": {"Image": "r:5000/pets@sha256:0123"}}}).image == "r:5000/pets"
    assert build_container({"Image": "sha256:0123"}).image == "sha256:0123"


def test_ports_chosen_by_the_swarm_win_over_the_asked_ones() -> None:
    asked: dict[str, Any] = {"Spec": {"EndpointSpec": {"Ports": [{"TargetPort": 80}]}}}
    assert build_service(asked).ports == (PublishedPort(0, 80),)
    given_ = asked | {"Endpoint": {"Ports": [{"TargetPort": 80, "PublishedPort": 30000, "PublishMode": "host"}]}}
    assert build_service(given_).ports == (PublishedPort(30000, 80, "tcp", "host"),)


def test_replicas_absent_means_one() -> None:
    assert build_service({"Spec": {"Mode": {"Replicated": {}}}}).replicas == 1
    assert build_service({"Spec": {"Mode": {"Replicated": {"Replicas": 0}}}}).replicas == 0


def test_a_container_with_legacy_links_keeps_its_own_name() -> None:
    assert build_container({"Names": ["/web/db", "/db"]}).name == "db"


def test_a_manager_that_lost_touch_is_no_leader() -> None:
    node = build_node({"ManagerStatus": {"Reachability": "unreachable"}, "Spec": {"Role": "manager"}})
    assert (node.leader, node.reachability, node.role) == (False, "unreachable", "manager")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:01Z", 1.0),
        ("1970-01-01T00:00:01.250000000Z", 1.25),
        ("1970-01-01T01:00:01.25+01:00", 1.25),
        ("0001-01-01T00:00:00Z", 0.0),
        ("soon", 0.0),
        ("", 0.0),
    ],
)
def test_times(text: str, seconds: float) -> None:
    assert moment({"At": text}, "At") == pytest.approx(seconds)


_NAMES = st.sampled_from(
    [
        *("ID", "Spec", "Mode", "Replicated", "Replicas", "Endpoint", "Ports", "Status", "State", "ManagerStatus"),
        *("Labels", "Names", "NetworksAttachments", "Network", "Ingress", "Addresses", "ContainerStatus", "ExitCode"),
        *("Swarm", "LocalNodeState", "Description", "CreatedAt", "JoinTokens", "Worker", "TaskTemplate"),
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=6),
    max_leaves=20,
)


@given(st.dictionaries(_NAMES, _JSON, max_size=8))
def test_no_shape_of_an_answer_breaks_it(raw: dict[str, Any]) -> None:
    engine = build_engine("node1", "", raw, [raw], 0.0)
    rows = build_swarm([raw], [raw], [raw], raw)
    assert len(engine.containers) == len(rows.nodes) == len(rows.services) == len(rows.tasks) == 1


@pytest.mark.parametrize(
    ("recording", "version", "image"),
    [
        pytest.param("engine-26", "26.1.5+dfsg1", "swarmtutor/pets", id="26"),
        pytest.param("engine-28", "28.5.2+dfsg4", "swarmtutor/pets:1.0", id="28, images kept with containerd"),
    ],
)
def test_engines_of_other_releases_say_the_same(recording: str, version: str, image: str) -> None:
    raw = recorded(recording)
    snapshot = recorded_snapshot(recording)
    assert {engine.version for engine in snapshot.engines.values()} == {version}
    assert {engine.state for engine in snapshot.engines.values()} == {LocalState.ACTIVE}
    assert [node.availability for node in snapshot.nodes] == ["active", "drain", "active"]
    assert [node.engine_version for node in snapshot.nodes] == [version] * 3
    pets, nowhere = snapshot.service("pets"), snapshot.service("nowhere")
    assert pets is not None
    assert nowhere is not None
    assert (pets.image, pets.replicas, pets.ports) == ("swarmtutor/pets:1.0", 2, (PublishedPort(5000, 5000),))
    assert all(task.ingress_address.startswith("10.0.0.") for task in snapshot.tasks_of(pets))
    assert sum(map(snapshot.runs, snapshot.tasks)) == 2
    (waiting,) = snapshot.tasks_of(nowhere)
    assert "no suitable node" in waiting.error
    (container,) = snapshot.engines["node1"].containers
    assert (container.image, container.service_name, container.state) == ("swarmtutor/pets:1.0", "pets", "running")
    assert build_images(raw["node1"]["images"]) == (image,)
    assert build_images(raw["node2"]["images"]) == ()


@pytest.mark.parametrize("recording", ["swarm", "engine-26", "engine-28"])
def test_the_recording_holds_no_secret(recording: str) -> None:
    text = repr(recorded(recording))
    assert "SWMTKN-1-masked-worker" in text
    assert "PRIVATE KEY" not in text


def test_a_service_names_what_it_uses() -> None:
    raw = {
        "Spec": {
            "Name": "web",
            "TaskTemplate": {
                "Networks": [{"Target": "n1"}],
                "ContainerSpec": {"Secrets": [{"SecretName": "key"}], "Configs": [{"ConfigName": "site"}]},
            },
        }
    }
    built = build_service(raw)
    assert (built.networks, built.secrets, built.configs) == (("n1",), ("key",), ("site",))
    assert build_service({"Spec": {"Networks": [{"Target": "old"}]}}).networks == ("old",)


def test_what_was_not_asked_for_is_not_known() -> None:
    rows = build_swarm([], [], [])
    assert (rows.networks, rows.secrets, rows.configs) == (None, None, None)
    networks = [{"Id": "n2", "Name": "b", "Driver": "bridge", "Scope": "local"}, {"Id": "n1", "Name": "a"}]
    secrets = [{"ID": "s1", "Spec": {"Name": "key"}}]
    asked = build_swarm([], [], [], extras={Extra.NETWORKS: networks, Extra.SECRETS: secrets, Extra.CONFIGS: []})
    assert asked.networks == (Network("n1", "a", "", ""), Network("n2", "b", "bridge", "local"))
    assert (asked.secrets, asked.configs) == ((StoredItem("s1", "key"),), ())


def test_images_are_known_by_their_tags_and_without_one_by_their_name() -> None:
    raw = [
        {"RepoTags": ["sw/pets:1.0", "sw/pets:2.0"], "RepoDigests": ["sw/pets@sha256:1"]},
        {"RepoTags": None, "RepoDigests": ["sw/shell@sha256:2"]},
        {"RepoTags": ["<none>:<none>"], "RepoDigests": ["<none>@<none>"]},
    ]
    assert build_images(raw) == ("sw/pets:1.0", "sw/pets:2.0", "sw/shell")
