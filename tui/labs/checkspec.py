"""One check, as it stands in a `yaml step` fence, read into a CheckSpec; every mistake in it is named."""

import re
from collections.abc import Callable, Mapping

from tui.labs.facts import known_facts, unknown_facts
from tui.labs.mistakes import MistakeList, or_list
from tui.labs.model import CheckSpec, Expectation, Scalar, Subject
from tui.labs.vocabulary import (
    MATCHERS,
    MATCHERS_LATER,
    SUBJECTS,
    SUBJECTS_LATER,
    Field,
    Kind,
    SubjectWords,
    matchers_of,
)
from tui.labs.yamltree import YList, YMap, YNode, YScalar, describe, plain
from tui.playground.model import NODE_NAMES

__all__ = ["note_repeated", "read_check", "read_duration", "read_text"]

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TIMING_KEYS = ("expect", "within", "for", "say")
_LONGEST = 3600.0
_SUBJECTS = {subject.value: subject for subject in SUBJECTS}


def read_check(node: YNode, mistakes: MistakeList, *, shown: bool = True) -> CheckSpec | None:
    """Read one check; None where no subject could be made out. `shown`: its sentence is read by the learner."""
    if not isinstance(node, YMap):
        mistakes.add(node.line, f"a check is a mapping with one subject, not {describe(node)}")
        return None
    note_repeated(node, mistakes)
    subjects: list[tuple[Subject, YNode]] = []
    for key, value in node.entries:
        if key.text in _SUBJECTS:
            subjects.append((_SUBJECTS[key.text], value))
        elif key.text in SUBJECTS_LATER:
            mistakes.add(key.line, f"the subject `{key.text}` is not supported yet")
            return None
        elif key.text not in _TIMING_KEYS:
            mistakes.add_unknown(key.line, "unknown key in a check:", key.text, (*_SUBJECTS, *_TIMING_KEYS))
    if len(subjects) != 1:
        named = or_list(f"`{subject}`" for subject, _ in subjects)
        what = f"this one has {len(subjects)}: {named}" if subjects else "this one has none"
        mistakes.add(node.line, f"a check has exactly one subject ({', '.join(SUBJECTS)}); {what}")
        return None
    subject, argument = subjects[0]
    words = SUBJECTS[subject]
    of = _read_argument(subject, words, argument, mistakes)
    expect = _read_expect(subject, words, node, mistakes)
    within = _read_timing(node, "within", 60.0, mistakes)
    hold = _read_timing(node, "for", 0.0, mistakes)
    if hold > within:
        mistakes.add(node.line, f"it must hold for {hold:g} s but may take only {within:g} s; raise `within`")
    say_node = node.get("say")
    say = read_text(say_node, "`say`", mistakes) if say_node is not None else ""
    if subject is Subject.RAN and isinstance(of, Mapping) and "command" not in of and shown and not say:
        mistakes.add(node.line, "a `ran` check without `command` needs `say`: a pattern says nothing to the learner")
    return CheckSpec(subject, of, expect, within, hold, say, node.line)


def read_text(node: YNode, what: str, mistakes: MistakeList) -> str:
    """A non-empty text, as for `say` and hints; empty after a mistake."""
    if not isinstance(node, YScalar) or not node.text.strip():
        mistakes.add(node.line, f"{what} must be text, not {describe(node)}; put quotes around it")
        return ""
    _note_unknown_facts(node, mistakes)
    return node.text.strip()


def read_duration(node: YNode, what: str, mistakes: MistakeList) -> float | None:
    """A time in seconds: `60s`, `2m`, `500ms` or a number. None after a mistake."""
    match = _DURATION.fullmatch(node.text) if isinstance(node, YScalar) and len(node.text) < 20 else None
    if match is None:
        mistakes.add(node.line, f"{what} must be a time such as `60s`, `2m` or `500ms`, not {describe(node)}")
        return None
    seconds = float(match[1]) * _UNITS[match[2] or "s"]
    if not 0 < seconds <= _LONGEST:
        mistakes.add(node.line, f"{what} must be more than 0 and at most an hour, not {describe(node)}")
        return None
    return seconds


def _read_timing(check: YMap, key: str, default: float, mistakes: MistakeList) -> float:
    node = check.get(key)
    seconds = read_duration(node, f"`{key}`", mistakes) if node is not None else None
    return default if seconds is None else seconds


def note_repeated(node: YMap, mistakes: MistakeList) -> None:
    """Note the keys that stand in a mapping twice."""
    for key in node.repeated:
        mistakes.add(key.line, f"the key `{key.text}` stands here twice")


def _note_unknown_facts(node: YScalar, mistakes: MistakeList) -> None:
    for _, name in unknown_facts(node.text):
        mistakes.add_unknown(node.line, "unknown fact", name, known_facts())


def _read_argument(
    subject: Subject, words: SubjectWords, node: YNode, mistakes: MistakeList
) -> Scalar | Mapping[str, Expectation]:
    if words.argument is not None:
        if not isinstance(node, YScalar):
            mistakes.add(node.line, f"`{subject}` takes {words.argument.kind}, not {describe(node)}")
            return ""
        return node.text if _read_value(node, f"`{subject}`", words.argument, mistakes) else ""
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
        elif _read_value(value, f"`{key.text}` of `{subject}`", words.of[key.text], mistakes):
            of[key.text] = _typed(value, words.of[key.text].kind)
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
        elif _read_value(value, what, field, mistakes):
            expect[key.text] = _typed(value, field.kind)
    return expect


def _is_cluster(node: YNode, what: str, mistakes: MistakeList) -> bool:
    other = node.get("same_as_node") if isinstance(node, YMap) else None
    if not isinstance(node, YMap) or other is None or len(node.entries) != 1:
        mistakes.add(node.line, f"{what} must be {Kind.CLUSTER}, not {describe(node)}")
        return False
    return _read_value(other, "`same_as_node`", Field(Kind.MACHINE), mistakes)


def _read_matcher(
    node: YMap, what: str, field: Field, words: SubjectWords, mistakes: MistakeList
) -> Mapping[str, Expectation]:
    valid = matchers_of(field.kind)
    matcher: dict[str, Expectation] = {}
    note_repeated(node, mistakes)
    if not node.entries:
        mistakes.add(node.line, f"{what} must be {field.kind} or a matcher ({', '.join(valid)})")
    for key, value in node.entries:
        if key.text in MATCHERS_LATER:
            mistakes.add(key.line, f"the matcher `{key.text}` is not supported yet")
        elif key.text not in MATCHERS:
            mistakes.add_unknown(key.line, "unknown matcher", key.text, valid)
        elif key.text not in valid:
            mistakes.add(
                key.line, f"`{key.text}` does not fit {what}, which is {field.kind}; valid: {', '.join(valid)}"
            )
        elif _is_operand(key.text, value, what, field, words, mistakes):
            kind = Kind.TEXT if key.text in ("match", "same_as") else field.kind
            if isinstance(value, YList):
                matcher[key.text] = tuple(_typed(item, kind) for item in value.items)
            else:
                matcher[key.text] = _typed(value, kind)
    return matcher


def _is_operand(matcher: str, node: YNode, what: str, field: Field, words: SubjectWords, mistakes: MistakeList) -> bool:
    where = f"`{matcher}` of {what}"
    if matcher == "in":
        if not isinstance(node, YList) or not node.items:
            mistakes.add(node.line, f"{where} must be a list of values, not {describe(node)}")
            return False
        results = [_read_value(item, where, field, mistakes) for item in node.items]
        return all(results)
    if matcher == "match":
        return _read_value(node, where, Field(Kind.PATTERN), mistakes)
    if matcher == "same_as":
        if not isinstance(node, YScalar) or node.text != "start":
            mistakes.add(node.line, f"{where} can only be `start`, not {describe(node)}")
            return False
        if not words.from_snapshot:
            mistakes.add(node.line, f"{where}: what happened before the step opened is not known here")
            return False
        return True
    return _read_value(node, where, field, mistakes)


def _typed(node: YNode, kind: Kind) -> Expectation:
    """The value in its field's type: a text that looks like a number stays a text."""
    if isinstance(node, YScalar) and kind not in (Kind.NUMBER, Kind.BOOL):
        return node.text
    if isinstance(node, YList):
        return tuple(_typed(item, kind) for item in node.items)
    return plain(node)


def _read_value(node: YNode, what: str, field: Field, mistakes: MistakeList) -> bool:
    """Whether the node is a value of that field; notes why not."""
    many = {Kind.MACHINES: Kind.MACHINE, Kind.TEXTS: Kind.TEXT}
    if field.kind in many and isinstance(node, YList) and node.items:
        results = [_read_value(item, what, Field(many[field.kind]), mistakes) for item in node.items]
        return all(results)
    if not isinstance(node, YScalar):
        mistakes.add(node.line, f"{what} must be {field.kind}, not {describe(node)}")
        return False
    _note_unknown_facts(node, mistakes)
    problem = _PROBLEMS[field.kind](node, field)
    if problem == _UNKNOWN_WORD:
        mistakes.add_unknown(node.line, f"{what} cannot be", node.text, field.words or NODE_NAMES)
    elif problem:
        mistakes.add(node.line, f"{what} {problem}")
    return not problem


_UNKNOWN_WORD = "?"


def _number(node: YScalar, _: Field) -> str:
    is_number = isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
    return "" if is_number else f"must be a number, not {describe(node)}"


def _bool(node: YScalar, _: Field) -> str:
    return "" if isinstance(node.value, bool) else f"must be `true` or `false`, not {describe(node)}"


def _word(node: YScalar, field: Field) -> str:
    return "" if node.text in field.words else _UNKNOWN_WORD


def _text(node: YScalar, _: Field) -> str:
    return "" if node.value is not None else "must be text, not nothing"


def _machine(node: YScalar, _: Field) -> str:
    return "" if node.text in NODE_NAMES else _UNKNOWN_WORD


def _row(node: YScalar, field: Field) -> str:
    return "" if "{{" in node.text else _machine(node, field)


def _pattern(node: YScalar, _: Field) -> str:
    if not node.text:
        return "must be a regular expression, not nothing"
    try:
        re.compile(node.text)
    except (re.error, RecursionError, OverflowError) as error:
        return f"is not a valid regular expression: {error}"
    return ""


def _never(node: YScalar, field: Field) -> str:
    return f"must be {field.kind}, not {describe(node)}"


_PROBLEMS: Mapping[Kind, Callable[[YScalar, Field], str]] = {
    Kind.NUMBER: _number,
    Kind.BOOL: _bool,
    Kind.WORD: _word,
    Kind.TEXT: _text,
    Kind.TEXTS: _text,
    Kind.MACHINE: _machine,
    Kind.MACHINES: _machine,
    Kind.ROW: _row,
    Kind.PATTERN: _pattern,
    Kind.CLUSTER: _never,
}
