"""A session without nodes: doubles of the playground and of what watches it, and a clock that the test moves."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.small_lab import front_matter
from tests.unit.factories import no_swarm
from tui.errors import UserError
from tui.labs.model import Lab
from tui.labs.parse import load_lab
from tui.playground.model import (
    NODE_NAMES,
    Completed,
    EngineDial,
    Fault,
    Node,
    NodeUnreachableError,
    Playground,
    Shell,
    WebAnswer,
)
from tui.swarm.snapshot import Snapshot
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.progress import ProgressFile
from tui.tutor.progress_record import LearnerProgress
from tui.tutor.session import LabSession
from tui.tutor.views import SessionEvent

__all__ = ["LAB", "FakeControl", "FakeNode", "FakePlayground", "FakeWatcher", "Stage"]

LAB = (
    front_matter("small", title="A small lab")
    + """
# First

Why we are here.

## Read this {#read}

Nothing to do. node1 is at `{{ node1.ip }}`.

## Make a swarm {#init}

```sh node1
docker swarm init
```

```yaml step
goal:
  - {swarm: node1, expect: {state: active, role: manager}}
diagnose:
  - when: {swarm: node2, expect: {state: active, role: manager}}
    say: That was node2.
hints:
  - It begins with docker swarm.
  - Four letters.
```

# Second

## Join {#join}

```sh node2
docker swarm join --token {{ token.worker }} {{ node1.ip }}:2377
```

```yaml step
goal:
  - {nodes: {role: worker, state: ready}, expect: {count: 2}}
hints: [Look at the step before.]
```

## Three pets {#pets}

```sh node1
docker service scale pets=3
```

```yaml step
goal:
  - {service: pets, expect: {running: 3}, for: 3s}
hints: [Scale.]
```
"""
)


class FakeNode:
    """A node that nobody can reach."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.address = f"10.77.0.1{name[-1]}"

    async def run(self, command: str, *, stdin: bytes = b"", timeout: float = 60.0, as_root: bool = False) -> Completed:
        raise NodeUnreachableError(f"{self.name} is a double")

    async def open_shell(self, columns: int, rows: int) -> Shell:
        raise NodeUnreachableError(f"{self.name} is a double")

    async def engine_dial(self) -> EngineDial:
        raise NodeUnreachableError(f"{self.name} is a double")

    async def fetch(self, port: int, path: str = "/", *, timeout: float = 3.0) -> WebAnswer:
        return WebAnswer(0, error="connection refused")

    async def close(self) -> None:
        return


class FakePlayground:
    name = "fake"
    provider = "none"
    mesh = "ipvs"

    def __init__(self) -> None:
        self.closed = False
        self.nodes: Sequence[Node] = [FakeNode(name) for name in NODE_NAMES]

    def node(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    async def close(self) -> None:
        self.closed = True


class FakeWatcher:
    """Shows the snapshots that a test puts in."""

    def __init__(self, first: Snapshot) -> None:
        self.snapshot = first
        self._callbacks: list[Callable[[Snapshot], None]] = []
        self.later: list[Snapshot] = []  # what is seen next by somebody who waits
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        self._callbacks.clear()

    def subscribe(self, callback: Callable[[Snapshot], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def refresh(self) -> None:
        self.show(self.snapshot)

    async def wait_for(self, predicate: Callable[[Snapshot], bool], timeout: float) -> Snapshot:
        await self.may_answer.wait()
        while not predicate(self.snapshot):
            if not self.later:
                raise TimeoutError
            self.show(self.later.pop(0))
        return self.snapshot

    def show(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        for callback in tuple(self._callbacks):
            callback(snapshot)


class FakeControl:
    """Power over nodes that are not there: keeps account of what was asked for."""

    def __init__(self) -> None:
        self.standing: dict[str, set[Fault]] = {}
        self.asked: list[tuple[str, str]] = []
        self.refuses = ""

    async def renew(self, nodes: Sequence[str]) -> None:
        self.asked.append(("renew", " ".join(nodes)))
        self.standing.clear()

    async def cause(self, node: str, fault: Fault) -> str:
        if self.refuses:
            raise UserError(self.refuses)
        self.asked.append((node, fault.value))
        if fault.state:
            self.standing.setdefault(node, set()).add(fault)
        else:
            self.standing.get(node, set()).discard(fault.undo)
        return f"{node}: {fault.value}"

    async def faults(self) -> Mapping[str, set[Fault]]:
        return {node: set(faults) for node, faults in self.standing.items() if faults}

    async def revive(self) -> None:
        self.asked.append(("revive", ""))
        self.standing.clear()


class Stage:
    """A session with its doubles, a clock that the test moves, and what the session told."""

    def __init__(self, folder: Path, text: str = LAB) -> None:
        path = folder / "small" / "lab.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        self.control = FakeControl()
        self.lab: Lab = load_lab(path)
        self.file = ProgressFile(folder / "progress.json", self.lab.id)
        self.now = 1000.0
        self.playground = FakePlayground()
        self.watcher = FakeWatcher(no_swarm())
        self.sessions: list[LabSession] = []
        self.events: list[SessionEvent] = []

    def session(self) -> LabSession:
        session = LabSession(
            self.lab,
            self.file,
            BitttyEngine,
            control=self.control,
            observe=lambda _nodes: self.watcher,
            clock=lambda: self.now,
        )
        session.subscribe(self.events.append)
        self.sessions.append(session)
        return session

    async def live(self, *, fresh: bool = True) -> LabSession:
        session = self.session()
        playground: Playground = self.playground
        await session.connect(playground, fresh=fresh)
        return session

    def saved(self) -> LearnerProgress:
        return self.file.load()[0]
