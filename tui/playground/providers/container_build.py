"""The image of the nodes: built on first use, and again when what it is made of has changed."""

import hashlib
import io
import os
import re
import tarfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tui.errors import ExitCode, UserError
from tui.paths import runtime_dir
from tui.playground.providers.container_engine import Api, EngineRefusedError, RawObject, engine, forgiving
from tui.playground.providers.container_parts import IMAGE_LABEL, LABEL

__all__ = ["NodeImage", "build_image", "build_lock", "node_image", "remove_unfinished"]

DEFAULT_BASE = "debian:12-slim"

_REPOSITORY = "swarmtutor-node"
_SILENT_SECONDS = 300.0  # that the engine may say nothing while it builds: a slow mirror, a slow disk
_SETTLE_SECONDS = 1.5  # for which a broken-off build is looked after
_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)")
_STEPS = {"FROM": "base", "RUN": "packages", "COPY": "files"}
_NO_ROOM = ("no space left on device", "You don't have enough free space")
_NO_NETWORK = (
    "Temporary failure",
    "Could not resolve",
    "Unable to fetch",
    "Unable to locate package",
    "Failed to fetch",
)

Say = Callable[[str], None]


class NodeImage:
    """What the image is made of, and the tag that follows from it."""

    def __init__(self, base: str, files: Mapping[str, bytes]) -> None:
        self.base = base
        self.files = files
        digest = hashlib.sha256(base.encode())
        for name in sorted(files):
            digest.update(f"\0{name}\0{len(files[name])}\0".encode() + files[name])
        self.tag = f"{_REPOSITORY}:{digest.hexdigest()[:16]}"

    def context(self) -> io.BytesIO:
        """The files as an archive, in a fixed order and without dates, so that the engine's own cache knows them."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
            for name in sorted(self.files):
                info = tarfile.TarInfo(name)
                info.size, info.mode = len(self.files[name]), 0o644
                tar.addfile(info, io.BytesIO(self.files[name]))
        buffer.seek(0)
        return buffer


def build_lock() -> Path:
    """The file that whoever builds the image holds."""
    return runtime_dir() / "node-image.lock"


def node_image() -> NodeImage:
    """The image that this version of the program needs. SWARMTUTOR_NODE_BASE chooses the base."""
    package = Path(__file__).resolve().parent
    paths = [path for path in (package / "container_image").iterdir() if path.is_file()]
    paths.append(package.parent / "bashrc")
    # A checkout on Windows may have given the files another line ending than a Linux shell understands.
    files = {path.name: path.read_bytes().replace(b"\r\n", b"\n") for path in paths}
    return NodeImage(os.environ.get("SWARMTUTOR_NODE_BASE") or DEFAULT_BASE, files)


def build_image(image: NodeImage, say: Say, stopped: threading.Event) -> None:
    """Build the image if it is not there. Blocks for up to some minutes; `say` hears of each step.

    Raises UserError with the reason and the mend when it cannot be built. `stopped` ends it early, with nothing left
    of it.
    """
    with engine() as api:
        images = api.images(image.tag)
        if images:
            return
    done = False
    try:
        with engine(_SILENT_SECONDS) as api:
            steps = api.build(
                fileobj=image.context(),
                custom_context=True,
                tag=image.tag,
                rm=True,
                forcerm=True,
                buildargs={"BASE": image.base},
                decode=True,
                timeout=_SILENT_SECONDS,
            )
            _follow(steps, image, say, stopped)
            done = not stopped.is_set()
    except EngineRefusedError as error:
        raise _explained(error.words, image) from error
    finally:
        if not done:
            # The engine takes a moment to notice that nobody listens any more, and may begin another step until then.
            until = time.monotonic() + _SETTLE_SECONDS
            while time.monotonic() < until:
                remove_unfinished()
                time.sleep(0.1)
    with engine() as api:
        _remove_outdated(api, image)


def _follow(steps: Iterable[RawObject], image: NodeImage, say: Say, stopped: threading.Event) -> None:
    """Tell of each step, and of the last lines when it fails."""
    last: list[str] = []
    for message in steps:
        if stopped.is_set():
            return  # leaving breaks the connection off, and the engine ends the build
        if error := str(message.get("error", "")):
            raise _explained("\n".join([*last, error]), image)
        text = str(message.get("stream") or message.get("status") or "").strip()
        if not text:
            continue
        last = [*last[-5:], text]
        if match := _STEP.match(text):
            what = match[3].split()[0]
            say(f"{match[1]} of {match[2]}: {_STEPS.get(what, what.lower())}")
        elif text.startswith(("Get:", "Unpacking ", "Setting up ", "Pulling ", "Downloading")):
            say(" ".join(text.split()[:3]))


def _explained(words: str, image: NodeImage) -> UserError:
    if any(sign in words for sign in _NO_ROOM):
        return UserError(
            "The Docker Engine's disk is full: the image of the nodes needs about 1 GB.",
            "Make room (docker system df shows what takes it), or give Docker Desktop a larger disk in its settings.",
            exit_code=ExitCode.BROKEN,
        )
    if "pull access denied" in words or "manifest unknown" in words or "manifest for" in words:
        return UserError(
            f"There is no image “{image.base}” to build the nodes on.",
            f"SWARMTUTOR_NODE_BASE names another one; the usual is {DEFAULT_BASE}.",
            exit_code=ExitCode.NOT_FOUND,
        )
    if "/v2/" in words or "lookup " in words or "dial tcp" in words or "request canceled" in words:
        return UserError(
            f"The image “{image.base}” is not here, and its registry cannot be reached.",
            f"Connect to the network for the first start, or bring the image: docker load, then tag it {image.base}.",
            exit_code=ExitCode.UNSUPPORTED,
        )
    if any(sign in words for sign in _NO_NETWORK):
        return UserError(
            "The packages of the nodes cannot be fetched: no package mirror can be reached.",
            "Connect to the network for the first start; afterwards none is needed. SWARMTUTOR_NODE_BASE may name a "
            "base image that has the packages already.",
            exit_code=ExitCode.UNSUPPORTED,
        )
    reason = (words.strip().splitlines() or ["no reason given"])[-1]
    return UserError(
        f"The image of the nodes could not be built: {reason}",
        "Try again; `docker build` says more if it fails again.",
        exit_code=ExitCode.BROKEN,
    )


def remove_unfinished() -> None:
    """Remove containers and images that a broken-off build left. Only for whoever holds the lock on building."""
    with engine() as api:
        for container in api.containers(all=True, filters={"label": [f"{IMAGE_LABEL}=node"]}):
            if f"{LABEL}.identity" not in container["Labels"]:
                with forgiving(404, 409):
                    api.remove_container(container["Id"], v=True, force=True)
        for left in api.images(filters={"label": [f"{IMAGE_LABEL}=node"], "dangling": ["true"]}):
            with forgiving(404, 409):
                api.remove_image(left["Id"])


def _remove_outdated(api: Api, image: NodeImage) -> None:
    """Images of other versions of the program that no container uses."""
    for other in api.images(_REPOSITORY):
        for tag in other.get("RepoTags") or ():
            if tag != image.tag:
                with forgiving(404, 409):  # in use, or gone already
                    api.remove_image(tag)
