"""What the commands do with playgrounds: make, find, describe, reset and remove them, with the mesh that they need."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict

from tui.errors import ExitCode, UserError
from tui.playground.card import Wanted
from tui.playground.model import NODE_NAMES, Fault, Playground, Progress, ProgressListener, ProgressState
from tui.playground.playground import (
    PlaygroundStatus,
    cause_fault,
    ensure_playground,
    list_playgrounds,
    playground_status,
    provider_of,
    remove_playground,
)
from tui.playground.providers import HOSTS
from tui.playground.record import check_name, load_record
from tui.swarm.mesh_setup import mesh_companion
from tui.tutor.asking import Ask
from tui.tutor.changes import undo_hint

__all__ = [
    "break_node",
    "describe_status",
    "ensure_nodes",
    "make_nodes",
    "progress_line",
    "remove_nodes",
    "reset_nodes",
]

Write = Callable[[str], None]


async def ensure_nodes(name: str, listener: ProgressListener, provider: Wanted = None) -> tuple[Playground, bool]:
    """Open the playground, making it first if there is none. The flag says whether it was made now.

    `provider`: the name of the provider that shall make it, or a card; without it the first that can.
    """
    return await ensure_playground(name, listener, (mesh_companion(name),), provider)


async def make_nodes(name: str, listener: ProgressListener, provider: Wanted = None) -> None:
    """Make the playground. Raises UserError (BUSY) if it is up already."""
    await provider_of(name, provider).up(name, listener, (mesh_companion(name),))


async def reset_nodes(name: str, nodes: Sequence[str], listener: ProgressListener) -> None:
    """Replace the named nodes (all, if none is named) by fresh ones. Raises UserError for an unknown node."""
    for node in nodes:
        if node not in NODE_NAMES:
            raise UserError(
                f"There is no node “{node}”.", f"The nodes: {', '.join(NODE_NAMES)}.", exit_code=ExitCode.NOT_FOUND
            )
    await provider_of(name).reset(name, tuple(nodes) or NODE_NAMES, listener)


async def break_node(name: str, node: str, fault: str, listener: ProgressListener) -> str:
    """Let a fault happen to a node, or undo it; returns what is so now. Raises UserError for an unknown one."""
    try:
        wanted = Fault(fault)
    except ValueError:
        raise UserError(
            f"There is no fault “{fault}”.", f"The faults: {', '.join(Fault)}.", exit_code=ExitCode.USAGE
        ) from None
    return await cause_fault(name, node, wanted, listener)


async def remove_nodes(
    name: str | None,
    listener: ProgressListener,
    write: Write,
    *,
    ask: Ask | None = None,
    yes: bool = True,
    forget: bool = False,
) -> int:
    """Remove one playground, or all of them (None), with every trace; FAILED if the person said no to that.

    Only before clearing up on machines that are not ours somebody is asked, unless `yes`; what they do not let go of
    is given up with `forget`. Raises UserError.
    """
    names = [name] if name is not None else [*list_playgrounds()]
    kept = False
    for each in names:
        if _is_on_hosts(each):
            # Only for machines of the learner's own: most commands, and most playgrounds, have none.
            from tui.tutor.hosts import offer_removal

            if not await offer_removal(each, listener, write, ask=ask, yes=yes, forget=forget):
                kept = True
                continue
        else:
            await remove_playground(each, listener)
        write(f"Playground “{each}” is gone; nothing of it is left.")
    if not names:
        write("There is no playground.")
    if hint := undo_hint():
        write(hint)
    return ExitCode.FAILED if kept else ExitCode.OK


def _is_on_hosts(name: str) -> bool:
    """Whether the playground of that name was made, or begun, on machines that are not ours."""
    try:
        record = load_record(check_name(name))
    except UserError:
        return False
    return record is not None and record.provider == HOSTS


async def describe_status(*, as_json: bool, write: Write) -> int:
    """Say which playgrounds there are and how their nodes are; NOT_FOUND if there is none, BROKEN if one is."""
    statuses = [await playground_status(name) for name in list_playgrounds()]
    if as_json:
        write(json.dumps([asdict(status) for status in statuses], indent=2))
    elif not statuses:
        write("There is no playground. `swarmtutor up` makes one.")
    else:
        for status in statuses:
            _describe(status, write)
    if not statuses:
        return ExitCode.NOT_FOUND
    return ExitCode.OK if all(status.state == "up" for status in statuses) else ExitCode.BROKEN


def _describe(status: PlaygroundStatus, write: Write) -> None:
    parts = (
        status.name,
        status.state,
        status.provider,
        status.subnet,
        status.mesh and f"published ports: {status.mesh}",
    )
    write("  ".join(part for part in parts if part))
    for node in status.nodes:
        write(f"  {node.name}  {node.address:15}  {f'engine {node.engine}' if node.engine else node.problem}")
        for fault in node.faults:
            write(f"    undone by: swarmtutor fault {node.name} {fault.undo} --name {status.name}")
    for trace in status.traces:
        write(f"  left: {trace}")
    removes = f"  `swarmtutor down --name {status.name}` removes it"
    if any(node.faults for node in status.nodes):
        write(f"{removes}.")
    elif status.state != "up":
        write(f"{removes}; `swarmtutor up --name {status.name}` makes it anew.")


def progress_line(progress: Progress) -> str:
    """One line of text for a piece of progress."""
    detail = f": {progress.detail}" if progress.detail else ""
    match progress.state:
        case ProgressState.RUNNING:
            return f"… {progress.phase}{detail}"
        case ProgressState.DONE:
            return f"✔ {progress.phase}{detail} ({progress.seconds:.1f} s)"
        case ProgressState.FAILED:
            return f"✘ {progress.phase}{detail} ({progress.seconds:.1f} s)"
