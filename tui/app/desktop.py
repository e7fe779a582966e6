"""The desktop around the terminal, where there is one: its clipboard and its browser, and what to say of them."""

import asyncio
import os
import shutil
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App

__all__ = [
    "Way",
    "browser_ways",
    "clipboard_ways",
    "copied_words",
    "copy_text",
    "hand_over",
    "open_address",
    "person_before_sudo",
]

DEADLINE = 3.0
"""Seconds after which a clipboard or a browser that does not answer is given up."""
TERMINAL_LIMIT = 74_000
"""Characters beyond which many terminals drop what they are sent for the clipboard (xterm: 100,000 bytes in base64)."""

Which = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Way:
    """A program that takes a text, on its standard input or as its last argument, and what it is to a person."""

    command: tuple[str, ...]
    to: str


def _first(ways: Sequence[Way], which: Which) -> list[Way]:
    return [way for way in ways if which(way.command[0])]


def _is_remote(environment: Mapping[str, str]) -> bool:
    return any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"))


def _has_screen(environment: Mapping[str, str]) -> tuple[bool, bool]:
    """Whether the person's desktop can be reached by Wayland, and by X: over SSH, only an X that is forwarded."""
    display = environment.get("DISPLAY", "")
    if _is_remote(environment):
        return False, bool(display) and not display.startswith(":")
    return bool(environment.get("WAYLAND_DISPLAY")), bool(display)


def clipboard_ways(
    environment: Mapping[str, str] = os.environ, which: Which = shutil.which, platform: str = sys.platform
) -> list[Way]:
    """The programs that may take a text for the clipboard of the person who sits here, the best first."""
    wayland, x11 = _has_screen(environment)
    here = not _is_remote(environment)
    ways: list[Way] = []
    if wayland:
        ways.append(Way(("wl-copy",), "the clipboard"))
    if x11:
        ways.append(Way(("xclip", "-selection", "clipboard"), "the clipboard"))
        ways.append(Way(("xsel", "--clipboard", "--input"), "the clipboard"))
    if here and platform == "darwin":
        ways.append(Way(("pbcopy",), "the clipboard"))
    if here and environment.get("WSL_DISTRO_NAME"):
        ways.append(Way(("clip.exe",), "the clipboard of Windows"))
    if environment.get("TMUX"):
        # -w has tmux send it on to the terminal around it.
        ways.append(Way(("tmux", "load-buffer", "-w", "-"), "tmux, where the prefix and ] paste it"))
    return _first(ways, which)


def browser_ways(
    environment: Mapping[str, str] = os.environ, which: Which = shutil.which, platform: str = sys.platform
) -> list[Way]:
    """The programs that show an address in a window. A browser that lives in a terminal would draw over ours."""
    wayland, x11 = _has_screen(environment)
    ways: list[Way] = []
    if _is_remote(environment):
        return ways
    if wayland or x11:
        ways += [Way((name,), "your browser") for name in ("xdg-open", "gio", "x-www-browser", "firefox", "chromium")]
        ways = [Way(("gio", "open"), way.to) if way.command == ("gio",) else way for way in ways]
    if platform == "darwin":
        ways.append(Way(("open",), "your browser"))
    if environment.get("WSL_DISTRO_NAME"):
        ways.append(Way(("wslview",), "the browser of Windows"))
    return _first(ways, which)


async def hand_over(text: str, ways: Sequence[Way], *, as_argument: bool = False) -> Way | None:
    """Give a text to the first program that takes it, and say which did; None if none does within its deadline.

    `as_argument`: as its last argument, for a browser that may run on; else on its standard input.
    """
    for way in ways:
        if await (_shown(way, text) if as_argument else _taken(way, text)):
            return way
    return None


async def _taken(way: Way, text: str) -> bool:
    try:
        process = await asyncio.create_subprocess_exec(*way.command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL)
    except OSError:
        return False
    try:
        async with asyncio.timeout(DEADLINE):
            await process.communicate(text.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        return False
    return process.returncode == 0


def person_before_sudo(
    environment: Mapping[str, str] = os.environ, which: Which = shutil.which, *, root: bool | None = None
) -> tuple[str, ...]:
    """What stands before a command so that the person runs it who became root by sudo; empty for anybody else.

    Browsers refuse to run as root, or open another profile; the person's own finds their desktop by these variables.
    """
    if root is None:
        root = hasattr(os, "geteuid") and os.geteuid() == 0
    person, uid = environment.get("SUDO_USER", ""), environment.get("SUDO_UID", "")
    if not root or person in ("", "root") or not uid.isdigit() or not which("runuser"):
        return ()
    place = f"/run/user/{uid}"
    desktop = (f"XDG_RUNTIME_DIR={place}", f"DBUS_SESSION_BUS_ADDRESS=unix:path={place}/bus")
    names = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY")
    shown = (f"{name}={environment[name]}" for name in names if environment.get(name))
    home = os.path.expanduser(f"~{person}")
    return ("runuser", "-u", person, "--", "env", f"HOME={home}", *desktop, *shown)


async def _shown(way: Way, address: str) -> bool:
    """A browser that is the first of its kind stays: one that runs after the deadline has taken the address."""

    def show() -> bool:
        try:
            # Not of asyncio's making: those end with the program, and a window must not.
            process = subprocess.Popen(
                [*person_before_sudo(), *way.command, address],
                stdin=DEVNULL,
                stdout=DEVNULL,
                stderr=DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return False
        try:
            return process.wait(DEADLINE) == 0
        except subprocess.TimeoutExpired:
            return True

    return await asyncio.to_thread(show)


def copied_words(text: str, way: Way | None, *, in_browser: bool = False) -> str:
    """What to say of a copy: where it went for certain, or where it was sent and may have been dropped."""
    lines = text.count("\n") + 1
    what = f"{lines} lines" if lines > 1 else f"{len(text)} characters"
    if way is not None:
        return f"Copied to {way.to}: {what}."
    if in_browser:
        # Browsers give pages their clipboard on loopback addresses and over https alone.
        return f"Sent to your browser for its clipboard: {what}. If it does not take it, select with Shift-drag."
    if len(text) > TERMINAL_LIMIT:
        return f"Sent to your terminal for its clipboard: {what}. That is a lot; many terminals drop it."
    return f"Sent to your terminal for its clipboard: {what}. Some terminals ignore it; if so, select with Shift-drag."


async def copy_text(app: "App[object]", text: str) -> str:
    """Put a text on the person's clipboard by every way there is; what to say of it."""
    way = await hand_over(text, clipboard_ways())
    app.copy_to_clipboard(text)
    return copied_words(text, way, in_browser=app.is_web)


async def open_address(app: "App[object]", address: str) -> str:
    """Show an address in the person's browser, if one can be reached from here; what to say of it."""
    if not address.startswith(("http://", "https://")):
        return f"Not opened, as it is not a page: {address}"
    if app.is_web:
        app.open_url(address)
        return f"Opened in a new tab: {address}"
    way = await hand_over(address, browser_ways(), as_argument=True)
    if way is not None:
        return f"Opened in {way.to}: {address}"
    taken = await hand_over(address, clipboard_ways())
    app.copy_to_clipboard(address)
    where = f"it is in {taken.to}" if taken else "it was sent to your terminal for its clipboard"
    return f"No browser can be reached from here; {where}: {address}"
