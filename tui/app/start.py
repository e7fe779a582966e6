"""Starts the application: the lab, the learner's progress, the nodes and the screen, wired together.

What only the nodes and their shells need is imported once the first page is on screen, beside the event loop.
"""

import asyncio
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from tui.app.app import Beginning, SwarmtutorApp
from tui.app.keymap import FILE as KEYS_FILE
from tui.app.keymap import load_keymap
from tui.app.leaving import Leaving
from tui.app.look import known_theme
from tui.app.preferences import ForThisRun, PreferencesFile
from tui.errors import ExitCode, UserError
from tui.labs.model import Lab
from tui.labs.parse import load_lab_by_id
from tui.paths import config_dir, content_dir, state_dir
from tui.playground.card import Card, Wanted
from tui.playground.locks import LockHeldError, hold_lock
from tui.playground.model import Fault, Playground, Progress, ProgressListener
from tui.playground.record import known_names
from tui.terminal.engine import TerminalEngine
from tui.tutor.chronicle import Chronicle
from tui.tutor.lab_list import progress_path
from tui.tutor.node_control import Faults, NodeControl
from tui.tutor.offer import HostMends
from tui.tutor.progress import ProgressFile
from tui.tutor.session import LabSession

__all__ = ["run_app"]


def run_app(
    *,
    lab_id: str,
    playground_name: str,
    restart: bool,
    provider: Wanted = None,
    step_id: str = "",
    free: bool = False,
    look: ForThisRun | None = None,
) -> int:
    """Show the lab until the learner leaves; returns an exit status. `provider`: who makes nodes that are not there.

    `step_id`: bring the nodes to this step first. `free`: begin with the lesson put aside. `look`: how it looks in this
    run. While another copy has this lab, it can only be read along. Raises UserError for an unknown or broken lab, step
    or theme, and when the nodes could not be made.
    """
    if look is not None and look.theme is not None:
        known_theme(look.theme)
    lab = load_lab_by_id(lab_id, content_dir())
    if step_id and step_id not in [step.id for step in lab.steps]:
        raise UserError(
            f"The lab “{lab.id}” has no step “{step_id}”.",
            f"Its steps: {', '.join(step.id for step in lab.steps)}.",
            exit_code=ExitCode.NOT_FOUND,
        )
    run = _Run(playground_name, provider, look)
    left = _take(lab, run, Beginning(step_id, free), restart=restart)
    while isinstance(left, str):
        # Another lab was chosen in the list of labs. The nodes go on running, and it takes them as they are.
        left = _take(load_lab_by_id(left, content_dir()), run, Beginning())
    return left


@dataclass(frozen=True, slots=True)
class _Run:
    """What is the same for all labs that are taken in one run of the program."""

    playground_name: str
    provider: Wanted
    look: ForThisRun | None


def _take(lab: Lab, run: _Run, begin: Beginning, *, restart: bool = False) -> int | str:
    """Show one lab until it is left: an exit status, or the id of the lab that was chosen next."""
    progress = progress_path(state_dir(), lab.id)
    try:
        with hold_lock(progress.with_suffix(".lock")):
            file = ProgressFile(progress, lab.id)
            if restart:
                file.put_away()
            return _show(lab, file, run, begin)
    except LockHeldError:
        return _show(lab, ProgressFile(progress, lab.id, read_only=True), run, Beginning())


def _show(lab: Lab, file: ProgressFile, run: _Run, begin: Beginning) -> int | str:
    playground_name, provider = run.playground_name, run.provider

    async def prepare(listener: ProgressListener) -> tuple[Playground, bool]:
        await asyncio.to_thread(_import_the_rest)
        from tui.tutor.nodes import ensure_nodes

        return await ensure_nodes(playground_name, listener, provider)

    chronicle = None if file.read_only else Chronicle(state_dir(), lab)
    session = LabSession(lab, file, _engine, control=_Control(playground_name), tap=chronicle)
    keymap, trouble = load_keymap(config_dir() / KEYS_FILE)
    app = SwarmtutorApp(
        session,
        prepare,
        keymap=keymap,
        mends=_mends(provider),
        chronicle=chronicle,
        begin=begin,
        preferences=PreferencesFile(config_dir() / "settings.json"),
        look=run.look,
    )
    app.said += [trouble] if trouble else []
    leaving = app.run()
    if leaving == Leaving.OTHER_LAB:
        return app.other_lab
    if leaving == Leaving.BUSY:
        raise UserError(
            f"Swarmtutor already runs the lab “{lab.id}” in another window.",
            "Go on there, or quit it there first; your progress is safe.",
            exit_code=ExitCode.BUSY,
        )
    if session.view.finished:
        from tui.tutor.export import written_story
        from tui.tutor.transcript import summary_lines

        for sentence in summary_lines(written_story(lab, state_dir())):
            _print(sentence)
        _print(f"`swarmtutor export {lab.id}` writes down what you did.")
    if leaving == Leaving.FAILED and app.failure is not None:
        raise app.failure
    if leaving == Leaving.TAKE_DOWN:
        from tui.tutor.asking import ask_in_terminal
        from tui.tutor.nodes import remove_nodes

        removing = remove_nodes(playground_name, _print_progress, _print, ask=ask_in_terminal(), yes=False)
        return asyncio.run(removing)
    if playground_name in known_names():
        _print(
            "Your three nodes go on running. `swarmtutor` takes you back to your step, `swarmtutor down` removes them."
        )
    return app.return_code or ExitCode.OK


def _mends(provider: Wanted) -> HostMends | None:
    chosen = provider or os.environ.get("SWARMTUTOR_PROVIDER")
    # Nothing is ever installed for machines that are there already.
    return None if chosen == "hosts" or isinstance(chosen, Card) else HostMends(chosen)


class _Control:
    """Power over the nodes, whose modules are read when it is first used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _real(self) -> NodeControl:
        from tui.tutor.playground_control import PlaygroundControl

        return PlaygroundControl(self._name)

    async def renew(self, nodes: Sequence[str]) -> None:
        """See NodeControl."""
        await self._real().renew(nodes)

    async def cause(self, node: str, fault: Fault) -> str:
        """See NodeControl."""
        return await self._real().cause(node, fault)

    async def faults(self) -> Faults:
        """See NodeControl."""
        return await self._real().faults()

    async def revive(self) -> None:
        """See NodeControl."""
        await self._real().revive()


def _import_the_rest() -> None:
    for module in ("tui.terminal.bittty_engine", "tui.tutor.nodes", "asyncssh"):
        importlib.import_module(module)


def _engine(columns: int, rows: int) -> TerminalEngine:
    from tui.terminal.bittty_engine import BitttyEngine

    return BitttyEngine(columns, rows)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _print_progress(progress: Progress) -> None:
    from tui.tutor.nodes import progress_line

    _print(progress_line(progress))
