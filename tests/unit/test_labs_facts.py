"""Live facts are filled in; what belongs to Docker stays as it is."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui.labs.facts import (
    SECRET_FACTS,
    Rendered,
    known_facts,
    mask,
    placeholder,
    render,
    secret_facts,
    unknown_facts,
)
from tui.labs.model import Variable

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
FACTS = {"node1.ip": "10.0.0.1", "node2.id": "abc", "token.worker": "SWMTKN-1"}


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("curl {{ node1.ip }}:5000", Rendered("curl 10.0.0.1:5000")),
        ("{{node1.ip}} {{  node1.ip\t}}", Rendered("10.0.0.1 10.0.0.1")),
        ("drain {{ node3.id }}", Rendered("drain <node3 ID>", ("node3.id",))),
        ("{{ node3.ip }} {{ node3.ip }}", Rendered("<node3 IP> <node3 IP>", ("node3.ip",))),
        ("kill {{ node1.container }}", Rendered("kill <container ID>", ("node1.container",))),
        ("{{ token.worker }} {{ token.manager }}", Rendered("SWMTKN-1 <manager token>", ("token.manager",))),
        ("no facts", Rendered("no facts")),
        ("{{ var.my_pet }} {{ it }}", Rendered("<my_pet> <it>", ("var.my_pet", "it"))),
    ],
)
def test_facts_are_filled_in(text: str, rendered: Rendered) -> None:
    assert render(text, FACTS) == rendered


@pytest.mark.parametrize(
    "template",
    [
        "{{.ID}}",
        "{{ .ID }}",
        "{{json .}}",
        "{{ json .Spec }}",
        "{{range .Items}}{{.Name}}{{end}}",
        "{{- .ID -}}",
        "{{ if .X }}{{ else }}{{ end }}",
        "{{$x.ID}}",
        '{{join .Args " "}}',
        "{{.Node.Hostname}}-{{.Task.Slot}}",
        "{{ node9.ip }}",
        "{{",
        "{{ }}",
        "{ { node1.ip } }",
    ],
)
def test_what_is_no_fact_stays_byte_for_byte(template: str) -> None:
    assert render(template, FACTS) == Rendered(template)


@PATIENTLY
@given(st.text(alphabet="{} .node1ip-\n", max_size=40))
def test_text_without_known_names_is_never_changed(text: str) -> None:
    if not any(f"{{{{{name}" in text.replace(" ", "").replace("\n", "") for name in known_facts()):
        assert render(text, FACTS) == Rendered(text)


def test_a_value_is_not_read_again() -> None:
    assert render("{{ node1.ip }}", {"node1.ip": "{{ node2.id }}"}).text == "{{ node2.id }}"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{{ node4.ip }}", ["node4.ip"]),
        ("{{ Node1.IP }} {{ token }}", ["Node1.IP", "token"]),
        ("{{.ID}} {{end}} {{ else }} {{json .}} {{ node1.ip }}", []),
    ],
)
def test_what_looks_like_a_fact_and_is_none_is_found(text: str, names: list[str]) -> None:
    assert [name for _, name in unknown_facts(text)] == names


def test_every_fact_has_a_placeholder() -> None:
    assert all(placeholder(name).startswith("<") for name in known_facts())
    assert set(known_facts()) >= SECRET_FACTS


def test_a_lab_may_have_secrets_of_its_own() -> None:
    variables = (Variable("door", "open sesame", secret=True), Variable("pet", "cat"))
    assert secret_facts(variables) == SECRET_FACTS | {"var.door"}
    assert secret_facts(()) == SECRET_FACTS


def test_secrets_are_masked_in_any_text() -> None:
    facts = {"token.worker": "SWMTKN-1-x", "var.door": "SWMTKN-1-x-long", "var.pet": "cat"}
    secret = ("token.worker", "token.manager", "var.door")
    assert mask("a SWMTKN-1-x-long b SWMTKN-1-x cat", facts, secret) == "a <door> b <worker token> cat"
