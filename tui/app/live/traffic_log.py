"""The requests that were seen, each with the moment at which it was: what the traffic view draws."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui.checks.model import WebTarget
from tui.playground.model import WebAnswer

__all__ = ["Request", "TrafficLog"]

KEPT_REQUESTS = 4_000
KEPT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Request:
    """One request and its answer; `at` is when it was seen, at most a look later than it happened."""

    at: float
    target: WebTarget
    answer: WebAnswer


class TrafficLog:
    """Gathers answers from a keeper that has only the last few of each target. Reads; never asks anything itself."""

    def __init__(self) -> None:
        self._requests: deque[Request] = deque(maxlen=KEPT_REQUESTS)
        self._last: dict[WebTarget, WebAnswer] = {}

    def see(self, answers: Mapping[WebTarget, Sequence[WebAnswer]], now: float) -> bool:
        """Take what is new since the last look; returns whether there was anything."""
        found = False
        for target, known in answers.items():
            for answer in _after(known, self._last.get(target)):
                self._requests.append(Request(now, target, answer))
                self._last[target] = answer
                found = True
        while self._requests and self._requests[0].at < now - KEPT_SECONDS:
            self._requests.popleft()
        return found

    def until(self, at: float) -> tuple[Request, ...]:
        """What was seen up to that moment, oldest first."""
        return tuple(request for request in self._requests if request.at <= at)


def _after(known: Sequence[WebAnswer], last: WebAnswer | None) -> Sequence[WebAnswer]:
    for number in range(len(known) - 1, -1, -1):
        if known[number] is last:
            return known[number + 1 :]
    return known
