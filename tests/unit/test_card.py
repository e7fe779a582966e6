"""The card of three machines: what it says, and every mistake in it with its line and its column."""

from pathlib import Path

import pytest

from tui.cli import run
from tui.errors import ExitCode, UserError
from tui.playground.card import Card, Host, card_of_nodes, examine_card, from_document, read_card, to_document

GOOD = """\
user = "docker"
port = 2222
identity = "~/.ssh/class"

[node1]
ssh = "10.0.0.5"
address = "192.168.1.5"

[node2]
ssh = "root@10.0.0.6:22"
host_key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

[node3]
ssh = "third"
user = "me"
jump = "bastion"
"""


def mistakes_in(text: str) -> list[str]:
    card, mistakes = examine_card(text)
    assert (card is None) == bool(mistakes)
    return [mistake.at("card.toml") for mistake in mistakes]


def test_a_card_says_what_is_not_left_to_the_ssh_config() -> None:
    card, mistakes = examine_card(GOOD)
    assert mistakes == ()
    assert card is not None
    assert card.hosts == (
        Host("node1", "10.0.0.5", "docker", 2222, "~/.ssh/class", address="192.168.1.5"),
        Host("node2", "10.0.0.6", "root", 22, "~/.ssh/class", host_key="SHA256:" + "A" * 43),
        Host("node3", "third", "me", 2222, "~/.ssh/class", jump="bastion"),
    )
    assert card.hosts[0].shown == "node1 (docker@10.0.0.5:2222)"
    assert from_document(to_document(card.leaving(["abc"]))) == card.leaving(["abc"])


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("address =", "adress =", "card.toml:7:1: unknown key `adress`; did you mean `address`?"),
        ('user = "docker"', 'usr = "docker"', "card.toml:1:1: unknown key `usr`; did you mean `user`?"),
        ("[node3]", "[node4]", "card.toml:13:1: unknown key `node4`; did you mean `node3`?"),
        ("port = 2222", "port = 70000", "card.toml:2:1: `port` must be a number from 1 to 65535, not 70000"),
        ("port = 2222", "port = true", "card.toml:2:1: `port` must be a number from 1 to 65535, not True"),
        ('ssh = "third"', "ssh = 3", "card.toml:14:1: `ssh` must be a text in quotes, not 3"),
        ('ssh = "third"', 'ssh = "two words"', "card.toml:14:1: “two words” is no host, user@host or user@host:port"),
        ('ssh = "third"', 'ssh = "-oProxyCommand=x"', "card.toml:14:1: “-oProxyCommand=x” is no host"),
        ('ssh = "third"', "  ssh='third:99999'", "card.toml:14:3: “third:99999” is no host"),
        ('ssh = "third"', "", "card.toml:13:1: [node3] needs `ssh`: the machine, as user@host"),
        ("192.168.1.5", "192.168.1.500", "card.toml:7:1: “192.168.1.500” is no IPv4 address"),
        ("SHA256:", "MD5:", "card.toml:11:1: `host_key` must be a fingerprint"),
        ('"third"', '"10.0.0.5:2222"', "card.toml:14:1: node3 is the same machine as node1; three are needed"),
        ("[node2]", "[node2", "card.toml:9:7: "),
        ('"docker"', "docker", "card.toml:1:8: Invalid value"),
        ("[node2]", "[node1]", "card.toml:9:7: Cannot declare"),
    ],
)
def test_a_mistake_is_named_with_its_place(was: str, becomes: str, said: str) -> None:
    assert was in GOOD
    assert any(mistake.startswith(said) for mistake in mistakes_in(GOOD.replace(was, becomes, 1))), mistakes_in(
        GOOD.replace(was, becomes, 1)
    )


def test_all_mistakes_are_named_in_their_order() -> None:
    text = 'user = 1\n[node1]\nssh = "a"\nhots = 1\n[node2]\nssh = "b"\n'
    assert [line.partition(" ")[0] for line in mistakes_in(text)] == ["card.toml:", "card.toml:1:1:", "card.toml:4:1:"]
    assert "[node3] is missing" in mistakes_in(text)[0]


@pytest.mark.parametrize("text", ["", "node1 = 3\nnode2 = []\nnode3 = 'x'", "[[node1]]\nssh='a'"])
def test_what_is_no_card_at_all_says_what_one_is(text: str) -> None:
    assert any("[node1]" in mistake for mistake in mistakes_in(text))


def test_a_file_that_is_missing_or_wrong_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    with pytest.raises(UserError) as caught:
        read_card(path)
    assert caught.value.exit_code is ExitCode.NOT_FOUND
    path.write_text("[node1]\nshs = 'a'\n")
    with pytest.raises(UserError, match=r"card\.toml:2:1: unknown key `shs`") as caught:
        read_card(path)
    assert f"swarmtutor lint {path}" in caught.value.hint
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="cannot be read as text"):
        read_card(path)
    path.write_text(GOOD)
    assert [host.host for host in read_card(path).hosts] == ["10.0.0.5", "10.0.0.6", "third"]


def test_three_destinations_make_a_card() -> None:
    card = card_of_nodes(["docker@10.0.0.5", "10.0.0.6:2222", "me@[fe80::1]:22"])
    assert [(host.node, host.user, host.host, host.port) for host in card.hosts] == [
        ("node1", "docker", "10.0.0.5", 0),
        ("node2", "", "10.0.0.6", 2222),
        ("node3", "me", "fe80::1", 22),
    ]


@pytest.mark.parametrize(
    ("destinations", "said"),
    [(["a", "b"], "2 of three"), (["a", "b", "c d"], "no host"), (["a", "b", "root@a"], "the same machine as node1")],
)
def test_destinations_that_are_no_three_machines(destinations: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        card_of_nodes(destinations)
    assert caught.value.exit_code is ExitCode.USAGE


def test_other_machines_are_told_from_the_same_ones() -> None:
    card = card_of_nodes(["a", "b", "c"])
    assert card.same_machines(card.leaving(["x"]))
    assert not card.same_machines(card_of_nodes(["a", "b", "d"]))
    assert not card.same_machines(Card(tuple(reversed(card.hosts))))


def test_lint_looks_at_cards_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "card.toml"
    path.write_text(GOOD)
    assert run(["lint", str(path)]) == ExitCode.OK
    assert capsys.readouterr().out == "1 card, 0 mistakes\n"
    path.write_text(GOOD.replace("jump", "jmp"))
    assert run(["lint", str(path)]) == ExitCode.FAILED
    assert f"{path}:16:1: unknown key `jmp`; did you mean `jump`?" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["up", "--node", "a"], "1 of three"),
        (["up", "--card", "none.toml"], "There is no card"),
        (["up", "--card", "x.toml", "--node", "a"], "two ways to say the same"),
        (["up", "--provider", "containers", "--node", "a", "--node", "b", "--node", "c"], "provider hosts"),
        (["up", "--provider", "hosts"], "needs a card"),
        (["doctor", "--fix", "--card", "x.toml"], "Nothing is installed on machines of your own"),
    ],
)
def test_what_a_command_line_gets_wrong_about_cards(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SWARMTUTOR_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("SWARMTUTOR_RUNTIME", str(tmp_path / "run"))
    assert run(arguments) in (ExitCode.USAGE, ExitCode.NOT_FOUND)
    assert said in capsys.readouterr().err
