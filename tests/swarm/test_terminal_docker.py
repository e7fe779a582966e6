"""Docker's own interactive commands, on a node, in the terminal that a learner has."""

import asyncio
import re

import pytest

from tests.local_shell import screen_text, wait_until
from tui.playground.playground import SshPlayground
from tui.terminal.bittty_engine import BitttyEngine
from tui.terminal.command_log import CommandLog
from tui.tutor.shells import NodeShell

pytestmark = pytest.mark.engines

PATIENCE = 90.0


async def shows(shell: NodeShell, pattern: str) -> None:
    try:
        await wait_until(lambda: re.search(pattern, screen_text(shell.engine)) is not None, pattern, PATIENCE)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{screen_text(shell.engine)}") from None


async def test_a_container_with_a_terminal_and_a_service_with_its_progress(empty_swarm: SshPlayground) -> None:
    shell = NodeShell(empty_swarm.node("node1"), BitttyEngine, CommandLog(), lambda node: None, columns=90, rows=24)
    try:
        await wait_until(lambda: shell.at_prompt, "the prompt", PATIENCE)
        shell.write(b"docker run --rm -it swarmtutor/shell:1.0 sh\r")
        # The container's terminal has our size, and follows it.
        await asyncio.wait_for(_size(shell, "24 90"), PATIENCE)
        shell.resize(70, 20)
        await asyncio.wait_for(_size(shell, "20 70"), PATIENCE)
        shell.write(b"\x04")
        await wait_until(lambda: shell.at_prompt, "the node's prompt again", PATIENCE)
        await shell.run("docker swarm init", PATIENCE)
        shell.write(b"clear\r")
        await wait_until(lambda: shell.at_prompt, "the prompt", PATIENCE)
        await shell.run("docker service create --name web --replicas 2 swarmtutor/pets:1.0", PATIENCE)
        await shows(shell, "verify: Service .*converged")
        # Drawn in place: each line is there once, as it was last.
        for line in ("overall progress: 2 out of 2 tasks", "1/2: running", "2/2: running", "verify: "):
            assert screen_text(shell.engine).count(line) == 1, screen_text(shell.engine)
    finally:
        await shell.close()


async def _size(shell: NodeShell, size: str) -> None:
    """Ask the container for its terminal's size until it is that one."""
    while f"in it: {size}." not in screen_text(shell.engine):
        shell.write(b'echo "in it: $(test -e /.dockerenv && stty size)."\r')
        await asyncio.sleep(0.5)
