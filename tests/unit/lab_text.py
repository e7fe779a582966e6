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
vars:
  pet: cat
  door: {value: "{{ node1.ip }}:5000", secret: true}
always:
  - {swarm: node1, expect: {state: active}, say: The swarm is gone., repair: {node1: docker swarm init}}
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

## Break a node {#break}

<!-- note: Ask the room first.

Then wait. -->

```yaml predict
id: left
ask: How many of six stay?
kind: number
seen: {tasks: {service: pets}}
field: running
why: "Two were on node2."
```

```yaml fault
node: node2
fault: power-off
until: look
```

```yaml step
requires:
  - {node: node2, expect: {availability: drain}, by: drain}
  - {service: pets, expect: {exists: true}, repair: [{node1: docker service ls}, {node1: x, expect-fail: true}]}
  - {nodes: {}, expect: {count: 3}}
goal:
  - {tasks: {service: pets}, expect: {running: {changed: start}, nodes: {none: node2}}}
  - {answer: left, expect: {given: true}}
hints: [Wait.]
solve:
  - {say: the short way, run: {node1: docker kill x, node2: "echo {{ var.pet }}"}}
wrong:
  - {run: [{node1: docker node update --availability pause node2}], says: paused, undo: {node1: docker node ls}}
why: Because **so**.
demo: {skip: true, pause: 2s, speed: 1.5}
```

## Look again {#look}

```yaml predict
ask: Who leads?
kind: node
seen: {node: "{{ it }}", expect: {leader: true}}
```

```yaml predict
id: what
ask: What is on?
kind: choice
choices:
  - {say: nothing, when: {web: {node: node1, port: 5000}, expect: {refused: true}}}
  - {say: a pet, when: {cmd: {node: node1, command: curl x}, expect: {output: {match: pet}}}}
```

```yaml fault
node: node2
fault: power-on
```

```yaml step
goal:
  - {node: node2, expect: {state: ready}}
hints: [Wait for it.]
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
