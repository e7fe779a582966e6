"""The web site: one page with a terminal in it, the socket that it opens, and the files that both need.

Nothing comes from anywhere else: script, style and fonts are textual-serve's and our own, and the page is told to take
nothing from other places.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from string import Template

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler, Middleware
from textual_serve.server import Server

from tui.app.serve.guard import Asked, Door, Kind, Tickets, is_loopback
from tui.app.serve.program import Program, understand, within
from tui.clock import now

__all__ = ["END_SECONDS", "MOST_VISITORS", "Site"]

MOST_VISITORS = 12
"""Programs at a time. Each takes about 100 MB; only the first has the lab, the others read along."""
END_SECONDS = 60.0
"""How long a program may take to end: removing the nodes may be what the last key asked for."""

_HANDOVER_SECONDS = 15.0  # that a new program waits for those whose browser has gone: a page loaded again
_HEARTBEAT = 15.0
_LARGEST_MESSAGE = 4 * 1024 * 1024  # what somebody may paste
_FONT_SIZES = range(8, 49)

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_OURS = Path(__file__).parent
_FULL = "\r\n  Many visitors are here already, and there is no room for more.\r\n"


class Site(Server):
    """Serves the program to whom the door lets in. `argv`: how a program is started."""

    def __init__(self, argv: Sequence[str], door: Door) -> None:
        super().__init__("", title="Swarmtutor")  # pyright: ignore[reportUnknownMemberType]  # its paths are typed half-way
        self._argv, self._door = argv, door
        self._tickets = Tickets(now)
        self._page = Template((_OURS / "page.html").read_text(encoding="utf-8"))
        self._programs: dict[Program, bool] = {}  # whether its browser is still there
        self._gone = asyncio.Event()  # set whenever a program has ended

    @property
    def visitors(self) -> int:
        """How many programs run."""
        return len(self._programs)

    def application(self) -> web.Application:
        """What is served, for aiohttp to serve."""
        application = web.Application(middlewares=[_guarded_by(self._door)])
        application.add_routes(
            [
                web.get("/", self.handle_index, name="index"),
                web.get("/ws/{ticket}", self.handle_websocket, name="websocket"),
                web.get("/download/{key}", self.handle_download, name="download"),
                web.get("/page/{file:page\\.(?:css|js)}", self._own_file),
                web.static("/static", self.statics_path, name="static"),
            ]
        )
        application.on_response_prepare.append(_harden)
        return application

    async def end(self) -> None:
        """End all programs in order."""
        await asyncio.gather(*(self._end(program) for program in tuple(self._programs)))

    async def kill(self) -> None:
        """End all programs at once."""
        await asyncio.gather(*(program.end(0) for program in tuple(self._programs)))

    async def _own_file(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(_OURS / request.match_info["file"])

    async def handle_index(self, request: web.Request) -> web.Response:
        """The page, with a ticket for its socket."""
        text = self._page.substitute(ticket=self._tickets.issue(), size=_font_size(request.query.get("fontsize", "")))
        return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A visit: a program is started, and ends when the page is closed."""
        if not self._tickets.take(request.match_info["ticket"]):
            raise web.HTTPForbidden(text="This page was opened before. Load it again.\n")
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT, max_msg_size=_LARGEST_MESSAGE)
        await socket.prepare(request)
        await self._others_gone()
        if len(self._programs) >= MOST_VISITORS:
            await socket.send_bytes(_FULL.encode())
            await socket.close()
            return socket
        far = not is_loopback(request.remote or "")
        program = Program(self._argv, socket, self.download_manager, far=far)
        self._programs[program] = True
        try:
            await program.start(_cells(request, "width", 80), _cells(request, "height", 24))
            listening = asyncio.create_task(_listen(socket, program))
            ending = asyncio.create_task(program.ended())
            try:
                await asyncio.wait([listening, ending], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (listening, ending):
                    task.cancel()
                await asyncio.gather(listening, ending, return_exceptions=True)
        finally:
            self._programs[program] = False
            await asyncio.shield(asyncio.create_task(self._end(program)))
            await socket.close()
        return socket

    async def _end(self, program: Program) -> None:
        await program.end(END_SECONDS)
        self._programs.pop(program, None)
        self._gone.set()

    async def _others_gone(self) -> None:
        """Wait for programs without a browser: they give back the lab that the new one shall have."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HANDOVER_SECONDS):
                while not all(self._programs.values()):
                    self._gone.clear()
                    await self._gone.wait()


def _guarded_by(door: Door) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = door.refuses(_asked(request))
        if refusal is None:
            return await handler(request)
        headers = {"WWW-Authenticate": 'Basic realm="Swarmtutor", charset="UTF-8"'} if refusal.status == 401 else None
        return web.Response(status=refusal.status, text=f"{refusal.why}\n", headers=headers)

    return guard


def _asked(request: web.Request) -> Asked:
    headers = request.headers
    kind = Kind.SOCKET if request.path.startswith("/ws") else Kind.PAGE if request.path == "/" else Kind.FILE
    return Asked(
        kind,
        host=headers.get("Host", ""),
        method=request.method,
        origin=headers.get("Origin", ""),
        site=headers.get("Sec-Fetch-Site", ""),
        destination=headers.get("Sec-Fetch-Dest", ""),
        authorization=headers.get("Authorization", ""),
    )


async def _listen(socket: web.WebSocketResponse, program: Program) -> None:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            said = understand(str(message.data))
            if said is not None:
                await program.hear(said)


def _cells(request: web.Request, name: str, otherwise: int) -> int:
    text = request.query.get(name, "")
    return within(int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else otherwise


def _font_size(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 and int(text) in _FONT_SIZES else 16


async def _harden(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
