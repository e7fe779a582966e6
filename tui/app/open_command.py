"""`swarmtutor open SERVICE`: a browser is led to what a service publishes, until Ctrl-C."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

from tui.app.desktop import browser_ways, hand_over
from tui.app.page import from_elsewhere
from tui.errors import ExitCode, UserError
from tui.playground.outside import Outside
from tui.playground.playground import open_playground
from tui.swarm.observer import Observer
from tui.swarm.snapshot import Service, Snapshot
from tui.tutor.pages import Pages, published_ports
from tui.tutor.standing import first_look

__all__ = ["open_service", "page_of"]

_PATIENCE = 20.0  # seconds until a port of this machine is open

Write = Callable[[str], None]


async def open_service(playground_name: str, service_name: str, write: Write) -> int:
    """Lead a browser to the service's page, and open it where there is a desktop; returns an exit status.

    Raises UserError: NOT_FOUND for a playground or service that is not there, or publishes no port.
    """
    playground = await open_playground(playground_name)
    observer, pages = Observer(playground.nodes), Pages(playground.nodes)
    try:
        observer.subscribe(pages.follow)
        await observer.start()
        port = page_of(await first_look(observer), service_name)
        async with asyncio.timeout(_PATIENCE):
            while port not in pages.addresses:  # noqa: ASYNC110  a port that is opened tells nobody
                await asyncio.sleep(0.02)
        address = pages.addresses[port]
        await _show(address, write)
        write("Ctrl-C ends it.")
        await _told_to_end()
    except TimeoutError:
        raise UserError(f"No port of this machine could be opened for {service_name}.") from None
    finally:
        await pages.close()
        await observer.stop()
        await playground.close()
    return ExitCode.OK


def page_of(snapshot: Snapshot, name: str) -> int:
    """The published port of the service's page. Raises UserError where there is none."""
    service = snapshot.service(name)
    if service is None:
        there = ", ".join(each.name for each in snapshot.services if _port(each))
        raise UserError(
            f"There is no service “{name}”."
            if snapshot.swarm_known
            else f"The swarm cannot be asked: {snapshot.manager_error}",
            f"With a page there is: {there}." if there else "No service publishes a port yet.",
            exit_code=ExitCode.NOT_FOUND,
        )
    port = _port(service)
    if not port:
        raise UserError(
            f"The service {name} publishes no port, so it has no page.",
            f"docker service update --publish-add 5000:5000 {name}",
            exit_code=ExitCode.NOT_FOUND,
        )
    return port


def _port(service: Service) -> int:
    """The first that a page may be behind; 0 if there is none."""
    only = Snapshot(taken=0.0, services=(service,))
    return next(iter(published_ports(only)), 0)


async def _show(address: str, write: Write) -> None:
    outside = Outside.here()
    if outside is not None:
        shown = await asyncio.to_thread(outside.show, address)
    else:
        shown = await hand_over(address, browser_ways(), as_argument=True) is not None
    write(f"{address} is open in your browser." if shown else f"The page is at {address}")
    if any(os.environ.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT")):
        write(from_elsewhere(address, os.environ))


async def _told_to_end() -> None:
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Where a loop knows no signals (Windows), Ctrl-C ends it the hard way.
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()
