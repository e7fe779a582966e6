"""A red goal explains itself: by the last command, by the nodes, by the tasks, and by what was done otherwise."""

from dataclasses import replace

import pytest

from tests.unit.checks_samples import FOUR_OF_SIX, ONE, PETS, SIX
from tests.unit.factories import (
    NOW,
    check,
    container,
    evidence,
    member,
    no_swarm,
    node,
    ran,
    service,
    swarm,
    task,
    with_engine,
    with_node,
)
from tests.unit.swarm_samples import recorded_snapshot
from tui.checks.evaluate import evaluate_all
from tui.checks.explain import explain
from tui.checks.facts import facts_of
from tui.swarm.snapshot import LocalState, PublishedPort, Snapshot
from tui.terminal.command_log import RanCommand

RUNS = "{service: pets, expect: {running: 1}}"
DRAINED = "{node: node2, expect: {availability: drain}}"


def explained(goal: str, now: Snapshot, *commands: RanCommand, start: Snapshot | None = None) -> str:
    specs = [check(goal)]
    seen = evidence(now, *commands, start=start or now)
    facts = facts_of(now, "ipvs")
    return explain(specs, evaluate_all(specs, seen, facts), seen, facts)


def one_task(**changes: object) -> Snapshot:
    return swarm([ONE], [task(ONE, 1, **{"on": "node2", "state": "rejected", **changes})])  # pyright: ignore[reportArgumentType]  # the task's own fields


def pending(error: str) -> Snapshot:
    return swarm([ONE], [task(ONE, 1, "", state="pending", error=error)])


# -- nothing to say ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("goal", "now"),
    [
        (RUNS, swarm()),
        (RUNS, no_swarm()),
        ("{service: pets, expect: {running: 6}}", swarm([PETS], FOUR_OF_SIX)),
        ("{service: pets, expect: {replicas: 6}}", swarm([ONE])),
        (DRAINED, swarm()),
        (DRAINED, with_node(swarm(), "node2", availability="pause")),
        ("{swarm: node1, expect: {state: active, role: manager}}", no_swarm()),
        ("{ran: {command: docker ps}}", swarm()),
        (RUNS, Snapshot(NOW)),
        (RUNS, replace(swarm(), manager="", manager_error="a manager is being asked")),
        ("{container: {node: node1, image: swarmtutor/shell}, expect: {count: 1}}", no_swarm()),
        ("{web: {node: node1, port: 5000}, expect: {status: 200}}", swarm()),
    ],
)
def test_what_was_merely_not_done_yet_is_no_trouble(goal: str, now: Snapshot) -> None:
    assert explained(goal, now) == ""


def test_a_green_goal_needs_no_explanation() -> None:
    down = with_node(swarm([PETS], SIX), "node3", state="down")
    assert explained("{service: pets, expect: {exists: true}}", down, ran("x", exit_status=1, output="no")) == ""


# -- nobody can be asked -------------------------------------------------------------------------------------------

THREE = replace(
    swarm(nodes=[node(name, role="manager") for name in ("node1", "node2", "node3")]),
    engines={name: member(name, is_manager=True, cluster_id="c") for name in ("node1", "node2", "node3")},
)
LEADERLESS = "node1: The swarm does not have a leader. It's possible that too few managers are online."


def off(snapshot: Snapshot, *names: str) -> Snapshot:
    for name in names:
        snapshot = with_engine(snapshot, name, reachable=False, error="it is powered off")
    return snapshot


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (
            replace(off(THREE, "node2", "node3"), manager="", manager_error=LEADERLESS),
            "The swarm has no leader: only 1 of 3 managers answers, and it takes 2.",
        ),
        (
            replace(off(THREE, "node2"), manager="", manager_error=LEADERLESS),
            "The swarm has no leader: its managers have not agreed on one yet.",
        ),
        (
            replace(off(swarm(), "node1"), manager="", manager_error="node1, a manager, cannot be asked: off"),
            "node1, the only manager, does not answer: it is powered off. Nobody else can be asked about the swarm.",
        ),
        (
            replace(
                with_engine(swarm(), "node1", state=LocalState.LOCKED),
                manager="",
                manager_error="node1 is locked (docker swarm unlock)",
            ),
            "node1 is locked: a manager needs the unlock key after its engine has started anew.",
        ),
        (
            replace(swarm(), manager="", manager_error="node2 is joining a swarm"),
            "The swarm cannot be asked: node2 is joining a swarm.",
        ),
    ],
)
def test_it_is_said_why_nobody_can_be_asked(now: Snapshot, sentence: str) -> None:
    assert explained(RUNS, now) == sentence
    assert explained("{node: node2, expect: {state: ready}}", now) == sentence


# -- the command that failed just now ------------------------------------------------------------------------------

DAEMON = "Error response from daemon: "
WORKER = (
    DAEMON + "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please …"
)
OUTSIDE = DAEMON + 'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect …'
TAKEN = (
    DAEMON + "rpc error: code = InvalidArgument desc = port '5000' is already in use by service 'web' (x) as an ingress"
)
EXISTS = (
    DAEMON
    + "rpc error: code = AlreadyExists desc = name conflicts with an existing object: service pets already exists"
)
LEAVE = DAEMON + "You are attempting to leave the swarm on a node that is participating as a manager. Removing …"
SEE = "\nSee 'docker service create --help'.\n\nUsage:  docker service create [OPTIONS] IMAGE\n\nCreate a new service\n"
PULL = (
    "Unable to find image 'swarmtutor/pet:1.0' locally\ndocker: " + DAEMON + "pull access denied for swarmtutor/pet, …"
)


@pytest.mark.parametrize(
    ("text", "on", "output", "sentence"),
    [
        (
            "docker service create --name pets x",
            "node2",
            WORKER,
            "node2 refused “docker service create”: only a manager can do that. Ask node1.",
        ),
        (
            "docker swarm join --token x node1:2377",
            "node2",
            DAEMON + 'This node is already part of a swarm. Use "docker swarm leave" to leave …',
            "node2 is in a swarm already. To enter another it has to leave that one first.",
        ),
        (
            "docker service create -p 5000:5000 x",
            "node1",
            TAKEN,
            "Port 5000 is taken: the service web publishes it already.",
        ),
        (
            "docker run -p 5000:5000 x",
            "node1",
            "docker: " + DAEMON + "driver failed …: Bind for 0.0.0.0:5000 failed: port is already allocated.",
            "Port 5000 is taken on node1 already: the service pets publishes it.",
        ),
        ("docker service create --name pets x", "node1", EXISTS, "There is a service named pets already."),
        (
            "docker service scale petz=6",
            "node1",
            DAEMON + "service petz not found",
            "There is no service petz. Did you mean pets?",
        ),
        ("docker service rm dogs", "node1", "Error: No such service: dogs", "There is no service dogs. There is pets."),
        (
            "docker node update x",
            "node1",
            "Error: No such node: nodee2",
            "There is no node nodee2. Did you mean node2?",
        ),
        ("docker kill abc", "node1", DAEMON + "No such container: abc", "There is no container abc on node1."),
        (
            "docker run -d swarmtutor/pet:1.0",
            "node1",
            PULL,
            "No image swarmtutor/pet can be found. Did you mean swarmtutor/pets:1.0?",
        ),
        (
            "docker swarm leave",
            "node1",
            LEAVE,
            "node1 is a manager. A manager leaves only by force, because its swarm may be lost without it.",
        ),
        (
            "docker node rm node2",
            "node1",
            DAEMON + "rpc error: code = FailedPrecondition desc = node x is not down and can't be removed",
            "A node that is up cannot be taken off the list: it must have left the swarm, or be Down.",
        ),
        (
            "docker service ls",
            "node1",
            DAEMON + "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible …",
            "“docker service ls” failed: the swarm has no leader, because too few of its managers are there.",
        ),
        (
            "docker swarm join --token x 10.0.0.9:2377",
            "node3",
            DAEMON + "rpc error: code = InvalidArgument desc = A valid join token is necessary to join this cluster",
            "node3 was not let in: the join token is not one of this swarm. Was it copied whole?",
        ),
        (
            "docker swarm join --token x 10.0.0.9:2377",
            "node3",
            DAEMON + "Timeout was reached before node joined. The attempt to join the swarm will continue …",
            "node3 reached no manager at the address that it was given. node1 listens at 10.77.0.1:2377.",
        ),
        (
            "docker ps",
            "node2",
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            "The engine of node2 does not answer.",
        ),
        (
            "docker serivce ls",
            "node1",
            "docker: 'serivce' is not a docker command.\nSee 'docker --help'",
            "Docker has no command “serivce”. Did you mean service?",
        ),
        (
            "docker serivce ls",
            "node1",
            "docker: unknown command: docker serivce\n\nRun 'docker --help' for more information",
            "Docker has no command “serivce”. Did you mean service?",
        ),
        (
            "dokcer ps",
            "node1",
            "bash: dokcer: command not found\n",
            "node1 knows no command “dokcer”. Did you mean docker?",
        ),
        (
            "docker service create --replica 3 x",
            "node1",
            "unknown flag: --replica" + SEE,
            "“docker service create” has no option --replica. `docker service create --help` lists those that it has.",
        ),
        (
            "docker service create",
            "node1",
            '"docker service create" requires at least 1 argument.' + SEE,
            "“docker service create” requires at least 1 argument. `docker service create --help` shows which.",
        ),
        (
            "docker service create --replicas x y",
            "node1",
            'invalid argument "x" for "--replicas" flag: strconv.ParseUint: parsing "x": invalid syntax' + SEE,
            "“docker service create” failed on node1: “invalid argument "
            '"x" for "--replicas" flag: strconv.ParseUint: parsing "x": invalid syntax”.',
        ),
        ("false", "node1", "", "“false” failed on node1, with exit status 1."),
    ],
)
def test_the_last_command_says_why_it_failed(text: str, on: str, output: str, sentence: str) -> None:
    now = swarm([service("pets")], with_engine(swarm(), "node1").tasks)
    assert explained("{service: pets, expect: {running: 6}}", now, ran(text, on, 1, output)) == sentence


def test_outside_a_swarm_nobody_is_named_as_manager() -> None:
    said = explained("{service: pets, expect: {exists: true}}", no_swarm(), ran("docker node ls", "node2", 1, OUTSIDE))
    assert said == "node2 refused “docker node ls”: only a manager can do that, and node2 is in no swarm."


@pytest.mark.parametrize(
    "commands",
    [
        [replace(ran("x", exit_status=1, output="no"), started=NOW - 9), ran("docker node ls")],
        [ran("watch docker ps", exit_status=130)],
        [ran("docker node ls", exit_status=None)],
    ],
)
def test_only_the_last_command_counts_and_only_if_it_failed(commands: list[RanCommand]) -> None:
    assert explained(RUNS, swarm(), *commands) == ""


def test_a_command_that_is_meant_to_fail_is_no_trouble() -> None:
    goal = "{ran: {node: node2, command: docker node ls}, expect: {exit: {not: 0}, count: 2}}"
    assert explained(goal, swarm(), ran("docker node ls", "node2", 1, WORKER)) == ""


# -- nodes ---------------------------------------------------------------------------------------------------------

LEFT = with_engine(swarm(nodes=[node("node1"), node("node3")]), "node2", state=LocalState.INACTIVE, node_id="")


@pytest.mark.parametrize(
    ("goal", "now", "start", "sentence"),
    [
        (
            "{node: node2, expect: {state: ready}}",
            with_node(swarm(), "node2", state="down", message="heartbeat failure"),
            None,
            "node2 is Down: its manager has not heard of it lately: heartbeat failure.",
        ),
        (
            "{node: node2, expect: {state: ready}}",
            off(with_node(swarm(), "node2", state="down"), "node2"),
            None,
            "node2 does not answer: it is powered off.",
        ),
        ("{node: node2, expect: {state: down}}", off(swarm(), "node2"), None, ""),
        (
            "{container: {node: node2, image: x}, expect: {count: 1}}",
            off(swarm(), "node2"),
            None,
            "node2 does not answer: it is powered off.",
        ),
        (
            DRAINED,
            with_node(swarm(), "node2", availability="pause"),
            swarm(),
            "node2 is paused, not drained: it keeps the tasks that it has, and gets no new ones.",
        ),
        (DRAINED, with_node(swarm(), "node3", availability="drain"), swarm(), "node3 is drained, and node2 was to be."),
        (
            "{node: node2, expect: {availability: active}}",
            with_node(swarm(), "node2", availability="pause"),
            with_node(swarm(), "node2", availability="drain"),
            "node2 is paused, not Active: it gets no new tasks.",
        ),
        (
            "{node: node2, expect: {role: worker}}",
            with_node(swarm(), "node2", role="manager"),
            swarm(nodes=[node("node1")]),
            "node2 joined as a manager, and a worker is wanted.",
        ),
        (
            "{node: node2, expect: {role: manager}}",
            with_node(swarm(), "node2", role="worker"),
            with_node(swarm(), "node2", role="manager"),
            "node2 was made a worker, and a manager is wanted.",
        ),
        ("{node: node2, expect: {state: ready}}", LEFT, swarm(), "node2 has left the swarm."),
        (
            "{node: node2, expect: {state: ready}}",
            with_engine(LEFT, "node2", state=LocalState.ACTIVE, is_manager=True, node_id="y", cluster_id="z"),
            LEFT,
            "node2 has begun a swarm of its own instead of joining this one.",
        ),
        (
            "{node: node2, expect: {state: ready}}",
            with_engine(LEFT, "node2", state=LocalState.PENDING),
            LEFT,
            "node2 is still trying to join, and no manager has let it in yet.",
        ),
        (
            "{swarm: node1, expect: {state: active, role: manager}}",
            with_engine(no_swarm(), "node2", state=LocalState.ACTIVE, is_manager=True, node_id="y"),
            no_swarm(),
            "node2 has begun a swarm, and node1 was to do so.",
        ),
        (
            "{swarm: node2, expect: {state: active, role: worker}}",
            with_engine(swarm(), "node2", is_manager=True),
            LEFT,
            "node2 is in the swarm as a manager, and a worker is wanted.",
        ),
        (
            "{container: {node: node1, image: swarmtutor/shell, task: false, state: running}, expect: {count: 1}}",
            with_engine(no_swarm(), "node2", containers=(container(),)),
            no_swarm(),
            "The container bold_bell runs on node2, and it was to run on node1.",
        ),
        (
            "{container: {node: node1, image: swarmtutor/shell, task: false, state: running}, expect: {count: 1}}",
            with_engine(
                no_swarm(), "node1", containers=(container(state="exited", status="Exited (1) 2 seconds ago"),)
            ),
            no_swarm(),
            "The container bold_bell on node1 does not run: Exited (1) 2 seconds ago.",
        ),
    ],
)
def test_a_node_that_is_not_as_wanted_says_how_it_is(
    goal: str, now: Snapshot, start: Snapshot | None, sentence: str
) -> None:
    assert explained(goal, now, start=start) == sentence


# -- services ------------------------------------------------------------------------------------------------------

CONSTRAINTS = "no suitable node (scheduling constraints not satisfied on 2 nodes; 1 node not available for new tasks)"


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (
            with_node(pending(CONSTRAINTS), "node2", availability="drain"),
            "No node can take a task of pets: its constraints fit none of 2 nodes; node2 is drained.",
        ),
        (
            pending("no suitable node (insufficient resources on 3 nodes)"),
            "No node can take a task of pets: 3 nodes have too little memory or processor time left for it.",
        ),
        (
            pending("no suitable node (host-mode port already in use on 1 node)"),
            "No node can take a task of pets: the port is already in use on 1 node.",
        ),
        (
            with_node(with_node(pending("no suitable node"), "node2", availability="pause"), "node3", state="down"),
            "No node can take a task of pets: node2 is paused and node3 is Down.",
        ),
        (pending("no suitable node (what is new)"), "No node can take a task of pets: “what is new”."),
        (
            one_task(error="No such image: swarmtutor/petz:1.0"),
            "There is no image swarmtutor/petz:1.0 on node2. Did you mean swarmtutor/pets:2.0?",
        ),
        (one_task(error="No such image: other/thing:9"), "There is no image other/thing:9 on node2."),
        (
            one_task(state="failed", error="task: non-zero exit (137)"),
            "A task of pets ended on node2 with exit status 137.",
        ),
        (
            one_task(state="failed", error="task: non-zero exit (1): dockerexec: unhealthy container"),
            "A task of pets ended on node2 with exit status 1: “dockerexec: unhealthy container”.",
        ),
        (
            one_task(
                state="failed", error="starting container failed: Bind for 0.0.0.0:80 failed: port is already allocated"
            ),
            "A task of pets could not start on node2: its port is in use there already.",
        ),
        (
            one_task(error="invalid mount config for type bind: source path does not exist"),
            "A task of pets could not run on node2: “invalid mount config for type bind: source path does not exist”.",
        ),
        (
            with_node(swarm([ONE], [task(ONE, 1, "node3")]), "node3", state="down"),
            "Tasks of pets are on node3, which does not answer the manager.",
        ),
    ],
)
def test_tasks_that_do_not_run_say_what_keeps_them(now: Snapshot, sentence: str) -> None:
    more = replace(now, services=(*now.services, service("old", image="swarmtutor/pets:2.0")))
    assert explained("{service: pets, expect: {running: 1}}", more) == sentence
    assert explained("{tasks: {service: pets}, expect: {running: 1}}", more) == sentence


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("bad", "There is no image nosuch/image:9 on node1."),
        (
            "nowhere",
            "No node can take a task of nowhere: its constraints fit none of 2 nodes; node2 is drained.",
        ),
        ("pets", ""),
    ],
)
def test_real_tasks_are_explained(name: str, sentence: str) -> None:
    assert explained(f"{{service: {name}, expect: {{running: 9}}}}", recorded_snapshot("swarm")) == sentence


MADE = "{service: pets, expect: {exists: true, image: 'swarmtutor/pets:1.0', port: 5000, replicas: 6}}"


@pytest.mark.parametrize(
    ("goal", "now", "start", "sentence"),
    [
        (MADE, swarm([service("petz")]), swarm(), "There is a service petz, and pets is wanted."),
        (MADE, swarm([service("dogs")]), swarm(), "There is a service dogs, and pets is wanted."),
        (MADE, swarm([service("dogs", image="x/y:1")]), swarm(), ""),
        (MADE, swarm([service("petz")]), swarm([service("petz")]), ""),
        (MADE, swarm(), swarm([PETS]), "The service pets was removed."),
        (
            MADE,
            swarm([service("pets", 6, image="swarmtutor/pet:1.0")]),
            swarm(),
            "pets uses the image swarmtutor/pet:1.0, and swarmtutor/pets:1.0 is wanted.",
        ),
        (MADE, swarm([service("pets", 6, ports=())]), swarm(), "pets publishes no port, and 5000 is wanted."),
        (
            MADE,
            swarm([service("pets", 6, ports=(PublishedPort(8080, 5000),))]),
            swarm(),
            "pets publishes port 8080, and 5000 is wanted.",
        ),
        (MADE, swarm([service("pets", 1)]), swarm(), "pets asks for 1 replica, and 6 are wanted."),
        (
            "{service: pets, expect: {running: 6}}",
            swarm([service("pets", 5)]),
            swarm([ONE]),
            "pets asks for 5 replicas, and 6 are wanted.",
        ),
        (
            "{service: pets, expect: {mode: global}}",
            swarm([ONE]),
            swarm(),
            "pets is replicated, and global is wanted.",
        ),
        (
            MADE,
            with_engine(swarm(), "node1", containers=(container("swarmtutor/pets:1.0"),)),
            swarm(),
            "bold_bell is a single container on node1, and a service is wanted.",
        ),
    ],
)
def test_what_was_made_otherwise_is_told(goal: str, now: Snapshot, start: Snapshot, sentence: str) -> None:
    assert explained(goal, now, start=start) == sentence


def test_the_most_telling_comes_first() -> None:
    now = with_node(one_task(error="No such image: a/b:1"), "node3", state="down")
    specs = [check("{node: node3, expect: {state: ready}}"), check(RUNS)]
    failed = ran("docker service rm dogs", exit_status=1, output="Error: No such service: dogs")
    for commands, sentence in (
        ((), "node3 is Down: its manager has not heard of it lately."),
        ((failed,), "There is no service dogs. There is pets."),
    ):
        seen = evidence(now, *commands)
        assert explain(specs, evaluate_all(specs, seen, {}), seen, {}) == sentence
