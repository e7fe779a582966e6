"""A step as it is shown: live facts filled in, secrets shortened, the next command marked. Pure."""

from collections.abc import Mapping

from tui.labs.facts import SECRET_FACTS, render
from tui.labs.model import Command, Prose, Step
from tui.tutor.views import PageCommand, PageProse

__all__ = ["lesson_blocks", "next_command"]


def lesson_blocks(
    step: Step, facts: Mapping[str, str], next_position: int | None
) -> tuple[PageProse | PageCommand, ...]:
    """The step's blocks in reading order. `next_position` counts the step's commands from 0."""
    shown = {name: _shortened(value) if name in SECRET_FACTS else value for name, value in facts.items()}
    blocks: list[PageProse | PageCommand] = []
    position = 0
    for block in step.blocks:
        if isinstance(block, Prose):
            blocks.append(PageProse(render(block.markdown, shown).text))
            continue
        if not isinstance(block, Command):
            continue
        rendered = render(block.text, shown)
        blocks.append(
            PageCommand(
                node=block.node,
                text=rendered.text,
                missing=tuple(rendered.missing),
                optional=block.optional,
                is_next=position == next_position,
            )
        )
        position += 1
    return tuple(blocks)


def next_command(command: Command, facts: Mapping[str, str]) -> str | None:
    """The command to type, whole; None while a fact in it is not known."""
    rendered = render(command.text, facts)
    return None if rendered.missing else rendered.text


def _shortened(token: str) -> str:
    """A join token that says what it is without giving itself away: SWMTKN-1-…x2f9."""
    head = "-".join(token.split("-")[:2])
    return f"{head}-…{token[-4:]}" if len(token) > len(head) + 8 else token
