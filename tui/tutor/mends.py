"""What `swarmtutor doctor` can do about what is missing, as values: which packages, which modules, which commands."""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tui.playground.model import Requirement

__all__ = [
    "Found",
    "Manager",
    "MendPlan",
    "Simulation",
    "by_hand",
    "commands_of",
    "parse_simulation",
    "parse_status",
    "plan_of",
    "works",
]

Found = Mapping[str, Sequence[Requirement]]
"""The needs of every provider by its name, in the order in which `auto` tries them."""

APT_GET = ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=300")
"""Waits up to five minutes for another program that installs packages."""

REPLACEABLE = frozenset({"busybox"})
"""What may be removed in favour of what is installed: busybox-static does all that busybox does."""


class Manager(StrEnum):
    """Who installs programs on this machine: the command's name."""

    APT = "apt-get"
    DNF = "dnf"
    PACMAN = "pacman"
    ZYPPER = "zypper"
    APK = "apk"
    BREW = "brew"


_BY_HAND: Mapping[Manager | None, tuple[str, ...]] = {
    Manager.DNF: ("sudo dnf install moby-engine", "sudo systemctl start docker"),
    Manager.PACMAN: ("sudo pacman -S docker", "sudo systemctl start docker"),
    Manager.ZYPPER: ("sudo zypper install docker", "sudo systemctl start docker"),
    Manager.APK: ("sudo apk add docker", "sudo rc-service docker start"),
    Manager.BREW: ("brew install --cask docker", "open -a Docker"),
}


@dataclass(frozen=True, slots=True)
class MendPlan:
    """What would be done for one provider. `left`: what it also needs, and no program can bring."""

    provider: str
    packages: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    left: tuple[Requirement, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.packages or self.modules or self.settings)


def works(needs: Sequence[Requirement]) -> bool:
    """Whether a provider with these needs can work."""
    return all(need.met for need in needs)


def plan_of(found: Found) -> MendPlan:
    """What to do so that a provider can work: for the first one that works, else the one that lacks least for it."""

    def beyond_help(name: str) -> int:
        return sum(not need.met and not need.remedy for need in found[name])

    working = next((name for name, needs in found.items() if works(needs)), None)
    provider = working or min(found, key=beyond_help)
    remedies = [need.remedy for need in found[provider]]
    return MendPlan(
        provider,
        tuple(dict.fromkeys(package for remedy in remedies for package in remedy.packages)),
        tuple(dict.fromkeys(module for remedy in remedies for module in remedy.modules)),
        tuple(dict.fromkeys(setting for remedy in remedies for setting in remedy.settings)),
        tuple(need for need in found[provider] if not need.met and not need.remedy),
    )


def choose_packages(packages: Sequence[str], available: Callable[[str], bool]) -> tuple[str, ...]:
    """Of each alternative the first that the distribution has; the last where it has none."""
    chosen: dict[str, None] = {}
    for alternatives in (package.split("|") for package in packages):
        chosen[next((each for each in alternatives if available(each)), alternatives[-1])] = None
    return tuple(chosen)


def install_command(packages: Sequence[str]) -> tuple[str, ...]:
    """What installs packages of Debian, and nothing that is only recommended."""
    return ("apt-get", "install", "--no-install-recommends", *packages)


def commands_of(plan: MendPlan, available: Callable[[str], bool]) -> tuple[str, ...]:
    """The commands that a plan comes to on Debian and Ubuntu, as root would type them."""
    commands: list[Sequence[str]] = []
    if plan.packages:
        commands += [("apt-get", "update"), install_command(choose_packages(plan.packages, available))]
    if plan.modules:
        commands.append(("modprobe", "-a", *plan.modules))
    commands += [("sysctl", "-w", f"{name}={value}") for name, value in plan.settings]
    return tuple(shlex.join(command) for command in commands)


def by_hand(plan: MendPlan, manager: Manager | None, available: Callable[[str], bool]) -> tuple[str, ...]:
    """What a person types so that a provider can work: on Debian as root what `--fix` does, elsewhere an engine."""
    if manager is Manager.APT:
        commands = [f"sudo {command}" for command in commands_of(plan, available)]
        if plan.packages:
            units = ("docker.service", "docker.socket", "containerd.service", "docker-registry.service")
            commands.append(f"sudo systemctl disable --now {' '.join(units)}")
        return tuple(commands)
    return _BY_HAND.get(manager, ())


# --- what apt says --------------------------------------------------------------------------------------------------

_INST = re.compile(r"^Inst (\S+) (\[[^]]*\] )?\(")
_REMV = re.compile(r"^(?:Remv|Purg) (\S+)")
_STATUS = re.compile(r"^(?:pm|dl)status:[^:]*:(\d+(?:\.\d+)?):(.*)$")


@dataclass(frozen=True, slots=True)
class Simulation:
    """What apt-get would do: packages that come in, that it only brings up to date, and that it takes out."""

    new: tuple[str, ...]
    upgraded: tuple[str, ...]
    removed: tuple[str, ...]


def parse_simulation(lines: Sequence[str]) -> Simulation:
    """Read the output of `apt-get --simulate`."""
    new: dict[str, None] = {}
    upgraded: dict[str, None] = {}
    removed: dict[str, None] = {}
    for text in lines:
        if match := _INST.match(text):
            (upgraded if match[2] else new)[match[1]] = None
        elif match := _REMV.match(text):
            removed[match[1]] = None
    return Simulation(tuple(new), tuple(upgraded), tuple(removed))


def parse_status(text: str) -> tuple[float, str] | None:
    """A line of APT::Status-Fd: percent and what is being done; None for any other line."""
    match = _STATUS.match(text)
    return (float(match[1]), match[2].strip()) if match else None
