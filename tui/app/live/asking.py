"""Which pages the traffic view asks for itself, so that there is traffic to look at. Pure."""

from collections.abc import Collection

from tui.checks.model import WebTarget
from tui.swarm.snapshot import Snapshot

__all__ = ["MOST_PAGES", "pages_to_ask"]

MOST_PAGES = 12
"""The most pages that are asked for: four ports through each of three nodes."""


def pages_to_ask(snapshot: Snapshot, asked: Collection[WebTarget]) -> tuple[WebTarget, ...]:
    """Every published TCP port, through each node of the swarm that is the playground's, as the swarm is now.

    `asked` is what the lesson asks for already: a second one who asks the same node would make it look as if only
    every other replica answered. A port that is published on its hosts alone is asked where a task of it runs.
    """
    rows = {node.id for node in snapshot.nodes}
    nodes = {engine.node_id: engine.node for engine in snapshot.engines.values() if engine.node_id in rows}
    taken = {(target.node, target.port) for target in asked}
    pages: dict[WebTarget, None] = {}
    for service in snapshot.services:
        for port in service.ports:
            if port.protocol != "tcp" or not port.published:
                continue
            where = nodes
            if port.mode == "host":
                on = {task.node_id for task in snapshot.tasks_of(service) if snapshot.runs(task)}
                where = {node_id: node for node_id, node in nodes.items() if node_id in on}
            pages |= {WebTarget(node, port.published): None for node in where.values()}
    return tuple(page for page in pages if (page.node, page.port) not in taken)[:MOST_PAGES]
