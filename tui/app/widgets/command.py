"""What is done in a step: a reference command (on which node, and the text, whole), or a fault that happens."""

from tui.app.paint import Line, Role, Span, cells, hang, line, text_of
from tui.app.signs import Signs
from tui.app.widgets.painted import LinesWidget
from tui.tutor.views import PageBreak, PageCommand

__all__ = ["BreakBlock", "CommandBlock"]


class CommandBlock(LinesWidget):
    """One command. The one that the key would type now says so."""

    DEFAULT_CSS = """
    CommandBlock { margin: 0 0 1 0; }
    """

    def __init__(self, command: PageCommand, type_key: str, signs: Signs) -> None:
        super().__init__()
        self._command = command
        self._type_key = type_key
        self._signs = signs
        self._mark()

    @property
    def command(self) -> PageCommand:
        """What it shows."""
        return self._command

    def show(self, command: PageCommand) -> None:
        """Show the command as it is now; draws only if it changed."""
        if command != self._command:
            self._command = command
            self._mark()
            self.refresh(layout=True)

    def _mark(self) -> None:
        self.set_class(self._command.is_next, "-next")

    def lines(self, width: int) -> list[Line]:
        """A heading, then the command with a line down its side, wrapped at words and never cut."""
        command, signs = self._command, self._signs
        head = [Span(f"{signs.pointer} on ", Role.MUTED), Span(command.node, Role.ACCENT)]
        if command.optional:
            head.append(Span(" (if you like)", Role.MUTED))
        key: tuple[Span, ...] = ()
        if command.missing:
            key = (Span("waits for " + ", ".join(command.missing), Role.MUTED),)
        elif command.is_next:
            key = (Span(self._type_key, Role.KEY), Span(" type", Role.MUTED))
        gap = width - cells(text_of(head)) - cells(text_of(key))
        if key and gap < 1:
            key, gap = (), 0
        lines: list[Line] = [line(*head, " " * max(gap, 0), *key)]
        side = Role.ACCENT if command.is_next else Role.MUTED
        for part in command.text.splitlines() or [""]:
            stripped = part.lstrip()
            indent = " " * min(len(part) - len(stripped), 8)
            wrapped = hang(line("    "), line(Span(stripped, Role.CODE)), max(width - 2 - len(indent), 12))
            for number, each in enumerate(wrapped):
                body = each[1:] if number == 0 else each
                lines.append(line(Span(f"{signs.rule} ", side), Span(indent), *body))
        return lines


class BreakBlock(LinesWidget):
    """What the lesson does to a node, at the learner's key."""

    DEFAULT_CSS = """
    BreakBlock { margin: 0 0 1 0; }
    """

    def __init__(self, act: PageBreak, act_key: str, signs: Signs) -> None:
        super().__init__()
        self._act = act
        self._act_key = act_key
        self._signs = signs

    def show(self, act: PageBreak) -> None:
        """Show it as it is now; draws only if it changed."""
        if act != self._act:
            self._act = act
            self.refresh(layout=True)

    def lines(self, width: int) -> list[Line]:
        """The sentence, and the key or the word that it is so."""
        act, signs = self._act, self._signs
        head = [Span(f"{signs.down} ", Role.BAD if act.stands else Role.PENDING), Span(act.text, Role.STRONG)]
        if act.stands:
            note: tuple[Span, ...] = (Span("it is so now", Role.MUTED),)
        elif act.is_next:
            note = (Span(self._act_key, Role.KEY), Span(" let it happen", Role.MUTED))
        else:
            note = ()
        gap = width - cells(text_of(head)) - cells(text_of(note))
        if note and gap < 1:
            return [*hang(line(head[0]), line(head[1]), width), line("  ", *note)]
        return [line(*head, " " * max(gap, 0), *note)]
