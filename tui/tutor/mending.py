"""Carries out what `swarmtutor doctor` proposes, on Debian and Ubuntu as root, and takes it back."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tui.errors import ExitCode, UserError
from tui.paths import state_dir
from tui.playground.locks import LockHeldError, hold_lock_async
from tui.playground.model import Progress, ProgressListener, ProgressState
from tui.playground.providers.phases import phase
from tui.playground.record import known_names
from tui.tutor.changes import HostChanges, load_changes, save_changes
from tui.tutor.machine import Machine
from tui.tutor.mends import (
    APT_GET,
    REPLACEABLE,
    Manager,
    MendPlan,
    Simulation,
    choose_packages,
    parse_simulation,
    parse_status,
)

__all__ = ["can_mend", "carry_out", "resolved", "take_back", "what_to_take_back"]

_QUIETLY = Path(__file__).with_name("quietly.sh")
_SERVICES = ("docker", "containerd", "docker-registry")
"""Services of packages that come in: we run engines and registries of our own, so that these are not wanted."""

_QUESTION_SECONDS = 60.0  # for a question to the package lists
_LISTS_SECONDS = 600.0  # to read them anew; waiting for another program that installs takes half of it
_DOWNLOAD_SECONDS = 3600.0  # about 80 MB, over the slowest of networks
_INSTALL_SECONDS = 1800.0
_LAST_LINES = 8  # of what a failed command has said
_STEP = 10  # percent between two reports


@dataclass
class _Output:
    """What a command writes: the percentages become progress, the rest is kept for the case that it fails."""

    listener: ProgressListener
    phase: str
    lines: list[str] = field(default_factory=list[str])
    _told: int = -1

    def __call__(self, text: str) -> None:
        if (status := parse_status(text)) is not None:
            percent, doing = status
            if (step := int(percent) // _STEP) > self._told:
                self._told = step
                self._tell(f"{percent:.0f} % {doing}")
            return
        if text.strip():
            self.lines.append(text.strip())
        if text.startswith(("Waiting for", "Stopping")):
            self._tell(text)

    def _tell(self, detail: str) -> None:
        self.listener(Progress(self.phase, ProgressState.RUNNING, detail))

    @property
    def last_lines(self) -> str:
        return "\n".join(self.lines[-_LAST_LINES:])


def can_mend(machine: Machine) -> bool:
    """Whether we may install on this machine, and know how."""
    return machine.root and machine.manager is Manager.APT


async def resolved(plan: MendPlan, machine: Machine) -> MendPlan:
    """The plan with those packages that the distribution has, of all alternatives."""
    names = {name for package in plan.packages for name in package.split("|")}
    if not names or machine.manager is not Manager.APT:
        return plan
    shown: list[str] = []
    await machine.run(("apt-cache", "show", *sorted(names)), shown.append, seconds=_QUESTION_SECONDS)
    known = {text.removeprefix("Package: ") for text in shown if text.startswith("Package: ")}
    return replace(plan, packages=choose_packages(plan.packages, known.__contains__))


async def carry_out(plan: MendPlan, machine: Machine, listener: ProgressListener) -> None:
    """Do what the plan says, writing down each change before it is made.

    Cancelled, it stops where that leaves nothing half done: packages that have begun to come in come in.
    Raises UserError with the last lines of the command that failed.
    """
    if not can_mend(machine):
        raise UserError(
            "Nothing can be installed from here.",
            "That needs root, on Debian or Ubuntu; the table says what to do elsewhere.",
            exit_code=ExitCode.UNSUPPORTED,
        )
    async with _alone():
        if plan.packages:
            await _install(plan, machine, listener)
        if plan.modules:
            async with phase(listener, "kernel modules", ", ".join(plan.modules)):
                await _load(plan.modules, machine, listener)
        for name, value in plan.settings:
            async with phase(listener, f"setting {name}", value):
                save_changes(load_changes().with_setting(name, machine.read_setting(name)))
                await _must(machine, ("sysctl", "-w", f"{name}={value}"), listener, "setting", _QUESTION_SECONDS)


@asynccontextmanager
async def _alone() -> AsyncGenerator[None]:
    try:
        async with hold_lock_async(state_dir() / "doctor.lock"):
            yield
    except LockHeldError:
        raise UserError(
            "Another `swarmtutor doctor` is changing this machine right now.",
            "Wait until it is done.",
            exit_code=ExitCode.BUSY,
        ) from None


async def _must(
    machine: Machine,
    command: Sequence[str],
    listener: ProgressListener,
    name: str,
    seconds: float,
    *,
    unbroken: bool = False,
) -> Sequence[str]:
    """Run a command that must succeed; returns what it said."""
    output = _Output(listener, name)
    if await machine.run(command, output, seconds=seconds, unbroken=unbroken) != 0:
        word = next((each for each in command if each in ("update", "install", "purge")), "")
        raise UserError(
            f"`{f'apt-get {word}' if word else command[0]}` failed. Its last lines:\n{output.last_lines}",
            "Mend that first (is the network there? is the disk full?), then try again.",
            exit_code=ExitCode.BROKEN,
        )
    return output.lines


async def _install(plan: MendPlan, machine: Machine, listener: ProgressListener) -> None:
    async with phase(listener, "package lists"):
        lists = await _must(machine, (*APT_GET, "update"), listener, "package lists", _LISTS_SECONDS)
        packages = (await resolved(plan, machine)).packages
        install = (*APT_GET, "install", "-y", "--no-install-recommends", "-o", "APT::Status-Fd=1")
        try:
            simulated = await _must(
                machine, (*install, "--simulate", *packages), listener, "package lists", _QUESTION_SECONDS
            )
        except UserError as error:
            # apt-get update counts lists that it could not fetch as done; this is what comes of it.
            raise _unreachable(lists) or error from error
        simulation = parse_simulation(simulated)
        _refuse_to_remove(simulation)
    number = f"{len(simulation.new) + len(simulation.upgraded)} packages"
    async with phase(listener, "download", number):
        await _must(machine, (*install, "--download-only", *packages), listener, "download", _DOWNLOAD_SECONDS)
    services = " ".join(service for service in _SERVICES if _brings(service, simulation))
    async with phase(listener, "install", number):
        save_changes(load_changes().with_packages(simulation.new, simulation.removed))
        command = ("sh", str(_QUIETLY), services, *install, "--no-download", *packages)
        await _must(machine, command, listener, "install", _INSTALL_SECONDS, unbroken=True)


def _unreachable(lists: Sequence[str]) -> UserError | None:
    missing = [text for text in lists if text.startswith("W: Failed to fetch")]
    if not missing:
        return None
    return UserError(
        "The package lists cannot be fetched, so nothing was installed.\n" + "\n".join(missing[-3:]),
        "Is the network there? Then try again.",
        exit_code=ExitCode.BROKEN,
    )


def _brings(service: str, simulation: Simulation) -> bool:
    return bool({service, f"{service}.io"} & set(simulation.new))


def _refuse_to_remove(simulation: Simulation) -> None:
    if unwanted := [package for package in simulation.removed if package not in REPLACEABLE]:
        raise UserError(
            f"apt-get would remove {', '.join(unwanted)} for this, so nothing was installed.",
            "Decide that yourself: install the packages that the table names.",
            exit_code=ExitCode.UNSUPPORTED,
        )


async def _load(modules: Sequence[str], machine: Machine, listener: ProgressListener) -> None:
    for module in modules:
        await _must(machine, ("modprobe", module), listener, "kernel modules", _QUESTION_SECONDS)
        save_changes(load_changes().with_module(module))


# --- and back -------------------------------------------------------------------------------------------------------


async def what_to_take_back(machine: Machine) -> tuple[HostChanges, tuple[str, ...]]:
    """What `doctor --undo` would take back now, and the commands for it. Changes nothing.

    Raises UserError when a playground still needs it, and when packages that others installed need ours.
    """
    changes = load_changes()
    if not changes:
        return changes, ()
    if names := known_names():
        raise UserError(
            f"There is a playground that needs it: {', '.join(names)}.",
            "Remove it first: swarmtutor down --all",
            exit_code=ExitCode.BUSY,
        )
    changes = replace(changes, packages=await _still_there(changes.packages, machine))
    commands: list[str] = []
    if changes.packages:
        purge = _purge(changes)
        output: list[str] = []
        status = await machine.run((*APT_GET, *purge, "--simulate"), output.append, seconds=_QUESTION_SECONDS)
        others = [each for each in parse_simulation(output).removed if each not in changes.packages]
        if status != 0 or others:
            reason = f"{', '.join(others)} would go with them" if others else "\n".join(output[-_LAST_LINES:])
            raise UserError(
                f"The packages cannot be removed alone: {reason}",
                f"Decide that yourself: apt-get {' '.join(purge)}",
                exit_code=ExitCode.FAILED,
            )
        commands.append(f"apt-get {' '.join(purge)}")
    commands += [f"modprobe -r {module}" for module in reversed(changes.modules)]
    commands += [f"sysctl -w {name}={value}" for name, value in changes.settings]
    return changes, tuple(commands)


def _purge(changes: HostChanges) -> tuple[str, ...]:
    return ("purge", "--no-auto-remove", *changes.packages, *(f"{package}+" for package in changes.replaced))


async def _still_there(packages: Sequence[str], machine: Machine) -> tuple[str, ...]:
    """Those of the packages that are there, or have left settings behind."""
    if not packages:
        return ()
    shown: list[str] = []
    query = ("dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\\n", *packages)
    await machine.run(query, shown.append, seconds=_QUESTION_SECONDS)
    there = {text.split()[-1] for text in shown if len(text.split()) == 2 and not text.startswith("not-installed")}
    return tuple(package for package in packages if package.split(":")[0] in there)


async def take_back(changes: HostChanges, machine: Machine, listener: ProgressListener) -> None:
    """Take these changes back, and forget them. Raises UserError with the last lines of the command that failed."""
    async with _alone():
        if changes.packages:
            async with phase(listener, "remove", f"{len(changes.packages)} packages"):
                purge = (*APT_GET, *_purge(changes), "-y", "-o", "APT::Status-Fd=1")
                command = ("sh", str(_QUIETLY), "", *purge)
                await _must(machine, command, listener, "remove", _INSTALL_SECONDS, unbroken=True)
        for name, value in changes.settings:
            async with phase(listener, f"setting {name}", value):
                await _must(machine, ("sysctl", "-w", f"{name}={value}"), listener, "setting", _QUESTION_SECONDS)
        for module in reversed(changes.modules):
            if await machine.run(("modprobe", "-r", module), lambda _line: None, seconds=_QUESTION_SECONDS) != 0:
                listener(Progress(f"module {module}", ProgressState.DONE, "in use; it stays until the next start"))
        save_changes(HostChanges())
