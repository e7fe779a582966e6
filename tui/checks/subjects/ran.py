"""`ran`: a command that the learner ran since the step opened."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui.checks.commands import SimpleCommand, matches, simple_commands
from tui.checks.model import Evidence, Outcome
from tui.checks.sight import Judgement
from tui.checks.wanted import Wanted
from tui.checks.words import complaint, counted, joined
from tui.labs.model import Expectation
from tui.terminal.command_log import RanCommand

__all__ = ["goal", "is_past", "judge_commands"]

_SHORTEST_ID = 3  # fewer signs are too likely to be a word of their own
_STOPPED_BY_HAND = (None, 0, 130, 143)  # still running, or ended by Ctrl-C or SIGTERM


@dataclass(frozen=True, slots=True)
class _Hit:
    """A command of the log that is the wanted one, wherever it ran."""

    ran: RanCommand
    node: str
    exit: int | None


def goal(of: Mapping[str, Expectation], wanted: Mapping[str, Wanted]) -> str:
    """What is asked for. The first of several commands names it."""
    commands = _texts(of.get("command"))
    name = commands[0] if commands else f"a command like “{of.get('match', '')}”"
    nodes = _texts(of.get("node"))
    where = f" on {joined(nodes, 'or')}" if nodes else ""
    times = f" {wanted['count'].amount().of('time')}" if "count" in wanted else ""
    if times == " at least 1 time":
        times = ""
    if "count" in wanted and wanted["count"].expected == 0:
        return f"{name} was not run{where}"
    how = ""
    if "exit" in wanted and wanted["exit"].expected != 0:
        failing = not wanted["exit"].admits(0) and wanted["exit"].admits(1)
        how = " and failed" if failing else f" and ended with status {wanted['exit'].amount().text}"
    return f"{name} was run{where}{times}{how}"


def judge_commands(of: Mapping[str, Expectation], wanted: Mapping[str, Wanted], evidence: Evidence) -> Judgement:
    """Whether as many commands as wanted (one, unless `count` says) ran where and as wanted."""
    found, here, ended, good = _sifted(of, wanted, evidence)
    if wanted.get("count", Wanted({"gte": 1})).admits(len(good)):
        return Judgement(Outcome.PASS)
    return Judgement(Outcome.FAIL, _missed(found, here, ended, good, wanted))


def is_past(of: Mapping[str, Expectation], wanted: Mapping[str, Wanted], evidence: Evidence) -> bool:
    """Whether the same was tried again since: the newest such command is followed by another of its program.

    Of `docker`, only the same sub-command counts. A mistake that was tried again need not be spoken of any more.
    """
    *_, good = _sifted(of, wanted, evidence)
    if not good:
        return False
    newest = good[-1].ran
    paths = {one.path for one in simple_commands(newest.text)}
    position = max(index for index, command in enumerate(evidence.commands) if command == newest)
    later = evidence.commands[position + 1 :]
    return any(one.path in paths for command in later for one in simple_commands(command.text))


def _sifted(
    of: Mapping[str, Expectation], wanted: Mapping[str, Wanted], evidence: Evidence
) -> tuple[list[_Hit], list[_Hit], list[_Hit], list[_Hit]]:
    """The wanted commands: wherever they ran, those on the wanted nodes, those that ended so, and wrote so."""
    names = _names_by_id(evidence)
    found = [hit for command in evidence.commands if (hit := _hit(command, of, names)) is not None]
    nodes = _texts(of.get("node"))
    here = [hit for hit in found if not nodes or hit.node in nodes]
    ended = [hit for hit in here if _as_wanted(hit.exit, wanted.get("exit"))]
    good = [hit for hit in ended if _as_wanted(hit.ran.output, wanted.get("output"))]
    return found, here, ended, good


def _as_wanted(value: int | str | None, want: Wanted | None) -> bool:
    return want is None or want.admits(value)


def _names_by_id(evidence: Evidence) -> Mapping[str, str]:
    """The names of nodes and services by their IDs, those that were there as the step began included."""
    names: dict[str, str] = {}
    for snapshot in (evidence.start, evidence.snapshot):
        names |= {node.id: node.hostname for node in snapshot.nodes}
        names |= {service.id: service.name for service in snapshot.services}
    return names


def _hit(ran: RanCommand, of: Mapping[str, Expectation], names: Mapping[str, str]) -> _Hit | None:
    alternatives = _texts(of.get("command"))
    pattern = of.get("match")
    simple = simple_commands(ran.text)

    def name_of(word: str) -> str:
        """The name of the one thing whose ID begins so, as Docker takes it; any other word as it is."""
        if len(word) < _SHORTEST_ID or word in names.values():
            return word
        found = [name for whole, name in names.items() if whole.startswith(word)]
        return found[0] if len(found) == 1 else word

    def is_wanted(command: SimpleCommand) -> bool:
        return not alternatives or any(matches(wanted, command, name_of) for wanted in alternatives)

    chosen = [one for one in simple if is_wanted(one)]
    if isinstance(pattern, str):
        chosen = [one for one in chosen if _found(pattern, one.text)]
        if not chosen and not alternatives and simple and _found(pattern, " ".join(ran.text.split())):
            chosen = [simple[0]]
    if not chosen:
        return None
    nodes = _texts(of.get("node"))
    best = next((one for one in chosen if (one.node or ran.node) in nodes), chosen[0])
    status = 0 if best.watched and ran.exit_status in _STOPPED_BY_HAND else ran.exit_status
    return _Hit(ran, best.node or ran.node, status)


def _found(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False


def _missed(
    found: Sequence[_Hit],
    here: Sequence[_Hit],
    ended: Sequence[_Hit],
    good: Sequence[_Hit],
    wanted: Mapping[str, Wanted],
) -> str:
    """What is the case instead, told by the command that came nearest."""
    if not found:
        return "not yet"
    if not here:
        return f"not there yet, only on {joined(sorted({hit.node for hit in found}))}"
    if not ended:
        last = here[-1]
        if last.exit is None:
            return "it is still running"
        return f"it ended with status {last.exit}{complaint(last.ran.output)}"
    if not good:
        return f"its output is not the one that is waited for{complaint(ended[-1].ran.output)}"
    return f"it was run {counted(len(good), 'time')}" if "count" in wanted else "not yet"


def _texts(value: Expectation) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) if isinstance(value, Sequence) else ()
