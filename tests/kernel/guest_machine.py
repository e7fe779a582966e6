"""What is done and looked at on the kernel under test, in this order. Not for any other machine: see test_kernels.py.

A test whose name ends with `everywhere` is done on odd machines as well.
"""

from tests.kernel.guest_steps import NAME, done, homes, machine, run, say, served, swarm, tutor, until
from tui.playground.playground import SshPlayground

# The health check of these would take most of what this kernel can do.
PETS = "docker service create -d --no-healthcheck --name pets --stop-grace-period 1s -p 5000:5000 swarmtutor/pets:1.0"


async def test_the_kernel_carries_published_ports_everywhere(playground: SshPlayground) -> None:
    assert playground.mesh == "ipvs"
    # An engine that does not answer within seconds counts as broken there; on this kernel a busy one does not.
    assert "published ports: ipvs" in tutor("status", may_fail=True)


async def test_a_container_runs_everywhere(playground: SshPlayground) -> None:
    said = await done(playground.node("node1"), "docker run --rm swarmtutor/shell:1.0 echo it runs")
    assert said == "it runs"


async def test_no_disk_can_be_opened_everywhere(playground: SshPlayground) -> None:
    command = "mknod /var/tmp/disk b 98 0; head -c1 /var/tmp/disk"
    ended = await run(playground.node("node1"), command, as_root=True)
    assert "Operation not permitted" in ended.stderr


async def test_the_machine_s_firewall_is_another_one_everywhere(playground: SshPlayground) -> None:
    node1 = playground.node("node1")
    await done(node1, "iptables -N TRIED-IN-A-NODE", as_root=True)
    assert "TRIED-IN-A-NODE" in await done(node1, "iptables-save", as_root=True)
    assert not [rule for rule in machine()["rules"] if "TRIED-IN-A-NODE" in rule]


async def test_a_node_is_paused_and_goes_on_everywhere(playground: SshPlayground) -> None:
    tutor("fault", "node3", "pause", "--name", NAME)
    assert "paused" in tutor("status", may_fail=True)
    tutor("fault", "node3", "resume", "--name", NAME)
    assert await done(playground.node("node3"), "hostname") == "node3"


async def test_a_swarm_of_one_serves_everywhere(playground: SshPlayground) -> None:
    node1 = playground.node("node1")
    # Nobody is given up for lost because this kernel has no time for a sign of life.
    await done(node1, "docker swarm init --dispatcher-heartbeat 30s")
    await done(node1, PETS)
    await served(playground, 1, "node1")


async def test_the_kernel_balances(playground: SshPlayground) -> None:
    node1, *others = playground.nodes
    token = await done(node1, "docker swarm join-token -q worker")
    for node in others:
        await done(node, f"docker swarm join --token {token} {node1.address}:2377")
        say(f"{node.name} has joined")
    await done(node1, "docker service scale -d pets=3")
    await served(playground, 3, "node1", "node2", "node3")
    # The table of the kernel's own balancer, in the sandbox that published ports lead to.
    table = await done(node1, "nsenter --net=/run/docker/netns/ingress_sbox cat /proc/net/ip_vs", as_root=True)
    assert "FWM" in table, table
    assert table.count("->") == 4, table  # the heading, and three replicas
    assert "swarmtutor" not in await done(node1, "iptables-save", as_root=True)


async def test_a_drained_node_still_serves(playground: SshPlayground) -> None:
    node1 = playground.node("node1")
    await done(node1, "docker node update --availability drain node2")

    async def moved() -> bool:
        return "node2" not in await homes(node1)

    await until("node2 is empty", moved)
    await served(playground, 3, "node2")


async def test_a_node_that_loses_power_comes_back(playground: SshPlayground) -> None:
    node1 = playground.node("node1")
    tutor("fault", "node3", "power-off", "--name", NAME)

    async def is_(state: str) -> bool:
        return any((node.hostname, node.state) == ("node3", state) for node in (await swarm(node1)).nodes)

    await until("node3 is down", lambda: is_("down"))  # three heartbeats later
    tutor("fault", "node3", "power-on", "--name", NAME)
    await until("node3 is ready", lambda: is_("ready"))


async def test_a_node_whose_network_was_cut_comes_back(playground: SshPlayground) -> None:
    # Nobody listens on that port, and only a machine that is reached can say so.
    knock = "timeout 10 bash -c 'echo >/dev/tcp/node2/2375' 2>&1"

    async def reached() -> bool:
        return "refused" in (await run(playground.node("node1"), knock)).stdout

    assert await reached()
    tutor("fault", "node2", "cut-network", "--name", NAME)
    assert not await reached()
    tutor("fault", "node2", "restore-network", "--name", NAME)
    await until("node2 is reached again", reached)


async def test_a_node_is_replaced_by_a_fresh_one(playground: SshPlayground) -> None:
    tutor("reset", "node2", "--name", NAME)
    state = await done(playground.node("node2"), "docker info -f '{{.Swarm.LocalNodeState}}'")
    assert state == "inactive"


def test_nothing_is_left_everywhere(made: dict[str, set[str]]) -> None:
    tutor("down", "--name", NAME)
    after = machine()
    assert {kind: after[kind] - before for kind, before in made.items()} == {kind: set() for kind in made}
