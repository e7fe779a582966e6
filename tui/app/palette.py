"""The command palette: the table of actions, less those that would do nothing now; and the steps and words by name."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.app.actions import ACTIONS, Action, key_name, keys_of
from tui.app.app import SwarmtutorApp

__all__ = ["ActionProvider", "Offer"]


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be done now: «area: Verb phrase», what more there is to say of it, and how it is done."""

    title: str
    help: str
    do: Callable[[], Awaitable[object]]


class ActionProvider(Provider):
    """Finds actions by their titles; once something is typed, also steps and words."""

    @property
    def _app(self) -> SwarmtutorApp:
        # A provider is typed for any app; this one is only ever given to ours.
        return cast("SwarmtutorApp", self.app)

    def offers(self) -> Iterator[Offer]:
        """The actions that would do something now."""
        lab = self._app.lab
        for action in ACTIONS:
            if action.id != "app.palette" and not action.quiet and lab.works_now(action):
                yield Offer(action.title, self._help(action), lambda action=action: self._do(action))

    def named_offers(self) -> Iterator[Offer]:
        """What has a name of its own: the way to each step."""
        lab = self._app.lab
        if self._app.session.view.doing is None:
            for step in self._app.session.outline():
                if not step.here:
                    title = f"lesson: Go to step {step.index + 1}, “{step.title}”"
                    yield Offer(title, step.section, lambda step=step: lab.go_to_step(step.id))

    def _help(self, action: Action) -> str:
        keys = ", ".join(key_name(key) for key in keys_of(action, self._app.keymap))
        return f"{keys}: {action.help}".removeprefix(": ").replace("`", "")

    async def _do(self, action: Action) -> None:
        owner = self._app if action.id.startswith("app.") else self._app.lab
        await self._app.run_action(action.call, owner)

    async def discover(self) -> Hits:
        """All that can be done now."""
        for offer in self.offers():
            yield DiscoveryHit(offer.title, offer.do, help=offer.help)

    async def search(self, query: str) -> Hits:
        """What matches."""
        matcher = self.matcher(query)
        for offer in (*self.offers(), *self.named_offers()):
            score = matcher.match(offer.title)
            if score > 0:
                yield Hit(score, matcher.highlight(offer.title), offer.do, help=offer.help)
