"""Provider `namespaces`: three nodes out of this machine's own kernel and its own root filesystem. Linux, as root."""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tui.errors import ExitCode, UserError
from tui.paths import content_dir, state_dir
from tui.playground.kernel import in_user_namespace
from tui.playground.locks import hold_name
from tui.playground.model import NODE_NAMES, Companion, Fault, ProgressListener, Requirement
from tui.playground.providers import cgroups, network, node_faults
from tui.playground.providers.engines import wait_for_engine, wait_for_port, wait_for_ssh
from tui.playground.providers.keys import host_key_of, make_keys
from tui.playground.providers.leftovers import Leftovers
from tui.playground.providers.memory import memory_for_nodes, memory_of_machine
from tui.playground.providers.modules import load_modules
from tui.playground.providers.node_root import has_disk
from tui.playground.providers.phases import phase, working_on
from tui.playground.providers.plans import (
    HubPlan,
    NodePlan,
    ServicePlan,
    package_root,
    program_environment,
    python_folders,
    write_plan,
)
from tui.playground.providers.requirements import free_megabytes, namespaces_requirements, routing_mesh
from tui.playground.providers.standing import tell_stopped
from tui.playground.providers.tasks import to_the_end, together
from tui.playground.providers.tools import find_tool
from tui.playground.record import (
    NodeRecord,
    PlaygroundPaths,
    PlaygroundRecord,
    check_name,
    identity,
    load_record,
    save_record,
)
from tui.playground.registry import RegistryError, push_images, registry_settings

__all__ = ["NamespacesProvider"]

REGISTRY_SECONDS = 60.0  # until the registry must answer
_NAMES_SECONDS = 60.0  # until the name server must answer
_ENTER_SECONDS = 60.0  # until a node's own root is made: a tenth of a second, as a rule
_ENGINE_SECONDS = 180.0  # a few, as a rule; one that gives up is told at once, so this is for a busy machine
_FULL = 5  # megabytes left on a disk that counts as full


@asynccontextmanager
async def _locked(name: str, wait: float = 0.0) -> AsyncGenerator[None]:
    """Nobody else changes the playground meanwhile. What the system refuses is told as a UserError."""
    try:
        async with working_on(name, wait):
            yield
    except OSError as error:
        raise UserError(
            f"This machine refuses a part of the work on playground “{name}”: {error or type(error).__name__}",
            "`swarmtutor doctor` looks at what this machine has.",
            exit_code=ExitCode.UNSUPPORTED,
        ) from error


@asynccontextmanager
async def _needing_room() -> AsyncGenerator[None]:
    """Say so if the disk is full: programs that find no room say all sorts of things, or nothing."""
    try:
        yield
    except (UserError, OSError) as error:
        if (free := free_megabytes()) >= _FULL:
            raise
        raise UserError(
            f"The disk is full: {free} MB are left at {state_dir()}.",
            "Make room there, or name another folder in the environment's SWARMTUTOR_STATE.",
            exit_code=ExitCode.UNSUPPORTED,
        ) from error


def _record_of(name: str) -> PlaygroundRecord:
    """The record of a playground that was made to its end."""
    record = load_record(name)
    if record is None or record.state != "up":
        raise UserError(
            f"There is no playground “{name}” with nodes.",
            f"Make it: swarmtutor up --name {name}",
            exit_code=ExitCode.NOT_FOUND,
        )
    return record


class NamespacesProvider:
    """Makes playgrounds out of Linux namespaces."""

    @property
    def name(self) -> str:
        """The provider's name."""
        return "namespaces"

    def requirements(self) -> Sequence[Requirement]:
        """What is needed, and what this machine has."""
        return namespaces_requirements()

    async def up(self, name: str, listener: ProgressListener, companions: Sequence[Companion] = ()) -> None:
        """Make the playground; see Provider."""
        check_name(name)
        self._check_requirements()
        # A program that was killed a moment ago may leave a child that still holds its lock, until it is exec'ed.
        async with _locked(name, wait=2.0):
            left = Leftovers.of(name)
            if left.is_up() or left.is_reparable():
                wrong = node_faults.describe(await node_faults.standing_faults(name))
                undo = "`swarmtutor status` names what undoes that." if wrong else "Use it as it is."
                raise UserError(
                    f"Playground “{name}” is up already" + (f", but {wrong}." if wrong else "."),
                    f"{undo} Or remove it first: swarmtutor down --name {name}",
                    exit_code=ExitCode.BUSY,
                )
            if await left.exists():
                if left.is_made() and not left.any_running():
                    tell_stopped(listener, "new nodes are made, and the swarm on the old ones is gone")
                await left.remove()
            try:
                async with _needing_room():
                    await _Making(name, listener).run(companions)
            except BaseException:
                await to_the_end(left.remove())
                raise

    async def down(self, name: str, listener: ProgressListener) -> None:
        """Remove the playground; see Provider."""
        check_name(name)
        self._check_root()
        async with _locked(name, wait=5.0):
            left = Leftovers.of(name)
            if not await left.exists():
                return
            async with phase(listener, "removing the playground", name):
                await left.remove()

    async def reset(self, name: str, nodes: Sequence[str], listener: ProgressListener) -> None:
        """Replace nodes by fresh ones; see Provider."""
        self._check_nodes(name, nodes)
        async with _locked(name, wait=5.0):
            record = _record_of(name)
            async with _needing_room():
                await _Making(name, listener).replace(record, tuple(dict.fromkeys(nodes)))

    async def fault(self, name: str, node: str, fault: Fault, listener: ProgressListener) -> str:
        """Break a node on purpose, or undo that; see FaultMaker."""
        self._check_nodes(name, (node,), whole=False)
        async with _locked(name, wait=5.0):
            record = _record_of(name)
            if not Leftovers.of(name).running("hub"):
                raise UserError(
                    f"Playground “{name}” is not running.",
                    f"Make it anew: swarmtutor up --name {name}",
                    exit_code=ExitCode.BROKEN,
                )
            faults = (await node_faults.standing_faults(name))[node]
            match fault:
                case Fault.POWER_OFF:
                    return await node_faults.power_off(name, node, faults)
                case Fault.POWER_ON:
                    if Fault.POWER_OFF not in faults:
                        return f"{node} is already on."
                    async with _needing_room():
                        return await _Making(name, listener).power_on(record, node, cut=Fault.CUT_NETWORK in faults)
                case Fault.CUT_NETWORK:
                    return await node_faults.cut_network(name, node, faults)
                case Fault.RESTORE_NETWORK:
                    return await node_faults.restore_network(name, node, faults)
                case Fault.PAUSE:
                    return await node_faults.pause(name, node, faults)
                case Fault.RESUME:
                    return await node_faults.resume(name, node, faults)

    async def mend(self, name: str, listener: ProgressListener, companions: Sequence[Companion] = ()) -> None:
        """Bring back what a playground that was up has lost. What works is not touched.

        Nodes go on, are connected again and switched on again, each with its own disk; where that does not work it is
        replaced by a fresh one. The hub is started anew.
        """
        check_name(name)
        self._check_requirements()
        async with _locked(name, wait=5.0), _needing_room():
            record = load_record(name)
            if record is None:
                return
            left = Leftovers.of(name)
            making = _Making(name, listener)
            if not left.running("hub"):
                await making.restart_hub(record, companions)
            for node, faults in (await node_faults.standing_faults(name)).items():
                if Fault.PAUSE in faults:
                    await node_faults.resume(name, node, faults)
                if Fault.CUT_NETWORK in faults:
                    await node_faults.restore_network(name, node, faults)
                if Fault.POWER_OFF in faults:
                    try:
                        await making.power_on(record, node)
                    except UserError:
                        await making.replace(record, [node])

    def _check_nodes(self, name: str, nodes: Sequence[str], *, whole: bool = True) -> None:
        check_name(name)
        if unknown := [node for node in nodes if node not in NODE_NAMES]:
            raise UserError(
                f"There is no node “{unknown[0]}”.",
                f"The nodes are {', '.join(NODE_NAMES)}.",
                exit_code=ExitCode.NOT_FOUND,
            )
        if whole:
            self._check_requirements()
        else:
            self._check_root()

    def _check_root(self) -> None:
        if os.geteuid() != 0:
            raise UserError(
                "Nodes out of namespaces need root.",
                "Run it as root: sudo swarmtutor …",
                exit_code=ExitCode.UNSUPPORTED,
            )

    def _check_requirements(self) -> None:
        missing = [requirement for requirement in self.requirements() if not requirement.met]
        if missing:
            raise UserError(
                "This machine lacks " + ", ".join(f"{need.what} ({need.found})" for need in missing) + ".",
                "\n".join(dict.fromkeys(need.mend for need in missing if need.mend)),
                exit_code=ExitCode.UNSUPPORTED,
            )


class _Making:
    """The work of making one playground, or some of its nodes."""

    def __init__(self, name: str, listener: ProgressListener) -> None:
        self._name = name
        self._listen = listener
        self._paths = PlaygroundPaths.of(name)
        self._identity = identity(name)
        self._names = network.Names(self._identity)
        self._hierarchies = cgroups.read_hierarchies()

    async def run(self, companions: Sequence[Companion]) -> None:
        """Make all of it."""
        async with phase(self._listen, "network", "three nodes on one bridge"):
            record, addresses = await self._make_network()
        await together(self._make_nodes(record, NODE_NAMES), self._make_hub(record, addresses, companions))
        save_record(record.with_state("up"))

    async def replace(self, record: PlaygroundRecord, nodes: Sequence[str]) -> None:
        """Make some nodes anew, with the same names, addresses and keys."""
        addresses = network.Addresses(network.Network(record.subnet))
        async with phase(self._listen, "removing the old node", ", ".join(nodes)):
            for node in nodes:
                await Leftovers.of(self._name).remove_node(node)
        async with phase(self._listen, "network", ", ".join(nodes)):
            for node in nodes:
                await network.rebuild_node(self._names, addresses, node)
        await self._make_nodes(record, nodes)

    async def power_on(self, record: PlaygroundRecord, node: str, *, cut: bool = False) -> str:
        """Start a node that is off from its own disk. `cut`: its cable stays out. Returns what is so now."""
        group = f"{self._identity}/{node}"
        kept = has_disk(self._paths.node(node) / "disk")
        # As a machine that was off, it has nothing left of its old network's settings.
        await asyncio.to_thread(cgroups.kill_all, self._hierarchies, group)
        await asyncio.to_thread(cgroups.remove, self._hierarchies, group)
        cgroups.make_group(self._hierarchies, group)
        await network.rebuild_node(self._names, network.Addresses(network.Network(record.subnet)), node)
        try:
            if cut:
                await network.set_port(self._names, node, up=False)
            await self._make_nodes(record, [node], reached=not cut)
        except BaseException as error:
            await to_the_end(asyncio.to_thread(cgroups.kill_all, self._hierarchies, group))
            if not isinstance(error, UserError):
                raise
            raise UserError(
                f"{node} does not come on again: {error.what}",
                f"Put a fresh one in its place: swarmtutor reset {node} --name {self._name}",
                exit_code=ExitCode.BROKEN,
            ) from error
        return f"{node} is on." if kept else f"{node} is on, and empty: its disk is gone."

    async def restart_hub(self, record: PlaygroundRecord, companions: Sequence[Companion]) -> None:
        """Start the registry, the name server and the companions again."""
        cgroups.make_group(self._hierarchies, f"{self._identity}/hub")
        await self._make_hub(record, network.Addresses(network.Network(record.subnet)), companions)

    async def _make_network(self) -> tuple[PlaygroundRecord, network.Addresses]:
        await load_modules()
        await to_the_end(asyncio.to_thread(make_keys, self._paths.keys))
        # From the choice to the moment when the address is on a link, nobody else may choose.
        async with hold_name("swarmtutor-subnet", wait=20.0):
            addresses = network.Addresses(network.choose_subnet(await network.networks_in_use()))
            record = self._record(addresses)
            save_record(record)
            await network.build(self._names, addresses)
        cgroups.make_group(self._hierarchies, self._identity)
        cgroups.confine(self._hierarchies, self._identity)
        cgroups.limit_memory(self._hierarchies, self._identity, memory_for_nodes(memory_of_machine()))
        for part in (*NODE_NAMES, "hub"):
            cgroups.make_group(self._hierarchies, f"{self._identity}/{part}")
        self._paths.logs.mkdir(parents=True, exist_ok=True)
        return record, addresses

    def _record(self, addresses: network.Addresses) -> PlaygroundRecord:
        nodes = tuple(
            NodeRecord(node, addresses.node(node), 22, host_key_of(self._paths.keys, node)) for node in NODE_NAMES
        )
        return PlaygroundRecord(
            name=self._name,
            provider="namespaces",
            state="making",
            subnet=str(addresses.subnet),
            hub=addresses.hub,
            nodes=nodes,
            mesh=routing_mesh(),
        )

    async def _make_nodes(self, record: PlaygroundRecord, nodes: Sequence[str], *, reached: bool = True) -> None:
        async with phase(self._listen, "nodes", ", ".join(nodes)):
            pids = await together(*(self._start_node(record, node) for node in nodes))
        async with phase(self._listen, "engines", ", ".join(nodes)):
            waits = [wait_for_engine(node, pid, _ENGINE_SECONDS) for node, pid in zip(nodes, pids, strict=True)]
            addresses = {node.name: node.address for node in record.nodes}
            if reached:
                waits += [wait_for_ssh(node, addresses[node], _ENGINE_SECONDS) for node in nodes]
            await together(*waits)

    async def _start_node(self, record: PlaygroundRecord, node: str) -> int:
        folder = self._paths.node(node)
        folder.mkdir(parents=True, exist_ok=True)
        addresses = {entry.name: entry.address for entry in record.nodes}
        plan = NodePlan(
            node=node,
            identity=self._identity,
            network=self._names.node(node),
            group=f"{self._identity}/{node}",
            folder=str(folder / "disk"),
            keys=str(self._paths.keys),
            address=addresses[node],
            hub=record.hub,
            peers=tuple(addresses.items()),
            host_keys=tuple((entry.name, entry.host_key) for entry in record.nodes),
            python=sys.executable,
            python_folders=python_folders(),
            package_root=str(package_root()),
            rootless=in_user_namespace(),
            groups=bool(self._hierarchies),
            forwarding=record.mesh == "ipvs",
        )
        path = folder / "plan.json"
        write_plan(path, plan)
        return await self._enter("node", path, node)

    async def _enter(self, kind: str, plan: Path, process_name: str) -> int:
        """Start the program that enters the namespaces; return the id of the process number 1 that it made."""
        log = self._paths.log(process_name)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tui.playground.providers.enter",
            kind,
            str(plan),
            str(log),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=program_environment(),
            start_new_session=True,
            cwd="/",
        )
        try:
            async with asyncio.timeout(_ENTER_SECONDS):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            output = f"not ready after {_ENTER_SECONDS:.0f} s".encode()
        lines = output.decode(errors="replace").splitlines()
        pid = next((int(line.split()[1]) for line in lines if line.startswith("pid ")), 0)
        problems = [line for line in lines if not line.startswith("pid ")]
        if problems or not pid:
            raise UserError(
                f"{process_name} could not be started: {' '.join(problems[-3:]) or 'no reason given'}",
                "`swarmtutor doctor` looks at what this machine has.",
                exit_code=ExitCode.BROKEN,
            )
        return pid

    def _hub_services(self, record: PlaygroundRecord, companions: Sequence[Companion]) -> tuple[ServicePlan, ...]:
        settings = self._paths.root / "registry.yml"
        settings.write_text(registry_settings(record.hub, self._paths.root / "registry"))
        hosts = [f"{node.name}={node.address}" for node in record.nodes] + [f"registry={record.hub}"]
        carried = {key: value for key, value in os.environ.items() if key.startswith("SWARMTUTOR_")}
        # Nothing of anybody's home: root's own cannot even be looked at by somebody who is not root.
        ours = program_environment(HOME="/", **carried)
        return (
            {
                "name": "registry",
                "argv": [find_tool("docker-registry"), "serve", str(settings)],
                "environment": {"PATH": ours["PATH"], "HOME": ours["HOME"]},
                "log": str(self._paths.log("registry")),
            },
            {
                "name": "dns",
                "argv": [sys.executable, "-m", "tui.playground.providers.dns", record.hub, *hosts],
                "environment": ours,
                "log": str(self._paths.log("dns")),
            },
            *(
                {
                    "name": companion.name,
                    "argv": list(companion.argv),
                    "environment": ours | dict(companion.environment),
                    "log": str(self._paths.log(companion.name)),
                }
                for companion in companions
                if companion.mesh in ("", record.mesh)
            ),
        )

    async def _make_hub(
        self, record: PlaygroundRecord, addresses: network.Addresses, companions: Sequence[Companion]
    ) -> None:
        async with phase(self._listen, "registry and images"):
            (self._paths.root / "registry").mkdir(exist_ok=True)
            plan = HubPlan(
                self._identity, self._names.hub, f"{self._identity}/hub", self._hub_services(record, companions)
            )
            path = self._paths.root / "hub.json"
            write_plan(path, plan)
            await self._enter("hub", path, "hub")
            try:
                await together(
                    self._fill_registry(addresses.hub),
                    wait_for_port("The name server", addresses.hub, 53, _NAMES_SECONDS),
                )
            except RegistryError as error:
                raise UserError(
                    f"The registry of the playground does not work: {error}",
                    f"Its log is {self._paths.log('registry')}",
                    exit_code=ExitCode.BROKEN,
                ) from error

    async def _fill_registry(self, address: str) -> None:
        """Make the images and hand them over, in a thread that ends soon when we are cancelled."""
        stopped = threading.Event()

        def work() -> None:
            from tui.playground.images import build_images  # which takes a while, and only this needs

            push_images(address, 5000, build_images(content_dir()), timeout=REGISTRY_SECONDS, stopped=stopped)

        try:
            await asyncio.to_thread(work)
        finally:
            stopped.set()
