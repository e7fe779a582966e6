"""Nothing that is done in a node reaches the machine: tried as root of a node, and out of containers.

What is tried would do no harm if it worked: the same value is written again, the clock is set to what it shows, the
module does not exist. Root of a node is more than a learner is: a learner may only run containers, but those as root.
`make test-containers` tries all of it on nodes that are containers.

What cannot hold. An engine needs CAP_SYS_ADMIN, and gives it to a container that asks (`--cap-add SYS_ADMIN`; neither
`--privileged` nor `--cap-add ALL` works in a node). With it one may mount what belongs to the kernel as a whole:
/proc/sysrq-trigger in a /proc of one's own, debugfs, tracefs, and devtmpfs, whose files cannot be opened but removed.
A filter of system calls does not see which kind of file system is mounted, and an engine has to mount proc itself.
That takes intent. Whoever must be kept from it needs a machine of their own.

Of nodes that are containers two things more do not hold, because nobody can attach a program to the kernel of an
engine that may run elsewhere: a /proc that was mounted anew, or made writable again, takes settings of the kernel
that are not a node's own; and where the Docker Engine refuses the narrow sets of rights (RIGHTS in container_parts),
so that a node is `--privileged`, its root also opens disks, sets the clock and loads modules.
"""

import asyncio
import os
import re
import stat
import subprocess
import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from tests.swarm.conftest import PROVIDER as PROVIDER_NAME
from tests.swarm.conftest import ignore_progress
from tests.swarm.swarm_steps import done
from tui.playground.model import NODE_NAMES, Fault, NodeUnreachableError
from tui.playground.playground import SshPlayground, cause_fault, ensure_playground, open_playground, playground_status
from tui.playground.providers import cgroups, provider_named
from tui.playground.providers.container_engine import engine
from tui.playground.providers.container_parts import Names
from tui.playground.providers.memory import memory_of_machine
from tui.playground.providers.standing import look_at
from tui.playground.record import identity

pytestmark = pytest.mark.engines

PROVIDER = provider_named(PROVIDER_NAME)
IMAGE = "swarmtutor/shell:1.0"
REFUSED = ("not permitted", "Permission denied", "Read-only file system", "read-only")


@pytest.fixture(scope="module")
def name() -> Generator[str]:
    """A playground of these tests' own."""
    name = f"pg-t{os.getpid()}s"
    asyncio.run(PROVIDER.up(name, ignore_progress))
    try:
        yield name
    finally:
        asyncio.run(PROVIDER.down(name, ignore_progress))
    assert asyncio.run(look_at(name, PROVIDER_NAME)).traces == ()


@pytest.fixture
async def nodes(name: str) -> AsyncGenerator[SshPlayground]:
    playground = await open_playground(name)
    try:
        yield playground
    finally:
        await playground.close()


async def refused(playground: SshPlayground, command: str, *, as_root: bool = True) -> str:
    """Run a command on node2 that must fail because it may not; what it said."""
    ended = await playground.node("node2").run(command, as_root=as_root, timeout=120)
    assert ended.exit_status != 0, f"it worked: {command}\n{ended.stdout}"
    assert any(word in ended.stderr + ended.stdout for word in REFUSED), ended
    return ended.stderr


def container(flags: str, command: str) -> str:
    return f"docker run --rm {flags} {IMAGE} sh -c '{command}'"


def host(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


# -- devices -----------------------------------------------------------------------------------------------------


def kernel_devices() -> list[str]:
    """The disks of the machine, its memory, and what makes new devices, as mknod wants them."""
    disks = [path.read_text().strip().replace(":", " ") for path in Path("/sys/class/block").glob("*/dev")]
    return [f"b {disk}" for disk in disks] + ["c 1 1", "c 1 4", "c 1 11", "c 10 237", "c 10 232", "c 10 229", "c 4 64"]


OPEN_EACH = """
for device in {devices}; do
    set -- $(echo $device | tr _ ' ')
    mknod /var/d $1 $2 $3 || exit 9
    dd if=/var/d of=/dev/null bs=1 count=0 2>/var/said && echo opened $device
    grep -q "not permitted" /var/said || cat /var/said
    rm -f /var/d
done
echo tried
"""


@pytest.mark.parametrize("where", ["root", "container", "asking"])
async def test_no_device_of_the_machine_can_be_opened(nodes: SshPlayground, where: str) -> None:
    devices = kernel_devices()
    assert len(devices) > 7, "there is a disk"
    script = OPEN_EACH.format(devices=" ".join(device.replace(" ", "_") for device in devices))
    node = nodes.node("node2")
    if where == "root":
        ended = await node.run(script, as_root=True, timeout=120)
    else:
        rules = '--device-cgroup-rule "c *:* m" --device-cgroup-rule "b *:* m"'
        asking = "--cap-add SYS_ADMIN --security-opt apparmor=unconfined --security-opt seccomp=unconfined"
        command = f"docker run --rm -i {rules} {asking if where == 'asking' else ''} {IMAGE} sh"
        ended = await node.run(command, stdin=f"mkdir -p /var\n{script}".encode(), timeout=120)
    assert ended.stdout == "tried\n", ended


async def test_a_container_gets_no_device_of_the_machine_by_asking(nodes: SshPlayground) -> None:
    disk = next(device for device in kernel_devices() if device.startswith("b "))
    _, major, minor = disk.split()
    rule = f'--device-cgroup-rule "b {major}:{minor} rwm"'
    # Version 1 refuses the rule. Version 2 takes it, and asks that of the whole playground as well.
    opens = f"mknod /disk b {major} {minor} && dd if=/disk of=/dev/null bs=1 count=0"
    await refused(nodes, container(rule, opens), as_root=False)


@pytest.mark.parametrize("flags", ["--privileged", "--cap-add ALL", "--cap-add SYS_MODULE", "--cap-add SYS_TIME"])
async def test_rights_that_reach_the_machine_are_given_to_nobody(nodes: SshPlayground, flags: str) -> None:
    await refused(nodes, container(flags, "true"), as_root=False)


# -- processes ---------------------------------------------------------------------------------------------------


async def test_no_process_of_the_machine_is_seen_or_signalled(nodes: SshPlayground) -> None:
    sleeper = await asyncio.create_subprocess_exec("sleep", "471.9")
    try:
        for command, as_root in (
            ("ps -eo args 2>/dev/null || cat /proc/[0-9]*/cmdline | tr '\\0' ' '", True),
            (container("--pid host", 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'), False),
        ):
            seen = await nodes.node("node2").run(command, as_root=as_root, timeout=120)
            assert "dockerd" in seen.stdout, seen
            assert "471.9" not in seen.stdout
        # Every number that the node knows is one of its own.
        await nodes.node("node2").run("kill -CONT -1", as_root=True)
        root_namespace = os.readlink("/proc/self/ns/pid")
        inside = await done(nodes.node("node2"), "readlink /proc/1/ns/pid", as_root=True)
        assert inside != root_namespace
        group = await done(nodes.node("node2"), "cat /proc/1/cgroup", as_root=True)
        assert all(line.endswith((":/", ":/init")) for line in group.splitlines()), group
        assert sleeper.returncode is None
    finally:
        sleeper.kill()
        await sleeper.wait()


async def test_no_control_group_of_the_machine_is_at_hand(nodes: SshPlayground) -> None:
    for hierarchy in cgroups.read_hierarchies():
        kind = "-t cgroup2" if hierarchy.version == 2 else f"-t cgroup -o {','.join(hierarchy.controllers)}"
        if any("=" in controller for controller in hierarchy.controllers):
            continue
        mark = hierarchy.mount_point / f"mark-{nodes.name}"
        mark.mkdir()
        try:
            command = f"mkdir -p /mnt/g && mount {kind} none /mnt/g && ls /mnt/g && umount /mnt/g"
            listed = await nodes.node("node2").run(command, as_root=True)
            assert mark.name not in listed.stdout, f"{hierarchy} shows the machine's groups"
        finally:
            mark.rmdir()


# -- files -------------------------------------------------------------------------------------------------------


async def test_no_file_of_the_machine_is_written(nodes: SshPlayground) -> None:
    file = f"written-by-{nodes.name}"
    tops = " ".join(
        ("/", "/etc", "/usr/local/bin", "/opt", "/home", "/root", "/var/tmp", "/tmp", "/run", "/var/lib/docker")
    )
    await done(nodes.node("node2"), f"for top in {tops}; do echo harm > $top/{file} || exit 1; done", as_root=True)
    await done(nodes.node("node2"), container("-v /:/node", f"echo harm > /node/usr/bin/{file}"))
    found = [top for top in (*tops.split(), "/usr/bin") if (Path(top) / file).exists()]
    assert found == []


# -- the kernel --------------------------------------------------------------------------------------------------

SAME_VALUE = "value=$(cat {0}/kernel/panic); echo $value > {0}/kernel/panic"
WITH_RIGHTS = "--cap-add SYS_ADMIN --security-opt apparmor=unconfined --security-opt seccomp=unconfined"


async def test_no_setting_of_the_machine_is_changed(nodes: SshPlayground) -> None:
    await refused(nodes, SAME_VALUE.format("/proc/sys"))
    await refused(nodes, container("", SAME_VALUE.format("/proc/sys")), as_root=False)
    # What is a node's own it may set.
    await done(nodes.node("node2"), "echo 1 > /proc/sys/net/ipv4/ip_forward", as_root=True)


async def test_the_clock_is_not_set(nodes: SshPlayground) -> None:
    await refused(nodes, "date -s @$(date +%s)")
    await refused(nodes, container(WITH_RIGHTS, "date -s @$(date +%s) 2>&1 | grep set && exit 1"), as_root=False)


# Numbers of system calls (syscall(2)).
_CALLS = {
    "x86_64": {"init_module": 175, "delete_module": 176, "reboot": 169, "sched_setscheduler": 144},
    "aarch64": {"init_module": 105, "delete_module": 106, "reboot": 142, "sched_setscheduler": 119},
}


async def errno_of(playground: SshPlayground, call: str, arguments: str) -> int:
    """The error of a system call, made by root of node2."""
    number = _CALLS[os.uname().machine][call]
    code = f'@words = ({arguments}); printf "%d %d", syscall({number}, @words), $!'
    result, error = (await done(playground.node("node2"), f"perl -e '{code}'", as_root=True)).split()
    assert int(result) == -1
    return int(error)


async def test_no_module_is_loaded_or_unloaded(nodes: SshPlayground) -> None:
    # EPERM before anybody looks whether there is such a module (ENOENT); ENOSYS: a kernel without modules.
    assert await errno_of(nodes, "delete_module", '"swarmtutor_none", 0x800') in (1, 38)
    assert await errno_of(nodes, "init_module", '"", 0, ""') in (1, 38)


async def test_the_machine_s_firewall_is_another_one(nodes: SshPlayground) -> None:
    table = f"inet try_{nodes.name.replace('-', '_')}"
    await done(nodes.node("node2"), f"nft add table {table}", as_root=True)
    assert table in await done(nodes.node("node2"), "nft list tables", as_root=True)
    assert table not in host("nft", "list", "tables")
    await done(
        nodes.node("node2"), container("--network host --cap-add NET_ADMIN", "ip address add 198.51.100.77/32 dev lo")
    )
    assert "198.51.100.77" not in host("ip", "-o", "address")
    await done(
        nodes.node("node2"), f"nft delete table {table}; ip address delete 198.51.100.77/32 dev lo", as_root=True
    )


# capabilities(7): reading files by handle, files that nobody can remove, kernel modules, raw I/O, accounting, reboot,
# priority over all other programs, the clock, audit, mandatory access control, the kernel's log, wake-ups.
OUT_OF_REACH = (2, 9, 16, 17, 20, 22, 23, 25, 30, 32, 33, 34, 35, 37)


async def test_no_process_of_a_node_can_get_a_right_that_reaches_the_machine(nodes: SshPlayground) -> None:
    lines = (await done(nodes.node("node2"), "cat /proc/1/status", as_root=True)).splitlines()
    limits = int(next(line.split()[1] for line in lines if line.startswith("CapBnd:")), 16)
    assert limits, "it has some"
    assert [number for number in OUT_OF_REACH if limits >> number & 1] == []


async def test_nothing_takes_priority_over_the_programs_of_the_machine(nodes: SshPlayground) -> None:
    # SCHED_FIFO, priority 1, for the process itself.
    assert await errno_of(nodes, "sched_setscheduler", '0, 1, pack("i", 1)') == 1
    await refused(nodes, "nice -n -5 true 2>&1 | grep 'ermission denied' && exit 1")


async def test_no_file_is_made_that_cannot_be_removed(nodes: SshPlayground) -> None:
    await refused(nodes, "touch /var/lib/docker/mine; chattr +i /var/lib/docker/mine")


async def test_a_reboot_ends_the_node_alone(nodes: SshPlayground) -> None:
    # Whether Ctrl-Alt-Delete reboots: the mildest of what reboot(2) does, and it needs the same right.
    assert await errno_of(nodes, "reboot", "0xfee1dead, 672274793, 0, 0") == 1
    booted = Path("/proc/sys/kernel/random/boot_id").read_text()
    began = [await done(nodes.node(name), "cat /proc/1/stat") for name in ("node1", "node3")]
    with pytest.raises((NodeUnreachableError, TimeoutError)):
        await nodes.node("node2").run("kill -TERM 1; exec sleep 60", as_root=True, timeout=60)
    deadline = time.monotonic() + 90
    while [node.problem for node in (await playground_status(nodes.name)).nodes] != ["", "powered off", ""]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert Path("/proc/sys/kernel/random/boot_id").read_text() == booted
    again = [await done(nodes.node(name), "cat /proc/1/stat") for name in ("node1", "node3")]
    assert [line.split()[21] for line in again] == [line.split()[21] for line in began], "the others were not touched"
    assert await cause_fault(nodes.name, "node2", Fault.POWER_ON, ignore_progress) == "node2 is on."


# -- memory ------------------------------------------------------------------------------------------------------

HALF_A_GIGABYTE = 1 << 29


def memory_limit(playground: SshPlayground) -> Path:
    """The file of the machine that holds how much memory node2, or all nodes, may have."""
    hierarchies = cgroups.read_hierarchies()
    file = "memory.max" if hierarchies[0].version == 2 else "memory.limit_in_bytes"
    tree = next(tree for tree in hierarchies if tree.version == 2 or "memory" in tree.controllers).mount_point
    if PROVIDER_NAME == "namespaces":
        return tree / identity(playground.name) / file
    with engine() as api:
        container_id = str(api.inspect_container(Names(playground.name, identity(playground.name)).part("node2"))["Id"])
    return next(tree.glob(f"*/{container_id}/{file}"))


def times_reached(limit: Path) -> int:
    """How often the limit stood in the way."""
    if limit.name == "memory.max":
        counts = dict(line.split() for line in limit.with_name("memory.events").read_text().splitlines())
        return int(counts["max"])
    return int(limit.with_name("memory.failcnt").read_text())


async def test_what_eats_memory_in_a_node_is_ended_there(nodes: SshPlayground) -> None:
    """With a limit that is small enough to be reached without harm if it were none."""
    file = memory_limit(nodes)
    limit = int(file.read_text())
    assert limit < memory_of_machine()
    node = nodes.node("node2")
    engine_before = await done(node, "pgrep -xo dockerd")
    await done(node, container("", "true"))
    reached = times_reached(file)
    file.write_text(str(2 * HALF_A_GIGABYTE))
    try:
        eater = await node.run(
            f"docker run --name eater {IMAGE} dd if=/dev/zero of=/dev/null bs={3 * HALF_A_GIGABYTE} count=1", timeout=90
        )
        # Not what the engine says of it: it may hear of the end before it hears of the reason.
        assert eater.exit_status == 137, eater
        assert times_reached(file) > reached
    finally:
        file.write_text(str(limit))
    assert await done(node, "pgrep -xo dockerd") == engine_before, "the engine goes on"
    await done(node, "docker rm eater")
    assert (await playground_status(nodes.name)).state == "up"


# -- the worst ---------------------------------------------------------------------------------------------------


HARMLESS = {"tmpfs", "proc", "sysfs", "devpts", "mqueue", "cgroup", "cgroup2", "nsfs"}
# Where the files of a node lie on the machine, as its mounts tell: of the playground's folder, or of the Docker Engine.
OWN_DISK = {
    "namespaces": r".*/playgrounds/{name}/nodes/node2/disk/docker",
    "containers": r".*/volumes/swarmtutor-{name}(-\w+)?-node2/_data|.*/containers/\w+/(hosts|hostname|resolv.conf)",
}


def writable_mounts(mountinfo: str) -> list[tuple[str, str, str]]:
    """Kind, root and place of each mount in which files could be removed."""
    found: list[tuple[str, str, str]] = []
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        root, place, options = left.split()[3:6]
        kind, _, whole = right.split()[:3]
        if "ro" not in options.split(",") and "ro" not in whole.split(","):
            found.append((kind, root, place))
    return found


def is_removed(upper: Path, file: str) -> bool:
    """Whether a file that is below an overlay was removed in it: a device 0/0 covers it, or a folder of it."""
    covers = [upper / part for part in (file, *Path(file).parents) if part != Path()]
    return any(os.path.lexists(cover) and stat.S_ISCHR(os.lstat(cover).st_mode) for cover in map(Path, covers))


async def test_rm_rf_root_harms_neither_the_machine_nor_the_other_nodes(nodes: SshPlayground) -> None:
    """First it is made sure that nothing of the machine is in the node's reach."""
    node = nodes.node("node2")
    mountinfo = await done(node, "cat /proc/self/mountinfo", as_root=True)
    root = next(line for line in mountinfo.splitlines() if line.split()[4] == "/")
    assert " - overlay " in root
    found = re.search(r"upperdir=([^,]+)", root)
    assert found
    upper = Path(found[1])
    assert upper.is_dir()
    own = re.compile(OWN_DISK[PROVIDER_NAME].format(name=nodes.name))
    others = [mount for mount in writable_mounts(mountinfo) if mount[0] not in HARMLESS and mount[2] != "/"]
    assert others
    assert all(own.fullmatch(mount[1]) or mount[2].startswith("/var/lib/docker/") for mount in others), others
    assert await done(node, "cat /etc/hostname; hostname; id -u", as_root=True) == "node2\nnode2\n0"

    before = {top: set(os.listdir(top)) for top in ("/", "/etc", "/usr/bin", "/usr/lib", "/dev")}
    others_before = await done(nodes.node("node1"), "ls / /etc /usr/bin")
    guard = f"grep -qF 'upperdir={upper},' /proc/self/mountinfo && test $(cat /etc/hostname) = node2"
    with pytest.raises((NodeUnreachableError, TimeoutError, AssertionError)):
        await done(node, f"set -e; {guard}; exec rm -rf --no-preserve-root /", as_root=True)
    assert is_removed(upper, "etc/passwd"), "it did remove what it could"
    gone = {top: missing for top, names in before.items() if (missing := names - set(os.listdir(top)))}
    assert gone == {}
    assert await done(nodes.node("node1"), "ls / /etc /usr/bin") == others_before

    await PROVIDER.reset(nodes.name, ["node2"], ignore_progress)
    assert (await playground_status(nodes.name)).state == "up"
    mended, _ = await ensure_playground(nodes.name, ignore_progress)
    try:
        for each in NODE_NAMES:
            assert await done(mended.node(each), container("", "echo works")) == "works"
    finally:
        await mended.close()
