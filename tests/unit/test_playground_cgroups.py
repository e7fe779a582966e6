"""Control groups: which trees a machine has, and how groups are made and removed in them."""

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
