"""The rc file of a node's shell, in a real bash behind a real pseudo-terminal."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from urllib.parse import unquote

import pytest

import tui.playground
from tests.local_shell import attend_to_signals

RC_FILE = Path(tui.playground.__file__).parent / "bashrc"
PROMPT_END = b"\x1b]133;B\x07"
MARK = re.compile(rb"\x1b\]133;([^\x07]*)\x07")

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")


class Bash:
    """An interactive bash with our rc file, in a home of its own."""

    def __init__(self, home: Path, argv: list[str], **environment: str) -> None:
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            attend_to_signals()
            os.chdir(home)
            base = {"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8"}
            os.execvpe("bash", argv, base | environment)

    def until(self, wanted: bytes, seconds: float = 60.0) -> bytes:
        seen = b""
        deadline = time.monotonic() + seconds
        while wanted not in seen:
            left = deadline - time.monotonic()
            assert left > 0, f"{wanted!r} did not come; seen {seen!r}"
            if select.select([self.master], [], [], left)[0]:
                seen += os.read(self.master, 65_536)
        return seen

    def wait_until_it_reads(self, seconds: float = 60.0) -> None:
        """Until it sleeps in its read: readline forgets a Ctrl-C that comes between drawing and reading till a key."""
        deadline = time.monotonic() + seconds
        while Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2][0] != "S":
            assert time.monotonic() < deadline, "bash does not come to rest"

    def type(self, text: str) -> list[str]:
        """Type a line and return the marks up to the end of the next prompt."""
        os.write(self.master, text.encode() + b"\n")
        return [mark.decode() for mark in MARK.findall(self.until(PROMPT_END))]

    def close(self) -> None:
        os.close(self.master)
        os.waitpid(self.pid, 0)


@pytest.fixture
def shell(tmp_path: Path) -> Generator[Bash]:
    bash = Bash(tmp_path, ["bash", "--rcfile", str(RC_FILE), "-i"])
    bash.until(PROMPT_END)
    yield bash
    bash.close()


def command_of(marks: list[str]) -> str:
    started = [mark for mark in marks if mark.startswith("C;cmdline_url=")]
    assert len(started) == 1, marks
    return unquote(started[0].removeprefix("C;cmdline_url="))


def status_of(marks: list[str]) -> str:
    ended = [mark for mark in marks if mark.startswith("D;")]
    assert len(ended) == 1, marks
    return ended[0].removeprefix("D;")


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("true", "0"),
        ("false", "1"),
        ("(exit 7)", "7"),
        ("docker service create --name 'a b' -p 80:80 x; false", "1"),
        (" echo a leading blank", "0"),
        ("echo 100% héllo ✓ | cat", "0"),
        ("if true; then echo x; fi", "0"),
        ("no-such-command-here 2>/dev/null", "127"),
        ("# a word to myself; docker ps", ""),
    ],
)
def test_a_command_is_told_as_it_was_typed_with_its_status(shell: Bash, typed: str, status: str) -> None:
    marks = shell.type(typed)
    if status:
        assert command_of(marks) == typed
        assert status_of(marks) == status
    else:
        assert [mark[0] for mark in marks] == ["P", "A", "B"], "a comment is no command"


def test_the_marks_come_in_order(shell: Bash) -> None:
    assert [mark[0] for mark in shell.type("echo x")] == ["C", "D", "P", "A", "B"]


def test_an_empty_line_is_no_command(shell: Bash) -> None:
    shell.type("false")
    assert [mark[0] for mark in shell.type("")] == ["P", "A", "B"]
    assert [mark[0] for mark in shell.type("   ")] == ["P", "A", "B"]


def test_the_node_is_named_with_each_prompt(shell: Bash) -> None:
    assert f"P;node={os.uname().nodename.split('.')[0]}" in shell.type("true")


def test_several_lines_are_one_command(shell: Bash) -> None:
    os.write(shell.master, b"for i in 1 2; do\n")
    shell.until(b"> ")
    os.write(shell.master, b"echo $i\n")
    shell.until(b"> ")
    assert command_of(shell.type("done")) == "for i in 1 2; do\necho $i\ndone"


@pytest.mark.parametrize("trick", ["HISTCONTROL=ignoreboth", "HISTIGNORE='docker*'", "HISTSIZE=0", "history -c"])
def test_no_setting_of_the_history_hides_a_command(shell: Bash, trick: str) -> None:
    shell.type(trick)
    for typed in ("docker-nothing a 2>/dev/null", "docker-nothing a 2>/dev/null", " docker-nothing b 2>/dev/null"):
        assert command_of(shell.type(typed)) == typed


def test_without_a_history_a_command_is_told_without_its_text(shell: Bash) -> None:
    shell.type("set +o history")
    assert [mark[0] for mark in shell.type("false")] == ["C", "D", "P", "A", "B"]


def test_the_date_in_the_history_is_no_part_of_a_command(shell: Bash) -> None:
    shell.type("HISTTIMEFORMAT='%F %T '")
    assert command_of(shell.type("echo dated")) == "echo dated"


def test_ctrl_c_at_the_prompt_is_no_command(shell: Bash) -> None:
    os.write(shell.master, b"docker ps")
    shell.until(b"docker ps")
    shell.wait_until_it_reads()
    os.write(shell.master, b"\x03")
    marks = [mark.decode() for mark in MARK.findall(shell.until(PROMPT_END))]
    assert not [mark for mark in marks if mark[0] in "CD"]


def test_ctrl_c_ends_a_command_with_130(shell: Bash) -> None:
    os.write(shell.master, b"sh -c 'echo go; exec sleep 60'\n")
    shell.until(b"\x07go")
    os.write(shell.master, b"\x03")
    assert b"133;D;130" in shell.until(PROMPT_END)


def test_the_learner_s_own_prompt_is_kept_and_marked(shell: Bash) -> None:
    marks = shell.type("PS1='mine> '")
    assert marks[-2:] == ["A", "B"]
    os.write(shell.master, b"true\n")
    assert b"133;A\x07mine> \x1b]133;B\x07" in shell.until(PROMPT_END)


def test_the_learner_s_prompt_command_sees_the_status(shell: Bash) -> None:
    shell.type('PROMPT_COMMAND="$PROMPT_COMMAND; echo was=\\$?"')
    os.write(shell.master, b"(exit 9)\n")
    assert b"was=9" in shell.until(PROMPT_END)


def test_the_learner_s_profile_is_read_first_by_a_login_shell(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text("export FROM_PROFILE=yes\n. ~/.bashrc\n")
    (tmp_path / ".bashrc").write_text("PS1='mine> '\nHISTCONTROL=ignoreboth\nalias hello='echo hello'\n")
    bash = Bash(tmp_path, ["bash", "--rcfile", str(RC_FILE), "-i"], SWARMTUTOR_LOGIN="1")
    try:
        greeting = bash.until(PROMPT_END)
        assert b"is a Docker host of its own" in greeting
        os.write(bash.master, b" hello $FROM_PROFILE ${SWARMTUTOR_LOGIN-gone}\n")
        assert b"hello yes gone" in bash.until(PROMPT_END)
    finally:
        bash.close()


def test_a_plain_bash_inside_reports_too(shell: Bash, tmp_path: Path) -> None:
    # As /etc/bash.bashrc of a node reads the rc file.
    (tmp_path / ".bashrc").write_text(f". {RC_FILE}\n")
    os.write(shell.master, b"bash\n")
    shell.until(PROMPT_END)
    assert command_of(shell.type("echo inner")) == "echo inner"
    os.write(shell.master, b"exit 5\n")
    assert b"133;D;5" in shell.until(b"133;D;5")


def test_a_shell_that_is_not_interactive_says_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f". {RC_FILE}; echo done"], cwd=tmp_path, capture_output=True, timeout=60, check=True
    )
    assert done.stdout == b"done\n"


def test_a_long_command_is_told_fast_enough(shell: Bash) -> None:
    marks = shell.type("echo " + "x" * 3000 + " >/dev/null")
    assert command_of(marks).endswith("x >/dev/null")


def test_no_colour_where_none_is_wanted(tmp_path: Path) -> None:
    bash = Bash(tmp_path, ["bash", "--rcfile", str(RC_FILE), "-i"], NO_COLOR="1")
    try:
        assert b"\x1b[1;" not in bash.until(PROMPT_END)
    finally:
        bash.close()
