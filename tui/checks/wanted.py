"""What is wanted of one field: a value or matchers; whether a value is admitted, and how to say it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tui.checks.words import joined
from tui.labs.model import Expectation, Scalar

__all__ = ["Amount", "Value", "Wanted"]

Value = Scalar | Sequence[Scalar] | None
"""What is seen of a field: one value, several of which one must fit (published ports), or none."""

_FROM_START = ("same_as", "changed")
_OF_SEVERAL = ("each", "none")
_AMOUNTS = {"gte": "at least", "lte": "at most", "gt": "more than", "lt": "fewer than"}


@dataclass(frozen=True, slots=True)
class Amount:
    """A wanted number in words, for "{text} task(s) of pets run(s)"."""

    text: str
    singular: bool

    def of(self, noun: str, verb: str = "") -> str:
        """The number with its noun, and a verb that agrees: "6 tasks", "1 task runs"."""
        return f"{self.text} {noun}{'' if self.singular else 's'}" + (
            f" {verb}{'s' if self.singular else ''}" if verb else ""
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one field must be. `as_before`: the value was taken from the step's first snapshot."""

    expected: Expectation
    as_before: bool = False

    @property
    def asks_for_start(self) -> bool:
        """Whether the value at the start of the step is needed first."""
        return isinstance(self.expected, Mapping) and any(self.expected.get(word) == "start" for word in _FROM_START)

    @property
    def keeps_start(self) -> bool:
        """Whether it is to be as it was at the start of the step."""
        return self.as_before or (isinstance(self.expected, Mapping) and "same_as" in self.expected)

    def with_start(self, value: Value) -> "Wanted":
        """The same with `same_as: start` and `changed: start` replaced by the value that was seen then."""
        if not isinstance(self.expected, Mapping):
            return self
        alike, unlike = ("same_as" in self.expected, "changed" in self.expected)
        others = {key: item for key, item in self.expected.items() if key not in _FROM_START}
        if isinstance(value, Sequence) and not isinstance(value, str):
            whole = {word: tuple(value) for word in _FROM_START if word in self.expected}
            return Wanted({**others, **whole}, as_before=alike)
        if alike and not unlike and not others:
            return Wanted(value, as_before=True)
        return Wanted({**others, **({"in": (value,)} if alike else {}), **({"not": value} if unlike else {})}, alike)

    def admits(self, value: Value, same: Callable[[Scalar, Scalar], bool] | None = None) -> bool:
        """Whether a seen value is as wanted. `same` says when two values count as equal.

        Of several values one must be as wanted, or with `not` all. `each` wants all of them, and at least one; `none`
        wants none of them. What is compared with the start is compared as a whole, whatever the order.
        """
        equal = same or _same
        if isinstance(value, Sequence) and not isinstance(value, str):
            if not isinstance(self.expected, Mapping):
                return any(self.admits(item, same) for item in value)
            single = {key: item for key, item in self.expected.items() if key not in (*_OF_SEVERAL, *_FROM_START)}
            whole = {key: item for key, item in self.expected.items() if key not in single}
            if not all(_admits_all(matcher, operand, value, same) for matcher, operand in whole.items()):
                return False
            quantified = all if "not" in single else any
            return not single or quantified(Wanted(single).admits(item, same) for item in value)
        if not isinstance(self.expected, Mapping):
            return value is not None and isinstance(self.expected, Scalar) and equal(self.expected, value)
        if value is None:
            return False
        return all(_admits(matcher, operand, value, equal) for matcher, operand in self.expected.items())

    def amount(self) -> Amount:
        """The wanted number in words."""
        expected = self.expected
        if not isinstance(expected, Mapping):
            number = expected if isinstance(expected, (int, float)) else 0
            return Amount("no" if number == 0 else f"{number:g}", number in (0, 1))
        if expected in ({"gt": 0}, {"not": 0}):
            return Amount("at least 1", True)
        if set(expected) == {"gte", "lte"}:
            return Amount(f"{expected['gte']} to {expected['lte']}", False)
        parts: list[str] = []
        for matcher, operand in expected.items():
            if operand == "start":
                parts.append("as many" if matcher == "same_as" else "another number of")
            else:
                parts.append(
                    f"{_AMOUNTS[matcher]} {operand}" if matcher in _AMOUNTS else _choice(matcher, operand, str)
                )
        return Amount(joined(parts), len(expected) == 1 and next(iter(expected.values())) == 1)

    def manners(self, show: Callable[[str], str] = str) -> tuple[tuple[str, str], ...]:
        """What is wanted of several values, one pair for each matcher: "", "only" or "not", and the wanted word."""
        if not isinstance(self.expected, Mapping):
            return (("", self.said(show)),)
        single = {key: item for key, item in self.expected.items() if key not in _OF_SEVERAL}
        pairs = [("", Wanted(single).said(show))] if single else []
        pairs += [
            (manner, Wanted(self.expected[word]).said(show))
            for word, manner in (("each", "only"), ("none", "not"))
            if word in self.expected
        ]
        return tuple(pairs)

    def said(self, show: Callable[[str], str] = str) -> str:
        """The wanted word: "Drain", "Active or Pause", "anything but Down"."""
        if not isinstance(self.expected, Mapping):
            return show(str(self.expected))
        return joined(_choice(matcher, operand, show) for matcher, operand in self.expected.items())

    def is_true(self) -> bool:
        """Whether a field of true or false is wanted true."""
        return self.admits(True)


def _same(expected: Scalar, seen: Scalar) -> bool:
    """Equality in which `true` is not 1 and "1" is not 1."""
    return expected == seen and isinstance(expected, bool) == isinstance(seen, bool)


def _choice(matcher: str, operand: Expectation, show: Callable[[str], str]) -> str:
    if matcher == "in" and isinstance(operand, Sequence) and not isinstance(operand, str):
        return joined((show(str(item)) for item in operand), "or")
    if matcher == "not":
        return f"anything but {show(str(operand))}"
    if matcher in _FROM_START:
        return _since_start(matcher, operand, show)
    return _like(str(operand)) if matcher == "match" else f"{_AMOUNTS.get(matcher, matcher)} {operand}"


def _since_start(matcher: str, operand: Expectation, show: Callable[[str], str]) -> str:
    values = operand if isinstance(operand, Sequence) and not isinstance(operand, str) else ()
    before = joined(show(str(value)) for value in values)
    if matcher == "same_as":
        return before or ("nothing" if values is operand else "the same")
    return f"something else than {before}" if before else "something" if values is operand else "something else"


def _admits_all(
    matcher: str, operand: Expectation, value: Sequence[Scalar], same: Callable[[Scalar, Scalar], bool] | None
) -> bool:
    if matcher == "each":
        return bool(value) and all(Wanted(operand).admits(item, same) for item in value)
    if matcher == "none":
        return not any(Wanted(operand).admits(item, same) for item in value)
    if not isinstance(operand, Sequence) or isinstance(operand, str):
        return False
    alike = sorted(map(str, operand)) == sorted(map(str, value))
    return alike if matcher == "same_as" else not alike


def _like(pattern: str) -> str:
    """A regular expression in words, where it is no more than a literal text, perhaps anchored at its start."""
    literal = pattern.removeprefix("^").replace("\\.", ".")
    if re.search(r"[\\^$*+?{}\[\]|()]", literal):
        return f"something like “{pattern}”"
    return f"something that begins with “{literal}”" if pattern.startswith("^") else f"something with “{literal}”"


def _number(value: Expectation) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _admits(matcher: str, operand: Expectation, value: Scalar, equal: Callable[[Scalar, Scalar], bool]) -> bool:
    if matcher in _AMOUNTS:
        limit, number = _number(operand), _number(value)
        if limit is None or number is None:
            return False
        return {"gte": number >= limit, "lte": number <= limit, "gt": number > limit, "lt": number < limit}[matcher]
    if matcher == "in" and isinstance(operand, Sequence) and not isinstance(operand, str):
        return any(isinstance(item, Scalar) and equal(item, value) for item in operand)
    if matcher == "not":
        return isinstance(operand, Scalar) and not equal(operand, value)
    if matcher == "match" and isinstance(operand, str):
        try:
            return re.search(operand, str(value), re.MULTILINE) is not None
        except re.error:
            return False
    return False
