"""The glossary: the words of the step first, then all of them; what the chosen one means beside the list."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.app.paint import Line, Role, Span, content_of, hang, inline, line
from tui.app.screens.modal import Window
from tui.app.signs import Signs
from tui.app.widgets.painted import LinesWidget
from tui.labs.glossary import Term, bold_words, find_term

__all__ = ["Meaning", "WordsScreen"]


class Meaning(LinesWidget):
    """What one word means."""

    def __init__(self, term: Term | None, see: tuple[str, ...]) -> None:
        """See `show`."""
        super().__init__()
        self._term = term
        self._see = see

    def show(self, term: Term, see: tuple[str, ...]) -> None:
        """Explain this word; `see`: the words that it leads to, of which each has a number."""
        if term != self._term:
            self._term, self._see = term, see
            self.refresh(layout=True)

    def lines(self, width: int) -> list[Line]:
        """The word, its other forms, the explanation, the way on."""
        term = self._term
        if term is None:
            return []
        lines = hang((), line(Span(term.name, Role.ACCENT)), width)
        for paragraph in term.text.split("\n\n"):
            lines += [(), *hang((), _spans(paragraph), width)]
        if self._see:
            numbers = [(Span(f"{number} ", Role.KEY), Span(name)) for number, name in enumerate(self._see, 1)]
            parts = [span for item in numbers for span in (*item, Span("   "))]
            lines += [(), *hang(line(Span("see  ", Role.MUTED)), parts[:-1], width)]
        return lines


def _spans(text: str) -> Line:
    """`Code` and **other words**."""
    return tuple(
        span
        for number, part in enumerate(text.split("**"))
        for span in inline(part, Role.STRONG if number % 2 else Role.PLAIN)
    )


class WordsScreen(Window[None]):
    """Up and down choose a word, a letter goes to the next that begins so, a digit to a word that is named."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "close", show=False),
        Binding("backspace", "back", show=False),
    ]

    def __init__(
        self, terms: Sequence[Term], here: Sequence[Term], signs: Signs, *, chosen: Term | None = None
    ) -> None:
        """`here`: the words of the step on screen, in their order."""
        super().__init__()
        self._terms = terms
        self._here = here
        self._signs = signs
        self._chosen = chosen or next(iter([*here, *terms]), None)
        self._shown: list[Term | None] = []
        self._way: list[int] = []  # the places where one came from

    def compose(self) -> ComposeResult:
        """The list at the left, the meaning at the right."""
        options: list[Option] = []
        for head, terms in (("In this step", self._here), ("All words", self._terms)):
            if terms:
                options.append(Option(content_of(line(Span(head, Role.ACCENT))), disabled=True))
                self._shown.append(None)
                options += [Option(content_of(line(f" {term.name}"))) for term in terms]
                self._shown += terms
        with Vertical(classes="window words-window"):
            yield Static("Words", classes="window-title", markup=False)
            with Horizontal():
                yield OptionList(*options, id="words", markup=False)
                with VerticalScroll(id="meaning", can_focus=False):
                    yield Meaning(self._chosen, self._see(self._chosen))
            yield Static(
                "A letter goes to the next word that begins so, a digit to a word named here, Backspace back. "
                "Esc closes.",
                classes="window-quiet",
                markup=False,
            )

    def on_mount(self) -> None:
        """Begin with the first word of the step, or the one that was asked for."""
        listed = self.query_one("#words", OptionList)
        if self._chosen is not None:
            listed.highlighted = self._shown.index(self._chosen)
        listed.focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Explain it."""
        term = self._shown[event.option_index]
        if term is not None:
            self._chosen = term
            self.query_one(Meaning).show(term, self._see(term))
            self.query_one("#meaning", VerticalScroll).scroll_home(animate=False)

    def on_option_list_option_selected(self) -> None:
        """Enter closes, as it does elsewhere."""
        self.action_close()

    def on_key(self, event: events.Key) -> None:
        """Letters and digits."""
        if event.character is None or not event.character.isalnum():
            return
        event.stop()
        if event.character.isdigit():
            named = self._named(self._chosen)
            number = int(event.character) - 1
            if 0 <= number < len(named):
                self._go(named[number])
            return
        # From the word after this one on, and around: so one letter finds each of them in turn.
        listed = self.query_one("#words", OptionList)
        here = listed.highlighted or 0
        order = [*range(here + 1, len(self._shown)), *range(here + 1)]
        for index in order:
            term = self._shown[index]
            if term is not None and term.name.lower().startswith(event.character.lower()):
                listed.highlighted = index
                return

    def _see(self, term: Term | None) -> tuple[str, ...]:
        return tuple(other.name for other in self._named(term))

    def _named(self, term: Term | None) -> list[Term]:
        """The words that an explanation names, each once."""
        if term is None:
            return []
        found = [find_term(word, self._terms) for word in bold_words(term.text)]
        return list(dict.fromkeys(other for other in found if other is not None))[:9]

    def _go(self, term: Term) -> None:
        listed = self.query_one("#words", OptionList)
        if listed.highlighted is not None:
            self._way.append(listed.highlighted)
        listed.highlighted = len(self._shown) - 1 - self._shown[::-1].index(term)

    def action_back(self) -> None:
        """To the word from which one came here."""
        if self._way:
            self.query_one("#words", OptionList).highlighted = self._way.pop()

    def action_close(self) -> None:
        """Back to the lab."""
        self.dismiss(None)
