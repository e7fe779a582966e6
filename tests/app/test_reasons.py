"""Why a key does nothing now is said in a sentence that fits."""

from dataclasses import replace

import pytest

from tests.app.fakes import FakeShell, views
from tui.app.reasons import why_no_command
from tui.tutor.views import LessonView, PageCommand


def _view(*commands: PageCommand) -> LessonView:
    return replace(views()[0], blocks=commands)


NEXT = PageCommand("node1", "docker ps", is_next=True)


@pytest.mark.parametrize(
    ("view", "up", "part"),
    [
        (_view(), True, "no command"),
        (_view(replace(NEXT, missing=("token.worker",))), True, "token.worker"),
        (_view(replace(NEXT, is_next=False)), True, "have been typed"),
        (_view(NEXT), False, "still being opened"),
        (_view(NEXT), True, "busy"),
    ],
    ids=["nothing to type", "a fact is missing", "all typed", "the shell opens", "the shell is busy"],
)
def test_why_no_command_was_typed(view: LessonView, up: bool, part: str) -> None:
    shell = FakeShell("node1", lambda _node: None)
    shell.up = up
    assert part in why_no_command(view, {"node1": shell})


def test_without_shells_they_are_not_open_yet() -> None:
    assert "not open yet" in why_no_command(_view(NEXT), {})
