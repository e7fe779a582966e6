"""One check judged: pass, fail or unknown, with the sentence. A pure function of the evidence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from tui.checks.dispatch import filter_of, goal_of, look
from tui.checks.images import same_image
from tui.checks.model import CommandTarget, Evidence, Outcome, Verdict, WebTarget
from tui.checks.sight import Blind, Judgement, Sight, blind_to_swarm, judge
from tui.checks.subjects import cmd, ran, swarm, web
from tui.checks.wanted import Wanted
from tui.labs.facts import FACT, IT, placeholder, render
from tui.labs.model import CheckSpec, Expectation, Scalar, Step, Subject
from tui.playground.model import NODE_NAMES

__all__ = ["command_targets", "diagnose", "evaluate", "evaluate_all", "fill", "goal_targets"]

_AS_BEFORE = ", as before"
_SAME_IMAGE = {"image": same_image, "images": same_image}


def evaluate(spec: CheckSpec, evidence: Evidence, facts: Mapping[str, str]) -> Verdict:
    """Judge one check. `facts` fills the live facts in it (see `tui.checks.facts`)."""
    filled, missing = _fill(spec, facts)
    shown, _ = _fill(spec, {**facts, **{f"{node}.id": node for node in NODE_NAMES}})  # people know nodes by name
    shown = replace(shown, say=filled.say)
    wanted = _wanted(filled.expect)
    if missing:
        return Verdict(_outcome_of_missing(evidence), _goal(shown, wanted), _not_known(missing))
    start = look(filled, evidence.start, evidence) if _asks_for_start(wanted) else None
    if start is not None:
        resolved = _with_start(wanted, start)
        if isinstance(resolved, Blind):
            return Verdict(Outcome.UNKNOWN, _goal(shown, wanted), resolved.why)
        wanted = resolved
    goal = _goal(shown, wanted)
    judgement = _judge(filled, wanted, evidence)
    return Verdict(judgement.outcome, goal, judgement.seen)


def evaluate_all(specs: Iterable[CheckSpec], evidence: Evidence, facts: Mapping[str, str]) -> tuple[Verdict, ...]:
    """Judge several checks, in their order."""
    return tuple(evaluate(spec, evidence, facts) for spec in specs)


def diagnose(step: Step, evidence: Evidence, facts: Mapping[str, str]) -> str | None:
    """What is said of the mistake that is recognised first; None where none is.

    A command that was wrong is not spoken of any more once the same was tried again: it may be right now.
    """
    for diagnosis in step.diagnoses:
        if evaluate(diagnosis.when, evidence, facts).outcome is Outcome.PASS and not _is_past(
            diagnosis.when, evidence, facts
        ):
            return render(diagnosis.say, facts).text
    return None


def _is_past(spec: CheckSpec, evidence: Evidence, facts: Mapping[str, str]) -> bool:
    filled = fill(spec, facts) if spec.subject is Subject.RAN else None
    return filled is not None and ran.is_past(filter_of(filled), _wanted(filled.expect), evidence)


def goal_targets(specs: Iterable[CheckSpec]) -> tuple[WebTarget, ...]:
    """The web targets that must be asked for these checks, each once."""
    filters = [filter_of(one) for spec in specs if spec.subject is Subject.WEB for one in _for_each_node(spec)]
    return tuple(dict.fromkeys(web.target_of(of) for of in filters))


def command_targets(
    specs: Iterable[CheckSpec], facts: Mapping[str, str] = MappingProxyType({})
) -> tuple[CommandTarget, ...]:
    """The commands that must be run for these checks, each once; those with a fact that is not known are left out."""
    filled = [_fill(one, facts) for spec in specs if spec.subject is Subject.CMD for one in _for_each_node(spec)]
    return tuple(dict.fromkeys(cmd.target_of(filter_of(spec)) for spec, missing in filled if not missing))


def fill(spec: CheckSpec, facts: Mapping[str, str]) -> CheckSpec | None:
    """The check with its facts filled in; None while one of them has no value."""
    filled, missing = _fill(spec, facts)
    return None if missing else filled


def _for_each_node(spec: CheckSpec) -> tuple[CheckSpec, ...]:
    """The check of a question once for each node in place of `{{ it }}`; any other as it is."""
    if IT not in {match[1] for match in FACT.finditer(str(spec.of))}:
        return (spec,)
    return tuple(_fill_known(spec, {IT: node}) for node in NODE_NAMES)


def _fill_known(spec: CheckSpec, facts: Mapping[str, str]) -> CheckSpec:
    """The check with these facts filled in; every other one stays as it stands in the file."""
    others = {name: f"{{{{ {name} }}}}" for name in _fill(spec, facts)[1]}
    return _fill(spec, {**others, **facts})[0]


def _fill(spec: CheckSpec, facts: Mapping[str, str]) -> tuple[CheckSpec, tuple[str, ...]]:
    """The check with its facts filled in, and the facts that have no value."""
    missing: list[str] = []

    def filled(value: Expectation) -> Expectation:
        if isinstance(value, str):
            rendered = render(value, facts)
            missing.extend(fact for fact in rendered.missing if fact not in missing)
            return rendered.text
        if isinstance(value, Mapping):
            return {key: filled(item) for key, item in value.items()}
        return tuple(filled(item) for item in value) if isinstance(value, Sequence) else value

    of = filled(spec.of)
    expect = filled(spec.expect)
    usable: Scalar | Mapping[str, Expectation] = of if isinstance(of, (str, int, float, bool, Mapping)) else ""
    return replace(spec, of=usable, expect=expect, say=render(spec.say, facts).text), tuple(missing)


def _outcome_of_missing(evidence: Evidence) -> Outcome:
    """A fact that no one can be asked for leaves it open; one that does not exist yet fails the check."""
    return Outcome.UNKNOWN if blind_to_swarm(evidence.snapshot) else Outcome.FAIL


def _not_known(missing: Sequence[str]) -> str:
    return f"{placeholder(missing[0]).strip('<>')} is not known yet"


def _wanted(expect: Expectation) -> dict[str, Wanted]:
    return {name: Wanted(value) for name, value in expect.items()} if isinstance(expect, Mapping) else {}


def _asks_for_start(wanted: Mapping[str, Wanted]) -> bool:
    return any(want.asks_for_start for want in wanted.values())


def _with_start(wanted: Mapping[str, Wanted], start: Sight | Blind) -> dict[str, Wanted] | Blind:
    if isinstance(start, Blind):
        return Blind(f"as the step began, {start.why}")
    resolved: dict[str, Wanted] = {}
    for name, want in wanted.items():
        if not want.asks_for_start:
            resolved[name] = want
        elif (value := start.values.get(name)) is None:
            return Blind("there was nothing to compare with as the step began")
        else:
            resolved[name] = want.with_start(value)
    return resolved


def _judge(spec: CheckSpec, wanted: Mapping[str, Wanted], evidence: Evidence) -> Judgement:
    if spec.subject is Subject.RAN:
        return ran.judge_commands(filter_of(spec), wanted, evidence)
    same = _SAME_IMAGE if spec.subject in (Subject.SERVICE, Subject.TASKS, Subject.CONTAINER) else None
    if spec.subject is Subject.SWARM and "cluster" in wanted:
        return _judge_cluster(spec, wanted, evidence)
    return judge(wanted, look(spec, evidence.snapshot, evidence), same)


def _judge_cluster(spec: CheckSpec, wanted: Mapping[str, Wanted], evidence: Evidence) -> Judgement:
    """The fields of one engine, and whether it shares its swarm with another."""
    others = {name: want for name, want in wanted.items() if name != "cluster"}
    alone = judge(others, look(spec, evidence.snapshot, evidence)) if others else Judgement(Outcome.PASS)
    if alone.outcome is not Outcome.PASS:
        return alone
    cluster = wanted["cluster"].expected
    other = cluster.get("same_as_node") if isinstance(cluster, Mapping) else ""
    shared = swarm.shares_swarm(str(spec.of), str(other), evidence.snapshot)
    if isinstance(shared, Blind):
        return Judgement(Outcome.UNKNOWN, shared.why)
    return Judgement(Outcome.PASS) if shared[0] else Judgement(Outcome.FAIL, shared[1])


def _goal(spec: CheckSpec, wanted: Mapping[str, Wanted]) -> str:
    if spec.say:
        return spec.say
    before = _AS_BEFORE if any(want.keeps_start for want in wanted.values()) else ""
    return goal_of(spec, wanted) + before
