"""A learner's journal as a text for people: what was asked, what was typed, what came, and how it went. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from tui.labs.model import Lab
from tui.tutor.journal import Answered, Entry, Helped, Opened, Ran, StepDone, StepOpened

__all__ = ["StepStory", "Story", "story_of", "summary_lines", "transcript"]

_SHOWN_LINES = 12  # of a command's output
_LONGEST_PAUSE = 600.0
"""Seconds between two entries that still count as work; a longer gap is a break."""


@dataclass(slots=True)
class StepStory:
    """One step as it went. `seconds`: the time spent with it, without breaks."""

    id: str
    title: str
    done: bool = False
    seconds: float = 0.0
    ran: list[Ran] = field(default_factory=list[Ran])
    helped: list[str] = field(default_factory=list[str])
    answers: dict[str, Answered] = field(default_factory=dict[str, Answered])  # the last word on each question


@dataclass(slots=True)
class Story:
    """A whole journal, by step, in the order of the lab; steps never opened are missing."""

    title: str
    began: float
    ended: float
    total: int
    steps: list[StepStory]

    @property
    def done(self) -> int:
        """How many steps were done."""
        return sum(step.done for step in self.steps)

    @property
    def seconds(self) -> float:
        """The time spent, without breaks."""
        return sum(step.seconds for step in self.steps)

    @property
    def predictions(self) -> tuple[int, int]:
        """How many predictions were right, of those that were judged."""
        judged = [answer for step in self.steps for answer in step.answers.values() if answer.right is not None]
        return sum(bool(answer.right) for answer in judged), len(judged)


def story_of(lab: Lab, entries: Sequence[Entry]) -> Story:
    """What the entries tell, put in order. Entries of steps that the lab no longer has are told under their id."""
    order = {step.id: number for number, step in enumerate(lab.steps)}
    steps: dict[str, StepStory] = {}
    current = ""
    last: float | None = None
    for entry in entries:
        if last is not None and current:
            gap = entry.at - last
            steps[current].seconds += gap if 0 <= gap <= _LONGEST_PAUSE else 0.0
        last = entry.at
        if isinstance(entry, Opened):
            last = None
            continue
        title = entry.title if isinstance(entry, StepOpened) else _title(lab, entry.step)
        story = steps.setdefault(entry.step, StepStory(entry.step, title))
        match entry:
            case StepOpened():
                current = entry.step
            case StepDone():
                story.done = True
            case Ran():
                story.ran.append(entry)
            case Answered():
                story.answers[entry.question] = entry
            case Helped():
                story.helped.append(entry.what)
    return Story(
        title=lab.title,
        began=entries[0].at if entries else 0.0,
        ended=entries[-1].at if entries else 0.0,
        total=len(lab.steps),
        steps=sorted(steps.values(), key=lambda step: order.get(step.id, len(order))),
    )


def summary_lines(story: Story) -> tuple[str, ...]:
    """The end of a lab in a few sentences."""
    lines = [f"{story.done} of {story.total} steps done in {_duration(story.seconds)}."]
    right, judged = story.predictions
    if judged:
        lines.append(f"{right} of {judged} predictions were right.")
    commands = sum(len(step.ran) for step in story.steps)
    lines.append(f"{commands} command{'' if commands == 1 else 's'} run.")
    helped = sum(len(step.helped) for step in story.steps)
    lines.append(f"Help taken {helped} time{'' if helped == 1 else 's'}." if helped else "No help taken.")
    return tuple(lines)


def transcript(story: Story, zone: tzinfo = UTC) -> str:
    """The journal as Markdown. Times are in `zone`."""
    began = datetime.fromtimestamp(story.began, zone)
    lines = [f"# {story.title}", "", f"Begun on {began:%Y-%m-%d at %H:%M %Z}.", ""]
    lines += [line for sentence in summary_lines(story) for line in (f"- {sentence}",)]
    lines += ["", "| step | time | commands | help | predictions |", "| --- | --- | --- | --- | --- |"]
    lines += [_row(step) for step in story.steps]
    for step in story.steps:
        lines += ["", f"## {_inline(step.title)}", "", _status(step)]
        for answer in step.answers.values():
            lines += ["", f"> {_inline(answer.ask)}  ", f"> {_verdict(answer)}"]
        for ran in step.ran:
            lines += ["", *_command(ran, zone)]
    return "\n".join(lines) + "\n"


def _title(lab: Lab, step_id: str) -> str:
    return next((step.title for step in lab.steps if step.id == step_id), step_id)


def _row(step: StepStory) -> str:
    judged = [answer for answer in step.answers.values() if answer.right is not None]
    right = f"{sum(bool(answer.right) for answer in judged)} of {len(judged)}" if judged else ""
    mark = "✔" if step.done else "·"
    title = _inline(step.title).replace("|", "\\|")
    return f"| {mark} {title} | {_duration(step.seconds)} | {len(step.ran)} | {', '.join(step.helped)} | {right} |"


def _status(step: StepStory) -> str:
    status = "Done." if step.done else "Not done."
    return f"{status} {_duration(step.seconds)}." + (f" Help: {', '.join(step.helped)}." if step.helped else "")


def _verdict(answer: Answered) -> str:
    said = f"Predicted: **{_inline(answer.value)}**"
    if answer.right is None:
        return f"{said}. It was not judged."
    return f"{said}. The swarm: **{_inline(answer.seen)}**. {'✔ Right' if answer.right else '✘ Not so'}."


def _command(ran: Ran, zone: tzinfo) -> list[str]:
    how = "still running" if ran.exit_status is None else "✔" if ran.exit_status == 0 else f"✘ exit {ran.exit_status}"
    output = ran.output.rstrip().splitlines()
    left_out = len(output) - _SHOWN_LINES
    shown = ([f"… {left_out} more lines above"] if left_out > 0 else []) + output[-_SHOWN_LINES:]
    fence = "`" * max(3, 1 + max((_backticks(line) for line in [ran.text, *shown]), default=0))
    clock = datetime.fromtimestamp(ran.at, zone)
    return [f"{clock:%H:%M:%S} {how}", "", f"{fence}console", *_prompted(ran), *shown, fence]


def _prompted(ran: Ran) -> list[str]:
    first, *rest = ran.text.splitlines() or [""]
    return [f"{ran.node}$ {first}", *(f"> {line}" for line in rest)]


def _backticks(line: str) -> int:
    """The longest row of backticks in a line: the fence around it must be longer (CommonMark, 4.5)."""
    longest = run = 0
    for sign in line:
        run = run + 1 if sign == "`" else 0
        longest = max(longest, run)
    return longest


def _inline(text: str) -> str:
    """Text that Markdown takes as it stands, in one line."""
    escaped = "".join(f"\\{sign}" if sign in "\\*_[]<>#" else sign for sign in text)
    return " ".join(escaped.split())


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
