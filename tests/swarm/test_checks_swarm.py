"""Checks of what only some labs look at, and explanations, on real engines."""

import asyncio
import time
from collections.abc import Callable, Sequence

import pytest

from tests.swarm.swarm_steps import PATIENCE, done, observed, seen
from tests.unit.factories import check
from tui.checks.evaluate import evaluate_all
from tui.checks.explain import explain
from tui.checks.facts import facts_of
from tui.checks.model import Evidence, Outcome
from tui.labs.model import CheckSpec
from tui.playground.model import Node
from tui.playground.playground import SshPlayground
from tui.swarm.observer import Observer
from tui.swarm.snapshot import Extra, Snapshot
from tui.terminal.command_log import RanCommand

pytestmark = pytest.mark.engines

STACK = """
version: "3.8"
services:
  web: {image: "swarmtutor/pets:1.0", networks: [back], secrets: [key], configs: [site], stop_grace_period: 1s}
networks: {back: {external: true}}
secrets: {key: {external: true}}
configs: {site: {external: true}}
"""
MADE = [
    "{network: back, expect: {driver: overlay, scope: swarm, attachable: true, internal: false, used_by: 1}}",
    "{secret: key, expect: {exists: true, used_by: 1}}",
    "{config: site, expect: {exists: true, used_by: 1}}",
    "{stack: shop, expect: {services: 1, names: web, running: 1}}",
    "{service: shop_web, expect: {networks: {each: back}, secrets: {each: key}, configs: {each: site}}}",
    "{image: {node: node1, name: swarmtutor/pets}, expect: {exists: true}}",
    "{image: {node: node1, name: 'swarmtutor/shell:1.0'}, expect: {exists: true}}",
    "{tasks: {service: shop_web}, expect: {nodes: {each: node1}, images: {each: 'swarmtutor/pets:1.0'}}}",
]
GONE = [
    "{network: back, expect: {exists: false}}",
    "{secret: key, expect: {exists: false}}",
    "{config: site, expect: {exists: false}}",
    "{stack: shop, expect: {exists: false}}",
    "{image: {node: node1, name: swarmtutor/shell}, expect: {exists: false}}",
]


def green(specs: Sequence[CheckSpec], start: Snapshot) -> Callable[[Snapshot], bool]:
    def look(snapshot: Snapshot) -> bool:
        verdicts = evaluate_all(specs, Evidence(snapshot, start), facts_of(snapshot, ""))
        return all(verdict.outcome is Outcome.PASS for verdict in verdicts)

    return look


async def test_what_only_some_labs_look_at(empty_swarm: SshPlayground) -> None:
    node1 = empty_swarm.node("node1")
    made, gone = [check(yaml) for yaml in MADE], [check(yaml) for yaml in GONE]
    await done(node1, "docker swarm init")
    await node1.run("docker rmi -f swarmtutor/shell:1.0", timeout=PATIENCE)
    async with observed(empty_swarm, extras=tuple(Extra)) as observer:
        start = await seen(observer, lambda s: bool(s.manager) and green(gone, s)(s))
        await done(node1, "docker network create -d overlay --attachable back")
        await done(node1, "printf 1 | docker secret create key - && printf 2 | docker config create site -")
        await done(node1, "docker pull -q swarmtutor/shell:1.0")
        deployed = await node1.run("docker stack deploy -c - shop", stdin=STACK.encode(), timeout=PATIENCE)
        assert deployed.exit_status == 0, deployed
        await seen(observer, green(made, start))
        await done(node1, "docker stack rm shop")
        await done(node1, "docker rmi -f swarmtutor/shell:1.0")
        await done(
            node1, "until docker network rm back; do sleep 0.2; done; docker secret rm key; docker config rm site"
        )
        await seen(observer, green(gone, start))


async def explained(
    goal: str, sentence: str, start: Snapshot, observer: Observer, command: RanCommand | None = None
) -> None:
    """Wait until the goal is explained so; `…` stands for the rest."""
    specs = [check(goal)]

    def said(snapshot: Snapshot) -> str:
        found = Evidence(snapshot, start, (command,) if command is not None else ())
        facts = facts_of(snapshot, "")
        return explain(specs, evaluate_all(specs, found, facts), found, facts)

    begin = sentence.removesuffix("…")
    try:
        await observer.wait_for(lambda snapshot: said(snapshot).startswith(begin), PATIENCE)
    except TimeoutError:
        raise AssertionError(f"not said: {sentence}; but: {said(observer.snapshot)}") from None


async def failing(node: Node, command: str) -> RanCommand:
    """A command that fails, as a shell would log it."""
    ended = await node.run(command, timeout=PATIENCE)
    assert ended.exit_status != 0, ended
    return RanCommand(node.name, command, time.time(), ended.exit_status, time.time(), ended.stdout + ended.stderr)


async def test_real_engines_words_are_understood(empty_swarm: SshPlayground) -> None:
    node1, node2, _ = empty_swarm.nodes
    pets = "{service: pets, expect: {running: 1}}"
    await done(node1, "docker swarm init")
    token = await done(node1, "docker swarm join-token -q worker")
    await done(node2, f"docker swarm join --token {token} {node1.address}:2377")
    async with observed(empty_swarm) as observer:
        start = await seen(observer, lambda s: len(s.nodes) == 2 and s.manager == "node1")
        create = "docker service create -d --stop-grace-period 1s --name pets"
        for node, command, sentence in (
            (node2, f"{create} x", "node2 refused “docker service create”: only a manager can do that. Ask node1."),
            (node1, "docker service rm petz", "There is no service petz."),
            (node2, f"docker swarm join --token {token} {node1.address}:2377", "node2 is in a swarm already. To …"),
            (node1, "docker swarm leave", "node1 is a manager. A manager leaves only by force, because its …"),
            (node1, "docker serivce ls", "Docker has no command “serivce”. Did you mean service?"),
            (node1, "docker service create --replica 2 x", "“docker service create” has no option --replica. …"),
            (node1, "docker service create", "“docker service create” requires at least 1 argument. …"),
            (node1, "docker node rm node2", "A node that is up cannot be taken off the list: …"),
        ):
            await explained(pets, sentence, start, observer, await failing(node, command))
        await done(node1, f"{create} --constraint node.labels.x==y swarmtutor/pets:1.0")
        await explained(pets, "No node can take a task of pets: its constraints fit none of 2 nodes.", start, observer)
        taken = await failing(node1, "docker service create -d --name pets swarmtutor/pets:1.0")
        await explained(pets, "There is a service named pets already.", start, observer, taken)
        await done(node1, "docker service rm pets")
        await done(node1, f"{create} --no-resolve-image --constraint node.hostname==node2 nosuch/pets:9")
        await explained(pets, "There is no image nosuch/pets:9 on node2.", start, observer)
        await asyncio.gather(*(done(node, "docker swarm leave --force") for node in (node2, node1)))
