"""JSON schemas of the YAML in a lab, for editors: made from the vocabulary, one for each place where YAML stands.

They hold what a schema can say: keys, kinds, words. `swarmtutor lint` finds the rest. Written by `make schema`.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tui.labs.faultfence import FAULT_KEYS
from tui.labs.header import DIFFICULTIES, HEADER_KEYS, ID, REQUIRED_KEYS, START_STATES
from tui.labs.model import QuestionKind, Subject
from tui.labs.predictfence import CHOICES, PREDICT_KEYS
from tui.labs.stepfence import STEP_KEYS
from tui.labs.vocabulary import FROM_START, SUBJECTS, Field, Kind, SubjectWords, matchers_of
from tui.playground.model import NODE_NAMES, Fault

__all__ = ["SCHEMAS", "schema_text", "write_schemas"]

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Schema = {"type": ["string", "number", "boolean"], "pattern": r"\S"}
_FLAG: Schema = {"type": "boolean"}
_TIME: Schema = {
    "type": ["string", "number"],
    "exclusiveMinimum": 0,
    "maximum": 3600,
    "pattern": r"^\d+(\.\d+)?(ms|s|m|h)?$",
}
_MACHINE: Schema = {"enum": list(NODE_NAMES)}
_IT: Schema = {"type": "string", "pattern": r"^\{\{\s*it\s*\}\}$"}
_FACT: Schema = {"type": "string", "pattern": r"\{\{"}
_ORDERS: Schema = {"$ref": "#/$defs/orders"}


def _mapping(properties: Mapping[str, Schema], required: Iterable[str] = (), **more: Any) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def _list_of(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, "minItems": 1, **more}


def _or_list(items: Schema) -> Schema:
    return {"anyOf": [items, _list_of(items)]}


_OF_KIND: Mapping[Kind, Schema] = MappingProxyType(
    {
        Kind.NUMBER: {"type": "number"},
        Kind.BOOL: _FLAG,
        Kind.TEXT: {"type": ["string", "number", "boolean"]},
        Kind.MACHINE: {"anyOf": [_MACHINE, _IT]},
        Kind.MACHINES: _or_list(_MACHINE),
        Kind.ROW: {"anyOf": [_MACHINE, _FACT]},
        Kind.TEXTS: _or_list(_TEXT),
        Kind.CLUSTER: _mapping({"same_as_node": _MACHINE}, ["same_as_node"]),
        Kind.PATTERN: _TEXT,
    }
)


def _value(field: Field) -> Schema:
    return {"enum": list(field.words)} if field.words else _OF_KIND[field.kind]


def _matchers(field: Field, words: SubjectWords, *, inner: bool = False) -> Schema:
    """What may stand in place of a value."""
    properties: dict[str, Schema] = {}
    for name in matchers_of(field):
        if name in FROM_START:
            if words.from_snapshot and not inner:
                properties[name] = {"const": "start"}
        elif name in ("each", "none"):
            one = Field(field.kind, field.words)
            properties[name] = {"anyOf": [_value(one), _matchers(one, words, inner=True)]}
        else:
            properties[name] = {"in": _list_of(_value(field)), "match": _TEXT}.get(name, _value(field))
    return _mapping(properties, minProperties=1)


def _field(field: Field, words: SubjectWords) -> Schema:
    return _value(field) if field.kind is Kind.CLUSTER else {"anyOf": [_value(field), _matchers(field, words)]}


def _argument(subject: Subject, words: SubjectWords) -> Schema:
    if words.argument is not None:
        return _value(words.argument)
    of = _mapping({key: _value(field) for key, field in words.of.items()}, words.required)
    if subject is Subject.RAN:
        of["anyOf"] = [{"required": ["command"]}, {"required": ["match"]}]
    return of if words.required or subject is Subject.RAN else {"anyOf": [of, {"type": "null"}]}


def _check(beside: Mapping[str, Schema], *, shown: bool, expects: bool = True) -> Schema:
    """A check. `beside`: what else stands in the mapping. `shown`: its sentence is read by the learner."""
    properties: dict[str, Schema] = {subject.value: {"$ref": f"#/$defs/of-{subject}"} for subject in SUBJECTS}
    one_subject = [{"required": [subject]} for subject in properties]
    if not expects:
        return _mapping({**properties, **beside}, oneOf=one_subject)
    rules: list[Schema] = []
    for subject in SUBJECTS:
        required = ["expect"] if subject is not Subject.RAN else []
        if shown and subject is Subject.CMD:
            required.append("say")
        expect: Schema = {"properties": {"expect": {"$ref": f"#/$defs/expect-{subject}"}}, "required": required}
        rules.append({"if": {"required": [subject.value]}, "then": expect})
    if shown:
        silent = {"required": ["ran"], "properties": {"ran": {"not": {"required": ["command"]}}}}
        rules.append({"if": silent, "then": {"required": ["say"]}})
    timing: dict[str, Schema] = {"expect": {"type": "object"}, "within": _TIME, "for": _TIME, "say": _TEXT}
    return _mapping({**properties, **timing, **beside}, oneOf=one_subject, allOf=rules)


def _definitions() -> dict[str, Schema]:
    """What several places refer to, by its name."""
    order = _mapping({**dict.fromkeys(NODE_NAMES, _TEXT), "expect-fail": _FLAG}, minProperties=1)
    order["anyOf"] = [{"required": [node]} for node in NODE_NAMES]
    order["if"] = {"required": ["expect-fail"]}
    order["then"] = {"maxProperties": 2}
    made = {"orders": _or_list(order), "check": _check({}, shown=True), "when": _check({}, shown=False)}
    for subject, words in SUBJECTS.items():
        made[f"of-{subject}"] = _argument(subject, words)
        fields = {name: _field(field, words) for name, field in words.fields.items()}
        made[f"expect-{subject}"] = _mapping(fields, minProperties=1)
    return made


def _document(title: str, schema: Schema) -> Schema:
    """A schema on its own, with the definitions that it refers to."""
    definitions = _definitions()
    used: dict[str, Schema] = {}
    new = _references(schema)
    while new:
        used |= {name: definitions[name] for name in new}
        new = {name for one in used.values() for name in _references(one)} - used.keys()
    defs = {"$defs": {name: used[name] for name in definitions if name in used}} if used else {}
    return {"$schema": _DIALECT, "title": title, **schema, **defs}


def _references(schema: Schema) -> set[str]:
    return set(re.findall(r'"#/\$defs/([a-z-]+)"', json.dumps(schema)))


def _front_matter() -> Schema:
    variable = {"anyOf": [_TEXT, _mapping({"value": _TEXT, "secret": _FLAG}, ["value"])]}
    invariant = _check({"repair": _ORDERS}, shown=False)
    invariant["required"] = ["say", "repair"]
    properties: dict[str, Schema] = {
        "format": {"const": 1},
        "id": {"type": "string", "pattern": f"^{ID.pattern}$"},
        "title": _TEXT,
        "summary": _TEXT,
        "difficulty": {"enum": list(DIFFICULTIES)},
        "minutes": {"type": "integer", "minimum": 1, "maximum": 600},
        "start": {"enum": list(START_STATES)},
        "needs": _mapping({"nodes": {"type": "integer", "minimum": 1, "maximum": len(NODE_NAMES)}, "owned": _FLAG}),
        "images": {"type": "array", "items": {"type": "string", "pattern": "^[a-z0-9]"}},
        "vars": {"type": "object", "patternProperties": {"^[a-z][a-z0-9_]*$": variable}, "additionalProperties": False},
        "always": _list_of(invariant),
    }
    return _document("Front matter of a lab", _mapping(_only(properties, HEADER_KEYS), REQUIRED_KEYS))


def _step() -> Schema:
    requirement = _check({"by": _TEXT, "repair": _ORDERS}, shown=True)
    requirement["not"] = {"required": ["by", "repair"]}
    diagnosis = _mapping({"when": {"$ref": "#/$defs/when"}, "say": _TEXT}, ["when", "say"])
    speed: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": 20}
    properties: dict[str, Schema] = {
        "already-true": _FLAG,
        "requires": _list_of(requirement),
        "goal": _list_of({"$ref": "#/$defs/check"}),
        "diagnose": _list_of(diagnosis),
        "hints": _list_of(_TEXT),
        "solve": _list_of(_mapping({"say": _TEXT, "run": _ORDERS}, ["run"])),
        "wrong": _list_of(_mapping({"run": _ORDERS, "says": _TEXT, "undo": _ORDERS}, ["run", "says"])),
        "why": _TEXT,
        "demo": _mapping({"skip": _FLAG, "pause": _TIME, "speed": speed}, minProperties=1),
    }
    return _document("`yaml step` fence of a lab", _mapping(_only(properties, STEP_KEYS), minProperties=1))


def _predict() -> Schema:
    fewest, most = CHOICES
    choice = _mapping({"say": _TEXT, "when": {"$ref": "#/$defs/when"}}, ["say", "when"])
    properties: dict[str, Schema] = {
        "id": {"type": ["string", "number"], "pattern": f"^{ID.pattern}$"},
        "ask": _TEXT,
        "kind": {"enum": [kind.value for kind in QuestionKind]},
        "seen": {"type": "object"},
        "field": _TEXT,
        "choices": _list_of(choice, minItems=fewest, maxItems=most),
        "why": _TEXT,
    }
    look: Schema = _check({}, shown=False, expects=False)
    node: Schema = {"$ref": "#/$defs/when"}
    rules = [
        _rule("number", {"seen": look}, ["seen", "field"], ["choices"]),
        _rule("node", {"seen": node}, ["seen"], ["field", "choices"]),
        _rule("choice", {}, ["choices"], ["seen", "field"]),
    ]
    return _document(
        "`yaml predict` fence of a lab", _mapping(_only(properties, PREDICT_KEYS), ["ask", "kind"], allOf=rules)
    )


def _rule(kind: str, properties: Schema, required: list[str], without: list[str]) -> Schema:
    """What a question of that kind needs, and what means nothing in it."""
    nothing = [{"not": {"required": [key]}} for key in without]
    when = {"required": ["kind"], "properties": {"kind": {"const": kind}}}
    return {"if": when, "then": {"properties": properties, "required": required, "allOf": nothing}}


def _fault() -> Schema:
    faults = [fault.value for fault in Fault]
    properties: dict[str, Schema] = {"node": _MACHINE, "fault": {"enum": faults}, "until": _TEXT}
    undone = [fault.value for fault in Fault if fault in (Fault.POWER_ON, Fault.RESTORE_NETWORK, Fault.RESUME)]
    rule = {"if": {"properties": {"fault": {"enum": undone}}}, "then": {"not": {"required": ["until"]}}}
    return _document(
        "`yaml fault` fence of a lab", _mapping(_only(properties, FAULT_KEYS), ["node", "fault"], allOf=[rule])
    )


def _only(properties: dict[str, Schema], keys: Iterable[str]) -> dict[str, Schema]:
    """The properties in the order of the vocabulary's keys. Raises KeyError for a key that has none."""
    return {key: properties[key] for key in keys}


SCHEMAS: Mapping[str, Callable[[], Schema]] = MappingProxyType(
    {"front-matter": _front_matter, "step": _step, "predict": _predict, "fault": _fault}
)
"""What makes the schema of each place where YAML stands."""


def schema_text(name: str) -> str:
    """The schema's file as it is published. Raises KeyError for an unknown name."""
    return json.dumps(SCHEMAS[name](), indent=1, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> None:
    """Write all schemas into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SCHEMAS:
        (folder / f"{name}.json").write_text(schema_text(name), encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
