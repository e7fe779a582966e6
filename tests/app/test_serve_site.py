"""The site as a browser meets it: who gets the page and the socket, and what becomes of the programs behind them."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.app import served_program
from tui.app.serve import program as program_module
from tui.app.serve import site as site_module
from tui.app.serve.guard import Door
from tui.app.serve.site import Site

PATIENCE = 60.0
TOKEN = "correct-horse-battery-staple"


class Visit:
    """An open socket, and all that came through it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.text = ""
        self.other: list[str] = []

    async def reads(self, pattern: str) -> re.Match[str]:
        """Read until the text holds this."""
        async with asyncio.timeout(PATIENCE):
            while not (found := re.search(pattern, self.text)):
                message = await self.socket.receive()
                if message.type is aiohttp.WSMsgType.BINARY:
                    self.text += message.data.decode()
                elif message.type is aiohttp.WSMsgType.TEXT:
                    self.other.append(message.data)
                else:
                    raise AssertionError(f"closed before {pattern!r}: {self.text!r}")
        return found

    async def pid(self) -> int:
        return int((await self.reads(r"pid (\d+) "))[1])

    async def ends(self) -> None:
        """Read until the other side closes."""
        async with asyncio.timeout(PATIENCE):
            async for message in self.socket:
                if message.type is aiohttp.WSMsgType.BINARY:
                    self.text += message.data.decode()


class Browser:
    """Visits a site."""

    def __init__(self, site: Site, port: int, session: aiohttp.ClientSession) -> None:
        self.site, self.port, self.session = site, port, session
        self.origin = f"http://127.0.0.1:{port}"

    async def get(self, path: str = "/", **headers: str) -> tuple[int, str]:
        async with self.session.get(f"{self.origin}{path}", headers=headers) as answer:
            return answer.status, (await answer.read()).decode(errors="replace")

    async def ticket(self, **headers: str) -> str:
        status, text = await self.get(**headers)
        assert status == 200, text
        found = re.search(r'data-ticket="([^"]+)"', text)
        assert found
        return found[1]

    @asynccontextmanager
    async def visit(self, ticket: str = "", size: str = "?width=90&height=30") -> AsyncGenerator[Visit]:
        ticket = ticket or await self.ticket()
        address = f"{self.origin}/ws/{ticket}{size}"
        async with self.session.ws_connect(address, headers={"Origin": self.origin}) as socket:
            yield Visit(socket)

    async def refused(self, ticket: str, **headers: str) -> int:
        """The status with which a socket is refused."""
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with self.session.ws_connect(f"{self.origin}/ws/{ticket}", headers=headers):
                pass
        return refused.value.status


@asynccontextmanager
async def served(kind: str = "polite", door: Door | None = None) -> AsyncGenerator[Browser]:
    site = Site([sys.executable, "-S", served_program.__file__, kind], door or Door())
    runner = web.AppRunner(site.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as session:
            yield Browser(site, runner.addresses[0][1], session)
    finally:
        await site.kill()
        await runner.cleanup()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  a process that ends tells nobody here
            await asyncio.sleep(0.02)


def runs(pid: int) -> bool:
    try:
        return b" Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False


async def test_the_page_takes_nothing_from_anywhere_else() -> None:
    async with served() as browser:
        async with browser.session.get(browser.origin) as answer:
            text = await answer.text()
            policy = answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["Cache-Control"] == "no-store"
        assert policy.startswith("default-src 'none'")
        assert "http" not in policy
        named = re.findall(r'(?:src|href)="([^"]+)"', text)
        assert len(named) >= 5
        for name in named:
            if not name.startswith("data:"):
                assert not re.match(r"(?:\w+:)?//", name), name
                assert (await browser.get(f"/{name}"))[0] == 200, name
        style = (await browser.get("/page/page.css"))[1]
        fonts = re.findall(r'url\("\.\.(/[^"]+)"\)', style)
        assert len(fonts) == style.count("url(") == 2
        for font in fonts:
            async with browser.session.get(f"{browser.origin}{font}") as answer:
                assert answer.status == 200, font


@pytest.mark.parametrize("path", ["/page/site.py", "/page/../site.py", "/page/%2e%2e/guard.py", "/static/../server.py"])
async def test_files_of_the_program_are_not_served(path: str) -> None:
    async with served() as browser:
        assert (await browser.get(path))[0] in (403, 404)


async def test_under_another_name_nothing_is_served() -> None:
    async with served() as browser:
        ticket = await browser.ticket()
        for path in ("/", "/page/page.js", "/download/x"):
            assert (await browser.get(path, Host="rebound.example"))[0] == 421
        assert await browser.refused(ticket, Host="rebound.example", Origin="http://rebound.example") == 421
        assert browser.site.visitors == 0


async def test_a_socket_needs_our_page_and_a_ticket_that_is_good_once() -> None:
    async with served() as browser:
        ticket = await browser.ticket()
        assert await browser.refused(ticket) == 403
        assert await browser.refused(ticket, Origin="http://evil.example") == 403
        assert await browser.refused(ticket, Origin="http://127.0.0.1:5000") == 403
        assert await browser.refused("guessed", Origin=browser.origin) == 403
        assert browser.site.visitors == 0
        async with browser.visit(ticket) as visit:
            await visit.pid()
            assert await browser.refused(ticket, Origin=browser.origin) == 403
            assert browser.site.visitors == 1


async def test_with_a_token_nothing_opens_without_it() -> None:
    token = aiohttp.encode_basic_auth("anybody", TOKEN)
    wrong = aiohttp.encode_basic_auth("anybody", TOKEN + "x")
    async with served(door=Door(TOKEN)) as browser:
        for path in ("/", "/page/page.js", "/static/js/textual.js", "/download/x"):
            assert (await browser.get(path))[0] == 401
            assert (await browser.get(path, Authorization=wrong))[0] == 401
        assert await browser.refused("guessed", Origin=browser.origin) == 403
        async with browser.visit(await browser.ticket(Authorization=token)) as visit:
            await visit.pid()


async def test_keys_sizes_and_looks_reach_the_program_and_its_words_the_browser() -> None:
    async with served() as browser, browser.visit() as visit:
        await visit.reads("size 90x30")
        await visit.socket.send_json(["stdin", "docker node ls ›\r"])
        await visit.reads("typed docker node ls ›\r")
        await visit.socket.send_json(["resize", {"width": 100, "height": 10**7}])
        await visit.reads(r'"type": "resize", "width": 100, "height": 1000')
        await visit.socket.send_json(["blur"])
        await visit.reads(r'"type": "blur"')
        for nonsense in ("[", "[]", '["rm"]', '["stdin", 5]', "null"):
            await visit.socket.send_str(nonsense)
        await visit.socket.send_json(["ping", "17"])
        await visit.socket.send_json(["stdin", "still there"])
        await visit.reads("typed still there")
        assert visit.other == ['["pong", "17"]']


async def test_a_size_that_is_none_does_not_matter() -> None:
    async with served() as browser, browser.visit(size="?width=wide&height=-3") as visit:
        await visit.reads("size 80x24")


async def test_a_page_that_is_closed_ends_its_program() -> None:
    async with served() as browser:
        async with browser.visit() as visit:
            pid = await visit.pid()
            assert runs(pid)
        await until(lambda: not runs(pid) and not browser.site.visitors)


@pytest.mark.parametrize(("kind", "words"), [("short", "that was all"), ("lost", "")])
async def test_a_program_that_ends_closes_its_page_after_its_last_words(kind: str, words: str) -> None:
    async with served(kind) as browser:
        async with browser.visit() as visit:
            await visit.ends()
            assert visit.text.endswith(words)
        await until(lambda: not browser.site.visitors)


async def test_who_comes_back_waits_for_the_program_that_still_has_the_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_module, "END_SECONDS", 0.2)
    monkeypatch.setattr(program_module, "TERM_SECONDS", 0.2)
    async with served("stubborn") as browser:
        async with browser.visit() as visit:
            first = await visit.pid()
        async with browser.visit() as visit:
            await visit.pid()
            assert not runs(first)
            assert browser.site.visitors == 1


async def test_the_end_of_the_server_is_the_end_of_all_programs() -> None:
    async with served() as browser, browser.visit() as one, browser.visit() as other:
        pids = [await one.pid(), await other.pid()]
        await browser.site.end()
        assert [pid for pid in pids if runs(pid)] == []
        await one.ends()
        assert "good-bye" in one.text


async def test_a_program_that_does_not_end_is_killed_with_its_children() -> None:
    async with served("stubborn") as browser, browser.visit() as visit:
        pid = await visit.pid()
        await browser.site.kill()
        assert not runs(pid)


async def test_there_is_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_module, "MOST_VISITORS", 1)
    async with served() as browser, browser.visit() as first:
        pid = await first.pid()
        async with browser.visit() as second:
            await second.ends()
            assert "no room for more" in second.text
        assert runs(pid)
        assert os.getpgid(pid) == pid
