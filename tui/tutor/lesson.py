"""The lesson's state: which step is on screen, at which one the nodes stand, what is done, and what is to be shown."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from tui.checks.evaluate import evaluate_all
from tui.checks.model import Answer, Evidence, Outcome, Verdict, WebTarget
from tui.checks.questions import judge
from tui.labs.model import Break, Lab, Question, QuestionKind, Step
from tui.playground.model import NODE_NAMES, WebAnswer
from tui.swarm.snapshot import Snapshot
from tui.terminal.command_log import CommandLog
from tui.tutor.account import Account
from tui.tutor.faults import standing_pairs
from tui.tutor.judging import StepJudge, settled, undone_sentence
from tui.tutor.ladder import next_rung
from tui.tutor.live import LiveNodes
from tui.tutor.missing import Missing
from tui.tutor.node_control import Faults
from tui.tutor.page import aftermath, lesson_blocks, next_act, shown_facts
from tui.tutor.perform import changes_something
from tui.tutor.shells import NodeShell
from tui.tutor.stage import Doing
from tui.tutor.traffic import Traffic
from tui.tutor.views import (
    Aftermath,
    LessonChanged,
    LessonView,
    Notice,
    Readiness,
    RepairOffer,
    SessionEvent,
    ShellChanged,
    SnapshotChanged,
    StepLine,
    StepState,
)

__all__ = ["Lesson"]


class Lesson:
    """All of a lesson but what takes long (see `tui.tutor.session.LabSession`). Methods belong to one event loop.

    The nodes stand at one step, the `position`: it is judged, and once its goal was met they stand at the next one.
    Normally that is the first step that is not done. A step done stays done.
    """

    def __init__(self, lab: Lab, account: Account, clock: Callable[[], float]) -> None:
        self.lab = lab
        self._account = account
        self._clock = clock
        self._live: LiveNodes  # the subclass makes it, with itself as its listener
        self._judge_of = StepJudge(lab)
        self._listeners: list[Callable[[SessionEvent], None]] = []
        self._readiness = Readiness.STARTING
        self._settled: dict[str, tuple[Verdict, ...]] = {}
        self._caused: dict[str, set[int]] = {}
        self._standing: Faults = MappingProxyType({})
        self._doing: Doing | None = None
        self._repair_failed = False
        self._typed = 0
        self._log_seen = 0
        self._last_command = 0.0
        self._shown: LessonView | None = None
        current = account.index_of(account.progress.current)
        self._index = min(current or 0, self.frontier)

    # -- what is known -------------------------------------------------------------------------------------------

    @property
    def log(self) -> CommandLog:
        """All commands that were run in the shells."""
        return self._live.log

    @property
    def snapshot(self) -> Snapshot:
        """The swarm as last seen."""
        return self._live.snapshot

    @property
    def shells(self) -> Mapping[str, NodeShell]:
        """The live shells by node name; empty until connected."""
        return self._live.shells

    @property
    def mesh(self) -> str:
        """What carries published ports: ipvs, nftables, or empty while not known."""
        return self._live.mesh

    @property
    def web(self) -> Mapping[WebTarget, Sequence[WebAnswer]]:
        """The last answers of the ports that the open step asks, oldest first."""
        return self._live.web

    @property
    def traffic(self) -> Traffic:
        """The web requests to the nodes that somebody who looks on may want to see."""
        return self._live.traffic

    @property
    def facts(self) -> Mapping[str, str]:
        """The live facts that are known now, by name."""
        return self._live.facts

    @property
    def node(self) -> str:
        """Whose shell the learner has in front."""
        return self._account.progress.node

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences from before anybody could listen."""
        return (self._account.notice,) if self._account.notice else ()

    @property
    def reading_along(self) -> bool:
        """Whether another copy of the program has the lab, so that nothing is saved here."""
        return self._account.read_only

    @property
    def position(self) -> int:
        """The index of the step that the nodes stand at; as many as there are steps at the end."""
        return self._account.position

    @property
    def frontier(self) -> int:
        """The index of the furthest step that may be opened: the first neither done nor jumped over, or the last."""
        return min(self._account.first_open, len(self.lab.steps) - 1)

    @property
    def step(self) -> Step:
        """The step on screen."""
        return self.lab.steps[self._index]

    @property
    def judged_step(self) -> Step | None:
        """The step that the nodes stand at; None at the end of the lab."""
        return self.lab.steps[self.position] if self.position < len(self.lab.steps) else None

    def is_done(self, step: Step) -> bool:
        """Whether the step's goal was met (or, without a goal, it was read)."""
        return self._account.is_done(step.id)

    @property
    def view(self) -> LessonView:
        """The step on screen, as it stands now."""
        step, section = self.step, self.lab.section_of(self.step)
        account = self._account
        done, here = self.is_done(step), self._index == self.position
        hints = step.hints[: account.progress.hints.get(step.id, 0)]
        shown = shown_facts(self.lab, self.facts)
        following = self._next_act()
        return LessonView(
            lab_title=self.lab.title,
            section_title=section.title,
            section_number=self.lab.sections.index(section) + 1,
            step_id=step.id,
            step_title=step.title,
            index=self._index,
            total=len(self.lab.steps),
            frontier=self.frontier,
            intro="\n\n".join(prose.markdown for prose in section.intro) if step == section.steps[0] else "",
            blocks=lesson_blocks(
                step,
                shown,
                following,
                answers=account.progress.answers,
                open_questions=self._may_answer(step),
                standing=self._standing,
            ),
            goals=self._verdicts(step),
            diagnosis=self._judge_of.diagnosis if here and self._readiness is not Readiness.FREE else "",
            hints=hints,
            hints_left=len(step.hints) - len(hints),
            done=done,
            readiness=self._shown_readiness(),
            finished=account.first_open == len(self.lab.steps),
            passed=account.is_passed(step.id),
            undone=self._undone(step),
            again=done and here and bool(step.goal),
            aftermath=aftermath(step, shown) if done and not here else Aftermath(),
            rung=next_rung(
                done=done and not here,
                hints_left=len(step.hints) - len(hints),
                used=account.progress.helped.get(step.id),
                acts_left=following is not None and bool(self.shells),
                next_is_command=following is not None and not isinstance(step.acts[following], Break),
            ),
            repair=self._offer(),
            doing=self._doing,
            reading_along=self.reading_along,
        )

    def outline(self) -> tuple[StepLine, ...]:
        """All steps, and how each stands."""
        lines: list[StepLine] = []
        for section in self.lab.sections:
            for step in section.steps:
                index = len(lines)
                here = index == self._index
                state = self._state_of(step, index)
                lines.append(StepLine(index, step.id, step.title, section.title, state, here, self._undone(step)))
        return tuple(lines)

    def _state_of(self, step: Step, index: int) -> StepState:
        if index == self.position:
            return StepState.OPEN
        if self.is_done(step):
            return StepState.DONE
        return StepState.PASSED if self._account.is_passed(step.id) else StepState.AHEAD

    def _shown_readiness(self) -> Readiness:
        """A step that is read ahead of the nodes is as much behind as nodes made anew."""
        if self._readiness is Readiness.READY and self._index > self.position:
            return Readiness.BEHIND
        return self._readiness

    def _verdicts(self, step: Step) -> tuple[Verdict, ...]:
        if not step.goal:
            return ()
        here = self._index == self.position
        if here and self._judge_of.verdicts:
            return self._judge_of.verdicts
        if step.id in self._settled and not here:
            return self._settled[step.id]
        verdicts = evaluate_all(step.goal, self._evidence(), self.facts)
        if self.is_done(step) and not here:
            return settled(verdicts)
        if self._readiness is Readiness.STARTING:
            waiting = "the nodes are still being made"
            return tuple(Verdict(Outcome.UNKNOWN, verdict.goal, waiting) for verdict in verdicts)
        return verdicts

    def _undone(self, step: Step) -> str:
        index = self._account.index_of(step.id) or 0
        account = self._account
        if self._readiness is not Readiness.READY or not self.is_done(step) or index >= self.position:
            return ""
        if step.id in account.progress.overtaken:
            return ""
        return undone_sentence(step, self._evidence(), self.facts)

    def _offer(self) -> RepairOffer | None:
        missing = self._judge_of.missing
        if missing is None or self._readiness is not Readiness.READY or self._doing is not None:
            return None
        return RepairOffer(missing.say, self._what_mends(missing))

    def _what_mends(self, missing: Missing) -> str:
        if missing.silent and not self._repair_failed:
            return f"starts {' and '.join(missing.silent)} again"
        if missing.by and not self._repair_failed:
            title = next((step.title for step in self.lab.steps if step.id == missing.by), missing.by)
            return f"does «{title}» again"
        if missing.orders and not self._repair_failed:
            return " and then ".join(f"runs `{order.text}` on {order.node}" for order in missing.orders[:2])
        return "brings the nodes to this step again"

    def _next_act(self) -> int | None:
        """Which of the step's acts the key would do now."""
        step = self.step
        opening = self._judge_of.opening
        since = opening.since if opening else 0.0
        stands = {n for n, act in enumerate(step.acts) if isinstance(act, Break) and self._is_so(act)}
        caused = self._caused.get(step.id, set()) | stands
        return next_act(step, self.facts, self.log.since(since), caused, self._typed, done=self.is_done(step))

    def _is_so(self, act: Break) -> bool:
        """Whether what the act would do is so already: the fault stands, or what it undoes does not."""
        faults = self._standing.get(act.node, ())
        return act.fault in faults if act.fault.state else act.fault.undo not in faults

    def _evidence(self) -> Evidence:
        opening = self._judge_of.opening
        if opening is None:
            return self.evidence(start=self.snapshot, since=self._clock())
        return self.evidence(start=opening.start, since=opening.since)

    # -- the learner's acts --------------------------------------------------------------------------------------

    def next(self) -> bool:
        """Open the next step, if the open one is done."""
        return self.go(self._index + 1)

    def previous(self) -> bool:
        """Show the step before."""
        return self.go(self._index - 1)

    def go(self, index: int) -> bool:
        """Show the step of that index, if it is open."""
        if not 0 <= index <= self.frontier or index == self._index:
            return False
        self._account.alive(self.step.id)
        self._index = index
        self._typed = 0
        self._account.shows(self.step.id)
        self._credit_reading()
        self._account.save()
        self._watch()
        self._judge()
        return True

    def answer(self, question_id: str, value: str) -> bool:
        """Keep the learner's answer to a question of the step on screen; whether it is one, and may still be given.

        `value`: a whole number, the number of a choice counted from 1, or a node's name.
        """
        question = next((each for each in self.step.questions if each.id == question_id), None)
        if question is None or not self._may_answer(self.step) or not _is_answer(question, value):
            return False
        at_once = not self.step.goal and bool(self.shells)
        judged = judge(question, value, self._evidence(), self.facts) if at_once else Answer(value)
        self._account.answers(question_id, judged)
        self._account.alive(self.step.id)
        self._account.save()
        self._judge()
        return True

    def _may_answer(self, step: Step) -> bool:
        """Until the step is done; where nothing is to be done, until it is answered."""
        if not step.goal:
            return any(question.id not in self._account.progress.answers for question in step.questions)
        return not self.is_done(step) or step is self.judged_step

    def look_at_node(self, node: str) -> None:
        """The learner has this node's shell in front."""
        if node != self.node and node in NODE_NAMES:
            self._account.looks_at(node)
            self._account.save()

    def hint(self) -> bool:
        """Show one more hint."""
        step = self.step
        if self._account.progress.hints.get(step.id, 0) >= len(step.hints):
            return False
        self._account.hint(step.id)
        self._account.alive(step.id)
        self._account.save()
        self._publish()
        return True

    # -- judging -------------------------------------------------------------------------------------------------

    def evidence(self, *, start: Snapshot, since: float) -> Evidence:
        """What checks may look at: the swarm now, and what was run and answered since a moment."""
        given = {key: answer for key, answer in self._account.progress.answers.items() if answer.value}
        self._live.answers = MappingProxyType(given)
        return self._live.evidence(start=start, since=since)

    def _judge(self) -> None:
        """Judge the step that the nodes stand at by what is known now; publish what changed."""
        self._live.happened()
        step = self.judged_step
        live = self._readiness in (Readiness.READY, Readiness.BEHIND)
        if live and step is not None and self._doing_allows_judging():
            evidence, facts, now = self._evidence(), self.facts, self._clock()
            if step.goal and self._judge_of.look(evidence, facts, now):
                self._settle(step, evidence)
            elif self._readiness is Readiness.READY and self._index == self.position:
                broken = bool(standing_pairs(self._standing))
                self._judge_of.look_for_missing(evidence, facts, now, broken_on_purpose=broken)
        self._publish()

    def _doing_allows_judging(self) -> bool:
        return True

    def _settle(self, step: Step, evidence: Evidence) -> None:
        """Note a step as done, judge its answers, and let the nodes stand at the one behind it."""
        self._settled[step.id] = self._judge_of.verdicts
        for question in step.questions:
            given = self._account.progress.answers.get(question.id, Answer(""))
            self._account.answers(question.id, judge(question, given.value, evidence, self.facts))
        account, position = self._account, self.position
        account.alive(step.id)
        overtaken = self._newly_overtaken(step, evidence) if changes_something(step) else ()
        account.did(step.id, overtaken)
        account.stands_at(position + 1, self.snapshot.cluster_id)
        self._readiness = Readiness.READY
        self._open_position()
        account.save()

    def _newly_overtaken(self, by: Step, evidence: Evidence) -> tuple[str, ...]:
        """The done steps whose state is no longer so now that this one is done: the lesson wants it that way."""
        progress = self._account.progress
        return tuple(
            step.id
            for step in self.lab.steps[: self.position]
            if step.id != by.id
            and step.id in (*progress.done, *progress.passed)
            and step.id not in progress.overtaken
            and undone_sentence(step, evidence, self.facts)
        )

    def _open_position(self) -> None:
        """Begin to judge the step that the nodes stand at."""
        step = self.judged_step
        self._judge_of.open(step, self.snapshot, self._clock())
        self._repair_failed = False
        if step is not None:
            self._caused.pop(step.id, None)
        self._live.forget_answers()
        self._watch()

    def _credit_reading(self) -> None:
        """A step without a goal is done as soon as it is shown."""
        if self.step.goal:
            return
        was_here = self._index == self.position
        if not self.is_done(self.step):
            self._account.did(self.step.id)
        if was_here:
            self._account.stands_at(self._index + 1, self._account.progress.swarm)
            self._open_position()

    def _watch(self) -> None:
        """Ask ports and run commands only while the learner is at the step that wants to know."""
        step = self.judged_step
        if step is not None and self._index == self.position and self._readiness is not Readiness.FREE:
            self._live.watch_step(step)
        else:
            self._live.watch(())

    # -- telling -------------------------------------------------------------------------------------------------

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Call `listener` in the event loop on every change; returns how to stop it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is looked at after everything that happens."""
        await self._live.until(condition)

    def saw(self, snapshot: Snapshot) -> None:
        """The swarm was looked at again."""
        self._tell(SnapshotChanged(snapshot))
        self._judge()

    def probed(self) -> None:
        """A port or a command that a check looks at has answered."""
        self._judge()

    def heard(self, node: str) -> None:
        """A node's shell wrote something, or its connection came or went."""
        self._tell(ShellChanged(node))
        if self.log.revision != self._log_seen:
            self._log_seen = self.log.revision
            self._count_commands()
            self._judge()

    def _count_commands(self) -> None:
        """Commands that the learner ran since the last count belong to the step that the nodes stand at."""
        step, begun = self.judged_step, [each for each in self.log if each.started > self._last_command]
        if not begun:
            return
        self._last_command = begun[-1].started
        if step is not None and self._doing is None and self._readiness is Readiness.READY:
            self._account.ran(step.id, len(begun))
            self._account.alive(step.id)

    def _notify(self, text: str) -> None:
        self._tell(Notice(text))

    def _publish(self) -> None:
        view = self.view
        if view != self._shown:
            self._shown = view
            self._tell(LessonChanged(view))

    def _tell(self, event: SessionEvent) -> None:
        self._live.happened()
        for listener in tuple(self._listeners):
            listener(event)


def _is_answer(question: Question, value: str) -> bool:
    match question.kind:
        case QuestionKind.NUMBER:
            return value.isascii() and value.isdigit() and len(value) <= 6
        case QuestionKind.CHOICE:
            return value.isascii() and value.isdigit() and 1 <= int(value) <= len(question.choices)
        case QuestionKind.NODE:
            return value in NODE_NAMES
