"""The journal of a learner, and what is made of it: a transcript, a summary, casts of the shells."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir
from tui.tutor.asciicast import CastRecorder, masked_cast
from tui.tutor.journal import Answered, Entry, Helped, Journal, Opened, Ran, StepDone, StepOpened, read_entries
from tui.tutor.masking import BLOT
from tui.tutor.transcript import story_of, summary_lines, transcript

TOKEN = "SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-1awxwuwd3z9j1z3puu7rcgdbx"
BEGAN = datetime(2026, 5, 4, 9, 30, tzinfo=UTC).timestamp()


def entries() -> tuple[Entry, ...]:
    return (
        Opened(BEGAN, "orchestration", "Docker Orchestration", 28),
        StepOpened(BEGAN, "machines", "Three machines of your own"),
        Ran(BEGAN + 5, "machines", "node1", "hostname", 0, 0.1, "node1\n"),
        StepDone(BEGAN + 20, "machines"),
        StepOpened(BEGAN + 30, "run", "Start a container"),
        Helped(BEGAN + 40, "run", "hint 1"),
        Ran(BEGAN + 50, "run", "node1", "docker run nothing", 125, 0.4, "\n".join(f"line {n}" for n in range(30))),
        Answered(BEGAN + 55, "run", "where", "Where does it run?", "node2"),
        Answered(BEGAN + 60, "run", "where", "Where does it run?", "node1", right=True, seen="node1"),
        Answered(BEGAN + 61, "run", "how-many", "How many?", "3", right=False, seen="1"),
        StepDone(BEGAN + 65, "run"),
        # The next day.
        Opened(BEGAN + 80_000, "orchestration", "Docker Orchestration", 28),
        StepOpened(BEGAN + 80_000, "ps", "One engine sees one machine"),
        Ran(BEGAN + 80_010, "ps", "node1", "docker ps", None, 0.0, "a `tick` and ```` four"),
    )


def test_a_journal_comes_back_and_is_the_learner_s_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "lab" / "orchestration.jsonl")
    for entry in entries():
        journal.add(entry)
    assert journal.trouble == ""
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert read_entries(journal.path.read_text()) == entries()


def test_a_journal_holds_no_token(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.jsonl", secrets=["hunter2hunter2"])
    journal.add(Ran(1.0, "join", "node2", f"docker swarm join --token {TOKEN} a", 0, 1.0, f"{TOKEN}\nhunter2hunter2"))
    text = journal.path.read_text()
    assert TOKEN[12:30] not in text
    assert "hunter2" not in text
    (ran,) = read_entries(text)
    assert isinstance(ran, Ran)
    assert ran.text.startswith("docker swarm join --token SWMTKN-1-•")


def test_a_line_that_was_cut_off_costs_only_itself(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.jsonl")
    for entry in entries()[:3]:
        journal.add(entry)
    text = journal.path.read_text()
    assert read_entries(text[:-20]) == entries()[:2]
    assert read_entries(f'7\n[]\n{{"kind": "new"}}\nnonsense\n{text}') == entries()[:3]


def test_where_nothing_can_be_written_it_says_so_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "a.jsonl")
    journal.add(entries()[0])
    assert "not written down" in journal.trouble


def test_the_story_counts_work_and_not_the_night() -> None:
    story = story_of(load_lab_by_id("orchestration", content_dir()), entries())
    assert [step.id for step in story.steps] == ["machines", "run", "ps"]
    assert [step.seconds for step in story.steps] == [30.0, 35.0, 10.0]
    assert story.predictions == (1, 2)
    assert summary_lines(story) == (
        f"2 of {story.total} steps done in 1 min 15 s.",
        "1 of 2 predictions were right.",
        "3 commands run.",
        "Help taken 1 time.",
    )


def test_the_transcript() -> None:
    text = transcript(story_of(load_lab_by_id("orchestration", content_dir()), entries()))
    assert text.startswith("# Docker Orchestration\n\nBegun on 2026-05-04 at 09:30 UTC.\n")
    assert "| ✔ Start a container | 35 s | 1 | hint 1 | 1 of 2 |" in text
    assert "09:30:05 ✔\n\n```console\nnode1$ hostname\nnode1\n```" in text
    assert "✘ exit 125" in text
    assert "… 18 more lines above\nline 18\n" in text
    assert "> Predicted: **node1**. The swarm: **node1**. ✔ Right." in text
    assert "Predicted: **node2**" not in text, "only the last answer counts"
    assert "`````console\nnode1$ docker ps\na `tick` and ```` four\n`````" in text


def test_an_empty_journal_has_a_story_too() -> None:
    story = story_of(load_lab_by_id("orchestration", content_dir()), ())
    assert (story.done, story.steps) == (0, [])
    assert "0 of" in transcript(story)


# -- casts -------------------------------------------------------------------------------------------------------


def _record(path: Path, *pieces: bytes) -> str:
    recorder = CastRecorder(path, columns=80, rows=24, began=100.0, title="node1")
    for number, piece in enumerate(pieces):
        recorder.output(piece, 100.0 + number)
    recorder.flush()
    return path.read_text() if path.exists() else ""


def test_a_cast_is_of_version_2(tmp_path: Path) -> None:
    path = tmp_path / "casts" / "node1.cast"
    recorder = CastRecorder(path, columns=80, rows=24, began=100.0, title="node1")
    recorder.output("h\u00e9".encode()[:2], 100.25)
    recorder.output("h\u00e9".encode()[2:] + b"\r\n", 100.5)
    recorder.resized(80, 24, 101.0)
    recorder.flush()
    recorder.resized(132, 40, 101.5)
    recorder.flush()
    recorder.flush()
    header, *events = [json.loads(line) for line in path.read_text().split("\n") if line]
    assert header == {"version": 2, "width": 80, "height": 24, "timestamp": 100, "title": "node1"}
    assert events == [[0.25, "o", "h"], [0.5, "o", "é\r\n"], [1.5, "r", "132x40"]]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_cast_that_cannot_be_written_says_so_and_stays_silent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    recorder = CastRecorder(tmp_path / "file" / "a.cast", columns=80, rows=24, began=0.0, title="node1")
    recorder.output(b"x", 1.0)
    recorder.flush()
    assert "not recorded" in recorder.trouble
    recorder.output(b"y", 2.0)
    recorder.flush()


def test_a_flood_is_not_followed_for_ever(tmp_path: Path) -> None:
    text = _record(tmp_path / "node1.cast", *[b"y" * 3_000_000] * 4)
    assert 8_000_000 < len(text) < 10_000_000


def test_a_shell_that_wrote_nothing_leaves_no_file(tmp_path: Path) -> None:
    assert _record(tmp_path / "node1.cast") == ""


@given(st.lists(st.integers(0, len(TOKEN) + 9), max_size=8))
def test_a_token_in_several_events_is_hidden(cuts: list[int]) -> None:
    text = f"$ echo {TOKEN}\r\n"
    places = [0, *sorted(cuts), len(text)]
    lines = ['{"version": 2, "width": 80, "height": 24}']
    lines += [json.dumps([n, "o", text[a:b]]) for n, (a, b) in enumerate(pairwise(places))]
    hidden = [json.loads(line) for line in masked_cast("\n".join(lines)).split("\n") if line]
    assert len(hidden) == len(lines)
    shown = "".join(event[2] for event in hidden[1:])
    assert shown == f"$ echo SWMTKN-1-{BLOT * 76}\r\n"
    assert [len(event[2]) for event in hidden[1:]] == [b - a for a, b in pairwise(places)]


def test_what_is_no_event_is_left_out() -> None:
    header = '{"version": 2, "width": 80, "height": 24}'
    text = "\n".join([header, '[1, "o", "a\u2028b"]', '[2, "i", "typed"]', "{", "7", '[3, "r", "10x10"]', ""])
    assert masked_cast(text) == "\n".join([header, '[1.0, "o", "a\u2028b"]', '[3.0, "r", "10x10"]', ""])


@pytest.mark.parametrize("text", ["", "7", "[]", '{"version": 1}', "nonsense"])
def test_anything_else_is_no_cast(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        masked_cast(text)
