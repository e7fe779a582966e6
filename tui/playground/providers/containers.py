"""The provider `containers`: each node is a container of a Docker Engine on this machine.

For anyone with Docker Desktop or an engine on Linux. Nodes are reached over SSH on ports of the loopback, so it does
not matter whether the engine runs here or in a virtual machine. Everything carries labels and is found by them.
"""

import asyncio
from collections.abc import Sequence

from tui.errors import ExitCode, UserError
from tui.playground.model import NODE_NAMES, Companion, Fault, ProgressListener, Requirement
from tui.playground.providers import container_faults
from tui.playground.providers import container_leftovers as leftovers
from tui.playground.providers.container_build import node_image
from tui.playground.providers.container_companion import companions_run
from tui.playground.providers.container_engine import EngineRefusedError, engine, engine_is_local
from tui.playground.providers.container_work import Making, in_thread
from tui.playground.providers.phases import phase, working_on
from tui.playground.providers.standing import look_at, tell_stopped
from tui.playground.record import PlaygroundRecord, check_name, load_record

__all__ = ["ContainersProvider"]

_OLDEST_API = (1, 41)  # that of engine 20.10, the first that gives a container a view of its own of control groups
_ASK_SECONDS = 4.0  # for the question whether there is an engine at all


class ContainersProvider:
    """Makes playgrounds out of containers."""

    @property
    def name(self) -> str:
        """The provider's name."""
        return "containers"

    def requirements(self) -> Sequence[Requirement]:
        """What is needed, and what this machine has. Asks the engine, if there is one; changes nothing."""
        try:
            with engine(_ASK_SECONDS) as api:
                version = api.version()
                local = engine_is_local(api.base_url)
                built = bool(api.images(node_image().tag))
        except UserError as error:
            return [Requirement("a Docker Engine, 20.10 or newer", False, error.what.rstrip("."), error.hint)]
        except EngineRefusedError as error:
            return [Requirement("a Docker Engine, 20.10 or newer", False, error.words, "Restart Docker.")]
        system = str(version.get("Os", "linux"))
        interface = tuple(int(part) for part in str(version.get("ApiVersion", "0")).split(".") if part.isdigit())
        return [
            Requirement(
                "a Docker Engine, 20.10 or newer",
                interface >= _OLDEST_API,
                str(version.get("Version", "")),
                "Update Docker.",
            ),
            Requirement(
                "an engine on this machine",
                local,
                "yes" if local else "DOCKER_HOST or the Docker context names another machine",
                "unset DOCKER_HOST; docker context use default",
            ),
            Requirement(
                "Linux containers", system == "linux", system, "Docker Desktop's menu: Switch to Linux containers."
            ),
            Requirement(
                "the image of the nodes",
                True,
                "built" if built else "is built on first use; that takes a network and about 1 GB of disk",
            ),
        ]

    async def up(self, name: str, listener: ProgressListener, companions: Sequence[Companion] = ()) -> None:
        """Make the playground; see Provider."""
        check_name(name)
        await self._check_requirements()
        async with working_on(name):
            standing = await look_at(name, self.name)
            if standing.up:
                raise UserError(
                    f"Playground “{name}” is up already.",
                    f"Use it as it is, or remove it first: swarmtutor down --name {name}",
                    exit_code=ExitCode.BUSY,
                )
            if standing.traces:
                if standing.stopped:
                    tell_stopped(listener, "new nodes are made, and the swarm on the old ones is gone")
                await in_thread(lambda: leftovers.remove(name))
            try:
                await Making(name, listener).run(companions)
            except BaseException as error:
                await in_thread(lambda: leftovers.remove(name))
                raise _told(error) from error

    async def down(self, name: str, listener: ProgressListener) -> None:
        """Remove the playground; see Provider."""
        check_name(name)
        async with working_on(name, wait=5.0):
            if not (await look_at(name, self.name)).traces:
                await in_thread(leftovers.remove_builds)
                return
            async with phase(listener, "removing the playground", name):
                await in_thread(lambda: leftovers.remove(name))

    async def reset(self, name: str, nodes: Sequence[str], listener: ProgressListener) -> None:
        """Replace nodes by fresh ones; see Provider."""
        check_name(name)
        async with working_on(name, wait=5.0):
            record = await self._record_with(name, nodes)
            try:
                await Making(name, listener).replace(record, tuple(dict.fromkeys(nodes)))
            except EngineRefusedError as error:
                raise _told(error) from error

    async def fault(self, name: str, node: str, fault: Fault, listener: ProgressListener) -> str:
        """Break a node on purpose, or undo that; see FaultMaker."""
        check_name(name)
        async with working_on(name, wait=5.0):
            record = await self._record_with(name, (node,))
            try:
                if fault is not Fault.POWER_ON:
                    address = next(entry.address for entry in record.nodes if entry.name == node)
                    return await in_thread(lambda: container_faults.break_or_undo(name, node, fault, address))
                standing = (await asyncio.to_thread(container_faults.standing_faults, name))[node]
                if Fault.POWER_OFF not in standing:
                    return f"{node} is already on."
                return await Making(name, listener).power_on(record, node, cut=Fault.CUT_NETWORK in standing)
            except EngineRefusedError as error:
                raise _told(error) from error

    async def _record_with(self, name: str, nodes: Sequence[str]) -> PlaygroundRecord:
        """The record of a playground that is up. Raises UserError for an unknown node or playground."""
        if unknown := [node for node in nodes if node not in NODE_NAMES]:
            raise UserError(
                f"There is no node “{unknown[0]}”.",
                f"The nodes are {', '.join(NODE_NAMES)}.",
                exit_code=ExitCode.NOT_FOUND,
            )
        await self._check_requirements()
        record = load_record(name)
        if record is None or record.state != "up":
            raise UserError(
                f"There is no playground “{name}” that is up.",
                f"Make it: swarmtutor up --name {name}",
                exit_code=ExitCode.NOT_FOUND,
            )
        return record

    async def mend(self, name: str, listener: ProgressListener, companions: Sequence[Companion] = ()) -> None:
        """Bring back what a playground that was up has lost: nodes, each with its own disk, the hub, the companions.

        What works is not touched. A node that does not come on again is replaced by a fresh one.
        """
        check_name(name)
        await self._check_requirements()
        async with working_on(name, wait=5.0):
            record = load_record(name)
            if record is None:
                return
            if (await look_at(name, self.name)).stopped:
                tell_stopped(listener, "its nodes are started again, with all that was on them")
            making = Making(name, listener)
            addresses = {entry.name: entry.address for entry in record.nodes}
            try:
                if "hub" not in (await asyncio.to_thread(leftovers.find, name)).running:
                    await making.replace_hub(record)
                await in_thread(lambda: container_faults.mend_faults(name, addresses))
                standing = await asyncio.to_thread(container_faults.standing_faults, name)
                for node in (node for node, faults in standing.items() if Fault.POWER_OFF in faults):
                    try:
                        await making.power_on(record, node)
                    except UserError:
                        await making.replace(record, [node])
                if not await asyncio.to_thread(companions_run, name):
                    await making.accompany(record, companions)
            except (EngineRefusedError, OSError) as error:
                raise _told(error) from error

    async def _check_requirements(self) -> None:
        missing = [need for need in await asyncio.to_thread(self.requirements) if not need.met]
        if missing:
            raise UserError(
                "; ".join(f"{need.what}: {need.found}" for need in missing) + ".",
                "\n".join(dict.fromkeys(need.mend for need in missing if need.mend)),
                exit_code=ExitCode.UNSUPPORTED,
            )


def _told(error: BaseException) -> BaseException:
    """The error for a person, if it is one that a person has to do with."""
    if isinstance(error, EngineRefusedError):
        return UserError(f"The Docker Engine refuses: {error.words}", exit_code=ExitCode.BROKEN)
    if isinstance(error, OSError):
        return UserError(f"This machine refuses a part of the playground: {error}", exit_code=ExitCode.BROKEN)
    return error
