"""What a lesson knows beyond its steps: answers, help, faults, what was undone, what is missing, free play."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.small_lab import front_matter
from tests.unit.factories import CLUSTER, engine, no_swarm, service, swarm, tasks
from tests.unit.session_doubles import Stage
from tui.errors import ExitCode, UserError
from tui.playground.model import NODE_NAMES, Fault
from tui.swarm.snapshot import Snapshot
from tui.terminal.command_log import RanCommand
from tui.tutor.ladder import Rung, next_rung
from tui.tutor.progress_record import HelpUsed, LearnerProgress
from tui.tutor.session import LabSession
from tui.tutor.views import Notice, PageBreak, PageCommand, PageQuestion, Readiness, StepState

LAB = (
    front_matter("small", title="A small lab", more="needs: {nodes: 3, owned: true}")
    + """
# First

## Make a swarm {#init}

```sh node1
docker swarm init
```

```yaml step
goal:
  - {swarm: node1, expect: {state: active, role: manager}}
hints:
  - It begins with docker swarm.
```

## Pets {#pets}

```yaml predict
id: how-many
ask: How many will run?
kind: number
seen: {service: pets}
field: running
why: One wish, three tasks.
```

```yaml predict
id: who
ask: Which node will run none?
kind: choice
choices:
  - {say: none of them, when: {service: pets, expect: {running: 3}}}
  - {say: all of them, when: {service: pets, expect: {running: 0}}}
```

```sh node1
docker service create --name pets --replicas 3 swarmtutor/pets:1.0
```

```yaml step
requires:
  - {swarm: node1, expect: {state: active, role: manager}, by: init}
goal:
  - {service: pets, expect: {running: 3}}
hints: [Create it.]
why: The manager *starts* the difference.
solve:
  - {say: in two acts, run: [{node1: docker service create --name pets x}, {node1: docker service scale pets=3}]}
```

## Pull the plug {#plug}

```yaml fault
node: node2
fault: power-off
until: look
```

```sh node1
docker node ls
```

```yaml step
requires:
  - {service: pets, expect: {running: {gte: 1}}, repair: [{node1: docker service scale pets=3}]}
goal:
  - {node: node2, expect: {state: down}}
hints: [Wait.]
```

## Look {#look}

```sh node1
docker service ls
```

```yaml step
goal:
  - {ran: {node: node1, command: docker service ls}, expect: {exit: 0}}
hints: [ls]
```

## Gone {#gone}

```sh node1
docker service rm pets
```

```yaml step
goal:
  - {service: pets, expect: {exists: false}}
hints: [rm]
```
"""
)

IDS = ("init", "pets", "plug", "look", "gone")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    stage = Stage(tmp_path, LAB)
    yield stage
    await asyncio.gather(*(session.close() for session in stage.sessions))


def pets(count: int, asked: int = 3) -> Snapshot:
    service_of_pets = service("pets", asked)
    return swarm([service_of_pets], tasks(service_of_pets, *NODE_NAMES[:count]))


async def at(stage: Stage, step: str, snapshot: Snapshot) -> LabSession:
    """A session that goes on at that step, on nodes that are as the snapshot says."""
    done = IDS[: IDS.index(step)]
    stage.file.save(LearnerProgress("small", current=step, done=done, swarm=snapshot.cluster_id))
    stage.watcher.snapshot = snapshot
    session = await stage.live(fresh=False)
    assert session.view.readiness is Readiness.READY
    assert session.view.step_id == step
    return session


def questions(session: LabSession) -> dict[str, PageQuestion]:
    return {block.id: block for block in session.view.blocks if isinstance(block, PageQuestion)}


async def test_an_answer_is_kept_may_be_changed_and_is_judged_when_the_step_is_done(stage: Stage) -> None:
    session = await at(stage, "pets", swarm())
    assert session.answer("how-many", "2")
    assert session.answer("how-many", "3")
    assert session.answer("who", "2")
    assert stage.saved().answers["how-many"].value == "3"
    assert questions(session)["how-many"].right is None
    stage.watcher.show(pets(3))
    judged = questions(session)
    assert (judged["how-many"].right, judged["how-many"].seen, judged["how-many"].open) == (True, "3", False)
    assert (judged["who"].right, judged["who"].seen) == (False, "none of them")
    assert judged["how-many"].why == "One wish, three tasks."
    assert not session.answer("how-many", "4"), "the step is done"
    assert stage.saved().answers["how-many"].right is True


async def test_nobody_is_forced_to_answer_and_the_swarms_own_answer_is_told_all_the_same(stage: Stage) -> None:
    session = await at(stage, "pets", swarm())
    stage.watcher.show(pets(3))
    assert session.view.done
    (asked, _) = questions(session).values()
    assert (asked.answer, asked.right, asked.seen) == ("", None, "3")


@pytest.mark.parametrize(
    ("question", "value"),
    [("how-many", "many"), ("how-many", "-1"), ("who", "3"), ("who", "0"), ("nowhere", "1"), ("how-many", "²")],
)
async def test_what_is_no_answer_is_not_kept(stage: Stage, question: str, value: str) -> None:
    session = await at(stage, "pets", swarm())
    assert not session.answer(question, value)
    assert not stage.saved().answers


async def test_why_and_other_ways_are_told_once_the_step_is_done(stage: Stage) -> None:
    session = await at(stage, "pets", swarm())
    assert not session.view.aftermath
    stage.watcher.show(pets(3))
    told = session.view.aftermath
    assert told.why == "The manager *starts* the difference."
    assert [route.say for route in told.routes] == ["in two acts"]
    assert told.commands[0].text.startswith("docker service create")


@pytest.mark.parametrize(
    ("hints_left", "used", "acts_left", "command", "done", "rung"),
    [
        (1, None, True, True, False, Rung.HINT),
        (0, HelpUsed.HINT, True, True, False, Rung.TYPE),
        (0, HelpUsed.TYPED, True, True, False, Rung.DO),
        (0, HelpUsed.DONE, True, True, False, Rung.DO),
        (0, HelpUsed.HINT, True, False, False, Rung.DO),
        (0, HelpUsed.HINT, False, False, False, Rung.NONE),
        (1, None, True, True, True, Rung.NONE),
    ],
    ids=["a hint", "typed", "done", "done again", "a fault is not typed", "nothing is left", "the step is done"],
)
def test_help_goes_up_a_rung_at_a_time(
    hints_left: int, used: HelpUsed | None, acts_left: bool, command: bool, done: bool, rung: Rung
) -> None:
    assert rung is next_rung(done=done, hints_left=hints_left, used=used, acts_left=acts_left, next_is_command=command)


async def test_help_that_was_used_is_remembered(stage: Stage) -> None:
    session = await at(stage, "pets", swarm())
    assert session.help() == (Rung.HINT, "")
    assert session.view.rung is Rung.TYPE
    assert dict(stage.saved().helped) == {"pets": HelpUsed.HINT}
    assert session.help() == (Rung.NONE, ""), "no shell is at its prompt"
    assert dict(stage.saved().helped) == {"pets": HelpUsed.HINT}


async def test_a_fault_happens_at_the_key_and_ends_when_the_learner_goes_on_from_its_last_step(stage: Stage) -> None:
    session = await at(stage, "plug", pets(3))
    (act,) = [block for block in session.view.blocks if isinstance(block, PageBreak)]
    assert (act.text, act.stands, act.is_next) == ("node2 loses power", False, True)
    assert session.insert_command() is None
    assert await session.do_next_break()
    assert stage.control.asked == [("node2", "power-off")]
    (act,) = [block for block in session.view.blocks if isinstance(block, PageBreak)]
    assert (act.stands, act.is_next) == (True, False)
    down = pets(2)
    nodes = tuple(replace(n, state="down") if n.hostname == "node2" else n for n in down.nodes)
    stage.watcher.show(replace(down, nodes=nodes))
    assert session.view.done
    session.next()
    await session.idle()
    assert Fault.POWER_OFF in stage.control.standing["node2"], "it lasts until the step look"
    session.log.begin(RanCommand("node1", "docker service ls", stage.now, 0, stage.now))
    stage.watcher.show(stage.watcher.snapshot)
    assert session.next()
    await session.idle()
    assert stage.control.asked[-1] == ("node2", "power-on")
    assert not await stage.control.faults()


async def test_a_fault_that_stood_when_the_program_was_killed_is_undone_at_its_moment(stage: Stage) -> None:
    stage.control.standing = {"node2": {Fault.POWER_OFF}}
    session = await at(stage, "look", pets(2))
    await session.idle()
    assert not stage.control.asked, "the step look still wants it"
    await session.close()
    again = await at(stage, "gone", pets(2))
    await again.until(lambda: ("node2", "power-on") in stage.control.asked)


async def test_nodes_that_may_not_be_broken_say_so(stage: Stage) -> None:
    session = await at(stage, "plug", pets(3))
    stage.control.refuses = "These nodes are not ours."
    with pytest.raises(UserError, match="not ours"):
        await session.do_next_break()
    assert session.view.doing is None


async def test_a_step_whose_state_was_undone_says_so_and_locks_nothing(stage: Stage) -> None:
    session = await at(stage, "plug", pets(3))
    assert session.previous()
    assert session.view.undone == ""
    stage.watcher.show(pets(2))
    assert "2" in session.view.undone
    assert session.view.done
    assert session.view.can_go_on
    assert [line.undone != "" for line in session.outline()] == [False, True, False, False, False]


async def test_what_a_later_step_changes_on_purpose_is_not_called_undone(stage: Stage) -> None:
    session = await at(stage, "gone", pets(3))
    stage.watcher.show(swarm())
    assert session.view.finished
    assert not any(line.undone for line in session.outline())


async def test_what_is_missing_is_told_after_a_moment_and_not_while_it_flaps(stage: Stage) -> None:
    session = await at(stage, "plug", pets(3))
    stage.watcher.show(pets(0))
    stage.now += 2
    stage.watcher.show(pets(0))
    assert session.view.repair is None
    stage.watcher.show(pets(3))
    stage.now += 2
    stage.watcher.show(pets(0))
    assert session.view.repair is None, "it was back in between"
    stage.now += 3.1
    stage.watcher.show(pets(0))
    offer = session.view.repair
    assert offer is not None
    assert "docker service scale pets=3" in offer.does
    stage.watcher.show(pets(3))
    assert session.view.repair is None


async def test_a_node_that_is_silent_for_no_reason_of_the_lessons_can_be_started_again(stage: Stage) -> None:
    session = await at(stage, "look", pets(3))
    whole = pets(3)
    silent = replace(whole, engines={**whole.engines, "node3": engine("node3", reachable=False)})
    stage.watcher.show(silent)
    stage.now += 13
    stage.watcher.show(silent)
    offer = session.view.repair
    assert offer is not None
    assert (offer.missing, offer.does) == ("node3 does not answer", "starts node3 again")
    mending = asyncio.create_task(session.mend())
    await session.until(lambda: ("revive", "") in stage.control.asked)
    stage.watcher.show(whole)
    await mending
    assert session.view.repair is None


async def test_in_free_play_nothing_is_judged_until_the_learner_is_back(stage: Stage) -> None:
    session = await at(stage, "pets", swarm())
    session.set_free(True)
    assert session.view.readiness is Readiness.FREE
    stage.watcher.show(pets(3))
    assert not session.view.done
    session.set_free(False)
    await session.idle()
    assert session.view.done


async def test_who_comes_back_from_free_play_with_another_swarm_is_behind(stage: Stage) -> None:
    session = await at(stage, "pets", swarm())
    session.set_free(True)
    stage.control.standing = {"node3": {Fault.PAUSE}}
    stage.watcher.show(swarm(cluster_id="another"))
    session.set_free(False)
    await session.idle()
    assert session.view.readiness is Readiness.BEHIND
    assert stage.control.asked == [("node3", "resume")], "what free play broke is mended"


async def test_a_second_copy_reads_along_and_saves_nothing(stage: Stage) -> None:
    stage.file.save(LearnerProgress("small", current="pets", done=("init",), swarm=CLUSTER))
    stage.watcher.snapshot = swarm()
    stage.file.read_only = True
    session = await stage.live(fresh=False)
    assert session.view.reading_along
    stage.watcher.show(pets(3))
    assert session.view.done
    assert stage.saved().done == ("init",)
    with pytest.raises(UserError) as caught:
        await session.jump("gone")
    assert caught.value.exit_code is ExitCode.BUSY


async def test_the_shell_in_front_is_remembered(stage: Stage) -> None:
    session = await at(stage, "pets", swarm())
    session.look_at_node("node3")
    assert stage.saved().node == "node3"
    assert (await stage.live(fresh=False)).node == "node3"


async def test_time_and_commands_are_counted_for_the_open_step(stage: Stage) -> None:
    session = await at(stage, "pets", swarm())
    stage.now += 40
    session.log.begin(RanCommand("node1", "docker service ls", stage.now, 0, stage.now))
    session.heard("node1")
    stage.now += 2
    stage.watcher.show(pets(3))
    saved = stage.saved()
    assert dict(saved.commands) == {"pets": 1}
    assert saved.seconds["pets"] == pytest.approx(42)


async def test_an_unknown_step_cannot_be_jumped_to(stage: Stage) -> None:
    session = await at(stage, "pets", swarm())
    with pytest.raises(UserError) as caught:
        await session.jump("nowhere")
    assert caught.value.exit_code is ExitCode.NOT_FOUND


async def test_one_errand_at_a_time_and_each_can_be_stopped(stage: Stage) -> None:
    session = await at(stage, "pets", swarm())
    jumping = asyncio.create_task(session.jump("init"))
    await session.until(lambda: session.view.doing is not None)
    assert session.view.readiness is Readiness.CATCHING_UP
    with pytest.raises(UserError) as caught:
        await session.reset_step()
    assert caught.value.exit_code is ExitCode.BUSY
    assert session.stop()
    with pytest.raises(asyncio.CancelledError):
        await jumping
    assert session.view.doing is None
    assert session.view.readiness is Readiness.BEHIND
    assert any("Stopped" in event.text for event in stage.events if isinstance(event, Notice))


async def test_a_jump_back_lets_a_done_step_be_done_again_and_loses_nothing(stage: Stage) -> None:
    session = await at(stage, "look", pets(3))
    jumping = asyncio.create_task(session.jump("init"))
    await session.until(lambda: bool(stage.control.asked))
    stage.watcher.show(no_swarm())
    await jumping
    view = session.view
    assert (view.step_id, view.done, view.again, view.readiness) == ("init", True, True, Readiness.READY)
    assert stage.saved().done == ("init", "pets", "plug")
    assert (stage.saved().at, view.frontier) == ("init", 3)
    assert session.next()
    assert session.view.readiness is Readiness.BEHIND, "the nodes are not at the step that is read"
    session.previous()
    stage.watcher.show(swarm())
    assert session.view.again is False
    assert [line.state for line in session.outline()][:2] == [StepState.DONE, StepState.OPEN]


async def test_commands_that_shall_fail_count_as_run_when_they_did(stage: Stage) -> None:
    session = await at(stage, "look", pets(3))
    session.log.begin(RanCommand("node1", "docker service ls", stage.now, 1, stage.now))
    session.heard("node1")
    (command,) = [block for block in session.view.blocks if isinstance(block, PageCommand)]
    assert command.is_next, "it failed, and was not to"
