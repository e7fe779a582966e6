"""One check, as it stands in a `yaml step` fence, read into a CheckSpec; every mistake in it is named."""

from collections.abc import Mapping

from tui.labs.mistakes import MistakeList, or_list
from tui.labs.model import CheckSpec, Expectation, Scalar, Subject
from tui.labs.values import is_value, note_repeated, read_duration, read_text, typed
from tui.labs.vocabulary import (
    FROM_START,
    MATCHERS,
    SUBJECTS,
    TIMING_KEYS,
    Field,
    Kind,
    SubjectWords,
    matchers_of,
)
from tui.labs.yamltree import YList, YMap, YNode, YScalar, describe, plain

__all__ = ["read_check", "read_look"]

_SUBJECTS = {subject.value: subject for subject in Subject}


def read_check(
    node: YNode, mistakes: MistakeList, *, shown: bool = True, beside: tuple[str, ...] = ()
) -> CheckSpec | None:
    """Read one check; None where no subject could be made out.

    `shown`: its sentence is read by the learner. `beside`: keys that stand in the same mapping and are read elsewhere.
    """
    found = _subject(node, (*TIMING_KEYS, *beside), mistakes)
    if found is None:
        return None
    check, subject, argument = found
    words = SUBJECTS[subject]
    of = _read_argument(subject, words, argument, mistakes)
    expect = _read_expect(subject, words, check, mistakes)
    within = _read_timing(check, "within", 60.0, mistakes)
    hold = _read_timing(check, "for", 0.0, mistakes)
    if hold > within:
        mistakes.add(check.line, f"it must hold for {hold:g} s but may take only {within:g} s; raise `within`")
    say = read_text(check.get("say"), "`say`", mistakes)
    if shown and not say and check.get("say") is None:
        _note_silence(subject, of, check.line, mistakes)
    return CheckSpec(subject, of, expect, within, hold, say, check.line)


def read_look(node: YNode, mistakes: MistakeList) -> CheckSpec | None:
    """Read what is looked at, without anything that is expected of it."""
    found = _subject(node, TIMING_KEYS, mistakes)
    if found is None:
        return None
    check, subject, argument = found
    for key, _ in check.entries:
        if key.text in TIMING_KEYS:
            mistakes.add(key.line, f"`{key.text}` means nothing here: nothing is expected, a field is only looked at")
    of = _read_argument(subject, SUBJECTS[subject], argument, mistakes)
    return CheckSpec(subject, of, {}, line=check.line)


def _subject(node: YNode, beside: tuple[str, ...], mistakes: MistakeList) -> tuple[YMap, Subject, YNode] | None:
    """The mapping, its one subject, and the subject's argument."""
    if not isinstance(node, YMap):
        mistakes.add(node.line, f"a check is a mapping with one subject, not {describe(node)}")
        return None
    note_repeated(node, mistakes)
    subjects: list[tuple[Subject, YNode]] = []
    for key, value in node.entries:
        if key.text in _SUBJECTS:
            subjects.append((_SUBJECTS[key.text], value))
        elif key.text not in beside:
            mistakes.add_unknown(key.line, "unknown key in a check:", key.text, (*_SUBJECTS, *beside))
    if len(subjects) != 1:
        named = or_list(f"`{subject}`" for subject, _ in subjects)
        what = f"this one has {len(subjects)}: {named}" if subjects else "this one has none"
        mistakes.add(node.line, f"a check has exactly one subject ({', '.join(_SUBJECTS)}); {what}")
        return None
    return node, *subjects[0]


def _note_silence(subject: Subject, of: Scalar | Mapping[str, Expectation], line: int, mistakes: MistakeList) -> None:
    """Note a check that has no sentence of its own for people."""
    if subject is Subject.RAN and isinstance(of, Mapping) and "command" not in of:
        mistakes.add(line, "a `ran` check without `command` needs `say`: a pattern says nothing to the learner")
    if subject is Subject.CMD:
        mistakes.add(line, "a `cmd` check needs `say`: a command says nothing to the learner")


def _read_timing(check: YMap, key: str, default: float, mistakes: MistakeList) -> float:
    node = check.get(key)
    seconds = read_duration(node, f"`{key}`", mistakes) if node is not None else None
    return default if seconds is None else seconds


def _read_argument(
    subject: Subject, words: SubjectWords, node: YNode, mistakes: MistakeList
) -> Scalar | Mapping[str, Expectation]:
    if words.argument is not None:
        if not isinstance(node, YScalar):
            mistakes.add(node.line, f"`{subject}` takes {words.argument.kind}, not {describe(node)}")
            return ""
        return node.text if is_value(node, f"`{subject}`", words.argument, mistakes) else ""
    if isinstance(node, YScalar) and node.value is None:
        node = YMap((), node.line)
    if not isinstance(node, YMap):
        keys = ", ".join(words.of)
        mistakes.add(node.line, f"`{subject}` takes a mapping ({keys}), not {describe(node)}")
        return {}
    note_repeated(node, mistakes)
    of: dict[str, Expectation] = {}
    for key, value in node.entries:
        if key.text not in words.of:
            mistakes.add_unknown(key.line, f"unknown key in `{subject}`:", key.text, words.of)
        elif is_value(value, f"`{key.text}` of `{subject}`", words.of[key.text], mistakes):
            of[key.text] = typed(value, words.of[key.text].kind)
    for required in words.required:
        if node.get(required) is None:
            mistakes.add(node.line, f"`{subject}` needs `{required}`")
    if subject is Subject.RAN and node.get("command") is None and node.get("match") is None:
        mistakes.add(node.line, "`ran` needs `command` or `match`")
    return of


def _read_expect(subject: Subject, words: SubjectWords, check: YMap, mistakes: MistakeList) -> Expectation:
    node = check.get("expect")
    if node is None and subject is Subject.RAN:
        return {"exit": 0}
    if not isinstance(node, YMap) or not node.entries:
        line = node.line if node is not None else check.line
        mistakes.add(line, f"a check of `{subject}` needs `expect: {{…}}` with some of: {', '.join(words.fields)}")
        return {}
    note_repeated(node, mistakes)
    expect: dict[str, Expectation] = {}
    for key, value in node.entries:
        if key.text not in words.fields:
            mistakes.add_unknown(key.line, f"`{subject}` has no field", key.text, words.fields)
            continue
        field = words.fields[key.text]
        what = f"`{key.text}` of `{subject}`"
        if field.kind is Kind.CLUSTER:
            if _is_cluster(value, what, mistakes):
                expect[key.text] = plain(value)
        elif isinstance(value, YMap):
            matcher = _read_matcher(value, what, field, words, mistakes)
            if matcher:
                expect[key.text] = matcher
        elif is_value(value, what, field, mistakes):
            expect[key.text] = typed(value, field.kind)
    return expect


def _is_cluster(node: YNode, what: str, mistakes: MistakeList) -> bool:
    other = node.get("same_as_node") if isinstance(node, YMap) else None
    if not isinstance(node, YMap) or other is None or len(node.entries) != 1:
        mistakes.add(node.line, f"{what} must be {Kind.CLUSTER}, not {describe(node)}")
        return False
    return is_value(other, "`same_as_node`", Field(Kind.MACHINE), mistakes)


def _read_matcher(
    node: YMap, what: str, field: Field, words: SubjectWords, mistakes: MistakeList, valid: tuple[str, ...] = ()
) -> Mapping[str, Expectation]:
    valid = valid or matchers_of(field)
    matcher: dict[str, Expectation] = {}
    note_repeated(node, mistakes)
    if not node.entries:
        mistakes.add(node.line, f"{what} must be {field.kind} or a matcher ({', '.join(valid)})")
    for key, value in node.entries:
        if key.text not in MATCHERS:
            mistakes.add_unknown(key.line, "unknown matcher", key.text, valid)
        elif key.text not in valid:
            mistakes.add(
                key.line, f"`{key.text}` does not fit {what}, which is {field.kind}; valid: {', '.join(valid)}"
            )
        elif key.text in ("each", "none") and isinstance(value, YMap):
            one = Field(field.kind, field.words)
            fitting = tuple(word for word in matchers_of(one) if word not in FROM_START)
            inner = _read_matcher(value, f"`{key.text}` of {what}", one, words, mistakes, fitting)
            if inner:
                matcher[key.text] = inner
        elif _is_operand(key.text, value, what, field, words, mistakes):
            kind = Kind.TEXT if key.text in ("match", *FROM_START) else field.kind
            matcher[key.text] = typed(value, kind)
    return matcher


def _is_operand(matcher: str, node: YNode, what: str, field: Field, words: SubjectWords, mistakes: MistakeList) -> bool:
    where = f"`{matcher}` of {what}"
    if matcher == "in":
        if not isinstance(node, YList) or not node.items:
            mistakes.add(node.line, f"{where} must be a list of values, not {describe(node)}")
            return False
        results = [is_value(item, where, field, mistakes) for item in node.items]
        return all(results)
    if matcher == "match":
        return is_value(node, where, Field(Kind.PATTERN), mistakes)
    if matcher in FROM_START:
        if not isinstance(node, YScalar) or node.text != "start":
            mistakes.add(node.line, f"{where} can only be `start`, not {describe(node)}")
            return False
        if not words.from_snapshot:
            mistakes.add(node.line, f"{where}: what happened before the step opened is not known here")
            return False
        return True
    return is_value(node, where, field, mistakes)
