"""What came of proving a lab, for programs: JSON, and JUnit's XML as build servers read it. Pure."""

import json
import re
from collections.abc import Mapping
from xml.etree import ElementTree

from tui.tutor.proofs import Proof, ProofOutcome
from tui.tutor.report import ProofReport

__all__ = ["as_json", "as_junit"]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped (its production 2, Char)."""


def as_json(report: ProofReport) -> str:
    """The report as one object: `passed`, figures, a list of proofs, a list of warnings."""
    steps = {proof.key.step for proof in report.proofs if proof.key.step}
    value = {
        "lab": report.lab.id,
        "passed": report.passed,
        "seconds": round(report.seconds, 2),
        "provider": report.provider,
        "mesh": report.mesh,
        "steps": len(report.lab.steps),
        "steps_with_proofs": len(steps),
        "counts": {outcome.value: len(report.of(outcome)) for outcome in ProofOutcome},
        "proofs": [_proof(proof) for proof in report.proofs],
        "warnings": [{"step": step, "text": text} for step, text in report.warnings.items()],
    }
    return json.dumps(value, indent=2, ensure_ascii=False)


def _proof(proof: Proof) -> dict[str, object]:
    return {
        "step": proof.key.step,
        "kind": proof.key.kind.value,
        "nth": proof.key.nth,
        "outcome": proof.outcome.value,
        "run": proof.run,
        "what": proof.what,
        "seconds": round(proof.seconds, 2),
        "reason": proof.reason,
    }


def as_junit(report: ProofReport) -> str:
    """One test case a proof. What was not tried counts as an error, for nothing is known of it."""
    failed = len(report.of(ProofOutcome.FAILED))
    not_tried = len(report.of(ProofOutcome.NOT_TRIED))
    strict: Mapping[str, str] = report.warnings if report.strict else {}
    figures = {
        "tests": str(len(report.proofs) + len(strict)),
        "failures": str(failed + len(strict)),
        "errors": str(not_tried),
        "time": f"{report.seconds:.3f}",
    }
    root = ElementTree.Element("testsuites", {"name": "swarmtutor", **figures})
    suite = ElementTree.SubElement(root, "testsuite", {"name": f"swarmtutor.prove.{report.lab.id}", **figures})
    for proof in report.proofs:
        case = _case(suite, report, proof.key.step, _name(proof), proof.seconds)
        if proof.outcome is not ProofOutcome.PROVEN:
            tag = "failure" if proof.outcome is ProofOutcome.FAILED else "error"
            said = ElementTree.SubElement(case, tag, {"message": _clean(proof.reason), "type": proof.key.kind.value})
            said.text = _clean(proof.reason)
    for step, text in strict.items():
        case = _case(suite, report, step, "other routes and wrong ways", 0.0)
        ElementTree.SubElement(case, "failure", {"message": _clean(text), "type": "warning"})
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _case(suite: ElementTree.Element, report: ProofReport, step: str, name: str, seconds: float) -> ElementTree.Element:
    classname = f"{report.lab.id}.{step}" if step else report.lab.id
    return ElementTree.SubElement(
        suite, "testcase", {"classname": _clean(classname), "name": _clean(name), "time": f"{seconds:.3f}"}
    )


def _name(proof: Proof) -> str:
    nth = f" {proof.key.nth}" if proof.key.nth else ""
    return f"{proof.key.kind}{nth}: {proof.what}" if proof.what else f"{proof.key.kind}{nth}"


def _clean(text: str) -> str:
    return _NOT_XML.sub("�", text)
