"""The lab in a real browser, on real nodes: a step done by typing there, and the pets page looked at.

`make test-browser` runs it; it needs Chromium.
"""

import asyncio
import json
import os
import re
import struct
import sys
import urllib.request
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import Page, chromium, program
from tests.swarm.conftest import ignore_progress
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.nodes import remove_nodes

pytestmark = [pytest.mark.slow, pytest.mark.engines, pytest.mark.timeout(900)]

PATIENCE = 120.0
PICTURES = os.environ.get("SWARMTUTOR_PICTURES", "")
"""The folder in which the pictures are kept, to be looked at."""


def test_there_is_a_browser() -> None:
    assert program(), "No Chromium is installed. On Debian: apt-get install chromium-headless-shell"


class Lab:
    """The lab in a page: keys go in through the browser, and what the terminal in it was sent is read along."""

    def __init__(self, page: Page, state: Path) -> None:
        self.page, self.state = page, state
        self._engine = BitttyEngine(80, 24)
        page.hears = self._hear

    def _hear(self, data: bytes) -> None:
        self._engine.feed(data)

    @property
    def text(self) -> str:
        return "\n".join("".join(run.text for run in self._engine.row(y)).rstrip() for y in range(self._engine.rows))

    async def open(self, address: str) -> None:
        """Open the page; the reader's terminal takes the size of the page's own."""
        await self.page.go(address)
        await until(lambda: any("/ws/" in each for each in self.page.asked), lambda: "no socket was opened")
        socket = next(each for each in reversed(self.page.asked) if "/ws/" in each)
        columns, rows = re.findall(r"(?:width|height)=(\d+)", socket)
        self._engine.resize(int(columns), int(rows))

    async def shows(self, *texts: str) -> None:
        await until(lambda: all(text in self.text for text in texts), lambda: f"not seen: {texts}\n{self.text}")

    async def run(self, node: str, command: str) -> None:
        """Type a command into a node's shell, which is at its prompt."""
        await self.page.press({"node1": "F2", "node2": "F3", "node3": "F4"}[node])
        await self.shows(f"{node}:~$", "leaves the shell")
        await self.page.type(command)
        await self.page.press("Enter")

    def saved(self) -> dict[str, Any]:
        path = self.state / "progress" / "orchestration.json"
        return json.loads(path.read_text()) if path.exists() else {}


async def until(condition: Callable[[], bool], what: Callable[[], str]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110  a browser and a file tell nobody
                await asyncio.sleep(0.05)
            return
    raise AssertionError(what())


def keep(name: str, picture: bytes, width: int, height: int) -> None:
    """A picture of that size, with something on it; kept where that is wished."""
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == (width, height)
    assert len(picture) > 15_000, "nothing can be on a picture that small"
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        (Path(PICTURES) / f"{name}.png").write_bytes(picture)


@asynccontextmanager
async def serving(state: Path, name: str, *options: str, **environment: str) -> AsyncGenerator[tuple[Process, str]]:
    """`swarmtutor serve`, and the address that it names."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "tui", "serve", "--port", "0", "--name", name, *options),
        stdin=DEVNULL,
        stdout=PIPE,
        env={**os.environ, "SWARMTUTOR_STATE": str(state), **environment},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            said = (await process.stdout.readline()).decode()
        found = re.search(r"is at (http://\S+/)", said)
        assert found, said
        yield process, found[1]
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


@pytest.fixture
async def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Path]:
    """A state folder of the test's own, and no nodes left in it."""
    folder = tmp_path / "state"
    monkeypatch.setenv("SWARMTUTOR_STATE", str(folder))
    for variable in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "NO_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    yield folder
    await remove_nodes(f"pg-t{os.getpid()}w", ignore_progress, lambda _text: None)


async def test_a_step_is_done_by_typing_in_a_browser_and_the_pets_are_seen_in_it(state: Path) -> None:
    name = f"pg-t{os.getpid()}w"
    async with serving(state, name) as (server, address), chromium(width=1440, height=860) as page:
        lab = Lab(page, state)
        await lab.open(address)
        await lab.shows("Three machines of your own", "node1:~$")
        for node in ("node1", "node2", "node3"):
            await lab.run(node, "hostname")
            await lab.shows(f"{node}:~$ hostname\n".rstrip())
        await until(lambda: lab.saved().get("done") == ["machines"], lambda: f"not done: {lab.saved()}\n{lab.text}")
        await lab.shows("3 of 3")
        keep("step", await page.picture(), 1440, 860)

        # A service, and its page at the address that the live view names.
        await lab.run("node1", "docker swarm init --advertise-addr eth0 >/dev/null; echo made")
        await lab.shows("Leader")
        await lab.run("node1", "docker service create -d --name pets --replicas 2 -p 5000:5000 swarmtutor/pets:1.0")
        await lab.shows("2/2", "pets in a browser: http://127.0.0.1:")
        pets = re.findall(r"http://127\.0\.0\.1:\d+/", lab.text)[0]
        await page.press("Ctrl-]")  # the key for the page is none of the shell's
        await page.type("b")
        await until(lambda: page.opened == [pets], lambda: f"not opened: {page.opened}\n{lab.text}")
        keep("service", await page.picture(), 1440, 860)

        # Nothing came from anywhere else, and nothing went wrong.
        assert page.problems == []
        outside = [each for each in page.asked if not re.match(rf"(?:http|ws)://{address[7:]}|data:", each)]
        assert outside == []

        async with chromium(width=900, height=760) as other:
            await other.go(pets)
            await other.until("document.querySelector('figure svg') !== null", "a pet is drawn")
            served = await other.ask("document.querySelector('dl').innerText")
            assert "container" in served
            first = await other.ask("document.title")
            assert "pets 1.0" in first
            keep("pets", await other.picture(), 900, 760)
            await other.ask("document.querySelector('a.button').click()")
            await other.until("document.readyState === 'complete' && !!document.querySelector('figure svg')", "another")
            assert other.problems == []

        # The tab is closed: the program ends, and the page's address with it.
        await page.go("about:blank")
        await until(lambda: not answers(pets), lambda: f"{pets} still answers")
        server.terminate()
        assert await server.wait() == 0
        assert lab.saved()["done"][0] == "machines"


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10):
            return True
    except OSError:
        return False


async def test_a_token_opens_the_page_as_a_password(state: Path) -> None:
    token = "correct-horse-battery-staple"
    name = f"pg-t{os.getpid()}w"
    async with serving(state, name, SWARMTUTOR_TOKEN=token) as (_, address), chromium() as page:
        await page.go(address)
        await until(lambda: any("401" in each for each in page.problems), lambda: f"not refused: {page.problems}")
        assert not any("/ws/" in each for each in page.asked)
        lab = Lab(page, state)
        await lab.open(address.replace("://", f"://somebody:{token}@"))
        await lab.shows("Three machines of your own")
        assert token not in await page.ask("location.href")
        assert page.problems == []
