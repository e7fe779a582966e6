"""What counts as having run a command."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui.checks.commands import matches, normalised, simple_commands
from tui.checks.shell_words import split_commands

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy


@pytest.mark.parametrize(
    ("line", "canonical"),
    [
        ("docker   ps \t -a", "docker ps -a"),
        ("docker container ls", "docker ps"),
        ("docker container ps", "docker ps"),
        ("docker container list -q", "docker ps -q"),
        ("docker container run -dt shell", "docker run -dt shell"),
        ("docker container prune", "docker container prune"),
        ("docker node list", "docker node ls"),
        ("docker service list", "docker service ls"),
        ("docker service remove pets", "docker service rm pets"),
        ("docker system info", "docker info"),
        ("docker system df", "docker system df"),
        ("docker image ls", "docker images"),
        ("docker -H tcp://node1 ps", "docker ps"),
        ("docker --host=tcp://node1 -D ps", "docker ps"),
        ("docker --context a node ls", "docker node ls"),
        ("docker -l debug --tls service ps pets", "docker service ps pets"),
        ("sudo docker ps", "docker ps"),
        ("sudo -u docker -E docker ps", "docker ps"),
        ("/usr/bin/docker ps", "docker ps"),
        ("DOCKER_HOST=x A='b c' docker ps", "docker ps"),
        ("env -i A=1 docker ps", "docker ps"),
        ("time -p docker ps", "docker ps"),
        ("timeout -k 1 5 docker ps", "docker ps"),
        ("watch docker ps", "docker ps"),
        ("watch -n 1 -d 'docker ps -a'", "docker ps -a"),
        ("bash -lc 'docker ps; docker info'", "docker ps; docker info"),
        ("ssh -p 22 docker@node2 docker ps", "docker ps"),
        ("ssh node2", "ssh node2"),
        ("docker ps 2>&1 | grep shell", "docker ps; grep shell"),
        ("docker ps >out.txt 2> err && docker info", "docker ps; docker info"),
        ("docker ps &>/dev/null; docker info &", "docker ps; docker info"),
        ("(docker ps) || { docker info; }", "docker ps; docker info"),
        ("docker ps # all of them; docker info", "docker ps"),
        ("docker \\\n  ps", "docker ps"),
        ("docker ps\ndocker info", "docker ps; docker info"),
        ("docker service update --env 'A=1;B=2|3' pets", "docker service update --env A=1;B=2|3 pets"),
        ('docker kill "$(docker ps -q | head -n 1)"', "docker kill $(docker ps -q | head -n 1)"),
        ("docker kill `docker ps -q`", "docker kill `docker ps -q`"),
        ("for i in 1 2; do curl -s node1:5000 | tail -n 1; done", "for i in 1 2; curl -s node1:5000; tail -n 1; done"),
        ("! docker ps", "docker ps"),
        ("docker", "docker"),
        ("docker --version", "docker"),
        ('docker service create --name "pets', "docker service create --name pets"),
        ("docker ps 'unclosed", "docker ps unclosed"),
        ("", ""),
        ("   ", ""),
        ("| ; && > <", ""),
        ("sudo", "sudo"),
    ],
)
def test_a_line_has_one_canonical_spelling(line: str, canonical: str) -> None:
    assert normalised(line) == canonical


@pytest.mark.parametrize(
    ("wanted", "line", "counts"),
    [
        ("docker ps", "docker ps", True),
        ("docker ps", "docker ps -a --no-trunc", True),
        ("docker ps", "docker service ps pets", False),
        ("docker ps", "docker pss", False),
        ("docker ps -a", "docker ps -qa", True),
        ("docker ps -a", "docker ps", False),
        ("docker ps", "docker ps --help", False),
        ("docker ps --help", "docker ps --help", True),
        ("docker service", "docker service update pets", True),
        ("docker service", "docker swarm init", False),
        ("docker service ps pets", "docker service ps --no-trunc pets", True),
        ("docker service ps pets", "docker service ps pets2", False),
        ("docker service scale pets=6", "docker service scale web=1 pets=6", True),
        ("docker service update --replicas 6 pets", "docker service update --replicas=6 pets", True),
        ("docker service update --replicas=6 pets", "docker service update --replicas 6 pets", True),
        ("docker node update --availability drain", "docker node update --availability active node2", False),
        ("docker swarm join-token worker", "docker swarm join-token -q worker", True),
        ("docker swarm join-token worker", "docker swarm join-token manager", False),
        ("hostname", "hostname -f", True),
        ("hostname", "hostnamectl", False),
        ("curl", "/usr/bin/curl node1:5000", True),
    ],
)
def test_a_command_counts_whatever_else_is_said(wanted: str, line: str, counts: bool) -> None:
    assert any(matches(wanted, command) for command in simple_commands(line)) is counts


def test_a_command_over_ssh_ran_on_the_other_node() -> None:
    (command,) = simple_commands("ssh docker@node3 'sudo docker ps'")
    assert (command.text, command.node) == ("docker ps", "node3")


def test_a_watched_command_is_known_as_such() -> None:
    assert [command.watched for command in simple_commands("watch docker ps; docker ps")] == [True, False]


def test_commands_in_commands_end_somewhere() -> None:
    assert simple_commands("watch " * 50 + "ls") == ()


@PATIENTLY
@given(st.text(alphabet=st.sampled_from("docker ps-|&;<>()'\"\\$`#\n\t{}=!"), max_size=80))
def test_no_line_is_too_strange_to_read(line: str) -> None:
    assert all(words for words in split_commands(line))
    assert all(command.path for command in simple_commands(line))


@PATIENTLY
@given(st.lists(st.text(alphabet="abc-=", min_size=1, max_size=6), min_size=1, max_size=6))
def test_plain_words_stay_as_they_are(words: list[str]) -> None:
    assert split_commands(" ".join(words)) == [words]
