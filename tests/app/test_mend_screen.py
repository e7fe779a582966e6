"""The screen that is shown where no provider can work: the table, the commands, the work, and the way out of each."""

from collections.abc import Callable

import pytest

from tests.app.driving import Driven, driven
from tests.app.fakes import Preparing
from tests.unit.fake_machine import FakeMachine, missing, there
from tui.app.leaving import Leaving
from tui.app.screens.failure import FailureScreen
from tui.app.screens.mend import MendScreen
from tui.errors import ExitCode, UserError
from tui.playground.model import Requirement
from tui.tutor.machine import Machine
from tui.tutor.mends import Found, Manager
from tui.tutor.offer import HostMends

PROGRAMS = ("dockerd", "docker", "ip", "iptables", "nft", "docker-registry", "busybox", "ssh-keygen", "ssh")
LACKS = UserError("No playground can be made on this machine.", "Install docker.io.", exit_code=ExitCode.UNSUPPORTED)


@pytest.fixture(autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state directory of the test's own."""
    monkeypatch.setenv("SWARMTUTOR_STATE", str(tmp_path_factory.mktemp("state")))


def needs_of(machine: FakeMachine) -> Callable[[str | None], Found]:
    """Everything is there once docker.io is."""

    def look(provider: str | None) -> Found:
        programs = [
            there(program) if "docker.io" in machine.installed else missing(program, "docker.io")
            for program in PROGRAMS
        ]
        facts = [Requirement(what, True, "yes") for what in ("Linux", "root", "control groups", "overlayfs")]
        engine = Requirement("a Docker Engine, 20.10 or newer", False, "none answers", "Start [b]Docker[/b] Desktop.")
        return {"namespaces": (*facts, *programs), "containers": (engine,)}

    return look


def lacking() -> Preparing:
    making = Preparing(LACKS)
    making.may_end.set()
    return making


def mends_of(machine: FakeMachine) -> HostMends:
    typed: Machine = machine
    return HostMends(None, typed, needs_of(machine))


async def shown(it: Driven) -> None:
    await it.until(lambda: isinstance(it.app.screen, MendScreen), "the mends are offered")
    await it.until_seen("Something is missing")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 16)])
async def test_what_is_missing_is_said_with_the_keys_in_sight(size: tuple[int, int]) -> None:
    async with driven(size, prepare=lacking(), live=False, mends=mends_of(FakeMachine())) as it:
        await shown(it)
        for text in ("Bring what is missing", "Show the command", "Look again", "Quit"):
            await it.until_seen(text)
        if size[1] > 20:
            await it.until_seen("not installed: dockerd, docker, ip")
            await it.until_seen("Start [b]Docker[/b] Desktop.")


async def test_one_key_shows_the_commands_and_another_carries_them_out() -> None:
    machine = FakeMachine()
    making = lacking()
    async with driven((80, 24), prepare=making, live=False, mends=mends_of(machine)) as it:
        await shown(it)
        await it.press("f")
        await it.until_seen("apt-get install --no-install-recommends docker.io")
        assert machine.ran == []
        await it.press("y")
        await it.until(lambda: it.lab.prepared, "the nodes are made after it")
        assert "docker.io" in machine.installed
        assert making.calls == 2
        assert it.app.failure is None


async def test_its_progress_is_on_screen_and_stopping_finishes_what_has_begun() -> None:
    machine = FakeMachine(slow="--no-download", also=())
    machine.archive = frozenset({"docker.io"})
    async with driven((80, 24), prepare=lacking(), live=False, mends=mends_of(machine)) as it:
        await shown(it)
        await it.press("f", "y")
        await it.until_seen("install  1 packages")
        await it.until(machine.began.is_set, "it has begun")
        await it.press("escape")
        assert isinstance(it.app.screen, MendScreen)
        machine.go_on.set()
        await it.until(lambda: it.lab.prepared, "what had begun was finished, and was enough")


async def test_a_failure_is_said_with_the_last_lines_and_the_table_again() -> None:
    machine = FakeMachine(failing="update", failing_says="E: The repository [x] is not signed.")
    async with driven((80, 24), prepare=lacking(), live=False, mends=mends_of(machine)) as it:
        await shown(it)
        await it.press("f", "y")
        await it.until_seen("E: The repository [x] is not signed.")
        await it.until_seen("Look again")


async def test_where_it_may_not_install_only_the_command_is_offered() -> None:
    async with driven((80, 24), prepare=lacking(), live=False, mends=mends_of(FakeMachine(manager=Manager.DNF))) as it:
        await shown(it)
        assert "Bring what is missing" not in it.screen_text
        await it.press("f")
        await it.press("c")
        await it.until_seen("sudo dnf install moby-engine")
        await it.press("escape")
        await it.until_seen("Something is missing")


async def test_looking_again_goes_on_once_somebody_has_mended_it() -> None:
    machine = FakeMachine()
    async with driven(prepare=lacking(), live=False, mends=mends_of(machine)) as it:
        await shown(it)
        await it.press("r")
        await shown(it)
        machine.installed.add("docker.io")
        await it.press("r")
        await it.until(lambda: it.lab.prepared, "the nodes are made")


async def test_who_quits_leaves_with_the_reason() -> None:
    async with driven(prepare=lacking(), live=False, mends=mends_of(FakeMachine())) as it:
        await shown(it)
        await it.press("q")
    assert it.app.return_value == Leaving.FAILED
    assert it.app.failure is LACKS


async def test_where_a_provider_works_another_reason_is_shown_as_it_is() -> None:
    async with driven(prepare=lacking(), live=False, mends=mends_of(FakeMachine(installed={"docker.io"}))) as it:
        await it.until(lambda: isinstance(it.app.screen, FailureScreen), "the failure itself")
        await it.until_seen("No playground can be made on this machine.")
