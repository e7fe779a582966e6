"""Waiting for an engine: one that gives up again and again is told apart from one that takes its time."""

import asyncio
import os
from pathlib import Path

import pytest

from tui.errors import UserError
from tui.playground.providers import engines
from tui.playground.providers.engines import wait_for_engine, why_engine_ends

START = """\
time="2026-11-22T19:34:26.920022625Z" level=info msg="Starting up"
time="2026-11-22T19:34:31.487083873Z" level=info msg="Loading containers: start."
"""
GIVES_UP = """\
failed to start daemon: Error initializing network controller: error obtaining controller instance: failed to create \
NAT chain DOCKER: iptables failed: iptables -t nat -N DOCKER: Table does not exist (do you need to insmod?)
 (exit status 3)
"""
LISTENS = 'time="2026-11-22T19:34:33.1Z" level=info msg="API listen on /var/run/docker.sock"\n'


@pytest.mark.parametrize("log", ["", START, 3 * (START + GIVES_UP), 3 * (START + GIVES_UP) + START[:40]])
def test_an_engine_that_may_still_succeed_is_waited_for(log: str) -> None:
    assert why_engine_ends(log) == ""


def test_one_that_gives_up_every_time_says_why() -> None:
    reason = why_engine_ends(3 * (START + GIVES_UP) + START)
    assert reason.startswith("failed to start daemon: Error initializing network controller")
    assert reason.endswith("(exit status 3)")


def test_one_that_ends_without_a_word_is_told_too() -> None:
    assert why_engine_ends(5 * START) == "it ends as soon as it has started"


def test_starts_of_a_former_life_of_the_node_do_not_count() -> None:
    assert why_engine_ends(9 * (START + LISTENS) + START) == ""
    assert why_engine_ends(9 * (START + GIVES_UP) + START + LISTENS + "goodbye\n" + 3 * START) == ""


async def test_nobody_waits_to_the_end_for_an_engine_that_gives_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = tmp_path / str(os.getpid())
    (node / "root/var/log").mkdir(parents=True)
    (node / "root/var/log/docker.log").write_text(4 * (START + "failed to start daemon: no room\n"))
    monkeypatch.setattr(engines, "_PROC", tmp_path)
    with pytest.raises(UserError) as caught:
        await asyncio.wait_for(wait_for_engine("node1", os.getpid(), 100.0), 90)
    assert caught.value.what == "The engine of node1 does not start: failed to start daemon: no room"
