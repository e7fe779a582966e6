"""The requests that were seen, each with the moment at which it was: what the traffic view draws."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from tui.checks.model import WebTarget
from tui.playground.model import WebAnswer
from tui.tutor.web_requests import OwnRequest

__all__ = ["Asker", "Request", "TrafficLog"]

KEPT_REQUESTS = 4_000
KEPT_SECONDS = 300.0

T = TypeVar("T", WebAnswer, OwnRequest)


class Asker(StrEnum):
    """Who asked."""

    YOU = "you"
    LESSON = "the lesson"  # a check of the open step
    VIEW = "this view"


@dataclass(frozen=True, slots=True)
class Request:
    """One request and its answer; `at` is when it was seen, at most a look later than it happened."""

    at: float
    target: WebTarget
    answer: WebAnswer
    by: Asker = Asker.LESSON


class TrafficLog:
    """Gathers answers from those who keep the last few only. Reads; never asks anything itself."""

    def __init__(self) -> None:
        self._requests: deque[Request] = deque(maxlen=KEPT_REQUESTS)
        self._last: dict[tuple[Asker, WebTarget], WebAnswer] = {}
        self._own: OwnRequest | None = None

    def see(self, answers: Mapping[WebTarget, Sequence[WebAnswer]], now: float, by: Asker = Asker.LESSON) -> bool:
        """Take what is new since the last look; returns whether there was anything."""
        found = False
        for target, known in answers.items():
            for answer in _after(known, self._last.get((by, target))):
                self._requests.append(Request(now, target, answer, by))
                self._last[by, target] = answer
                found = True
        for one, target in [key for key in self._last if key[0] is by and key[1] not in answers]:
            del self._last[one, target]
        self._forget(now)
        return found

    def see_own(self, requests: Sequence[OwnRequest]) -> bool:
        """The same for those that the learner made."""
        new = _after(requests, self._own)
        for request in new:
            self._requests.append(Request(request.at, request.target, request.answer, Asker.YOU))
            self._own = request
        return bool(new)

    def until(self, at: float) -> tuple[Request, ...]:
        """What was seen up to that moment."""
        return tuple(request for request in self._requests if request.at <= at)

    def between(self, since: float, at: float) -> Iterator[Request]:
        """What was seen after one moment and up to another."""
        return (request for request in self._requests if since < request.at <= at)

    def _forget(self, now: float) -> None:
        while self._requests and self._requests[0].at < now - KEPT_SECONDS:
            self._requests.popleft()


def _after(known: Sequence[T], last: T | None) -> Sequence[T]:
    for number in range(len(known) - 1, -1, -1):
        if known[number] is last:
            return known[number + 1 :]
    return known
