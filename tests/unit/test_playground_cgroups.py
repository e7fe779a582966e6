"""Control groups: which trees a machine has, and how groups are made and removed in them."""

import errno
from pathlib import Path

import pytest

from tui.playground.providers.cgroups import (
    Hierarchy,
    can_freeze,
    freeze,
    is_frozen,
    make_group,
    parse_hierarchies,
    processes,
    remove,
    thaw,
)

V1 = """\
33 25 0:29 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
34 33 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
35 33 0:31 / /sys/fs/cgroup/memory rw,nosuid shared:10 - cgroup cgroup rw,memory
36 33 0:32 / /sys/fs/cgroup/systemd rw,nosuid - cgroup cgroup rw,xattr,release_agent=/lib/x,name=systemd
37 33 0:33 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
38 33 0:34 /docker/abc /mnt/other rw - cgroup cgroup rw,devices
39 33 0:31 / /mnt/again rw - cgroup cgroup rw,memory
"""
V2 = "33 25 0:29 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"


def test_version_1_has_a_tree_per_set_of_controllers() -> None:
    assert parse_hierarchies(V1) == [
        Hierarchy(Path("/sys/fs/cgroup/cpu,cpuacct"), 1, ("cpu", "cpuacct")),
        Hierarchy(Path("/sys/fs/cgroup/memory"), 1, ("memory",)),
        Hierarchy(Path("/sys/fs/cgroup/systemd"), 1, ("name=systemd",)),
        Hierarchy(Path("/sys/fs/cgroup/unified"), 2),  # last: nothing is counted there
    ]


def test_version_2_has_one_tree() -> None:
    assert parse_hierarchies(V2) == [Hierarchy(Path("/sys/fs/cgroup"), 2)]


def test_version_2_with_a_named_tree_of_version_1_beside_it_is_version_2() -> None:
    systemd = "36 33 0:32 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
    assert parse_hierarchies(systemd + V2) == [Hierarchy(Path("/sys/fs/cgroup"), 2)]


# As machines have it, shortened where a dozen trees differ in nothing but their controllers.
CENTOS_7 = """\
24 18 0:20 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:8 - tmpfs tmpfs ro,mode=755
25 24 0:21 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:9 - cgroup cgroup rw,xattr,\
release_agent=/usr/lib/systemd/systemd-cgroups-agent,name=systemd
27 24 0:23 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:10 - cgroup cgroup rw,cpuacct,cpu
28 24 0:24 / /sys/fs/cgroup/devices rw,nosuid,nodev,noexec,relatime shared:11 - cgroup cgroup rw,devices
35 24 0:31 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:18 - cgroup cgroup rw,memory
"""
UBUNTU_20 = """\
31 24 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755,inode64
32 31 0:27 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime shared:10 - cgroup2 cgroup2 rw,nsdelegate
33 31 0:28 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:11 - cgroup cgroup rw,xattr,name=systemd
37 31 0:32 / /sys/fs/cgroup/net_cls,net_prio rw,nosuid,nodev,noexec,relatime shared:15 - cgroup cgroup rw,net_cls,\
net_prio
38 31 0:33 / /sys/fs/cgroup/devices rw,nosuid,nodev,noexec,relatime shared:16 - cgroup cgroup rw,devices
39 31 0:34 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:17 - cgroup cgroup rw,memory
"""
DEBIAN_12 = """\
27 23 0:24 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,\
memory_recursiveprot
"""
# A VPN client mounts one old controller beside it, to tell programs apart.
DEBIAN_12_WITH_MULLVAD = DEBIAN_12 + "612 23 0:71 / /run/net_cls rw,relatime shared:300 - cgroup net_cls rw,net_cls\n"
# Without a namespace of its own a container sees a part of its host's trees: no groups of ours can be made above it.
CONTAINER_V1 = """\
1042 1041 0:57 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,mode=755,inode64
1044 1042 0:28 /docker/0a1b /sys/fs/cgroup/systemd ro,nosuid,nodev,noexec,relatime - cgroup cgroup rw,xattr,name=systemd
1049 1042 0:34 /docker/0a1b /sys/fs/cgroup/memory ro,nosuid,nodev,noexec,relatime - cgroup cgroup rw,memory
"""
CONTAINER_V2 = "1043 1041 0:24 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate\n"


@pytest.mark.parametrize(
    ("mountinfo", "versions", "trees"),
    [
        pytest.param(CENTOS_7, [1, 1, 1, 1], ["systemd", "cpu,cpuacct", "devices", "memory"], id="version 1"),
        pytest.param(UBUNTU_20, [1, 1, 1, 1, 2], ["systemd", "net_cls,net_prio", "devices", "memory"], id="hybrid"),
        pytest.param(DEBIAN_12, [2], [], id="version 2"),
        pytest.param(DEBIAN_12_WITH_MULLVAD, [2], [], id="version 2 and one old controller"),
        pytest.param(CONTAINER_V1, [], [], id="container on version 1"),
        pytest.param(CONTAINER_V2, [2], [], id="container on version 2"),
    ],
)
def test_the_machines_of_this_world(mountinfo: str, versions: list[int], trees: list[str]) -> None:
    found = parse_hierarchies(mountinfo)
    assert [hierarchy.version for hierarchy in found] == versions
    assert [hierarchy.folder for hierarchy in found if hierarchy.version == 1] == trees


def test_a_machine_without_any() -> None:
    assert parse_hierarchies("22 27 0:21 / /proc rw,relatime - proc proc rw\nnonsense\n") == []


def test_a_mount_point_with_a_blank_is_read() -> None:
    line = "33 25 0:29 / /sys/fs/my\\040group rw - cgroup2 cgroup2 rw\n"
    assert parse_hierarchies(line)[0].mount_point == Path("/sys/fs/my group")


def fake_tree(folder: Path) -> Hierarchy:
    (folder / "cgroup.controllers").write_text("cpu memory pids\n")
    (folder / "cgroup.subtree_control").write_text("")
    return Hierarchy(folder, 2)


def test_controllers_are_enabled_above_a_group_of_version_2(tmp_path: Path) -> None:
    tree = fake_tree(tmp_path)
    make_group([tree], "one")
    assert (tmp_path / "one").is_dir()
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+pids", "the last of the three that were written"


def test_a_controller_that_is_not_handed_on_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = fake_tree(tmp_path)
    asked: list[str] = []

    def refuse(path: Path, text: str) -> int:
        asked.append(text)
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(Path, "write_text", refuse)
    make_group([tree], "one")
    assert (tmp_path / "one").is_dir()
    assert asked == ["+cpu", "+memory", "+pids"]


def test_a_cpuset_gets_the_processors_of_the_group_above(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "one"):
        folder.mkdir(exist_ok=True)
        (folder / "cpuset.cpus").write_text("0-1\n" if folder == tmp_path else "\n")
        (folder / "cpuset.mems").write_text("0\n" if folder == tmp_path else "\n")
    make_group([Hierarchy(tmp_path, 1, ("cpuset",))], "one")
    assert (tmp_path / "one/cpuset.cpus").read_text() == "0-1\n"


def test_processes_are_found_below_and_in_every_tree(tmp_path: Path) -> None:
    for tree, pid in (("a", "7"), ("b", "8")):
        (tmp_path / tree / "lab/node1/docker").mkdir(parents=True)
        (tmp_path / tree / "lab/cgroup.procs").write_text("")
        (tmp_path / tree / "lab/node1/docker/cgroup.procs").write_text(f"{pid}\n0\n")
    trees = [Hierarchy(tmp_path / "a", 1), Hierarchy(tmp_path / "b", 1)]
    assert processes(trees, "lab") == {7, 8}
    assert processes(trees, "other") == set()


def test_a_group_is_removed_with_those_below(tmp_path: Path) -> None:
    (tmp_path / "lab/node1/docker").mkdir(parents=True)
    trees = [Hierarchy(tmp_path, 1)]
    remove(trees, "lab")
    assert not (tmp_path / "lab").exists()
    remove(trees, "lab")


def test_a_group_in_use_is_told_after_the_deadline(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab/file").touch()
    with pytest.raises(OSError, match="not empty"):
        remove([Hierarchy(tmp_path, 1)], "lab", timeout=0.05)


def test_a_group_of_version_1_is_frozen_and_thawed(tmp_path: Path) -> None:
    tree = Hierarchy(tmp_path, 1, ("freezer",))
    (tmp_path / "one").mkdir()
    (tmp_path / "one/freezer.state").write_text("THAWED")
    assert can_freeze([tree])
    freeze([tree], "one")  # what was written is read back as the state
    assert (tmp_path / "one/freezer.state").read_text() == "FROZEN"
    thaw([tree], "one")
    assert (tmp_path / "one/freezer.state").read_text() == "THAWED"


def test_what_cannot_be_frozen_is_not_left_half_frozen(tmp_path: Path) -> None:
    (tmp_path / "cgroup.freeze").write_text("0")
    (tmp_path / "cgroup.events").write_text("populated 1\nfrozen 0\n")
    with pytest.raises(TimeoutError):
        freeze([Hierarchy(tmp_path, 2)], "", timeout=0.0)
    assert (tmp_path / "cgroup.freeze").read_text() == "0"


def test_a_machine_without_a_freezer(tmp_path: Path) -> None:
    tree = Hierarchy(tmp_path, 1, ("memory",))
    assert not can_freeze([tree])
    assert not is_frozen([tree], "one")
