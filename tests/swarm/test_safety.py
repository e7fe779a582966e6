"""Nothing that is done in a node reaches the machine: tried as root of a node, and out of containers.

What is tried would do no harm if it worked: the same value is written again, the clock is set to what it shows, the
module does not exist. Root of a node is more than a learner is: a learner may only run containers, but those as root.

What cannot hold. An engine needs CAP_SYS_ADMIN, and gives it to a container that asks (`--cap-add SYS_ADMIN`; neither
`--privileged` nor `--cap-add ALL` works in a node). With it one may mount what belongs to the kernel as a whole:
/proc/sysrq-trigger in a /proc of one's own, debugfs, tracefs, and devtmpfs, whose files cannot be opened but removed.
That takes intent. Whoever must be kept from it needs a machine of their own.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from tests.swarm.conftest import ignore_progress
from tests.swarm.swarm_steps import done
from tests.swarm.test_playground_life import traces_of
from tests.swarm.test_playground_machines import use
from tui.playground.model import NODE_NAMES, Fault, NodeUnreachableError
from tui.playground.playground import SshPlayground, cause_fault, ensure_playground, open_playground, playground_status
from tui.playground.providers import cgroups
from tui.playground.providers.leftovers import Leftovers
from tui.playground.providers.namespaces import NamespacesProvider
from tui.playground.providers.plans import python_folders
from tui.playground.record import PlaygroundPaths

pytestmark = pytest.mark.engines

PROVIDER = NamespacesProvider()
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
    assert traces_of(name) == []


@pytest.fixture
async def nodes(name: str) -> AsyncGenerator[SshPlayground]:
    playground = await open_playground(name)
    try:
        yield playground
    finally:
        await playground.close()


async def refused(playground: SshPlayground, command: str, *, as_root: bool = True) -> str:
    """Run a command on node2 that must fail because it may not; what it said."""
    ended = await playground.node("node2").run(command, as_root=as_root, timeout=60)
    assert ended.exit_status != 0, f"it worked: {command}\n{ended.stdout}"
    assert any(word in ended.stderr + ended.stdout for word in REFUSED), ended
    return ended.stderr


def container(flags: str, command: str) -> str:
    return f"docker run --rm {flags} {IMAGE} sh -c '{command}'"


def host(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout


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
        ended = await node.run(script, as_root=True, timeout=60)
    else:
        rules = '--device-cgroup-rule "c *:* m" --device-cgroup-rule "b *:* m"'
        asking = "--cap-add SYS_ADMIN --security-opt apparmor=unconfined --security-opt seccomp=unconfined"
        command = f"docker run --rm -i {rules} {asking if where == 'asking' else ''} {IMAGE} sh"
        ended = await node.run(command, stdin=f"mkdir -p /var\n{script}".encode(), timeout=60)
    assert ended.stdout == "tried\n", ended


async def test_a_container_gets_no_device_of_the_machine_by_asking(nodes: SshPlayground) -> None:
    disk = next(device for device in kernel_devices() if device.startswith("b "))
    _, major, minor = disk.split()
    rule = f'--device-cgroup-rule "b {major}:{minor} rwm"'
    await refused(nodes, container(rule, "true"), as_root=False)


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
            seen = await nodes.node("node2").run(command, as_root=as_root, timeout=60)
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
    # What a node is shown of Python and of this program stays as it is, whatever is mounted in which way.
    for folder in python_folders():
        if Path(folder).is_relative_to("/usr"):
            continue
        command = f"mount -o remount,rw {folder}; mount -o remount,bind,rw {folder}; echo harm > {folder}/{file}"
        await refused(nodes, command)
        assert not (Path(folder) / file).exists()


# -- the kernel --------------------------------------------------------------------------------------------------

SAME_VALUE = "value=$(cat {0}/kernel/panic); echo $value > {0}/kernel/panic"
WITH_RIGHTS = "--cap-add SYS_ADMIN --security-opt apparmor=unconfined --security-opt seccomp=unconfined"


async def test_no_setting_of_the_machine_is_changed(nodes: SshPlayground) -> None:
    await refused(nodes, SAME_VALUE.format("/proc/sys"))
    await refused(nodes, container("", SAME_VALUE.format("/proc/sys")), as_root=False)
    # What is a node's own it may set.
    await done(nodes.node("node2"), "echo 1 > /proc/sys/net/ipv4/ip_forward", as_root=True)


async def test_no_setting_of_the_machine_is_changed_through_another_mount(nodes: SshPlayground) -> None:
    if cgroups.read_hierarchies()[-1].version != 2:
        pytest.skip("without control groups of version 2 the kernel cannot keep the settings apart")
    await refused(nodes, f"mount -o remount,bind,rw /proc/sys; {SAME_VALUE.format('/proc/sys')}")
    own = "mkdir -p /mnt/p; mount -t proc proc /mnt/p; " + SAME_VALUE.format("/mnt/p/sys")
    await refused(nodes, own)
    await refused(nodes, container(WITH_RIGHTS, own), as_root=False)


ON_VERSION_2 = """
import asyncio, sys
from tui.playground.playground import open_playground
from tui.playground.providers.leftovers import Leftovers
from tui.playground.providers.namespaces import NamespacesProvider

async def main(name):
    provider = NamespacesProvider()
    await provider.up(name, lambda progress: None)
    try:
        playground = await open_playground(name)
        for command in sys.stdin.read().splitlines():
            ended = await playground.node("node2").run(command, as_root=True, timeout=30)
            print((ended.stdout + ended.stderr).strip().replace(chr(10), " "))
        await playground.close()
    finally:
        await provider.down(name, lambda progress: None)
    print("left:", await Leftovers.of(name).found())

asyncio.run(main(sys.argv[1]))
"""


def test_neither_settings_nor_groups_are_at_hand_with_control_groups_of_version_2() -> None:
    if "cgroup2" not in Path("/proc/filesystems").read_text():
        pytest.skip("this kernel has no control groups of version 2")
    tries = (
        "mkdir -p /mnt/p; mount -t proc proc /mnt/p; " + SAME_VALUE.format("/mnt/p/sys"),
        "mkdir -p /mnt/g; mount -t cgroup2 none /mnt/g; ls -d /mnt/g/*/",
        "docker run --rm --sysctl kernel.shmmax=1000000 swarmtutor/shell:1.0 cat /proc/sys/kernel/shmmax 2>/dev/null",
    )
    prepare = (
        "umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup; exec <<'END'\n" + "\n".join(tries) + "\nEND"
    )
    lines = use(f"pg-t{os.getpid()}w", prepare, ON_VERSION_2)
    assert "not permitted" in lines[0]
    assert set(lines[1].split()) <= {"/mnt/g/init/", "/mnt/g/docker/"}
    assert lines[2].endswith("1000000"), "what is a container's own it may set"


async def test_the_clock_is_not_set(nodes: SshPlayground) -> None:
    await refused(nodes, "date -s @$(date +%s)")
    await refused(nodes, container(WITH_RIGHTS, "date -s @$(date +%s) 2>&1 | grep set && exit 1"), as_root=False)


async def errno_of(playground: SshPlayground, call: str) -> int:
    """The error of a call of the C library, made by root of node2."""
    code = f"import ctypes; libc = ctypes.CDLL(None, use_errno=True); print(libc.{call}, ctypes.get_errno())"
    result, number = (await done(playground.node("node2"), f"{sys.executable} -c '{code}'", as_root=True)).split()
    assert int(result) == -1
    return int(number)


async def test_no_module_is_loaded_or_unloaded(nodes: SshPlayground) -> None:
    # EPERM before anybody looks whether there is such a module (ENOENT); ENOSYS: a kernel without modules.
    assert await errno_of(nodes, 'delete_module(b"swarmtutor_none", 0x800)') in (1, 38)
    assert await errno_of(nodes, 'init_module(b"", 0, b"")') in (1, 38)


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


async def test_a_reboot_ends_the_node_alone(nodes: SshPlayground) -> None:
    # Whether Ctrl-Alt-Delete reboots: the mildest of what reboot(2) does, and it needs the same right.
    assert await errno_of(nodes, "reboot(0)") == 1
    booted = Path("/proc/sys/kernel/random/boot_id").read_text()
    with pytest.raises((NodeUnreachableError, TimeoutError)):
        await nodes.node("node2").run("kill -TERM 1; exec sleep 60", as_root=True, timeout=30)
    deadline = time.monotonic() + 30
    while Leftovers.of(nodes.name).running("node2"):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert Path("/proc/sys/kernel/random/boot_id").read_text() == booted
    assert all(map(Leftovers.of(nodes.name).running, ("node1", "node3", "hub")))
    assert [node.problem for node in (await playground_status(nodes.name)).nodes] == ["", "powered off", ""]
    assert await cause_fault(nodes.name, "node2", Fault.POWER_ON, ignore_progress) == "node2 is on."


# -- the worst ---------------------------------------------------------------------------------------------------


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


async def test_rm_rf_root_harms_neither_the_machine_nor_the_other_nodes(nodes: SshPlayground) -> None:
    """First it is made sure that nothing of the machine is in the node's reach."""
    node = nodes.node("node2")
    disk = f"/playgrounds/{nodes.name}/nodes/node2/disk/"
    mountinfo = await done(node, "cat /proc/self/mountinfo", as_root=True)
    root = next(line for line in mountinfo.splitlines() if line.split()[4] == "/")
    assert " - overlay " in root
    assert f"{disk}upper," in root
    harmless = {"tmpfs", "proc", "sysfs", "devpts", "mqueue", "cgroup", "cgroup2", "nsfs"}
    others = [mount for mount in writable_mounts(mountinfo) if mount[0] not in harmless and mount[2] != "/"]
    assert all(mount[1].endswith(f"{disk}docker") or mount[2].startswith("/var/lib/docker/") for mount in others), (
        others
    )
    assert await done(node, "cat /etc/hostname; hostname; id -u", as_root=True) == "node2\nnode2\n0"

    before = {top: set(os.listdir(top)) for top in ("/", "/etc", "/usr/bin", "/usr/lib", "/dev")}
    others_before = await done(nodes.node("node1"), "ls / /etc /usr/bin")
    guard = (
        f"grep -q '^[^-]* / / .* - overlay .*{disk}upper,' /proc/self/mountinfo && test $(cat /etc/hostname) = node2"
    )
    with pytest.raises((NodeUnreachableError, TimeoutError, AssertionError)):
        await done(node, f"set -e; {guard}; exec rm -rf --no-preserve-root /", as_root=True)
    upper = PlaygroundPaths.of(nodes.name).node("node2") / "disk/upper"
    assert not (upper / "etc/hostname").exists(), "it did remove what it could"
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
