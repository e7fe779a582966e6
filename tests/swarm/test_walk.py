"""The walk on real nodes: commands typed into real shells, goals seen red, then green, and what is said otherwise.

The labs themselves are proven by `make prove`.
"""

import re
from pathlib import Path

import pytest

from tests.small_lab import front_matter
from tui.checks.model import Outcome
from tui.errors import ExitCode
from tui.labs.parse import load_lab
from tui.playground.playground import SshPlayground, open_playground
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.session import LabSession
from tui.tutor.walk import StepResult, walk
from tui.tutor.walk_command import walk_lab

pytestmark = [pytest.mark.engines, pytest.mark.timeout(600)]

HEAD = (
    front_matter("tiny", title="A tiny lab")
    + """
# Only section

"""
)


async def _walk(playground: SshPlayground, folder: Path, steps: str) -> list[StepResult]:
    path = folder / "tiny" / "lab.md"
    path.parent.mkdir()
    path.write_text(HEAD + steps)
    session = LabSession(load_lab(path), None, BitttyEngine)
    seen: list[StepResult] = []
    try:
        await session.connect(await open_playground(playground.name), fresh=True)
        result = await walk(session, seen.append)
    finally:
        await session.close()
    assert list(result.steps) == seen
    assert result.passed == (len(seen) == len(session.lab.steps) and all(step.passed for step in seen))
    return seen


async def test_a_goal_that_is_met_before_its_commands_fails_the_walk(
    empty_swarm: SshPlayground, tmp_path: Path
) -> None:
    (step,) = await _walk(
        empty_swarm,
        tmp_path,
        """## Nothing to do {#idle}

```sh node1
true
```

```yaml step
goal:
  - {swarm: node1, expect: {state: inactive}}
hints: [Wait.]
```
""",
    )
    assert not step.passed
    assert "before its commands" in step.reason


async def test_a_command_that_fails_is_named_and_ends_the_walk(empty_swarm: SshPlayground, tmp_path: Path) -> None:
    steps = await _walk(
        empty_swarm,
        tmp_path,
        """## Fails {#fails}

```sh node2
docker swarm jion
```

```yaml step
goal:
  - {swarm: node2, expect: {state: active}}
hints: [Look at the spelling.]
```

## Never reached {#later}

Text.
""",
    )
    assert [step.passed for step in steps] == [False]
    assert "docker swarm jion" in steps[0].reason
    assert "node2" in steps[0].reason


async def test_a_goal_that_stays_red_says_what_was_seen(empty_swarm: SshPlayground, tmp_path: Path) -> None:
    one, step = await _walk(
        empty_swarm,
        tmp_path,
        """## One is one {#one}

```sh node1
docker swarm init
```

```yaml step
goal:
  - {nodes: {state: ready}, expect: {count: 1}}
hints: [Count.]
```

## One is not three {#short}

```sh node1
docker node ls
```

```yaml step
goal:
  - {nodes: {state: ready}, expect: {count: 3}, within: 3s}
hints: [Count again.]
```
""",
    )
    assert one.passed
    assert not step.passed
    assert re.search(r"3\b.*nodes?.*1\b", step.reason), step.reason


async def test_a_walk_can_begin_in_the_middle(empty_swarm: SshPlayground, tmp_path: Path) -> None:
    path = tmp_path / "tiny" / "lab.md"
    path.parent.mkdir()
    path.write_text(
        HEAD
        + """## One {#one}

```sh node1
docker swarm init
```

```yaml step
goal:
  - {nodes: {state: ready}, expect: {count: 1}, within: 90s}
hints: [Init.]
```

## Two {#two}

```sh node1
docker node update --availability drain node1
```

```yaml step
goal:
  - {node: node1, expect: {availability: drain}, within: 90s}
hints: [Drain.]
```
"""
    )
    said: list[str] = []
    assert await walk_lab(load_lab(path), empty_swarm.name, keep=True, first="two", write=said.append) == ExitCode.OK
    assert said[1].startswith("Brought to «Two» in ")
    assert said[2].startswith("✔  2/2 two ")
    assert said[3].startswith("1 of 1 steps passed")


async def test_a_session_shows_commands_with_their_facts_and_types_them(
    empty_swarm: SshPlayground, tmp_path: Path
) -> None:
    path = tmp_path / "tiny" / "lab.md"
    path.parent.mkdir()
    path.write_text(
        HEAD
        + """## Say the address {#address}

```sh node2
echo the address is {{ node1.ip }}
```

```yaml step
goal:
  - {ran: {node: node2, command: echo the address}, expect: {exit: 0}}
hints: [Echo it.]
```
"""
    )
    session = LabSession(load_lab(path), None, BitttyEngine)
    try:
        await session.connect(await open_playground(empty_swarm.name), fresh=True)
        shell = session.shells["node2"]
        await session.until(lambda: shell.at_prompt)
        assert session.insert_command() == "node2"
        address = empty_swarm.node("node1").address
        await session.until(lambda: f"the address is {address}" in _screen(session, "node2"))
        assert [goal.outcome for goal in session.view.goals] == [Outcome.FAIL]
        shell.write(b"\r")
        await session.until(lambda: session.view.done)
        assert session.view.finished
        assert f"\nthe address is {address}" in _screen(session, "node2")
    finally:
        await session.close()


def _screen(session: LabSession, node: str) -> str:
    engine = session.shells[node].engine
    return "\n".join("".join(run.text for run in engine.row(y)).rstrip() for y in range(engine.rows))
