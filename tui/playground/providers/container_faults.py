"""What is wrong with nodes that are containers, on purpose: switched off, cut off, paused.

Read from the engine, so that it is true whoever did it. All functions block: call them in a thread.
"""

from collections.abc import Mapping

from tui.errors import ExitCode, UserError
from tui.playground.model import NODE_NAMES, Fault
from tui.playground.providers.container_engine import EngineRefusedError, RawObject, engine, forgiving
from tui.playground.providers.container_parts import LABEL, Names
from tui.playground.record import identity

__all__ = ["Faults", "break_or_undo", "mend_faults", "standing_faults", "start"]

Faults = frozenset[Fault]  # of POWER_OFF, CUT_NETWORK and PAUSE


def _names(name: str) -> Names:
    return Names(name, identity(name))


def _faults(container: RawObject | None, network: str) -> Faults:
    if container is None:
        return frozenset({Fault.POWER_OFF})
    found: set[Fault] = set()
    if container["State"] == "paused":
        found.add(Fault.PAUSE)
    elif container["State"] != "running":
        found.add(Fault.POWER_OFF)
    settings: RawObject = container.get("NetworkSettings") or {}
    if network not in (settings.get("Networks") or ()):
        found.add(Fault.CUT_NETWORK)
    return frozenset(found)


def standing_faults(name: str) -> Mapping[str, Faults]:
    """What holds of each node now. A node that died by itself, or is gone, is as one that was switched off."""
    names = _names(name)
    with engine() as api:
        containers = api.containers(all=True, filters=names.filters(role="node"))
    by_node = {container["Labels"].get(f"{LABEL}.node"): container for container in containers}
    return {node: _faults(by_node.get(node), names.network) for node in NODE_NAMES}


def break_or_undo(name: str, node: str, fault: Fault, address: str) -> str:
    """Let the fault happen, or undo it, for all but switching on; what is so now, in one sentence.

    `address`: the node's own. Raises UserError for what makes no sense, EngineRefusedError if the engine refuses.
    """
    faults = standing_faults(name)[node]
    names = _names(name)
    container = names.part(node)
    with engine() as api:
        match fault:
            case Fault.POWER_OFF:
                if Fault.POWER_OFF in faults:
                    return f"{node} is already off."
                if Fault.PAUSE in faults:  # what stands still cannot be ended
                    api.unpause(container)
                api.kill(container)
                return f"{node} is off."
            case Fault.CUT_NETWORK:
                if Fault.CUT_NETWORK in faults:
                    return f"{node} is already cut off."
                api.disconnect_container_from_network(container, names.network, force=True)
                return f"{node} is cut off: no other node and nobody from here reaches it."
            case Fault.RESTORE_NETWORK:
                if Fault.CUT_NETWORK not in faults:
                    return f"{node} is not cut off."
                api.connect_container_to_network(container, names.network, ipv4_address=address)
                return f"{node} is connected again."
            case Fault.PAUSE:
                if Fault.PAUSE in faults:
                    return f"{node} is already paused."
                if Fault.POWER_OFF in faults:
                    raise UserError(
                        f"{node} is off, and what is off cannot be paused.",
                        f"First: swarmtutor fault {node} power-on --name {name}",
                    )
                api.pause(container)
                return f"{node} is paused: every program on it stands still."
            case Fault.RESUME:
                if Fault.PAUSE not in faults:
                    return f"{node} is not paused."
                api.unpause(container)
                return f"{node} goes on."
            case Fault.POWER_ON:
                raise AssertionError("a node that is switched on has to be waited for")


def start(name: str, node: str) -> None:
    """Switch a node on, with its own disk. Raises UserError if that does not work."""
    try:
        with engine() as api:
            api.start(_names(name).part(node))
    except EngineRefusedError as error:
        raise UserError(
            f"{node} does not come on again: {error.words}",
            f"Put a fresh one in its place: swarmtutor reset {node} --name {name}",
            exit_code=ExitCode.BROKEN,
        ) from error


def mend_faults(name: str, addresses: Mapping[str, str]) -> None:
    """Let every node go on, and connect it again. Those that are off stay off."""
    names = _names(name)
    for node, faults in standing_faults(name).items():
        with engine() as api, forgiving(404, 409):
            if Fault.PAUSE in faults:
                api.unpause(names.part(node))
        with engine() as api, forgiving(403, 404):
            if Fault.CUT_NETWORK in faults:
                api.connect_container_to_network(names.part(node), names.network, ipv4_address=addresses[node])
