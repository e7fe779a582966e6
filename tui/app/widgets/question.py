"""A question before a command: answered by keys alone, and with the swarm's own answer beside it afterwards."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.app.paint import Line, Role, Span, hang, inline, line
from tui.app.signs import Signs
from tui.app.widgets.painted import LinesWidget
from tui.labs.model import QuestionKind
from tui.playground.model import NODE_NAMES
from tui.tutor.views import PageQuestion

__all__ = ["QuestionBlock"]

_LETTERS = "abcde"
_LONGEST = 6  # digits of a number


class QuestionBlock(LinesWidget, can_focus=True):
    """One question. While it has the focus, digits answer it; Esc leaves it as it is."""

    DEFAULT_CSS = """
    QuestionBlock { margin: 0 0 1 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "commit", show=False),
        Binding("escape", "leave", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("backspace", "rub", show=False),
        *(Binding(digit, f"digit('{digit}')", show=False) for digit in "0123456789"),
        *(Binding(letter, f"letter('{letter}')", show=False) for letter in _LETTERS),
    ]

    class Answered(Message):
        """The learner has answered, or turned away (`value` empty)."""

        def __init__(self, question_id: str, value: str) -> None:
            super().__init__()
            self.question_id = question_id
            self.value = value

    def __init__(self, question: PageQuestion, answer_key: str, signs: Signs) -> None:
        super().__init__()
        self._question = question
        self._answer_key = answer_key
        self._signs = signs
        self._typed = ""
        self._pointed = 0

    @property
    def question(self) -> PageQuestion:
        """What it shows."""
        return self._question

    def show(self, question: PageQuestion) -> None:
        """Show the question as it stands now; draws only if it changed."""
        if question != self._question:
            self._question = question
            self.refresh(layout=True)

    # --- keys -------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  Textual's own
        """Only the keys that mean something for this kind of question are taken."""
        number = self._question.kind is QuestionKind.NUMBER
        match action:
            case "leave":
                return True
            case "digit" | "commit":
                return self._question.open
            case "rub":
                return self._question.open and number
            case "letter":
                return self._question.open and self._question.kind is QuestionKind.CHOICE
            case "move":
                return self._question.open and not number
            case _:
                return True

    def action_digit(self, digit: str) -> None:
        """A digit of a number, or an answer by its place."""
        if self._question.kind is QuestionKind.NUMBER:
            self._typed = (self._typed + digit)[-_LONGEST:]
            self.refresh(layout=True)
        else:
            self._choose(int(digit) - 1)

    def action_letter(self, letter: str) -> None:
        """An answer by its letter."""
        self._choose(_LETTERS.index(letter))

    def action_rub(self) -> None:
        """Take back the last digit."""
        self._typed = self._typed[:-1]
        self.refresh(layout=True)

    def action_move(self, by: int) -> None:
        """Point at the answer above or below."""
        self._pointed = (self._pointed + by) % len(self._offers())
        self.refresh()

    def action_commit(self) -> None:
        """This is the answer."""
        if self._question.kind is not QuestionKind.NUMBER:
            self._choose(self._pointed)
        elif self._typed:
            self._send(str(int(self._typed)))

    def action_leave(self) -> None:
        """Leave it as it is."""
        self._send("")

    def on_focus(self) -> None:
        """Begin with the answer that was given."""
        answer = self._question.answer
        self._typed = ""
        if answer and self._question.kind is not QuestionKind.NUMBER:
            self._pointed = self._place(answer)
        self.refresh(layout=True)

    def on_blur(self) -> None:
        """The pointer goes."""
        self._typed = ""
        self.refresh(layout=True)

    def on_click(self, event: events.Click) -> None:
        """A click points at it."""
        event.stop()
        self.focus()

    def _choose(self, place: int) -> None:
        offers = self._offers()
        if 0 <= place < len(offers):
            self._send(NODE_NAMES[place] if self._question.kind is QuestionKind.NODE else str(place + 1))

    def _send(self, value: str) -> None:
        self.post_message(self.Answered(self._question.id, value))

    # --- drawing ----------------------------------------------------------------------------------------------------

    def _offers(self) -> tuple[str, ...]:
        return NODE_NAMES if self._question.kind is QuestionKind.NODE else self._question.choices

    def _place(self, answer: str) -> int:
        if self._question.kind is QuestionKind.NODE:
            return NODE_NAMES.index(answer) if answer in NODE_NAMES else 0
        return int(answer) - 1 if answer.isdigit() and 1 <= int(answer) <= len(self._question.choices) else 0

    def _answer_words(self) -> str:
        answer = self._question.answer
        if self._question.kind is QuestionKind.CHOICE and answer:
            return self._question.choices[self._place(answer)]
        return answer

    def lines(self, width: int) -> list[Line]:
        """The question, what can be answered, and what was."""
        question, signs = self._question, self._signs
        lines = hang(line(Span("? ", Role.ACCENT)), inline(question.ask, Role.STRONG), width)
        body = self._open_lines(width) if question.open else self._judged_lines(width)
        rule = Span(f"{signs.rule} ", Role.ACCENT if self.has_focus else Role.MUTED)
        return [*lines, *((rule, *each) for each in body)]

    def _open_lines(self, width: int) -> list[Line]:
        question, signs, room = self._question, self._signs, width - 2
        lines: list[Line] = []
        if question.kind is QuestionKind.NUMBER:
            if self.has_focus:
                shown = self._typed or question.answer or ""
                lines.append(line("a number: ", Span(f"{shown}_", Role.CODE), Span("  Enter", Role.KEY)))
        else:
            for place, offer in enumerate(self._offers()):
                pointer = signs.pointer if self.has_focus and place == self._pointed else " "
                mark = Role.CHOSEN if question.answer and place == self._place(question.answer) else Role.PLAIN
                lines.extend(hang(line(f"{pointer} ", Span(f"{place + 1}  ", Role.KEY)), inline(offer, mark), room))
        if question.answer and not self.has_focus:
            said = line(Span("your prediction: ", Role.MUTED), Span(self._answer_words(), Role.CHOSEN))
            lines.extend(hang((), said, room))
        if self.has_focus:
            lines.append(line(Span("Esc", Role.KEY), Span(" leaves it open", Role.MUTED)))
        else:
            word = " changes it" if question.answer else " answers, before you try it"
            lines.append(line(Span(self._answer_key, Role.KEY), Span(word, Role.MUTED)))
        return lines

    def _judged_lines(self, width: int) -> list[Line]:
        question, signs, room = self._question, self._signs, width - 2
        lines: list[Line] = []
        if question.answer:
            sign, role = ("", Role.PLAIN)
            if question.right is not None:
                sign, role = (signs.done, Role.OK) if question.right else (signs.not_yet, Role.PENDING)
            said = line(Span(f"{self._answer_words()} {sign}".rstrip(), role))
            lines.extend(hang(line(Span("your prediction: ", Role.MUTED)), said, room))
        if question.seen:
            lines.extend(hang(line(Span("the swarm says:  ", Role.MUTED)), inline(question.seen, Role.STRONG), room))
        if question.why:
            lines.extend(hang((), inline(question.why), room))
        return lines
