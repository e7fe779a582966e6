"""Nodes out of namespaces without root: a user namespace of the person's own, in which they are root.

One process, the keeper, holds a user, network, mount and process namespace for all playgrounds of this person. Every
command that has to do with such nodes runs inside of it, and sees there what root sees on a machine: a network to put
links into, mounts, processes to end. The rest of the code does not know the difference, but for three things: files of
the machine's root cannot be changed there, so that a node gets folders of its own instead of an overlay; device files
cannot be made, so that the machine's are shown; and control groups belong to the machine, so that there are none
(processes are found by their network namespace, nothing limits their memory, and a node cannot be paused).

What a node's root can do ends where the person's own rights end: the kernel counts both as the same user. On a machine
with version 2 groups that may be the group of the person's session, which a node's root could freeze or end.

The keeper is process number 1 of its process namespace: when it ends, however that happens, everything in it ends too,
and the kernel takes mounts, links and namespaces away. See user_namespaces(7), newuidmap(1).
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tui.errors import ExitCode, UserError
from tui.paths import state_dir
from tui.playground.locks import LockHeldError, hold_lock
from tui.playground.outside import Show, attended
from tui.playground.providers import choose_provider, provider_named
from tui.playground.providers.tools import look_up
from tui.playground.record import PlaygroundPaths, known_names, load_record

__all__ = ["belongs_inside", "keeper_pid", "run_inside"]

_MAKE_SECONDS = 15.0
_PASSED_ON = (signal.SIGTERM, signal.SIGHUP) if sys.platform != "win32" else ()

# The person's files in /run (sockets of an engine, of a session) stay in sight; what is made there is the keeper's own.
_KEEP = """
set -e
mkdir -p "$1"
mount -n -t tmpfs -o mode=755 swarmtutor "$1"
for entry in /run/* /run/.[!.]*; do
    name=$1/${entry#/run/}
    case $entry in /run/netns|/run/swarmtutor|/run/mount|/run/xtables.lock) continue ;; esac
    if [ -L "$entry" ]; then cp -P "$entry" "$name"
    elif [ -d "$entry" ]; then mkdir "$name"; mount -n --rbind "$entry" "$name" || rmdir "$name"
    elif [ -e "$entry" ]; then : >"$name"; mount -n --bind "$entry" "$name" || rm "$name"
    fi
done
mkdir -p "$1/netns"
mount -n --move "$1" /run
rmdir "$1"
ip link set lo up
echo ready
exec 1>&- 2>&-
trap 'exit 0' TERM
while :; do sleep 1000000 & wait; done
"""


def _pid_file() -> Path:
    return state_dir() / "keeper"


def _birth(pid: int) -> str:
    """When a process began, in ticks since the machine did: with its id, it names a process for good."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def keeper_pid() -> int:
    """The id of the keeper's process on the machine; 0 if there is none."""
    try:
        pid, birth = _pid_file().read_text().split()
    except (OSError, ValueError):
        return 0
    return int(pid) if birth and _birth(int(pid)) == birth else 0


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _make_keeper() -> int:
    unshare = look_up("unshare")
    assert unshare is not None  # of the same package as mount
    with (state_dir() / "keeper.log").open("wb") as log:
        process = subprocess.Popen(
            [
                unshare,
                *("--user", "--map-root-user", "--map-auto", "--net", "--mount", "--ipc", "--pid", "--fork"),
                *("--kill-child", "--mount-proc", "sh", "-c", _KEEP, "keep", str(state_dir() / "run")),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        )
    assert process.stdout is not None
    answer = process.stdout.readline().strip()
    children = _children(process.pid)
    if answer != b"ready" or not children:
        process.kill()
        process.wait(_MAKE_SECONDS)
        words = (state_dir() / "keeper.log").read_text(errors="replace").strip().splitlines()
        raise UserError(
            f"This machine does not let you have namespaces of your own: {' '.join(words[-2:]) or 'no reason given'}",
            "`swarmtutor doctor` says what that takes. Or run it as root: sudo swarmtutor …",
            exit_code=ExitCode.UNSUPPORTED,
        )
    (state_dir() / "keeper.log").unlink(missing_ok=True)
    _pid_file().write_text(f"{children[0]} {_birth(children[0])}\n")
    return children[0]


def _end_keeper() -> int:
    """End it unless there is a playground, or somebody else is inside, who may be making one."""
    pid = keeper_pid()
    if known_names() or (pid and _others_inside(pid)):
        return 0
    if pid:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _pid_file().unlink(missing_ok=True)
    with suppress(OSError):
        state_dir().rmdir()
    return 0


def _others_inside(keeper: int) -> bool:
    """Whether any process but the keeper and its sleep is in its process namespace."""
    with suppress(OSError):
        space = os.stat(f"/proc/{keeper}/ns/pid").st_ino
        own = {keeper, *_children(keeper)}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) not in own:
                with suppress(OSError):
                    if (entry / "ns/pid").stat().st_ino == space:
                        return True
    return False


def _alone(work: Callable[[], int]) -> int:
    try:
        state_dir().mkdir(parents=True, exist_ok=True)
        with hold_lock(state_dir().with_name(state_dir().name + ".keeper.lock"), wait=_MAKE_SECONDS):
            return work()
    except LockHeldError:
        raise UserError(
            "Another Swarmtutor of yours does not come to an end with making its namespaces.",
            "End it, and try again.",
            exit_code=ExitCode.BUSY,
        ) from None


def belongs_inside(name: str | None, provider: str | None, *, makes: bool) -> bool:
    """Whether a command has to do with nodes that somebody who is not root makes, or has made, out of namespaces.

    `name`: of the playground, None for all that there are. `provider`: the one that was asked for. `makes`: the
    command makes the playground if there is none.
    """
    if sys.platform != "linux" or os.geteuid() == 0:
        return False
    there = [each for each in ([name] if name else known_names()) if PlaygroundPaths.of(each).root.exists()]
    if there:
        return any(map(_made_inside, there))
    if not makes:
        return False
    try:
        return choose_provider(provider).name == "namespaces" and all(
            need.met for need in provider_named("namespaces").requirements()
        )
    except UserError:
        return False


def _made_inside(name: str) -> bool:
    try:
        record = load_record(name)
    except UserError:
        record = None
    # Where nothing is written down that can be read, only the folders of nodes tell: containers have none.
    return record.provider == "namespaces" if record else (PlaygroundPaths.of(name).root / "nodes").exists()


def _show_nothing(_address: str) -> bool:
    return False


def run_inside(command: Sequence[str], environment: Mapping[str, str], show: Show = _show_nothing) -> int:
    """Run a command in the person's own namespaces, making them if there are none; returns its exit status.

    It may ask for ports of the machine around, and to `show` pages there. Raises UserError where namespaces are not
    allowed.
    """
    nsenter = look_up("nsenter")
    assert nsenter is not None
    pid = _alone(lambda: keeper_pid() or _make_keeper())
    # A Ctrl-C reaches who runs inside by itself; a signal to us alone is passed on.
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, *_PASSED_ON)}
    try:
        with attended(show) as (line, variable):
            inside = subprocess.Popen(
                [
                    nsenter,
                    *("--target", str(pid), "--user", "--net", "--mount", "--ipc", "--pid", f"--wd={Path.cwd()}"),
                    "--",
                    *command,
                ],
                env={
                    **environment,
                    **variable,
                    "SWARMTUTOR_STATE": str(state_dir()),
                    "SWARMTUTOR_RUNTIME": "/run/swarmtutor",
                    "PATH": f"{environment.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin",
                },
                pass_fds=[line],
                preexec_fn=_hear_signals,
            )
            for number in _PASSED_ON:
                signal.signal(number, lambda received, _frame: _pass_on(received, inside.pid))
            status = inside.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        _alone(_end_keeper)
    return status if status >= 0 else 128 - status


def _hear_signals() -> None:
    for number in (signal.SIGINT, *_PASSED_ON):
        signal.signal(number, signal.SIG_DFL)


def _pass_on(number: int, entering: int) -> None:
    """`nsenter` itself passes no signal on to the command that it waits for."""
    for pid in _children(entering):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
