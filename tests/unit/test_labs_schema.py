"""The published schemas are those of the vocabulary, fit the shipped labs, and refuse what the linter refuses."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
import yaml

from tests.unit.lab_text import LAB
from tui.labs.header import split_front_matter
from tui.labs.mistakes import MistakeList
from tui.labs.outline import Fence, cut
from tui.labs.parse import find_labs, lines_of
from tui.labs.schemas import SCHEMAS, schema_text
from tui.labs.yamltree import YamlError, plain, read_yaml
from tui.paths import content_dir

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "tui" / "labs" / "schema"
LABS = {path.parent.name: path.read_text(encoding="utf-8") for path in find_labs(content_dir())} | {"sample": LAB}
CASES: dict[str, list[dict[str, str]]] = yaml.safe_load(
    (Path(__file__).parent / "data" / "lab_mistakes.yaml").read_text(encoding="utf-8")
)
BEYOND = re.compile(
    r"stands here twice|unknown fact|not a valid regular|not valid YAML|nested too|tags such as|names no step"
    r"|two choices|must name an earlier|no question with|it must hold for|and no hint|must hold `\{\{ it"
    r"|has no field with|a live fact"
)
"""What only the linter can see."""


def lists(value: object) -> Any:
    """The value with lists for tuples, as a JSON reader makes them."""
    if isinstance(value, Mapping):
        return {str(key): lists(item) for key, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [lists(item) for item in cast("Sequence[object]", value)]
    return value


def read(text: str) -> Any:
    return lists(plain(read_yaml(text, 1)))


def complaint(name: str, value: Any) -> str:
    """What the published schema has against a value; empty if nothing."""
    validator: Any = jsonschema.Draft202012Validator(
        json.loads((PUBLISHED / f"{name}.json").read_text(encoding="utf-8"))
    )
    return "; ".join(str(error.message) for error in validator.iter_errors(value))


def is_valid(name: str, value: Any) -> bool:
    return not complaint(name, value)


def places(text: str) -> Iterator[tuple[str, str]]:
    """Each place of a lab where YAML stands: the schema's name and the YAML."""
    mistakes = MistakeList(Path("lab.md"))
    front, body = split_front_matter(lines_of(text), mistakes)
    yield "front-matter", front
    for part in cut(body, mistakes):
        if isinstance(part, Fence):
            yield part.kind.value, part.text


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_published_schema_is_the_vocabularys(name: str) -> None:
    assert (PUBLISHED / f"{name}.json").read_text(encoding="utf-8") == schema_text(name), "run `make schema`"
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text(name)))


def test_nothing_else_is_published() -> None:
    assert {path.name for path in PUBLISHED.iterdir()} == {f"{name}.json" for name in SCHEMAS}


@pytest.mark.parametrize("lab", LABS)
def test_the_labs_fit_the_schemas(lab: str) -> None:
    found = list(places(LABS[lab]))
    assert len(found) > 3
    for name, text in found:
        assert complaint(name, read(text)) == ""


def wrong_values() -> Iterator[tuple[str, str, Any]]:
    """What the linter says, the schema, and the value, of each mistake that a schema can see."""
    sources = {"check": "step", "step": "step", "question": "predict", "fault": "fault"}
    for section, name in sources.items():
        for case in CASES[section]:
            text = f"goal:\n  {case['goal'].replace(chr(10), chr(10) + '  ')}" if section == "check" else case["fence"]
            if BEYOND.search(case["says"]):
                continue
            if section == "step":
                text = f"goal: [{{service: pets, expect: {{running: 3}}}}]\n{text}"
            yield case["says"], name, read(text)
    front = LAB.split("---\n")[1]
    for case in CASES["front matter"]:
        if not BEYOND.search(case["says"]):
            yield case["says"], "front-matter", read(front.replace(case["old"], case["new"], 1))


@pytest.mark.parametrize(("says", "name", "value"), [pytest.param(*one, id=one[0]) for one in wrong_values()])
def test_what_the_linter_refuses_for_its_form_the_schema_refuses(says: str, name: str, value: Any) -> None:
    assert not is_valid(name, value), says


@pytest.mark.parametrize(
    "goal",
    [
        "{cmd: {node: node1, command: ls}, expect: {exit: 0}}",
        "{ran: {match: ls}}",
        "{service: pets, expect: {ports: {each: {none: 1}}}}",
    ],
)
def test_a_silent_check_is_refused(goal: str) -> None:
    assert not is_valid("step", read(f"goal: [{goal}]"))


def test_a_requirement_is_brought_back_in_one_way() -> None:
    requirement = "{nodes: {}, expect: {count: 3}, by: x%s}"
    assert is_valid("step", read(f"requires: [{requirement % ''}]"))
    assert not is_valid("step", read(f"requires: [{requirement % ', repair: {node1: ls}'}]"))


def test_yaml_that_cannot_be_read_has_no_value() -> None:
    with pytest.raises(YamlError):
        read("goal: [")
