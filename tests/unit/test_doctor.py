"""The doctor's mends: what is proposed, what is done, what is never done, and what takes it back."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.unit.fake_machine import FakeMachine, missing, there
from tui.cli import run
from tui.errors import ExitCode, UserError
from tui.playground.model import Progress, Remedy, Requirement
from tui.tutor import doctor
from tui.tutor.changes import HostChanges, changes_path, load_changes, save_changes
from tui.tutor.machine import ThisMachine
from tui.tutor.mending import carry_out, take_back, what_to_take_back
from tui.tutor.mends import Manager, MendPlan, by_hand, commands_of, parse_simulation, parse_status, plan_of

BARE = {
    "namespaces": (
        Requirement("Linux", True, "Linux"),
        missing("dockerd", "docker.io"),
        missing("docker", "docker-cli|docker.io"),
        missing("ip", "iproute2"),
    ),
    "containers": (Requirement("a Docker Engine", False, "none answers", "Start it."),),
}
PLAN = MendPlan("namespaces", ("docker.io", "docker-cli|docker.io", "iproute2"))


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state directory of the test's own."""
    monkeypatch.setenv("SWARMTUTOR_STATE", str(tmp_path / "state"))


def ignore(progress: Progress) -> None:
    assert progress.phase


def never_docker_cli(package: str) -> bool:
    return package != "docker-cli"


class Person:
    """Answers every question the same, and remembers what was said before."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.asked = 0
        self.told: list[str] = []

    async def ask(self, question: str) -> bool:
        self.asked += 1
        return self.answer

    def write(self, text: str) -> None:
        self.told.append(text)

    @property
    def text(self) -> str:
        return "\n".join(self.told)


async def fix(
    machine: FakeMachine, person: Person | None, found: Mapping[str, Sequence[Requirement]]
) -> tuple[str, list[Progress]]:
    told: list[str] = []
    seen: list[Progress] = []
    await doctor.fix(
        machine,
        ask=person.ask if person else None,
        listener=seen.append,
        write=person.write if person else told.append,
        look=lambda: found,
    )
    return (person.text if person else "\n".join(told)), seen


# --- what is proposed ---------------------------------------------------------------------------------------------


def test_the_provider_that_lacks_only_what_can_be_brought_is_mended() -> None:
    plan = plan_of(BARE)
    assert plan == PLAN
    assert plan.left == ()


def test_a_provider_that_works_is_left_alone_but_for_what_makes_it_better() -> None:
    better = Requirement("kernel modules", True, "to be loaded: ip_vs", "", Remedy(modules=("ip_vs",)))
    found = {"containers": (there("docker"), better), "namespaces": BARE["namespaces"]}
    assert plan_of(found) == MendPlan("containers", modules=("ip_vs",))
    assert not plan_of({"containers": (there("docker"),)})


def test_what_no_program_can_bring_is_named_as_left() -> None:
    root = Requirement("root", False, "user id 1000", "Run it as root.")
    plan = plan_of({"namespaces": (root, missing("ip", "iproute2"))})
    assert plan.left == (root,)
    assert plan.packages == ("iproute2",)


def test_the_commands_take_the_alternative_that_the_distribution_has() -> None:
    assert commands_of(PLAN, never_docker_cli) == (
        "apt-get update",
        "apt-get install --no-install-recommends docker.io iproute2",
    )
    assert commands_of(PLAN, lambda _package: True)[1].split()[-3:] == ["docker.io", "docker-cli", "iproute2"]


def test_modules_and_settings_are_commands_too() -> None:
    plan = MendPlan("namespaces", modules=("ip_vs", "vxlan"), settings=(("fs.inotify.max_user_instances", "1024"),))
    assert commands_of(plan, never_docker_cli) == (
        "modprobe -a ip_vs vxlan",
        "sysctl -w fs.inotify.max_user_instances=1024",
    )


@pytest.mark.parametrize("manager", [each for each in Manager if each is not Manager.APT])
def test_every_other_distribution_has_its_command_to_type(manager: Manager) -> None:
    commands = by_hand(PLAN, manager, never_docker_cli)
    assert manager.value in commands[0]
    assert "docker" in commands[0].lower() or "moby" in commands[0]
    assert len(commands) == 2  # one installs the engine, one starts it


def test_on_debian_the_command_to_type_leaves_no_engine_running() -> None:
    commands = by_hand(PLAN, Manager.APT, never_docker_cli)
    assert all(command.startswith("sudo ") for command in commands)
    assert commands[-1].startswith("sudo systemctl disable --now docker.service")


def test_reading_what_apt_would_do() -> None:
    simulation = parse_simulation(
        [
            "Reading package lists...",
            "Remv busybox [1:1.35.0-4]",
            "Inst libbpf1 (1:1.1.0-1 Debian:12.11/stable [amd64])",
            "Inst iproute2 [6.0.0-1] (6.1.0-3 Debian:12.11/stable [amd64])",
            "Conf libbpf1 (1:1.1.0-1 Debian:12.11/stable [amd64])",
            "Purg docker.io [20.10.24]",
        ]
    )
    assert simulation.new == ("libbpf1",)
    assert simulation.upgraded == ("iproute2",)
    assert simulation.removed == ("busybox", "docker.io")


def test_reading_how_far_apt_is() -> None:
    assert parse_status("pmstatus:docker.io:42.5:Unpacking docker.io (amd64)") == (42.5, "Unpacking docker.io (amd64)")
    assert parse_status("dlstatus:1:10:Retrieving file 1 of 29") == (10.0, "Retrieving file 1 of 29")
    assert parse_status("Unpacking docker.io (20.10.24) ...") is None


# --- what is done -------------------------------------------------------------------------------------------------


async def test_after_a_yes_the_packages_come_in_without_their_services_and_it_is_noted() -> None:
    machine, person = FakeMachine(), Person(True)
    text, seen = await fix(machine, person, BARE)
    assert person.asked == 1
    assert "apt-get install --no-install-recommends docker.io iproute2" in text
    assert machine.installed == {"docker.io", "containerd", "iproute2"}
    install = machine.ran[-1]
    assert install[:3] == ("sh", install[1], "docker containerd")
    assert Path(install[1]).is_file()
    assert load_changes() == HostChanges(packages=("docker.io", "iproute2", "containerd"))
    assert "42 % Unpacking docker.io (amd64)" in {progress.detail for progress in seen}


async def test_after_a_no_nothing_is_changed() -> None:
    machine, person = FakeMachine(), Person(False)
    text, _ = await fix(machine, person, BARE)
    assert text.endswith("Nothing was changed.")
    assert machine.ran == []
    assert not changes_path().exists()


async def test_with_yes_nobody_is_asked() -> None:
    machine = FakeMachine()
    await fix(machine, None, BARE)
    assert "docker.io" in machine.installed


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        (FakeMachine(root=False), "sudo apt-get install --no-install-recommends docker.io iproute2"),
        (FakeMachine(manager=Manager.DNF), "sudo dnf install moby-engine"),
        (FakeMachine(manager=None), "install a Docker Engine"),
    ],
)
async def test_where_it_may_not_install_it_prints_what_to_type(machine: FakeMachine, expected: str) -> None:
    person = Person(True)
    text, _ = await fix(machine, person, BARE)
    assert expected in text
    assert person.asked == 0
    assert machine.ran == []


async def test_nothing_is_installed_when_apt_would_remove_something_for_it() -> None:
    machine = FakeMachine(makes_way="mail-server")
    with pytest.raises(UserError, match="would remove mail-server"):
        await carry_out(PLAN, machine, ignore)
    assert machine.installed == set()
    assert not load_changes()


async def test_a_busybox_that_makes_way_is_noted_and_comes_back() -> None:
    machine = FakeMachine(makes_way="busybox")
    await carry_out(MendPlan("namespaces", ("busybox-static",)), machine, ignore)
    assert load_changes().replaced == ("busybox",)
    changes, commands = await what_to_take_back(machine)
    assert commands == ("apt-get purge --no-auto-remove busybox-static busybox+",)
    await take_back(changes, machine, ignore)
    assert "busybox+" in machine.ran[-1]


async def test_a_failure_of_apt_ends_with_its_last_lines() -> None:
    machine = FakeMachine(failing="--no-download")
    with pytest.raises(UserError) as caught:
        await carry_out(PLAN, machine, ignore)
    assert "Sub-process /usr/bin/dpkg returned an error code (1)" in caught.value.what
    assert "apt-get install" in caught.value.what
    assert caught.value.hint


async def test_cancelled_while_it_downloads_it_stops_at_once_and_has_changed_nothing() -> None:
    machine = FakeMachine(slow="--download-only")
    task = asyncio.create_task(carry_out(PLAN, machine, ignore))
    await machine.began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert machine.installed == set()
    assert not load_changes()


async def test_cancelled_while_it_installs_what_has_begun_is_finished_and_noted() -> None:
    machine = FakeMachine(slow="--no-download")
    task = asyncio.create_task(carry_out(PLAN, machine, ignore))
    await machine.began.wait()
    task.cancel()
    machine.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert machine.installed == set(load_changes().packages)
    assert machine.installed


# --- and back -----------------------------------------------------------------------------------------------------


async def test_undo_purges_exactly_what_fix_installed_and_restores_settings() -> None:
    machine = FakeMachine(installed={"curl"})
    setting = ("fs.inotify.max_user_instances", "1024")
    await carry_out(MendPlan("namespaces", ("iproute2",), ("ip_vs",), (setting,)), machine, ignore)
    assert machine.settings[setting[0]] == "1024"
    machine.installed.add("tcpdump")  # somebody else's, later
    person = Person(True)
    await doctor.undo(machine, ask=person.ask, listener=ignore, write=person.write)
    assert machine.installed == {"curl", "tcpdump"}
    assert machine.settings[setting[0]] == "128"
    assert ("modprobe", "-r", "ip_vs") in machine.ran
    assert "apt-get purge --no-auto-remove iproute2" in person.text
    assert not changes_path().exists()


async def test_undo_asks_and_a_no_keeps_everything() -> None:
    machine = FakeMachine()
    await carry_out(PLAN, machine, ignore)
    person = Person(False)
    await doctor.undo(machine, ask=person.ask, listener=ignore, write=person.write)
    assert "docker.io" in machine.installed
    assert load_changes().packages
    assert "/var/lib/docker" in person.text


async def test_undo_refuses_when_packages_of_others_would_go_too() -> None:
    machine = FakeMachine()
    await carry_out(PLAN, machine, ignore)
    machine.others = ("kubernetes",)
    with pytest.raises(UserError, match="kubernetes would go with them"):
        await what_to_take_back(machine)


async def test_undo_refuses_while_there_is_a_playground(tmp_path: Path) -> None:
    save_changes(HostChanges(packages=("docker.io",)))
    (tmp_path / "state" / "playgrounds" / "lab").mkdir(parents=True)
    with pytest.raises(UserError) as caught:
        await what_to_take_back(FakeMachine(installed={"docker.io"}))
    assert caught.value.exit_code == ExitCode.BUSY
    assert "swarmtutor down" in caught.value.hint


async def test_undo_of_nothing_says_so() -> None:
    person = Person(True)
    await doctor.undo(FakeMachine(), ask=person.ask, listener=ignore, write=person.write)
    assert "nothing to take back" in person.text


def test_a_first_value_is_kept_when_a_setting_is_changed_twice() -> None:
    changes = HostChanges().with_setting("a.b", "1").with_setting("a.b", "2")
    assert changes.settings == (("a.b", "1"),)


def test_a_damaged_note_is_said(tmp_path: Path) -> None:
    changes_path().parent.mkdir()
    changes_path().write_text("{")
    with pytest.raises(UserError) as caught:
        load_changes()
    assert caught.value.exit_code == ExitCode.BROKEN
    assert str(changes_path()) in caught.value.what


# --- on the command line --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["--fix", "--undo"])
def test_without_a_terminal_and_without_yes_nothing_is_changed(
    change: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.tutor.doctor.examine", lambda: BARE)
    assert run(["doctor", change]) == ExitCode.USAGE
    assert "nothing was changed" in capsys.readouterr().err


def test_what_can_be_taken_back_is_told_after_the_table() -> None:
    save_changes(HostChanges(packages=("docker.io", "containerd")))
    told: list[str] = []
    doctor.report(BARE, as_json=False, write=told.append)
    assert told[-1] == ("By `doctor --fix` 2 packages were installed: `swarmtutor doctor --undo` takes it back.")


class Lines:
    """Keeps a command's output, and tells when the first of it came."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self.came = asyncio.Event()

    def __call__(self, text: str) -> None:
        self.all.append(text)
        self.came.set()


# --- the real machine's commands --------------------------------------------------------------------------------------


async def test_a_command_gives_its_lines_and_its_status() -> None:
    lines: list[str] = []
    status = await ThisMachine().run(
        ("sh", "-c", "echo one; echo two >&2; printf three; exit 4"), lines.append, seconds=30
    )
    assert (status, lines) == (4, ["one", "two", "three"])


async def test_an_unbroken_command_goes_on_when_we_are_cancelled(tmp_path: Path) -> None:
    lines = Lines()
    script = f"echo begun; read line <{tmp_path}/go; echo ended >{tmp_path}/done"
    go = tmp_path / "go"
    os.mkfifo(go)
    task = asyncio.create_task(ThisMachine().run(("sh", "-c", script), lines, seconds=30, unbroken=True))
    await lines.came.wait()
    task.cancel()
    await asyncio.sleep(0)
    await asyncio.to_thread(go.write_text, "now\n")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (tmp_path / "done").read_text() == "ended\n"


async def test_any_other_command_is_ended_when_we_are_cancelled() -> None:
    lines = Lines()
    task = asyncio.create_task(ThisMachine().run(("sh", "-c", "echo $$; exec sleep 300"), lines, seconds=30))
    await lines.came.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not Path("/proc", lines.all[0], "cwd").exists()


async def test_a_command_that_takes_too_long_is_ended_with_a_sentence() -> None:
    with pytest.raises(UserError, match="has not ended after 0 seconds"):
        await ThisMachine().run(("sleep", "300"), ignore_line, seconds=0.05)


def ignore_line(text: str) -> None:
    assert text
