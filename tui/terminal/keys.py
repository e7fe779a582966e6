"""Keys to bytes, as xterm sends them. Keys are named as Textual names them; nothing here needs Textual.

Textual's decoder has lost a little before a key gets here: without the kitty protocol Alt-b and Alt-f arrive as
`ctrl+left` and `ctrl+right` (which bash takes the same way), Alt-Backspace as `ctrl+w`, Alt with a symbol or Enter
without the Alt.
"""

import string
import unicodedata

__all__ = ["encode_key", "encode_paste", "encode_wheel_as_arrows"]

_CURSOR_KEYS = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
_TILDE_KEYS = {
    "insert": 2,
    "delete": 3,
    "pageup": 5,
    "pagedown": 6,
    "f5": 15,
    "f6": 17,
    "f7": 18,
    "f8": 19,
    "f9": 20,
    "f10": 21,
    "f11": 23,
    "f12": 24,
}
_SS3_KEYS = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_PLAIN_KEYS = {"enter": "\r", "return": "\r", "tab": "\t", "space": " ", "escape": "\x1b", "backspace": "\x7f"}
_CONTROLS_BY_SYMBOL = {
    **{letter: chr(ord(letter) & 0x1F) for letter in string.ascii_lowercase},
    **dict(zip("@[\\]^_?", "\x00\x1b\x1c\x1d\x1e\x1f\x7f", strict=True)),
    # What a keyboard can make of Ctrl and a digit or symbol has been fixed since the VT220.
    **dict(zip("2345678", "\x00\x1b\x1c\x1d\x1e\x1f\x7f", strict=True)),
    **dict(zip(" /-~`", "\x00\x1f\x1f\x1e\x00", strict=True)),
}
_MODIFIERS = {"shift", "alt", "ctrl", "meta", "super", "hyper"}
_UNUSUAL_NAMES = {
    "slash": "/",
    "backslash": "\\",
    "at": "@",
    "minus": "-",
    "plus": "+",
    "underscore": "_",
    "space": " ",
    "left_square_brace": "[",
}
_KEPT_IN_A_PASTE = "\t\r"
_CONTROL_CHARACTERS = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in _KEPT_IN_A_PASTE}


def _symbol_names() -> dict[str, str]:
    """Textual's names of the ASCII symbols (`full_stop`, `circumflex_accent`) and the symbols themselves."""
    names = {
        unicodedata.name(symbol).lower().replace("-", "_").replace(" ", "_"): symbol for symbol in string.punctuation
    }
    return {**names, **_UNUSUAL_NAMES}


_SYMBOLS = _symbol_names()


def _modified(modifiers: set[str]) -> int:
    """xterm's modifier parameter: 1, plus 1 for shift, 2 for alt, 4 for ctrl."""
    alt = "alt" in modifiers or "meta" in modifiers
    return 1 + ("shift" in modifiers) + 2 * alt + 4 * ("ctrl" in modifiers)


def _function_key(base: str, modifiers: set[str], application_cursor: bool) -> str | None:
    if base.startswith("f") and base[1:].isdigit() and 13 <= int(base[1:]) <= 24:
        # F13 to F24 are Shift and F1 to F12, as in terminfo's entry for xterm.
        base, modifiers = f"f{int(base[1:]) - 12}", modifiers | {"shift"}
    parameter = _modified(modifiers)
    if (number := _TILDE_KEYS.get(base)) is not None:
        return f"\x1b[{number}~" if parameter == 1 else f"\x1b[{number};{parameter}~"
    if (final := _CURSOR_KEYS.get(base)) is not None:
        if parameter == 1:
            return f"\x1bO{final}" if application_cursor else f"\x1b[{final}"
        return f"\x1b[1;{parameter}{final}"
    if (final := _SS3_KEYS.get(base)) is not None:
        return f"\x1bO{final}" if parameter == 1 else f"\x1b[1;{parameter}{final}"
    return None


def _control(base: str, character: str | None) -> str | None:
    """The control character for Ctrl and a key; the byte that the terminal itself sent wins over the name."""
    if character is not None and len(character) == 1 and (ord(character) < 0x20 or character == "\x7f"):
        return character
    symbol = _SYMBOLS.get(base, base)
    return _CONTROLS_BY_SYMBOL.get(symbol.lower())


def _encode(key: str, character: str | None, application_cursor: bool) -> str:
    *prefixes, base = key.split("+") if key != "+" else ["+"]
    modifiers = {prefix for prefix in prefixes if prefix in _MODIFIERS}
    if modifiers & {"super", "hyper"}:
        return ""
    escape = "\x1b" if modifiers & {"alt", "meta"} else ""
    if (sequence := _function_key(base, modifiers, application_cursor)) is not None:
        return sequence
    if base == "tab" and "shift" in modifiers:
        return escape + "\x1b[Z"
    if base == "backspace" and "ctrl" in modifiers:
        return escape + "\x08"
    if "ctrl" in modifiers and (control := _control(base, character)) is not None:
        return escape + control
    if (plain := _PLAIN_KEYS.get(base)) is not None:
        return escape + plain
    if character is not None and (character.isprintable() or len(character) == 1):
        return escape + character
    if character is None and escape:
        symbol = _SYMBOLS.get(base, base)
        if len(symbol) == 1:
            return escape + (symbol.upper() if "shift" in modifiers else symbol)
    return ""


def encode_key(key: str, character: str | None, *, application_cursor: bool = False) -> bytes:
    """The bytes for a key; empty for a key that a terminal has no bytes for (a lone modifier, a media key).

    Backspace is always 0x7f and Enter always a carriage return, whatever the outer terminal sent for them.
    """
    return _encode(key, character, application_cursor).encode("utf-8", errors="ignore")


def encode_paste(text: str, *, bracketed: bool) -> bytes:
    """The bytes for pasted text: line ends become carriage returns, control characters are left out.

    Without the escape character the text cannot end the bracket by itself, nor hide a sequence from the reader.
    """
    pasted = text.replace("\r\n", "\r").replace("\n", "\r").translate(_CONTROL_CHARACTERS)
    encoded = pasted.encode("utf-8", errors="ignore")
    return b"\x1b[200~" + encoded + b"\x1b[201~" if bracketed else encoded


def encode_wheel_as_arrows(kind: str, *, application_cursor: bool, lines: int = 3) -> bytes:
    """Cursor keys for a turn of the wheel (`scroll_up`, `scroll_down`) in a program that asked for no mouse."""
    key = {"scroll_up": "up", "scroll_down": "down"}.get(kind)
    return encode_key(key, None, application_cursor=application_cursor) * lines if key else b""
