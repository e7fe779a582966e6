"""Looking back by keys: where the cursor goes, what is marked, found and copied, and which links there are."""

import pytest
from textual.geometry import Offset

from tui.app.widgets.terminal_book import Book
from tui.app.widgets.terminal_look import Look, LookDeed
from tui.terminal.bittty_engine import BitttyEngine

COLUMNS, ROWS = 20, 4


def book(fed: str) -> Book:
    engine = BitttyEngine(COLUMNS, ROWS)
    engine.feed(fed.replace("\n", "\r\n").encode())
    return Book(engine)


def look(fed: str) -> Look:
    """At the first character of the youngest line."""
    pages = book(fed)
    return Look(pages, Offset(0, pages.youngest), page=3)


def press(it: Look, *keys: str) -> LookDeed:
    deed = LookDeed.NOTHING
    for key in keys:
        deed = it.key(key, key if len(key) == 1 else None)
    return deed


NUMBERS = "\n".join(f"line {number}" for number in range(10))


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ("k", (0, 8)),
        ("up up j", (0, 8)),
        ("pageup", (0, 6)),
        ("pageup pageup pageup pageup", (0, 0)),
        ("ctrl+u", (0, 8)),
        ("g", (0, 0)),
        ("g G", (0, 9)),
        ("g down down", (0, 2)),
        ("end", (5, 9)),
        ("$ left", (4, 9)),
        ("$ right right", (5, 9)),
        ("$ home", (0, 9)),
        ("h", (0, 9)),
        ("w", (5, 9)),
        ("k w w", (0, 9)),
        ("w b", (0, 9)),
        ("b", (5, 8)),
        ("$ k", (5, 8)),
        ("x", (0, 9)),
    ],
)
def test_moves(keys: str, place: tuple[int, int]) -> None:
    it = look(NUMBERS)
    assert press(it, *keys.split()) is LookDeed.NOTHING
    assert it.place == Offset(*place)


def test_a_character_of_several_code_points_is_one_step() -> None:
    it = look("\n\n\n中e\u0301👩‍👩‍👧x")
    places = [it.place.x]
    for _ in range(4):
        press(it, "l")
        places.append(it.place.x)
    assert places == [0, 1, 3, 8, 8]
    press(it, "h", "h")
    assert it.place.x == 1


def test_up_and_down_stay_in_the_same_cell() -> None:
    it = look("\n\nabcdef\n中中中")
    press(it, "l", "l", "k")
    assert it.place == Offset(4, 2)


@pytest.mark.parametrize(
    ("keys", "copied"),
    [
        ("y", "line 9"),
        ("k enter", "line 8"),
        ("w v y", "9"),
        ("v l l l y", "line"),
        ("w v k y", "8\nline 9"),
        ("k w v j home y", "8\nl"),
        ("w V k k y", "line 7\nline 8\nline 9"),
        ("V v l y", "li"),
        ("v l l o l y", "in"),
    ],
)
def test_copies(keys: str, copied: str) -> None:
    it = look(NUMBERS)
    assert press(it, *keys.split()) is LookDeed.COPY
    assert it.copied == copied


def test_a_wrapped_line_is_copied_in_one_piece() -> None:
    command = "docker swarm join --token " + "0123456789" * 4
    it = look(f"{command}\n$ ")
    press(it, "k")
    assert it.copied == command
    press(it, "g", "V", "G", "y")
    assert it.copied == f"{command}\n$"


def test_escape_unmarks_then_leaves() -> None:
    it = look(NUMBERS)
    assert press(it, "v", "escape") is LookDeed.NOTHING
    assert it.marked is None
    assert press(it, "escape") is LookDeed.LEAVE
    assert press(look(NUMBERS), "q") is LookDeed.LEAVE


def test_search_goes_up_and_around() -> None:
    it = look("task one\nnode\ntask two\nnode\nTASK three\nnode\n$")
    press(it, "/", "t", "a", "s")
    assert it.typing
    assert it.says()[0] == "search: tas▏: 1 of 3"
    press(it, "enter")
    assert (it.place, it.says()[0]) == (Offset(0, 4), "«tas»: 1 of 3")
    press(it, "n")
    assert (it.place, it.says()[0]) == (Offset(0, 2), "«tas»: 2 of 3")
    press(it, "n", "n")
    assert (it.place, it.says()[0]) == (Offset(0, 4), "«tas»: 1 of 3")
    press(it, "N")
    assert it.place == Offset(0, 0)
    press(it, "/", "T", "enter")
    assert (it.place, len(it.found)) == (Offset(0, 4), 1)


def test_while_typing_what_is_sought_no_letter_is_a_command() -> None:
    it = look("quit\n$")
    assert press(it, "/", "q", "u", "x") is LookDeed.NOTHING
    assert it.says()[0] == "search: qux▏: not found"
    press(it, "backspace")
    assert it.place == Offset(0, 0)
    press(it, "escape")
    assert not it.typing
    assert it.found == []


def test_search_finds_what_is_wrapped() -> None:
    it = look("aaaaaaaaaaaaaaaaaaaneedle\n$")
    press(it, "/", *"needle", "enter")
    assert it.place == Offset(19, 0)
    assert it.found[0].within(0) == (19, None)
    assert it.found[0].within(1) == (0, 5)
    assert it.found[0].within(2) is None


OSC_8 = "\x1b]8;;https://docs.example/swarm\x1b\\the docs\x1b]8;;\x1b\\"


def test_links_are_those_of_programs_and_addresses_in_the_text() -> None:
    pages = book(f"see {OSC_8} or\n(http://a.example/b?c=d), x\nhttps://wrapped.example/abc.\n$ ")
    assert [(link.address, link.place.start) for link in pages.links()] == [
        ("https://docs.example/swarm", Offset(4, 0)),
        ("http://a.example/b?c=d", Offset(1, 1)),
        ("https://wrapped.example/abc", Offset(0, 3)),
    ]


def test_links_are_gone_to_opened_and_copied() -> None:
    it = look(f"http://first.example\nsee {OSC_8}\n$ ")
    assert press(it, "o") is LookDeed.NOTHING
    press(it, "tab")
    assert it.place == Offset(4, 1)
    assert it.says()[0] == "→ https://docs.example/swarm"
    assert press(it, "o") is LookDeed.OPEN
    assert it.copied == "https://docs.example/swarm"
    press(it, "tab")
    assert it.place == Offset(0, 0)
    press(it, "tab")
    assert it.place == Offset(4, 1)
    press(it, "shift+tab", "shift+tab")
    assert it.place == Offset(4, 1)


def test_a_full_screen_program_has_its_screen_and_no_more() -> None:
    it = look(NUMBERS + "\x1b[?1049h\x1b[Hfull\nscreen")
    press(it, "g")
    assert it.copied == "full"
    press(it, "/", *"line", "enter")
    assert it.found == []


def test_lines_keep_their_numbers_when_the_oldest_are_given_up() -> None:
    engine = BitttyEngine(COLUMNS, ROWS, history_rows=5)
    engine.feed(b"\r\n".join(b"line %d" % number for number in range(20)))
    pages = Book(engine)
    assert (pages.oldest, pages.youngest) == (11, 19)
    assert pages.text(11) == "line 11"
    engine.feed(b"\r\nline 20")
    assert (pages.oldest, pages.text(12), pages.text(20).rstrip()) == (12, "line 12", "line 20")
    engine.feed(b"\x1b[3J")
    assert (pages.oldest, pages.text(17).rstrip()) == (17, "line 17")


def test_what_is_given_up_meanwhile_is_not_looked_at() -> None:
    engine = BitttyEngine(COLUMNS, ROWS, history_rows=5)
    engine.feed(b"\r\n".join(b"line %d" % number for number in range(9)))
    it = Look(Book(engine), Offset(0, 0), page=3)
    engine.feed(b"\r\n" * 40)
    press(it, "x")
    assert it.place.y == Book(engine).oldest
