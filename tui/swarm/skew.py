"""The times that an engine tells, as this program's own clock counts them. Pure.

An engine in a virtual machine or on another host has a clock of its own: after a laptop slept it may be minutes
behind, and «created a moment ago» would be said of what is old.
"""

from dataclasses import replace

from tui.swarm.build import SwarmRows
from tui.swarm.snapshot import Engine

__all__ = ["correct_engine", "correct_rows", "steadied"]

_SAME = 2.0
"""Seconds by which two clocks may seem to differ and count as the same: the answer takes a while."""


def steadied(before: float, engine_time: float, now: float) -> float:
    """How far an engine's clock is ahead, in seconds, by what it says now; `before` as long as that is near enough.

    A figure that changed a little with every answer would make everything look changed. `engine_time` is 0 where the
    engine does not say.
    """
    ahead = engine_time - now
    if not engine_time or abs(ahead - before) <= _SAME:
        return before
    return 0.0 if abs(ahead) <= _SAME else ahead


def _moved(moment: float, ahead: float) -> float:
    return moment - ahead if moment else moment  # 0 is no moment, but none known


def correct_engine(engine: Engine, ahead: float) -> Engine:
    """The same engine, its containers dated by our clock."""
    if not ahead:
        return engine
    containers = tuple(replace(each, created=_moved(each.created, ahead)) for each in engine.containers)
    return replace(engine, containers=containers)


def correct_rows(rows: SwarmRows, ahead: float) -> SwarmRows:
    """The same rows, dated by our clock."""
    if not ahead:
        return rows
    return replace(
        rows,
        nodes=tuple(replace(node, created=_moved(node.created, ahead)) for node in rows.nodes),
        services=tuple(
            replace(each, created=_moved(each.created, ahead), updated=_moved(each.updated, ahead))
            for each in rows.services
        ),
        tasks=tuple(
            replace(each, created=_moved(each.created, ahead), reported=_moved(each.reported, ahead))
            for each in rows.tasks
        ),
    )
