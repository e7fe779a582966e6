"""From a shell's bytes to the log of what ran where, with which status and which words."""

import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.terminal.command_log import CommandLog, RanCommand
from tui.terminal.marks import (
    MARK_LIMIT,
    CommandEnded,
    CommandStarted,
    CommandTracker,
    NodeNamed,
    Output,
    PromptEnded,
    PromptStarted,
    ShellEvent,
    ShellMarks,
)


def mark(body: str, ending: bytes = b"\x07") -> bytes:
    return b"\x1b]133;" + body.encode() + ending


class Shells:
    """Writes what shells write: prompts, echoes and marks. The node is named at each prompt, after D."""

    def __init__(self) -> None:
        self.log = CommandLog()
        self.now = 1000.0
        self.tracker = CommandTracker("node1", self.log, clock=self._clock)

    def _clock(self) -> float:
        self.now += 1.0
        return self.now

    def prompt(self, node: str, status: int | None = None) -> None:
        ended = b"" if status is None else mark(f"D;{status}")
        self.tracker.feed(ended + mark(f"P;node={node}") + mark("A") + f"docker@{node}:~$ ".encode() + mark("B"))

    def start(self, encoded: str) -> None:
        self.tracker.feed(b"echoed\r\n" + mark(f"C;cmdline_url={encoded}"))

    def commands(self) -> list[tuple[str, str, int | None]]:
        return [(command.node, command.text, command.exit_status) for command in self.log]


@pytest.mark.parametrize("ending", [b"\x07", b"\x1b\\"])
def test_every_mark_is_found(ending: bytes) -> None:
    stream = b"x".join(
        mark(body, ending)
        for body in ("A", "B", "C;cmdline_url=echo%20%C3%A9%0Ab", "D;127", "D", "P;node=node2", "Z;unknown", "A;aid=1")
    )
    events = [event for event in ShellMarks().feed(stream) if not isinstance(event, Output)]
    assert events == [
        PromptStarted(),
        PromptEnded(),
        CommandStarted("echo é\nb"),
        CommandEnded(127),
        CommandEnded(None),
        NodeNamed("node2"),
        PromptStarted(),
    ]


def joined(events: list[ShellEvent]) -> list[ShellEvent]:
    """Events with neighbouring output put together: its cuts carry no meaning."""
    together: list[ShellEvent] = []
    for event in events:
        if isinstance(event, Output) and together and isinstance(last := together[-1], Output):
            together[-1] = Output(last.data + event.data)
        else:
            together.append(event)
    return together


_pieces = st.sampled_from(
    [
        mark("A"),
        mark("D;0", b"\x1b\\"),
        mark("C;cmdline_url=ls"),
        b"\x1b]133;",
        b"\x1b]13",
        b"\x1b",
        b"\x07",
        b"A",
        b";",
    ]
)


@given(parts=st.lists(st.one_of(_pieces, st.binary(max_size=5)), max_size=20), cuts=st.lists(st.integers(0, 200)))
@settings(max_examples=400, deadline=None)
def test_chunks_do_not_matter(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts) + b"\x07the end"
    whole, marks = joined(ShellMarks().feed(data)), ShellMarks()
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    pieces = [event for start, end in pairwise(edges) for event in marks.feed(data[start:end])]
    assert joined(pieces) == whole


def test_an_endless_mark_becomes_output() -> None:
    marks = ShellMarks()
    garbage = b"\x1b]133;C;" + b"x" * (MARK_LIMIT + 100)
    events = marks.feed(garbage)
    assert events == [Output(garbage)]
    assert marks.feed(mark("A")) == [PromptStarted()]


def test_a_command_is_logged_with_status_times_and_output() -> None:
    shells = Shells()
    shells.prompt("node1")
    assert shells.tracker.at_prompt
    shells.start("docker%20node%20ls")
    assert not shells.tracker.at_prompt
    assert shells.log.since(0)[0] == RanCommand("node1", "docker node ls", 1001.0)
    assert shells.tracker.running == RanCommand("node1", "docker node ls", 1001.0)
    shells.tracker.feed(b"\x1b[1mID\x1b[0m  HOSTNAME\r\nabc node1\r\n")
    shells.prompt("node1", 0)
    done = RanCommand("node1", "docker node ls", 1001.0, 0, 1002.0, "ID  HOSTNAME\nabc node1")
    assert list(shells.log) == [done]
    assert shells.tracker.last_finished == done
    assert shells.tracker.finished_count == 1
    assert shells.tracker.running is None
    assert shells.tracker.at_prompt


def test_an_inner_shell_reports_for_its_own_node() -> None:
    shells = Shells()
    shells.prompt("node1")
    shells.start("ssh%20node2")
    shells.prompt("node2")
    assert shells.tracker.node == "node2"
    shells.start("docker%20ps")
    shells.prompt("node2", 3)
    assert shells.commands() == [("node1", "ssh node2", None), ("node2", "docker ps", 3)]
    shells.prompt("node2", 130)  # Ctrl-C at the inner prompt: no command of the outer shell ended
    assert shells.commands()[0] == ("node1", "ssh node2", None)
    shells.start("exit")
    shells.tracker.feed(b"logout\r\nConnection to node2 closed.\r\n")
    shells.prompt("node1", 3)
    assert shells.commands() == [("node1", "ssh node2", 3), ("node2", "docker ps", 3), ("node2", "exit", 3)]
    assert shells.tracker.node == "node1"
    assert "Connection to node2 closed." in shells.log.since(0)[0].output


def test_end_of_file_at_an_inner_prompt_ends_the_outer_command() -> None:
    shells = Shells()
    shells.prompt("node1")
    shells.start("ssh%20node2")
    shells.prompt("node2")
    shells.prompt("node1", 0)
    assert shells.commands() == [("node1", "ssh node2", 0)]


def test_a_lost_connection_ends_what_ran_inside() -> None:
    shells = Shells()
    shells.prompt("node1")
    shells.start("ssh%20node2")
    shells.prompt("node2")
    shells.start("sleep%20600")
    shells.prompt("node1", 255)
    assert shells.commands() == [("node1", "ssh node2", 255), ("node2", "sleep 600", 255)]


def test_a_node_named_before_the_end_does_as_well() -> None:
    shells = Shells()
    shells.prompt("node1")
    shells.start("ssh%20node2")
    shells.prompt("node2")
    shells.start("exit")
    shells.tracker.feed(b"logout\r\n" + mark("P;node=node1") + mark("D;0") + mark("A") + b"$ " + mark("B"))
    assert shells.commands() == [("node1", "ssh node2", 0), ("node2", "exit", 0)]


def test_leaving_a_nested_shell_on_the_same_node() -> None:
    shells = Shells()
    shells.prompt("node1")
    shells.start("bash")
    shells.prompt("node1")
    shells.start("exit%204")
    shells.prompt("node1", 4)
    assert shells.commands() == [("node1", "bash", 4), ("node1", "exit 4", 4)]


def test_shells_that_name_no_node() -> None:
    shells = Shells()
    shells.start("true")
    shells.tracker.feed(mark("D;0") + mark("A") + b"$ " + mark("B"))
    shells.tracker.feed(mark("D;1") + mark("A") + b"$ " + mark("B"))
    assert shells.commands() == [("node1", "true", 0)]


def test_the_end_of_the_shell_ends_its_commands() -> None:
    shells = Shells()
    shells.prompt("node1")
    shells.start("ssh%20node3")
    shells.prompt("node3")
    shells.start("exit")
    shells.tracker.feed(b"\x1b]133;D")
    shells.tracker.shell_ended()
    assert shells.commands() == [("node1", "ssh node3", 255), ("node3", "exit", 255)]
    assert not shells.tracker.at_prompt
    shells.prompt("node1")
    shells.start("ls")
    assert shells.commands()[-1] == ("node1", "ls", None)


def test_a_command_that_leaves_the_shell_has_not_failed() -> None:
    shells = Shells()
    shells.prompt("node1")
    shells.start("exit")
    shells.tracker.shell_ended()
    assert shells.commands() == [("node1", "exit", 0)]


def test_only_the_end_of_a_long_output_is_kept() -> None:
    shells = Shells()
    shells.start("seq")
    for number in range(60_000):
        shells.tracker.feed(b"\x1b[32mline %d\x1b[0m\r\n" % number)
    shells.prompt("node1", 0)
    output = shells.log.since(0)[0].output
    assert output.endswith("line 59998\nline 59999")
    assert len(output) <= 4_000


RC = r"""
PS0='\e]133;C;cmdline_url=$(fc -ln -0 | sed "s/^[ \t]*//;s/%/%25/g;s/;/%3B/g")\a'
PROMPT_COMMAND='printf "\e]133;D;%s\a\e]133;P;node=node7\a" $?'
PS1='\[\e]133;A\a\]prompt> \[\e]133;B\a\]'
"""


@pytest.mark.skipif(shutil.which("script") is None, reason="needs script(1) for a PTY")
def test_marks_of_a_real_bash(tmp_path: Path) -> None:
    rc = tmp_path / "rc"
    rc.write_text(RC, encoding="utf-8")
    typed = "echo 100% sure; (exit 3)\nls /nowhere\nexit\n"
    done = subprocess.run(
        ["script", "-qec", f"bash --noprofile --rcfile {rc} -i", "/dev/null"],
        input=typed.encode(),
        stdout=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    log = CommandLog()
    CommandTracker("node1", log, clock=lambda: 0.0).feed(done.stdout)
    first, second, *_ = log
    assert (first.node, first.text, first.exit_status, first.output) == (
        "node7",
        "echo 100% sure; (exit 3)",
        3,
        "100% sure",
    )
    assert (second.text, second.exit_status) == ("ls /nowhere", 2)
    assert "nowhere" in second.output
