"""Everything that a key can do, in one table: bindings, footer, help and palette are all made from it."""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.binding import Binding

from tui.app.key_names import is_function_key, key_name, key_names

__all__ = [
    "ACTIONS",
    "Action",
    "action_of",
    "bindings",
    "key_name",
    "key_names",
    "keys_of",
    "release_keys",
    "textual_keymap",
]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done.

    `id` names it for good: a person's keymap refers to it. `call` is the Textual action (`next_step`, `node('node1')`)
    on the lab screen, or on the app for ids that begin with `app.`. `keys` are Textual's key names with commas. `title`
    is the palette's `area: Verb phrase`; `label` the footer's word, empty where the footer has no room for it. Actions
    of one `group` share a place in the footer. `rank` says what goes first when the footer gets narrow (1 stays
    longest). A `quiet` one is nothing to look for in the palette: scrolling.
    """

    id: str
    call: str
    keys: str
    title: str
    help: str
    label: str = ""
    rank: int = 9
    group: str = ""
    quiet: bool = False


ACTIONS: tuple[Action, ...] = (
    Action(
        "lesson.next",
        "next_step",
        "n,right,f8",
        "lesson: Open the next step",
        "Opens the next step, once the goals of this one are met.",
        label="next",
        rank=1,
    ),
    Action(
        "lesson.previous",
        "previous_step",
        "p,left",
        "lesson: Go back one step",
        "Shows the step before. Nothing on the nodes is undone.",
        label="back",
        rank=7,
    ),
    Action(
        "lesson.type",
        "type_command",
        "f5,t",
        "lesson: Type the command for me",
        "Types the step's next command into the right node's shell, and takes you there. Enter runs it. Where the "
        "lesson itself breaks or mends a node, the key does that.",
        label="type it",
        rank=2,
    ),
    Action(
        "lesson.hint",
        "hint",
        "f6,h",
        "lesson: Show a hint, then help more",
        "Each press helps a little more: the hints one by one, then the command at the prompt, then all of it done for "
        "you while you watch.",
        label="hint",
        rank=4,
    ),
    Action(
        "lesson.answer",
        "answer",
        "a",
        "lesson: Answer the question",
        "Takes you to the question of this step. Type a number, or the digit of a choice; Esc leaves it open.",
        label="answer",
        rank=2,
    ),
    Action(
        "lesson.explain",
        "explain",
        "e",
        "lesson: Say why it works, and other ways",
        "Unfolds what there is to know once a step is done: its commands, why they work, and other ways.",
        label="why",
        rank=6,
    ),
    Action(
        "lesson.catch-up",
        "catch_up",
        "c,f10",
        "lesson: Bring back what this step needs",
        "Mends what is missing: a step done again, a node started again, or all nodes brought to this step by the "
        "commands of the steps before it.",
        label="mend",
        rank=1,
    ),
    Action(
        "lesson.stop",
        "stop",
        "escape",
        "lesson: Stop what is being done for me",
        "The nodes are then as far as it came, and you can go on from there.",
        label="stop",
        rank=1,
    ),
    Action(
        "lesson.steps",
        "steps",
        "s,f11",
        "lesson: Go to another step",
        "Lists all steps. The nodes are brought to the one that you choose.",
        label="steps",
        rank=7,
    ),
    Action(
        "lesson.words",
        "words",
        "i",
        "lesson: Explain a word",
        "What a manager is, a task, a quorum: first the words of this step, then all of them.",
        label="words",
        rank=8,
    ),
    Action(
        "lesson.links",
        "links",
        "u",
        "lesson: Open a link",
        "The addresses of this step, each with a letter. Without a desktop the address is copied.",
        label="links",
        rank=8,
    ),
    Action(
        "lesson.reset",
        "reset_step",
        "R",
        "lesson: Begin this step again",
        "Brings the nodes back to how this step began, on fresh nodes and by the commands of the steps before it.",
    ),
    Action(
        "lesson.free",
        "free",
        "x",
        "lesson: Put the lesson aside, or take it up again",
        "Free play on the same nodes: nothing is judged until you come back.",
    ),
    Action(
        "pane.next",
        "next_pane",
        "tab",
        "pane: Go to the next pane",
        "Lesson, swarm, shell, and around again. In the shell, Tab is the shell's own.",
        label="pane",
        rank=5,
    ),
    Action(
        "pane.previous",
        "previous_pane",
        "shift+tab",
        "pane: Go to the pane before",
        "The other way round.",
    ),
    Action(
        "pane.shell",
        "toggle_shell",
        "ctrl+right_square_bracket",
        "pane: Go into the shell, or leave it",
        "In the shell every key goes to the shell, but for this one and the F-keys.",
        label="leave shell",
        rank=1,
    ),
    Action(
        "pane.jump",
        "jump",
        "j,f12",
        "pane: Jump to what a letter stands on",
        "Puts a letter on every pane, tab and question; press it, and you are there. Esc stays.",
        label="jump",
        rank=5,
    ),
    Action(
        "pane.maximise",
        "maximise",
        "f9,z",
        "pane: Give this pane the whole window",
        "And back again.",
        label="zoom",
        rank=6,
    ),
    *(
        Action(f"pane.{name}", f"scroll('{name}')", keys, f"pane: Scroll {words}", help_text, quiet=True)
        for name, keys, words, help_text in (
            ("up", "up", "up", "The lesson, or the view of the swarm, whichever is in front."),
            ("down", "down", "down", "In the shell, Shift-PgUp and Shift-PgDn look back and forward."),
            ("page-up", "pageup", "a page up", "As much as fits."),
            ("page-down", "pagedown,space", "a page down", "As much as fits."),
            ("top", "home", "to the beginning", "To the first line."),
            ("bottom", "end,G", "to the end", "To the last line."),
        )
    ),
    *(
        Action(f"pane.{name}", call, key, title, "The divider can be dragged with the mouse, too. Kept for next time.")
        for name, call, key, title in (
            ("lesson-wider", "lesson_width(1)", "greater_than_sign", "pane: Make the lesson wider"),
            ("lesson-narrower", "lesson_width(-1)", "less_than_sign", "pane: Make the lesson narrower"),
            ("swarm-higher", "swarm_height(1)", "plus", "pane: Make the live swarm higher"),
            ("swarm-lower", "swarm_height(-1)", "minus", "pane: Make the live swarm lower"),
            ("usual-sizes", "usual_sizes", "equals_sign", "pane: Give the panes their usual sizes"),
        )
    ),
    Action(
        "node.1",
        "node('node1')",
        "1,f2",
        "shell: Go to node1",
        "The shell of node1. All three stay alive.",
        label="node",
        rank=5,
        group="node",
    ),
    Action(
        "node.2",
        "node('node2')",
        "2,f3",
        "shell: Go to node2",
        "The shell of node2.",
        label="node",
        rank=5,
        group="node",
    ),
    Action(
        "node.3",
        "node('node3')",
        "3,f4",
        "shell: Go to node3",
        "The shell of node3.",
        label="node",
        rank=5,
        group="node",
    ),
    Action(
        "shell.look",
        "look_back",
        "y,slash",
        "shell: Look back, search and copy",
        "A cursor goes through all that stands in the shell: arrows move it, / searches, v marks, y copies, Tab goes "
        "to the next link and o opens it. Esc leads back.",
    ),
    Action(
        "swarm.view",
        "next_view",
        "f7,v",
        "swarm: Show the next view",
        "Tables, map, events, traffic, and around again.",
        label="view",
        rank=6,
    ),
    Action(
        "swarm.tables",
        "view('tables')",
        "d",
        "swarm: Show the tables",
        "Nodes, services and tasks in the words of the docker command.",
    ),
    Action(
        "swarm.map",
        "view('map')",
        "m",
        "swarm: Show the map",
        "A column for each node, a block for each task, and what moves between them.",
    ),
    Action(
        "swarm.events",
        "view('events')",
        "w",
        "swarm: Show what changed",
        "Every change, to the tenth of a second, and what it was before.",
    ),
    Action(
        "swarm.traffic",
        "view('traffic')",
        "g",
        "swarm: Show the traffic",
        "Requests through each node, and which replica answered them.",
    ),
    Action(
        "swarm.page",
        "open_page",
        "b",
        "swarm: Open the pets page in the browser",
        "Shows what a service publishes, at an address of this machine that leads through the connection to a node.",
        label="page",
        rank=8,
    ),
    Action(
        "swarm.back",
        "back_in_time",
        "comma",
        "swarm: Go back to before the last change",
        "All views then show the swarm as it was, up to five minutes back.",
        label="earlier",
        rank=8,
    ),
    Action(
        "swarm.forward",
        "forward_in_time",
        "full_stop",
        "swarm: Go on to the next change",
        "Forward again in what was; from the last change on, to now.",
        label="later",
        rank=3,
    ),
    Action(
        "swarm.live",
        "now",
        "l",
        "swarm: Come back to now",
        "The views show the swarm as it is again.",
        label="now",
        rank=2,
    ),
    Action(
        "swarm.filter",
        "filter",
        "f",
        "swarm: Show only some of the changes",
        "Those of tasks, of services, of one service, of one node; then all again.",
        label="filter",
        rank=8,
    ),
    Action(
        "swarm.history",
        "history",
        "o",
        "swarm: Show or hide tasks that are no more",
        "The history of each task, as `docker service ps` lists it.",
        label="history",
        rank=8,
    ),
    Action("app.help", "help", "f1,question_mark", "help: Show all keys", "This page.", label="help", rank=3),
    Action(
        "app.palette",
        "command_palette",
        "ctrl+p",
        "help: Search everything that can be done",
        "A list of all that can be done now; type to search it.",
    ),
    Action(
        "app.labs",
        "labs",
        "L",
        "lab: Look at all labs, or take another",
        "What there is to learn, how far you are in each, and the way there. The nodes stay.",
        label="labs",
        rank=9,
    ),
    Action(
        "app.theme",
        "theme",
        "T",
        "look: Show the next look",
        "Dark, light, high contrast, and your terminal's own colours; all work without colour. Kept for next time.",
    ),
    Action(
        "app.themes",
        "themes",
        "ctrl+t",
        "look: Choose any theme",
        "A list of all themes; the one that is pointed at is tried at once.",
    ),
    Action(
        "app.layout",
        "layout",
        "B",
        "look: Arrange the panes in another way",
        "Three panes at once, one at a time, or big for a projector. Kept for next time.",
    ),
    Action(
        "app.motion",
        "motion",
        "M",
        "look: Let things move, or stand still",
        "Nothing then scrolls smoothly or blinks. Kept for next time.",
    ),
    Action(
        "app.quit",
        "quit",
        "q,ctrl+q,ctrl+c",
        "program: Quit",
        "Asks whether the nodes should stay. Your place in the lesson is kept.",
        label="quit",
        rank=8,
    ),
)


def action_of(action_id: str) -> Action:
    """The action of that id. Raises KeyError."""
    for action in ACTIONS:
        if action.id == action_id:
            return action
    raise KeyError(action_id)


def keys_of(action: Action, keymap: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of an action as they are now: its own, or those that the person's keymap gives it; none, if none."""
    return tuple(key.strip() for key in keymap.get(action.id, action.keys).split(",") if key.strip())


def bindings(*, app: bool) -> list[Binding]:
    """The bindings of the app, or those of the lab screen.

    The key that leaves the shell has priority: it acts before the next key is given to anybody, so that two keys that
    arrive together (over a slow line they do) are not both the shell's.
    """
    return [
        Binding(
            f"{action.keys},{_anchor(action)}",
            action.call,
            action.label or action.title,
            id=action.id,
            show=False,
            priority=action.id == "pane.shell",
        )
        for action in ACTIONS
        if action.id.startswith("app.") is app
    ]


def textual_keymap(keymap: Mapping[str, str]) -> dict[str, str]:
    """A person's keymap as Textual wants it, which takes an action without any key for one that keeps its own."""
    return {
        action.id: ",".join(keys_of(action, keymap)) or _anchor(action) for action in ACTIONS if action.id in keymap
    }


def release_keys(keymap: Mapping[str, str]) -> frozenset[str]:
    """The keys that never go to the shell: every F-key in use, and the key that leaves the shell."""
    used = {key for action in ACTIONS for key in keys_of(action, keymap)}
    functions = {key for key in used if is_function_key(key)}
    anchors = {_anchor(action) for action in ACTIONS}
    return frozenset(functions | set(keys_of(action_of("pane.shell"), keymap)) | anchors)


def _anchor(action: Action) -> str:
    """A key that no keyboard has. Textual drops the keys that the shell takes before it looks at the keymap, and a
    binding without any key left could not get its new one; this one is never taken.
    """
    return f"anchor-{action.id.replace('.', '-')}"
