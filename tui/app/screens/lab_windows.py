"""What lies over the lab's screen for a moment: letters to jump by, the steps, words and links."""

import asyncio
from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, cast

from textual import on, work
from textual.geometry import Offset
from textual.widget import Widget
from textual.widgets import Markdown

from tui.app.actions import action_of, keys_of
from tui.app.links import here_instead, links_of
from tui.app.paint import Line, cells
from tui.app.screens.jump import JumpScreen, JumpTarget, free_letter
from tui.app.screens.lab_frame import Pane
from tui.app.screens.lab_live import LabLive
from tui.app.step_text import text_of_step
from tui.app.widgets.question import QuestionBlock
from tui.errors import UserError
from tui.labs.glossary import load_glossary, terms_in
from tui.paths import content_dir
from tui.playground.model import NODE_NAMES

if TYPE_CHECKING:
    from textual.app import App

__all__ = ["LabWindows"]

_SCROLL = {
    "up": "scroll_up",
    "down": "scroll_down",
    "page-up": "page_up",
    "page-down": "page_down",
    "top": "scroll_home",
    "bottom": "scroll_end",
}
"""Textual's own actions of what scrolls."""

_BELOW = Offset(1, 1)
"""From the beginning of a name to where its letter hangs, so that it hides nothing of the name."""


class LabWindows(LabLive):
    """The lab's screen, and the windows over it."""

    # --- scrolling --------------------------------------------------------------------------------------------------

    async def action_scroll(self, where: str) -> None:
        """Scroll the pane in front; the shell has keys of its own for that."""
        if self.pane is not Pane.SHELL:
            await self._home(self.pane).run_action(_SCROLL[where])

    # --- jumping ----------------------------------------------------------------------------------------------------

    def action_jump(self) -> None:
        """Put a letter on everything that can be gone to."""
        keys = keys_of(action_of("pane.jump"), self._keymap)
        self.app.push_screen(JumpScreen(tuple(self._jump_targets()), keys, self.size.height), self._jumped)  # pyright: ignore[reportUnknownMemberType]  # Textual leaves the app's result open

    def _jumped(self, target: JumpTarget | None) -> None:
        if target is not None:
            target.go()

    def _jump_targets(self) -> Iterator[JumpTarget]:
        """Panes, tabs and questions, each at the row below its name; then whatever else takes the focus."""
        taken: set[str] = set()
        known: set[Widget] = {self.lesson.page, self.swarm_view, self.preparing, self.shell_box.target}

        def target(letter: str, name: str, place: Offset | None, go: Pane | str | Widget) -> Iterator[JumpTarget]:
            letter = free_letter(letter, taken)
            if letter:
                taken.add(letter)
                yield JumpTarget(letter, name, place, lambda: self._jump_to(go))

        places = self._places()
        for pane, letter in ((Pane.LESSON, "l"), (Pane.SWARM, "s")):
            yield from target(letter, pane.title(), places.get(pane.value), pane)
        for node in NODE_NAMES if self._session.shells else ():
            yield from target(node[-1], node, places.get(node), node)
        page = self.lesson.page.region
        for widget in self.focus_chain:
            if widget in known or not widget.region:
                continue
            x, y = widget.region.offset
            seen = widget not in self.lesson.page.query("*") or page.y <= y < page.bottom
            if seen:
                letter = "q" if isinstance(widget, QuestionBlock) else ""
                yield from target(letter, widget.id or "", Offset(x, max(y - 1, 0)), widget)

    def _places(self) -> dict[str, Offset]:
        """Where the names of panes and nodes stand, as far as they are seen."""
        if self.single:
            names = (Pane.LESSON.value, Pane.SWARM.value, *NODE_NAMES)
            return dict(
                zip(names, self._spots((*self._pane_tabs(), *self.shell_tabs()), self.bar("tabs")), strict=True)
            )
        places = {
            pane.value: bar.region.offset + _BELOW
            for pane, bar in ((Pane.LESSON, self.bar("lesson-title")), (Pane.SWARM, self.bar("swarm-title")))
            if bar.region
        }
        if self.shell_box.title.region:
            places |= dict(zip(NODE_NAMES, self._spots(self.shell_tabs(), self.shell_box.title), strict=True))
        return places

    def _spots(self, parts: Line, bar: Widget) -> Iterator[Offset]:
        """Below the beginning of each part of a row."""
        corner = bar.content_region.offset + _BELOW
        starts = accumulate((cells(part.text) for part in parts), initial=0)
        return (corner + Offset(start, 0) for start, _ in zip(starts, parts, strict=False))

    def _jump_to(self, goal: Pane | str | Widget) -> None:
        if isinstance(goal, Pane):
            self._go(goal)
        elif isinstance(goal, Widget):
            self.set_focus(goal)
        else:
            self.node = goal
            self._go(Pane.SHELL)

    # --- words and links --------------------------------------------------------------------------------------------

    @work(group="words", exclusive=True, exit_on_error=False)
    async def action_words(self, word: str = "") -> None:
        """Explain the words of this step, or that one."""
        from tui.app.screens.words import WordsScreen

        try:
            terms = await asyncio.to_thread(load_glossary, content_dir())
        except UserError as error:
            self._tell(str(error))
            return
        if not terms:
            self._tell("No glossary came with these labs.")
            return
        here = terms_in(text_of_step(self._view), terms)
        chosen = next((term for term in terms if term.name == word), None)
        if self.is_current:
            self.app.push_screen(WordsScreen(terms, here, self._signs, chosen=chosen))  # pyright: ignore[reportUnknownMemberType]  # as above

    def action_links(self) -> None:
        """The addresses of this step."""
        from tui.app.screens.links import LinksScreen

        links = links_of(self._view)
        if links:
            self.app.push_screen(LinksScreen(links, self._signs, self.open_link))  # pyright: ignore[reportUnknownMemberType]  # as above
        else:
            self._tell("This step names no address.")

    async def open_link(self, url: str) -> str:
        """Open an address where the person sits; returns the sentence that says what happened.

        The nodes' own addresses lead nowhere outside of their network: a published port is opened where this machine
        reaches it.
        """
        from tui.app.desktop import open_address
        from tui.app.page import show_page

        app = cast("App[object]", self.app)  # pyright: ignore[reportUnknownMemberType]  # as above
        inside = here_instead(url, self._session.snapshot, self._session.published)
        return await show_page(app, inside) if inside else await open_address(app, url)

    @on(Markdown.LinkClicked)
    @work(group="links", exit_on_error=False)
    async def _clicked(self, event: Markdown.LinkClicked) -> None:
        event.stop()
        self._tell(await self.open_link(event.href))
