"""What a step says, as text to be searched: for its words and its links. Pure."""

from collections.abc import Iterator

from tui.tutor.views import LessonView, PageCommand, PageProse, PageQuestion

__all__ = ["commands_of", "prose_of", "text_of_step"]


def prose_of(view: LessonView) -> Iterator[str]:
    """The step's Markdown, piece by piece, as far as it is shown."""
    yield view.intro
    for block in view.blocks:
        if isinstance(block, PageProse):
            yield block.markdown
        elif isinstance(block, PageQuestion):
            yield from (block.ask, block.why)
    yield from view.hints
    yield view.aftermath.why


def commands_of(view: LessonView) -> Iterator[str]:
    """The step's commands."""
    return (block.text for block in view.blocks if isinstance(block, PageCommand))


def text_of_step(view: LessonView) -> str:
    """All that the step says: its title, its text, its commands and goals."""
    goals = (goal.goal for goal in view.goals)
    return "\n".join((view.section_title, view.step_title, *prose_of(view), *commands_of(view), *goals, view.diagnosis))
