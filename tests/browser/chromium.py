"""A browser without a window, driven over its DevTools protocol; as much of it as the tests need."""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

__all__ = ["PROGRAMS", "Page", "chromium", "program"]

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PATIENCE = 60.0

_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # the tests run as root
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--use-angle=swiftshader",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "about:blank",
)

_FUNCTION_KEYS = {f"F{number}": (111 + number, "") for number in range(1, 13)}
_KEYS = {"Enter": (13, "\r"), "Escape": (27, ""), "Tab": (9, ""), "Ctrl-]": (221, ""), **_FUNCTION_KEYS}
"""The keys' codes in a browser, and the text that they stand for."""


def program() -> str:
    """The browser's program; empty if there is none."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), "")


class Page:
    """One page. What went wrong in it, and what it asked the network for, is kept."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.problems: list[str] = []
        self.asked: list[str] = []
        self.opened: list[str] = []
        self.hears: Callable[[bytes], None] | None = None  # told what comes through the page's sockets

    async def listen(self) -> None:
        """Take what the browser says until it ends."""
        async for message in self._socket:
            said: dict[str, Any] = json.loads(message.data)
            if (number := said.get("id")) is not None:
                answer = self._answers.pop(number, None)
                if answer is not None and not answer.done():
                    answer.set_result(said)
                continue
            self._happened(said["method"], said["params"])

    def _happened(self, method: str, params: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.problems.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            entry = params["entry"]
            self.problems.append(f"{entry['text']} {entry.get('url', '')}".strip())
        elif method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.asked.append(params["url"])
        elif method == "Network.webSocketFrameReceived":
            frame = params["response"]
            if frame["opcode"] == 2 and self.hears is not None:
                self.hears(base64.b64decode(frame["payloadData"]))
        elif method == "Page.windowOpen":
            self.opened.append(params["url"])

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its result."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        said = await asyncio.wait_for(answer, PATIENCE)
        assert "error" not in said, f"{method}: {said['error']}"
        return said["result"]

    async def go(self, address: str) -> None:
        """Open an address. Its errors and requests so far are forgotten."""
        self.problems.clear()
        self.asked.clear()
        await self.send("Page.navigate", url=address)

    async def ask(self, script: str) -> Any:
        """The value of an expression in the page."""
        result = await self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    async def until(self, script: str, what: str, patience: float = PATIENCE) -> None:
        """Wait until an expression in the page is true."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                # While a page is being left for another, an expression may find neither.
                while not await self.ask(f"(() => {{ try {{ return {script} }} catch {{ return false }} }})()"):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                return
        raise AssertionError(f"not within {patience:g} s: {what}; problems: {self.problems}")

    async def type(self, text: str) -> None:
        """Text, key by key, as from a keyboard."""
        for character in text:
            code = ord(character.upper()) if character.isalnum() and character.isascii() else 0
            common = {"key": character, "windowsVirtualKeyCode": code}
            await self.send("Input.dispatchKeyEvent", type="keyDown", text=character, **common)
            await self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    async def press(self, key: str) -> None:
        """One key that is no character."""
        number, text = _KEYS[key]
        control = key.startswith("Ctrl-")
        common = {
            "key": key.removeprefix("Ctrl-"),
            "code": "BracketRight" if key == "Ctrl-]" else key,
            "windowsVirtualKeyCode": number,
            "modifiers": 2 if control else 0,
        }
        await self.send("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **common)
        await self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    async def size(self, width: int, height: int) -> None:
        """The window's size in pixels."""
        await self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def picture(self) -> bytes:
        """A PNG of what is seen."""
        return base64.b64decode((await self.send("Page.captureScreenshot", format="png"))["data"])


@asynccontextmanager
async def chromium(*flags: str, width: int = 1280, height: int = 800) -> AsyncGenerator[Page]:
    """A browser with one empty page, gone afterwards without a trace."""
    found = program()
    assert found, f"none of these browsers is installed: {', '.join(PROGRAMS)}"
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            found,
            f"--user-data-dir={folder}",
            f"--window-size={width},{height}",
            *flags,
            *_FLAGS,
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
            start_new_session=True,
            env={**os.environ, "HOME": folder, "DBUS_SESSION_BUS_ADDRESS": "disabled:"},
        )
        complaints = asyncio.create_task(_drain(process))
        try:
            port = await _port(process, Path(folder) / "DevToolsActivePort", complaints)
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    targets: list[dict[str, Any]] = await answer.json()
                target = next(each for each in targets if each["type"] == "page")
                async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    page = Page(socket)
                    listening = asyncio.create_task(page.listen())
                    for domain in ("Page", "Runtime", "Log", "Network"):
                        await page.send(f"{domain}.enable")
                    await page.size(width, height)
                    try:
                        yield page
                    finally:
                        listening.cancel()
                        await asyncio.gather(listening, return_exceptions=True)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            await process.wait()
            complaints.cancel()


async def _drain(process: Process) -> str:
    """Read what it complains of, so that it never waits for a reader; the last of it."""
    assert process.stderr is not None
    last = ""
    while line := await process.stderr.readline():
        last = (last + line.decode(errors="replace"))[-4000:]
    return last


async def _port(process: Process, file: Path, complaints: "asyncio.Task[str]") -> int:
    """The port that it listens on, once it does."""

    def there() -> bool:
        return file.exists() and file.read_text().count("\n") >= 1

    await _until(lambda: process.returncode is not None or there())
    assert there(), f"the browser ended: {await complaints}"
    return int(file.read_text().splitlines()[0])


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  a file and a process tell nobody
            await asyncio.sleep(0.02)
