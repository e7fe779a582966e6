"""The pets page: its address on screen, and the key that opens it in the person's browser."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.app.driving import driven
from tests.app.fakes import FakeSession, engines_only, six_pets
from tui.app import desktop
from tui.app.desktop import Way
from tui.app.open_command import page_of
from tui.app.page import FAR_BROWSER, from_elsewhere, why_no_page
from tui.app.paint import text_of
from tui.app.swarm_lines import Look, page_lines
from tui.app.widgets.swarm_view import SwarmView
from tui.errors import ExitCode, UserError

ADDRESS = "http://127.0.0.1:5000/"


@pytest.fixture(autouse=True)
def at_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", FAR_BROWSER):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser was given."""
    addresses: list[str] = []

    async def take(text: str, ways: Sequence[Way], *, as_argument: bool = False) -> Way | None:
        del ways
        if as_argument:
            addresses.append(text)
        return Way(("browser",), "your browser")

    monkeypatch.setattr(desktop, "hand_over", take)
    return addresses


def test_the_address_stands_below_the_services_with_the_service_it_is_of() -> None:
    look = Look(width=80, now=0.0, pages=((5000, ADDRESS), (9, "http://127.0.0.1:9/")))
    assert [text_of(each) for each in page_lines(six_pets(), look)] == [f"pets in a browser: {ADDRESS}"]
    assert page_lines(six_pets(), Look(width=80, now=0.0)) == []
    assert page_lines(engines_only(), look) == []


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_page_is_a_key_away_once_it_can_be_reached(size: tuple[int, int], shown: list[str]) -> None:
    session = FakeSession()
    async with driven(size, session) as it:
        if size[0] < 100:
            await it.press("d")
        await it.press("b")
        await it.until_seen("cannot be reached from here yet")
        session.addresses = {5000: ADDRESS}
        session.look(six_pets())
        view = it.lab.query_one(SwarmView)
        await it.until(lambda: f"pets in a browser: {ADDRESS}" in view.text, "the address is in the tables")
        await it.press("b")
        await it.until_seen("Opened in your browser")
        assert shown == [ADDRESS]


async def test_who_sits_elsewhere_is_told_how_to_get_there(shown: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.9 50000 192.0.2.1 22")
    session = FakeSession()
    session.addresses = {5000: ADDRESS}
    async with driven((160, 40), session) as it:
        await it.press("b")
        await it.until_seen("ssh -L 5000:127.0.0.1:5000")
        monkeypatch.setenv(FAR_BROWSER, "1")
        shown.clear()
        await it.press("b")
        await it.until_seen("The page is at http://127.0.0.1:5000/ on the machine")
        assert shown == []


def test_without_a_name_of_the_machine_the_way_is_told_all_the_same() -> None:
    assert "ssh -L 8080:127.0.0.1:8080 this-machine" in from_elsewhere("http://127.0.0.1:8080/", {})


def test_why_there_is_no_page() -> None:
    assert why_no_page(engines_only()) == "There is no service yet, so there is no page."
    assert "try again" in why_no_page(six_pets())


def test_the_page_of_a_service_is_its_first_port_or_a_sentence_says_why_there_is_none() -> None:
    assert page_of(six_pets(), "pets") == 5000
    with pytest.raises(UserError, match="no service “cats”") as unknown:
        page_of(six_pets(), "cats")
    assert unknown.value.hint == "With a page there is: pets."
    assert unknown.value.exit_code is ExitCode.NOT_FOUND
    with pytest.raises(UserError, match="There is no service") as none:
        page_of(engines_only(), "pets")
    assert none.value.hint == "No service publishes a port yet."
    silent = replace(six_pets(), services=(replace(six_pets().services[0], ports=()),))
    with pytest.raises(UserError, match="publishes no port"):
        page_of(silent, "pets")
