"""Keys by their names: as Textual calls them (`ctrl+right_square_bracket`) and as people do (Ctrl-])."""

import difflib
import re
import string
from collections.abc import Sequence

from textual.binding import Binding
from textual.keys import Keys

__all__ = ["file_name", "is_function_key", "is_printable", "key_name", "key_names", "key_of"]

_SHOWN = {
    "right": "→",
    "left": "←",
    "up": "↑",
    "down": "↓",
    "tab": "Tab",
    "space": "Space",
    "enter": "Enter",
    "escape": "Esc",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "insert": "Ins",
    "delete": "Del",
    "backspace": "Backspace",
    "ctrl": "Ctrl",
    "shift": "Shift",
    "alt": "Alt",
    "super": "Super",
}
_ARROWS = {"right": "Right", "left": "Left", "up": "Up", "down": "Down"}
_ALSO = {
    "esc": "escape",
    "return": "enter",
    "pgup": "pageup",
    "page-up": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "page-down": "pagedown",
    "ins": "insert",
    "del": "delete",
    "bksp": "backspace",
    "spacebar": "space",
    "period": "full_stop",
    "dot": "full_stop",
    **{shown: key for key, shown in _SHOWN.items() if len(shown) == 1},
}
_MODIFIERS = {"ctrl": "ctrl", "control": "ctrl", "shift": "shift", "alt": "alt", "super": "super"}
_MODIFIER = re.compile(rf"({'|'.join(_MODIFIERS)})[-+](?=.)", re.IGNORECASE)
_SAME = {
    # What a terminal sends for the left is what it sends for the right.
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
}


def _of_character(character: str) -> str:
    """Textual's name of the key for a character: `?` is question_mark."""
    return next(iter(Binding.make_bindings([Binding(character, "")]))).key


_SIGNS = string.ascii_letters + string.digits + string.punctuation.replace(",", "")
_CHARACTERS = {_of_character(sign): sign for sign in _SIGNS}
_CHARACTERS["comma"] = ","  # which stands between two keys, where Textual reads them
_KNOWN = frozenset({key.value for key in Keys if "+" not in key.value and "<" not in key.value} | set(_CHARACTERS))


def key_name(key: str) -> str:
    """A key as a person knows it: `ctrl+p` is Ctrl-P, `question_mark` is ?."""
    *modifiers, last = key.split("+")
    name = _SHOWN.get(last) or _CHARACTERS.get(last, last)
    if (len(name) == 1 and modifiers) or is_function_key(last):
        name = name.upper()
    return "-".join([*(_SHOWN.get(part, part) for part in modifiers), name])


def key_names(keys: Sequence[str]) -> str:
    """Several keys for one action, as the help shows them."""
    return "  ".join(key_name(key) for key in keys)


def file_name(key: str) -> str:
    """A key as it is written in a file: every keyboard can type it."""
    *modifiers, last = key.split("+")
    if last not in _ARROWS:
        return key_name(key)
    return "-".join([*(_SHOWN.get(part, part) for part in modifiers), _ARROWS[last]])


def key_of(name: str) -> str:
    """Textual's name of the key that a person calls so: Ctrl-], →, PgUp, ?, or Textual's own name.

    Raises ValueError with a sentence for what is no key.
    """
    rest, modifiers = name.strip(), set[str]()
    while found := _MODIFIER.match(rest):
        modifiers.add(_MODIFIERS[found[1].lower()])
        rest = rest[found.end() :]
    base = _base(rest, name)
    if modifiers == {"shift"} and len(base) == 1:
        if not base.isalpha():
            raise ValueError(f"“{name}” depends on the keyboard; write the character that it gives, such as !")
        return base.upper()
    if modifiers and len(base) == 1:
        base = base.lower()
    key = "+".join([*sorted(modifiers), base])
    return _SAME.get(key, key)


def _base(rest: str, name: str) -> str:
    if len(rest) == 1 and rest not in _ALSO:
        if not rest.isprintable() or rest == " ":
            raise ValueError("a blank is called Space")
        return "comma" if rest == "," else _of_character(rest)
    lower = rest.lower()
    base = _ALSO.get(lower, lower)
    if base in _KNOWN:
        return base
    close = difflib.get_close_matches(lower, [*_ALSO, *_KNOWN], n=1, cutoff=0.6)
    if close:
        raise ValueError(f"there is no key “{name}”; did you mean {key_name(_ALSO.get(close[0], close[0]))}?")
    raise ValueError(f"there is no key “{name}”; keys are called n, R, F8, Ctrl-P, PgUp, Left, Space, Esc")


def is_function_key(key: str) -> bool:
    """F1 to F24, alone."""
    return key.startswith("f") and key[1:].isdigit()


def is_printable(key: str) -> bool:
    """Whether the key gives a character when it is pressed: in a shell that character is wanted."""
    return "+" not in key and (key in _CHARACTERS or key == "space" or len(key) == 1)
