"""Which of the desktop's programs are asked, and what is said of what they did."""

import shutil
import stat
from pathlib import Path

import pytest

from tui.app.desktop import Way, browser_ways, clipboard_ways, copied_words, hand_over, person_before_sudo

ALL = "/usr/bin/{}".format


def names(ways: list[Way]) -> list[str]:
    return [way.command[0] for way in ways]


@pytest.mark.parametrize(
    ("environment", "clipboards", "browsers"),
    [
        ({}, [], []),
        ({"DISPLAY": ":0"}, ["xclip", "xsel"], ["xdg-open", "gio", "x-www-browser", "firefox", "chromium"]),
        ({"WAYLAND_DISPLAY": "wayland-0"}, ["wl-copy"], ["xdg-open", "gio", "x-www-browser", "firefox", "chromium"]),
        ({"TMUX": "/tmp/tmux,1,0"}, ["tmux"], []),
        ({"SSH_CONNECTION": "a b c d", "DISPLAY": ":0", "WAYLAND_DISPLAY": "w"}, [], []),
        ({"SSH_CONNECTION": "a b c d", "DISPLAY": "localhost:10.0"}, ["xclip", "xsel"], []),
        ({"SSH_TTY": "/dev/pts/1", "TMUX": "x"}, ["tmux"], []),
        ({"WSL_DISTRO_NAME": "Debian"}, ["clip.exe"], ["wslview"]),
    ],
)
def test_ways(environment: dict[str, str], clipboards: list[str], browsers: list[str]) -> None:
    assert names(clipboard_ways(environment, ALL, "linux")) == clipboards
    assert names(browser_ways(environment, ALL, "linux")) == browsers


def test_ways_of_a_mac() -> None:
    assert names(clipboard_ways({}, ALL, "darwin")) == ["pbcopy"]
    assert names(browser_ways({}, ALL, "darwin")) == ["open"]
    assert names(clipboard_ways({"SSH_TTY": "x"}, ALL, "darwin")) == []


def test_only_what_is_installed() -> None:
    assert names(clipboard_ways({"DISPLAY": ":0"}, lambda name: name if name == "xsel" else None, "linux")) == ["xsel"]


def program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


async def test_the_first_that_takes_it_has_it(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    broken = Way((program(tmp_path / "broken", "exit 1"),), "nobody")
    missing = Way((str(tmp_path / "missing"),), "nobody")
    good = Way((program(tmp_path / "good", f"cat > {taken}"),), "a file")
    assert await hand_over("中 text", [broken, missing, good]) is good
    assert taken.read_text(encoding="utf-8") == "中 text"
    assert await hand_over("text", [broken, missing]) is None


async def test_an_address_is_an_argument(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    browser = Way((program(tmp_path / "browser", f'printf %s "$2" > {taken}'), "--new"), "a browser")
    assert await hand_over("https://a.example/?b=c&d", [browser], as_argument=True) is browser
    assert taken.read_text(encoding="utf-8") == "https://a.example/?b=c&d"


@pytest.mark.skipif(shutil.which("sleep") is None, reason="there is no sleep")
async def test_one_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.app.desktop.DEADLINE", 0.2)
    hangs = Way((program(tmp_path / "hangs", "exec sleep 60"),), "nobody")
    assert await hand_over("text", [hangs]) is None


def test_what_is_said_is_what_is_known() -> None:
    way = Way(("wl-copy",), "the clipboard")
    assert copied_words("a\nb", way) == "Copied to the clipboard: 2 lines."
    assert "Some terminals ignore it" in copied_words("abc", None)
    assert "many terminals drop it" in copied_words("a" * 80_000, None)
    assert copied_words("abc", None, in_browser=True).startswith("Sent to your browser")


@pytest.mark.parametrize(
    ("environment", "root", "words"),
    [
        ({}, True, []),
        ({"SUDO_USER": "ada", "SUDO_UID": "1000"}, False, []),
        ({"SUDO_USER": "root", "SUDO_UID": "0"}, True, []),
        ({"SUDO_USER": "ada", "SUDO_UID": "x"}, True, []),
        (
            {"SUDO_USER": "ada", "SUDO_UID": "1000", "DISPLAY": ":0", "XAUTHORITY": ""},
            True,
            ["runuser", "-u", "ada", "XDG_RUNTIME_DIR=/run/user/1000", "DISPLAY=:0"],
        ),
    ],
)
def test_a_browser_is_run_by_the_person_and_not_by_root(
    environment: dict[str, str], root: bool, words: list[str]
) -> None:
    before = person_before_sudo(environment, ALL, root=root)
    assert [word for word in before if word in words] == words
    assert bool(before) is bool(words)
    assert not any(word.startswith("XAUTHORITY") for word in before)
