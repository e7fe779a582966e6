"""Container images made on the spot, out of folders in `content/images`, without an engine and without a network.

A folder holds `image.toml` and, for the files of the image, `rootfs/`. The keys of image.toml:

    name = "swarmtutor/pets"          # required
    tags = ["1.0", "2.0"]             # required; each gets VERSION=<tag> in its environment
    applets = true                    # put busybox and a link for each of its programs into /bin
    cmd = ["sleep", "infinity"]
    entrypoint = []
    env = { GREETING = "hello" }
    expose = [5000]
    workdir = "/"
    stop_signal = "SIGTERM"
    healthcheck = { test = ["CMD", "true"], interval = "2s", timeout = "2s", retries = 3, start_period = "1s" }

The same input makes the same bytes: layers are sorted, belong to root and carry no date.
"""

import gzip
import hashlib
import io
import json
import platform
import re
import stat
import subprocess
import tarfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tui.errors import ExitCode, UserError
from tui.playground.providers.tools import look_up

__all__ = [
    "Busybox",
    "Image",
    "Layer",
    "build_folder",
    "build_images",
    "nanoseconds",
    "own_busybox",
    "write_load_archive",
]

_KEYS = {"name", "tags", "applets", "cmd", "entrypoint", "env", "expose", "workdir", "stop_signal", "healthcheck"}
_HEALTH_KEYS = {"test", "interval", "timeout", "retries", "start_period"}
_NAME = re.compile(r"[a-z0-9]+([._/-][a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNITS = {"ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000}
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CREATED = "2026-01-01T00:00:00Z"  # the same for every build, so that an image keeps its digest

_MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
_LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of files."""

    tar: bytes
    compressed: bytes

    @property
    def diff_id(self) -> str:
        """Digest of the plain archive."""
        return _digest(self.tar)

    @property
    def digest(self) -> str:
        """Digest of the compressed archive, under which a registry keeps it."""
        return _digest(self.compressed)


@dataclass(frozen=True, slots=True)
class Image:
    """One image with one tag."""

    name: str
    tag: str
    layers: tuple[Layer, ...]
    config: bytes

    @property
    def reference(self) -> str:
        """name:tag."""
        return f"{self.name}:{self.tag}"

    @property
    def config_digest(self) -> str:
        """Digest of the configuration: the image's id."""
        return _digest(self.config)

    @property
    def manifest_type(self) -> str:
        """Media type of the manifest."""
        return _MANIFEST_TYPE

    @property
    def manifest(self) -> bytes:
        """The manifest that a registry hands out (Docker image manifest version 2, schema 2)."""
        document = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST_TYPE,
            "config": {"mediaType": _CONFIG_TYPE, "size": len(self.config), "digest": self.config_digest},
            "layers": [
                {"mediaType": _LAYER_TYPE, "size": len(layer.compressed), "digest": layer.digest}
                for layer in self.layers
            ],
        }
        return json.dumps(document, indent=1).encode()

    @property
    def digest(self) -> str:
        """The digest under which `docker service ls` and pulls know the image."""
        return _digest(self.manifest)


def nanoseconds(text: str) -> int:
    """A duration such as `500ms`, `2s` or `1m`, in the engine's unit. Raises ValueError."""
    match = _DURATION.fullmatch(text)
    if not match:
        raise ValueError(f"“{text}” is no duration such as 500ms, 2s or 1m")
    return int(float(match[1]) * _UNITS[match[2]])


def _member(name: str, kind: bytes, mode: int, size: int = 0, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size, info.linkname = kind, mode, size, target
    return info


def _pack(members: Mapping[str, tuple[tarfile.TarInfo, bytes]]) -> Layer:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name in sorted(members):
            info, data = members[name]
            archive.addfile(info, io.BytesIO(data))
    plain = buffer.getvalue()
    return Layer(plain, gzip.compress(plain, compresslevel=1, mtime=0))


def _folder_layer(folder: Path) -> Layer:
    members: dict[str, tuple[tarfile.TarInfo, bytes]] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            members[name] = (_member(name, tarfile.SYMTYPE, 0o777, target=str(path.readlink())), b"")
        elif path.is_dir():
            members[name] = (_member(name, tarfile.DIRTYPE, 0o755), b"")
        else:
            data = path.read_bytes()
            # A script is a program, also where an unpacked archive lost its permission to run.
            runs = bool(path.stat().st_mode & stat.S_IXUSR) or data.startswith(b"#!")
            members[name] = (_member(name, tarfile.REGTYPE, 0o755 if runs else 0o644, len(data)), data)
    return _pack(members)


def _busybox() -> Path:
    path = look_up("busybox")
    if path is None:
        raise UserError(
            "The images need busybox, which is not installed.",
            "Install it, on Debian and Ubuntu with: apt-get install busybox-static",
            exit_code=ExitCode.UNSUPPORTED,
        )
    resolved = Path(path).resolve()
    if b"/ld-linux" in resolved.read_bytes()[:4096] or b"/ld-musl" in resolved.read_bytes()[:4096]:
        raise UserError(
            f"The images need a busybox that stands alone; {resolved} needs shared libraries.",
            "Install the package busybox-static.",
            exit_code=ExitCode.UNSUPPORTED,
        )
    return resolved


@dataclass(frozen=True, slots=True)
class Busybox:
    """The program that stands for all small programs of an image."""

    program: bytes
    applets: tuple[str, ...]  # the names that it answers to
    architecture: str  # as images name it: amd64, arm64


def _own_architecture() -> str:
    machine = platform.machine().lower()
    return _ARCHITECTURES.get(machine, machine)


def own_busybox() -> Busybox:
    """The one of this machine. Raises UserError if there is none that stands alone."""
    program = _busybox()
    listing = subprocess.run([program, "--list"], capture_output=True, text=True, timeout=10, check=True)
    return Busybox(program.read_bytes(), tuple(listing.stdout.split()), _own_architecture())


def _busybox_layer(busybox: Busybox) -> Layer:
    data = busybox.program
    passwd, group = (
        b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
        b"root:x:0:\nnogroup:x:65534:\n",
    )
    members = {
        "bin": (_member("bin", tarfile.DIRTYPE, 0o755), b""),
        "bin/busybox": (_member("bin/busybox", tarfile.REGTYPE, 0o755, len(data)), data),
        "etc": (_member("etc", tarfile.DIRTYPE, 0o755), b""),
        "etc/passwd": (_member("etc/passwd", tarfile.REGTYPE, 0o644, len(passwd)), passwd),
        "etc/group": (_member("etc/group", tarfile.REGTYPE, 0o644, len(group)), group),
        "root": (_member("root", tarfile.DIRTYPE, 0o700), b""),
        "tmp": (_member("tmp", tarfile.DIRTYPE, 0o1777), b""),
        "usr": (_member("usr", tarfile.DIRTYPE, 0o755), b""),
        "usr/bin": (_member("usr/bin", tarfile.SYMTYPE, 0o777, target="../bin"), b""),
        "usr/sbin": (_member("usr/sbin", tarfile.SYMTYPE, 0o777, target="../bin"), b""),
        "sbin": (_member("sbin", tarfile.SYMTYPE, 0o777, target="bin"), b""),
    }
    for applet in busybox.applets:
        if applet != "busybox":
            members[f"bin/{applet}"] = (_member(f"bin/{applet}", tarfile.SYMTYPE, 0o777, target="busybox"), b"")
    return _pack(members)


def _health(settings: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := set(settings) - _HEALTH_KEYS:
        raise ValueError(f"unknown key in healthcheck: {', '.join(sorted(unknown))}")
    health: dict[str, Any] = {"Test": list(settings["test"])}
    for key, name in (("interval", "Interval"), ("timeout", "Timeout"), ("start_period", "StartPeriod")):
        if key in settings:
            health[name] = nanoseconds(settings[key])
    if "retries" in settings:
        health["Retries"] = int(settings["retries"])
    return health


def _config(settings: Mapping[str, Any], tag: str, layers: Sequence[Layer], architecture: str) -> bytes:
    inner: dict[str, Any] = {
        "Env": [_PATH, *(f"{key}={value}" for key, value in settings.get("env", {}).items()), f"VERSION={tag}"],
        "Cmd": settings.get("cmd"),
        "Entrypoint": settings.get("entrypoint") or None,
        "WorkingDir": settings.get("workdir", "/"),
        "StopSignal": settings.get("stop_signal", "SIGTERM"),
        "Labels": {"org.opencontainers.image.version": tag},
    }
    if ports := settings.get("expose"):
        inner["ExposedPorts"] = {f"{port}/tcp": {} for port in ports}
    if health := settings.get("healthcheck"):
        inner["Healthcheck"] = _health(health)
    document = {
        "architecture": architecture,
        "os": "linux",
        "created": _CREATED,
        "config": inner,
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        "history": [{"created": _CREATED, "created_by": "swarmtutor"} for _ in layers],
    }
    return json.dumps(document, sort_keys=True).encode()


def _read_settings(path: Path) -> dict[str, Any]:
    settings = tomllib.loads(path.read_text())
    if unknown := set(settings) - _KEYS:
        raise ValueError(f"unknown key: {', '.join(sorted(unknown))} (known: {', '.join(sorted(_KEYS))})")
    if not _NAME.fullmatch(str(settings.get("name", ""))):
        raise ValueError("`name` is missing or is no image name")
    tags = settings.get("tags")
    if not isinstance(tags, list) or not tags:
        raise ValueError("`tags` is missing: a list of at least one")
    for tag in cast("list[Any]", tags):
        if not isinstance(tag, str) or not _TAG.fullmatch(tag):
            raise ValueError(f"{tag!r} is no tag")
    return settings


def build_folder(folder: Path, busybox: Layer | None = None, architecture: str = "") -> list[Image]:
    """The images of one folder, one per tag. Raises UserError for a mistake in image.toml.

    Without a layer of busybox and an architecture those of this machine are taken.
    """
    path = folder / "image.toml"
    try:
        settings = _read_settings(path)
        layers: list[Layer] = []
        if settings.get("applets"):
            layers.append(busybox or _busybox_layer(own_busybox()))
        if (folder / "rootfs").is_dir():
            layers.append(_folder_layer(folder / "rootfs"))
        machine = architecture or _own_architecture()
        return [
            Image(settings["name"], tag, tuple(layers), _config(settings, tag, layers, machine))
            for tag in settings["tags"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: {error}", "The head of tui/playground/images.py lists the keys.") from error


def _image_folders(content: Path) -> Iterator[Path]:
    folder = content / "images"
    if folder.is_dir():
        yield from sorted(path.parent for path in folder.glob("*/image.toml"))


def build_images(content: Path, busybox: Busybox | None = None) -> list[Image]:
    """All images of a content folder. Raises UserError when busybox is missing or an image.toml is wrong.

    `busybox`: that of the machine which shall run the images, if it is not this one.
    """
    folders = list(_image_folders(content))
    if not folders:
        return []
    busybox = busybox or own_busybox()
    layer = _busybox_layer(busybox)
    return [image for folder in folders for image in build_folder(folder, layer, busybox.architecture)]


def write_load_archive(images: Sequence[Image], path: Path) -> None:
    """Write the images as `docker load` reads them."""
    members: dict[str, bytes] = {}
    listing: list[dict[str, Any]] = []
    for image in images:
        config = image.config_digest.removeprefix("sha256:") + ".json"
        members[config] = image.config
        names: list[str] = []
        for layer in image.layers:
            name = layer.diff_id.removeprefix("sha256:") + "/layer.tar"
            members[name] = layer.tar
            names.append(name)
        listing.append({"Config": config, "RepoTags": [image.reference], "Layers": names})
    members["manifest.json"] = json.dumps(listing).encode()
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for name in sorted(members):
            archive.addfile(_member(name, tarfile.REGTYPE, 0o644, len(members[name])), io.BytesIO(members[name]))
