"""A session that is written down while it runs, and exported afterwards."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tui.checks.model import Outcome, Verdict
from tui.errors import ExitCode, UserError
from tui.labs.model import Lab, QuestionKind
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir
from tui.terminal.command_log import CommandLog, RanCommand
from tui.tutor.chronicle import JOURNAL_FILE, Chronicle, session_folders
from tui.tutor.export import export, written_story
from tui.tutor.journal import Answered, Entry, Helped, Opened, Ran, StepDone, StepOpened, read_entries
from tui.tutor.ladder import Rung
from tui.tutor.stage import DOING_A_STEP, Doing
from tui.tutor.views import LessonChanged, LessonView, PageQuestion, Readiness, SessionEvent, ShellChanged

LAB = load_lab_by_id("orchestration", content_dir())
TOKEN = "SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-1awxwuwd3z9j1z3puu7rcgdbx"


def view(step: str = "machines") -> LessonView:
    number = next(index for index, each in enumerate(LAB.steps) if each.id == step)
    return LessonView(
        lab_title=LAB.title,
        section_title="",
        section_number=1,
        step_id=step,
        step_title=LAB.steps[number].title,
        index=number,
        total=len(LAB.steps),
        frontier=number,
        intro="",
        blocks=(),
        goals=(Verdict(Outcome.FAIL, "something", "nothing"),),
        diagnosis="",
        hints=(),
        hints_left=2,
        done=False,
        readiness=Readiness.READY,
    )


class Session:
    """A session that does what the test says, at moments a second apart."""

    def __init__(self) -> None:
        self.lab: Lab = LAB
        self.log = CommandLog()
        self.view = view()
        self.now = 1_000_000.0
        self._listeners: list[Callable[[SessionEvent], None]] = []

    def clock(self) -> float:
        return self.now

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def shows(self, changed: LessonView) -> None:
        self.now += 1
        self.view = changed
        self._tell(LessonChanged(changed))

    def runs(self, text: str, exit_status: int | None = 0, output: str = "") -> None:
        self.now += 1
        command = RanCommand("node1", text, self.now)
        self.log.begin(command)
        self._tell(ShellChanged("node1"))
        if exit_status is not None:
            self.log.finish(command, exit_status=exit_status, finished=self.now + 0.5, output=output)
            self._tell(ShellChanged("node1"))

    def _tell(self, event: SessionEvent) -> None:
        for listener in tuple(self._listeners):
            listener(event)


def entries(chronicle: Chronicle) -> tuple[Entry, ...]:
    return read_entries((chronicle.folder / JOURNAL_FILE).read_text())


async def test_all_that_happens_is_written_down_once(tmp_path: Path) -> None:
    session = Session()
    chronicle = Chronicle(tmp_path, LAB, session.clock)
    chronicle.start(session)
    asked = PageQuestion("where", "Where?", QuestionKind.CHOICE, ("here", "there"))
    session.shows(replace(session.view, blocks=(asked,)))
    session.shows(replace(session.view, blocks=(replace(asked, answer="2"),)))
    session.shows(replace(session.view, hints=("a",), hints_left=1))
    session.shows(replace(session.view, hints=("a", "b"), hints_left=0, rung=Rung.TYPE))
    session.shows(replace(session.view, rung=Rung.DO))
    session.shows(replace(session.view, doing=Doing(DOING_A_STEP)))
    session.runs("hostname", 0, "node1")
    session.runs("sleep infinity", None)
    judged = replace(asked, answer="2", open=False, right=False, seen="here")
    session.shows(replace(session.view, done=True, blocks=(judged,), doing=None))
    session.shows(session.view)
    session.shows(view("why"))
    session.shows(replace(view("machines"), done=True))
    await chronicle.stop()
    found = entries(chronicle)
    assert [type(entry) for entry in found[:2]] == [Opened, StepOpened]
    assert [(e.step, e.what) for e in found if isinstance(e, Helped)] == [
        ("machines", "hint 1"),
        ("machines", "hint 2"),
        ("machines", "command typed"),
        ("machines", "done for me"),
    ]
    assert [(e.value, e.right, e.seen) for e in found if isinstance(e, Answered)] == [
        ("there", None, ""),
        ("there", False, "here"),
    ]
    assert [(e.text, e.exit_status, e.output) for e in found if isinstance(e, Ran)] == [
        ("hostname", 0, "node1"),
        ("sleep infinity", None, ""),
    ]
    assert [e.step for e in found if isinstance(e, StepDone)] == ["machines"]
    assert [e.step for e in found if isinstance(e, StepOpened)] == ["machines", "why", "machines"]
    assert chronicle.trouble == ""


async def test_what_was_before_is_not_written_down_again(tmp_path: Path) -> None:
    session = Session()
    session.view = replace(session.view, done=True, hints=("a",))
    session.runs("before")
    session.now += 1
    chronicle = Chronicle(tmp_path, LAB, session.clock)
    chronicle.start(session)
    session.shows(replace(session.view, diagnosis="x"))
    await chronicle.stop()
    assert [type(entry) for entry in entries(chronicle)] == [Opened, StepOpened]


async def test_sessions_are_exported_together_without_secrets(tmp_path: Path) -> None:
    state, target = tmp_path / "state", tmp_path / "out"
    session = Session()
    for text in ("hostname", f"docker swarm join --token {TOKEN} a"):
        chronicle = Chronicle(state, LAB, session.clock)
        chronicle.start(session)
        session.runs(text)
        chronicle.resized("node1", 100, 30)
        for piece in (text[:30], text[30:] + "\r\n"):
            chronicle.wrote("node1", piece.encode())
        await chronicle.stop()
        session.now += 10
    assert len(session_folders(state, LAB.id)) == 2
    files = export(LAB, state, target)
    assert [path.name for path in files] == ["transcript.md", "session1-node1.cast", "session2-node1.cast"]
    for path in files:
        assert TOKEN[10:25] not in path.read_text()
    transcript = files[0].read_text()
    assert "node1$ hostname" in transcript
    assert "docker swarm join --token SWMTKN-1-•" in transcript
    header, size, *output = [json.loads(line) for line in files[2].read_text().split("\n") if line]
    assert (header["width"], header["height"]) == (100, 30)
    assert "".join(event[2] for event in [size, *output]).startswith("docker swarm join --token SWMTKN-1-•••")
    with pytest.raises(UserError) as busy:
        export(LAB, state, target)
    assert busy.value.exit_code == ExitCode.BUSY


async def test_the_oldest_sessions_go(tmp_path: Path) -> None:
    session = Session()
    folders: list[Path] = []
    for _ in range(23):
        chronicle = Chronicle(tmp_path, LAB, session.clock)
        chronicle.start(session)
        await chronicle.stop()
        folders.append(chronicle.folder)
        session.now += 60
    kept = session_folders(tmp_path, LAB.id)
    assert kept == tuple(folders[-20:])


def test_without_a_session_there_is_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(UserError) as nothing:
        written_story(LAB, tmp_path)
    assert nothing.value.exit_code == ExitCode.NOT_FOUND
    assert "swarmtutor run orchestration" in str(nothing.value)
