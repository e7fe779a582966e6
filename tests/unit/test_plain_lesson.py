"""A lab taken by typed lines: what is asked for is done, and what happens is told in sentences."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.local_shell import wait_until
from tests.small_lab import front_matter
from tests.unit.factories import CLUSTER, service, swarm, tasks
from tests.unit.plain_doubles import LASTS, PlainTalk
from tests.unit.session_doubles import Stage
from tui.errors import ExitCode, UserError
from tui.playground.model import NODE_NAMES
from tui.swarm.snapshot import Snapshot
from tui.tutor.plain_lesson import Farewell
from tui.tutor.plain_run import run_plain
from tui.tutor.progress_record import LearnerProgress

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    await asyncio.gather(*(session.close() for session in stage.sessions))


def _pets(count: int) -> Snapshot:
    pets = service("pets", count)
    return swarm([pets], tasks(pets, *NODE_NAMES[:count]))


async def test_a_lesson_is_read_done_and_gone_on_with_by_typed_lines(stage: Stage) -> None:
    async with PlainTalk(stage, {"docker swarm init": ("Swarm initialized", 0)}) as talk:
        await talk.asks("next", "type")
        said = talk.lines
        assert said[:2] == ["A small lab. For tests.", "Type `help` and Enter to hear what can be typed."]
        assert "Step 1 of 4. Read this." in said
        assert "This is section 1: First." in said
        assert "Nothing to do. node1 is at `10.77.0.1`." in said
        assert "Step 1 is read. `next` opens step 2." in said
        page = said[said.index("Step 2 of 4. Make a swarm.") :]
        assert "On node1: docker swarm init" in page
        assert "Goal. Not yet: node1 is in a swarm, as manager: it is in no swarm." in page
        assert "Swarm initialized" in page
        assert talk.commands("node1") == ["docker swarm init"]
        stage.watcher.show(swarm())
        await talk.hears("Step 2 is done. `next` opens step 3.")
        assert "Done: node1 is in a swarm, as manager." in talk.lines
        said = await talk.asks("next")
        assert "This is section 2: Second." in said
        assert await talk.ends() is Farewell.LEFT
    assert stage.saved().current == "join"


async def test_the_next_step_waits_for_goals_that_are_on_their_way_where_nobody_can_look(stage: Stage) -> None:
    async with PlainTalk(stage) as talk:
        await talk.asks("next")
        talk.type("next")
        await talk.hears("> next", times=2)
        stage.watcher.show(swarm())
        await talk.hears("Step 3 of 4. Join.")


async def test_at_a_terminal_the_next_step_stays_closed_and_says_why(stage: Stage) -> None:
    async with PlainTalk(stage, terminal=True) as talk:
        said = await talk.asks("next", "next")
        expected = "The next step is still closed. Not yet: node1 is in a swarm, as manager: it is in no swarm."
        assert expected in said
        assert "This is the first step." in await talk.asks("back", "back")


async def test_a_command_is_run_on_its_node_and_what_it_prints_is_said_plainly(stage: Stage) -> None:
    answers = {
        "docker ps": ("\x1b[1mCONTAINER ID\x1b[0m   IMAGE\n\x1b]0;title\x07c0ffee         a:1", 0),
        "true": ("", 0),
    }
    async with PlainTalk(stage, answers) as talk:
        said = await talk.asks("node2 docker ps", "$ true", "node1", "$ flase")
        assert [line for line in said if "c0ffee" in line] == ["c0ffee         a:1"]
        assert "CONTAINER ID   IMAGE" in said
        assert "Nothing was printed by `true`." in said
        assert "This ended with exit status 127: `flase`" in said
        assert talk.commands("node2") == ["docker ps", "true"]
        assert talk.commands("node1") == ["flase"]
        assert [(ran.node, ran.text, ran.exit_status) for ran in talk.session.log] == [
            ("node2", "docker ps", 0),
            ("node2", "true", 0),
            ("node1", "flase", 127),
        ]
        assert "\x1b" not in talk.text


async def test_a_step_is_done_with_one_word(stage: Stage) -> None:
    async with PlainTalk(stage, {"docker swarm init": ("Swarm initialized", 0)}) as talk:
        await talk.asks("next")
        talk.type("do")
        await talk.hears("Swarm initialized")
        stage.watcher.show(swarm())
        await talk.hears("Step 2 is done.")
        assert "Doing this step for you." in talk.lines
        assert talk.lines.index("On node1: docker swarm init") < talk.lines.index("Swarm initialized")
        assert "Step 2 is done already." in await talk.asks("do")
    assert stage.saved().helped == {"init": "done"}


async def test_a_command_that_lasts_is_stopped_by_a_word(stage: Stage) -> None:
    async with PlainTalk(stage, {"sleep 100": LASTS, "true": ("", 0)}, terminal=True) as talk:
        talk.type("node1 sleep 100")
        await wait_until(lambda: talk.commands("node1") == ["sleep 100"], "the command runs")
        talk.type("stop")
        await talk.hears("Stopped.")
        await talk.asks("node1 true")
        assert talk.commands("node1") == ["sleep 100", "true"]
        await talk.hears("Nothing was printed by `true`.")


async def test_what_is_typed_meanwhile_comes_afterwards(stage: Stage) -> None:
    async with PlainTalk(stage, {"sleep 100": LASTS, "true": ("", 0)}, terminal=True) as talk:
        talk.type("node1 sleep 100", "node2 true")
        await wait_until(lambda: talk.commands("node1") == ["sleep 100"], "the command runs")
        assert talk.commands("node2") == []
        assert talk.course.stop()
        await talk.hears("Nothing was printed by `true`.")


async def test_a_shell_inside_a_shell_is_left_again(stage: Stage) -> None:
    async with PlainTalk(stage, {"true": ("", 0)}) as talk:
        said = await talk.asks("node1 ssh node2", "node1 true")
        assert any("That opened a shell on node2 inside the one of node1" in line for line in said)
        assert talk.commands("node1") == ["ssh node2", "true"]


async def test_hints_come_one_by_one_and_then_the_words_that_help_further(stage: Stage) -> None:
    async with PlainTalk(stage) as talk:
        assert "This step is done, so it has no hints any more." in await talk.asks("hint")
        said = await talk.asks("next", "hint", "h", "hint")
        assert [line for line in said if line.startswith("Hint")] == [
            "Hint 1 of 2: It begins with docker swarm.",
            "Hint 2 of 2: Four letters.",
        ]
        assert said[-1].startswith("There is no further hint. `type` runs the next command")


async def test_the_steps_are_listed_and_gone_to(stage: Stage) -> None:
    stage.file.save(LearnerProgress("small", current="pets", done=("read", "init", "join"), swarm=CLUSTER))
    stage.watcher.snapshot = _pets(1)
    async with PlainTalk(stage, fresh=False) as talk:
        said = await talk.asks("steps", "go 2", "where", "go nowhere", "go", "go Join")
        assert "Step 2, named init: Make a swarm. done." in said
        assert "Step 4, named pets: Three pets. the nodes stand here; you are reading it." in said
        assert "Step 2 of 4. Make a swarm." in said
        assert "There is no step `nowhere`. `steps` lists them all." in said
        assert "Step 3 of 4. Join." in said
    assert stage.saved().current == "join"


async def test_what_is_missing_is_told_and_mended_by_a_word(stage: Stage) -> None:
    stage.file.save(LearnerProgress("small", current="pets", done=("read", "init", "join"), swarm=CLUSTER))
    async with PlainTalk(stage) as talk:  # on nodes that are new
        said = await talk.asks("goals", "do", "type")
        trouble = "The nodes are not where this step begins. `mend` brings them here"
        assert sum(line.startswith(trouble) for line in said) >= 1
        assert said.count("The nodes are not where this step begins, so its commands would fail. `mend` brings them "
                          "here.") == 2  # fmt: skip
        assert talk.commands("node1") == []


async def test_the_swarm_is_told_in_lines(stage: Stage) -> None:
    stage.watcher.snapshot = _pets(2)
    async with PlainTalk(stage, fresh=False) as talk:
        said = await talk.asks("nodes", "services", "tasks", "tasks pets", "tasks cats")
        assert any(line.startswith("node1: manager, leader, ready, active, 1 task runs here") for line in said)
        assert any(line.startswith("pets: 2 of 2 replicas run, replicated, image swarmtutor/pets:1.0") for line in said)
        assert said.count("pets.2 on node2: running.") == 2
        assert "There is no service `cats`." in said


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first step is read almost at once, whether there are nodes or not."""
    monkeypatch.setattr("tui.tutor.plain_lesson._FIRST_PAGE", 0.05)


@pytest.mark.usefixtures("hasty")
async def test_words_that_need_nodes_say_so_before_there_are_any(stage: Stage) -> None:
    talk = PlainTalk(stage, terminal=True)
    talk.may_connect.clear()
    async with talk:
        await talk.hears("The nodes are still being made. Here is the first step meanwhile.")
        said = await talk.asks("next", "next", "type", "do", "node1 true", "go 4", "mend", "reset", "free", "shell")
        assert "Step 2 of 4. Make a swarm." in said
        assert sum("The nodes are not up yet" in line for line in said) == 7
        talk.may_connect.set()
        await talk.hears("Your three nodes are up.")


@pytest.mark.usefixtures("hasty")
async def test_nodes_that_cannot_be_made_end_the_lesson(stage: Stage) -> None:
    talk = PlainTalk(stage, terminal=True)
    talk.may_connect.clear()

    async def fail() -> None:
        await talk.may_connect.wait()
        raise UserError("There is no engine.")

    running = asyncio.create_task(talk.course.run(asyncio.create_task(fail())))
    await talk.hears("Step 1 of 4.")
    talk.may_connect.set()
    with pytest.raises(UserError, match="no engine"):
        await asyncio.wait_for(running, 60)


async def test_a_shell_takes_the_terminal_and_gives_it_back(stage: Stage) -> None:
    entered: list[str] = []
    talk: PlainTalk

    async def enter(node: str) -> None:
        entered.append(node)
        stage.watcher.show(swarm())
        assert not any(line.startswith("Done:") for line in talk.lines), "nothing is said while it has the terminal"

    talk = PlainTalk(stage, terminal=True, enter=enter)
    async with talk:
        said = await talk.asks("next", "shell 2", "shell node9")
        assert entered == ["node2"]
        assert said.index("Done: node1 is in a swarm, as manager.") > said.index(
            "This is a shell on node2 now. `exit` brings you back to the lesson."
        )
        assert "There is no node `node9`. The nodes: node1, node2, node3." in said


async def test_free_play_and_back(stage: Stage) -> None:
    async with PlainTalk(stage) as talk:
        said = await talk.asks("free", "free")
        assert [line for line in said if line.startswith("Free play:")] == [
            "Free play: the nodes are all yours, and nothing is judged. `free` takes you back to the lesson."
        ]
        assert talk.lines.count("Step 1 of 4. Read this.") == 2


async def test_leaving_keeps_the_nodes_or_not(stage: Stage) -> None:
    async with PlainTalk(stage) as talk:
        talk.type("quit tomorrow", "quit down")
        assert await talk.ends() is Farewell.TAKE_DOWN
        assert any(line.startswith("The nodes go on running; with `quit down`") for line in talk.lines)


QUESTION = (
    front_matter("small", title="A lab that asks")
    + """
# First

## Guess {#guess}

```yaml predict
id: where
ask: Where is the manager?
kind: choice
choices:
  - {say: on node1, when: {swarm: node1, expect: {role: manager}}}
  - {say: nowhere, when: {swarm: node1, expect: {state: inactive}}}
why: It began the swarm.
```

```sh node1
docker swarm init
```

```yaml step
goal:
  - {swarm: node1, expect: {state: active, role: manager}}
hints: [Guess.]
```
"""
)


async def test_a_question_is_answered_and_judged(tmp_path: Path) -> None:
    stage = Stage(tmp_path, QUESTION)
    async with PlainTalk(stage) as talk:
        said = await talk.asks("answer", "answer 7", "answer b", "a 1")
        assert "Question: Where is the manager?" in talk.lines
        assert "Choice 2: nowhere." in talk.lines
        assert said.count("The answer is the number of a choice, from `answer 1` to `answer 2`.") == 2
        assert said[-2:] == ["Your prediction: nowhere.", "Your prediction: on node1."]
        stage.watcher.show(swarm())
        await talk.hears("You have reached the end of this lab: every step is done.")
        assert "Your prediction: on node1. That was right." in talk.lines
        assert "What the swarm says: on node1." in talk.lines
        assert "It began the swarm." in talk.lines
    assert stage.saved().answers["where"].value == "1"
    await asyncio.gather(*(session.close() for session in stage.sessions))


def test_an_unknown_step_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UserError, match="has no step “nowhere”") as caught:
        run_plain(lab_id="orchestration", playground_name="none", restart=False, step_id="nowhere")
    assert caught.value.exit_code is ExitCode.NOT_FOUND
    assert "drain" in caught.value.hint
