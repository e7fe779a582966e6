"""Which provider is taken, what it says when it cannot work, and the ways its work waits."""

import asyncio
import os
import sys

import pytest

from tui.errors import ExitCode, UserError
from tui.playground.providers import choose_provider
from tui.playground.providers.requirements import namespaces_requirements
from tui.playground.providers.tasks import to_the_end, together

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the namespaces provider is for Linux")


def not_root() -> int:
    return 1000


def nothing(program: str, path: str | None = None) -> None:
    assert program


def test_an_unknown_provider_is_named() -> None:
    with pytest.raises(UserError) as caught:
        choose_provider("clouds")
    assert "clouds" in caught.value.what
    assert caught.value.exit_code == ExitCode.USAGE


def test_without_root_it_says_so_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", not_root)
    monkeypatch.setattr("tui.playground.providers.tools.shutil.which", nothing)
    with pytest.raises(UserError) as caught:
        choose_provider()
    assert caught.value.exit_code == ExitCode.UNSUPPORTED
    assert "user namespaces, as you are not root" in caught.value.what
    assert "newuidmap: not installed" in caught.value.what
    assert "sudo" in caught.value.hint


def test_each_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.playground.providers.tools.shutil.which", nothing)
    needs = {need.what: need for need in namespaces_requirements()}
    assert not needs["the program dockerd"].met
    assert needs["the program dockerd"].found == "not installed"
    assert needs["the program dockerd"].mend == "apt-get install --no-install-recommends docker.io"


async def succeed(value: int) -> int:
    return value


async def fail(error: Exception) -> int:
    raise error


async def test_work_done_together_gives_its_results_in_order() -> None:
    assert await together(succeed(1), succeed(2)) == [1, 2]


async def test_the_error_that_a_person_understands_is_raised_and_the_rest_is_cancelled() -> None:
    cancelled = asyncio.Event()

    async def long() -> int:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return 0

    with pytest.raises(UserError, match="for a person"):
        await together(long(), fail(ValueError("for a programmer")), fail(UserError("for a person")))
    assert cancelled.is_set()


async def test_work_that_must_end_ends_before_the_cancellation_goes_on() -> None:
    begun, go_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def clean_up() -> None:
        begun.set()
        await go_on.wait()
        ended.set()

    task = asyncio.create_task(to_the_end(clean_up()))
    await begun.wait()
    for _ in range(2):  # an impatient person presses Ctrl-C twice
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_an_error_of_such_work_is_raised() -> None:
    with pytest.raises(ValueError, match="broken"):
        await to_the_end(fail(ValueError("broken")))
