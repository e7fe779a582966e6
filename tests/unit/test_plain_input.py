"""Lines from a pipe, and commands from shells in other terminals."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local_shell import wait_until
from tui.terminal.command_log import CommandLog, RanCommand
from tui.tutor.elsewhere import TellingLog, follow
from tui.tutor.plain_input import LineReader

pytestmark = pytest.mark.timeout(120)


async def _all_lines(pieces: list[bytes]) -> list[str]:
    reading, writing = os.pipe()
    reader, lines = LineReader(reading), list[str]()
    try:
        for piece in pieces:
            os.write(writing, piece)
        os.close(writing)
        while (line := await asyncio.wait_for(reader.next(), 60)) is not None:
            lines.append(line)
        assert reader.ended
    finally:
        os.close(reading)
    return lines


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_any_bytes_are_lines(pieces: list[bytes]) -> None:
    whole = b"".join(pieces).decode("utf-8", errors="replace")
    expected = whole.split("\n")
    expected = expected[:-1] if not expected[-1] else expected
    lines = asyncio.run(_all_lines([piece for piece in pieces if piece]))
    assert lines == [
        line.removesuffix("\r") if number < whole.count("\n") else line for number, line in enumerate(expected)
    ]


async def test_nothing_is_read_before_it_is_asked_for() -> None:
    reading, writing = os.pipe()
    reader = LineReader(reading)
    try:
        os.write(writing, b"one\n")
        assert await asyncio.wait_for(reader.next(), 60) == "one"
        os.write(writing, b"for somebody else")
        assert os.read(reading, 100) == b"for somebody else"
    finally:
        os.close(writing)
        os.close(reading)


async def test_looking_ahead_takes_what_it_may_and_leaves_the_rest() -> None:
    reading, writing = os.pipe()
    reader, taken = LineReader(reading), list[str]()

    def take(line: str) -> bool:
        if line != "stop":
            return False
        taken.append(line)
        return True

    try:
        os.write(writing, b"stop\nnext\nstop\n")
        await asyncio.wait_for(reader.look_ahead(take), 60)
        assert taken == ["stop"]
        assert await reader.next() == "next"
        assert await reader.next() == "stop"
    finally:
        os.close(writing)
        os.close(reading)


# --- elsewhere -----------------------------------------------------------------------------------------------------


async def test_what_is_run_in_another_terminal_is_known_here(tmp_path: Path) -> None:
    folder, here, heard = tmp_path / "listeners", CommandLog(), list[str]()
    there = TellingLog(folder)
    there.begin(RanCommand("node1", "unheard", 1.0))
    with follow(folder, here, lambda: 50.0, heard.append):
        command = RanCommand("node2", "docker ps\n-a", 2.0)
        there.begin(command)
        await wait_until(lambda: heard == ["node2"], "that it began")
        assert [*here] == [RanCommand("node2", "docker ps\n-a", 50.0)]
        there.finish(command, exit_status=3, finished=4.0, output="c0ffee ✔")
        await wait_until(lambda: heard == ["node2", "node2"], "that it ended")
        assert [*here] == [RanCommand("node2", "docker ps\n-a", 50.0, 3, 50.0, "c0ffee ✔")]
    assert not folder.exists()
    there.begin(RanCommand("node1", "unheard", 5.0))


async def test_two_who_listen_hear_the_same(tmp_path: Path) -> None:
    folder, first, second = tmp_path / "listeners", CommandLog(), CommandLog()
    with follow(folder, first, lambda: 1.0, lambda _node: None):
        with follow(folder, second, lambda: 2.0, lambda _node: None):
            TellingLog(folder).begin(RanCommand("node1", "hostname", 0.0))
            await wait_until(lambda: len(first) == len(second) == 1, "both heard it")
        assert folder.exists()
    assert not folder.exists()


async def test_what_is_no_word_of_a_shell_is_passed_over(tmp_path: Path) -> None:
    folder, log = tmp_path / "listeners", CommandLog()
    with follow(folder, log, lambda: 1.0, lambda _node: None):
        (path,) = folder.glob("*.jsonl")
        with path.open("a") as file:
            file.write('nonsense\n[]\n{"id": "9", "exit_status": 0}\n{"id": "8"}\n\xff\n')
            file.write(json.dumps({"id": "1", "node": "node1", "text": "hostname"}) + "\n")
        await wait_until(lambda: len(log) == 1, "the one that is a command")
        if sys.platform != "win32":
            assert path.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(sys.platform == "win32", reason="who holds a file is not asked there")
async def test_listeners_that_were_killed_are_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "listeners"
    folder.mkdir()
    dead = folder / "1-dead.jsonl"
    dead.write_text("")
    with follow(folder, CommandLog(), lambda: 1.0, lambda _node: None):
        assert not dead.exists()


async def test_where_nothing_may_be_written_nothing_is_heard(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with follow(blocked / "listeners", CommandLog(), lambda: 1.0, lambda _node: None):
        TellingLog(blocked / "listeners").begin(RanCommand("node1", "hostname", 0.0))
