"""What is said without a screen, each part by itself: prose, words, pages, news, the swarm, the standard output."""

import io
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.fakes import goal, views
from tests.unit.factories import engine, no_swarm, service, swarm, task, tasks, with_engine, with_node
from tui.app.actions import ACTIONS
from tui.checks.model import Outcome
from tui.labs.glossary import Term
from tui.labs.model import QuestionKind
from tui.swarm.changes import changes
from tui.swarm.snapshot import LocalState
from tui.terminal.stripping import Stripper
from tui.tutor.plain_ears import Ears, Heard
from tui.tutor.plain_glossary import term_lines, words_lines
from tui.tutor.plain_news import BLIND, CHURN, SETTLED, News
from tui.tutor.plain_page import goal_lines, outline_lines, page_lines, question_lines
from tui.tutor.plain_prose import Line, ended, prose_lines
from tui.tutor.plain_speaker import Speaker, spelled, wrapped
from tui.tutor.plain_swarm import address_lines, change_lines, node_lines, service_lines, task_lines
from tui.tutor.plain_talk import find_step, read_answer
from tui.tutor.plain_words import WORDS, Asked, Command, Front, Unknown, help_lines, understand
from tui.tutor.views import (
    Aftermath,
    LessonView,
    PageBreak,
    PageCommand,
    PageQuestion,
    PageRoute,
    Readiness,
    RepairOffer,
    StepLine,
    StepState,
)

NOW = 1_700_000_000.0


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines]


# --- prose ---------------------------------------------------------------------------------------------------------


def test_prose_is_a_line_a_paragraph_without_marks_but_with_its_code() -> None:
    markdown = (
        "Ask for **six** of\nthem, *please*: `docker  service ls`.\n\n"
        "- one\n- two `x`\n  - deeper\n\n3. three\n4. four\n\n"
        "See [the manual](https://docs.docker.com/) or <https://docker.com>.\n\n"
        "<!-- a comment -->\n\n> quoted\n\n"
        "| word | means |\n| --- | --- |\n| `ls` | list |\n| rm | remove |\n\n"
        "```console\n$ docker ps\n\n  indented\n```\n"
    )
    assert prose_lines(markdown) == [
        Line("Ask for six of them, please: `docker  service ls`."),
        Line("- one"),
        Line("- two `x`"),
        Line("- deeper"),
        Line("3. three"),
        Line("4. four"),
        Line("See the manual (https://docs.docker.com/) or https://docker.com."),
        Line("quoted"),
        Line("word: `ls`; means: list."),
        Line("word: rm; means: remove."),
        Line("$ docker ps", code=True),
        Line("", code=True),
        Line("  indented", code=True),
    ]


@given(st.text(max_size=200))
def test_any_text_can_be_said(markdown: str) -> None:
    out = io.StringIO()
    Speaker(out, terminal=False).say_all(prose_lines(markdown))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", out.getvalue())


@pytest.mark.parametrize(("text", "said"), [("so", "so."), ("so?", "so?"), ("«so»", "«so»."), ("", ""), ("a: ", "a:")])
def test_a_sentence_has_an_end(text: str, said: str) -> None:
    assert ended(text) == said


# --- words ---------------------------------------------------------------------------------------------------------


def test_every_word_and_every_letter_means_one_thing() -> None:
    names = [word.name for word in WORDS]
    letters = [word.letter for word in WORDS]
    assert len({*names, *letters}) == len(names) + len(letters)
    assert all(len(letter) == 1 for letter in letters)


def test_what_the_screen_can_do_too_is_called_the_same_there() -> None:
    titles = {action.id: action.title.split(": ", 1)[1] for action in ACTIONS}
    named = {word.action: word.title for word in WORDS if word.action}
    assert len(named) >= 12
    assert named == {action: titles[action] for action in named}


@pytest.mark.parametrize(
    ("line", "word", "rest"),
    [
        ("next", "next", ""),
        ("  N ", "next", ""),
        ("NEXT", "next", ""),
        ("a 2", "answer", "2"),
        ("go drain", "go", "drain"),
        ("j  12 ", "go", "12"),
        ("R", "reset", ""),
        ("?", "help", ""),
        ("quit down", "quit", "down"),
        ("shell", "shell", ""),
    ],
)
def test_words_are_understood(line: str, word: str, rest: str) -> None:
    asked = understand(line)
    if line.strip() == "N":
        assert isinstance(asked, Unknown), "letters are as they are written: R is not r"
        return
    assert isinstance(asked, Asked)
    assert (asked.word.name, asked.rest) == (word, rest)


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("", None),
        ("   ", None),
        ("node1 docker node ls", Command("node1", "docker node ls")),
        ("Node2: docker ps -q | wc -l", Command("node2", "docker ps -q | wc -l")),
        ("node3 $ hostname", Command("node3", "hostname")),
        ("$ docker ps", Command("", "docker ps")),
        ("$docker ps", Command("", "docker ps")),
        ("node2", Front("node2")),
    ],
)
def test_commands_are_understood(line: str, asked: object) -> None:
    assert understand(line) == asked


@pytest.mark.parametrize(
    ("line", "suggests"),
    [
        ("nxt", "Did you mean `next`?"),
        ("servces", "Did you mean `services`?"),
        ("nod1 docker ps", "`node1 docker ps`"),
        ("docker ps", "`node1 docker ps`"),
        ("/bin/ls", "`node1 /bin/ls`"),
        ("xyzzy", "`help`"),
        ("xyzzy now", "`node1 xyzzy now`"),
        ("next one", "Type `next` alone."),
        ("$", "`$ docker ps`"),
    ],
)
def test_what_is_not_understood_is_answered_with_a_suggestion(line: str, suggests: str) -> None:
    unknown = understand(line)
    assert isinstance(unknown, Unknown)
    assert suggests in unknown.sentence


@given(st.text(max_size=60))
def test_any_line_is_understood_or_answered(line: str) -> None:
    asked = understand(line)
    assert asked is None or isinstance(asked, (Asked, Command, Front)) or asked.sentence


def test_the_help_names_every_word_with_its_letter() -> None:
    lines = help_lines()
    for word in WORDS:
        assert any(line.startswith(word.name) and f", or {word.letter}: {word.title}." in line for line in lines)


# --- pages ---------------------------------------------------------------------------------------------------------


def page(**changes: Any) -> LessonView:
    return replace(views()[0], **changes)


def test_a_step_is_said_from_its_title_to_its_goals() -> None:
    said = texts(page_lines(views()[0]))
    assert said[:3] == [
        "Step 1 of 3. Six pets, please.",
        "This is section 4: Scale the application.",
        "Demand is up. A service is asked for a number of replicas; the manager finds a place for each.",
    ]
    assert "On node1: docker service update --replicas 6 pets" in said
    assert "On node2, if you like: docker ps" in said
    assert said[-2:] == [
        "Goal 1 of 2. Done: the service asks for 6 replicas.",
        "Goal 2 of 2. Not yet: 6 tasks of `pets` run: 4 run, 2 are preparing on node2 and node3.",
    ]


def test_a_section_is_named_again_only_where_another_begins() -> None:
    plain = page(intro="")
    assert not any("section" in line for line in texts(page_lines(plain, section=4)))
    assert "This is section 4: Scale the application." in texts(page_lines(plain, section=3))


def test_commands_with_something_unknown_or_cut_short_or_of_many_lines_say_so() -> None:
    view = page(
        blocks=(
            PageCommand("node3", "docker swarm join --token <worker token> x:2377", missing=("token.worker",)),
            PageCommand("node2", "docker swarm join --token SWMTKN-1-…ab12 x:2377"),
            PageCommand("node1", "for n in 1 2; do\n  echo $n\ndone"),
            PageBreak("node2", "node2 loses power", is_next=True),
            PageBreak("node3", "node3 freezes", stands=True),
        )
    )
    said = texts(page_lines(view))
    joined = "\n".join(said)
    assert "What stands between < and > there is not known yet" in joined
    assert "The token is cut short at … here." in joined
    start = said.index("On node1, one command of 3 lines:")
    assert said[start + 1 : start + 4] == ["for n in 1 2; do", "  echo $n", "done"]
    assert "This is done by the lesson: node2 loses power. `type` lets it happen." in said
    assert "This was done by the lesson, and it is so now: node3 freezes." in said


def question(**changes: Any) -> PageQuestion:
    made = PageQuestion("q", "How **many**?", QuestionKind.CHOICE, ("none", "all of them"))
    return replace(made, **changes)


def test_a_question_is_said_with_its_choices_and_later_with_what_came_of_it() -> None:
    assert texts(question_lines(question())) == [
        "Question: How many?",
        "Choice 1: none.",
        "Choice 2: all of them.",
        "`answer` and the number of a choice answers it, before you try it.",
    ]
    given_answer = texts(question_lines(question(answer="2")))
    assert given_answer[-1] == "Your prediction: all of them. `answer` changes it."
    judged = question(answer="2", open=False, right=False, seen="none", why="Nobody asked.")
    assert texts(question_lines(judged)) == [
        "Question: How many?",
        "Your prediction: all of them. That was not so.",
        "What the swarm says: none.",
        "Nobody asked.",
    ]
    assert "a number" in question_lines(question(kind=QuestionKind.NUMBER))[-1].text
    assert "name of a node" in question_lines(question(kind=QuestionKind.NODE))[-1].text


def test_answers_are_read_as_people_give_them() -> None:
    assert read_answer(question(), "b") == "2"
    assert read_answer(question(), " 02 ") == "2"
    assert read_answer(question(kind=QuestionKind.NODE), "3") == "node3"
    assert read_answer(question(kind=QuestionKind.NODE), "Node3") == "node3"
    assert read_answer(question(kind=QuestionKind.NUMBER), "many") == "many"


def test_what_is_out_of_the_ordinary_and_what_leads_on_is_said() -> None:
    def last(**changes: Any) -> str:
        return "\n".join(texts(page_lines(page(goals=(goal("all is well", Outcome.PASS),), **changes))))

    assert "`mend` brings them here" in last(readiness=Readiness.BEHIND)
    offer = RepairOffer("node2 does not answer", "starts node2 again")
    assert "Missing: node2 does not answer. `mend` starts node2 again." in last(repair=offer)
    assert "Free play" in last(readiness=Readiness.FREE)
    assert "Step 1 is done. `next` opens step 2." in last(done=True, frontier=1)
    assert "jumped over" in last(passed=True, frontier=1)
    assert "done before" in last(again=True, frontier=1)
    assert "reached the end" in last(done=True, finished=True, total=1)
    more = Aftermath(routes=(PageRoute("short", ()), PageRoute("long", ())), why="Because.")
    assert "`why` tells why it works and 2 other ways." in last(aftermath=more)
    assert "This step was done, but now: 2 of 3 run." in last(undone="2 of 3 run")


def test_goals_are_not_judged_aloud_before_there_are_nodes() -> None:
    view = page(readiness=Readiness.STARTING, goals=(goal("a", Outcome.UNKNOWN, "the nodes are still being made"),))
    assert texts(goal_lines(view)) == ["Goal: a."]
    assert texts(goal_lines(page(goals=()))) == ["This step has no goals: it is done by being read."]


STEPS = (
    StepLine(0, "machines", "Three machines", "Getting ready", StepState.DONE, undone="node2 is gone"),
    StepLine(1, "run", "Start a container", "By hand", StepState.OPEN, here=True),
    StepLine(2, "drain", "Drain it", "By hand", StepState.AHEAD),
)


def test_all_steps_are_said_and_found_by_number_name_or_title() -> None:
    assert texts(outline_lines(STEPS)) == [
        "Section: Getting ready.",
        "Step 1, named machines: Three machines. done, but now: node2 is gone.",
        "Section: By hand.",
        "Step 2, named run: Start a container. the nodes stand here; you are reading it.",
        "Step 3, named drain: Drain it. not yet.",
    ]
    assert [find_step(STEPS, wanted) for wanted in ("3", "drain", "DRAIN", "container", "it", "9", "")] == [
        STEPS[2],
        STEPS[2],
        STEPS[2],
        STEPS[1],
        STEPS[2],
        None,
        None,
    ]


# --- news ----------------------------------------------------------------------------------------------------------


class Told:
    """The news of one step, whose clock a test moves."""

    def __init__(self, view: LessonView) -> None:
        self.view = view
        self.now = 100.0
        self.news = News()
        self.news.shown(view)

    def after(self, seconds: float, *, busy: bool = False, **changes: Any) -> list[str]:
        self.now += seconds
        self.view = replace(self.view, **changes)
        return texts(self.news.take(self.view, self.now, busy=busy))


def red(seen: str, outcome: Outcome = Outcome.FAIL) -> dict[str, Any]:
    return {"goals": (goal("6 tasks run", outcome, seen),)}


def told(seen: str = "none runs") -> Told:
    return Told(page(goals=(goal("6 tasks run", Outcome.FAIL, seen),)))


def test_green_is_told_at_once_and_once() -> None:
    it = told()
    assert it.after(0.1, **red("", Outcome.PASS)) == ["Done: 6 tasks run."]
    assert it.after(0.1) == []


def test_red_is_told_once_it_has_settled() -> None:
    it = told()
    assert it.after(1, **red("2 run")) == []
    assert it.news.due == pytest.approx(it.now + SETTLED)
    assert it.after(1, **red("4 run")) == []
    assert it.after(SETTLED - 0.1) == []
    assert it.after(0.2) == ["Not yet: 6 tasks run: 4 run."]
    assert it.news.due is None
    assert it.after(100) == []


def test_what_comes_back_to_what_was_told_is_no_news() -> None:
    it = told()
    assert it.after(1, **red("2 run")) == []
    assert it.after(1, **red("none runs")) == []
    assert it.news.due is None
    assert it.after(100) == []


def test_what_never_comes_to_rest_is_told_in_the_end() -> None:
    it = told()
    said = [line for number in range(int(CHURN) + 2) for line in it.after(1, **red(f"{number + 1} run"))]
    assert len(said) == 1


def test_ages_and_waiting_are_no_news() -> None:
    it = told("1 runs, last seen 3 s ago")
    assert it.after(10, **red("1 runs, last seen 13 s ago")) == []
    assert it.after(10, **red("holds for 1 of 3 s")) == []
    assert it.after(10) == []
    assert it.after(1, **red("", Outcome.PASS)) == ["Done: 6 tasks run."]


def test_what_was_green_and_is_red_again_is_told_as_that() -> None:
    it = told()
    it.after(1, **red("", Outcome.PASS))
    assert it.after(1, **red("5 run")) == []
    assert it.after(SETTLED) == ["No longer so: 6 tasks run: 5 run."]


def test_what_cannot_be_looked_at_is_told_later() -> None:
    it = told()
    assert it.after(1, **red("node1 does not answer", Outcome.UNKNOWN)) == []
    assert it.after(SETTLED + 0.1) == []
    assert it.after(BLIND) == ["Cannot be seen now: 6 tasks run: node1 does not answer."]


def test_the_first_look_is_no_news() -> None:
    it = Told(page(readiness=Readiness.STARTING, **red("the nodes are still being made", Outcome.UNKNOWN)))
    assert it.after(1, readiness=Readiness.READY, **red("none runs")) == []
    assert it.after(100) == []
    assert it.after(1, **red("", Outcome.PASS)) == ["Done: 6 tasks run."]


def test_that_the_step_is_done_is_told_after_the_command() -> None:
    it = told()
    assert it.after(1, busy=True, done=True, frontier=1, **red("", Outcome.PASS)) == ["Done: 6 tasks run."]
    assert it.after(1) == ["Step 1 is done. `next` opens step 2."]
    assert it.after(1) == []


def test_questions_are_judged_aloud() -> None:
    it = Told(page(blocks=(question(answer="1"),)))
    closed = question(answer="1", open=False, right=True, seen="none", why="So it is.")
    assert it.after(1, blocks=(closed,)) == [
        "Your prediction: none. That was right.",
        "What the swarm says: none.",
        "So it is.",
    ]
    assert it.after(1) == []


def test_a_command_is_said_again_once_it_is_whole() -> None:
    it = Told(page(blocks=(PageCommand("node1", "docker kill <container ID>", missing=("node1.container",)),)))
    assert it.after(1, blocks=(PageCommand("node1", "docker kill c0ffee"),)) == [
        "What was missing in a command is known now.",
        "On node1: docker kill c0ffee",
    ]


def test_notes_and_trouble_are_told_when_they_come_and_not_when_they_go() -> None:
    it = told()
    assert it.after(1, diagnosis="That was node2.") == []
    assert it.after(SETTLED) == ["Note: That was node2."]
    assert it.after(1, diagnosis="") == []
    assert it.after(SETTLED) == []
    offer = RepairOffer("node2 does not answer", "starts node2 again")
    assert it.after(1, repair=offer) == ["Missing: node2 does not answer. `mend` starts node2 again."]
    assert it.after(1, repair=None) == []


def test_news_of_another_step_are_none() -> None:
    it = told()
    assert it.after(1, step_id="other", **red("", Outcome.PASS)) == []


# --- the swarm -----------------------------------------------------------------------------------------------------


def test_nodes_are_told_as_they_are() -> None:
    pets = service("pets", 2)
    snapshot = with_node(swarm([pets], tasks(pets, "node1", "node2")), "node3", availability="drain")
    lines = node_lines(snapshot, NOW)
    assert lines[0].startswith("node1: manager, leader, ready, active, 1 task runs here, engine 20.10.24")
    assert lines[2].startswith("node3: worker, ready, drain, 0 tasks run here")
    silent = with_engine(snapshot, "node2", reachable=False, error="no answer in 3 s", asked=NOW - 12)
    line = node_lines(silent, NOW)[1]
    assert line == (
        "node2 does not answer: no answer in 3 s, last seen 12 seconds ago; the swarm says ready and active."
    )


def test_nodes_in_no_swarm_and_containers_by_hand_are_told() -> None:
    from tests.unit.factories import container

    snapshot = no_swarm(
        engines={
            "node1": engine("node1", containers=(container(),)),
            "node2": engine("node2", state=LocalState.PENDING),
        }
    )
    lines = node_lines(snapshot, NOW)
    assert "not in a swarm" in lines[0]
    assert "1 container started by hand: bold_bell from swarmtutor/shell:1.0 with ID c0ffeec0ffee" in lines[0]
    assert lines[1].startswith("node2: joining a swarm")
    assert service_lines(snapshot, "ipvs", NOW) == ["There is no swarm yet, so there is no service."]


def test_old_data_say_how_old_they_are() -> None:
    snapshot = swarm(manager="", manager_error="the quorum is lost", swarm_asked=NOW - 40)
    expected = "No manager can be asked: the quorum is lost. This is the swarm as it was 40 seconds ago."
    assert node_lines(snapshot, NOW)[-1] == expected
    assert service_lines(snapshot, "", NOW)[-1] == expected
    assert task_lines(snapshot, "", NOW)[-1] == expected


def test_services_and_tasks_are_told_with_what_is_wrong() -> None:
    pets = service("pets", 3)
    run = task(pets, 1, "node1")
    waits = task(pets, 2, "", state="pending", error="no suitable node")
    failed = task(pets, 3, "node2", id="old", state="rejected", desired="shutdown", error="No such image: pest:1.0")
    again = task(pets, 3, "node2", id="new", state="preparing")
    past = task(pets, 1, "node3", id="past", state="shutdown", desired="shutdown", created=NOW - 100)
    snapshot = swarm([pets], [run, waits, failed, again, past])
    assert service_lines(snapshot, "nftables", NOW) == [
        "pets: 1 of 3 replicas run, replicated, image swarmtutor/pets:1.0, published: port 5000 of every node leads to "
        "port 5000.",
        "Published ports are carried by a stand-in of packet filter rules, since this kernel has no IPVS.",
    ]
    assert task_lines(snapshot, "pets", NOW) == [
        "pets.1 on node1: running.",
        "pets.2, on no node yet: pending: no suitable node.",
        "pets.3 on node2: preparing.",
        "pets.3 on node2: rejected: No such image: pest:1.0.",
        "pets had 2 tasks that are no more.",
    ]
    down = with_node(snapshot, "node1", state="down")
    assert task_lines(down, "", NOW)[0] == "pets.1 on node1: was running when its node last answered."


def test_changes_are_told_with_their_age_as_from_what_to_what() -> None:
    pets = service("pets", 1)
    before = swarm([pets], tasks(pets, "node2"))
    drained = with_node(swarm([pets], tasks(pets, "node1"), taken=NOW), "node2", availability="drain")
    found = changes(before, drained)
    lines = change_lines(found, "", NOW + 12)
    assert any(line.endswith("node node2: availability active, now drain.") for line in lines), lines
    assert all(re.match(r"(Just now|\d+ (seconds|minutes) ago): ", line) for line in lines)
    assert "→" not in "".join(lines)
    assert change_lines(found, "NODE2", NOW) != ["Nothing with `node2` in its name has changed."]
    assert change_lines(found, "cats", NOW) == ["Nothing with `cats` in its name has changed."]
    assert change_lines([], "", NOW) == ["Nothing has changed yet."]


TERMS = (
    Term("drain", ("drained",), "To take all **tasks** from a node.\n\nSee `docker node update`."),
    Term("replica", (), "One of several copies."),
)


def test_words_are_explained() -> None:
    said = texts(words_lines(TERMS, views()[0]))
    assert "Words of this step: replica." in said
    assert "All words: drain, replica." in said
    assert texts(term_lines(TERMS, "Drained")) == [
        "drain, also drained: To take all tasks from a node.",
        "See `docker node update`.",
    ]
    assert "Did you mean `words replica`?" in term_lines(TERMS, "replcia")[0].text
    assert "`words` alone lists" in term_lines(TERMS, "xyzzy")[0].text
    assert texts(words_lines((), views()[0])) == ["No glossary came with these labs."]


# --- the standard output -------------------------------------------------------------------------------------------


def test_lines_are_wrapped_for_a_terminal_and_never_for_a_pipe() -> None:
    long, code = "word " * 30, Line("docker " * 30, code=True)
    for terminal in (True, False):
        out = io.StringIO()
        Speaker(out, terminal=terminal, width=lambda: 40).say(long, code)
        lines = out.getvalue().splitlines()
        assert lines[-1] == code.text
        assert (max(len(line) for line in lines[:-1]) <= 40) == terminal
    assert wrapped(Line("a-b https://example.org/very/long/address/that/is/not/cut"), 20) == [
        "a-b",
        "https://example.org/very/long/address/that/is/not/cut",
    ]


def test_news_come_above_a_new_prompt() -> None:
    out = io.StringIO()
    speaker = Speaker(out, terminal=True, width=lambda: 80)
    speaker.prompt()
    speaker.prompt()
    speaker.say("News.")
    speaker.typed("next")
    speaker.say("Page.")
    assert out.getvalue() == "> \nNews.\n> Page.\n"
    speaker.prompt()
    speaker.leave_prompt()
    speaker.leave_prompt()
    assert out.getvalue().endswith("Page.\n> \n")


def test_a_pipe_shows_what_was_typed_and_has_no_prompt() -> None:
    out = io.StringIO()
    speaker = Speaker(out, terminal=False)
    speaker.prompt()
    speaker.typed("next")
    speaker.break_line()
    speaker.say("\x1b[1mPage\x1b[0m.\a", "")
    assert out.getvalue() == "> next\n[1mPage[0m.\n\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_signs_that_the_terminal_lacks_are_spelled_otherwise(encoding: str) -> None:
    said = spelled("«wish» – “truth”: 3×… ✔", encoding)
    assert said == '"wish" - "truth": 3x... ?'
    assert spelled("«wish» …", "utf-8") == "«wish» …"


# --- ears and escapes ----------------------------------------------------------------------------------------------


def test_ears_hear_each_command_and_what_it_wrote() -> None:
    begun: list[tuple[str, str]] = []
    heard: list[Heard] = []
    ears = Ears()
    ears.tell(lambda node, text: begun.append((node, text)), heard.append)
    stream = (
        b"\x1b]133;P;node=node1\a\x1b]133;A\anode1$ \x1b]133;B\adocker ps\r\n\x1b]133;C;cmdline_url=docker%20ps\a"
        b"\x1b[1mID\x1b[0m\r\nc0ffee\r\n\x1b]133;D;3\a\x1b]133;P;node=node1\a\x1b]133;A\a$ \x1b]133;B\a"
    )
    for byte in stream:
        ears.wrote("node1", bytes([byte]))
    assert begun == [("node1", "docker ps")]
    assert heard == [Heard("node1", "docker ps", 3, "ID\nc0ffee")]
    assert ears.away("node1") == ""
    ears.wrote("node1", b"\x1b]133;C;cmdline_url=ssh%20node2\a\x1b]133;P;node=node2\a\x1b]133;B\a")
    assert ears.away("node1") == "node2"
    ears.wrote("node1", b"\x1b]133;D;0\a\x1b]133;P;node=node1\a\x1b]133;A\a$ \x1b]133;B\a")
    assert ears.away("node1") == ""


def test_a_long_output_is_cut_at_its_beginning() -> None:
    heard: list[Heard] = []
    ears = Ears()
    ears.tell(lambda _node, _text: None, heard.append)
    ears.wrote("node1", b"\x1b]133;C;cmdline_url=yes\a")
    for _ in range(2_000):
        ears.wrote("node1", b"y" * 1_000 + b"\r\n")
    ears.wrote("node1", b"end\r\n\x1b]133;D;0\a")
    (one,) = heard
    assert one.cut
    assert one.output.endswith("end")
    assert len(one.output) <= 200_000


ESCAPES = b"\x1b[1;36mnode1\x1b[0m:~$ \x1b]0;title\x07ls\r\n\x1b[?2004h\x1bP1;2q\x1b\\\x1b(Ba\x1b\nb\x1b=\xc3\xa9"


@given(st.lists(st.integers(min_value=1, max_value=7), max_size=60))
def test_escape_sequences_go_however_the_stream_is_cut(sizes: list[int]) -> None:
    stripper, shown, rest = Stripper(), b"", ESCAPES
    for size in sizes:
        shown += stripper.feed(rest[:size])
        rest = rest[size:]
    shown += stripper.feed(rest)
    assert shown == b"node1:~$ ls\r\na\nb\xc3\xa9"


@given(st.lists(st.binary(max_size=30), max_size=20))
def test_no_bytes_bring_an_escape_through(pieces: list[bytes]) -> None:
    stripper = Stripper()
    assert b"\x1b" not in b"".join(stripper.feed(piece) for piece in pieces)


def test_where_a_browser_finds_a_page_is_told_with_the_service_it_is_of() -> None:
    snapshot = swarm([service("pets", 1)])
    here = "pets in a browser on this machine: http://127.0.0.1:5001/"
    assert address_lines(snapshot, {5000: "http://127.0.0.1:5001/", 9: "http://127.0.0.1:9/"}) == [here]
    assert address_lines(snapshot, {}) == []
