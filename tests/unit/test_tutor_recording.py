"""Recordings: evidence kept in a file comes back as it was, but for its secrets."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit import factories
from tui.checks.model import Answer, CommandTarget, Evidence, Found, WebTarget
from tui.errors import ExitCode, UserError
from tui.playground.model import WebAnswer
from tui.swarm.snapshot import JoinTokens
from tui.terminal.command_log import RanCommand
from tui.tutor.masking import BLOT, masked
from tui.tutor.recording import Frame, Moment, Recording, dumps, load, loads, save

WORKER = "SWMTKN-1-" + "3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl" + "-" + "1awxwuwd3z9j1z3puu7rcgdbx"
MANAGER = "SWMTKN-1-" + "3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl" + "-" + "7p73s1dx5in4tatdymyhg9hu2"


def recording() -> Recording:
    before = factories.swarm(tokens=JoinTokens(WORKER, MANAGER))
    after = factories.swarm(taken=before.taken + 2, tokens=None)
    join = RanCommand("node2", f"docker swarm join --token {WORKER} 10.77.0.1:2377", 5.0, 0, 6.0, "joined")
    evidence = Evidence(
        snapshot=after,
        start=before,
        commands=(join, RanCommand("node1", "sleep 60", 7.0)),
        web={WebTarget("node1", 5000): (WebAnswer(200, "a cat", "abc", "", 0.1), WebAnswer(0, error="refused"))},
        answers={"where": Answer("2", right=True, seen="2")},
        found={CommandTarget("node1", "id -un"): Found(0, "docker")},
    )
    facts = {"token.worker": WORKER, "node1.ip": "10.77.0.1"}
    return Recording(
        "orchestration",
        (
            Frame("join", Moment.BEFORE, Evidence(before, before), facts),
            Frame("join", Moment.WRONG, evidence, facts, wrong=1),
            Frame("join", Moment.DONE, evidence, facts),
        ),
    )


def test_what_is_kept_comes_back() -> None:
    kept = recording()
    back = loads(dumps(kept))
    assert back.lab == kept.lab
    assert [(frame.step, frame.moment, frame.wrong) for frame in back.frames] == [
        ("join", Moment.BEFORE, None),
        ("join", Moment.WRONG, 1),
        ("join", Moment.DONE, None),
    ]
    evidence, was = back.frames[1].evidence, kept.frames[1].evidence
    assert evidence.snapshot == was.snapshot
    assert evidence.start.nodes == was.start.nodes
    assert (evidence.web, evidence.answers, evidence.found) == (was.web, was.answers, was.found)
    assert evidence.commands[1] == was.commands[1]


def test_no_token_is_kept_but_which_one_was_used_is() -> None:
    data = dumps(recording())
    text = gzip.decompress(data).decode()
    for token in (WORKER, MANAGER):
        assert token not in text
        assert token.split("-")[3] not in text
    back = loads(data)
    assert back.frames[1].evidence.commands[0].text == "docker swarm join --token WORKER-TOKEN 10.77.0.1:2377"
    assert back.frames[1].facts["token.worker"] == "WORKER-TOKEN"
    tokens = back.frames[0].evidence.snapshot.tokens
    assert tokens is not None
    assert (tokens.worker, tokens.manager) == ("WORKER-TOKEN", "MANAGER-TOKEN")


def test_a_snapshot_is_kept_once() -> None:
    one = recording()
    many = Recording(one.lab, one.frames * 40)
    assert len(dumps(many)) < 3 * len(dumps(one))
    assert len(loads(dumps(many)).frames) == 120


def test_the_same_recording_gives_the_same_bytes() -> None:
    assert dumps(recording()) == dumps(loads(dumps(recording())))


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        '{"format": 2}',
        '{"format": 1, "lab": "x", "snapshots": [{}], "frames": []}',
        '{"format": 1, "lab": "x", "snapshots": [], "frames": [{"step": "a"}]}',
        '{"format": 1, "lab": "x", "snapshots": 7, "frames": []}',
    ],
)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(gzip.compress(text.encode()))


def test_what_is_cut_off_is_refused() -> None:
    for data in (b"", b"no gzip", dumps(Recording("x", ()))[:-9]):
        with pytest.raises(ValueError, match=r"."):
            loads(data)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "run.json.gz"
    save(recording(), path)
    assert len(load(path).frames) == 3
    with pytest.raises(UserError) as missing:
        load(tmp_path / "none")
    assert missing.value.exit_code == ExitCode.NOT_FOUND
    path.write_bytes(b"x")
    with pytest.raises(UserError) as broken:
        load(path)
    assert broken.value.exit_code == ExitCode.BROKEN


# -- masking -----------------------------------------------------------------------------------------------------


def test_a_token_is_hidden_and_its_kind_stays() -> None:
    hidden = masked(f"docker swarm join --token {WORKER} 10.77.0.1:2377")
    assert hidden == f"docker swarm join --token SWMTKN-1-{BLOT * 76} 10.77.0.1:2377"
    assert masked("key SWMKEY-1-7c37Cc8654o6p38HnroywCi19pllOnGtbdZEgtKxZu8.") == f"key SWMKEY-1-{BLOT * 43}."


@given(
    st.lists(st.tuples(st.integers(0, 84), st.sampled_from(["\r\n", " \r", "\x1b[K", "\x1b[1;3H", "\n"])), max_size=6)
)
def test_a_token_in_pieces_is_hidden_too(cuts: list[tuple[int, str]]) -> None:
    text = WORKER
    for position, gap in sorted(cuts, reverse=True):
        text = text[:position] + gap + text[position:]
    hidden = masked(f"$ {text} $")
    visible = hidden
    for gap in ("\r\n", " \r", "\x1b[K", "\x1b[1;3H", "\n"):
        visible = visible.replace(gap, "")
    assert WORKER[9:15] not in visible
    assert visible.count(BLOT) == 76


def test_the_lab_s_own_secrets_are_hidden() -> None:
    assert masked("psql -p hunter2secret; hunter2secret!", ["hunter2secret"]) == f"psql -p {BLOT * 13}; {BLOT * 13}!"
    assert masked("cat category cat", ["cat"]) == f"{BLOT * 3} category {BLOT * 3}"
    assert masked("as it was", ["", "  "]) == "as it was"


def test_other_text_stays() -> None:
    text = "docker service create --name pets\r\nSWMTKN is how a token begins \x1b[1mbold\x1b[0m"
    assert masked(text) == text
