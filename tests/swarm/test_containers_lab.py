"""The whole lab, and what a node is to a learner, on containers: `make test-containers`, too slow for `make test`."""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Iterator

import pytest

from tests.swarm.conftest import ignore_progress
from tests.swarm.outer_engine import OuterEngine, outer_engine
from tests.swarm.swarm_steps import form_swarm
from tui.playground.model import Progress
from tui.playground.playground import ensure_playground, playground_status, remove_playground

pytestmark = [pytest.mark.engines, pytest.mark.slow, pytest.mark.timeout(900)]

NAME = f"cn-t{os.getpid()}"

# What is so on nodes of namespaces only: their SSH server does not wait for background processes and is a process of
# ours, and their folder /root is that of the machine, emptied.
_NOT_OF_CONTAINERS = "not background_process and not ssh_server_dies and not stays_private"


@pytest.fixture(scope="module", params=[False, True], ids=["control groups as they are", "of version 2"])
def outer(request: pytest.FixtureRequest) -> Iterator[OuterEngine]:
    with outer_engine(version_2=request.param) as engine:
        yield engine


def test_every_step_of_the_lab_passes(outer: OuterEngine) -> None:
    walked = outer.run(sys.executable, "-m", "tui", "walk", timeout=700)
    assert walked.returncode == 0, walked.stdout
    assert "on containers" in walked.stdout
    assert outer.parts() == []
    assert outer.processes() == []


async def after_a_restart() -> None:
    """The playground is found stopped, and comes back with its swarm."""
    status = await playground_status(NAME)
    assert status.state == "broken"
    assert {node.problem.split(",")[0] for node in status.nodes} == {"stopped"}
    heard: list[Progress] = []
    opened, fresh = await ensure_playground(NAME, heard.append)
    try:
        assert not fresh, "its nodes have their disks"
        assert "started again" in heard[0].detail
        listed = await opened.node("node1").run("docker node ls -q | wc -l", timeout=60)
        assert listed.stdout.strip() == "3", listed
        deadline = time.monotonic() + 60
        while (await playground_status(NAME)).state != "up":
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
    finally:
        await opened.close()


def test_the_swarm_is_still_there_when_the_machine_was_restarted(outer: OuterEngine) -> None:
    async def make() -> None:
        opened, _ = await ensure_playground(NAME, ignore_progress)
        await form_swarm(opened)
        await opened.close()

    outer.call(make, timeout=200)
    outer.restart()
    shutil.rmtree(outer.folder / "run", ignore_errors=True)
    outer.call(after_a_restart, timeout=200)
    # The power fails once more, and now everything shall go.
    outer.restart()
    outer.call(lambda: remove_playground(NAME, ignore_progress))
    assert outer.parts() == []
    assert outer.processes() == []
    assert not (outer.folder / "state").exists()


def test_a_node_is_to_its_users_what_one_of_namespaces_is(outer: OuterEngine) -> None:
    tests = ("tests/swarm/test_playground_nodes.py", "tests/swarm/test_images.py", "tests/swarm/test_safety.py")
    ended = outer.run(
        *(sys.executable, "-m", "pytest", "-q", "-k", _NOT_OF_CONTAINERS, *tests),
        timeout=600,
        environment={"SWARMTUTOR_TEST_PROVIDER": "containers"},
    )
    assert ended.returncode == 0, ended.stdout
    assert outer.parts() == []
