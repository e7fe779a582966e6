"""`swarmtutor shell` where a node does not answer: what is said then."""

import pytest

from tests.unit.session_doubles import FakePlayground
from tui.errors import ExitCode, UserError
from tui.terminal.command_log import CommandLog
from tui.tutor.attach import attach_node


@pytest.mark.parametrize(("provider", "anew"), [("namespaces", True), ("containers", True), ("hosts", False)])
async def test_only_nodes_that_are_ours_can_be_made_anew(provider: str, anew: bool) -> None:
    playground = FakePlayground()
    playground.provider = provider
    with pytest.raises(UserError, match="node2 does not answer") as caught:
        await attach_node(playground, "node2", CommandLog())
    assert caught.value.exit_code == ExitCode.BROKEN
    assert "swarmtutor status" in caught.value.hint
    assert ("swarmtutor reset node2 --name fake" in caught.value.hint) == anew
