"""A step as it is shown: live facts filled in, secrets hidden, the next act marked. Pure."""

from collections.abc import Collection, Mapping, Sequence

from tui.checks.model import Answer
from tui.labs.facts import SECRET_FACTS, fact_of, render
from tui.labs.model import Break, Command, Lab, Prose, Question, Step
from tui.terminal.command_log import RanCommand
from tui.tutor.faults import act_sentence
from tui.tutor.node_control import Faults
from tui.tutor.views import Aftermath, PageBlock, PageBreak, PageCommand, PageProse, PageQuestion, PageRoute

__all__ = ["aftermath", "lesson_blocks", "next_act", "next_command", "shown_facts"]

_HIDDEN = "•" * 6


def shown_facts(lab: Lab, facts: Mapping[str, str]) -> Mapping[str, str]:
    """The facts as they may stand on a screen: tokens shortened, the lab's own secrets hidden."""
    own = {fact_of(variable.name) for variable in lab.variables if variable.secret}
    return {
        name: _shortened(value) if name in SECRET_FACTS else _HIDDEN if name in own else value
        for name, value in facts.items()
    }


def lesson_blocks(
    step: Step,
    shown: Mapping[str, str],
    next_position: int | None,
    *,
    answers: Mapping[str, Answer] | None = None,
    open_questions: bool = True,
    standing: Faults | None = None,
) -> tuple[PageBlock, ...]:
    """The step's blocks in reading order.

    `shown`: the facts, as they may be shown. `next_position` counts the step's acts from 0. `open_questions`: answers
    may still be given; after that they are shown as they were judged. `standing`: what is wrong with the nodes now.
    """
    blocks: list[PageBlock] = []
    position = 0
    for block in step.blocks:
        if isinstance(block, Prose):
            blocks.append(PageProse(render(block.markdown, shown).text))
        elif isinstance(block, Question):
            blocks.append(_question(block, shown, (answers or {}).get(block.id), still_open=open_questions))
        else:
            is_next = position == next_position
            blocks.append(
                _command(block, shown, is_next=is_next)
                if isinstance(block, Command)
                else _break(block, standing or {}, is_next=is_next)
            )
            position += 1
    return tuple(blocks)


def _command(command: Command, shown: Mapping[str, str], *, is_next: bool = False) -> PageCommand:
    rendered = render(command.text, shown)
    return PageCommand(command.node, rendered.text, tuple(rendered.missing), command.optional, is_next)


def _break(act: Break, standing: Faults, *, is_next: bool) -> PageBreak:
    return PageBreak(act.node, act_sentence(act.node, act.fault), act.fault in standing.get(act.node, ()), is_next)


def _question(question: Question, shown: Mapping[str, str], answer: Answer | None, *, still_open: bool) -> PageQuestion:
    judged = not still_open and answer is not None and bool(answer.seen)
    return PageQuestion(
        id=question.id,
        ask=render(question.ask, shown).text,
        kind=question.kind,
        choices=tuple(render(choice.say, shown).text for choice in question.choices),
        answer=answer.value if answer else "",
        open=still_open,
        right=answer.right if answer and answer.value and not still_open else None,
        seen=answer.seen if answer and judged else "",
        why=render(question.why, shown).text if not still_open else "",
    )


def aftermath(step: Step, shown: Mapping[str, str]) -> Aftermath:
    """What is told of a step once it is done."""
    routes = tuple(
        PageRoute(
            render(route.say, shown).text,
            tuple(PageCommand(order.node, render(order.text, shown).text) for order in route.orders),
        )
        for route in step.routes
    )
    commands = tuple(_command(command, shown) for command in step.commands)
    return Aftermath(commands, routes, render(step.why, shown).text)


def next_act(
    step: Step,
    facts: Mapping[str, str],
    ran: Sequence[RanCommand],
    caused: Collection[int],
    typed: int,
    *,
    done: bool,
) -> int | None:
    """Which of the step's acts comes next: the first that has not been done since the step opened.

    `ran`: the commands since then; `caused`: the positions of the faults that happened since, or stand; `typed`: the
    position of the command typed last, which comes again when all were run and the goal is not met. None: no act is
    left.
    """
    ended = {(each.node, each.text.strip(), each.exit_status != 0) for each in ran if each.exit_status is not None}
    for position, act in enumerate(step.acts):
        if isinstance(act, Break):
            if position not in caused:
                return position
            continue
        text = next_command(act, facts)
        if text is None or (act.node, text.strip(), act.expect_fail) not in ended:
            return position
    commands_left = any(isinstance(act, Command) for act in step.acts)
    return None if done or not commands_left else min(typed, len(step.acts) - 1)


def next_command(command: Command, facts: Mapping[str, str]) -> str | None:
    """The command to type, whole; None while a fact in it is not known."""
    rendered = render(command.text, facts)
    return None if rendered.missing else rendered.text


def _shortened(token: str) -> str:
    """A join token that says what it is without giving itself away: SWMTKN-1-…x2f9."""
    head = "-".join(token.split("-")[:2])
    return f"{head}-…{token[-4:]}" if len(token) > len(head) + 8 else token
