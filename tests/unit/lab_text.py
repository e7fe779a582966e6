"""A small lab that has every part of the format, and ways to vary it."""

FRONT = """\
---
format: 1
id: orchestration
title: "Docker: orchestration"
summary: Three nodes, one wish.
difficulty: beginner
minutes: 30
start: no-swarm
needs: {nodes: 3, owned: true}
images: [swarmtutor/pets:1.0]
---
"""

LAB = (
    FRONT
    + """\
# Begin

## Read *me* {#read}

<!-- for authors only -->
Two
lines.

- a *list*
- `docker ps --format '{{.ID}}'`

```text
## no heading
```

# Maintain

What a node needs.

## Drain a node {#drain}

Take **node2** out.

```sh node1
docker node update \\
  --availability drain {{ node2.id }}
```

And look.

```sh node2 optional expect-fail
docker ps
```

```yaml step
goal:
  - {node: node2, expect: {availability: drain, leader: false}, within: 2m, for: 3s, say: node2 rests}
  - web: {node: node1, port: 5000}
    expect: {answered_by: {gte: 2, lte: 3}}
  - {ran: {command: [docker ps, docker info]}}
diagnose:
  - when: {node: node2, expect: {state: {in: [down, unknown]}}}
    say: "It is off: bring it back."
hints:
  - Think.
  - "Two words: `--availability` and one more."
already-true: true
```
"""
)


def line_of(beginning: str) -> int:
    """The number of the first line of LAB that begins so."""
    return next(number for number, line in enumerate(LAB.split("\n"), start=1) if line.startswith(beginning))


def lab_with(goal: str, *, text: str = "Do it.", more: str = "hints: [Think.]") -> str:
    """A lab of one step with this goal (lines of YAML, each a list item)."""
    items = "\n".join(f"  {line}" for line in goal.splitlines())
    return f"{FRONT}# One\n\n## Do {{#do}}\n\n{text}\n\n```yaml step\ngoal:\n{items}\n{more}\n```\n"
