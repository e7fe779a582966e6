"""Images made out of folders: the same input makes the same bytes, and mistakes are named."""

import io
import json
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from tui.errors import UserError
from tui.playground.images import build_folder, build_images, nanoseconds, write_load_archive

TOML = """
name = "swarmtutor/tiny"
tags = ["1.0", "2.0"]
cmd = ["serve"]
env = { GREETING = "hello" }
expose = [5000]
workdir = "/srv"
stop_signal = "SIGINT"
healthcheck = { test = ["CMD", "true"], interval = "2s", timeout = "500ms", retries = 3, start_period = "1m" }
"""


def make_folder(base: Path, toml: str = TOML, order: tuple[str, ...] = ("b", "a")) -> Path:
    folder = base / "tiny"
    (folder / "rootfs/srv").mkdir(parents=True)
    (folder / "image.toml").write_text(toml)
    for name in order:
        (folder / "rootfs/srv" / name).write_text(f"text of {name}")
    (folder / "rootfs/srv/serve").write_text("#!/bin/sh\nexit 0\n")
    (folder / "rootfs/srv/link").symlink_to("serve")
    return folder


def test_the_same_files_make_the_same_image(tmp_path: Path) -> None:
    first = build_folder(make_folder(tmp_path / "one", order=("a", "b")))
    second_folder = make_folder(tmp_path / "two", order=("b", "a"))
    for path in second_folder.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    second = build_folder(second_folder)
    assert [image.digest for image in first] == [image.digest for image in second]
    assert first[0].digest != first[1].digest, "each tag has its own version in its configuration"
    assert first[0].layers == first[1].layers, "and shares its files with the others"


def test_the_configuration_says_what_image_toml_says(tmp_path: Path) -> None:
    image = build_folder(make_folder(tmp_path))[1]
    assert image.reference == "swarmtutor/tiny:2.0"
    config = json.loads(image.config)
    assert config["config"]["Cmd"] == ["serve"]
    assert {"GREETING=hello", "VERSION=2.0"} <= set(config["config"]["Env"])
    assert config["config"]["ExposedPorts"] == {"5000/tcp": {}}
    assert config["config"]["StopSignal"] == "SIGINT"
    assert config["config"]["Healthcheck"] == {
        "Test": ["CMD", "true"],
        "Interval": 2_000_000_000,
        "Timeout": 500_000_000,
        "Retries": 3,
        "StartPeriod": 60_000_000_000,
    }
    assert config["rootfs"]["diff_ids"] == [layer.diff_id for layer in image.layers]
    manifest = json.loads(image.manifest)
    assert manifest["config"] == {
        "mediaType": "application/vnd.docker.container.image.v1+json",
        "size": len(image.config),
        "digest": image.config_digest,
    }


def test_files_belong_to_root_carry_no_date_and_scripts_can_run(tmp_path: Path) -> None:
    layer = build_folder(make_folder(tmp_path))[0].layers[0]
    with tarfile.open(fileobj=io.BytesIO(layer.tar)) as archive:
        members = {member.name: member for member in archive}
    assert list(members) == sorted(members)
    assert {(member.uid, member.gid, member.mtime) for member in members.values()} == {(0, 0, 0)}
    assert members["srv/serve"].mode == 0o755
    assert members["srv/a"].mode == 0o644
    assert members["srv/link"].linkname == "serve"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('name = "x/y"\ntags = ["1"]\nentry = []', "unknown key: entry"),
        ('tags = ["1"]', "`name` is missing"),
        ('name = "x/y"', "`tags` is missing"),
        ('name = "x/y"\ntags = ["a b"]', "'a b' is no tag"),
        ('name = "x/y"\ntags = ["1"]\nhealthcheck = {test = ["CMD"], interval = "soon"}', "“soon” is no duration"),
        ('name = "x/y"\ntags = ["1"]\nhealthcheck = {test = ["CMD"], every = "1s"}', "unknown key in healthcheck"),
        ("name = ", "Invalid value"),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, toml: str, said: str) -> None:
    folder = make_folder(tmp_path, toml)
    with pytest.raises(UserError) as caught:
        build_folder(folder)
    assert said in caught.value.what
    assert str(folder / "image.toml") in caught.value.what


def test_durations() -> None:
    assert nanoseconds("1.5s") == 1_500_000_000
    with pytest.raises(ValueError, match="is no duration"):
        nanoseconds("2 s")


@pytest.mark.skipif(shutil.which("busybox") is None, reason="busybox is not installed")
def test_applets_are_links_to_busybox(tmp_path: Path) -> None:
    make_folder(tmp_path / "images", 'name = "x/y"\ntags = ["1"]\napplets = true')
    image = build_images(tmp_path)[0]
    with tarfile.open(fileobj=io.BytesIO(image.layers[0].tar)) as archive:
        members = {member.name: member for member in archive}
    assert members["bin/sh"].linkname == "busybox"
    assert members["bin/busybox"].mode == 0o755
    assert members["tmp"].mode == 0o1777


def test_a_missing_busybox_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_folder(tmp_path / "images", 'name = "x/y"\ntags = ["1"]\napplets = true')

    def find_nothing(program: str) -> None:
        assert program == "busybox"

    monkeypatch.setattr("tui.playground.images.look_up", find_nothing)
    with pytest.raises(UserError) as caught:
        build_images(tmp_path)
    assert "busybox-static" in caught.value.hint


def test_a_load_archive_holds_the_images(tmp_path: Path) -> None:
    images = build_folder(make_folder(tmp_path))
    write_load_archive(images, tmp_path / "load.tar")
    with tarfile.open(tmp_path / "load.tar") as archive:
        names = set(archive.getnames())
        listing = archive.extractfile("manifest.json")
        assert listing is not None
        entries = json.load(listing)
    assert [entry["RepoTags"] for entry in entries] == [["swarmtutor/tiny:1.0"], ["swarmtutor/tiny:2.0"]]
    for entry in entries:
        assert {entry["Config"], *entry["Layers"]} <= names
