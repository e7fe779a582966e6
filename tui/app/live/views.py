"""The four views of the swarm, and what a person chose in them: which view, which moment, which events."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from tui.app import bars
from tui.app.ages import ago
from tui.app.live.asking import pages_to_ask
from tui.app.live.events import EVERYTHING, Filter, clock, events_lines, filters
from tui.app.live.map import map_lines
from tui.app.live.moves import SHOWN_SECONDS, moves
from tui.app.live.past import Past
from tui.app.live.traffic import WINDOW_SECONDS, traffic_lines
from tui.app.live.traffic_log import Asker, TrafficLog
from tui.app.paint import Line, Role, Span, cells, line, text_of
from tui.app.signs import Signs
from tui.app.swarm_lines import Look, has_history, swarm_lines
from tui.checks.model import WebTarget
from tui.playground.model import WebAnswer
from tui.swarm.snapshot import Snapshot

__all__ = ["LiveViews", "View"]

_TRACK = 24  # cells of the scrubber's line


class View(StrEnum):
    """The views, in the order in which a key goes through them."""

    TABLES = "tables"
    MAP = "map"
    EVENTS = "events"
    TRAFFIC = "traffic"

    @property
    def following(self) -> "View":
        """The view after this one, and after the last the first."""
        order = list(View)
        return order[(order.index(self) + 1) % len(order)]


class LiveViews:
    """Keeps what was seen, and makes the lines of the chosen view. No widget; belongs to one event loop."""

    def __init__(self, filter_key: str = "") -> None:
        """`filter_key` is the name of the key that shows other events, for the line that speaks of it."""
        self.view = View.TABLES
        self.past = Past()
        self.traffic = TrafficLog()
        self._filter = EVERYTHING
        self._filter_key = filter_key

    # --- what happens -----------------------------------------------------------------------------------------------

    def saw(self, snapshot: Snapshot) -> None:
        """The swarm was looked at again."""
        self.past.add(snapshot)

    def asked(self, answers: Mapping[WebTarget, Sequence[WebAnswer]], now: float, by: Asker = Asker.LESSON) -> bool:
        """Ports were asked; returns whether there is anything new."""
        return self.traffic.see(answers, now, by)

    def pages(self, snapshot: Snapshot, asked: Collection[WebTarget]) -> tuple[WebTarget, ...]:
        """What the chosen view wants to be asked now; `asked` is what the lesson asks for."""
        return pages_to_ask(snapshot, asked) if self.view is View.TRAFFIC and self.past.moment is None else ()

    # --- what a person chooses --------------------------------------------------------------------------------------

    @property
    def filter(self) -> Filter:
        """Which events are shown."""
        return self._filter

    def next_filter(self) -> None:
        """Show other events."""
        choices = filters(change for _, change in self.past.changes_until(None))
        here = choices.index(self._filter) if self._filter in choices else 0
        self._filter = choices[(here + 1) % len(choices)]

    def works_now(self, action_id: str, snapshot: Snapshot) -> bool:
        """Whether an action of the live pane would do something."""
        match action_id:
            case "swarm.history":
                return self.view is View.TABLES and has_history(self._shown(snapshot))
            case "swarm.filter":
                return self.view is View.EVENTS and bool(self.past.changes_until(None))
            case "swarm.back":
                return self.past.can_go_back
            case "swarm.forward" | "swarm.live":
                return self.past.moment is not None
            case _:
                return action_id != f"swarm.{self.view.value}"

    # --- what is shown ----------------------------------------------------------------------------------------------

    def lines(self, snapshot: Snapshot, look: Look) -> list[Line]:
        """The chosen view of the swarm now, or of the moment that is looked at."""
        moment = self.past.moment
        shown = self._shown(snapshot)
        if moment is not None:
            look = replace(look, now=shown.taken)
        match self.view:
            case View.TABLES:
                return swarm_lines(shown, look)
            case View.MAP:
                return map_lines(shown, look, moves(self.past.recent(moment, look.now - SHOWN_SECONDS)))
            case View.EVENTS:
                number = moment.number if moment else 0
                seen = self.past.changes_until(moment)
                return events_lines(shown, look, seen, self._filter, moment=number, filter_key=self._filter_key)
            case View.TRAFFIC:
                return traffic_lines(shown, look, tuple(self.traffic.between(look.now - WINDOW_SECONDS, look.now)))

    def _shown(self, snapshot: Snapshot) -> Snapshot:
        moment = self.past.moment
        return snapshot if moment is None else moment.snapshot

    def age(self, snapshot: Snapshot, now: float, signs: Signs) -> Line:
        """How old the picture is: live, of a moment before, or of when what is missing was last seen."""
        moment = self.past.moment
        if moment is not None:
            return line(Span(f"{signs.paused} as it was {_count(now - moment.snapshot.taken)} ago", Role.PENDING))
        if snapshot.manager_error and snapshot.swarm_asked:
            said = f"{signs.unknown} the swarm as it was {ago(now - snapshot.swarm_asked)}"
            return line(Span(said, Role.PENDING))
        silent = [engine for engine in snapshot.engines.values() if engine.asked and not engine.reachable]
        if silent:
            oldest = min(silent, key=lambda engine: engine.asked)
            said = f"{signs.down} {oldest.node} last seen {ago(now - oldest.asked)}"
            return line(Span(said, Role.BAD))
        return bars.freshness(snapshot, now, signs)

    def scrubber(self, width: int, signs: Signs, keys: Sequence[tuple[str, str]]) -> Line:
        """The row that says which moment is seen, what changed then, and by which keys (with words) one leaves."""
        moment = self.past.moment
        if moment is None:
            return ()
        place, of = self.past.place
        when = Span(f" {clock(moment.snapshot.taken)} ", Role.STRONG)
        at = round((place - 1) * (_TRACK - 1) / max(of - 1, 1))
        track = line(
            Span(signs.track * at, Role.MUTED),
            Span(signs.handle, Role.ACCENT),
            Span(signs.track * (_TRACK - 1 - at), Role.MUTED),
        )
        count = Span(f" {place}/{of} ", Role.MUTED)
        ways = tuple(span for key, word in keys for span in (Span(f" {key}", Role.KEY), Span(f" {word}", Role.MUTED)))
        forms: tuple[Line, ...] = ((when, *track, count, *ways), (when, count, *ways), ways)
        return next((form for form in forms if cells(text_of(form)) <= width), forms[-1])


def _count(seconds: float) -> str:
    """00:42."""
    whole = max(int(seconds), 0)
    return f"{whole // 60:02}:{whole % 60:02}"
