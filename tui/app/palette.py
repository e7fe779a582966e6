"""The command palette: the table of actions, less those that would do nothing now."""

from collections.abc import Iterator
from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.app.actions import ACTIONS, Action, key_name, keys_of
from tui.app.app import SwarmtutorApp

__all__ = ["ActionProvider"]


class ActionProvider(Provider):
    """Finds actions by their titles."""

    @property
    def _app(self) -> SwarmtutorApp:
        # A provider is typed for any app; this one is only ever given to ours.
        return cast("SwarmtutorApp", self.app)

    def _possible(self) -> Iterator[Action]:
        lab = self._app.lab
        return (action for action in ACTIONS if action.id != "app.palette" and lab.works_now(action))

    def _help(self, action: Action) -> str:
        keys = ", ".join(key_name(key) for key in keys_of(action, self._app.keymap))
        return f"{keys}: {action.help}".replace("`", "")

    async def _do(self, action: Action) -> None:
        owner = self._app if action.id.startswith("app.") else self._app.lab
        await self._app.run_action(action.call, owner)

    async def discover(self) -> Hits:
        """All that can be done now."""
        for action in self._possible():
            yield DiscoveryHit(action.title, lambda action=action: self._do(action), help=self._help(action))

    async def search(self, query: str) -> Hits:
        """What matches."""
        matcher = self.matcher(query)
        for action in self._possible():
            score = matcher.match(action.title)
            if score > 0:
                title = matcher.highlight(action.title)
                yield Hit(score, title, lambda action=action: self._do(action), help=self._help(action))
