"""A lab in a browser: the real server and the real program, and a socket in the place of the browser."""

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.small_lab import front_matter
from tui.terminal.bittty_engine import BitttyEngine

pytestmark = pytest.mark.timeout(900)

PATIENCE = 120.0
LAB = (
    front_matter("small", title="A small lab")
    + """
# First

## Which one? {#which}

```yaml predict
id: one
ask: How many nodes?
kind: choice
choices:
  - {say: none, when: {nodes: {}, expect: {count: 0}}}
  - {say: one, when: {nodes: {}, expect: {count: 1}}}
```

```yaml step
goal:
  - {answer: one, expect: {given: true}}
hints: [Guess.]
```
"""
)


class Screen:
    """What a browser shows."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._engine = BitttyEngine(100, 30)

    @property
    def text(self) -> str:
        return "\n".join("".join(run.text for run in self._engine.row(y)).rstrip() for y in range(self._engine.rows))

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    message = await self._socket.receive()
                    if message.type is not aiohttp.WSMsgType.BINARY:
                        break
                    self._engine.feed(message.data)
        except TimeoutError:
            pass
        assert condition(), f"{what}:\n{self.text}"

    async def shows(self, text: str) -> None:
        await self.until(lambda: text in self.text, f"not seen: {text}")

    async def type(self, keys: str) -> None:
        await self._socket.send_json(["stdin", keys])


class Server:
    """`swarmtutor serve` in a process of its own."""

    def __init__(self, process: Process, address: str, state: Path) -> None:
        self.process, self.address, self.state = process, address, state

    def programs(self) -> list[int]:
        """The programs that it has started, by their own folder."""
        mark = f"SWARMTUTOR_STATE={self.state}".encode()
        found: list[int] = []
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
        return [pid for pid in found if pid != self.process.pid]

    def saved(self) -> dict[str, Any]:
        path = self.state / "progress" / "small.json"
        return json.loads(path.read_text()) if path.exists() else {}

    @asynccontextmanager
    async def visit(self) -> AsyncGenerator[Screen]:
        async with aiohttp.ClientSession() as session:
            async with session.get(self.address) as answer:
                ticket = re.findall(r'data-ticket="([^"]+)"', await answer.text())[0]
            address = f"{self.address}/ws/{ticket}?width=100&height=30"
            async with session.ws_connect(address, headers={"Origin": self.address}) as socket:
                yield Screen(socket)


@asynccontextmanager
async def server(folder: Path) -> AsyncGenerator[Server]:
    lab = folder / "content" / "small" / "lab.md"
    lab.parent.mkdir(parents=True)
    lab.write_text(LAB)
    state = folder / "state"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.app.run_server", str(folder / "content"), "small"),
        stdin=DEVNULL,
        stdout=PIPE,
        env={**os.environ, "SWARMTUTOR_STATE": str(state), "SWARMTUTOR_RUNTIME": str(folder / "run")},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            said = (await process.stdout.readline()).decode()
        found = re.search(r"is at (http://127\.0\.0\.1:\d+)/", said)
        assert found, said
        yield Server(process, found[1], state)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def gone(it: Server, pids: Collection[int] = ()) -> None:
    """Wait until none of these programs runs any more; without names, until none does."""

    def left() -> set[int]:
        return set(it.programs()).intersection(pids) if pids else set(it.programs())

    async with asyncio.timeout(PATIENCE):
        while left():  # noqa: ASYNC110  processes of others tell nobody when they end
            await asyncio.sleep(0.05)


async def test_what_is_typed_in_a_browser_is_kept_when_the_tab_is_closed(tmp_path: Path) -> None:
    async with server(tmp_path) as it:
        async with it.visit() as first:
            await first.shows("How many nodes?")
            async with it.visit() as second:
                await second.shows("in another window")
                await first.type("a1")
                await first.shows("your prediction: none")
            pids = it.programs()
            assert pids
        async with it.visit() as back:
            await back.shows("your prediction: none")
            assert "in another window" not in back.text
            await gone(it, pids)
        await gone(it)


async def test_ctrl_c_ends_the_server_and_its_programs_in_order(tmp_path: Path) -> None:
    async with server(tmp_path) as it:
        async with it.visit() as screen:
            await screen.shows("How many nodes?")
            await screen.type("a2")
            await screen.shows("your prediction: one")
            it.process.send_signal(signal.SIGINT)
            assert it.process.stdout is not None
            said = (await it.process.stdout.read()).decode()
        assert "Ending the program; your place in the lesson is kept." in said
        assert said.endswith("Swarmtutor is served no more.\n")
        assert await it.process.wait() == 0
        await gone(it)
        assert it.saved()["answers"]["one"]["value"] == "2"


async def test_a_server_that_is_killed_leaves_no_program_behind(tmp_path: Path) -> None:
    async with server(tmp_path) as it, it.visit() as screen:
        await screen.shows("How many nodes?")
        assert it.programs()
        it.process.kill()
        await it.process.wait()
        await gone(it)
