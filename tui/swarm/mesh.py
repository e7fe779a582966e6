"""The routing mesh for kernels without IPVS: from a snapshot to nftables rules. Pure.

Docker carries a request to a published port into the namespace `ingress_sbox` of the node that received it, where
IPVS gives it to a replica on whichever node. Where the kernel has no IPVS, Docker sets up neither step. These rules
do both with plain nftables: the node hands the request to its sandbox, the sandbox hands it to the replicas in turn.
As with IPVS, a replica sees the sandbox's address as the client's.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from tui.swarm.snapshot import LocalState, Snapshot, Task

__all__ = ["TABLE", "NodeRules", "Route", "desired", "routes", "rules_for"]

TABLE = "swarmtutor_mesh"
"""The name of our nftables table, in a node's own namespace and in its sandbox."""

_PROTOCOLS = ("tcp", "udp")


@dataclass(frozen=True, slots=True)
class Route:
    """Where requests to one published port go: `targets` are the replicas' addresses on the ingress network."""

    protocol: str
    published: int
    target: int
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeRules:
    """What one node's tables must hold. `node` is for the node's own namespace and uses `$sandbox` for the
    address of its ingress sandbox; `sandbox` is for that. Without routes both only remove our table.

    `mark` names a chain in both tables: its presence tells that exactly these rules are in force.
    """

    node: str
    sandbox: str
    mark: str
    empty: bool


def _answers(snapshot: Snapshot, task: Task) -> bool:
    """Whether requests may be sent to a task: it runs, and its machine is not known to be out of reach."""
    if not snapshot.runs(task) or not task.ingress_address:
        return False
    engine = next((e for e in snapshot.engines.values() if e.node_id == task.node_id), None)
    # When the engine stays silent while the swarm still believes in its node, the machine has just been lost.
    return engine is None or engine.reachable


def routes(snapshot: Snapshot) -> tuple[Route, ...]:
    """Every port published through the mesh that has a replica to answer. A port without one refuses."""
    found: list[Route] = []
    for service in snapshot.services:
        ports = [p for p in service.ports if p.mode == "ingress" and p.protocol in _PROTOCOLS and p.published]
        if not ports:
            continue
        tasks = [task for task in snapshot.tasks_of(service) if _answers(snapshot, task)]
        targets = tuple(task.ingress_address for task in sorted(tasks, key=lambda t: (t.slot, t.node_id)))
        if targets:
            found += [Route(p.protocol, p.published, p.target, targets) for p in ports]
    return tuple(sorted(found, key=lambda route: (route.protocol, route.published)))


def _table(chains: Iterable[tuple[str, Iterable[str]]]) -> str:
    """A ruleset that replaces our table by one with these chains, in one step, whether it existed or not."""
    lines = [f"table ip {TABLE}", f"delete table ip {TABLE}", f"table ip {TABLE} {{"]
    for name, rules in chains:
        lines += [f"  chain {name} {{", *(f"    {rule}" for rule in rules), "  }"]
    return "\n".join([*lines, "}", ""])


def _nothing() -> str:
    return f"table ip {TABLE}\ndelete table ip {TABLE}\n"


def _hook(hook: str, priority: int) -> str:
    """A base chain of type nat. Ours come just before Docker's own, which sit at -100 and 100."""
    return f"type nat hook {hook} priority {priority}; policy accept;"


def rules_for(wanted: Iterable[Route]) -> NodeRules:
    """The rules that make a node carry these routes."""
    wanted = tuple(wanted)
    if not wanted:
        return NodeRules(node=_nothing(), sandbox=_nothing(), mark="", empty=True)
    mark = "rules_" + hashlib.sha256(repr(wanted).encode()).hexdigest()[:16]
    into_sandbox = [f"fib daddr type local {r.protocol} dport {r.published} dnat to $sandbox" for r in wanted]
    node = _table(
        [
            (mark, []),
            ("prerouting", [_hook("prerouting", -105), *into_sandbox]),
            ("output", [_hook("output", -105), *into_sandbox]),
            ("postrouting", [_hook("postrouting", 95), "ip daddr $sandbox ct status dnat masquerade"]),
        ]
    )
    to_replicas: list[str] = []
    for route in wanted:
        turns = ", ".join(f"{turn} : {address}" for turn, address in enumerate(route.targets))
        to_replicas.append(
            f"{route.protocol} dport {route.published} "
            f"dnat to numgen inc mod {len(route.targets)} map {{ {turns} }} : {route.target}"
        )
    sandbox = _table(
        [
            (mark, []),
            ("prerouting", [_hook("prerouting", -105), *to_replicas]),
            ("postrouting", [_hook("postrouting", 95), "ct status dnat masquerade"]),
        ]
    )
    return NodeRules(node=node, sandbox=sandbox, mark=mark, empty=False)


def desired(snapshot: Snapshot) -> dict[str, NodeRules]:
    """What each node that answers must hold, by its name. While no manager answers, the last known routes stay."""
    members, others = rules_for(routes(snapshot)), rules_for(())
    return {
        engine.node: members if engine.state is LocalState.ACTIVE else others
        for engine in snapshot.engines.values()
        if engine.reachable
    }
