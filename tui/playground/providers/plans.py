"""What the program that enters new namespaces must know: written by `up`, read by `enter`."""

import json
import os
import sys
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import tui

__all__ = ["HubPlan", "NodePlan", "ServicePlan", "package_root", "program_environment", "python_folders", "write_plan"]

ServicePlan = dict[str, Any]  # one entry of the agent's list of services


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One node."""

    node: str
    identity: str
    network: str  # name of its network namespace
    group: str  # its control group, below the trees' roots
    folder: str  # its files: upper and work of the overlay, the engine's data
    keys: str
    address: str
    hub: str
    peers: tuple[tuple[str, str], ...]  # name and address of every node, itself among them
    host_keys: tuple[tuple[str, str], ...]  # name and public host key of every node
    python: str
    python_folders: tuple[str, ...]  # what must be readable for that Python to run our package
    package_root: str
    rootless: bool = False  # root here is not the machine's own: its files cannot be changed, nor devices be made
    groups: bool = True  # there are control groups for the node
    forwarding: bool = False  # IPVS balances in the namespaces that its engine makes, which must pass packets on for it


@dataclass(frozen=True, slots=True)
class HubPlan:
    """The hub: what runs in the bridge's namespace."""

    identity: str
    network: str
    group: str
    services: tuple[ServicePlan, ...]


def write_plan(path: Path, plan: NodePlan | HubPlan) -> None:
    """Write the plan as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(plan)))


def package_root() -> Path:
    """The folder that holds the package `tui`."""
    return Path(tui.__file__).resolve().parent.parent


def _package_folder(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.origin).resolve().parent.parent if spec and spec.origin else None


def python_folders() -> tuple[str, ...]:
    """Every folder that a node needs to run our agent with the Python that runs now."""
    folders = {Path(sys.prefix), Path(sys.base_prefix), Path(tui.__file__).resolve().parent}
    folders |= {folder.resolve() for folder in folders}
    folders |= {folder for name in ("asyncssh", "cryptography") if (folder := _package_folder(name))}
    folders.discard(Path("/"))
    return tuple(sorted(map(str, folders)))


def program_environment(**more: str) -> dict[str, str]:
    """A clean environment for a Python program of ours that runs beside this one."""
    libraries = [str(package_root())]
    libraries += [str(folder) for name in ("asyncssh",) if (folder := _package_folder(name))]
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(libraries)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return environment | more
