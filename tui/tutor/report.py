"""What came of proving a lab, in lines of text: one as each proof is done, a table at the end. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui.labs.model import Lab
from tui.tutor.proofs import Proof, ProofKind, ProofOutcome

__all__ = ["ProofReport", "proof_line", "summary_lines", "table_lines"]

_MARKS = {ProofOutcome.PROVEN: "✔", ProofOutcome.FAILED: "✘", ProofOutcome.NOT_TRIED: "○"}
_COLUMNS = (
    ("red", ProofKind.RED),
    ("green", ProofKind.GREEN),
    ("holds", ProofKind.HOLDS),
    ("asked", ProofKind.QUESTION),
    ("routes", ProofKind.ROUTE),
    ("wrong", ProofKind.WRONG),
    ("jump", ProofKind.JUMP),
)
_STEP = 20  # columns for a step's id


@dataclass(frozen=True, slots=True)
class ProofReport:
    """All that came of proving one lab. `warnings` are by step; with `strict` they count as failures."""

    lab: Lab
    proofs: tuple[Proof, ...]
    warnings: Mapping[str, str]
    seconds: float
    provider: str = ""
    mesh: str = ""
    strict: bool = False

    @property
    def passed(self) -> bool:
        """Whether everything was proven, and it was not nothing."""
        return bool(self.proofs) and all(proof.proven for proof in self.proofs) and not (self.strict and self.warnings)

    def of(self, outcome: ProofOutcome) -> tuple[Proof, ...]:
        """The proofs with that outcome."""
        return tuple(proof for proof in self.proofs if proof.outcome is outcome)


def proof_line(proof: Proof, lab: Lab) -> str:
    """One proof, in one line; of one that failed, the reason in a second."""
    number = next((n for n, step in enumerate(lab.steps, start=1) if step.id == proof.key.step), 0)
    where = f"{number:2}/{len(lab.steps)} {proof.key.step:{_STEP}}" if number else f"{'the lab':{_STEP + 6}}"
    nth = f" {proof.key.nth}" if proof.key.nth else ""
    what = f"{proof.key.kind}{nth}{f': {proof.what}' if proof.what else ''}"
    line = f"{_MARKS[proof.outcome]} {proof.run:8} {where} {proof.seconds:5.1f} s  {what}"
    return f"{line}\n    {proof.reason}" if proof.reason else line


def table_lines(report: ProofReport) -> Sequence[str]:
    """A line a step and a column a kind of proof: a mark where it is one, «2/3» where it is two of three."""
    heads = "  ".join(f"{head:6}" for head, _ in _COLUMNS)
    lines = ["", f"   {'step':{_STEP}}  {heads}".rstrip()]
    for number, step in enumerate(report.lab.steps, start=1):
        mine = [proof for proof in report.proofs if proof.key.step == step.id]
        if mine:
            cells = "  ".join(f"{_cell(mine, kind):6}" for _, kind in _COLUMNS)
            lines.append(f"{number:2} {step.id:{_STEP}}  {cells}".rstrip())
    return lines


def _cell(proofs: Sequence[Proof], kind: ProofKind) -> str:
    mine = [proof for proof in proofs if proof.key.kind is kind]
    if not mine:
        return "–"
    proven = sum(proof.proven for proof in mine)
    worst = max((proof.outcome for proof in mine), key=list(ProofOutcome).index)
    if any(proof.outcome is ProofOutcome.FAILED for proof in mine):
        worst = ProofOutcome.FAILED
    mark = _MARKS[worst]
    return mark if len(mine) == 1 else f"{mark} {proven}/{len(mine)}"


def summary_lines(report: ProofReport) -> Sequence[str]:
    """What is not proven and why, what could be better, and the figures."""
    lines = [""]
    for proof in report.of(ProofOutcome.FAILED):
        lines.append(proof_line(proof, report.lab))
    not_tried = report.of(ProofOutcome.NOT_TRIED)
    if not_tried:
        steps = ", ".join(dict.fromkeys(proof.key.step or "the lab" for proof in not_tried))
        lines.append(f"○ {len(not_tried)} proofs were not tried: {steps}")
    sign = "✘" if report.strict else "!"
    lines.extend(f"{sign} {step}: {sentence}" for step, sentence in report.warnings.items())
    proven = len(report.of(ProofOutcome.PROVEN))
    where = f" on {report.provider}, published ports by {report.mesh}" if report.provider else ""
    lines.append(
        f"{report.lab.title}: {proven} of {len(report.proofs)} proofs, {len(report.lab.steps)} steps{where}, "
        f"{report.seconds:.0f} s"
    )
    return lines
