"""Checks of networks, secrets, configs, stacks, images, answers and commands, and the matchers of several values."""

from dataclasses import replace

import pytest

from tests.unit.checks_samples import FAIL, HUNG, LOST, ONE, PASS, PETS, SIX, UNKNOWN, Row, assert_verdict
from tests.unit.factories import check, container, evidence, no_swarm, service, swarm, tasks, with_engine
from tui.checks.evaluate import command_targets, evaluate, goal_targets
from tui.checks.extras import extras_of_checks
from tui.checks.model import Answer, CommandTarget, Found, Outcome, WebTarget
from tui.labs.model import CheckSpec, Subject
from tui.swarm.snapshot import Extra, Network, Snapshot, StoredItem

NET = Network("n1", "back", "overlay", "swarm", attachable=True)
HERE = Network("n2", "here", "bridge", "local")
ATTACHED = service("pets", networks=("n1",), secrets=("key",), configs=("site",), force_update=2)
STACK = (
    service("shop_web", 2, labels=(("com.docker.stack.namespace", "shop"),)),
    service("shop_db", 1, labels=(("com.docker.stack.namespace", "shop"),)),
)
STORED = replace(
    swarm([ATTACHED, *STACK], tasks(STACK[0], "node1", "node2")),
    networks=(NET, HERE, Network("n0", "ingress", "overlay", "swarm", ingress=True)),
    secrets=(StoredItem("s1", "key"), StoredItem("s2", "spare")),
    configs=(StoredItem("c1", "site"),),
)

ROWS: list[Row] = [
    ("{network: back, expect: {exists: true}}", STORED, PASS, "the network back exists", ""),
    (
        "{network: bak, expect: {exists: true}}",
        STORED,
        FAIL,
        "the network bak exists",
        "there is no network named bak; the swarm has back",
    ),
    ("{network: back, expect: {exists: false}}", STORED, FAIL, "the network back is gone", "it still exists"),
    (
        "{network: back, expect: {driver: overlay, scope: swarm, attachable: true, internal: false, used_by: 1}}",
        STORED,
        PASS,
        "the network back is of the kind overlay, spans the swarm, lets any container attach to it, has a way out"
        " and is used by 1 service",
        "",
    ),
    (
        "{network: here, expect: {scope: swarm, used_by: {gte: 1}}}",
        STORED,
        FAIL,
        "the network here spans the swarm and is used by at least 1 service",
        "it exists on node1 alone; no service uses it",
    ),
    ("{network: back, expect: {exists: true}}", HUNG, UNKNOWN, "the network back exists", LOST),
    (
        "{network: back, expect: {exists: true}}",
        swarm(),
        UNKNOWN,
        "the network back exists",
        "the networks were not asked for yet",
    ),
    (
        "{network: back, expect: {exists: true}}",
        no_swarm(),
        FAIL,
        "the network back exists",
        "there is no swarm, so there are no networks of it",
    ),
    ("{secret: key, expect: {exists: true, used_by: 1}}", STORED, PASS, "the secret key is used by 1 service", ""),
    (
        "{secret: spare, expect: {used_by: 1}}",
        STORED,
        FAIL,
        "the secret spare is used by 1 service",
        "no service uses it",
    ),
    (
        "{secret: site, expect: {exists: true}}",
        STORED,
        FAIL,
        "the secret site exists",
        "there is no secret named site; docker secret ls lists key and spare",
    ),
    ("{config: site, expect: {used_by: 0}}", STORED, FAIL, "the config site is used by no service", "pets uses it"),
    ("{config: site, expect: {exists: false}}", no_swarm(), PASS, "the config site is gone", ""),
    (
        "{stack: shop, expect: {services: 2, names: web, running: 3}}",
        STORED,
        FAIL,
        "the stack shop has 2 services, has the service web and runs 3 tasks",
        "2 run",
    ),
    (
        "{stack: shop, expect: {names: {each: web}}}",
        STORED,
        FAIL,
        "the stack shop has only the service web",
        "it has 2 services: web and db",
    ),
    (
        "{stack: shp, expect: {exists: true}}",
        STORED,
        FAIL,
        "the stack shp exists",
        "there is no stack named shp; docker stack ls lists shop",
    ),
    ("{stack: shop, expect: {exists: false}}", swarm(), PASS, "the stack shop is gone", ""),
    (
        "{service: pets, expect: {networks: back, secrets: key, configs: {none: {match: key}}, ports: {each: 5000}}}",
        STORED,
        PASS,
        "the service pets is attached to the network back, may read the secret key, may read nothing like the config"
        " something with “key” and publishes only port 5000",
        "",
    ),
    (
        "{service: pets, expect: {networks: front}}",
        STORED,
        FAIL,
        "the service pets is attached to the network front",
        "it is attached to back",
    ),
    (
        "{service: pets, expect: {forced: {gt: 2}}}",
        STORED,
        FAIL,
        "the service pets was updated by force",
        "it was updated by force 2 times",
    ),
    (
        "{nodes: {role: worker}, expect: {names: {each: {in: [node2, node3]}}}}",
        swarm(),
        PASS,
        "the swarm has only the worker node2 or node3",
        "",
    ),
    (
        "{nodes: {}, expect: {names: node4}}",
        swarm(),
        FAIL,
        "the swarm has the node node4",
        "it has 3: node1, node2 and node3",
    ),
    (
        "{tasks: {service: pets}, expect: {nodes: {none: node2}}}",
        swarm([PETS], SIX),
        FAIL,
        "tasks of pets run not on node2",
        "they run on node1, node2 and node3",
    ),
    (
        "{tasks: {service: pets}, expect: {nodes: {each: node1}}}",
        swarm([ONE]),
        FAIL,
        "tasks of pets run only on node1",
        "none runs",
    ),
    (
        "{tasks: {service: pets}, expect: {images: {each: swarmtutor/pets}}}",
        swarm([PETS], SIX),
        PASS,
        "tasks of pets use only swarmtutor/pets",
        "",
    ),
    (
        "{container: {node: node1}, expect: {names: bold_bell, images: {none: 'swarmtutor/pets:2.0'}}}",
        with_engine(swarm(), "node1", containers=(container(),)),
        PASS,
        "containers on node1 have the name bold_bell and containers on node1 have nothing like the image"
        " swarmtutor/pets:2.0",
        "",
    ),
]

IMAGES = with_engine(no_swarm(), "node1", images=("swarmtutor/pets:1.0", "swarmtutor/pets:2.0"))

OF_IMAGES: list[Row] = [
    (
        "{image: {node: node1, name: 'swarmtutor/pets:1.0'}, expect: {exists: true}}",
        IMAGES,
        PASS,
        "the image swarmtutor/pets:1.0 is on node1",
        "",
    ),
    (
        "{image: {node: node1, name: swarmtutor/pets}, expect: {count: 3}}",
        IMAGES,
        FAIL,
        "the image swarmtutor/pets is known by 3 names on node1",
        "there is swarmtutor/pets:1.0 and swarmtutor/pets:2.0 on node1",
    ),
    (
        "{image: {node: node1, name: swarmtutor/pots}, expect: {exists: true}}",
        IMAGES,
        FAIL,
        "the image swarmtutor/pots is on node1",
        "it is not on node1",
    ),
    (
        "{image: {node: node2, name: swarmtutor/pets}, expect: {exists: false}}",
        IMAGES,
        UNKNOWN,
        "the image swarmtutor/pets is not on node2",
        "the images were not asked for yet",
    ),
]


@pytest.mark.parametrize(("yaml", "snapshot", "outcome", "goal", "seen"), [*ROWS, *OF_IMAGES])
def test_a_check_says_what_it_wants_and_what_it_sees(
    yaml: str, snapshot: Snapshot, outcome: Outcome, goal: str, seen: str
) -> None:
    assert_verdict(yaml, snapshot, outcome, goal, seen)


THEN = replace(STORED, services=(replace(ATTACHED, networks=(), image="swarmtutor/pets:0.9"),))


@pytest.mark.parametrize(
    ("expect", "start", "outcome", "goal"),
    [
        ("{forced: {changed: start}}", STORED, FAIL, "the service pets was updated by force"),
        ("{networks: {changed: start}}", THEN, PASS, "the service pets is attached to the network something"),
        ("{networks: {changed: start}}", STORED, FAIL, "… the network something else than back"),
        ("{networks: {same_as: start}}", STORED, PASS, "… the network back, as before"),
        ("{networks: {same_as: start}}", THEN, FAIL, "… the network nothing, as before"),
        ("{image: {changed: start}}", THEN, PASS, "the service pets uses anything but swarmtutor/pets:0.9"),
        ("{image: {changed: start}}", STORED, FAIL, "the service pets uses anything but swarmtutor/pets:1.0"),
        ("{image: {changed: start, match: pets}}", THEN, PASS, "… an image with “pets” and anything but …"),
        ("{image: {changed: start, match: pots}}", THEN, FAIL, "… an image with “pots” and anything but …"),
        ("{image: {changed: start}}", HUNG, UNKNOWN, "the service pets uses something else"),
        ("{replicas: {changed: start}}", HUNG, UNKNOWN, "the service pets asks for another number of replicas"),
        ("{replicas: {same_as: start}}", HUNG, UNKNOWN, "the service pets asks for as many replicas, as before"),
    ],
)
def test_what_was_is_compared_with_what_is(expect: str, start: Snapshot, outcome: Outcome, goal: str) -> None:
    verdict = evaluate(check(f"{{service: pets, expect: {expect}}}"), evidence(STORED, start=start), {})
    assert verdict.outcome is outcome
    begin, *_, end = goal.split("…") if "…" in goal else ("", goal)
    assert verdict.goal.startswith(begin)
    assert end in verdict.goal
    assert verdict.seen or outcome is PASS


GIVEN = Answer("4", None, "")


@pytest.mark.parametrize(
    ("expect", "answer", "outcome", "goal", "seen"),
    [
        ("{given: true}", GIVEN, PASS, "the question is answered", ""),
        ("{given: true}", None, FAIL, "the question is answered", "it is not answered yet"),
        ("{given: true}", Answer(""), FAIL, "the question is answered", "it is not answered yet"),
        ("{value: 4}", GIVEN, PASS, "the question is answered with “4”", ""),
        ("{value: 5}", GIVEN, FAIL, "the question is answered with “5”", "the answer was “4”"),
        ("{right: true}", Answer("4", True, "4"), PASS, "the question is answered rightly", ""),
        ("{right: true}", Answer("4", False, "2"), FAIL, "the question is answered rightly", "the answer was “4”"),
        (
            "{right: false}",
            GIVEN,
            FAIL,
            "the question is answered wrongly",
            "the swarm has not shown yet what is right",
        ),
    ],
)
def test_a_check_of_an_answer(expect: str, answer: Answer | None, outcome: Outcome, goal: str, seen: str) -> None:
    given = {"left": answer} if answer is not None else {}
    verdict = evaluate(check(f"{{answer: left, expect: {expect}}}"), evidence(swarm(), answers=given), {})
    assert (verdict.outcome, verdict.goal, verdict.seen) == (outcome, goal, seen)


LOOK = "{cmd: {node: node1, command: 'cat {{ node2.ip }}'}, expect: %s, say: it is there}"
TARGET = CommandTarget("node1", "cat 10.0.0.2")
FACTS = {"node2.ip": "10.0.0.2"}


@pytest.mark.parametrize(
    ("expect", "found", "outcome", "seen"),
    [
        ("{exit: 0}", Found(0, "x"), PASS, ""),
        (
            "{exit: 0}",
            Found(1, "cat: 10.0.0.2: No such file\n"),
            FAIL,
            "a look at node1 ended with status 1: “cat: 10.0.0.2: No such file”",
        ),
        ("{output: {match: pet}}", Found(0, "a pet\n"), PASS, ""),
        ("{output: {match: pet}}", Found(0, "a dog\n"), FAIL, "node1 says: “a dog”"),
        ("{output: {match: pet}}", Found(0, ""), FAIL, "node1 says nothing"),
        ("{exit: 0}", None, UNKNOWN, "not asked yet"),
    ],
)
def test_a_check_of_a_command_that_looks(expect: str, found: Found | None, outcome: Outcome, seen: str) -> None:
    known = {TARGET: found} if found is not None else {}
    verdict = evaluate(check(LOOK % expect), evidence(swarm(), found=known), FACTS)
    assert (verdict.outcome, verdict.goal, verdict.seen) == (outcome, "it is there", seen)


def test_a_look_at_a_node_that_does_not_answer_is_unknown() -> None:
    gone = with_engine(swarm(), "node1", reachable=False, error="powered off")
    verdict = evaluate(check(LOOK % "{exit: 0}"), evidence(gone), FACTS)
    assert (verdict.outcome, verdict.seen) == (UNKNOWN, "node1 does not answer: powered off")


def test_what_must_be_run_is_known_once_and_once_its_facts_are() -> None:
    specs = [check(LOOK % "{exit: 0}"), check(LOOK % "{output: x}"), check("{node: node1, expect: {state: ready}}")]
    assert command_targets(specs, FACTS) == (TARGET,)
    assert command_targets(specs) == ()


def of_each_node(subject: Subject, **of: str | int) -> CheckSpec:
    return CheckSpec(subject, {"node": "{{ it }}", **of}, {})


def test_a_question_about_every_node_is_asked_of_every_node() -> None:
    pages = goal_targets([of_each_node(Subject.WEB, port=5000)])
    assert pages == tuple(WebTarget(f"node{number}", 5000) for number in (1, 2, 3))
    looks = command_targets([of_each_node(Subject.CMD, command="ls {{ node2.ip }}")], FACTS)
    assert looks == tuple(CommandTarget(f"node{number}", "ls 10.0.0.2") for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("yaml", "extras"),
    [
        ("{service: pets, expect: {running: 1, secrets: x}}", set[Extra]()),
        ("{stack: shop, expect: {exists: true}}", set[Extra]()),
        ("{network: back, expect: {exists: true}}", {Extra.NETWORKS}),
        ("{service: pets, expect: {networks: back}}", {Extra.NETWORKS}),
        ("{secret: key, expect: {exists: true}}", {Extra.SECRETS}),
        ("{config: site, expect: {exists: true}}", {Extra.CONFIGS}),
        ("{image: {name: x}, expect: {exists: true}}", {Extra.IMAGES}),
    ],
)
def test_only_what_is_looked_at_is_asked_for(yaml: str, extras: set[Extra]) -> None:
    assert extras_of_checks([check(yaml)]) == extras
