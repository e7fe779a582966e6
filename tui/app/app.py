"""The application: makes the screen, starts the making of the nodes beside it, and leaves in order."""

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import BindingType
from textual.command import Provider

from tui.app.actions import bindings, textual_keymap
from tui.app.leaving import Leaving
from tui.app.look import LookApp
from tui.app.messages import LessonNews, NoticeNews, Prepared, ProgressNews, ShellNews, SwarmNews
from tui.app.screens.lab import Errand, LabScreen
from tui.app.signs import Signs, signs_for
from tui.errors import ExitCode, UserError
from tui.tutor.views import LessonChanged, Notice, SessionEvent, ShellChanged, SnapshotChanged

if TYPE_CHECKING:
    from textual.message import Message

    from tui.app.preferences import ForThisRun, PreferencesFile
    from tui.playground.model import Playground, Progress, ProgressListener
    from tui.tutor.chronicle import Chronicle
    from tui.tutor.offer import HostMends
    from tui.tutor.session import LabSession

__all__ = ["Beginning", "Prepare", "SwarmtutorApp"]

Prepare = Callable[["ProgressListener"], Awaitable[tuple["Playground", bool]]]
"""Makes or finds the nodes, reporting its phases. The second value: they were made just now."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is done once the nodes are up: they are brought to a step, or the lesson is put aside."""

    step_id: str = ""
    free: bool = False


CLOSE_TIMEOUT = 5.0
"""Seconds that the session gets to end its shells and connections."""


def _palette() -> type[Provider]:
    from tui.app.palette import ActionProvider

    return ActionProvider


class SwarmtutorApp(LookApp, inherit_bindings=False):
    """One lab in one window. `session` is the lesson; `prepare` makes the nodes while the first page is read.

    `keymap` gives actions (by their id) other keys. `mends` is what can be done where no provider can work; without it
    that is only said. `preferences` is where the look is kept, `look` what of it holds for this run alone. `chronicle`
    writes down what happens. Returns a `Leaving`.
    """

    TITLE = "Swarmtutor"
    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = [
        "app.tcss",
        "screens/lab.tcss",
    ]  # the default screen's own is not read
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(app=True)]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette}
    ESCAPE_TO_MINIMIZE = False
    PAUSE_GC_ON_SCROLL = True

    def __init__(
        self,
        session: "LabSession",
        prepare: Prepare,
        *,
        keymap: Mapping[str, str] | None = None,
        signs: Signs | None = None,
        mends: "HostMends | None" = None,
        chronicle: "Chronicle | None" = None,
        begin: Beginning | None = None,
        preferences: "PreferencesFile | None" = None,
        look: "ForThisRun | None" = None,
    ) -> None:
        self._signs = signs or signs_for()
        super().__init__(self._signs, preferences, look)
        self.session = session
        self.failure: UserError | None = None
        self.other_lab = ""
        self.keymap = dict(keymap or {})
        self._prepare = prepare
        self._mends = mends
        self._chronicle = chronicle
        self._begin = begin or Beginning()
        self._unsubscribe: Callable[[], None] | None = None
        self.set_keymap(textual_keymap(self.keymap))

    # --- life -------------------------------------------------------------------------------------------------------

    def get_default_screen(self) -> LabScreen:
        """The lab."""
        lab = LabScreen(self.session, self._signs, self.keymap, self.send)
        lab.set_reactive(LabScreen.preferences, self.preferences)
        return lab

    def looks_changed(self) -> None:
        """The lab arranges its panes anew."""
        self.lab.preferences = self.preferences

    @property
    def lab(self) -> LabScreen:
        """The lab screen, whatever lies over it."""
        screen = self.screen_stack[0]
        if not isinstance(screen, LabScreen):
            raise TypeError("the lowest screen is the lab screen")
        return screen

    def on_mount(self) -> None:
        """Begin to make the nodes once the first page is on screen."""
        self._unsubscribe = self.session.subscribe(self._session_event)
        if self._chronicle is not None:
            self._chronicle.start(self.session)
        self.call_after_refresh(self._first_page_is_up)

    def _first_page_is_up(self) -> None:
        # What was made so far stays for good: the collector need not look at it again and again.
        gc.freeze()
        for notice in (*self.said, *self.session.notices):
            self.lab.post_message(NoticeNews(notice))
        if self.session.reading_along:
            from tui.app.screens.busy import BusyScreen

            self.push_screen(BusyScreen(self._signs), self._after_busy)
        else:
            self.prepare_nodes()

    def _after_busy(self, read_along: bool | None) -> None:
        if read_along:
            self.prepare_nodes()
        else:
            self.exit(Leaving.BUSY)

    async def on_unmount(self) -> None:
        """End the shells and connections, however the app ends."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        with contextlib.suppress(TimeoutError):  # whoever leaves is not kept for that
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self.session.close()
                if self._chronicle is not None:
                    await self._chronicle.stop()

    def _session_event(self, event: SessionEvent) -> None:
        message: Message
        match event:
            case LessonChanged(view=view):
                message = LessonNews(view)
            case SnapshotChanged():
                message = SwarmNews()
            case ShellChanged(node=node):
                message = ShellNews(node)
            case Notice(text=text):
                message = NoticeNews(text)
        self.lab.post_message(message)

    def _progress(self, progress: "Progress") -> None:
        self.lab.post_message(ProgressNews(progress))

    @work(group="prepare", exclusive=True, exit_on_error=False)
    async def prepare_nodes(self) -> None:
        """Make or find the nodes and go live on them; what fails is shown, never raised."""
        self.failure = None
        try:
            playground, fresh = await self._prepare(self._progress)
            await self.session.connect(playground, fresh=fresh)
        except UserError as error:
            if not (error.exit_code is ExitCode.UNSUPPORTED and await self._offered_mends(error)):
                self._failed(error)
        except Exception as error:
            # Whatever it is: the person must see it, and the screen must not die of it.
            self.log(repr(error))
            self._failed(UserError(f"Something unexpected went wrong: {type(error).__name__}: {error}"))
        else:
            self.lab.post_message(Prepared(fresh=fresh))
            self._begin_as_asked()

    def _begin_as_asked(self) -> None:
        begin, self._begin = self._begin, Beginning()
        if begin.free:
            self.session.set_free(True)
        if begin.step_id:
            self.send(lambda: self.session.jump(begin.step_id))

    async def _offered_mends(self, error: UserError) -> bool:
        """Where no provider can work: show what is missing and offer to bring it."""
        if self._mends is None:
            return False
        try:
            offer = await self._mends.look()
        except UserError:
            return False
        if offer.works:
            return False
        from tui.app.screens.mend import MendScreen

        self.failure = error
        self.push_screen(MendScreen(self._mends, offer, self._signs), self._after_failure)
        return True

    def _failed(self, error: UserError) -> None:
        from tui.app.screens.failure import FailureScreen

        self.failure = error
        self.push_screen(FailureScreen(error, self._signs), self._after_failure)

    def _after_failure(self, again: bool | None) -> None:
        if again:
            self.lab.restart()
            self.prepare_nodes()
        else:
            self.exit(Leaving.FAILED)

    # --- what can be done anywhere ------------------------------------------------------------------------------------

    def action_help(self) -> None:
        """All keys."""
        from tui.app.screens.help import HelpScreen

        if isinstance(self.screen, HelpScreen):
            self.screen.dismiss(None)
        elif not self.screen.is_modal:
            self.push_screen(HelpScreen(self.keymap, self._signs, self.lab.pane, self.lab.focused))

    def action_labs(self) -> None:
        """All labs."""
        from tui.app.screens.labs import LabsScreen
        from tui.paths import content_dir, state_dir
        from tui.tutor.lab_list import lab_lines

        if self.screen.is_modal:
            return
        if self.session.view.doing is not None or not self.lab.prepared:
            self.notify("Not now: the nodes are being worked on.", markup=False, timeout=4)
            return
        labs = LabsScreen(lambda: lab_lines(content_dir(), state_dir()), self.session.lab.id, self._signs)
        self.push_screen(labs, self._take_lab)

    def _take_lab(self, lab_id: str | None) -> None:
        if lab_id is not None:
            self.other_lab = lab_id
            self.exit(Leaving.OTHER_LAB)

    async def action_quit(self) -> None:
        """Ask what is to become of the nodes, and leave. What is being done for the learner is stopped first."""
        from tui.app.screens.quit import QuitScreen

        if isinstance(self.screen, QuitScreen) or self.session.stop():
            return
        self.push_screen(QuitScreen(self._signs, may_remove=not self.session.reading_along), self._leave)

    def _leave(self, leaving: Leaving | None) -> None:
        if leaving is not None:
            self.exit(leaving)

    @work(group="errand", exit_on_error=False)
    async def send(self, errand: Errand) -> None:
        """Do something that takes its time in the background; what goes wrong is said."""
        try:
            await errand()
        except UserError as error:
            self.lab.post_message(NoticeNews(str(error)))
        except Exception as error:
            # As above: said, not died of.
            self.log(repr(error))
            self.lab.post_message(NoticeNews(f"Something went wrong: {type(error).__name__}: {error}"))
