"""Looking back: a cursor through what stands in a terminal, that marks, searches and finds links. By keys alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from rich.cells import cell_len
from textual.geometry import Offset

from tui.app.widgets.terminal_book import Book, Link, Stretch

__all__ = ["LOOK_KEYS", "Look", "LookDeed"]

LOOK_KEYS: tuple[tuple[str, str], ...] = (
    ("↑↓←→ hjkl", "Move the cursor"),
    ("PgUp PgDn Ctrl-U Ctrl-D", "Move by a page, or half of one"),
    ("g G Home End", "Go to the oldest, the newest, the ends of the line"),
    ("w b", "Move by a word"),
    ("/", "Search"),
    ("n N", "Go to the next older, the next newer of what was found"),
    ("v V", "Mark from here, or whole lines"),
    ("y Enter", "Copy what is marked, or else the line"),
    ("Tab Shift-Tab", "Go to the next older link, the next newer"),
    ("o", "Open the link under the cursor"),
    ("Esc q", "Unmark and leave"),
)
"""What can be done, for whoever shows it."""


class LookDeed(Enum):
    """What is to be done after a key, beyond showing where the cursor is now."""

    NOTHING = auto()
    COPY = auto()
    OPEN = auto()
    LEAVE = auto()


@dataclass(slots=True)
class _Search:
    """What is sought, what was found, oldest first, and which of it the cursor went to."""

    typing: bool = True
    sought: str = ""
    found: list[Stretch] = field(default_factory=list[Stretch])
    at: int | None = None

    @property
    def here(self) -> Stretch | None:
        return self.found[self.at] if self.at is not None else None


class Look:
    """Where somebody looks: the cursor, what is marked, what was found. Places are characters in numbered lines."""

    def __init__(self, book: Book, place: Offset, page: int) -> None:
        """`page`: how many rows are seen at once."""
        self._book = book
        self.place = place
        self.page = page
        self._mark: Offset | None = None
        self._whole_lines = False
        self._search: _Search | None = None
        self._keys = self._table()

    # What is to be seen

    @property
    def marked(self) -> Stretch | None:
        """What is marked, the cursor's character included."""
        if self._mark is None:
            return None
        first, last = sorted((self._mark, self.place), key=lambda place: (place.y, place.x))
        if self._whole_lines:
            return Stretch(Offset(0, first.y), Offset(len(self._book.text(last.y)), last.y))
        return Stretch(first, Offset(self._after(last), last.y))

    @property
    def found(self) -> list[Stretch]:
        """Where what is sought stands."""
        return self._search.found if self._search else []

    @property
    def typing(self) -> bool:
        """Whether keys are what is sought, and not commands."""
        return self._search is not None and self._search.typing

    @property
    def link(self) -> Link | None:
        """The link under the cursor."""
        return self._book.link_at(self.place)

    @property
    def copied(self) -> str:
        """What a copy would take: what is marked, else the link's address, else the line."""
        marked = self.marked
        if marked is not None:
            return self._book.between(marked.start, marked.end)
        if (link := self.link) is not None:
            return link.address
        first = last = self.place.y
        while first > self._book.oldest and self._book.wraps(first - 1):
            first -= 1
        while self._book.wraps(last):
            last += 1
        return self._book.between(Offset(0, first), Offset(len(self._book.text(last)), last))

    def says(self) -> tuple[str, tuple[str, ...]]:
        """Where one is, and the keys that matter here, the way out first."""
        search = self._search
        if search is not None and search.typing:
            return f"search: {search.sought}▏{self._count(search)}", ("Enter find", "Esc give up")
        if self._mark is not None:
            lines = abs(self._mark.y - self.place.y) + 1
            return f"marked: {lines} line{'s' if lines > 1 else ''}", ("Esc unmark", "y copy", "o other end")
        if (link := self.link) is not None:
            return f"→ {link.address}", ("Esc leave", "o open", "y copy", "Tab next")
        if search is not None:
            return f"«{search.sought}»{self._count(search)}", ("Esc leave", "n older", "N newer", "/ search", "v mark")
        back = self._book.youngest - self.place.y
        where = f"{back} of {self._book.youngest - self._book.oldest} rows back" if back else "looking back"
        return where, ("Esc leave", "/ search", "v mark", "y copy", "Tab link")

    def _count(self, search: _Search) -> str:
        if not search.sought:
            return ""
        if not search.found:
            return ": not found"
        return f": {len(search.found) - (search.at or 0)} of {len(search.found)}"

    def forget(self) -> None:
        """Lines were wrapped anew and may have other numbers: marks and finds are gone, the cursor stays about here."""
        self._mark = None
        if self._search is not None:
            self._search = _Search(self._search.typing, self._search.sought)
        self._stay()

    # Keys

    def key(self, key: str, character: str | None) -> LookDeed:
        """Do what a key says; a key that says nothing does nothing."""
        self._stay()
        if self._search is not None and self._search.typing:
            self._type(self._search, key, character)
            return LookDeed.NOTHING
        deed = self._keys.get(key) or self._keys.get(character or "")
        return (deed() or LookDeed.NOTHING) if deed else LookDeed.NOTHING

    def _table(self) -> dict[str, Callable[[], LookDeed | None]]:
        far = 1 << 30
        table: dict[str, Callable[[], LookDeed | None]] = {
            "up k": lambda: self._down(-1),
            "down j": lambda: self._down(1),
            "left h": lambda: self._right(-1),
            "right l": lambda: self._right(1),
            "pageup shift+pageup ctrl+b": lambda: self._down(-self.page),
            "pagedown shift+pagedown ctrl+f space": lambda: self._down(self.page),
            "ctrl+u": lambda: self._down(-max(1, self.page // 2)),
            "ctrl+d": lambda: self._down(max(1, self.page // 2)),
            "g ctrl+home": lambda: self._down(-far),
            "G ctrl+end": lambda: self._down(far),
            "home 0 ^": lambda: self._to(Offset(0, self.place.y)),
            "end $": lambda: self._to(Offset(far, self.place.y)),
            "w ctrl+right": lambda: self._word(1),
            "b ctrl+left": lambda: self._word(-1),
            "v": lambda: self._set_mark(lines=False),
            "V": lambda: self._set_mark(lines=True),
            "y enter ctrl+c": lambda: LookDeed.COPY,
            "o": self._open,
            "slash / question_mark ?": self._seek,
            "n": lambda: self._next(-1),
            "N": lambda: self._next(1),
            "tab": lambda: self._next_link(-1),
            "shift+tab": lambda: self._next_link(1),
            "escape": self._back,
            "q i": lambda: LookDeed.LEAVE,
        }
        return {key: deed for keys, deed in table.items() for key in keys.split()}

    def _type(self, search: _Search, key: str, character: str | None) -> None:
        if key == "escape":
            self._search = None
        elif key in ("enter", "up", "down"):
            search.typing = False
            if not search.sought:
                self._search = None
        elif key == "backspace":
            self._look_for(search, search.sought[:-1])
        elif key == "ctrl+u":
            self._look_for(search, "")
        elif character is not None and character.isprintable():
            self._look_for(search, search.sought + character)

    # Moves

    def _stay(self) -> None:
        """Where one looks may have been given up meanwhile, or be another text."""
        self._to(self.place)

    def _to(self, place: Offset) -> None:
        line = max(self._book.oldest, min(place.y, self._book.youngest))
        text = self._book.text(line).rstrip()
        self.place = Offset(max(0, min(place.x, self._last(text))), line)

    def _last(self, text: str) -> int:
        """The first code point of the last character of a text."""
        return self._start(text, len(text) - 1) if text else 0

    def _start(self, text: str, index: int) -> int:
        """Where the character begins that a code point belongs to: a letter and its accents are one."""
        while index > 0 and cell_len(text[: index + 1]) == cell_len(text[:index]):
            index -= 1
        return index

    def _after(self, place: Offset) -> int:
        """Where the character at a place ends."""
        text = self._book.text(place.y)
        end = place.x + 1
        while end < len(text) and cell_len(text[: end + 1]) == cell_len(text[:end]):
            end += 1
        return end

    def _down(self, lines: int) -> None:
        cell = cell_len(self._book.text(self.place.y)[: self.place.x])
        line = max(self._book.oldest, min(self.place.y + lines, self._book.youngest))
        self._to(Offset(self._book.index_at(line, cell), line))

    def _right(self, characters: int) -> None:
        text = self._book.text(self.place.y)
        if characters > 0:
            self._to(Offset(self._after(self.place), self.place.y))
        elif self.place.x > 0:
            self._to(Offset(self._start(text, self.place.x - 1), self.place.y))

    def _word(self, direction: int) -> None:
        text = self._book.text(self.place.y).rstrip()
        index = self.place.x
        if direction > 0:
            while index < len(text) and not text[index].isspace():
                index += 1
            while index < len(text) and text[index].isspace():
                index += 1
            if index >= len(text) and self.place.y < self._book.youngest:
                self._to(Offset(0, self.place.y + 1))
                return
        elif index == 0 and self.place.y > self._book.oldest:
            self._to(Offset(1 << 30, self.place.y - 1))
            return
        else:
            while index > 0 and text[index - 1 : index].isspace():
                index -= 1
            while index > 0 and not text[index - 1 : index].isspace():
                index -= 1
        self._to(Offset(index, self.place.y))

    # Marks

    def _set_mark(self, *, lines: bool) -> None:
        if self._mark is not None and self._whole_lines == lines:
            self._mark = None
            return
        self._mark = self._mark or self.place
        self._whole_lines = lines

    def _open(self) -> LookDeed:
        if self._mark is not None:
            self._mark, self.place = self.place, self._mark
            return LookDeed.NOTHING
        return LookDeed.OPEN if self.link is not None else LookDeed.NOTHING

    def _back(self) -> LookDeed:
        if self._mark is not None:
            self._mark = None
            return LookDeed.NOTHING
        return LookDeed.LEAVE

    # Finding

    def _seek(self) -> None:
        self._search = _Search()

    def _look_for(self, search: _Search, sought: str) -> None:
        """What was typed so far: the youngest of what is found, from here upwards."""
        search.sought = sought
        search.found = self._book.find(sought)
        search.at = None
        if search.found:
            place = (self.place.y, self._after(self.place))
            before = [i for i, each in enumerate(search.found) if (each.start.y, each.start.x) < place]
            search.at = before[-1] if before else len(search.found) - 1
            self._to(search.found[search.at].start)

    def _next(self, direction: int) -> None:
        search = self._search
        if search is None:
            return
        search.found = self._book.find(search.sought)
        search.at = self._beyond([each.start for each in search.found], direction)
        if search.here is not None:
            self._to(search.here.start)

    def _next_link(self, direction: int) -> None:
        starts = [link.place.start for link in self._book.links()]
        at = self._beyond(starts, direction)
        if at is not None:
            self._to(starts[at])

    def _beyond(self, places: list[Offset], direction: int) -> int | None:
        """Which of the places comes next from the cursor; beyond the last of them, the first again."""
        here = (self.place.y, self.place.x)
        if not places:
            return None
        if direction < 0:
            return max((i for i, each in enumerate(places) if (each.y, each.x) < here), default=len(places) - 1)
        return min((i for i, each in enumerate(places) if (each.y, each.x) > here), default=0)
