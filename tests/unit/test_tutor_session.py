"""The lesson's state machine, without nodes: a hand-made lab, snapshots fed in by hand."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.unit.factories import CLUSTER, container, engine, no_swarm, service, swarm, tasks
from tests.unit.session_doubles import FakePlayground, Stage
from tui.checks.model import Outcome
from tui.playground.model import NODE_NAMES, Playground
from tui.swarm.snapshot import Engine, Snapshot
from tui.terminal.command_log import RanCommand
from tui.tutor.progress_record import LearnerProgress
from tui.tutor.views import LessonChanged, PageCommand, PageProse, Readiness


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    await asyncio.gather(*(session.close() for session in stage.sessions))


def _swarm_of_three() -> Snapshot:
    return swarm()


def _pets(count: int) -> Snapshot:
    pets = service("pets", count)
    return swarm([pets], tasks(pets, *NODE_NAMES[:count]))


async def test_reading_matter_is_done_by_being_shown_and_can_be_read_before_the_nodes_are_up(stage: Stage) -> None:
    session = stage.session()
    view = session.view
    assert view.readiness is Readiness.STARTING
    assert (view.step_id, view.done, view.can_go_on, view.intro) == ("read", True, True, "Why we are here.")
    assert session.next()
    assert session.view.step_id == "init"
    assert [goal.outcome for goal in session.view.goals] == [Outcome.UNKNOWN]
    assert not session.next()


async def test_live_facts_stand_in_the_text_once_they_are_known(stage: Stage) -> None:
    session = stage.session()
    assert PageProse("Nothing to do. node1 is at `<node1 IP>`.") in session.view.blocks
    playground: Playground = stage.playground
    await session.connect(playground, fresh=True)
    assert PageProse("Nothing to do. node1 is at `10.77.0.1`.") in session.view.blocks


async def test_a_step_opens_the_next_only_when_the_swarm_agrees_and_the_learner_goes(stage: Stage) -> None:
    session = await stage.live()
    session.next()
    assert [goal.outcome for goal in session.view.goals] == [Outcome.FAIL]
    assert not session.next()
    stage.watcher.show(_swarm_of_three())
    assert session.view.done
    assert session.view.step_id == "init", "nobody's text runs away"
    assert session.next()
    assert session.view.step_id == "join"


async def test_a_change_of_the_swarm_is_told_at_once(stage: Stage) -> None:
    session = await stage.live()
    session.next()
    stage.events.clear()
    stage.watcher.show(_swarm_of_three())
    lessons = [event for event in stage.events if isinstance(event, LessonChanged)]
    assert lessons
    assert lessons[-1].view.done
    assert lessons[-1].view == session.view


async def test_nothing_is_told_twice(stage: Stage) -> None:
    session = await stage.live()
    session.next()
    stage.events.clear()
    stage.watcher.show(stage.watcher.snapshot)
    assert not [event for event in stage.events if isinstance(event, LessonChanged)]


async def test_a_step_done_stays_done_when_its_state_is_undone(stage: Stage) -> None:
    session = await stage.live()
    session.next()
    stage.watcher.show(_swarm_of_three())
    stage.watcher.show(no_swarm())
    assert session.view.done
    assert session.next()
    assert session.previous()
    assert [goal.outcome for goal in session.view.goals] == [Outcome.PASS]


async def test_a_recognised_mistake_is_said_until_the_goal_is_met(stage: Stage) -> None:
    session = await stage.live()
    session.next()
    wrong = engine("node2", state="active", is_manager=True, node_id="x")
    stage.watcher.show(no_swarm(engines={**no_swarm().engines, "node2": wrong}))
    assert session.view.diagnosis == "That was node2."
    stage.watcher.show(_swarm_of_three())
    assert session.view.diagnosis == ""


async def test_a_goal_that_must_hold_turns_green_only_after_its_time(stage: Stage) -> None:
    stage.file.save(LearnerProgress("small", current="pets", done=("read", "init", "join"), swarm=CLUSTER))
    stage.watcher.snapshot = _pets(1)
    session = await stage.live(fresh=False)
    assert session.view.readiness is Readiness.READY
    stage.watcher.show(_pets(3))
    assert not session.view.done
    assert "of 3 s" in session.view.goals[0].seen
    stage.now += 1
    stage.watcher.show(_pets(1))
    stage.now += 1
    stage.watcher.show(_pets(3))
    stage.now += 2.9
    stage.watcher.show(_pets(3))
    assert not session.view.done, "its time began anew when it was red in between"
    stage.now += 0.2
    stage.watcher.show(_pets(3))
    assert session.view.done
    assert session.view.finished


async def test_hints_come_one_by_one_and_are_remembered(stage: Stage) -> None:
    session = await stage.live()
    session.next()
    assert (session.view.hints, session.view.hints_left) == ((), 2)
    assert session.hint()
    assert session.hint()
    assert not session.hint()
    assert session.view.hints == ("It begins with docker swarm.", "Four letters.")
    assert dict(stage.saved().hints) == {"init": 2}


async def test_a_token_is_shortened_on_screen(stage: Stage) -> None:
    session = await stage.live()
    session.next()
    whole = swarm()
    assert whole.tokens is not None
    stage.watcher.show(whole)
    session.next()
    (command,) = [block for block in session.view.blocks if isinstance(block, PageCommand)]
    assert command.is_next
    assert command.missing == ()
    assert "10.77.0.1:2377" in command.text


async def test_a_command_with_an_unknown_fact_says_so_and_is_not_typed(stage: Stage) -> None:
    session = await stage.live()
    session.next()
    stage.watcher.show(_swarm_of_three())
    session.next()
    stage.watcher.show(swarm(tokens=None))
    (command,) = [block for block in session.view.blocks if isinstance(block, PageCommand)]
    assert command.missing == ("token.worker",)
    assert "<worker token>" in command.text
    assert session.insert_command() is None


async def test_progress_is_on_disk_after_every_act(stage: Stage) -> None:
    session = await stage.live()
    session.next()
    assert stage.saved().current == "init"
    stage.watcher.show(_swarm_of_three())
    assert stage.saved().done == ("read", "init")
    assert stage.saved().swarm == CLUSTER


async def test_another_session_goes_on_at_the_same_step_with_the_same_swarm(stage: Stage) -> None:
    session = await stage.live()
    session.next()
    stage.watcher.show(_swarm_of_three())
    session.next()
    again = await stage.live(fresh=False)
    assert again.view.step_id == "join"
    assert again.view.readiness is Readiness.READY


@pytest.mark.parametrize(
    ("fresh", "snapshot"),
    [(True, no_swarm()), (False, no_swarm()), (False, swarm(cluster_id="another"))],
    ids=["nodes made anew", "the swarm was left", "another swarm"],
)
async def test_a_session_whose_swarm_is_gone_says_that_it_is_behind(
    stage: Stage, fresh: bool, snapshot: Snapshot
) -> None:
    stage.file.save(LearnerProgress("small", current="pets", done=("read", "init", "join"), swarm=CLUSTER))
    stage.watcher.snapshot = snapshot
    session = await stage.live(fresh=fresh)
    assert session.view.readiness is Readiness.BEHIND
    assert session.view.step_id == "pets"


@pytest.mark.parametrize(
    "used",
    [engine("node3", state="active", is_manager=True, node_id="x"), engine("node3", containers=(container(),))],
    ids=["a swarm", "a container"],
)
async def test_a_beginning_on_used_nodes_is_behind(stage: Stage, used: Engine) -> None:
    stage.watcher.snapshot = no_swarm(engines={**no_swarm().engines, "node3": used})
    session = await stage.live(fresh=False)
    assert session.view.readiness is Readiness.BEHIND


async def test_doing_the_open_step_by_hand_ends_being_behind(stage: Stage) -> None:
    stage.file.save(LearnerProgress("small", current="join", done=("read", "init"), swarm="gone"))
    session = await stage.live(fresh=False)
    assert session.view.readiness is Readiness.BEHIND
    stage.watcher.show(_swarm_of_three())
    assert session.view.done
    assert session.view.readiness is Readiness.READY


async def test_steps_that_the_lab_no_longer_has_are_forgotten(stage: Stage) -> None:
    stage.file.save(LearnerProgress("small", current="gone", done=("read", "old-step"), swarm=""))
    session = stage.session()
    assert session.view.step_id == "read"
    assert session.frontier == 1


async def test_unreachable_nodes_leave_the_lesson_readable(stage: Stage) -> None:
    session = await stage.live()
    session.next()
    dead = {name: engine(name, reachable=False, error="no answer") for name in NODE_NAMES}
    stage.watcher.show(no_swarm(engines=dead))
    (goal,) = session.view.goals
    assert goal.outcome is Outcome.UNKNOWN
    assert "no answer" in goal.seen
    assert session.insert_command() is None


async def test_nothing_is_judged_before_every_engine_was_asked(stage: Stage) -> None:
    stage.watcher.may_answer.clear()
    session = stage.session()
    playground: Playground = stage.playground
    going_live = asyncio.create_task(session.connect(playground, fresh=True))
    await session.until(lambda: bool(session.shells))
    assert session.view.readiness is Readiness.STARTING
    stage.watcher.may_answer.set()
    await going_live
    assert session.view.readiness is Readiness.READY


async def test_who_kept_silent_at_the_first_look_is_asked_again(stage: Stage) -> None:
    stage.file.save(LearnerProgress("small", current="pets", done=("read", "init", "join"), swarm=CLUSTER))
    slow = engine("node1", reachable=False, error="did not answer within 3 s")
    stage.watcher.snapshot = no_swarm(engines={**no_swarm().engines, "node1": slow})
    stage.watcher.later = [swarm()]
    session = await stage.live(fresh=False)
    assert session.view.readiness is Readiness.READY


async def test_a_command_counts_from_the_moment_at_which_the_shells_open(stage: Stage) -> None:
    stage.watcher.may_answer.clear()
    session = stage.session()
    stage.now += 5
    playground: Playground = stage.playground
    going_live = asyncio.create_task(session.connect(playground, fresh=True))
    await session.until(lambda: bool(session.shells))
    session.log.begin(RanCommand("node1", "docker swarm init", stage.now, 0, stage.now))
    stage.now += 5
    stage.watcher.may_answer.set()
    await going_live
    session.next()
    evidence = session.evidence(start=session.snapshot, since=1005.0)
    assert [ran.text for ran in evidence.commands] == ["docker swarm init"]


async def test_going_live_again_leaves_the_nodes_before(stage: Stage) -> None:
    session = await stage.live()
    before, stage.playground = stage.playground, FakePlayground()
    playground: Playground = stage.playground
    await session.connect(playground, fresh=True)
    assert before.closed
    assert not stage.playground.closed


async def test_closing_saves_and_closes_the_connections(stage: Stage) -> None:
    session = await stage.live()
    session.next()
    await session.close()
    assert stage.playground.closed
    assert stage.saved().current == "init"
