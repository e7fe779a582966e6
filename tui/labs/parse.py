"""A lab's file read into a Lab. Every mistake of form is found in one run; nothing a file holds raises."""

from dataclasses import dataclass, field
from pathlib import Path

from tui.errors import ExitCode, UserError
from tui.labs.faultfence import read_fault
from tui.labs.header import ID, Header, read_header, split_front_matter
from tui.labs.mistakes import Mistake, MistakeList, nearest
from tui.labs.model import Block, Command, Lab, Prose, Section, Step
from tui.labs.outline import Fence, FenceKind, Heading, Note, Part, cut
from tui.labs.predictfence import read_question
from tui.labs.references import note_references
from tui.labs.stepfence import StepFence, read_step_fence

__all__ = ["LAB_FILE", "draft_lab", "find_labs", "lines_of", "load_lab", "load_lab_by_id", "parse_lab"]

LAB_FILE = "lab.md"
_SHOWN_MISTAKES = 12


@dataclass(slots=True)
class _StepDraft:
    heading: Heading
    blocks: list[Block] = field(default_factory=list[Block])
    notes: list[str] = field(default_factory=list[str])
    fence: StepFence | None = None

    def finished(self) -> Step:
        fence = self.fence or StepFence()
        return Step(
            id=self.heading.id,
            title=self.heading.title,
            blocks=tuple(self.blocks),
            goal=fence.goal,
            diagnoses=fence.diagnoses,
            hints=fence.hints,
            already_true=fence.already_true,
            line=self.heading.line,
            requires=fence.requires,
            routes=fence.routes,
            wrong=fence.wrong,
            why=fence.why,
            notes=tuple(self.notes),
            demo=fence.demo,
        )


@dataclass(slots=True)
class _SectionDraft:
    title: str
    line: int
    intro: list[Prose] = field(default_factory=list[Prose])
    steps: list[_StepDraft] = field(default_factory=list[_StepDraft])


def parse_lab(text: str, path: Path) -> tuple[Lab | None, tuple[Mistake, ...]]:
    """The lab, and all mistakes of form. The lab is None where there is any."""
    lab, mistakes = draft_lab(text, path)
    return (None if mistakes else lab), mistakes


def draft_lab(text: str, path: Path) -> tuple[Lab, tuple[Mistake, ...]]:
    """The lab as far as it can be read, with holes where the mistakes are."""
    mistakes = MistakeList(path)
    front, lines = split_front_matter(lines_of(text), mistakes)
    read = read_header(front, mistakes) if front or not mistakes.found else None
    header = read or Header()
    body = mistakes.allowing(*header.facts)
    body.variables_known = read is not None
    sections = _sections(cut(lines, body), body)
    if not any(section.steps for section in sections):
        mistakes.add(1, "a lab without steps: none has a heading such as `## Start a service {#start}`")
    lab = Lab(
        id=header.id,
        title=header.title,
        summary=header.summary,
        difficulty=header.difficulty,
        minutes=header.minutes,
        start=header.start,
        images=header.images,
        sections=tuple(
            Section(draft.title, tuple(draft.intro), tuple(step.finished() for step in draft.steps), draft.line)
            for draft in sections
        ),
        path=path,
        owned=header.owned,
        variables=header.variables,
        always=header.always,
    )
    note_references(lab, mistakes)
    return lab, mistakes.sorted()


def lines_of(text: str) -> list[str]:
    """The lines of a file, without its byte order mark and whatever its line ends are."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _sections(parts: tuple[Part, ...], mistakes: MistakeList) -> list[_SectionDraft]:
    sections: list[_SectionDraft] = []
    step_lines: dict[str, int] = {}
    step: _StepDraft | None = None
    for part in parts:
        if isinstance(part, Heading) and part.level == 1:
            if part.id:
                mistakes.add(part.line, "a section (`#`) has no id; ids belong to steps (`##`)")
            sections.append(_SectionDraft(part.title, part.line))
            step = None
            continue
        if not sections:
            mistakes.add(part.line, "the first thing after the front matter is a section: `# Title`")
            sections.append(_SectionDraft("", part.line))
        if isinstance(part, Heading):
            _check_step_id(part, step_lines, mistakes)
            step = _StepDraft(part)
            sections[-1].steps.append(step)
        elif step is None:
            _add_to_intro(part, sections[-1], mistakes)
        else:
            _add_to_step(part, step, mistakes)
    return sections


def _check_step_id(heading: Heading, lines: dict[str, int], mistakes: MistakeList) -> None:
    if not heading.id:
        mistakes.add(heading.line, f"the step `{heading.title}` has no id: `## {heading.title} {{#short-name}}`")
    elif not ID.fullmatch(heading.id):
        mistakes.add(heading.line, f"the id `{heading.id}` must be small letters, digits and single hyphens")
    elif heading.id in lines:
        mistakes.add(heading.line, f"the id `{heading.id}` is used twice, first in line {lines[heading.id]}")
    else:
        lines[heading.id] = heading.line


def _add_to_intro(part: Prose | Command | Fence | Note, section: _SectionDraft, mistakes: MistakeList) -> None:
    match part:
        case Prose():
            section.intro.append(part)
        case Command():
            mistakes.add(part.line, "a command belongs to a step; a section's introduction is prose")
        case Fence():
            mistakes.add(part.line - 1, f"a `yaml {part.kind}` fence belongs to a step (`##`), not to a section")
        case Note():
            mistakes.add(part.line, "a speaker's note belongs to a step (`##`), not to a section")


def _add_to_step(part: Prose | Command | Fence | Note, step: _StepDraft, mistakes: MistakeList) -> None:
    if isinstance(part, Note):
        step.notes.append(part.text)
    elif not isinstance(part, Fence):
        step.blocks.append(part)
    elif part.kind is FenceKind.PREDICT:
        if question := read_question(part, step.heading.id, mistakes):
            step.blocks.append(question)
    elif part.kind is FenceKind.FAULT:
        if fault := read_fault(part, mistakes):
            step.blocks.append(fault)
    else:
        _add_step_fence(part, step, mistakes)


def _add_step_fence(part: Fence, step: _StepDraft, mistakes: MistakeList) -> None:
    fence = read_step_fence(part, mistakes)
    if step.fence is None:
        step.fence = fence
    else:
        mistakes.add(part.line - 1, f"the step `{step.heading.title}` has a second `yaml step` fence")


def load_lab(path: Path) -> Lab:
    """Read a lab's file. Raises UserError: NOT_FOUND without a file, BROKEN with the list of its mistakes."""
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise UserError(f"There is no lab file {path}.", exit_code=ExitCode.NOT_FOUND) from None
    except UnicodeDecodeError as error:
        raise UserError(f"The lab {path} is not UTF-8 text (byte {error.start}).", exit_code=ExitCode.BROKEN) from None
    except OSError as error:
        raise UserError(f"The lab {path} cannot be read: {error.strerror}.", exit_code=ExitCode.BROKEN) from None
    lab, mistakes = parse_lab(text, path)
    if lab is None:
        shown = [str(mistake) for mistake in mistakes[:_SHOWN_MISTAKES]]
        if len(mistakes) > len(shown):
            shown.append(f"… and {len(mistakes) - len(shown)} more; `swarmtutor lint {path}` lists them all")
        count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise UserError(f"The lab {path} has {count}.", "\n".join(shown), exit_code=ExitCode.BROKEN)
    return lab


def find_labs(content_dir: Path) -> tuple[Path, ...]:
    """The labs' files in the folder of labs, by name. Empty where there is no such folder."""
    try:
        return tuple(sorted(path for path in content_dir.glob(f"*/{LAB_FILE}") if path.is_file()))
    except OSError:
        return ()


def load_lab_by_id(lab_id: str, content_dir: Path) -> Lab:
    """Load the lab of that id: its folder's name. Raises UserError: NOT_FOUND, or BROKEN as `load_lab`."""
    paths = {path.parent.name: path for path in find_labs(content_dir)}
    if lab_id not in paths:
        if not paths:
            raise UserError(f"There are no labs in {content_dir}.", exit_code=ExitCode.NOT_FOUND)
        close = nearest(lab_id, paths)
        hint = f"Did you mean {close}? " if close else ""
        raise UserError(
            f"There is no lab “{lab_id}”.", f"{hint}The labs: {', '.join(paths)}.", exit_code=ExitCode.NOT_FOUND
        )
    lab = load_lab(paths[lab_id])
    if lab.id != lab_id:
        raise UserError(
            f"The lab in {paths[lab_id].parent} calls itself “{lab.id}”.",
            "The id in the front matter and the name of the folder must be the same.",
            exit_code=ExitCode.BROKEN,
        )
    return lab
