"""What the session and the making of the nodes report, as messages to the lab screen.

They are posted rather than called, so that it does not matter from which task the news comes.
"""

from textual.message import Message

from tui.playground.model import Progress
from tui.tutor.views import LessonView

__all__ = ["LessonNews", "NoticeNews", "Prepared", "ProgressNews", "ShellNews", "SwarmNews"]


class LessonNews(Message, bubble=False):
    """The lesson has something new to show; only the last of several counts."""

    def __init__(self, view: LessonView) -> None:
        super().__init__()
        self.view = view

    def can_replace(self, message: Message) -> bool:
        """One of them is as good as ten."""
        return isinstance(message, LessonNews)


class SwarmNews(Message, bubble=False):
    """The swarm was looked at again."""

    def can_replace(self, message: Message) -> bool:
        """One of them is as good as ten."""
        return isinstance(message, SwarmNews)


class ShellNews(Message, bubble=False):
    """A shell wrote something, or came or went."""

    def __init__(self, node: str) -> None:
        super().__init__()
        self.node = node

    def can_replace(self, message: Message) -> bool:
        """One of a node is as good as ten of it."""
        return isinstance(message, ShellNews) and message.node == self.node


class NoticeNews(Message, bubble=False):
    """A sentence to be seen once."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class ProgressNews(Message, bubble=False):
    """A phase of making the nodes began or ended."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress


class Prepared(Message, bubble=False):
    """The nodes are up, and the session is live on them. `fresh`: they were made just now."""

    def __init__(self, *, fresh: bool) -> None:
        super().__init__()
        self.fresh = fresh
