"""The goals, mistakes and sentences of every lab, judged again by what the checks saw in a real run.

The recordings are made by `make record`, on real nodes, whenever a lab changes.
"""

import re
from pathlib import Path

import pytest

from tui.checks.model import Outcome
from tui.labs.model import Lab, Step
from tui.labs.parse import find_labs, load_lab
from tui.paths import content_dir
from tui.tutor.judging import StepJudge
from tui.tutor.recording import Frame, Moment, load

RECORDED = Path(__file__).parent / "data" / "recorded"
LABS = [load_lab(path) for path in find_labs(content_dir())]


def _frames() -> list[tuple[Lab, Step, Frame]]:
    found: list[tuple[Lab, Step, Frame]] = []
    for lab in LABS:
        steps = {step.id: step for step in lab.steps}
        recording = load(RECORDED / f"{lab.id}.json.gz")
        assert recording.lab == lab.id
        found += [(lab, steps[frame.step], frame) for frame in recording.frames]
    return found


FRAMES = _frames()


def _name(lab: Lab, step: Step, frame: Frame) -> str:
    return f"{lab.id}-{step.id}-{frame.moment}{'' if frame.wrong is None else frame.wrong + 1}"


def _of(moment: Moment) -> pytest.MarkDecorator:
    chosen = [each for each in FRAMES if each[2].moment is moment]
    return pytest.mark.parametrize(("lab", "step", "frame"), chosen, ids=[_name(*each) for each in chosen])


def _judged(lab: Lab, step: Step, frame: Frame) -> tuple[StepJudge, bool]:
    judge = StepJudge(lab)
    judge.open(step, frame.evidence.start, 0.0)
    judge.look(frame.evidence, frame.facts, 0.0)
    longest = max((spec.hold for spec in step.goal), default=0.0)
    return judge, judge.look(frame.evidence, frame.facts, longest)


def _shown(judge: StepJudge) -> str:
    red = [verdict for verdict in judge.verdicts if verdict.outcome is not Outcome.PASS]
    return "; ".join([*(f"{verdict.goal}: {verdict.seen}" for verdict in red), judge.diagnosis])


@pytest.mark.parametrize("lab", LABS, ids=[lab.id for lab in LABS])
def test_every_step_of_the_lab_is_recorded(lab: Lab) -> None:
    of_lab = [frame for of, _, frame in FRAMES if of.id == lab.id]
    asked = {step.id for step in lab.steps if step.goal}
    assert {frame.step for frame in of_lab if frame.moment is Moment.BEFORE} == {
        step.id for step in lab.steps if step.goal and not step.already_true
    }
    assert {frame.step for frame in of_lab if frame.moment is Moment.DONE} >= asked
    wrong = {(step.id, number) for step in lab.steps for number in range(len(step.wrong))}
    assert {(frame.step, frame.wrong) for frame in of_lab if frame.moment is Moment.WRONG} == wrong


@_of(Moment.BEFORE)
def test_a_goal_is_red_before_its_commands(lab: Lab, step: Step, frame: Frame) -> None:
    judge, done = _judged(lab, step, frame)
    assert not done
    red = [verdict for verdict in judge.verdicts if verdict.outcome is not Outcome.PASS]
    assert red
    assert all(verdict.goal for verdict in red)


@_of(Moment.DONE)
def test_a_goal_is_green_after_its_commands(lab: Lab, step: Step, frame: Frame) -> None:
    judge, done = _judged(lab, step, frame)
    assert done == bool(step.goal), _shown(judge)


@_of(Moment.WRONG)
def test_a_mistake_is_red_and_named(lab: Lab, step: Step, frame: Frame) -> None:
    assert frame.wrong is not None
    judge, done = _judged(lab, step, frame)
    assert not done
    assert step.wrong[frame.wrong].says.casefold() in _shown(judge).casefold()


def test_no_sentence_shows_a_token() -> None:
    for lab, step, frame in FRAMES:
        assert not re.search(r"SWM(TKN|KEY)-1-\w{8}", _shown(_judged(lab, step, frame)[0]))
