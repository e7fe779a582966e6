"""The shell on a machine of the learner's own: its bash, with our rc file brought over the connection.

The file is handed to bash as a pipe: nothing is written there, and nothing of the user's own is changed.
"""

import base64
import shlex
from collections.abc import Sequence
from pathlib import Path

import tui.playground

__all__ = ["rc_text", "shell_command"]

_NO_BASH = (
    "There is no bash on this machine: this is its login shell, and the tutor does not see what is run in it. "
    "Steps that wait for a command stay red."
)
# For any login shell that takes -c: what is in single quotes holds none.
_COMMAND = (
    "exec sh -c 'if command -v bash >/dev/null 2>&1; then "
    'SWARMTUTOR_NODE={node} exec bash -c "exec bash --rcfile <(echo {rc} | base64 -d) -i"; '
    'else echo "{no_bash}"; exec "${{SHELL:-/bin/sh}}"; fi\''
)


def rc_text(node: str, hostname: str, others: Sequence[tuple[str, str]]) -> str:
    """The rc file for a machine that is `node` to the lesson. `others`: every node's name and address.

    The machine may not know those names, so `curl` and `ssh` in this shell are told them.
    """
    own = (Path(tui.playground.__file__).parent / "bashrc").read_text(encoding="utf-8")
    listed = ", ".join(f"{name} is {address}" for name, address in others)
    welcome = f"This is {node}: {hostname}. For curl and ssh in this shell {listed}."
    connect_to = " ".join(f"--connect-to {name}::{address}:" for name, address in others)
    cases = "\n".join(f"            {name}) word={address} ;;" for name, address in others)
    return f"""\
SWARMTUTOR_LOGIN=1
SWARMTUTOR_NODE={shlex.quote(node)}
SWARMTUTOR_WELCOME={shlex.quote(welcome)}
unset HISTFILE  # the history of this shell is the lesson's, not the user's
curl() {{ command curl {connect_to} "$@"; }}
ssh() {{
    local word words=()
    for word in "$@"; do
        case $word in
{cases}
        esac
        words+=("$word")
    done
    command ssh "${{words[@]}}"
}}
{own}"""


def shell_command(node: str, rc: str) -> str:
    """What the machine's login shell is asked to run, for that node."""
    return _COMMAND.format(node=node, rc=base64.b64encode(rc.encode()).decode(), no_bash=_NO_BASH)
