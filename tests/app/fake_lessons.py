"""Pages of a lesson that nobody wrote."""

from dataclasses import replace

from tui.checks.model import Outcome, Verdict
from tui.tutor.ladder import Rung
from tui.tutor.views import LessonView, PageCommand, PageProse, Readiness

__all__ = ["goal", "views"]


def goal(text: str, outcome: Outcome = Outcome.FAIL, seen: str = "") -> Verdict:
    return Verdict(outcome, text, seen)


def views() -> list[LessonView]:
    """Three steps: one to read, one with commands, one with a long text and a fact that is not known yet."""
    first = LessonView(
        lab_title="Docker Orchestration",
        section_title="Scale the application",
        section_number=4,
        step_id="six",
        step_title="Six pets, please",
        index=0,
        total=3,
        frontier=0,
        intro="Demand is up. A service is asked for a **number of replicas**; the manager finds a place for each.",
        blocks=(
            PageProse("Ask for six. The manager compares what you want with what runs, and starts the difference."),
            PageCommand("node1", "docker service update --replicas 6 pets", is_next=True),
            PageProse(
                "`docker service scale pets=6` says the same in fewer words.\n\n"
                "- `service ls` counts them;\n"
                "- `service ps` says where each one is, and where it was before, which matters "
                "as soon as something breaks."
            ),
            PageCommand("node2", "docker ps", optional=True),
        ),
        goals=(
            goal("the service asks for 6 replicas", Outcome.PASS),
            goal("6 tasks of `pets` run", Outcome.FAIL, "4 run, 2 are preparing on node2 and node3"),
        ),
        diagnosis="",
        hints=(),
        hints_left=2,
        rung=Rung.HINT,
        done=False,
        readiness=Readiness.READY,
    )
    second = replace(
        first,
        step_id="join",
        step_title="Two more nodes",
        index=1,
        intro="",
        blocks=(
            PageProse("Let **node2** join, with the token that `node1` gave."),
            PageCommand(
                "node2",
                "docker swarm join --token SWMTKN-1-49nj1cmql0jkz5s954yi3oex3nedyz0fb0xx14ie39trti4wxv"
                "-8vxv8rssmk743ojnwacrr2e7c 10.77.0.11:2377",
                is_next=True,
            ),
            PageCommand("node3", "docker swarm join --token <token.worker> <node1.ip>:2377", missing=("token.worker",)),
        ),
        goals=(goal("node2 is in the swarm", Outcome.FAIL, "node2 is in no swarm"),),
        hints_left=0,
        rung=Rung.NONE,
    )
    third = replace(
        first,
        section_number=5,
        section_title="Maintenance",
        step_id="long",
        step_title="A longer story",
        index=2,
        intro="",
        blocks=tuple(PageProse(f"Paragraph {number}. " + "Words that fill the line. " * 12) for number in range(12)),
        goals=(goal("something happens", Outcome.UNKNOWN, "node1 could not be asked"),),
        hints_left=1,
        rung=Rung.HINT,
    )
    return [first, second, third]
