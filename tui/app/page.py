"""The pets page in the person's browser, and what to say where there is none."""

import asyncio
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tui.app.desktop import browser_ways, hand_over, open_address
from tui.playground.outside import Outside
from tui.swarm.snapshot import Snapshot
from tui.tutor.pages import published_ports

if TYPE_CHECKING:
    from textual.app import App

__all__ = ["FAR_BROWSER", "from_elsewhere", "show_around", "show_page", "why_no_page"]

FAR_BROWSER = "SWARMTUTOR_FAR_BROWSER"
"""Set where the program is seen in a browser on another machine: there, our own loopback addresses lead nowhere."""


async def show_page(app: "App[object]", address: str) -> str:
    """Open the page; what to say of it."""
    environment = os.environ
    if environment.get(FAR_BROWSER):
        return f"The page is at {address} on the machine that serves this. {from_elsewhere(address, environment)}"
    outside = None if app.is_web else Outside.here()
    if outside is not None and await asyncio.to_thread(outside.show, address):
        said = f"Opened in your browser: {address}"
    else:
        said = await open_address(app, address)
    if any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT")):
        return f"{said}\n{from_elsewhere(address, environment)}"
    return said


def show_around(address: str) -> bool:
    """The same for a program that runs inside namespaces, by the one that waits around it. Blocks for some seconds."""
    return asyncio.run(hand_over(address, browser_ways(), as_argument=True)) is not None


def from_elsewhere(address: str, environment: Mapping[str, str]) -> str:
    """How the page is reached by who sits at another machine."""
    port = urlsplit(address).port
    # «client port server port», as sshd(8) has it: by the third the client has reached this machine.
    there = [*environment.get("SSH_CONNECTION", "").split(), "", "", ""][2] or "this-machine"
    return f"From yours: ssh -L {port}:127.0.0.1:{port} {there}, then open it there."


def why_no_page(snapshot: Snapshot) -> str:
    """Why there is nothing to open."""
    if not snapshot.services:
        return "There is no service yet, so there is no page."
    if not published_ports(snapshot):
        return "No service publishes a port, so there is no page to open."
    return "The page cannot be reached from here yet: try again in a moment."
