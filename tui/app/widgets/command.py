"""A reference command of the step: on which node, and the text, whole."""

from tui.app.paint import Line, Role, Span, cells, hang, line, text_of
from tui.app.signs import Signs
from tui.app.widgets.painted import LinesWidget
from tui.tutor.views import PageCommand

__all__ = ["CommandBlock"]


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
