"""The whole lab on machines of somebody's own: `make test-hosts`, too slow for `make test`.

Nodes of a playground of namespaces serve as the machines, behind real OpenSSH servers. Where the kernel has no IPVS,
that playground's own stand-in goes on carrying their published ports, as IPVS would on a common kernel; the provider
`hosts` itself does nothing of the kind.
"""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from tests.swarm.conftest import ignore_progress
from tests.swarm.hosts_servers import PORT, openssh_servers
from tests.swarm.swarm_steps import done
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir
from tui.playground.providers.hosts_preflight import IPVS_MISSING
from tui.playground.providers.requirements import routing_mesh
from tui.tutor.nodes import ensure_nodes, remove_nodes

pytestmark = [pytest.mark.engines, pytest.mark.slow, pytest.mark.timeout(900)]

ORDER = ("node3", "node1", "node2")
"""Which machine is node1, node2 and node3 to the lesson."""


async def command(*words: str, environment: dict[str, str]) -> tuple[int, str]:
    """Run a command of ours without a terminal; its exit status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tui", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
    )
    async with asyncio.timeout(800):
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_every_step_of_the_lab_passes_on_a_card(tmp_path: Path) -> None:
    name = f"pg-t{os.getpid()}h"
    playground, _ = await ensure_nodes(name, ignore_progress, "namespaces")
    try:
        async with openssh_servers(playground.nodes, tmp_path) as servers:
            home = tmp_path / "home"
            home.mkdir()
            environment = os.environ | {
                "HOME": str(home),
                "SWARMTUTOR_STATE": str(tmp_path / "state"),
                "SWARMTUTOR_RUNTIME": str(tmp_path / "run"),
            }
            card = tmp_path / "card.toml"
            tables = (
                f'[{host.node}]\nssh = "{host.host}"\nhost_key = "{host.host_key}"\n'
                for host in servers.card(ORDER).hosts
            )
            card.write_text(f'user = "docker"\nport = {PORT}\nidentity = "{servers.key}"\n' + "".join(tables))

            status, said = await command("doctor", "--card", str(card), environment=environment)
            assert status == 0, said
            assert (IPVS_MISSING in said) == (routing_mesh() != "ipvs")

            status, said = await command("walk", "--card", str(card), environment=environment)
            assert status == 0, said
            lab = load_lab_by_id("orchestration", content_dir())
            passed = re.findall(r"^✔ +\d+/(\d+) (\S+) ", said, re.MULTILINE)
            assert passed == [(str(len(lab.steps)), step.id) for step in lab.steps]
            assert "steps on hosts" in said
            for node in playground.nodes:
                held = "docker ps -aq; docker images -q; docker volume ls -q; docker network ls --format '{{.Name}}'"
                assert sorted((await done(node, held)).split()) == ["bridge", "host", "none"]
    finally:
        await playground.close()
        await remove_nodes(name, ignore_progress, lambda _line: None)
