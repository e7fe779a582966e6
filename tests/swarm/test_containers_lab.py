"""The whole lab, and what a node is to a learner, on containers: `make test-containers`, too slow for `make test`."""

import sys
from collections.abc import Iterator

import pytest

from tests.swarm.outer_engine import OuterEngine, outer_engine

pytestmark = [pytest.mark.engines, pytest.mark.slow, pytest.mark.timeout(900)]

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


def test_a_node_is_to_its_users_what_one_of_namespaces_is(outer: OuterEngine) -> None:
    tests = ("tests/swarm/test_playground_nodes.py", "tests/swarm/test_images.py", "tests/swarm/test_safety.py")
    ended = outer.run(
        *(sys.executable, "-m", "pytest", "-q", "-k", _NOT_OF_CONTAINERS, *tests),
        timeout=600,
        environment={"SWARMTUTOR_TEST_PROVIDER": "containers"},
    )
    assert ended.returncode == 0, ended.stdout
    assert outer.parts() == []
