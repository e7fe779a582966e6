"""The lab's diagnoses on a real swarm: each usual mistake is named and leaves its step red; other routes are green."""

import asyncio
import time
from collections.abc import AsyncGenerator
from types import MappingProxyType

import pytest

from tests.swarm.swarm_steps import form_swarm
from tui.checks.evaluate import diagnose, evaluate_all
from tui.checks.facts import facts_of
from tui.checks.model import Evidence, Outcome, Verdict
from tui.labs.model import Step
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir
from tui.playground.playground import SshPlayground
from tui.swarm.gossip import free_gossip
from tui.swarm.observer import Observer
from tui.swarm.snapshot import Snapshot
from tui.terminal.command_log import CommandLog, RanCommand

pytestmark = [pytest.mark.engines, pytest.mark.timeout(400)]

DEADLINE = 90.0


class Learner:
    """Somebody at the shells of the three nodes, in one step of the lab after another."""

    def __init__(self, playground: SshPlayground) -> None:
        self._playground = playground
        self._lab = load_lab_by_id("orchestration", content_dir())
        self._log = CommandLog()
        self._step: Step = self._lab.steps[0]
        self._opened = 0.0
        self.observer = Observer(playground.nodes)
        self._start: Snapshot = self.observer.snapshot

    def open(self, step_id: str) -> None:
        self._step = next(step for step in self._lab.steps if step.id == step_id)
        self._opened, self._start = time.time(), self.observer.snapshot

    async def types(self, node: str, command: str, *, fails: bool = False) -> None:
        ran = RanCommand(node=node, text=command, started=time.time())
        self._log.begin(ran)
        done = await self._playground.node(node).run(command, timeout=DEADLINE)
        output = done.stdout + done.stderr
        self._log.finish(ran, exit_status=done.exit_status, finished=time.time(), output=output)
        assert (done.exit_status != 0) == fails, (node, command, output)

    async def joins(self, node: str, role: str) -> None:
        asked = await self._playground.node("node1").run(f"docker swarm join-token -q {role}")
        manager = self._playground.node("node1").address
        await self.types(node, f"docker swarm join --token {asked.stdout.strip()} {manager}:2377")

    async def is_told(self, sentence: str) -> None:
        """Wait until the diagnosis says so; the goal is not met then."""
        try:
            snapshot = await self.observer.wait_for(lambda now: sentence in self._diagnosis(now), DEADLINE)
        except TimeoutError:
            pytest.fail(f"{self._step.id}: “{sentence}” is not said: {await self._account()}")
        assert not self._done(snapshot)

    async def is_done(self) -> None:
        try:
            await self.observer.wait_for(self._done, DEADLINE)
        except TimeoutError:
            pytest.fail(f"{self._step.id} is not done: {await self._account()}")

    def _evidence(self, snapshot: Snapshot) -> Evidence:
        return Evidence(snapshot, self._start, self._log.since(self._opened), MappingProxyType({}))

    def _diagnosis(self, snapshot: Snapshot) -> str:
        return diagnose(self._step, self._evidence(snapshot), facts_of(snapshot, "")) or ""

    async def _account(self) -> str:
        """What the checks see, and what the CLI says, for the reader of a failed test."""
        said = await self._playground.node("node1").run("docker node ls; docker service ps --no-trunc pets")
        seen = "\n".join(f"{v.outcome} {v.goal}: {v.seen}" for v in self._verdicts(self.observer.snapshot))
        return f"{seen}\n{said.stdout}{said.stderr}"

    def _verdicts(self, snapshot: Snapshot) -> tuple[Verdict, ...]:
        return evaluate_all(self._step.goal, self._evidence(snapshot), facts_of(snapshot, ""))

    def _done(self, snapshot: Snapshot) -> bool:
        return all(verdict.outcome is Outcome.PASS for verdict in self._verdicts(snapshot))


@pytest.fixture
async def learner(empty_swarm: SshPlayground) -> AsyncGenerator[Learner]:
    # The test before may have left its swarm badly.
    await asyncio.gather(*(free_gossip(node) for node in empty_swarm.nodes))
    somebody = Learner(empty_swarm)
    await somebody.observer.start()
    yield somebody
    await somebody.observer.stop()


async def test_mistakes_are_named_and_other_routes_pass(learner: Learner) -> None:
    learner.open("run")
    await learner.types("node2", "docker run -dt swarmtutor/shell:1.0 sleep infinity")
    await learner.is_told("runs on node2")
    await learner.types("node1", "docker run -dt swarmtutor/shell:1.0 true")
    await learner.types("node2", "docker rm -f $(docker ps -q)")
    await learner.is_told("has ended")
    await learner.types("node1", "docker container run -d -t --name sleeper swarmtutor/shell:1.0 sleep 10000")
    await learner.is_done()

    learner.open("init")
    await learner.types("node2", "docker swarm init")
    await learner.is_told("node2 has begun a swarm")
    await learner.types("node2", "docker swarm leave --force")
    await learner.types("node1", "docker swarm init --task-history-limit 3")
    await learner.is_done()

    learner.open("join")
    await learner.types("node3", "docker swarm init")
    await learner.is_told("node3 has begun a second swarm")
    await learner.types("node3", "docker swarm leave --force")
    await learner.joins("node3", "worker")
    await learner.joins("node2", "manager")
    await learner.is_told("node2 joined as a manager")
    await learner.types("node1", "docker node demote node2")
    await learner.is_done()

    learner.open("node-ls")
    await learner.types("node2", "docker node ls", fails=True)
    await learner.is_told("That was a worker")
    await learner.types("node1", "docker node list -q")
    await learner.is_done()


async def test_mistakes_with_services_are_named(learner: Learner, empty_swarm: SshPlayground) -> None:
    await form_swarm(empty_swarm)
    learner.open("create")
    await learner.types("node3", "docker service create --name pets -p 5000:5000 swarmtutor/pets:1.0", fails=True)
    await learner.is_told("Only a manager")

    learner.open("create")
    await learner.types("node1", "docker service create -d --name web -p 5000:5000 swarmtutor/pets:1.0")
    await learner.types("node1", "docker service create -d --name pets -p 5000:5000 swarmtutor/pets:1.0", fails=True)
    await learner.is_told("Another service has published port 5000")
    await learner.types("node1", "docker service rm web")

    learner.open("create")
    await learner.types("node1", "docker service create -d --name pets -p 5000:5000 swarmtutor/pest:1.0")
    await learner.is_told("made from another image")
    await learner.types("node1", "docker service rm pets")
    await learner.types("node1", "docker service create -d --name pets swarmtutor/pets:1.0")
    await learner.is_told("port 5000 is not published")
    await learner.types("node1", "docker service update -d --publish-add 5000:5000 pets")
    await learner.is_done()

    learner.open("page")
    await learner.types("node2", "curl -m 3 node1", fails=True)
    await learner.is_told("Did you name the port")

    learner.open("service-ps")
    await learner.types("node1", "docker ps")
    await learner.is_told("shows only what runs on node1")

    learner.open("three")
    await learner.types("node1", "docker service scale -d pets=3")
    await learner.is_done()


async def test_mistakes_with_maintenance_are_named(learner: Learner, empty_swarm: SshPlayground) -> None:
    await form_swarm(empty_swarm)
    await learner.types("node1", "docker service create -d --replicas 3 --name pets -p 5000:5000 swarmtutor/pets:1.0")
    learner.open("three")
    await learner.is_done()

    learner.open("on-node2")
    await learner.types("node1", "docker ps")
    await learner.is_told("You looked at another node")
    await learner.types("node1", "ssh node2 docker container ls")
    await learner.is_done()

    learner.open("drain")
    await learner.types("node1", "docker node update --availability pause node2")
    await learner.is_told("node2 is paused")
    await learner.types("node1", "docker node update --availability active node2")
    await learner.types("node1", "docker node update --availability drain node3")
    await learner.is_told("node3 was drained")
    await learner.types("node1", "docker node update --availability active node3")
    await learner.types("node1", "docker service scale -d pets=2")
    await learner.is_told("changed the number of replicas")
    await learner.types("node1", "docker service scale -d pets=3")
    await learner.types("node1", "docker node update --availability=drain node2")
    await learner.is_done()

    learner.open("active")
    await learner.types("node1", "docker node update --availability pause node2")
    await learner.is_told("node2 is paused")
    await learner.types("node1", "docker node update --availability active node2")
    await learner.is_done()

    learner.open("remove")
    await learner.types("node1", "docker service scale -d pets=0")
    await learner.is_told("the service still exists")
    await learner.types("node1", "docker service rm pets")
    await learner.is_done()

    learner.open("leave")
    await learner.types("node1", "docker swarm leave", fails=True)
    await learner.is_told("node1 is the last manager")
    await learner.types("node2", "docker swarm leave")
    await learner.types("node3", "docker swarm leave")
    await learner.types("node1", "docker swarm leave -f")
    await learner.is_done()
