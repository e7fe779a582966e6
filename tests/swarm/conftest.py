"""A real playground for the tests that are marked `engines`, made once, used by all of them, and removed."""

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Generator
from functools import cache
from pathlib import Path

import pytest

from tui.playground.model import Progress
from tui.playground.playground import SshPlayground, list_playgrounds, open_playground
from tui.playground.providers import provider_named
from tui.swarm.gossip import leave_swarm

# The provider whose nodes are tested. test_containers.py runs the tests of a node's behaviour with the other one.
PROVIDER = os.environ.get("SWARMTUTOR_TEST_PROVIDER", "namespaces")


@cache
def _missing() -> str:
    """Why no playground can be made here, in one line; empty if one can."""
    needs = [f"{need.what} ({need.found})" for need in provider_named(PROVIDER).requirements() if not need.met]
    return f"no playground can be made here; missing: {', '.join(needs)}" if needs else ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what this machine cannot do (tests/conftest.py fails them where nothing may be left out)."""
    if item.get_closest_marker("engines") and (reason := _missing()):
        pytest.skip(reason)


def ignore_progress(progress: Progress) -> None:
    """A listener that does nothing."""


def _remove_stale() -> None:
    """Playgrounds of test runs that were killed."""
    for name in list_playgrounds():
        match = re.fullmatch(r"pg-t(\d+)[a-z]?", name)
        if match and not Path(f"/proc/{match[1]}").exists():
            asyncio.run(provider_named(PROVIDER).down(name, ignore_progress))


@pytest.fixture(scope="session")
def playground_name() -> Generator[str]:
    """The name of a playground that is up during the whole run. Leave no swarm and no container behind in it."""
    _remove_stale()
    name = f"pg-t{os.getpid()}"
    provider = provider_named(PROVIDER)
    asyncio.run(provider.up(name, ignore_progress))
    try:
        yield name
    finally:
        asyncio.run(provider.down(name, ignore_progress))


@pytest.fixture
async def playground(playground_name: str) -> AsyncGenerator[SshPlayground]:
    """The connections to that playground, for one test."""
    opened = await open_playground(playground_name)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
async def empty_swarm(playground: SshPlayground) -> AsyncGenerator[SshPlayground]:
    """The playground with no node in a swarm and no container, before the test and after it."""

    async def clear() -> None:
        await leave_swarm(playground.nodes)
        command = "docker ps -aq | xargs -r docker rm -f"
        await asyncio.gather(*(node.run(command, timeout=90) for node in playground.nodes))

    await clear()
    yield playground
    await clear()
