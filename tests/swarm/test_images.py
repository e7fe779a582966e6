"""The lab's images on a real node: pulled from the playground's registry, healthy, answering, and quick to stop."""

import pytest

from tui.playground.model import Completed, Node
from tui.playground.playground import SshPlayground

pytestmark = pytest.mark.engines

DEADLINE = 120.0


async def done(node: Node, command: str) -> str:
    completed: Completed = await node.run(command, timeout=DEADLINE)
    assert completed.exit_status == 0, completed
    return completed.stdout.strip()


async def until_it_prints(node: Node, command: str, wanted: str) -> None:
    await done(node, f'until [ "$({command})" = "{wanted}" ]; do sleep 0.2; done')


async def test_the_shell_image_sleeps(empty_swarm: SshPlayground) -> None:
    node = empty_swarm.node("node1")
    container = await done(node, "docker run -dt swarmtutor/shell:1.0 sleep infinity")
    assert await done(node, f"docker inspect -f '{{{{.State.Status}}}}' {container}") == "running"
    assert await done(node, f"docker exec {container} sh -c 'echo $VERSION; ls /bin/vi'") == "1.0\n/bin/vi"


@pytest.mark.parametrize("version", ["1.0", "2.0"])
async def test_a_pet_lives_and_stops(empty_swarm: SshPlayground, version: str) -> None:
    node = empty_swarm.node("node2")
    container = await done(node, f"docker run -d -e NODE_NAME=node2 -p 5001:5000 swarmtutor/pets:{version}")
    await until_it_prints(node, f"docker inspect -f '{{{{.State.Health.Status}}}}' {container}", "healthy")

    text = await done(node, f"curl -s {node.address}:5001/?pet=owl")
    assert "the owl" in text
    assert text.endswith(f"served by {container[:12]} on node2 · pets {version}")

    headers = await done(node, f"curl -sI {node.address}:5001")
    assert f"X-Served-By: {container[:12]}" in headers
    assert "Cache-Control: no-store" in headers

    page = await done(node, f"curl -s -H 'Accept: text/html' {node.address}:5001")
    assert f'<html lang="en" class="{"day" if version == "1.0" else "night"}">' in page
    assert page.endswith("</html>")

    await done(node, f"docker stop --time 30 {container}")
    # 137 would mean that it had to be killed.
    assert await done(node, f"docker inspect -f '{{{{.State.ExitCode}}}}' {container}") == "0"


async def test_nothing_is_left_of_many_requests(empty_swarm: SshPlayground) -> None:
    node = empty_swarm.node("node3")
    container = await done(node, "docker run -d -p 5001:5000 swarmtutor/pets:1.0")
    await until_it_prints(node, f"docker inspect -f '{{{{.State.Health.Status}}}}' {container}", "healthy")
    answers = await done(
        node, f"seq 60 | xargs -P 6 -I@ curl -s -o /dev/null -w '%{{http_code}}\\n' {node.address}:5001"
    )
    assert answers.split() == ["200"] * 60
    # The server, the program that waits for it, and whatever looks: no child that nobody collected.
    await until_it_prints(node, f"docker top {container} -eo stat= | grep -c Z || true", "0")
