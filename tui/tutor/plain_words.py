"""The words that can be typed where there is no screen: each with its letter, and what a typed line asks for. Pure."""

from dataclasses import dataclass
from difflib import get_close_matches

from tui.playground.model import NODE_NAMES

__all__ = ["WORDS", "Asked", "Command", "Front", "Unknown", "Word", "help_lines", "understand", "word_of"]


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that can be asked for.

    `action` is the id of the same thing on the screen, where it has one; its `title` is the same there. `takes`: what
    may stand after the word, as it is shown in the help; empty where nothing may.
    """

    name: str
    letter: str
    title: str
    help: str
    action: str = ""
    takes: str = ""


WORDS: tuple[Word, ...] = (
    Word("next", "n", "Open the next step", "It opens once the goals of this one are met.", "lesson.next"),
    Word("back", "b", "Go back one step", "Nothing on the nodes is undone.", "lesson.previous"),
    Word("read", "r", "Read this step again", "Its text, its commands and its goals as they stand."),
    Word("goals", "g", "Say how the goals stand", "Each goal of this step in a sentence."),
    Word(
        "type",
        "t",
        "Type the command for me",
        "Runs the step's next command on its node, or lets the next fault happen.",
        "lesson.type",
    ),
    Word("do", "d", "Do this step for me", "Runs all that is left of it, and waits for its goals."),
    Word("hint", "h", "Show a hint, then help more", "One hint after the other.", "lesson.hint"),
    Word(
        "answer",
        "a",
        "Answer the question",
        "With a number, the number of a choice, or a node's name.",
        "lesson.answer",
        "ANSWER",
    ),
    Word("why", "w", "Say why it works, and other ways", "Once the step is done.", "lesson.explain"),
    Word(
        "mend",
        "m",
        "Bring back what this step needs",
        "A step done again, a node started again, or all nodes brought to this step.",
        "lesson.catch-up",
    ),
    Word("stop", "c", "Stop what is being done for me", "Ctrl-C does the same while it lasts.", "lesson.stop"),
    Word("steps", "s", "List all steps", "Each with its number, its name for `go`, and how it stands."),
    Word(
        "go",
        "j",
        "Go to another step",
        "By its number or its name. The nodes are brought to it.",
        "lesson.steps",
        "STEP",
    ),
    Word(
        "reset",
        "R",
        "Begin this step again",
        "Brings the nodes back to how this step began. The letter is a capital.",
        "lesson.reset",
    ),
    Word(
        "free",
        "f",
        "Put the lesson aside, or take it up again",
        "Free play on the same nodes: nothing is judged until you come back.",
        "lesson.free",
    ),
    Word("nodes", "o", "Say how the nodes are", "A line for each."),
    Word("services", "v", "Say how the services are", "A line for each, with what runs and what was asked for."),
    Word("tasks", "k", "Say where the tasks are", "A line for each task that is to run.", takes="[SERVICE]"),
    Word(
        "changes",
        "e",
        "Show what changed",
        "The last changes in the swarm; with a name, those of one service, task or node.",
        "swarm.events",
        "[NAME]",
    ),
    Word(
        "words",
        "l",
        "Explain a word",
        "What manager, task or ingress mean. Alone it lists the words, those of this step first.",
        "lesson.words",
        "[WORD]",
    ),
    Word(
        "shell",
        "x",
        "Go into the shell, or leave it",
        "A real shell on the node, in this terminal. `exit` brings you back here.",
        "pane.shell",
        "[NODE]",
    ),
    Word("where", "i", "Say where I am", "The step, the nodes, and which node is in front."),
    Word("help", "?", "Say what can be typed", "This list."),
    Word(
        "quit",
        "q",
        "Quit",
        "The nodes go on running; with `quit down` they are removed. Your place in the lesson is kept.",
        "app.quit",
        "[down]",
    ),
)

_SHELL_WORDS = frozenset(
    [
        "cat",
        "cd",
        "cp",
        "curl",
        "date",
        "dig",
        "docker",
        "echo",
        "for",
        "grep",
        "head",
        "hostname",
        "ip",
        "kill",
        "ls",
        "man",
        "nc",
        "ping",
        "ps",
        "rm",
        "sleep",
        "ss",
        "ssh",
        "sudo",
        "tail",
        "top",
        "uname",
        "until",
        "uptime",
        "vi",
        "watch",
        "wget",
        "while",
    ]
)
"""How lines begin that were surely meant for a shell."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A word, and what stood after it."""

    word: Word
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A command for a node's shell; without a name for that of the node in front."""

    node: str
    text: str


@dataclass(frozen=True, slots=True)
class Front:
    """A node's name alone: from now on it is in front."""

    node: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing of it could be understood: what to say about it."""

    sentence: str


def word_of(name: str) -> Word:
    """The word of that name. Raises KeyError."""
    for word in WORDS:
        if word.name == name:
            return word
    raise KeyError(name)


def understand(line: str) -> Asked | Command | Front | Unknown | None:
    """What a typed line asks for; None for an empty one."""
    text = line.strip()
    if not text:
        return None
    if text.startswith("$"):
        command = text[1:].strip()
        return Command("", command) if command else Unknown("After `$` comes a command, as in `$ docker ps`.")
    first, _, rest = text.partition(" ")
    rest = rest.strip()
    node = first.lower().rstrip(":$")
    if node in NODE_NAMES:
        return Command(node, rest.removeprefix("$ ")) if rest else Front(node)
    word = next((each for each in WORDS if first == each.letter or first.lower() == each.name), None)
    if word is None:
        return Unknown(_suggestion(text, first, rest))
    if rest and not word.takes:
        return Unknown(f"Nothing comes after `{word.name}`. Type `{word.name}` alone.")
    return Asked(word, rest)


def _suggestion(text: str, first: str, rest: str) -> str:
    if first in _SHELL_WORDS or "/" in first or "=" in first:
        return f"For a command, say first on which node: `node1 {text}`."
    names = [*(word.name for word in WORDS), *NODE_NAMES]
    close = get_close_matches(first.lower(), names, n=1, cutoff=0.6)
    if close:
        return f"There is no word `{first}`. Did you mean `{' '.join((close[0], rest)).strip()}`?"
    if rest:
        return f"There is no word `{first}`. A command needs its node before it: `node1 {text}`."
    return f"There is no word `{first}`. `help` names those that there are."


def help_lines() -> list[str]:
    """All words, a line each, and how commands are run."""
    lines = [
        f"{' '.join((word.name, word.takes)).strip()}, or {word.letter}: {word.title}. {word.help}" for word in WORDS
    ]
    return [
        *lines,
        "node1 COMMAND: Run a command on node1 as yourself, and hear what it says. So with node2 and node3.",
        "$ COMMAND: The same on the node in front. A node's name alone puts it in front.",
        "What you run so, or in `shell node1`, counts for the goals; so does `swarmtutor shell node1` in another "
        "terminal. Of other shells on a node the tutor sees only what they change in the swarm.",
    ]
