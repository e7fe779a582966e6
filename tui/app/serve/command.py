"""`swarmtutor serve`: the lab in a browser."""

import argparse
import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tui.app.serve.guard import Door, is_loopback
from tui.app.serve.options import DEFAULT_PORT, KEPT, TOKEN_VARIABLE
from tui.app.serve.token import checked_token, kept_token
from tui.errors import ExitCode, UserError
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir, state_dir

if TYPE_CHECKING:
    from aiohttp import web

    from tui.app.serve.site import Site

__all__ = ["Serving", "serve", "serve_lab", "serving_of"]

_TRIES = 20  # ports after the default one that are tried where it is taken

Write = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Serving:
    """How the lab is served. `argv`: how a program is started. `port` 0: any that is free; None: the default or a next.

    `token`: empty for none; `secret_in`: where it is kept, for people. `names`: what the machine is called.
    """

    argv: tuple[str, ...]
    host: str = "127.0.0.1"
    port: int | None = None
    token: str = field(default="", repr=False)
    secret_in: str = ""
    names: tuple[str, ...] = ()


def serving_of(arguments: argparse.Namespace, argv: Sequence[str]) -> Serving:
    """What a command line asks for. Raises UserError for what would let strangers in."""
    token, secret_in = _token(arguments.token)
    port: int | None = arguments.port
    if port is not None and not 0 <= port < 65536:
        raise UserError(f"There is no port {port}.", "Ports go from 1 to 65535.", exit_code=ExitCode.USAGE)
    host: str = arguments.host
    if not token and not all(map(is_loopback, _addresses(host))):
        raise UserError(
            f"Without a token nobody but this machine is served, and {host} is for others too.",
            "Whoever opens the page has a shell on the nodes. With --token a token is made, and asked for.",
            exit_code=ExitCode.USAGE,
        )
    if arguments.known_as and not token:
        raise UserError("--known-as goes with --token.", exit_code=ExitCode.USAGE)
    own = socket.gethostname().lower()
    names = {name.lower().rstrip(".") for name in (*arguments.known_as, own, own.split(".")[0], f"{own}.local")}
    return Serving(tuple(argv), host, port, token, secret_in, tuple(sorted(names)) if token else ())


def serve_lab(arguments: argparse.Namespace, settle: Callable[[], object], write: Write) -> int:
    """Serve the lab that a command line names. `settle`: what the person has to say before nodes are made.

    Raises UserError for what would else be seen in the browser only, and whatever `serve` raises.
    """
    load_lab_by_id(arguments.lab, content_dir())
    argv = [sys.executable, "-P", "-m", "tui", "run", arguments.lab, "--served", "--name", arguments.name]
    for option, value in (("--provider", arguments.provider), ("--card", arguments.card)):
        argv += [option, value] if value else []
    for node in arguments.node_at:
        argv += ["--node", node]
    for key in arguments.accept_host_key:
        argv += ["--accept-host-key", key]
    serving = serving_of(arguments, argv)
    settle()
    return serve(serving, write)


def _token(asked: str | None) -> tuple[str, str]:
    """The token, and where it is kept."""
    if asked is not None:
        path = state_dir() / "serve.token" if asked == KEPT else Path(asked)
        return kept_token(path), str(path)
    if given := os.environ.get(TOKEN_VARIABLE):
        return checked_token(given, f"${TOKEN_VARIABLE}"), f"${TOKEN_VARIABLE}"
    return "", ""


def _addresses(host: str) -> list[str]:
    """What a name given to listen on means. Raises UserError."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise UserError(
            f"This machine has no address “{host}”: {error}", "Give one of its own.", exit_code=ExitCode.USAGE
        ) from error
    return [str(entry[4][0]) for entry in found]


def serve(serving: Serving, write: Write) -> int:
    """Serve until Ctrl-C. Raises UserError: UNSUPPORTED without textual-serve, BUSY where the port is taken."""
    try:
        from tui.app.serve.site import Site
    except ImportError as error:
        raise UserError(
            f"For the browser a package is missing: {error.name}.",
            "Install it: pip install 'swarmtutor[serve]'",
            exit_code=ExitCode.UNSUPPORTED,
        ) from error
    return asyncio.run(_serve(Site(serving.argv, Door(serving.token, serving.names)), serving, write))


async def _serve(site: "Site", serving: Serving, write: Write) -> int:
    from aiohttp import web

    told, again = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        (again if told.is_set() else told).set()

    numbers = [signal.SIGINT, signal.SIGTERM] + ([signal.SIGHUP] if sys.platform != "win32" else [])
    if sys.platform != "win32":
        for number in numbers:
            loop.add_signal_handler(number, stop)
    runner = web.AppRunner(site.application(), access_log=None, handle_signals=False, shutdown_timeout=2)
    await runner.setup()
    try:
        port = await _listen(runner, serving)
        for line in _announcement(serving, port):
            write(line)
        await told.wait()
        if site.visitors:
            programs = "the program" if site.visitors == 1 else f"{site.visitors} programs"
            write(f"Ending {programs}; your place in the lesson is kept. Ctrl-C again does not wait for that.")
        ending, hurry = asyncio.create_task(site.end()), asyncio.create_task(again.wait())
        await asyncio.wait([ending, hurry], return_when=asyncio.FIRST_COMPLETED)
        if not ending.done():
            await site.kill()
        for task in (ending, hurry):
            task.cancel()
        await asyncio.gather(ending, hurry, return_exceptions=True)
    finally:
        await runner.cleanup()
    write("Swarmtutor is served no more.")
    return ExitCode.OK


async def _listen(runner: "web.AppRunner", serving: Serving) -> int:
    """Open the port; returns which one it is. Raises UserError."""
    from aiohttp import web

    ports = [serving.port] if serving.port is not None else range(DEFAULT_PORT, DEFAULT_PORT + _TRIES)
    for port in ports:
        try:
            await web.TCPSite(runner, serving.host, port).start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE and serving.port is None:
                continue
            busy = error.errno == errno.EADDRINUSE
            what = f"Port {port} of {serving.host} cannot be opened: {os.strerror(error.errno or 0)}."
            hint = "Without --port the next free one is taken." if busy else "Choose another --host or --port."
            raise UserError(what, hint, exit_code=ExitCode.BUSY if busy else ExitCode.FAILED) from error
        return int(runner.addresses[0][1])
    raise UserError(
        f"The ports {ports[0]} to {ports[-1]} are all taken.", "Choose one: --port", exit_code=ExitCode.BUSY
    )


def _announcement(serving: Serving, port: int) -> list[str]:
    """What is said once the page can be opened."""
    lines = [f"Swarmtutor is at {address}" for address in _reached_at(serving.host, port)]
    if serving.token:
        lines.append("The browser asks for a name and a password: any name, and the token.")
        # A log is read by more people than a terminal.
        where = f"The token is in {serving.secret_in}"
        lines.append(f"Token: {serving.token}" if sys.stdout.isatty() else f"{where}.")
        if not all(map(is_loopback, _addresses(serving.host))):
            lines.append("What is typed travels as it is. On a network that is not yours: a proxy with TLS, or ssh -L.")
    else:
        lines.append("Whoever is signed in on this machine can open it; with --token, only who knows the token.")
    return [*lines, "Ctrl-C ends it."]


def _reached_at(host: str, port: int) -> list[str]:
    if host in ("0.0.0.0", "::", ""):
        return [f"http://{name}:{port}/" for name in ("127.0.0.1", _outward(), socket.gethostname()) if name]
    return [f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"]


def _outward() -> str:
    """The address that this machine would use towards others; empty if it has none. Nothing is sent for that."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address that nobody has (RFC 5737)
        except OSError:
            return ""
        return str(probe.getsockname()[0])
