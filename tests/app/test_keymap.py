"""A person's own keys: what a file of them may hold, what is wrong in one and where, and what is printed of them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tui.app.actions import ACTIONS, action_of, keys_of
from tui.app.key_names import file_name, key_name, key_of
from tui.app.keymap import FILE, load_keymap, parse_keymap, template
from tui.app.keys_command import cheat_sheet
from tui.cli import run
from tui.errors import ExitCode
from tui.paths import content_dir

Captured = pytest.CaptureFixture[str]
USUAL = sorted({key for action in ACTIONS for key in keys_of(action, {})})


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of settings of the test's own; the file of keys in it."""
    monkeypatch.setenv("SWARMTUTOR_CONFIG", str(tmp_path))
    return tmp_path / FILE


# --- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", USUAL)
def test_every_key_can_be_written_as_it_is_shown_and_as_a_keyboard_types_it(key: str) -> None:
    assert key_of(key_name(key)) == key
    assert key_of(file_name(key)) == key
    assert key_of(key) == key
    assert file_name(key).isascii()


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Ctrl-]", "ctrl+right_square_bracket"),
        ("ctrl+]", "ctrl+right_square_bracket"),
        ("→", "right"),
        ("Page-Up", "pageup"),
        ("Return", "enter"),
        ("Ctrl-Shift-F5", "ctrl+shift+f5"),
        ("Shift-Ctrl-F5", "ctrl+shift+f5"),
        ("Shift-r", "R"),
        ("Ctrl-R", "ctrl+r"),
        ("-", "minus"),
        ("Ctrl--", "ctrl+minus"),
        (",", "comma"),
        ("é", "é"),
        # What a terminal cannot tell apart is the same key.
        ("Ctrl-I", "tab"),
        ("Ctrl-M", "enter"),
        ("Ctrl-[", "escape"),
    ],
)
def test_people_call_a_key_by_many_names(name: str, key: str) -> None:
    assert key_of(name) == key


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("F99", "did you mean F9?"),
        ("PgUpp", "did you mean PgUp?"),
        ("hyper", "keys are called"),
        ("Shift-1", "write the character that it gives"),
        (" ", "keys are called"),
    ],
)
def test_what_is_no_key_is_said_with_what_is(name: str, part: str) -> None:
    with pytest.raises(ValueError, match=r"key|character") as caught:
        key_of(name)
    assert part in str(caught.value)


# --- the file ------------------------------------------------------------------------------------------------------


def test_the_file_to_begin_with_changes_nothing_and_lists_all() -> None:
    assert parse_keymap(template()) == ({}, ())
    written = "\n".join(
        line.removeprefix("# ") if " = [" in line and line.startswith("# ") else line
        for line in template().splitlines()
    )
    keymap, mistakes = parse_keymap(written)
    assert mistakes == ()
    assert {name: tuple(keys.split(",")) for name, keys in keymap.items()} == {
        action.id: keys_of(action, {}) for action in ACTIONS
    }


@pytest.mark.parametrize(
    ("text", "keymap"),
    [
        ("", {}),
        ('[lesson]\nnext = "Ctrl-N"\n', {"lesson.next": "ctrl+n"}),
        ('lesson.next = ["Ctrl-N", "F8"]', {"lesson.next": "ctrl+n,f8"}),
        ('"lesson.next" = "Ctrl-N"', {"lesson.next": "ctrl+n"}),
        ('[node]\n1 = ["F2"]\n', {"node.1": "f2"}),
        ("[lesson]\nfree = []\n", {"lesson.free": ""}),
        ('[lesson]\nhint = "n"\nnext = "h"\n', {"lesson.hint": "n", "lesson.next": "h"}),  # they change places
        ('[pane]\nshell = "Ctrl-G"\n', {"pane.shell": "ctrl+g"}),
        ('[swarm]\nback = [",", "comma"]\n', {"swarm.back": "comma"}),
    ],
)
def test_a_file_gives_actions_other_keys(text: str, keymap: Mapping[str, str]) -> None:
    assert parse_keymap(text) == (keymap, ())


@pytest.mark.parametrize(
    ("text", "line", "parts"),
    [
        ('[lesson]\nnxt = "k"\n', 2, ("no action `lesson.nxt`", "did you mean `lesson.next`?")),
        ('[leson]\nnext = "k"\n', 2, ("no action `leson.next`", "did you mean `lesson.next`?")),
        ('[zzz]\nqqq = "k"\n', 2, ("[lesson]", "[app]")),
        ("[lesson]\n\nnext = 7\n", 3, ("a key or a list of keys",)),
        ('[lesson]\nnext = ["k", "F99"]\n', 2, ("`lesson.next`", "F99", "F9?")),
        ('[lesson]\nnext = "h"\n', 2, ("h is the usual key of `lesson.hint`", 'hint = ["F6"] below [lesson]')),
        ('[lesson]\nnext = "a"\n', 2, ("`lesson.answer`", "give `lesson.answer` another one")),
        ('[lesson]\nnext = "k"\n[swarm]\nmap = "k"\n', 4, ("k is given to `lesson.next` too",)),
        ('[pane]\nshell = "k"\n', 2, ("k cannot leave the shell", "Ctrl")),
        ('[pane]\nshell = "Ctrl-I"\n', 2, ("Tab cannot leave the shell",)),
        ('[pane]\nshell = "Ctrl-C"\n', 2, ("Ctrl-C cannot leave the shell",)),
        ("[pane]\nshell = []\n", 2, ("`pane.shell` needs a key",)),
        ("[app]\nquit = []\n", 2, ("`app.quit` needs a key",)),
        ('[lesson]\nnext = "k"\nnext = "r"\n', 3, ("overwrite",)),
        ("[lesson\n", 1, ("]",)),
    ],
)
def test_a_mistake_is_named_with_its_line_and_nothing_else_of_the_file_holds(
    text: str, line: int, parts: tuple[str, ...]
) -> None:
    keymap, mistakes = parse_keymap(text)
    assert keymap == {}
    found = [mistake.message for mistake in mistakes if mistake.line == line]
    assert any(all(part in message for part in parts) for message in found), mistakes


def test_several_mistakes_are_named_at_once_in_the_order_of_the_file() -> None:
    _, mistakes = parse_keymap('[lesson]\nnext = "F99"\nhnt = "k"\ntype = 1\n')
    assert [mistake.line for mistake in mistakes] == [2, 3, 4]


# --- a run of the program ------------------------------------------------------------------------------------------


def test_without_a_file_the_usual_keys_apply(config: Path) -> None:
    assert load_keymap(config) == ({}, "")


def test_a_file_that_is_wrong_is_said_once_and_the_usual_keys_apply(config: Path) -> None:
    config.write_text('[lesson]\nnext = "F99"\nhnt = "k"\n')
    keymap, said = load_keymap(config)
    assert keymap == {}
    assert f"{config}:2:" in said
    assert "usual" in said
    assert "1 more" in said


def test_a_file_that_is_no_text_is_said(config: Path) -> None:
    config.write_bytes(b"\xff\xfe\x00")
    keymap, said = load_keymap(config)
    assert keymap == {}
    assert str(config) in said


# --- what is printed -----------------------------------------------------------------------------------------------


def test_keys_are_listed_as_they_are_now(config: Path, capsys: Captured) -> None:
    config.write_text('[lesson]\nnext = ["Ctrl-N"]\nfree = []\n')
    assert run(["keys"]) == ExitCode.OK
    rows = capsys.readouterr().out.splitlines()
    changed = [row for row in rows if row.startswith("* ") and "changed in" not in row]
    assert len(changed) == 2
    assert any("Ctrl-N" in row and "lesson.next" in row for row in changed)
    assert any("(none)" in row and "lesson.free" in row for row in changed)


def test_keys_as_json_name_all_actions(config: Path, capsys: Captured) -> None:
    config.write_text('[lesson]\nnext = "Ctrl-N"\n')
    assert run(["keys", "--json"]) == ExitCode.OK
    found = json.loads(capsys.readouterr().out)
    assert found["file"] == str(config)
    actions = {action["id"]: action for action in found["actions"]}
    assert set(actions) == {action.id for action in ACTIONS}
    assert actions["lesson.next"]["keys"] == ["ctrl+n"]
    assert actions["lesson.next"]["usual"] == list(keys_of(action_of("lesson.next"), {}))


def test_the_file_is_made_once_and_never_overwritten(config: Path, capsys: Captured) -> None:
    assert run(["keys", "--write"]) == ExitCode.OK
    assert str(config) in capsys.readouterr().out
    assert config.read_text(encoding="utf-8") == template()
    config.write_text('[lesson]\nnext = "Ctrl-N"\n')
    assert run(["keys", "--write"]) == ExitCode.BUSY
    assert "already" in capsys.readouterr().err
    assert "Ctrl-N" in config.read_text()


def test_all_mistakes_of_the_file_are_listed(config: Path, capsys: Captured) -> None:
    config.write_text('[lesson]\nnext = "F99"\nhnt = "k"\n')
    assert run(["keys"]) == ExitCode.BROKEN
    err = capsys.readouterr().err
    assert f"{config}:2:" in err
    assert f"{config}:3:" in err
    assert "Traceback" not in err


def test_the_list_of_keys_in_the_docs_is_up_to_date() -> None:
    path = content_dir() / "keys.md"
    assert path.read_text(encoding="utf-8") == cheat_sheet(), "`make keys` writes it anew"
