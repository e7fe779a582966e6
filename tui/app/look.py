"""How the program looks: theme, layout, sizes, motion; what holds for this run, and what is kept for the next."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, Literal

from textual import constants, on, work
from textual.app import App
from textual.filter import LineFilter
from textual.theme import BUILTIN_THEMES
from textual.timer import Timer

from tui.app.filters import AsciiOnly, NoBlinking
from tui.app.preferences import ForThisRun, Layout, Preferences, PreferencesFile
from tui.app.screens.lab_layout import SharesChosen
from tui.app.signs import ASCII, Signs
from tui.app.themes import DARK, THEMES, theme_of, variables_for
from tui.errors import ExitCode, UserError

__all__ = ["LookApp", "known_theme"]

_SAVE_DELAY = 0.5
"""Seconds of quiet before what was chosen is written: keys that size panes are pressed many times in a row."""

_LAYOUT_WORDS = {
    Layout.PANES: "Lesson, live swarm and shell at once.",
    Layout.TABS: "One pane at a time.",
    Layout.BIG: "Big, for a projector: the lesson, and one pane beside it.",
}


def known_theme(name: str) -> str:
    """The whole name of a theme; ours may be given without `swarmtutor-`. Raises UserError where there is none such."""
    found = theme_of(name)
    if found is None:
        ours = ", ".join(theme.name.removeprefix("swarmtutor-") for theme in THEMES)
        raise UserError(
            f"There is no theme “{name}”.",
            f"Ours: {ours}. Textual's: {', '.join(BUILTIN_THEMES)}.",
            exit_code=ExitCode.USAGE,
        )
    return found


class LookApp(App[int], inherit_bindings=False):
    """The part of the program that knows how it looks. Without a `file` nothing is kept."""

    def __init__(
        self, signs: Signs, file: PreferencesFile | None = None, for_this_run: ForThisRun | None = None
    ) -> None:
        # Where colour is not wanted (no-color.org), nothing but the terminal's own ground and text may go out: without
        # this, Textual would send a theme's greys.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self._file = file
        self._ascii = AsciiOnly(enabled=signs is ASCII)
        self._still = NoBlinking(enabled=False)
        self._saving: Timer | None = None
        self._unsaved = False
        for theme in THEMES:
            self.register_theme(theme)
        loaded, said = file.load() if file else (Preferences(), "")
        self.said = [said] if said else []
        if loaded.theme and theme_of(loaded.theme) is None:
            self.said.append(f"There is no theme “{loaded.theme}” as your settings want it; the usual one is taken.")
            loaded = replace(loaded, theme="")
        self._kept = loaded
        asked = for_this_run or ForThisRun()
        chosen = {
            field.name: getattr(asked, field.name) for field in fields(asked) if getattr(asked, field.name) is not None
        }
        self.preferences = replace(loaded, **chosen)
        self.theme = theme_of(self.preferences.theme) or DARK.name
        self._move_or_not()

    # --- as Textual asks for it ---------------------------------------------------------------------------------------

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What our style sheets ask of a theme and Textual's own do not have."""
        return dict(variables_for(self.current_theme))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's, and ours where they have anything to do."""
        ours = [each for each in (self._ascii, self._still) if each.enabled]
        return [*super().get_line_filters(), *ours]

    async def on_unmount(self) -> None:
        """What was chosen last is kept, too."""
        if self._unsaved:
            await asyncio.to_thread(self._save)

    # --- choosing -----------------------------------------------------------------------------------------------------

    def prefer(self, **changes: Any) -> None:
        """Choose something else, by the names of Preferences' fields: at once, and for the next run."""
        self.preferences = replace(self.preferences, **changes)
        self._kept = replace(self._kept, **changes)
        if "theme" in changes:
            self.theme = theme_of(self.preferences.theme) or DARK.name
        self._move_or_not()
        self.looks_changed()
        self._save_soon()

    def looks_changed(self) -> None:
        """Another layout or other sizes: whoever shows panes arranges them."""

    def action_theme(self) -> None:
        """The look after this one, of ours."""
        names = [theme.name for theme in THEMES]
        here = names.index(self.theme) if self.theme in names else -1
        self.prefer(theme=names[(here + 1) % len(names)])

    def action_themes(self) -> None:
        """All themes there are, to be tried and chosen."""
        from tui.app.screens.themes import ThemesScreen

        if not self.screen.is_modal:
            self.push_screen(
                ThemesScreen(sorted(self.available_themes), self.theme, self._try_theme), self._theme_chosen
            )

    def _try_theme(self, name: str) -> None:
        self.theme = name

    def _theme_chosen(self, name: str | None) -> None:
        if name is None:
            self.theme = theme_of(self.preferences.theme) or DARK.name
        else:
            self.prefer(theme=name)

    def action_layout(self) -> None:
        """The layout after this one."""
        self.prefer(layout=self.preferences.layout.following)
        self.notify(_LAYOUT_WORDS[self.preferences.layout], markup=False, timeout=4)

    def action_motion(self) -> None:
        """Let things move, or stand still."""
        self.prefer(motion=not self.preferences.motion)
        said = "Things may move and blink." if self.preferences.motion else "Nothing moves or blinks by itself."
        self.notify(said, markup=False, timeout=4)

    def _move_or_not(self) -> None:
        level: Literal["none", "basic", "full"] = constants.TEXTUAL_ANIMATIONS if self.preferences.motion else "none"
        self.animation_level = level
        still = level == "none"
        if still is not self._still.enabled:
            self._still.enabled = still
            if self.is_running:
                self.refresh_css(animate=False)

    @on(SharesChosen)
    def _shares_chosen(self, event: SharesChosen) -> None:
        self.prefer(lesson_share=event.lesson, swarm_share=event.swarm)

    # --- keeping ------------------------------------------------------------------------------------------------------

    def _save_soon(self) -> None:
        if self._file is None:
            return
        self._unsaved = True
        if self._saving is not None:
            self._saving.stop()
        self._saving = self.set_timer(_SAVE_DELAY, self._save_now)

    @work(group="preferences", exit_on_error=False)
    async def _save_now(self) -> None:
        said = await asyncio.to_thread(self._save)
        if said:
            self.notify(said, markup=False, timeout=8, severity="warning")

    def _save(self) -> str:
        """Write what is to be kept; returns the sentence that says why that did not work."""
        self._unsaved = False
        try:
            if self._file is not None:
                self._file.save(self._kept)
        except UserError as error:
            self._file = None  # once said is enough
            return str(error)
        return ""
