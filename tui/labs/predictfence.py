"""The `yaml predict` fence: a question before the commands, and how the swarm answers it."""

from tui.labs.checkspec import read_check, read_look
from tui.labs.facts import FACT, IT
from tui.labs.header import ID
from tui.labs.mistakes import MistakeList
from tui.labs.model import CheckSpec, Choice, Question, QuestionKind, Subject
from tui.labs.outline import Fence
from tui.labs.values import meant, note_keys, read_each, read_mapping, read_text
from tui.labs.vocabulary import SUBJECTS, Kind
from tui.labs.yamltree import YMap, YNode, YScalar, describe

__all__ = ["CHOICES", "PREDICT_KEYS", "read_question"]

PREDICT_KEYS = ("id", "ask", "kind", "seen", "field", "choices", "why")
CHOICES = (2, 5)
"""How few and how many choices a question may have."""

_KINDS = tuple(kind.value for kind in QuestionKind)
_NOT_SEEN = (Subject.RAN, Subject.ANSWER)
_OF_KIND = {
    QuestionKind.NUMBER: ("seen", "field"),
    QuestionKind.NODE: ("seen",),
    QuestionKind.CHOICE: ("choices",),
}


def read_question(fence: Fence, step_id: str, mistakes: MistakeList) -> Question | None:
    """Read the fence and note every mistake in it. None where it cannot be asked."""
    root = read_mapping(fence.text, fence.line, "`yaml predict`", PREDICT_KEYS, mistakes)
    if root is None:
        return None
    note_keys(root, "a question", PREDICT_KEYS, mistakes)
    kind = _kind(root, fence.line - 1, mistakes)
    ask = meant(root, "ask", PREDICT_KEYS)
    if ask is None:
        mistakes.add(fence.line - 1, "a question needs `ask`: what the learner is asked")
    question = Question(
        id=_id(root, step_id, mistakes),
        ask=read_text(ask, "`ask`", mistakes),
        kind=kind or QuestionKind.NUMBER,
        line=fence.line - 1,
        why=read_text(meant(root, "why", PREDICT_KEYS), "`why`", mistakes),
        seen=_seen(meant(root, "seen", PREDICT_KEYS), kind, mistakes),
        field=read_text(meant(root, "field", PREDICT_KEYS), "`field`", mistakes),
        choices=read_each(meant(root, "choices", PREDICT_KEYS), "choices", _read_choice, mistakes),
    )
    if kind is not None:
        _note_parts(root, question, fence.line - 1, mistakes)
    return question if kind is not None else None


def _kind(root: YMap, line: int, mistakes: MistakeList) -> QuestionKind | None:
    node = meant(root, "kind", PREDICT_KEYS)
    if node is None:
        mistakes.add(line, f"a question needs `kind`: {', '.join(_KINDS)}")
    elif isinstance(node, YScalar) and node.text in _KINDS:
        return QuestionKind(node.text)
    else:
        word = node.text if isinstance(node, YScalar) else describe(node)
        mistakes.add_unknown(node.line, "`kind` of a question cannot be", word, _KINDS)
    return None


def _id(root: YMap, step_id: str, mistakes: MistakeList) -> str:
    node = root.get("id")
    if node is None:
        return step_id
    if not isinstance(node, YScalar) or not ID.fullmatch(node.text):
        mistakes.add(
            node.line, f"the id of a question must be small letters, digits and single hyphens, not {describe(node)}"
        )
        return step_id
    return node.text


def _seen(node: YNode | None, kind: QuestionKind | None, mistakes: MistakeList) -> CheckSpec | None:
    if node is None:
        return None
    if kind is QuestionKind.NUMBER:
        return read_look(node, mistakes)
    return read_check(node, mistakes.allowing(IT), shown=False)


def _read_choice(node: YNode, mistakes: MistakeList) -> Choice | None:
    when = node.get("when") if isinstance(node, YMap) else None
    say = node.get("say") if isinstance(node, YMap) else None
    if not isinstance(node, YMap) or when is None or say is None:
        mistakes.add(node.line, "a choice is `{say: text, when: check}`; one of the two is missing")
        return None
    note_keys(node, "a choice", ("say", "when"), mistakes)
    check = read_check(when, mistakes, shown=False)
    text = read_text(say, "`say`", mistakes)
    return Choice(text, check) if check is not None else None


def _note_parts(root: YMap, question: Question, line: int, mistakes: MistakeList) -> None:
    """Note what a question of its kind needs and lacks, and what means nothing in it."""
    kind = question.kind
    for key in ("seen", "field", "choices"):
        present = meant(root, key, PREDICT_KEYS)
        if present is None and key in _OF_KIND[kind]:
            mistakes.add(line, f"a question of the kind `{kind}` needs `{key}`")
        if present is not None and key not in _OF_KIND[kind]:
            mistakes.add(present.line, f"`{key}` means nothing in a question of the kind `{kind}`")
    choices = root.get("choices")
    if kind is QuestionKind.CHOICE and choices is not None:
        fewest, most = CHOICES
        said = [choice.say for choice in question.choices]
        if question.choices and not fewest <= len(said) <= most:
            mistakes.add(choices.line, f"a question has {fewest} to {most} choices; this one has {len(said)}")
        if len(set(said)) < len(said):
            mistakes.add(choices.line, "two choices of this question say the same")
    if question.seen is not None and question.seen.subject in _NOT_SEEN:
        mistakes.add(
            question.seen.line, f"a question is answered by the swarm; `{question.seen.subject}` is not part of it"
        )
    elif kind is QuestionKind.NUMBER and question.seen is not None and question.field:
        fields = SUBJECTS[question.seen.subject].fields
        numbers = [name for name, field in fields.items() if field.kind is Kind.NUMBER and not field.many]
        if question.field not in numbers:
            node = root.get("field")
            mistakes.add_unknown(
                node.line if node else line,
                f"`{question.seen.subject}` has no field with a number",
                question.field,
                numbers,
            )
    if kind is QuestionKind.NODE and question.seen is not None and not _asks_of_it(question.seen):
        mistakes.add(question.seen.line, "`seen` must hold `{{ it }}` where each node's name is put in turn")


def _asks_of_it(check: CheckSpec) -> bool:
    return any(match[1] == IT for match in FACT.finditer(str((check.of, check.expect))))
