"""Everything by keys, from everywhere: without F-keys, from inside the shell, and with keys of one's own."""

from collections.abc import Callable, Mapping

import pytest
from textual import events

from tests.app.driving import driven
from tests.app.fakes import FakeSession, views
from tui.app.actions import ACTIONS, keys_of, release_keys
from tui.app.app import SwarmtutorApp
from tui.app.key_names import is_function_key, key_name
from tui.app.palette import ActionProvider
from tui.app.screens.help import KeyTable
from tui.app.screens.lab import LabScreen, Pane
from tui.tutor.stage import Doing
from tui.tutor.views import PageCommand

RELEASE = "ctrl+right_square_bracket"
FAR = "ctrl+shift+f11"  # a name as long as any


def allow(_screen: LabScreen, _action: str, _parameters: tuple[object, ...]) -> bool:
    return True


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which actions are asked for, which are not done: all but the one that goes into the shell and out of it."""
    asked: list[str] = []

    def note(name: str) -> Callable[..., None]:
        def noted(_self: object, *arguments: object) -> None:
            asked.append(f"{name}({', '.join(map(repr, arguments))})" if arguments else name)

        return noted

    for action in ACTIONS:
        if action.id != "pane.shell":
            owner = SwarmtutorApp if action.id.startswith("app.") else LabScreen
            name = action.call.partition("(")[0]
            monkeypatch.setattr(owner, f"action_{name}", note(name))
    # Also what is only for while one is helped.
    monkeypatch.setattr(LabScreen, "check_action", allow)
    return asked


KEYS = [(key, action) for action in ACTIONS if action.id != "pane.shell" for key in keys_of(action, {})]


def test_every_action_has_a_key_that_every_keyboard_has() -> None:
    without = [action.id for action in ACTIONS if all(is_function_key(key) for key in keys_of(action, {}))]
    assert without == []


async def test_outside_of_the_shell_each_key_does_what_the_table_says(asked: list[str]) -> None:
    async with driven() as it:
        for widget in (it.lab.lesson.page, it.lab.swarm_view):
            it.lab.set_focus(widget)
            await it.until(lambda widget=widget: widget.has_focus, "the pane has the focus")
            asked.clear()
            await it.press(*(key for key, _ in KEYS))
            await it.until(lambda: len(asked) >= len(KEYS), f"every key did something in {widget.id}: {asked}")
            assert asked == [action.call for _, action in KEYS]


async def test_in_the_shell_only_the_release_keys_are_ours_and_one_leads_out(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    released = release_keys({})
    async with driven() as it:
        await it.press(RELEASE)
        await it.until(lambda: it.lab.shell_box.terminal.has_focus, "in the shell")
        shell, writes = it.session.known_shells["node1"], list[bytes]()
        monkeypatch.setattr(shell, "write", writes.append)
        await it.press(*(key for key, _ in KEYS))
        for_us = [action.call for key, action in KEYS if key in released]
        await it.until(lambda: len(asked) + len(writes) >= len(KEYS), "every key came somewhere")
        assert asked == for_us
        assert len(writes) == len(KEYS) - len(for_us)
        assert all(writes)
        await it.press(RELEASE)
        await it.until(lambda: it.lab.lesson.page.has_focus, "out of the shell")


@pytest.mark.parametrize("keymap", [{}, {"pane.shell": FAR}], ids=["usual", "own"])
async def test_the_way_out_is_always_on_screen(keymap: Mapping[str, str]) -> None:
    release = keymap.get("pane.shell", RELEASE)
    async with driven((200, 60), keymap=keymap) as it:
        for size in ((200, 60), (80, 24), (60, 16)):
            await it.pilot.resize_terminal(*size)
            for node in ("node1", "node2", "node3"):
                it.lab.action_node(node)
                await it.until_seen(f"{key_name(release)} leaves the shell")
            it.lab.maximised = True
            await it.until(lambda: it.lab.single, "one pane only")
            await it.until_seen(f"{key_name(release)} leaves the shell")
            it.lab.maximised = False
            it.session.change(doing=Doing("Doing this step for you", "node2: docker ps", node="node2"))
            await it.until_seen("Esc stops it")
            it.session.change(doing=None)
            for pane in (Pane.LESSON, Pane.SWARM):
                it.lab.action_pane(pane.value)
                await it.until(lambda pane=pane: it.lab.pane is pane, "the pane is in front")
                await it.until_seen("F1 help")


async def test_every_window_says_how_it_is_left_and_is() -> None:
    async with driven((80, 24), session=_linked()) as it:
        for key in ("f1", "i", "u", "s", "L", "q", "j"):
            await it.press(key)
            await it.until(lambda: it.app.screen is not it.lab, f"{key} opens a window")
            await it.until_seen("Esc")
            await it.press("escape")
            await it.until(lambda: it.app.screen is it.lab, f"the window of {key} is closed")


def _linked() -> FakeSession:
    """A session whose first step names an address."""
    pages = views()
    session = FakeSession(pages)
    session.change(intro="More: https://docs.docker.com/engine/swarm/ and a **task**.")
    return session


# --- keys of one's own ---------------------------------------------------------------------------------------------

OWN = {
    "pane.shell": "ctrl+g",
    "lesson.type": "ctrl+t,k",
    "lesson.next": "ctrl+n",
    "lesson.stop": "ctrl+k",
    "lesson.hint": "",
    "app.themes": "",
    "app.help": "ctrl+o",
}


async def test_keys_of_ones_own_are_everywhere_and_the_usual_ones_nowhere() -> None:
    async with driven(keymap=OWN) as it:
        await it.until_seen("Ctrl-G to the shell")
        await it.until_seen("Ctrl-T type")
        footer = it.lab.bar("footer")
        await it.until(lambda: "Ctrl-T type it" in footer.text and "Ctrl-O help" in footer.text, "the footer")
        assert "hint" not in footer.text
        await it.press("h", "f6")
        assert not it.session.view.hints
        it.session.change(doing=Doing("Doing this step for you", "", node=""))
        await it.until_seen("Ctrl-K stops it")
        it.session.change(doing=None)
        it.session.finish_step()
        await it.until_seen("Ctrl-N opens the next step")
        provider = ActionProvider(it.lab)
        helps = {str(hit.prompt): str(hit.help) async for hit in provider.discover()}
        assert helps["lesson: Open the next step"].startswith("Ctrl-N: ")
        assert "lesson: Open the next step" in helps
        rows = ["".join(span.text for span in row) for row in KeyTable(it.app.keymap).lines(90)]
        assert any(row.split()[:3] == ["Ctrl-T", "k", "Type"] for row in rows)
        assert any(row.split()[:2] == ["(none)", "Show"] for row in rows)
        await it.press("ctrl+o")
        await it.until_seen("Ctrl-N")


async def test_the_key_that_leaves_the_shell_can_be_another_and_the_usual_one_is_then_the_shells() -> None:
    async with driven((80, 24), keymap=OWN) as it:
        await it.press("ctrl+g")
        await it.until(lambda: it.lab.shell_box.terminal.has_focus, "in the shell")
        await it.until_seen("Ctrl-G leaves the shell")
        shell = it.session.known_shells["node1"]
        await it.press(RELEASE, "ctrl+n", "k")
        await it.until(lambda: shell.written == b"\x1d\x0ek", "those are the shell's now")
        it.session.finish_step()
        # No key of it reaches us from in here: first the one that leaves.
        await it.until_seen("Ctrl-G Ctrl-N next")
        await it.press("ctrl+g", "ctrl+n")
        await it.until_seen("Two more nodes")
        command = next(block for block in it.session.view.blocks if isinstance(block, PageCommand))
        assert command.text.split()[0] in it.screen_text


async def test_two_actions_can_change_keys() -> None:
    async with driven(keymap={"lesson.hint": "n", "lesson.next": "h"}) as it:
        await it.press("n")
        await it.until(lambda: bool(it.session.view.hints), "n is the hint's")
        it.session.finish_step()
        await it.press("h")
        await it.until(lambda: it.session.index == 1, "h goes on")


async def test_two_keys_that_arrive_together_lead_out_of_the_shell_and_on() -> None:
    async with driven() as it:
        await it.press("2")
        await it.until(lambda: it.lab.shell_box.terminal.has_focus, "in the shell")
        it.app.post_message(events.Key(RELEASE, "\x1d"))
        it.app.post_message(events.Key("h", "h"))
        await it.until(lambda: bool(it.session.view.hints), "the hint was given")
        assert it.session.known_shells["node2"].written == b""
