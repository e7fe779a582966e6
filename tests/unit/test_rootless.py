"""Nodes of somebody who is not root: what they need, and which commands run in namespaces of the person's own."""

import os
import sys
from pathlib import Path

import pytest

from tui.playground.kernel import in_user_namespace
from tui.playground.model import Requirement
from tui.playground.providers import own_machine
from tui.playground.providers.node_files import agent_document, daemon_document, fill_upper
from tui.playground.providers.plans import NodePlan
from tui.playground.providers.requirements import routing_mesh
from tui.playground.providers.rootless import rootless_requirements, subordinate_ids, why_not_allowed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state directory of the test's own."""
    monkeypatch.setenv("SWARMTUTOR_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("SWARMTUTOR_RUNTIME", str(tmp_path / "run"))


def learner() -> int:
    return 1000


def not_installed(program: str) -> None:
    assert program


def root() -> int:
    return 0


def test_only_the_machines_own_root_sees_every_id() -> None:
    assert not in_user_namespace("         0          0 4294967295\n")
    assert in_user_namespace("         0       1000          1\n         1     100000      65536\n")


def test_ids_are_added_up_by_name_and_by_number() -> None:
    text = "anna:100000:65536\nbert:165536:65536\n1000:300000:10\nbroken\n"
    assert subordinate_ids(text, "anna", 1000) == 65_546
    assert subordinate_ids(text, "bert", 1001) == 65_536
    assert subordinate_ids(text, "carl", 1002) == 0


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("kernel.unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("kernel.apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
        ("user.max_user_namespaces", "0", "user.max_user_namespaces=10000"),
    ],
)
def test_each_setting_that_forbids_them_is_named_with_its_mend(name: str, value: str, mend: str) -> None:
    reason, way = why_not_allowed({name: value})
    assert f"{name}={value}" in reason
    assert mend in way


def test_nothing_forbids_them_where_the_settings_allow_or_are_not_there() -> None:
    assert why_not_allowed({}) == ("", "")
    assert why_not_allowed({"kernel.unprivileged_userns_clone": "1", "user.max_user_namespaces": "9"}) == ("", "")


def test_a_missing_newuidmap_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.playground.providers.rootless.look_up", not_installed)
    needs = {need.what: need for need in rootless_requirements()}
    assert needs["the program newuidmap"].remedy.packages == ("uidmap",)
    assert not needs["user namespaces, as you are not root"].met
    assert "memory is not limited" in needs["control groups"].found


# --- who goes inside ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "mesh"),
    [
        (("net/ip_vs", "sys/net/ipv4/vs/conntrack"), "ipvs"),
        (("net/ip_vs",), "nftables"),
        ((), "nftables"),
    ],
    ids=["ipvs", "ipvs of which nothing can be set", "no ipvs"],
)
def test_ipvs_carries_published_ports_only_where_an_engine_can_set_it_up(
    tmp_path: Path, files: tuple[str, ...], mesh: str
) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).touch()
    assert routing_mesh(tmp_path) == mesh


class _Provider:
    def __init__(self, name: str, *, met: bool = True) -> None:
        self.name = name
        self._met = met

    def requirements(self) -> list[Requirement]:
        return [Requirement("user namespaces", self._met, "as told")]


def choosing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def chosen(wanted: str | None) -> _Provider:
        return _Provider(name)

    monkeypatch.setattr(os, "geteuid", learner)
    monkeypatch.setattr(own_machine, "choose_provider", chosen)
    monkeypatch.setattr(own_machine, "provider_named", _Provider)


def record(name: str, text: str) -> None:
    folder = Path(os.environ["SWARMTUTOR_STATE"]) / "playgrounds" / name
    (folder / "nodes").mkdir(parents=True)
    (folder / "playground.json").write_text(text)


def test_root_needs_no_namespaces_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    choosing(monkeypatch, "namespaces")
    monkeypatch.setattr(os, "geteuid", root)
    assert not own_machine.belongs_inside("lab", None, makes=True)


@pytest.mark.parametrize(("provider", "inside"), [("namespaces", True), ("containers", False)])
def test_what_makes_nodes_goes_where_the_chosen_provider_makes_them(
    monkeypatch: pytest.MonkeyPatch, provider: str, inside: bool
) -> None:
    choosing(monkeypatch, provider)
    assert own_machine.belongs_inside("lab", None, makes=True) is inside
    assert not own_machine.belongs_inside("lab", None, makes=False)  # nothing is there that it could have to do with


def test_a_playground_whose_record_is_damaged_is_known_by_its_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    choosing(monkeypatch, "containers")
    record("lab", "{")
    assert own_machine.belongs_inside("lab", None, makes=False)
    assert own_machine.belongs_inside(None, None, makes=False)
    assert not own_machine.belongs_inside("other", None, makes=False)


def test_a_keeper_of_an_earlier_life_of_the_machine_is_none() -> None:
    state = Path(os.environ["SWARMTUTOR_STATE"])
    state.mkdir()
    assert own_machine.keeper_pid() == 0
    (state / "keeper").write_text(f"{os.getpid()} 1\n")  # the id is in use again, by somebody born later
    assert own_machine.keeper_pid() == 0
    (state / "keeper").write_text("nonsense")
    assert own_machine.keeper_pid() == 0


# --- the files of such a node -----------------------------------------------------------------------------------


def plan_in(folder: Path) -> NodePlan:
    keys = folder / "keys"
    keys.mkdir()
    for name in ("client", "learner", "node1"):
        (keys / name).write_text("key")
        (keys / f"{name}.pub").write_text("key")
    return NodePlan(
        node="node1",
        identity="swarmtutor-t",
        network="n",
        group="g",
        folder=str(folder),
        keys=str(keys),
        address="10.0.0.11",
        hub="10.0.0.2",
        peers=(("node1", "10.0.0.11"),),
        host_keys=(("node1", "key"),),
        python=sys.executable,
        python_folders=(),
        package_root="/",
        rootless=True,
        groups=False,
    )


def machine_in(folder: Path) -> Path:
    below = folder / "machine"
    for name in ("etc/ssl/private", "etc/ssh", "usr/bin", "home/anna", "opt", "boot"):
        (below / name).mkdir(parents=True)
    (below / "bin").symlink_to("usr/bin")
    (below / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    (below / "etc/group").write_text("root:x:0:\n")
    (below / "etc/profile").write_text("umask 022\n")
    (below / "etc/ssl/private/secret.key").write_text("secret")
    (below / "etc/ssh/ssh_host_key").write_text("secret")
    (below / "etc/krb5.keytab").write_text("secret")
    return below


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to accounts: needs root")
def test_its_root_has_a_copy_of_etc_without_secrets_and_places_for_the_system(tmp_path: Path) -> None:
    upper = tmp_path / "upper"
    upper.mkdir()
    fill_upper(upper, plan_in(tmp_path), "/usr/sbin/dockerd", "rc", below=machine_in(tmp_path))
    assert (upper / "etc/profile").read_text() == "umask 022\n"
    assert not list(upper.rglob("secret.key"))
    assert not (upper / "etc/ssh/ssh_host_key").exists()
    assert not (upper / "etc/krb5.keytab").exists()
    assert (upper / "bin").readlink() == Path("usr/bin")
    assert (upper / "usr").is_dir()
    assert not (upper / "boot").exists()
    assert [entry.name for entry in (upper / "home").iterdir()] == ["docker"]
    assert "docker:x:1000" in (upper / "etc/passwd").read_text()


def test_its_engine_is_told_to_do_without_control_groups(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    services = agent_document(plan, "/usr/sbin/dockerd")["services"]
    assert isinstance(services, list)
    assert services[0]["argv"] == ["/usr/sbin/dockerd", "--rootless"]
    assert "exec-opts" not in daemon_document(plan)
