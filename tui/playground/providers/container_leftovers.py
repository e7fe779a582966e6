"""Finding and removing the parts of a playground of containers: by label alone, whole, half made or half dead.

All functions block: call them in a thread.
"""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from tui.errors import ExitCode, UserError
from tui.paths import runtime_dir, state_dir
from tui.playground.locks import LockHeldError, hold_lock
from tui.playground.model import NODE_NAMES
from tui.playground.providers.container_build import build_lock, remove_unfinished
from tui.playground.providers.container_companion import stop_companions
from tui.playground.providers.container_engine import Api, EngineRefusedError, engine, forgiving
from tui.playground.providers.container_parts import LABEL, Names
from tui.playground.record import PlaygroundPaths, identity

__all__ = ["Found", "files", "find", "remove", "remove_builds", "remove_files", "remove_hub", "remove_node"]

_REMOVE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Found:
    """The parts that the engine knows."""

    containers: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    running: frozenset[str] = frozenset()  # node1 … node3 and hub, those whose container runs
    nodes: frozenset[str] = frozenset()  # those that there is a container of

    @property
    def anything(self) -> bool:
        """Whether there is any part."""
        return bool(self.containers or self.networks or self.volumes)

    @property
    def whole(self) -> bool:
        """Whether every part is running."""
        return self.running >= {*NODE_NAMES, "hub"}

    @property
    def has_nodes(self) -> bool:
        """Whether there is a container of every node, running or not."""
        return self.nodes >= {*NODE_NAMES}

    def described(self) -> list[str]:
        """Everything in words."""
        return [
            *(f"container {name}" for name in self.containers),
            *(f"network {name}" for name in self.networks),
            *(f"volume {name}" for name in self.volumes),
        ]


def _names(name: str) -> Names:
    return Names(name, identity(name))


def find(name: str, node: str = "") -> Found:
    """The parts of the playground, or of one node of it. Raises UserError if the engine cannot be asked."""
    with engine() as api:
        return _find(api, _names(name), node)


def _find(api: Api, names: Names, node: str = "") -> Found:
    filters = names.filters(node=node) if node else names.filters()
    containers = api.containers(all=True, filters=filters)
    volumes = api.volumes(filters).get("Volumes") or ()
    networks = () if node else api.networks(filters=filters)
    return Found(
        containers=tuple(entry["Names"][0].lstrip("/") if entry.get("Names") else entry["Id"] for entry in containers),
        networks=tuple(entry["Name"] for entry in networks),
        volumes=tuple(entry["Name"] for entry in volumes),
        running=frozenset(
            entry["Labels"].get(f"{LABEL}.node", "hub") for entry in containers if entry.get("State") == "running"
        ),
        nodes=frozenset(entry["Labels"].get(f"{LABEL}.node", "hub") for entry in containers),
    )


def remove(name: str) -> None:
    """Remove every part, the companions and the files. Idempotent. Raises UserError if the engine refuses."""
    paths = PlaygroundPaths.of(name)
    stop_companions(paths)
    _remove_parts(_names(name))
    remove_builds()
    remove_files(name)


def remove_builds() -> None:
    """Remove what broken-off builds of the image left, unless somebody builds right now."""
    with suppress(LockHeldError), hold_lock(build_lock()):
        remove_unfinished()


def remove_node(name: str, node: str) -> None:
    """Take one node away, with its disk."""
    _remove_parts(_names(name), node)


def remove_hub(name: str) -> None:
    """Take the hub away."""
    with engine() as api:
        containers = api.containers(all=True, filters=_names(name).filters(role="hub"))
    for container in containers:
        _remove_container(container["Id"])


def _remove_parts(names: Names, node: str = "") -> None:
    # A request that a killed program had sent may make a part while we remove the others: look again until all is gone.
    deadline = time.monotonic() + _REMOVE_SECONDS
    while True:
        try:
            with engine() as api:
                found = _find(api, names, node)
            if not found.anything:
                return
            _remove_once(found)
        except EngineRefusedError as error:
            if time.monotonic() > deadline:
                raise UserError(
                    f"The Docker Engine does not remove a part of the playground: {error.words}",
                    "Try again; if that does not help, restart Docker.",
                    exit_code=ExitCode.BROKEN,
                ) from error
            time.sleep(0.1)


def _remove_container(container: str) -> None:
    with engine() as api, forgiving(404, 409, 500):
        api.unpause(container)  # what is paused cannot be ended; anything else refuses
    with engine() as api, forgiving(404, 409):
        api.remove_container(container, v=True, force=True)


def _remove_once(found: Found) -> None:
    with ThreadPoolExecutor(max_workers=4) as workers:  # each container takes the engine a while to stop
        for ended in [workers.submit(_remove_container, container) for container in found.containers]:
            ended.result()
    with engine() as api:
        for volume in found.volumes:
            with forgiving(404):
                api.remove_volume(volume, force=True)
        for network in found.networks:
            with forgiving(404):
                api.remove_network(network)


def files(name: str) -> list[str]:
    """The folders of the playground that are there."""
    paths = PlaygroundPaths.of(name)
    return [str(path) for path in (paths.root, paths.runtime) if path.exists()]


def remove_files(name: str) -> None:
    """Remove the files, and folders that are empty then."""
    paths = PlaygroundPaths.of(name)
    for folder in (paths.root, paths.runtime):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in (state_dir() / "playgrounds", state_dir(), runtime_dir()):
        with suppress(OSError):
            folder.rmdir()
