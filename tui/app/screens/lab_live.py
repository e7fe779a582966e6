"""The live pane of the lab's screen: its views, and the way back through the last minutes."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from tui.app.actions import Action, action_of, key_name, keys_of
from tui.app.live.traffic_log import Asker
from tui.app.live.views import LiveViews, View
from tui.app.page import show_page, why_no_page
from tui.app.paint import Line, Span
from tui.app.screens.lab_frame import Pane
from tui.app.screens.lab_layout import LabLayout
from tui.app.signs import Signs
from tui.app.swarm_lines import Look
from tui.clock import now
from tui.tutor.pages import published_ports
from tui.tutor.views import SessionEvent, SnapshotChanged

if TYPE_CHECKING:
    from textual.app import App

    from tui.tutor.session import LabSession

__all__ = ["LabLive"]


class LabLive(LabLayout):
    """What keys do in the live pane, and what they show. What is shown, and of when, is `LiveViews`' to say."""

    def __init__(self, session: "LabSession", signs: Signs, keymap: Mapping[str, str]) -> None:
        super().__init__(session, signs, keymap)
        self.live = LiveViews(key_name(keys_of(action_of("swarm.filter"), keymap)[0]))
        self._unsubscribe: Callable[[], None] | None = None

    async def on_mount(self) -> None:
        """Every look at the swarm is kept: messages to the screen stand for several of them."""
        self._unsubscribe = self._session.subscribe(self._happened)
        self.set_interval(1.0, self._watch_traffic)

    def on_unmount(self) -> None:
        """Nobody listens any more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _happened(self, event: SessionEvent) -> None:
        if isinstance(event, SnapshotChanged):
            self.live.saw(event.snapshot)

    def _watch_traffic(self) -> None:
        """Have ports asked while somebody looks at who answers, and take what was answered."""
        session, at = self._session, now()
        seen = self.prepared and self.is_current and self.swarm_view.is_on_screen
        session.traffic.visit(self.live.pages(session.snapshot, session.web.keys()) if seen else ())
        new = [
            self.live.asked(session.web, at),
            self.live.asked(session.traffic.visited, at, Asker.VIEW),
            self.live.traffic.see_own(session.traffic.own),
        ]
        if any(new) and seen and self.live.view is View.TRAFFIC:
            self.swarm_view.update()

    # --- drawing ----------------------------------------------------------------------------------------------------

    def _swarm_lines(self, width: int, height: int) -> list[Line]:
        session = self._session
        self.live.saw(session.snapshot)
        look = Look(
            width=width,
            now=now(),
            height=height,
            here=self.node,
            mesh=session.mesh,
            pages=tuple(session.published.items()),
            history=self.with_history,
            signs=self._signs,
        )
        lines = self.live.lines(session.snapshot, look)
        return [(), *lines] if len(lines) < height else lines

    def _draw_swarm_title(self) -> None:
        focused = self.pane is Pane.SWARM
        scrubber = self.bar("moment")
        scrubber.display = self.live.past.moment is not None
        if not self.prepared:
            self.bar("swarm-title").show(self._title("Your nodes", focused=focused))
            return
        age = self.live.age(self._session.snapshot, now(), self._signs)
        self.bar("swarm-title").show(self._title(f"Swarm: {self.live.view}", focused=focused), (*age, Span(" ")))
        if scrubber.display:
            ways = (
                (f"{self._key('swarm.back')} {self._key('swarm.forward')}", "step"),
                (self._key("swarm.live"), "now"),
            )
            scrubber.show(self.live.scrubber(self.size.width, self._signs, ways))

    def works_now(self, action: Action) -> bool:
        """Whether the action would do something now."""
        if action.id == "swarm.page":
            return self.prepared and bool(self._session.published)
        if action.id.startswith("swarm."):
            return self.prepared and self.live.works_now(action.id, self._session.snapshot)
        return super().works_now(action)

    # --- what can be done -------------------------------------------------------------------------------------------

    def action_next_view(self) -> None:
        """The view after this one."""
        self.action_view(self.live.view.following)

    def action_view(self, name: str) -> None:
        """The view of that name, in front if panes are tabs."""
        if not self.prepared:
            self._tell("The nodes are not up yet.")
            return
        self.live.view = View(name)
        self._watch_traffic()
        self.bring(Pane.SWARM)
        self._draw_anew()

    def action_filter(self) -> None:
        """Show other events."""
        if self.live.view is not View.EVENTS:
            self._tell(f"That chooses among the events: {self._key('swarm.events')} shows them.")
            return
        self.live.next_filter()
        self._draw_anew()

    def action_back_in_time(self) -> None:
        """As it was before the last change that is seen."""
        if self.live.past.back():
            self._draw_anew()
        else:
            self._tell("Nothing earlier is kept.")

    def action_forward_in_time(self) -> None:
        """The next change; from the last one on, now."""
        if self.live.past.forward():
            self._draw_anew()
        else:
            self._tell("What you see is now.")

    def action_now(self) -> None:
        """The swarm as it is now."""
        if self.live.past.live():
            self._draw_anew()
        else:
            self._tell("What you see is now.")

    def action_open_page(self) -> None:
        """What the first service with a published port shows, in the person's browser."""
        session = self._session
        published = session.published
        address = next((published[port] for port in published_ports(session.snapshot) if port in published), None)
        if address is None:
            self._tell(why_no_page(session.snapshot))
        else:
            self.run_worker(self._show_page(address), group="page", exit_on_error=False)

    async def _show_page(self, address: str) -> None:
        app = cast("App[object]", self.app)  # pyright: ignore[reportUnknownMemberType]  # Textual leaves the type open
        self._tell(await show_page(app, address), seconds=12)

    def action_history(self) -> None:
        """Show or hide tasks that are no more."""
        if self.live.view is View.TABLES:
            self.with_history = not self.with_history
        else:
            self._tell(f"That is for the tables: {self._key('swarm.tables')} shows them.")

    def _tell(self, text: str, seconds: float = 4) -> None:
        self.notify(text, markup=False, timeout=seconds)

    def _draw_anew(self) -> None:
        """Another view or moment: what was scrolled to means nothing there."""
        self.swarm_view.turn(to_end=self.live.view is View.EVENTS)
        self._draw_swarm()
        self._draw_footer()
