"""The glossary: what is shipped is right, what is wrong in one is named, and a step's words are found."""

from pathlib import Path

import pytest

from tui.errors import ExitCode, UserError
from tui.labs.glossary import FILE, find_term, load_glossary, parse_glossary, terms_in
from tui.labs.model import Prose
from tui.labs.parse import find_labs, load_lab
from tui.paths import content_dir

PATH = Path("glossary.md")
SHIPPED = load_glossary(content_dir())


def test_the_shipped_glossary_has_no_mistakes() -> None:
    path = content_dir() / FILE
    assert [str(mistake) for mistake in parse_glossary(path.read_text(encoding="utf-8"), path)[1]] == []


WANTED = """
manager, worker, node, task, service, replica, desired state, drain, ingress, routing mesh, quorum, raft, leader,
overlay network, rolling update, rollback, stack, secret, config, join token, managers, Drained
"""


@pytest.mark.parametrize("word", [" ".join(word.split()) for word in WANTED.split(",")])
def test_the_words_of_a_swarm_are_explained(word: str) -> None:
    term = find_term(word, SHIPPED)
    assert term is not None
    assert len(term.text.split()) > 10


@pytest.mark.parametrize("path", find_labs(content_dir()), ids=lambda path: path.parent.name)
def test_every_lab_uses_words_that_are_explained(path: Path) -> None:
    steps = load_lab(path).steps
    texts = ["\n".join(block.markdown for block in step.blocks if isinstance(block, Prose)) for step in steps]
    assert sum(1 for text in texts if terms_in(text, SHIPPED)) > len(steps) / 2


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("# Glossary\n", 1, "explains nothing"),
        ("## node\n\nA machine.\n\n## node\n\nAgain.\n", 5, "explained twice, first in line 1"),
        ("## node\nAlso: task\n\nA machine.\n\n## task\n\nA copy.\n", 6, "`task` is explained twice"),
        ("## task\n\nA copy.\n\n## node\n\nA machine.\n", 5, "`node` comes before `task`"),
        ("## node\n", 1, "has no explanation"),
        ("## node\n\n" + "word " * 100, 1, "takes 100 words"),
        ("## node\n\nRuns a **tsk**.\n\n## task\n\nA copy.\n", 1, "did you mean `task`?"),
        ("## node\n\nA **node** is a machine.\n", 1, "explains itself by itself"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, line: int, part: str) -> None:
    _, mistakes = parse_glossary(text, PATH)
    assert [mistake.line for mistake in mistakes if part in mistake.message] == [line]


def test_an_entry_has_other_forms_and_paragraphs() -> None:
    (term, _), mistakes = parse_glossary(
        "# Glossary\n\nWords.\n\n## join token\nAlso: token, join-token\n\nThe key to\nthe **swarm**.\n\nKeep it.\n\n"
        "## swarm\n\nSeveral engines.\n",
        PATH,
    )
    assert mistakes == ()
    assert term.forms == ("join token", "token", "join-token")
    assert term.text == "The key to the **swarm**.\n\nKeep it."
    assert term.line == 5


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Two **managers** and a Worker.", ["manager", "worker"]),
        ("docker swarm join-token worker", ["swarm", "join token", "worker"]),
        ("scale it up and down", ["replica"]),
        ("its status is `Down`", ["dead node"]),
        ("node1 has a task; the nodes\nshare an overlay\nnetwork", ["task", "node", "overlay network"]),
        ("taskforce, nodeless, unmanaged", []),
    ],
)
def test_words_are_found_in_the_order_of_the_text(text: str, names: list[str]) -> None:
    assert [term.name for term in terms_in(text, SHIPPED)] == names


def test_without_a_file_there_are_no_words_and_one_that_is_no_text_is_said(tmp_path: Path) -> None:
    assert load_glossary(tmp_path) == ()
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(UserError) as caught:
        load_glossary(tmp_path)
    assert caught.value.exit_code is ExitCode.BROKEN
    assert str(tmp_path / FILE) in str(caught.value)
